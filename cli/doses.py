"""Prints the order sheet of a cycle: each administration with how its amount came about, or what is missing."""

import json
from typing import Any

import click
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cli import access
from cli.main import DONE, MALFORMED, Failed
from cli.output import console
from domain.dosing import DoseCalculation
from domain.patient.cycle import Cycle
from domain.patient.doses import outdated, work_out
from domain.patient.eligibility import drug_warnings
from domain.patient.journey import Journey
from domain.patient.regimens import unchecked
from domain.patient.waiting import dosing_holds
from domain.protocol import DrugCheck

PLACES = 4
"""Decimal places in which unrounded values are shown; the record and --json have them all."""


@click.command("doses")
@click.argument("subject")
@click.argument("cycle")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def doses_command(subject: str, cycle: str, *, as_json: bool) -> int:
    """Show the order sheet of a cycle: doses SUBJECT C2."""
    known = access.settings()
    journey = access.journey(access.journal(known), known.trial, subject)
    found = sheet(journey, cycle.upper())
    if as_json:
        click.echo(json.dumps(found, default=str))
    else:
        print_sheet(console(), found)
    return DONE


def sheet(journey: Journey, label: str) -> dict[str, Any]:
    """Give the order sheet of a cycle. Raises Failed when there is no such cycle yet.

    `status` is PLANNED for doses on record, OUTDATED when they must be worked out anew, PROPOSED for what the record
    would give now, and NOT_PLANNED for a cycle that was given without a plan. A cycle that waits is ON_HOLD, one that
    was left out or that nobody awaits any more is NOT_AWAITED: both without an amount that somebody could give.
    """
    cycles = {cycle.label: cycle for cycle in journey.cycles.values()}
    if label not in cycles:
        accepted = ", ".join(cycles) or "none: no cycle is planned yet"
        raise Failed(MALFORMED, f"{journey.subject} has no cycle {label}; accepted: {accepted}")
    cycle = cycles[label]
    awaited = journey.current_cycle == cycle if journey.epoch else False
    waits = dosing_holds(journey) if awaited else ()
    ended = _not_awaited(journey, cycle) if not awaited else ""
    because = outdated(journey, cycle) if awaited and not waits else ""
    order = work_out(journey, cycle, cycle.planned_on) if awaited and not waits else None
    rows = cycle.doses.administrations if cycle.doses else order.administrations if order else ()
    status = "ON_HOLD" if waits else "NOT_AWAITED" if ended else _status(cycle, because, proposed=awaited)
    return {
        "subject": journey.subject,
        "cycle": label,
        "arm": journey.arm,
        "day_1": str(cycle.day_1_on or cycle.planned_on),
        "given": cycle.day_1_on is not None,
        "gate": cycle.gate or "not checked",
        "status": status,
        "on_hold": [{"why": hold.why, "rule": hold.rule, "lifted_by": hold.lifted} for hold in waits],
        "not_awaited": ended,
        "because": because,
        "choice": cycle.doses.choice if cycle.doses else None,
        "why": cycle.doses.why if cycle.doses else None,
        "administrations": [] if waits or ended else [_shown(row) for row in rows],
        "warnings": list(drug_warnings(journey, cycle.planned_on, [row.drug for row in rows])) if awaited else [],
        "missing": list(order.missing) if order and (because or not cycle.doses) else [],
        "held": list(journey.held),
        "discontinued": list(journey.discontinued),
        "omitted": sorted(cycle.omitted_drugs),
        "waiting": [f"{drug}: {row.asks}?" for drug, row in _waiting(journey, cycle).items()],
    }


def _not_awaited(journey: Journey, cycle: Cycle) -> str:
    """Say why a cycle that was not given is not awaited; nothing of one that was given."""
    if cycle.day_1_on is not None:
        return ""
    if cycle.omitted:
        return "left out"
    ended = journey.treatment_ended or journey.study_ended
    return f"treatment ended ({ended})" if ended else f"the subject is in {journey.epoch}"


def _waiting(journey: Journey, cycle: Cycle) -> dict[str, DrugCheck]:
    return {} if cycle.day_1_on else unchecked(journey, cycle.number)


def _status(cycle: Cycle, because: str, *, proposed: bool) -> str:
    if cycle.doses is None:
        return "PROPOSED" if proposed else "NOT_PLANNED"
    return "OUTDATED" if because else "PLANNED"


def _shown(row: DoseCalculation) -> dict[str, Any]:
    return row.model_dump(mode="json") | {"when": row.when}


def print_sheet(out: Console, found: dict[str, Any]) -> None:
    """Print an order sheet."""
    words = {"PLANNED": "planned", "OUTDATED": "OUTDATED", "PROPOSED": "not planned yet", "NOT_PLANNED": "not planned",
             "ON_HOLD": "ON HOLD", "NOT_AWAITED": "NOT AWAITED"}  # fmt: skip
    day_1 = f"day 1 {'given' if found['given'] else 'planned'} {found['day_1']}"
    title = (
        f"{found['subject']} {found['cycle']} ({found['arm']}): {words[found['status']]}, {day_1}, gate {found['gate']}"
    )
    table = Table(title=title, title_justify="left", show_lines=True)
    for heading in ("drug", "days", "route", "amount", "unrounded", "formula and inputs", "source"):
        table.add_column(heading, overflow="fold")
    for row in found["administrations"]:
        amount = f"[bold]{row['amount']} {row['unit']}[/bold]"
        worked = Group(Text(f"{row['formula']} v{row['version']}, {row['rounding']}"), *map(_input, row["inputs"]))
        table.add_row(
            row["drug"], row["when"], row["route"], amount, _short(row["unrounded"], row["unit"]), worked, row["rule"]
        )
    for hold in found["on_hold"]:
        text = f"ON HOLD ({hold['rule']}): {hold['why']}. Lifted by {hold['lifted_by']}. No amount is to be given."
        out.print(Text(text, style="bold red"))
    if found["not_awaited"]:
        out.print(Text(f"NOT AWAITED: {found['not_awaited']}. No amount is to be given.", style="bold red"))
    out.print(table)
    lines = [("worked out anew because", found["because"]), ("missing", ", ".join(found["missing"]))]
    lines += [
        *(("warning", text) for text in found["warnings"]),
        ("choice", _choice(found)),
        *((word, ", ".join(found[word])) for word in ("held", "discontinued", "omitted", "waiting")),
    ]
    for name, text in lines:
        if text:
            out.print(f"{name}: {text}", markup=False)


def _choice(found: dict[str, Any]) -> str:
    return f"{found['choice']} ({found['why'] or 'as before'})" if found["choice"] else ""


def _input(row: dict[str, Any]) -> Text:
    on = f" of {row['on']}" if row["on"] else ""
    return Text(f"{row['name']} {_short(row['value'], row['unit'])}{on}")


def _short(value: str, unit: str) -> str:
    whole, _, places = value.partition(".")
    return f"{whole}.{places[:PLACES]} {unit}".replace(". ", " ").strip() if places else f"{value} {unit}".strip()
