"""Visits, windows and deadlines as an iCalendar feed: an entry keeps its UID, and a new date raises its SEQUENCE.

An entry's history follows from the facts alone, so that a feed made again is the same feed. It holds subject numbers
and coded words, nothing about a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from icalendar import Calendar, Event, vText

from domain.decider import PATIENT
from domain.patient.clocks import HOUR, open_clocks
from domain.patient.journey import Journey
from domain.patient.windows import Dates, epoch_dates
from domain.protocol import EvaluationEpoch, FollowUpEpoch, ProcedureEpoch
from read_models.record import SubjectRecord

DAY = timedelta(days=1)
PRODUCT = "-//Trialpath//calendar//EN"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `begins` and `ends` are dates (`ends` is the day after the last) or instants."""

    title: str
    begins: date | datetime
    ends: date | datetime
    about: str = ""
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Dated:
    """An entry with how often it changed, and when it did last. `is_off`: it is not awaited any more."""

    entry: Entry
    sequence: int
    changed_at: datetime
    is_off: bool = False


def calendar(records: Sequence[SubjectRecord], name: str) -> bytes:
    """Write the feed of some subjects."""
    feed = Calendar()
    feed.add("prodid", PRODUCT)
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    feed.add("x-wr-calname", vText(name))
    for record in records:
        for uid, dated in sorted(dated_entries(record).items()):
            feed.add_component(_event(uid, dated))
    return bytes(feed.to_ical())


def dated_entries(record: SubjectRecord) -> dict[str, Dated]:
    """Give every entry a subject ever had, by UID, as its facts changed it one after the other."""
    found: dict[str, Dated] = {}
    facts = [row.recorded for row in record.told]
    journey: Journey = PATIENT.initial
    for number, row in enumerate(record.told, start=1):
        so_far = partial(facts.__getitem__, slice(number))
        journey = PATIENT.fold_on(journey, [row.recorded], so_far)
        now = dict(_entries(journey)) if journey.epoch else {}
        for uid, entry in now.items():
            known = found.get(uid)
            if known is None:
                found[uid] = Dated(entry, 0, row.recorded_at)
            elif known.entry != entry or known.is_off:
                found[uid] = Dated(entry, known.sequence + 1, row.recorded_at)
        for uid in found.keys() - now.keys():
            if not found[uid].is_off:
                gone = replace(found[uid], sequence=found[uid].sequence + 1, changed_at=row.recorded_at, is_off=True)
                found[uid] = gone
    return found


def _entries(journey: Journey) -> Iterator[tuple[str, Entry]]:
    """Give what stands in the calendar as a subject's record is now, by UID."""
    subject, host = journey.subject, f"{journey.trial.lower()}.trialpath"
    is_in_treatment = not journey.treatment_ended and not journey.is_over
    for cycle in journey.cycles.values():
        uid, title = f"{subject}-{cycle.label}D1@{host}", f"{subject} {cycle.label}D1"
        if cycle.day_1_on is not None:
            yield uid, _all_day(title, cycle.day_1_on, is_done=True)
        elif cycle.is_open and is_in_treatment:
            about = f"window {cycle.earliest_on} to {cycle.latest_on}, rule {cycle.rule}"
            yield uid, _all_day(title, cycle.planned_on, about)
    for epoch in journey.protocol.epochs:
        if isinstance(epoch, ProcedureEpoch | EvaluationEpoch):
            done_on = journey.surgery_on if isinstance(epoch, ProcedureEpoch) else journey.evaluated_on
            if done_on is not None:
                yield f"{subject}-{epoch.code}@{host}", _all_day(f"{subject} {epoch.label}", done_on, is_done=True)
    yield from _awaited(journey, host)
    for clock in open_clocks(journey) if not journey.is_over else ():
        title = f"{subject} {clock.row.label}: report to {clock.row.recipient} due"
        about = f"fact {clock.event.number}"
        entry = Entry(title, clock.deadline - HOUR, clock.deadline, about)
        yield f"{subject}-{clock.item.replace('/', '-')}@{host}", entry


def _awaited(journey: Journey, host: str) -> Iterator[tuple[str, Entry]]:
    """Give the window of the act that the current epoch waits for, other than a cycle."""
    epoch, dates = journey.protocol.epoch(journey.epoch), epoch_dates(journey)
    if dates is None or journey.is_over or journey.screen_failed or journey.current_cycle is not None:
        return
    done = isinstance(epoch, ProcedureEpoch) and journey.surgery_on is not None
    done = done or (isinstance(epoch, EvaluationEpoch) and journey.evaluated_on is not None)
    if not done:
        which = f"{epoch.code}-{dates.target_on}" if isinstance(epoch, FollowUpEpoch) else epoch.code
        yield f"{journey.subject}-{which}@{host}", _window(f"{journey.subject} {epoch.label}", dates)


def _all_day(title: str, on: date, about: str = "", *, is_done: bool = False) -> Entry:
    return Entry(title, on, on + DAY, about, is_done)


def _window(title: str, dates: Dates) -> Entry:
    about = f"target {dates.target_on}, rule {dates.rule}"
    return Entry(f"{title}: window", dates.earliest_on, dates.latest_on + DAY, about)


def _event(uid: str, dated: Dated) -> Event:
    entry, event = dated.entry, Event()
    fields: dict[str, Any] = {
        "uid": uid,
        "dtstamp": dated.changed_at,
        "last-modified": dated.changed_at,
        "sequence": dated.sequence,
        "dtstart": entry.begins,
        "dtend": entry.ends,
        "summary": f"{entry.title}{' (done)' if entry.is_done else ''}",
        "status": "CANCELLED" if dated.is_off else "CONFIRMED",
        "transp": "TRANSPARENT",
    }
    for name, value in fields.items():
        event.add(name, value)
    if entry.about:
        event.add("description", entry.about)
    return event
