"""Plays staff through a participant's screening: enrolment, samples, verdict, randomization, or screen failure."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from demo import laboratory_tests
from demo.cast import Failure, Participant
from demo.documents import screening_document
from demo.hospital import STAFF, Hospital, told
from domain.catalogue import latest
from domain.criteria import completed_years
from domain.patient.journey import Journey
from workflows.client import Submitted

REASONS: Mapping[Failure, str] = MappingProxyType(
    {"LAB": "laboratory criteria not met", "AGE": "I2 not met", "BLOOD_SUPPORT": "I11.1 not met"}
)
SAMPLED_AFTER, MORNING = 45, 6 * 60
"""Minutes from consent to the screening sample; the minute of the day of a repeated one."""
SAID_ONCE = ("judgements", "weight_kg", "height_cm", "histology")
"""What is not asked for again when an assessment is renewed: judgements are the investigator's."""
CHILDBEARING = latest("NCT06978153").childbearing
RENEWED_AFTER, AN_HOUR = timedelta(days=5), timedelta(hours=1)


def checked(number: int, wanted: str, seen: int) -> Callable[[Journey], bool]:
    """Say of a journey whether a cycle's gate is as wanted, or was held again: then the samples are too old by now."""
    return lambda journey: journey.cycles[number].gate == wanted or len(journey.cycles[number].checks) > seen


def renewed(today: date) -> dict[str, Any]:
    """Give what is asked for again when an assessment is renewed."""
    document = screening_document(today)
    return {name: value for name, value in document.items() if name not in SAID_ONCE} | {"no_support": True}


def screening_codes(person: Participant) -> tuple[str, ...]:
    """Give what a participant is tested for at screening beside the usual tests."""
    return (*laboratory_tests.SCREENING, *pregnancy_codes(person))


def pregnancy_codes(person: Participant) -> tuple[str, ...]:
    """Give the pregnancy test of a woman of childbearing potential: at screening, and again before C1D1."""
    age = completed_years(person.born_on, person.enrolled_on)
    return laboratory_tests.PREGNANCY if CHILDBEARING.covers(person.sex, age) else ()


class Turns:
    """Lets participants ask for their randomization one after another, in one order, whatever the machine's pace."""

    def __init__(self, order: Sequence[int]) -> None:
        """Keep an order of participants' numbers."""
        self._before = dict(zip(order[1:], order, strict=False))
        self._passed = {number: asyncio.Event() for number in order}

    async def come(self, number: int) -> None:
        """Wait until everyone before a participant has been randomized, or will never be."""
        before = self._before.get(number)
        if before is not None:
            await self._passed[before].wait()

    def passed(self, number: int) -> None:
        """Let the next one come."""
        if number in self._passed:
            self._passed[number].set()


