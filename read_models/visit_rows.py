"""The visits of a subject: planned, window, actual. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from domain.patient import facts as f
from domain.patient.journey import Journey
from domain.patient.windows import Dates, anchor_date, around, epoch_dates, procedure_dates, procedure_dates_until
from domain.protocol import EvaluationEpoch, FollowUpEpoch
from read_models.record import SubjectRecord

DONE, OMITTED, PLANNED = "DONE", "OMITTED", "PLANNED"


def visits(record: SubjectRecord) -> Iterator[dict[str, Any]]:
    """Give each visit that is planned or took place, in their order."""
    now = record.journey
    if now.consent_on:
        yield _row("CONSENT", None, now.consent_on)
    if now.randomized_on:
        yield _row("RANDOMIZATION", None, now.randomized_on)
    for cycle in sorted(now.cycles.values(), key=lambda cycle: cycle.number):
        dates = Dates(cycle.anchor_on, cycle.earliest_on, cycle.planned_on, cycle.latest_on, cycle.rule)
        if cycle.omitted and cycle.day_1_on is None:
            yield _row(f"{cycle.label}D1", dates, None) | {"status": OMITTED}
        elif cycle.day_1_on or now.is_on_treatment:
            yield _row(f"{cycle.label}D1", dates, cycle.day_1_on)
    yield from _surgery(now)
    yield from _evaluation(now)
    yield from _contacts(record)


def _surgery(now: Journey) -> Iterator[dict[str, Any]]:
    epoch = now.protocol.procedure
    if epoch is None:
        return
    if now.surgery_on:
        yield _row("SURGERY", procedure_dates_until(now, epoch, now.surgery_on), now.surgery_on)
    elif now.epoch == epoch.code and now.is_on_treatment:
        yield _row("SURGERY", procedure_dates(now, epoch), None)


def _evaluation(now: Journey) -> Iterator[dict[str, Any]]:
    epoch = next((epoch for epoch in now.protocol.epochs if isinstance(epoch, EvaluationEpoch)), None)
    if epoch is None or not (now.evaluated_on or (now.epoch == epoch.code and now.is_on_treatment)):
        return
    anchor = anchor_date(now, epoch.window.anchor)
    yield _row("EVALUATION", around(epoch.window, anchor) if anchor else None, now.evaluated_on)


def _contacts(record: SubjectRecord) -> Iterator[dict[str, Any]]:
    now = record.journey
    contacts = sorted(fact.contacted_on for _, fact in record.counting(f.FollowUpContacted))
    for number, on in enumerate(contacts, start=1):
        yield _row(f"FOLLOW_UP_{number}", None, on)
    if now.epoch and isinstance(now.protocol.epoch(now.epoch), FollowUpEpoch) and not now.is_over:
        yield _row(f"FOLLOW_UP_{len(contacts) + 1}", epoch_dates(now), None)


def _row(visit: str, dates: Dates | None, actual_on: date | None) -> dict[str, Any]:
    return {
        "visit": visit,
        "planned_on": dates.target_on if dates else None,
        "earliest_on": dates.earliest_on if dates else None,
        "latest_on": dates.latest_on if dates else None,
        "actual_on": actual_on,
        "days_off": dates.days_off(actual_on) if dates and actual_on else None,
        "status": DONE if actual_on else PLANNED,
        "rule": dates.rule if dates else None,
    }
