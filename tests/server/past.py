"""Subjects with a past: their streams are written through `record`, each message at the date on which it would come.

What came after is up to the test; Temporal learns of the subject when the register is woken.
"""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from activities.contract import RecordRequest, Step
from activities.recorder import Recorder
from demo.documents import screening_document
from domain.decider import PATIENT, patient_stream, trial_stream
from domain.decider import TRIAL as TRIAL_DECIDER
from domain.intake import Message, argument_of, derived_id, system_message
from domain.labs import ReportedResult
from domain.patient.facts import NoticeRequested
from domain.patient.journey import Journey
from domain.values import Clock, Site
from journal.store import Journal
from tests.stories import results
from workflows.client import Submitted

TRIAL = "NCT06978153"
SITE = Site(code="TDH")
STAFF = {
    "CRC1": "COORDINATOR",
    "INV1": "INVESTIGATOR",
    "SUR1": "SURGEON",
    "PAT1": "PATHOLOGIST",
    "PHA1": "PHARMACIST",
    "SPO1": "SPONSOR",
}
CYCLE = timedelta(days=21)
NEOADJUVANT_CYCLES = 3


def today() -> date:
    """Give the site's date."""
    return SITE.date_of(datetime.now(UTC))


def ago(days: int) -> date:
    """Give the site's date so many days ago."""
    return today() - timedelta(days=days)


def noon(on: date) -> datetime:
    """Give four hours after the due hour of a date."""
    return SITE.due_at(on) + timedelta(hours=4)


def typed(on: date) -> list[ReportedResult]:
    """Give a clean laboratory result set, sampled in the morning of a date."""
    return list(results(SITE.due_at(on)))


def participant(on: date) -> dict[str, Any]:
    """Give a man with consent and evidence of a date, as an enrolment takes him."""
    return {
        "site": SITE.code,
        "born_on": "1960-02-03",
        "sex": "MALE",
        "consent": {"signed_on": str(on), "version": "V1.0", "obtained_by": "INV1"},
        "evidence": screening_document(on),
    }


def opening(trial: str, clock: Clock) -> dict[str, Any]:
    """Give the fields that open a trial with one site and a team."""
    staff = [{"staff": code, "roles": [role], "valid_from": str(ago(1000))} for code, role in STAFF.items()]
    about: dict[str, Any] = {"trial": trial, "protocol_version": "1", "clock": clock.model_dump(mode="json")}
    return about | {"sites": [SITE.model_dump(mode="json")], "staff": staff}


def request(stream: str, seq: int, at: datetime, *messages: Message) -> RecordRequest:
    """Give what `record` is asked."""
    return RecordRequest(stream=stream, seq=seq, at=at, messages=list(messages))


def sent(submitted: Submitted) -> Message:
    """Give a submission as the interpreter hands it to `record`."""
    raw = json.dumps(submitted.envelope()).encode()
    return Message(channel="update", name="submit", arguments=(argument_of(raw),), id=submitted.id, identity="past")


