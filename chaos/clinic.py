"""What staff do next for a subject, from what the journal asks for: seeded, patient, and now and then wrong.

It decides nothing about the trial: what it sends may be refused, and that is an answer too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from demo import laboratory
from demo.documents import screening_document
from demo.hospital import SITE, STAFF, typed_in
from demo.laboratory_tests import SCREENING
from domain.patient.asks import Ask, asks
from domain.patient.journey import Journey
from domain.patient.regimens import regimen_of
from domain.patient.unread import unread
from domain.patient.windows import contact_dates, epoch_dates
from domain.protocol import FollowUpEpoch

NAME = "Ouyang-Canary-1957"
"""A person's name that the laboratory sends: it must turn up nowhere."""
REPORTED_OFTEN, WRONG_OFTEN = 0.10, 0.04
TERMS = ("rash", "nausea", "fatigue", "cough", "anaemia")
DAY = timedelta(days=1)
STALE_AFTER = 12 * DAY
PATHOLOGY_AFTER, OPERABILITY_BEFORE = 8 * DAY, 4 * DAY


@dataclass(frozen=True, slots=True)
class Act:
    """A command somebody sends."""

    kind: str
    role: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def enrolment(today: date) -> dict[str, Any]:
    """Give what an enrolment takes: a man with consent and evidence of a date, whose results come later."""
    return {
        "site": SITE.code,
        "born_on": "1961-03-04",
        "sex": "MALE",
        "consent": {"signed_on": str(today), "version": "V1.0", "obtained_by": STAFF["INVESTIGATOR"]},
        "evidence": screening_document(today) | {"weight_kg": "66", "height_cm": "168", "no_support": True},
    }


def adverse_event(today: date, term: str, *, serious: bool = False) -> Act:
    """Give the report of an event that began today; of a serious one people are told at once."""
    fields = {"term": term, "grade": 3 if serious else 1, "serious": serious, "onset_on": str(today)}
    return Act("adverse_event", "INVESTIGATOR", fields)


def next_act(journey: Journey, now: datetime, chance: Random) -> Act | None:
    """Give what staff do now, if anything: mostly what is asked for, sometimes an event, sometimes a mistake."""
    today, roll = journey.site.date_of(now), chance.random()
    if roll < REPORTED_OFTEN:
        return adverse_event(today, chance.choice(TERMS))
    if roll < REPORTED_OFTEN + WRONG_OFTEN:
        return _mistake(journey, today, chance)
    made = [act for ask in asks(journey) if (act := _answer(journey, ask, today)) is not None]
    made = made[:3]
    if journey.epoch == "SCREENING" and today - journey.epoch_on > STALE_AFTER:
        made += _screened_again(journey, now)
    return chance.choice(made) if made else None


def sample_of(journey: Journey, seed: str, now: datetime) -> list[dict[str, Any]] | None:
    """Give Observations of a sample taken a moment ago when an order waits for one; None when none does."""
    open_orders = [intent.fact for intent in journey.intents.values() if intent.fact.kind == "LabsOrdered"]
    if not open_orders:
        return None
    after = max(order.after for order in open_orders)
    at = max(after + timedelta(minutes=1), now - timedelta(minutes=30))
    return observations(journey.subject, seed, at)


def observations(subject: str, seed: str, at: datetime) -> list[dict[str, Any]]:
    """Give the Observations of a clean sample of an instant."""
    bundle = laboratory.result_set(
        seed=seed, subject=subject, collected_at=at, issued_at=at, sex="MALE", also=SCREENING
    )
    return [entry["resource"] | {"performer": [{"display": NAME}]} for entry in bundle["entry"]]


def _screened_again(journey: Journey, now: datetime) -> list[Act]:
    """Give what makes a screening fresh again that faults have drawn out: statements and results of now."""
    at = now - timedelta(minutes=30)
    results = [typed_in(row) for row in observations(journey.subject, "again", at)]
    return [
        Act("screening_evidence", "COORDINATOR", screening_document(journey.site.date_of(now)) | {"no_support": True}),
        Act("lab_results", "INVESTIGATOR", {"results": results}),
    ]


def _answer(journey: Journey, ask: Ask, today: date) -> Act | None:
    """Give the act that an ask waits for, when it is time and we know how."""
    role = next((role for role in ask.to if role in STAFF), None)
    make = ANSWERS.get(ask.kind)
    fields = make(journey, ask, today) if make else None
    return Act(ask.kind, role, fields) if role and fields is not None else None


def _dose(journey: Journey, ask: Ask, today: date) -> dict[str, Any] | None:
    cycle, label = journey.current_cycle, ask.text.split(";")[0].split()[0]
    code, _, number = label.partition("D")
    if "planned" in ask.text:
        if cycle is None or cycle.gate != "PASSED" or today < cycle.planned_on or "on hold" in ask.text:
            return None
        chosen = any(len(line.drugs) > 1 for line in regimen_of(journey, cycle.number))
        return {"cycle": code, "given_on": str(today)} | ({"choice": "CISPLATIN"} if chosen else {})
    day_1_on = journey.cycles[int(code[1:])].day_1_on if code[1:].isdecimal() else None
    if day_1_on is None or not number.isdecimal() or int(number) == 1 or day_1_on + (int(number) - 1) * DAY > today:
        return None
    return {"cycle": code, "given_on": str(day_1_on + (int(number) - 1) * DAY), "day": int(number)}


