"""What people and the Temporal UI see of a journey: attributes, state, timeline, details. It decides nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.criteria.case import PROPHYLACTIC
from domain.ctcae import shown_grade
from domain.dosing import DoseCalculation
from domain.labs import ANALYTES
from domain.patient.agenda import due, is_overdue
from domain.patient.asks import Ask, asks
from domain.patient.clocks import clocks
from domain.patient.contraception import contraception_until
from domain.patient.journey import Journey
from domain.patient.windows import epoch_dates


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a timeline."""

    what: str
    planned_on: date | None = None
    earliest_on: date | None = None
    latest_on: date | None = None
    actual_on: date | None = None
    note: str = ""


def phase(journey: Journey) -> str:
    """Give the epoch, or how the study ended."""
    return journey.study_ended or journey.epoch or "REGISTERED"


def attributes(journey: Journey) -> dict[str, str | int | bool | None]:
    """Give the search attributes. Coded words only; NextDue is the date by which people must act next."""
    cycle = journey.current_cycle or max(journey.cycles.values(), key=lambda c: c.number, default=None)
    return {
        "TrialId": journey.trial,
        "SiteId": journey.site.code,
        "SubjectNo": journey.subject,
        "Epoch": phase(journey),
        "Cycle": cycle.number if cycle else 0,
        "Arm": journey.arm or "NONE",
        "NextDue": next_due_instant(journey),
        "Overdue": is_overdue(journey),
    }


def next_due_instant(journey: Journey) -> str | None:
    """Give the instant (ISO, UTC) at which the next clinical act falls due, else the next due item. No signature."""
    asked = [ask for ask in asks(journey) if ask.kind not in ("sign", "acknowledge")]
    instants = [ask.at or journey.site.due_at(ask.by) for ask in asked if ask.by is not None]
    if instants:
        return min(instants).isoformat()
    item = due(journey)
    return item.at.isoformat() if item else None


def chapter(journey: Journey) -> str:
    """Give the stretch of the journey a workflow run covers: one epoch."""
    return journey.epoch or "SCREENING"


def state(journey: Journey) -> dict[str, Any]:
    """Give the state in plain words and dates."""
    item, window, awaited = due(journey), epoch_dates(journey), journey.current_cycle if journey.epoch else None
    return {
        "subject": journey.subject,
        "trial": journey.trial,
        "protocol_version": journey.protocol_version,
        "site": journey.site.code,
        "phase": phase(journey),
        "arm": journey.arm or None,
        "cycle": journey.current_cycle.label if journey.current_cycle else None,
        "window": {"from": str(window.earliest_on), "to": str(window.latest_on), "rule": window.rule}
        if window and not journey.is_over
        else None,
        "resection": journey.resection,
        "resection_uncertain": journey.residual_uncertain,
        "pathology": _pathology(journey),
        "labs": laboratory(journey),
        "safety": _safety(journey),
        "dosing_stopped_by": sorted(journey.safety.stopped),
        "contraception_until": _shown_date(contraception_until(journey)),
        "drugs_held": list(journey.held),
        "drugs_discontinued": list(journey.discontinued),
        "doses_planned": [_amount(row) for row in awaited.doses.administrations] if awaited and awaited.doses else [],
        "treatment_ended": journey.treatment_ended or None,
        "next_due": {"at": item.at.isoformat(), "what": item.text} if item else None,
        "asks": [_shown(ask) for ask in asks(journey)],
        "notices_missed": [f"fact {n}, {row.notice}" for n, row in journey.notices.items() if row.missed],
        "deviations": len(journey.deviations),
        "open_intents": len(journey.intents),
        "facts": journey.seq,
    }


def _shown_date(on: date | None) -> str | None:
    return str(on) if on else None


def laboratory(journey: Journey) -> list[dict[str, Any]]:
    """Give the newest result of each test with its CTCAE grade, against the baseline from the first dose on."""
    said = journey.sections.get("anticoagulation", ())
    full_dose = bool(said) and getattr(said[-1], "drug", "NONE") not in PROPHYLACTIC
    baseline = journey.baseline if journey.last_dose else {}
    return [
        {
            "code": code,
            "what": ANALYTES[code].label,
            "value": f"{row.value:f} {row.unit}",
            "reported": row.reported,
            "on": str(journey.site.date_of(row.collected_at)),
            "ctcae": shown_grade(row, baseline.get(code), anticoagulated=full_dose),
        }
        for code, row in journey.labs.items()
    ]


