"""Commands that read the journal: show, timeline, list, due, history. They need no Temporal and change nothing."""

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any, get_args

import click
from rich.panel import Panel
from rich.table import Table

from cli import access, time_travel
from cli.main import DONE, MALFORMED, Failed
from cli.output import console
from domain.ctcae import VERSION
from domain.decider import patient_stream, register_state
from domain.patient.asks import asks
from domain.patient.journey import Journey
from domain.patient.view import next_due_instant, phase, state, timeline
from domain.protocol import Role
from domain.trial.register import Register
from journal.store import Journal
from read_models.work_list import work_list

as_json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")


@click.command("show")
@click.argument("subject")
@click.option(
    "--as-of", metavar="DATE", help="what had happened by a date, corrections applied, for example 2025-09-01"
)
@click.option("--known-at", metavar="INSTANT", help="what the journal knew then, for example 2025-09-01T12:00+08:00")
@as_json_option
def show_command(subject: str, as_of: str | None, known_at: str | None, *, as_json: bool) -> int:
    """Show a subject's state, what is due next, and who must act: now, or as of a date, or as known at an instant."""
    known = access.settings()
    rows = access.subject_facts(access.journal(known), known.trial, subject)
    journey, when = time_travel.journey(rows, as_of, known_at)
    shown = state(journey) | when.told()
    if as_json:
        click.echo(json.dumps(shown, default=str))
        return DONE
    lines = [f"arm {journey.arm or '-'}   site {journey.site.code}   protocol version {journey.protocol_version}"]
    if shown["window"]:
        window = shown["window"]
        lines.append(f"window {window['from']} to {window['to']} (rule {window['rule']})")
    if shown["next_due"]:
        lines.append(f"next due {_when(journey, shown['next_due']['at'])}: {shown['next_due']['what']}")
    for ask in shown["asks"]:
        late = "OVERDUE " if ask["overdue"] else ""
        lines.append(f"{late}{ask['what']} by {ask['by'] or '-'}: {ask['kind']} from {' or '.join(ask['to'])}")
    if shown["notices_missed"]:
        lines.append(f"notices that came too late and were not sent: {'; '.join(shown['notices_missed'])}")
    lines.append(f"facts {journey.seq}   deviations {len(journey.deviations)}   open effects {len(journey.intents)}")
    console().print(Panel("\n".join(lines), title=f"{subject}: {phase(journey)}{when}", title_align="left"))
    if shown["labs"]:
        console().print(_results(shown["labs"]))
    return DONE


def _results(rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"newest laboratory results, grades by {VERSION}", title_justify="left")
    for heading in ("what", "value", "reported", "of", "CTCAE"):
        table.add_column(heading)
    for row in rows:
        table.add_row(row["what"], row["value"], row["reported"], row["on"], row["ctcae"])
    return table


def _when(journey: Journey, instant: str) -> str:
    return f"{journey.site.date_of(datetime.fromisoformat(instant))} ({journey.site.time_zone})"


@click.command("timeline")
@click.argument("subject")
@as_json_option
def timeline_command(subject: str, *, as_json: bool) -> int:
    """Show a subject's past and planned visits: planned, window, actual."""
    known = access.settings()
    journey = access.journey(access.journal(known), known.trial, subject)
    rows = timeline(journey)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], default=str))
        return DONE
    table = Table(title=f"{subject}: {phase(journey)}, {journey.arm or 'no arm'}", title_justify="left")
    for heading in ("what", "planned", "window", "actual", "note"):
        table.add_column(heading)
    for row in rows:
        window = f"{row.earliest_on} .. {row.latest_on}" if row.earliest_on else ""
        table.add_row(row.what, _date(row.planned_on), window, _date(row.actual_on), row.note)
    console().print(table)
    for deviation in journey.deviations.values():
        mark = "important deviation" if deviation.important else "deviation"
        click.echo(f"{mark} {deviation.rule}: {deviation.text}")
    return DONE