class Past:
    """One subject's past in the making."""

    def __init__(
        self, journal: Journal, trial: str, enrolled_on: date, number: str = "", *, recorder: Recorder | None = None
    ) -> None:
        """Enrol a subject with consent and evidence of a date. With a number of its own the register knows nothing."""
        self._recorder = recorder or Recorder(journal)
        self._trial = trial
        begin, begin_id = self._enrolled(enrolled_on) if not number else (self._begin(enrolled_on, number), number * 8)
        self.number: str = begin["subject"]
        self.stream = patient_stream(trial, self.number)
        self._record(self.stream, system_message("begin", begin, begin_id), noon(enrolled_on))

    @property
    def journey(self) -> Journey:
        """The subject as the journal has it."""
        journey: Journey = self._recorder.state(self.stream)
        return journey

    def _enrolled(self, on: date) -> tuple[dict[str, Any], str]:
        """Enrol at the register; give what its activity will say to begin the journey, and under which id."""
        register = trial_stream(self._trial)
        step = self._record(register, sent(Submitted("enroll", participant(on), staff="INV1")), noon(on))
        fact = next(json.loads(fact) for fact in step.facts if json.loads(fact)["kind"] == "SubjectEnrolled")
        begin = TRIAL_DECIDER.fact.validate_json(fact["body"]).begin.model_dump(mode="json")
        named = {name: value for name, value in begin.items() if name != "kind"}
        return named, derived_id(f"{register}/{fact['seq']}", "begin")

    def _begin(self, on: date, number: str) -> dict[str, Any]:
        about = {"trial": self._trial, "protocol_version": "1", "subject": number, "by": "INV1", "role": "INVESTIGATOR"}
        clock = Clock.real().model_dump(mode="json")
        return participant(on) | about | {"site": SITE.model_dump(mode="json"), "clock": clock}

    def _record(self, stream: str, message: Message, at: datetime) -> Step:
        known = self._recorder.state(stream).seq
        step = self._recorder.record(request(stream, known, at, message))
        assert step.answers[0].outcome == "applied", step.answers[0].sentence()
        return step

    def system(self, kind: str, at: datetime, **fields: object) -> None:
        """Say something as the product itself."""
        message = system_message(kind, fields, derived_id(self.stream, kind, str(self.journey.seq)))
        self._record(self.stream, message, at)

    def said(self, kind: str, on: date, staff: str = "INV1", **fields: object) -> "Past":
        """Say something at noon of a date, after everything that fell due before."""
        self.passed(noon(on))
        self._record(self.stream, sent(Submitted(kind, fields, staff=staff)), noon(on))
        self._deliver(noon(on))
        return self

    def passed(self, until: datetime) -> "Past":
        """Let time pass, with every due instant on the way acted on and every notice delivered."""
        while (due := PATIENT.due(self.journey)) is not None and due.at <= until:
            self.system("time_passed", due.at)
            self._deliver(due.at)
        return self

    def _deliver(self, at: datetime) -> None:
        for seq, intent in self.journey.intents.items():
            if isinstance(intent.fact, NoticeRequested):
                self.system("notice_delivered", at, notice=seq, sink="past")

    def at_rest(self) -> "Past":
        """Have the register believe that the journey was started: no workflow will be."""
        register = trial_stream(self._trial)
        for seq, intent in self._recorder.state(register).intents.items():
            if getattr(intent.fact, "subject", "") == self.number:
                done = derived_id(f"{register}/{seq}", "outcome")
                self._record(register, system_message("journey_started", {"request": seq}, done), datetime.now(UTC))
        return self

    def typed(self, on: date) -> "Past":
        """Type in a clean laboratory result set."""
        shown = [result.model_dump(mode="json") for result in typed(on)]
        return self.said("lab_results", on, results=shown)

    def eligible(self, on: date) -> "Past":
        """Pass screening on a date."""
        return self.typed(on).said("confirm_eligibility", on, judged_on=str(on))

    def randomized(self, on: date, arm: str) -> "Past":
        """Be randomized to an arm on a date. The register is not asked: the arm is the test's choice."""
        self.eligible(on).said("request_randomization", on)
        self.system("slot_allocated", noon(on), slot=1, arm=arm, randomized_on=str(on))
        self._deliver(noon(on))
        return self

    def dosed(self, cycle: int, on: date) -> "Past":
        """Get day 1 of a cycle on a date, on fresh laboratory results, and days 2 and 3 of C1 to C3 as they came."""
        self.typed(on - timedelta(days=1))
        choice = {"choice": "CISPLATIN"} if cycle == 1 else {}
        self.said("dose_given", on, cycle=f"C{cycle}", given_on=str(on), **choice)
        second, third = on + timedelta(days=1), on + timedelta(days=2)
        if cycle > NEOADJUVANT_CYCLES or third >= today():
            return self
        return self.said("dose_given", third, cycle=f"C{cycle}", given_on=str(second), day=2, until_day=3)


def in_surgery_wait(
    journal: Journal, trial: str, last_dose_on: date, arm: str = "COHORT_1", *, recorder: Recorder | None = None
) -> Past:
    """Give a subject after three cycles, operable, who waits for surgery."""
    first = last_dose_on - 2 * CYCLE
    past = Past(journal, trial, first - timedelta(days=11), recorder=recorder)
    past.randomized(first - timedelta(days=4), arm)
    for number in (1, 2, 3):
        past.dosed(number, first + (number - 1) * CYCLE)
    judged_on = last_dose_on + timedelta(days=24)
    if judged_on <= today():
        past.said("operability", judged_on, staff="SUR1", judged_on=str(judged_on), operable=True)
    return past.passed(datetime.now(UTC))


def _operated(journal: Journal, trial: str, surgery_on: date, arm: str, *, recorder: Recorder | None = None) -> Past:
    """Tell of a subject up to R0 surgery, and no further."""
    past = Past(journal, trial, surgery_on - timedelta(days=88), recorder=recorder)
    past.randomized(surgery_on - timedelta(days=81), arm)
    for number in (1, 2, 3):
        past.dosed(number, surgery_on - timedelta(days=77) + (number - 1) * CYCLE)
    judged_on = surgery_on - timedelta(days=3)
    past.said("operability", judged_on, staff="SUR1", judged_on=str(judged_on), operable=True)
    return past.said("surgery_done", surgery_on, staff="SUR1", performed_on=str(surgery_on), resection="R0")


def in_evaluation(journal: Journal, trial: str, surgery_on: date, arm: str = "COHORT_1") -> Past:
    """Give a subject after R0 surgery who waits for the adjuvant evaluation."""
    return _operated(journal, trial, surgery_on, arm).passed(datetime.now(UTC))


def in_adjuvant(
    journal: Journal,
    trial: str,
    first_on: date,
    arm: str = "COHORT_1",
    *,
    cycles: int = 1,
    recorder: Recorder | None = None,
) -> Past:
    """Give a subject whose R0 was confirmed and who got C4 on a date, and further cycles as planned."""
    surgery_on = first_on - timedelta(days=42)
    past = _operated(journal, trial, surgery_on, arm, recorder=recorder)
    reported_on, judged_on = surgery_on + timedelta(days=10), surgery_on + timedelta(days=35)
    past.said("pathology", reported_on, staff="PAT1", reported_on=str(reported_on), resection="R0")
    past.said("adjuvant_evaluation", judged_on, evaluated_on=str(judged_on), fit=True)
    for number in range(cycles):
        past.dosed(4 + number, first_on + number * CYCLE)
    return past.passed(datetime.now(UTC))