def _pathology(journey: Journey) -> dict[str, Any] | None:
    """Give final pathology as reported, without what it left out."""
    report = journey.pathology_report
    return None if report is None else report.model_dump(mode="json", exclude_none=True, exclude={"kind", "final"})


def _safety(journey: Journey) -> list[dict[str, Any]]:
    """Give each safety event in coded words, with the reports it needs and when each was made."""
    reports: dict[int, list[dict[str, str | None]]] = {number: [] for number in journey.safety.events}
    for clock in clocks(journey):
        made = journey.site.shown(clock.made.made.at) if clock.made else None
        reports[clock.event.number].append({"what": clock.text, "made": made})
    return [
        {
            "event": event.number,
            "pregnancy": event.is_pregnancy,
            "grade": event.grade or None,
            "serious": event.serious,
            "outcome": event.outcome,
            "reports": reports[event.number],
        }
        for event in journey.safety.events.values()
    ]


def _amount(row: DoseCalculation) -> str:
    return f"{row.drug} {row.amount:f} {row.unit} {row.when}"


def _shown(ask: Ask) -> dict[str, Any]:
    by = _shown_date(ask.by)
    return {"kind": ask.kind, "to": list(ask.to), "what": ask.text, "by": by, "overdue": ask.overdue}


def timeline(journey: Journey) -> list[Row]:
    """Give the past and the planned: consent, randomization, each cycle, surgery, evaluation, endings."""
    return [row for row in _rows(journey) if row.planned_on or row.actual_on or row.earliest_on]


def _rows(journey: Journey) -> Iterator[Row]:
    yield Row("Consent", actual_on=journey.consent_on)
    yield Row("Randomization", actual_on=journey.randomized_on, note=journey.arm)
    window = epoch_dates(journey)
    for cycle in sorted(journey.cycles.values(), key=lambda c: c.number):
        note = "omitted" if cycle.omitted else ", ".join(dict.fromkeys(drug for _, drug, _ in cycle.given))
        if cycle.is_open and cycle.gate:
            note = f"gate {cycle.gate}"
        yield Row(f"{cycle.label}D1", cycle.planned_on, cycle.earliest_on, cycle.latest_on, cycle.day_1_on, note)
    awaited = window if window and not journey.is_over and journey.current_cycle is None else None
    for stop in journey.stops:
        note = "for good" if stop.final else f"resumed {stop.until}" if stop.until else "on hold"
        yield Row(f"{stop.drug} {'discontinued' if stop.final else 'held'}", actual_on=stop.since, note=note)
    if journey.surgery_on:
        yield Row("Surgery", actual_on=journey.surgery_on, note=journey.resection or "")
    if journey.evaluated_on:
        yield Row("Adjuvant evaluation", actual_on=journey.evaluated_on)
    if journey.treatment_ended:
        yield Row("End of treatment", actual_on=journey.treatment_ended_on, note=journey.treatment_ended)
    yield Row("Contact regained", actual_on=journey.regained_on)
    until = contraception_until(journey)
    if until is not None:
        yield Row("Contraception until", planned_on=until)
    if awaited is not None and journey.epoch:
        label = journey.protocol.epoch(journey.epoch).label
        yield Row(label, awaited.target_on, awaited.earliest_on, awaited.latest_on, note=f"rule {awaited.rule}")
    yield Row("Death", actual_on=journey.died_on)


def details(journey: Journey) -> str:
    """Give the timeline in markdown, for the Temporal UI."""
    lines = [
        f"## {journey.subject}: {phase(journey)}",
        "",
        f"Arm **{journey.arm or 'none'}**, site {journey.site.code}",
    ]
    lines += [
        f"- **{'OVERDUE ' if a.overdue else ''}{a.text}** by {a.by or 'no date'}: {', '.join(a.to)}"
        for a in asks(journey)
    ]
    lines += ["", "| | planned | window | actual | |", "|---|---|---|---|---|"]
    for row in timeline(journey):
        window = f"{row.earliest_on} .. {row.latest_on}" if row.earliest_on else ""
        lines.append(f"| {row.what} | {row.planned_on or ''} | {window} | {row.actual_on or ''} | {row.note} |")
    lines += ["", *(f"- deviation {d.rule}: {d.text}" for d in journey.deviations.values())]
    return "\n".join(lines)