def _date(value: date | None) -> str:
    return str(value) if value else ""


def _journeys(store: Journal, trial: str) -> tuple[Register, list[Journey]]:
    register = access.register(store, trial)
    heads = store.heads()
    begun = [subject for subject in register.subjects if patient_stream(trial, subject) in heads]
    return register, [access.journey(store, trial, subject) for subject in begun]


@click.command("list")
@as_json_option
def list_command(*, as_json: bool) -> int:
    """List all subjects with phase, arm, cycle and what is due next."""
    known = access.settings()
    register, journeys = _journeys(access.journal(known), known.trial)
    if as_json:
        shown = {"trial": register_state(register), "subjects": [_line(journey) for journey in journeys]}
        click.echo(json.dumps(shown, default=str))
        return DONE
    arms = ", ".join(f"{arm} {count}" for arm, count in register.arm_counts().items())
    table = Table(title=f"{known.trial}: {len(register.subjects)} enrolled, randomized {arms}", title_justify="left")
    for heading in ("subject", "phase", "arm", "cycle", "next due", "overdue", "deviations"):
        table.add_column(heading)
    for journey in journeys:
        line = _line(journey)
        late = "[red]yes[/red]" if line["overdue"] else ""
        cells = (line["subject"], line["phase"], line["arm"], line["cycle"], line["next_due"])
        table.add_row(*(str(cell or "") for cell in cells), late, str(line["deviations"]))
    console().print(table)
    return DONE


def _line(journey: Journey) -> dict[str, Any]:
    instant = next_due_instant(journey)
    return {
        "subject": journey.subject,
        "phase": phase(journey),
        "arm": journey.arm or None,
        "cycle": journey.current_cycle.label if journey.current_cycle else None,
        "next_due": str(journey.site.date_of(datetime.fromisoformat(instant))) if instant else None,
        "overdue": any(ask.overdue for ask in asks(journey)),
        "deviations": len(journey.deviations),
    }


@click.command("due")
@click.option("--role", help="only what this role may do, for example SURGEON")
@click.option("--site", help="only this site, for example TDH")
@as_json_option
def due_command(role: str | None, site: str | None, *, as_json: bool) -> int:
    """Show the work list: who must do what by when, overdue first."""
    known = access.settings()
    register, journeys = _journeys(access.journal(known), known.trial)
    role, site = _one_of("role", role, get_args(Role)), _one_of("site", site, register.sites)
    now = register.clock.trial_time(datetime.now(UTC))
    rows = work_list(journeys, lambda at: at.date_of(now), role, site)
    today = max((journey.site.date_of(now) for journey in journeys), default=now.date())
    if as_json:
        click.echo(json.dumps({"today": str(today), "due": [asdict(row) for row in rows]}, default=str))
        return DONE
    of = (f" of {role}" if role else "") + (f" at site {site}" if site else "")
    if not rows:
        click.echo(f"Work list{of} on {today}: nothing is awaited")
        return DONE
    late = sum(row.overdue for row in rows)
    table = Table(title=f"Work list{of} on {today}: {len(rows)} awaited, {late} overdue", title_justify="left")
    for heading in ("", "by", "subject", "site", "what", "command", "who"):
        table.add_column(heading)
    for row in rows:
        mark = "[red]OVERDUE[/red]" if row.overdue else ""
        table.add_row(mark, str(row.by or "-"), row.subject, row.site, row.what, row.kind, " / ".join(row.to))
    console().print(table)
    return DONE


def _one_of(option: str, word: str | None, known: Collection[str]) -> str | None:
    """Give a word as it is known, whatever its case. Raises Failed when it is not."""
    if word is None or word.upper() in known:
        return word and word.upper()
    accepted = ", ".join(sorted(known)) or f"none: the trial has no {option} yet"
    raise Failed(MALFORMED, f"--{option} {word!r}: there is no such {option}; accepted: {accepted}")
