"""Prints the protocol value as tables: every number with its source, and the assumption register."""

import json
from collections.abc import Iterator

import click
from rich.console import Console
from rich.table import Table

from cli import access
from cli.assumptions import assumptions, markdown
from cli.main import DONE
from cli.output import console
from domain.catalogue import latest
from domain.last_start import last_first_dose_on
from domain.protocol import (
    Dosing,
    EvaluationEpoch,
    FollowUpEpoch,
    ProcedureEpoch,
    Protocol,
    ScreeningEpoch,
    Source,
    TreatmentEpoch,
    Window,
)

Line = tuple[str, str, Source]


@click.command("protocol")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--assumptions", "register_alone", is_flag=True, help="print the assumption register alone, as markdown")
def protocol_command(*, as_json: bool, register_alone: bool) -> int:
    """Show the protocol as tables with the source of every value, and the open assumptions."""
    protocol = latest(access.settings().trial)
    if register_alone:
        click.echo(markdown(protocol), nl=False)
        return DONE
    if as_json:
        click.echo(json.dumps(protocol.model_dump(mode="json")))
        return DONE
    out = console()
    out.print(f"[bold]{protocol.trial}[/bold] version {protocol.version}: {protocol.title}")
    _print(out, "Trial", list(_trial(protocol)))
    _print(out, "Dosing", list(_dosing(protocol.dosing)))
    for epoch in protocol.epochs:
        _print(out, f"{epoch.label} ({epoch.code})", list(_epoch(epoch)))
    _print(out, "Notices and limits", list(_events(protocol)))
    _print(out, "Who may send what", list(_people(protocol)))
    register = Table(title="Assumption register: questions to the protocol owner", title_justify="left")
    for heading in ("", "question", "default used meanwhile", "used in"):
        register.add_column(heading, overflow="fold")
    for question in protocol.questions:
        register.add_row(question.id, question.asks, question.default, ", ".join(_users(protocol, question.id)) or "-")
    out.print(register)
    return DONE