def _plan(journey: Journey, _ask: Ask, _today: date) -> dict[str, Any] | None:
    cycle = journey.current_cycle
    if cycle is None or cycle.gate != "PASSED":
        return None
    return {"cycle": cycle.label, "choice": "CISPLATIN", "why": "hearing and kidney function"}


def _surgery(journey: Journey, _ask: Ask, today: date) -> dict[str, Any] | None:
    dates = epoch_dates(journey)
    if journey.operable is None or (dates is not None and today < dates.earliest_on):
        return None
    return {"performed_on": str(today), "resection": "R0"}


def _operability(_journey: Journey, ask: Ask, today: date) -> dict[str, Any] | None:
    soon = ask.by is None or today >= ask.by - OPERABILITY_BEFORE
    return {"judged_on": str(today), "operable": True} if soon else None


def _pathology(journey: Journey, _ask: Ask, today: date) -> dict[str, Any] | None:
    ready = journey.surgery_on is not None and today >= journey.surgery_on + PATHOLOGY_AFTER
    return {"reported_on": str(today), "resection": "R0"} if ready else None


def _evaluation(journey: Journey, _ask: Ask, today: date) -> dict[str, Any] | None:
    dates = epoch_dates(journey)
    return {"evaluated_on": str(today), "fit": True} if dates is None or today >= dates.earliest_on else None


def _contact(journey: Journey, _ask: Ask, today: date) -> dict[str, Any] | None:
    epoch = journey.protocol.epoch(journey.epoch)
    if not isinstance(epoch, FollowUpEpoch) or today < contact_dates(journey, epoch).target_on:
        return None
    return {"contacted_on": str(today), "disease_free": True}


def _course(journey: Journey, ask: Ask, _today: date) -> dict[str, Any] | None:
    words = ask.text.replace(",", " ").split()
    drug, label = words[words.index("of") + 1], words[words.index("in") + 1]
    lines = [line for line in regimen_of(journey, int(label[1:])) if line.self_administered and drug in line.drugs]
    return {"cycle": label, "drug": drug, "last_day": max(lines[0].days)} if lines else None


def _signature(journey: Journey, ask: Ask, _today: date) -> dict[str, Any] | None:
    facts = sorted(seq for seq, asked in journey.unsigned.items() if asked.to == ask.to)
    return {"facts": facts[:10], "meaning": "reviewed"} if facts else None


def _acknowledged(journey: Journey, _ask: Ask, _today: date) -> dict[str, Any] | None:
    rows = [one.number for one in unread(journey)]
    return {"notice": rows[0]} if rows else None


def _renewed(_journey: Journey, _ask: Ask, today: date) -> dict[str, Any]:
    once = ("judgements", "weight_kg", "height_cm", "histology")
    return {name: value for name, value in screening_document(today).items() if name not in once} | {"no_support": True}


ANSWERS: Mapping[str, Callable[[Journey, Ask, date], dict[str, Any] | None]] = {
    "confirm_eligibility": lambda journey, _ask, today: {"judged_on": str(today)} if journey.labs else None,
    "request_randomization": lambda _journey, _ask, _today: {},
    "screening_evidence": _renewed,
    "dose_given": _dose,
    "plan_doses": _plan,
    "drug_check": lambda _j, ask, today: {"drug": ask.text.split()[0], "checked_on": str(today), "met": True},
    "operability": _operability,
    "surgery_done": _surgery,
    "pathology": _pathology,
    "adjuvant_evaluation": _evaluation,
    "follow_up_contact": _contact,
    "course_taken": _course,
    "sign": _signature,
    "acknowledge": _acknowledged,
    "end_of_study": lambda _journey, _ask, today: {"ended_on": str(today)},
}
"""The fields with which each ask is answered; None while it is not time."""


def _mistake(journey: Journey, today: date, chance: Random) -> Act:
    """Give a command that must be refused, or be recorded with its deviation."""
    return chance.choice(
        (
            Act("surgery_done", "SURGEON", {"performed_on": str(today + 30 * DAY), "resection": "R0"}),
            Act(
                "adverse_event", "INVESTIGATOR", {"term": "rash", "grade": 9, "serious": False, "onset_on": str(today)}
            ),
            Act("request_randomization", "PATHOLOGIST", {}),
            Act("dose_given", "INVESTIGATOR", {"cycle": "C15", "given_on": str(today)}),
            Act("acknowledge", "MONITOR", {"notice": journey.seq + 500}),
        )
    )


def utc(instant: datetime) -> str:
    """Give an instant as it is logged."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
