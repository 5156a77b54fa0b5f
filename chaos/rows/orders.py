"""Reports that come late, in another order, with a date before others, or beside what they contradict."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, zip_longest
from random import Random
from typing import Any

from activities.contract import Answer
from chaos.clinic import Act
from chaos.rows import Fault, Row, Stage
from chaos.rows.common import enough
from chaos.rows.races import RACES, raced
from demo.hospital import STAFF
from domain.decider import PATIENT
from domain.patient.journey import Journey
from domain.submission import Refused, Sender, Submission

DAY = timedelta(days=1)
PAIRS_EACH = 25
_NUMBER = re.compile(r"fact \d+")
"""A fact's own number in a text: it follows from the order, and nothing else may."""
FREE = ("phase", "arm", "cycle", "window", "resection", "treatment_ended", "drugs_held", "next_due", "deviations")
"""What two reports about different things leave the same, whichever comes first."""
SINGLE = ("backdated", "early pathology", "days out of order", "of the future", "withdrawal while randomizing")
WAYS = tuple(way for both in zip_longest(SINGLE, RACES) for way in both if way)


async def out_of_order(stage: Stage, trial: int) -> Fault:
    """Send reports out of order to the server, and hold pairs of reports in both orders on the pure core."""
    subjects, way = await enough(stage), stage.way("F10", trial, WAYS)
    if way in RACES:
        return await raced(stage, way)
    subject, chance = stage.chance("F10", trial).choice(subjects), stage.chance("F10/pairs", trial)
    answers = await SENT[way](stage, subject)
    journey = await stage.load.chart(subject)
    differ = [] if journey is None else await asyncio.to_thread(_pairs, journey, stage.load.pace.now(), chance)
    told = "; ".join(f"{answer.outcome} {answer.reason or ', '.join(answer.facts[:3])}" for answer in answers)
    wrong = [*differ]
    if way == "of the future" and any(answer.outcome == "applied" for answer in answers):
        wrong.append(f"{subject}: a report of the future was applied: {told}")
    evidence = f"{subject}: {told}; {PAIRS_EACH} pairs in both orders, {len(differ)} differ"
    return Fault(f"reports out of order: {way}", bool(answers), evidence, len(stage.load.open), None, tuple(wrong), way)


async def _backdated(stage: Stage, subject: str) -> list[Answer]:
    """Report an event that began before the last dose, and one that began before the consent."""
    today = stage.load.pace.today()
    return [await _say(stage, subject, "adverse_event", _event(today - days * DAY)) for days in (3, 4000)]


async def _early_pathology(stage: Stage, subject: str) -> list[Answer]:
    """Report R0 before, or without, the surgery it is about."""
    today = str(stage.load.pace.today())
    fields = {"reported_on": today, "resection": "R0"}
    return [await _say(stage, subject, "pathology", fields, "PATHOLOGIST")]


async def _days_out_of_order(stage: Stage, subject: str) -> list[Answer]:
    """Report day 3 of a cycle before day 2, of whatever cycle is given."""
    today = stage.load.pace.today()
    given = [{"cycle": "C1", "day": day, "given_on": str(today)} for day in (3, 2)]
    return [await _say(stage, subject, "dose_given", fields) for fields in given]


async def _of_the_future(stage: Stage, subject: str) -> list[Answer]:
    return [await _say(stage, subject, "adverse_event", _event(stage.load.pace.today() + 40 * DAY))]


async def _withdrawn(stage: Stage, _subject: str) -> list[Answer]:
    """Let a new subject ask for randomization and withdraw in the same moment."""
    load = stage.load
    subject = await load.enrol()
    asked = _say(stage, subject, "request_randomization", {}, "COORDINATOR")
    gone = {"withdrawn_on": str(load.pace.today()), "level": "CONSENT"}
    return list(await asyncio.gather(asked, _say(stage, subject, "withdrawal", gone, "COORDINATOR")))


SENT = dict(zip(SINGLE, (_backdated, _early_pathology, _days_out_of_order, _of_the_future, _withdrawn), strict=True))


async def _say(stage: Stage, subject: str, kind: str, fields: dict[str, Any], role: str = "INVESTIGATOR") -> Answer:
    called = await stage.load.calls.insist(subject, stage.load.submitted(Act(kind, role, fields), subject))
    if called.answer is None:
        raise TimeoutError(f"{kind} of {subject} has no answer")
    return called.answer


def _event(on: date) -> dict[str, Any]:
    return {"term": "cough", "grade": 1, "serious": False, "onset_on": str(on)}


def _pairs(journey: Journey, now: datetime, chance: Random) -> list[str]:
    """Decide pairs of reports in both orders, and name the pairs that leave another state behind."""
    today = journey.site.date_of(now)
    reports = [("adverse_event", _event(today - days * DAY) | {"term": f"rash {days}"}) for days in range(9)]
    reports += [("live_vaccine", {"given_on": str(today - days * DAY)}) for days in (0, 2)]
    pairs = chance.sample(list(combinations(reports, 2)), PAIRS_EACH)
    at = now.astimezone(UTC)
    return [
        f"{journey.subject}: {first} and {second} leave another state in the other order"
        for first, second in pairs
        if _after(journey, (first, second), at) != _after(journey, (second, first), at)
    ]


def _after(journey: Journey, reports: Sequence[tuple[str, dict[str, Any]]], at: datetime) -> list[str]:
    """Give the state after reports, refused ones left out."""
    for number, (kind, fields) in enumerate(reports):
        command = PATIENT.people[kind].model_validate_json(json.dumps(fields))
        sender = Sender(staff=STAFF["INVESTIGATOR"], role="INVESTIGATOR")
        try:
            facts = PATIENT.decide(journey, Submission(id=f"pair-{number}", sender=sender, command=command), at)
        except Refused:
            continue
        for fact in facts:
            journey = PATIENT.evolve(journey, fact)
    shown = PATIENT.show(journey) if journey.seq else {}
    return [_NUMBER.sub("fact", json.dumps(shown.get(name), default=str)) for name in FREE]


ROWS = (
    Row("F10", "reports out of order, late, at once", 8, 200, out_of_order, seconds=40, full_seconds=4.0, ways=WAYS),
)