def _print(out: Console, title: str, lines: list[Line]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("what", "value", "source", "note"):
        table.add_column(heading, overflow="fold")
    for what, value, source in lines:
        table.add_row(what, value, str(source), source.text)
    out.print(table)


def _trial(protocol: Protocol) -> Iterator[Line]:
    yield "target", f"{protocol.target} randomized", protocol.target_source
    for arm in protocol.arms:
        yield arm.label, f"{arm.code}, cap {arm.cap}", arm.source
    yield "allocation", f"permuted blocks of {protocol.allocation.block_sizes}", protocol.allocation.source
    yield "completion", str(protocol.completion_on), protocol.completion_source
    yield "last C1D1", f"{last_first_dose_on(protocol)}, {_last_starts(protocol)}", protocol.last_start_source
    acts = protocol.acts
    yield "re-consent", f"within {acts.consent_within_days} d of the approval's record", acts.source
    yield "re-consent overdue", f"{acts.consent_overdue.notice}; dosing waits", acts.consent_overdue.source
    yield "early stop", f"treatment ends, then {acts.after_stop}", acts.stop
    signing = protocol.signatures
    yield "signatures", f"escalated after {signing.after_days} d", signing.source
    for row in signing.blocks:
        yield f"{row.blocks} waits for", f"signed {' and '.join(row.until_signed)}", row.source


def _last_starts(protocol: Protocol) -> str:
    tight, least = (last_first_dose_on(protocol, stretch) for stretch in ("NO_ALLOWANCE", "MINIMUM"))
    return f"{tight} without time to the adjuvant start, {least} with every window at its first day"


def _dosing(dosing: Dosing) -> Iterator[Line]:
    area, clearance = dosing.area, dosing.clearance
    cap = "no cap" if area.cap_m2 is None else f"capped at {area.cap_m2} m2"
    yield "body surface area", f"{area.formula}, {cap}", area.source
    cap = "no cap" if clearance.cap_ml_per_min is None else f"capped at {clearance.cap_ml_per_min} mL/min"
    bmi, least = clearance.adjusted_weight_from_bmi, clearance.minimum_creatinine
    weight = "actual weight" if bmi is None else f"adjusted weight from {bmi} kg/m2"
    least_text = "no minimum creatinine" if least is None else f"creatinine at least {least} umol/L"
    yield "AUC doses", f"Calvert, Cockcroft-Gault {cap}, {weight}, {least_text}", clearance.source
    yield "creatinine", f"at most {clearance.creatinine_max_age_days} d before day 1", clearance.source
    yield "rounding", f"nearest {dosing.rounding.step_mg} mg, half up, once", dosing.rounding.source
    yield "worked out anew", f"weight change of {dosing.weight_change.share:.0%}", dosing.weight_change.source
    row = dosing.important_difference
    yield "important deviation", f"given {row.share:.0%} off the plan", row.source
    for levels in dosing.levels:
        yield f"levels {levels.drug}", " or ".join(f"{amount} mg" for amount in levels.amounts), levels.source
    yield "levels of any other", "the regimen's alone", dosing.level_source


def _window(window: Window) -> str:
    anchor = window.anchor.replace("_", " ").lower()
    drug = f" of {window.drug}" if window.drug else ""
    return f"{window.earliest_days:+d} .. {window.latest_days:+d} d (aim {window.target_days:+d}) from {anchor}{drug}"


def _epoch(
    epoch: ScreeningEpoch | TreatmentEpoch | ProcedureEpoch | EvaluationEpoch | FollowUpEpoch,
) -> Iterator[Line]:
    match epoch:
        case ScreeningEpoch():
            yield "window", _window(epoch.window), epoch.window.source
            for criterion in epoch.criteria:
                yield criterion.rule, criterion.title, criterion.source
            yield "laboratory age", f"at most {epoch.lab_max_age_days} d", epoch.source
        case TreatmentEpoch():
            yield from _treatment(epoch)
        case ProcedureEpoch():
            yield "window", _window(epoch.window), epoch.window.source
            yield "clearance", "operability verdict", epoch.clearance
            for washout in epoch.washouts:
                yield "wash-out", f"{washout.drug} stopped {washout.days} d before", washout.source
            yield "goes on with", ", ".join(epoch.goes_on), epoch.goes_on_source
        case EvaluationEpoch():
            yield "window", _window(epoch.window), epoch.window.source
        case FollowUpEpoch():
            yield "contact", _window(epoch.visit), epoch.visit.source
    if isinstance(epoch, ScreeningEpoch | ProcedureEpoch | EvaluationEpoch):
        for reminder in epoch.reminders:
            yield "reminder", f"+{reminder.after_days} d: {reminder.text} ({', '.join(reminder.to)})", reminder.source
    yield "overdue", f"{epoch.overdue.notice} to {', '.join(epoch.overdue.to)}", epoch.overdue.source


def _treatment(epoch: TreatmentEpoch) -> Iterator[Line]:
    yield "cycles", f"{epoch.cycles} of {epoch.cycle_days} d", epoch.source
    yield "first day 1", _window(epoch.start), epoch.start.source
    yield "next day 1", f"{epoch.cycle_days} d after the actual day 1, {_window(epoch.visit)}", epoch.visit.source
    yield "maximum delay", f"{epoch.max_delay_days} d", epoch.max_delay_notice.source
    gate = epoch.gate
    text = f"{', '.join(gate.criteria)} on a sample at most {gate.max_age_days} d old"
    text += f", ordered {gate.order_days_before} d ahead"
    yield "pre-dose gate", text, gate.source
    for check in gate.drug_checks:
        yield f"before {check.drug}", f"{check.asks} ({check.rule}), answered by {' or '.join(check.to)}", check.source
    for arm, regimen in epoch.regimens.items():
        for line in regimen:
            doses = " or ".join(f"{dose.drug} {dose.amount} {dose.unit}" for dose in line.options)
            days = f"D{line.days[0]}" if len(line.days) == 1 else f"D{line.days[0]}-D{line.days[-1]}"
            yield arm, f"{doses} {line.route} {days}", line.source


def _events(protocol: Protocol) -> Iterator[Line]:
    for name, row in protocol.events.items():
        yield name, f"{row.notice} to {', '.join(row.to)}", row.source
    for clock in protocol.safety.clocks:
        span = f"{clock.hours} h from awareness" if clock.hours else f"{clock.days} d, day 0: the sponsor learns"
        yield f"{clock.code} report", f"to {clock.recipient} within {span}", clock.source
    for rule in protocol.safety.rules:
        grades = f"grade {rule.grade_from} to {rule.grade_to}"
        yield rule.event, f"{grades}: {rule.text} ({rule.command}, {', '.join(rule.to)})", rule.source
    vaccine, contraception, response = protocol.safety.vaccine, protocol.contraception, protocol.response
    yield "live vaccine", f"none from {vaccine.days_before} d before {vaccine.drug} on", vaccine.source
    fertile = protocol.childbearing
    yield "childbearing potential", f"{fertile.sex}, {fertile.age_from} to {fertile.age_to} years", fertile.source
    yield "contraception", f"{contraception.ends.after_days} d after the last study drug", contraception.source
    yield (
        "MPR, pCR",
        f"viable tumour at most {response.major_at_most} %, {response.complete_at_most} %",
        response.source,
    )
    yield "backdated report", f"confirm beyond {protocol.plausibility.backdated_days} d", protocol.plausibility.source
    for analyte, (low, high) in protocol.lab_bounds.items():
        yield f"bounds {analyte}", f"{low} .. {high}", protocol.lab_bounds_source


def _people(protocol: Protocol) -> Iterator[Line]:
    for row in (*protocol.permissions, *protocol.trial_permissions):
        others = bool(row.signs) and set(row.roles) != set(row.signs)
        extra = f"; signed by {' or '.join(row.signs)}" if others else ""
        extra += "; unattributed reports are taken, then countersigned" if row.unattributed else ""
        yield row.kind, ", ".join(row.roles) + extra, row.source


def _users(protocol: Protocol, question: str) -> list[str]:
    """Name the rules whose values rest on a question."""
    return sorted({source.rule for _, source in assumptions(protocol) if source.question == question})