class Screening:
    """One participant's screening."""

    def __init__(self, hospital: Hospital, person: Participant) -> None:
        """Screen a participant at a hospital."""
        self._hospital = hospital
        self._person = person
        self.subject = f"S{person.number:03d}"

    async def enrol(self) -> None:
        """Register them with a whole document. Raises Unexpected when the number is not the next one."""
        person, on = self._person, str(self._person.enrolled_on)
        planned = self._hospital.pace.at(person.enrolled_on, person.minute)
        await self._hospital.pace.until(planned)
        fields = {
            "site": self._hospital.pace.site.code,
            "born_on": str(person.born_on),
            "sex": person.sex,
            "consent": {"signed_on": on, "version": "V1.0", "obtained_by": STAFF["INVESTIGATOR"]},
            "evidence": screening_document(person.enrolled_on)
            | {"weight_kg": str(person.weight_kg), "height_cm": str(person.height_cm)}
            | self._blood_support()
            | self._reproduction(),
        }
        submitted = Submitted("enroll", fields, staff=STAFF["INVESTIGATOR"], role="INVESTIGATOR")
        told(f"{self.subject} enroll", await self._hospital.client.to_trial(submitted))
        self._hospital.pace.answered(planned, f"{self.subject} enroll")
        self._hospital.same_number(self.subject)

    def _blood_support(self) -> dict[str, object]:
        if self._person.failure == "BLOOD_SUPPORT":
            return {"no_support": False, "last_support_on": str(self._person.enrolled_on - timedelta(days=5))}
        return {"no_support": True}

    def _reproduction(self) -> dict[str, object]:
        if self._person.sex == "MALE":
            return {}
        on = str(self._person.enrolled_on)
        return {"reproduction": {"on": on, "sterile": False, "lactating": False, "contraception_agreed": True}}

    async def results(self) -> None:
        """Take the screening sample and wait for its results; one that fails by chance is repeated and typed in."""
        person, hospital = self._person, self._hospital
        failing = person.failure == "LAB" or person.retested
        await hospital.until(self.subject, lambda journey: journey.seq > 0, "the start of the journey")
        collected_at = hospital.pace.at(person.enrolled_on, person.minute + SAMPLED_AFTER)
        abnormal = person.abnormal if failing else {}
        await hospital.sample(self.subject, person.sex, collected_at, abnormal, screening_codes(person))
        await hospital.until(self.subject, lambda journey: bool(journey.labs), "the screening results")
        if person.retested:
            on = person.enrolled_on + timedelta(days=1)
            await self._type_in(on, hospital.pace.at(on, MORNING))

    async def _type_in(self, on: date, collected_at: datetime) -> None:
        results = self._hospital.printed(self.subject, self._person.sex, collected_at, screening_codes(self._person))
        await self._act("COORDINATOR", "lab_results", on, results=results)

    async def _renew(self, on: date) -> None:
        """Assess and sample again when staff are so far behind that what was found would not do any more."""
        hospital = self._hospital
        values = hospital.charts.journey(self.subject).labs.values()
        if hospital.pace.now() - min(value.collected_at for value in values) > RENEWED_AFTER:
            await self._act("COORDINATOR", "screening_evidence", on, **renewed(hospital.pace.today()))
            await self._type_in(on, hospital.pace.now() - AN_HOUR)

    async def fail(self) -> None:
        """End it as the participant's failure says; a verdict that cannot hold is tried once, and refused on record."""
        person = self._person
        on = person.enrolled_on + timedelta(days=person.verdict_after)
        if person.failure == "WITHDREW":
            await self._act("COORDINATOR", "withdrawal", on, withdrawn_on=on, level="STUDY")
            return
        if person.failure == "LAB":
            await self._act("INVESTIGATOR", "confirm_eligibility", on, refused="NOT_ELIGIBLE", judged_on=on)
        why = REASONS[person.failure]
        await self._act("INVESTIGATOR", "screen_failure", on, decided_on=on, why=why)

    async def randomize(self, turns: Turns) -> None:
        """Confirm eligibility, wait for the participant's turn, and get the allocation."""
        person, hospital = self._person, self._hospital
        judged_on = person.enrolled_on + timedelta(days=person.verdict_after)
        await hospital.pace.until(hospital.pace.at(judged_on, person.minute))
        await self._renew(judged_on)
        await self._act("INVESTIGATOR", "confirm_eligibility", judged_on, judged_on=judged_on)
        await hospital.pace.until(hospital.pace.at(person.randomized_on, person.minute))
        await turns.come(person.number)
        await self._renew(person.randomized_on)
        await self._act("INVESTIGATOR", "request_randomization", person.randomized_on)
        await hospital.until(self.subject, lambda _: self._has_slot(), "the reserved slot")
        turns.passed(person.number)
        await hospital.until(self.subject, lambda journey: bool(journey.arm), "the allocation")

    def _has_slot(self) -> bool:
        """Say whether the register has reserved a slot: the order of the slots is then fixed."""
        return self.subject in self._hospital.charts.register().allocations

    async def _act(self, role: str, kind: str, on: date, *, refused: str = "", **fields: object) -> None:
        at = self._hospital.pace.at(on, self._person.minute)
        await self._hospital.act(self.subject, role, kind, at, fields, refused=refused)
