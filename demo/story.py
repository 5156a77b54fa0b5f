"""Plays staff through a randomized participant's way. Every clinical date follows from seed and planned dates."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from demo.cast import END_IN_TREATMENT, Participant
from demo.hospital import NOTHING_ABNORMAL, Hospital, Unexpected
from demo.screening import AN_HOUR, checked, pregnancy_codes, renewed
from domain.patient.cycle import Cycle
from domain.patient.facts import GateChecked
from domain.patient.journey import Journey
from domain.patient.samples import unstated
from domain.patient.windows import days
from domain.protocol import RegimenLine

ANCHOR_DRUG = "BENMELSTOBART"
ANSWERED = ("ANLOTINIB",)
"""Drugs that wait after surgery for an answer of the investigator."""
MORNING_SAMPLE = 6 * 60
SAMPLED_BEFORE, ANNOUNCED_BEFORE, HELD_BEFORE = 2, 5, 1
"""Days before day 1: the pre-dose sample, a delay known ahead, a delay or new sample after a failed gate."""
PUT_OFF = 7
OPERABILITY_AFTER, EARLIEST_SURGERY = 24, 28
COMPLETES_AFTER, SIGNED_AFTER = 22, 15
LOST_AFTER, DIES_AFTER, CLOSED_AFTER = 109, 40, 5


class Story:
    """A randomized participant, from the first cycle to the end of study."""

    def __init__(self, hospital: Hospital, person: Participant) -> None:
        """Tell what happens to a participant at a hospital."""
        self._hospital = hospital
        self._person = person
        self._subject = f"S{person.number:03d}"

    async def play(self) -> None:
        """Play it to its end. Raises Unexpected and Unreachable."""
        if await self.cycles(1, 3) and await self._surgery() and await self.cycles(4, 15):
            await self._completion()
        if not self._journey.is_over:
            await self._follow_up()

    async def cycles(self, first: int, last: int) -> bool:
        """Play cycles, and say whether treatment goes on after them."""
        for number in range(first, last + 1):
            await self._cycle(number)
            day_1 = self._journey.cycles[number].day_1_on or self._journey.cycles[number].planned_on
            if self._person.serious_event_in == number:
                await self._serious_event(day_1 + days(8))
            if self._person.fate in END_IN_TREATMENT and self._person.last_cycle == number:
                await self._end_treatment(day_1 + days(10))
                if not self._journey.is_over:
                    await self._sign(day_1 + days(10))
                return False
            await self._course(number, day_1)
            if number == last:
                await self._sign(day_1 + days(SIGNED_AFTER))
        return True

    async def operability(self, after: int = OPERABILITY_AFTER) -> date:
        """Give the verdict before surgery; return the last dose its window counts from."""
        last = self._journey.last_dose[ANCHOR_DRUG]
        on, operable = last + days(after), self._person.fate != "NOT_OPERABLE"
        why: dict[str, object] = {} if operable else {"why": "lung function"}
        await self._act("SURGEON", "operability", on, judged_on=on, operable=operable, **why)
        return last

    async def _cycle(self, number: int) -> None:
        incident, cycle = self._person.incidents.get(number, ""), self._awaited(number)
        late = days(incident == "A_DAY_LATE")
        if incident in ("HELD", "HELD_AND_DELAYED"):
            await self._sampled(number, cycle.planned_on - days(SAMPLED_BEFORE), self._person.abnormal)
        if incident == "HELD":
            await self._sampled(number, cycle.planned_on - days(HELD_BEFORE))
        if incident == "HELD_AND_DELAYED":
            await self._put_off(cycle, cycle.planned_on - days(HELD_BEFORE), "gate not passed")
        if incident == "DELAYED":
            await self._put_off(cycle, cycle.planned_on - days(ANNOUNCED_BEFORE), "asked for by the subject")
        on = self._awaited(number).planned_on + late
        if incident != "HELD":
            await self._sampled(number, on - days(SAMPLED_BEFORE))
        if number == 1:
            await self._plan(cycle, on - days(SAMPLED_BEFORE))
        if incident == "OMITTED":
            await self._act("INVESTIGATOR", "dose_omitted", on, cycle=cycle.label, decided_on=on, why="infection")
        else:
            await self._give(number, on)
        await self._sign(on)

    async def _sampled(self, number: int, on: date, abnormal: Mapping[str, Decimal | str] = NOTHING_ABNORMAL) -> None:
        """Have a gate checked on a sample of a date; of a later one when the order, or staff, came only then."""
        hospital, subject = self._hospital, self._subject
        wanted = "FAILED" if abnormal else "PASSED"
        while True:
            seen = len(self._journey.cycles[number].checks)
            collected_at = hospital.pace.at(on, MORNING_SAMPLE)
            also = pregnancy_codes(self._person) if number == 1 else ()
            await hospital.sample(subject, self._person.sex, collected_at, abnormal, also)
            ordered = f"C{number}'s order"
            journey = await hospital.until(subject, lambda j: j.cycles[number].ordered is not None, ordered)
            if journey.orders[journey.cycles[number].ordered or 0].after < collected_at:
                journey = await hospital.until(subject, checked(number, wanted, seen), f"C{number}'s gate: {wanted}")
                if journey.cycles[number].gate == wanted:
                    return
                if number == 1 and not abnormal and await self._restated(journey):
                    return
            on = max(on + days(1), hospital.pace.today())

    async def _restated(self, journey: Journey) -> bool:
        """State again what is too old for the first dose, as staff who are behind must; say whether that lets it go."""
        check = next(fact for fact in reversed(journey.cycles[1].checks) if isinstance(fact, GateChecked))
        if unstated(journey.protocol, check):
            today = self._hospital.pace.today()
            await self._act("COORDINATOR", "screening_evidence", today, **renewed(today))
        return self._journey.cycles[1].gate == "PASSED"

    async def _put_off(self, cycle: Cycle, on: date, why: str) -> None:
        until = cycle.planned_on + days(PUT_OFF)
        await self._act("COORDINATOR", "dose_delayed", on, cycle=cycle.label, until=until, why=why)

    async def _plan(self, cycle: Cycle, on: date) -> None:
        """Pick the platinum; when staff are so far behind that creatinine is too old by now, sample again."""
        hospital, person = self._hospital, self._person
        sampled_on = hospital.pace.site.date_of(self._journey.labs["CREAT"].collected_at)
        if hospital.pace.today() - sampled_on > days(SAMPLED_BEFORE):
            printed = hospital.printed(self._subject, person.sex, hospital.pace.now() - AN_HOUR)
            await self._act("INVESTIGATOR", "lab_results", on, results=printed)
        why = "hearing and kidney function"
        await self._act("INVESTIGATOR", "plan_doses", on, cycle=cycle.label, choice=person.platinum, why=why)

    async def _give(self, number: int, on: date) -> None:
        """Give day 1 of a cycle, and tell its later days in one message."""
        lines = self._regimen(number)
        choice: dict[str, object] = (
            {"choice": self._person.platinum} if any(len(line.drugs) > 1 for line in lines) else {}
        )
        await self._act("INVESTIGATOR", "dose_given", on, cycle=f"C{number}", given_on=on, **choice)
        later = sorted({day for line in lines if not line.self_administered for day in line.days if day > 1})
        if later:
            first, last = on + days(later[0] - 1), on + days(later[-1] - 1)
            fields = {"cycle": f"C{number}", "given_on": first, "day": later[0], "until_day": later[-1]}
            await self._act("INVESTIGATOR", "dose_given", last, **fields)

    async def _course(self, number: int, on: date) -> None:
        """Tell the days on which a drug was taken at home, on the last of them."""
        given = {drug for _, drug, _ in self._journey.cycles[number].given}
        for line in self._regimen(number):
            if line.self_administered and given.intersection(line.drugs):
                fields = {"cycle": f"C{number}", "drug": line.drugs[0], "last_day": line.days[-1]}
                await self._act("COORDINATOR", "course_taken", on + days(line.days[-1] - 1), **fields)

    def _regimen(self, number: int) -> tuple[RegimenLine, ...]:
        epoch = self._journey.protocol.epoch_of_cycle(number)
        return epoch.regimens[self._journey.arm] if epoch else ()

    async def _serious_event(self, on: date) -> None:
        fields = {"term": "febrile neutropenia", "grade": 3, "serious": True, "onset_on": on}
        await self._act("INVESTIGATOR", "adverse_event", on, **fields)
        event = max(self._journey.safety.events.values(), key=lambda known: known.number)
        aware_at = max(moment.at for moment in event.classes.values()).isoformat()
        for to in ("SPONSOR", "EC"):
            await self._act("INVESTIGATOR", "sae_reported", on, event=event.number, reported_at=aware_at, to=to)

    async def _end_treatment(self, on: date) -> None:
        """End treatment between two cycles, as the participant's fate says."""
        match self._person.fate:
            case "PROGRESSES":
                await self._act("INVESTIGATOR", "progression", on, found_on=on)
            case "DISCONTINUES":
                await self._act("INVESTIGATOR", "discontinue_treatment", on, decided_on=on, why="toxicity")
            case "LEAVES_TREATMENT":
                await self._act("COORDINATOR", "withdrawal", on, withdrawn_on=on, level="TREATMENT")
            case "LEAVES_STUDY":
                await self._act("COORDINATOR", "withdrawal", on, withdrawn_on=on, level="STUDY")
            case _:
                await self._serious_event(on)
                await self._act("COORDINATOR", "death", on + days(2), died_on=on + days(2))

    async def _surgery(self) -> bool:
        """Play the surgery wait, surgery and its evaluation, and say whether adjuvant treatment starts."""
        person = self._person
        early = person.surgery_after < EARLIEST_SURGERY
        last = await self.operability(person.surgery_after - 1 if early else OPERABILITY_AFTER)
        on = last + days(person.surgery_after)
        if person.fate == "NOT_OPERABLE":
            return False
        if person.fate == "NO_SURGERY":
            await self._act("INVESTIGATOR", "surgery_cancelled", on, decided_on=on, why="refused by the subject")
            return False
        await self._act("SURGEON", "surgery_done", on, performed_on=on, resection=person.margin)
        if person.margin != "NOT_RESECTED":
            final = person.margin if person.fate != "PATHOLOGY_R1" else "R1"
            reported_on = on + days(person.pathology_after)
            await self._act("PATHOLOGIST", "pathology", reported_on, reported_on=reported_on, resection=final)
        return not self._journey.treatment_ended and await self._evaluation(on)

    async def _evaluation(self, surgery_on: date) -> bool:
        on, fit = surgery_on + days(self._person.evaluation_after), self._person.fate != "NOT_FIT"
        why: dict[str, object] = {} if fit else {"why": "general condition"}
        await self._act("INVESTIGATOR", "adjuvant_evaluation", on, evaluated_on=on, fit=fit, **why)
        for drug in ANSWERED if fit else ():
            await self._act("INVESTIGATOR", "drug_check", on, drug=drug, checked_on=on, met=True)
        return fit

    async def _completion(self) -> None:
        last = max(cycle.day_1_on or cycle.planned_on for cycle in self._journey.cycles.values())
        await self._hospital.pace.until(self._hospital.pace.at(last + days(COMPLETES_AFTER), self._person.minute))
        await self._hospital.until(self._subject, lambda j: j.treatment_ended != "", "the end of treatment")

    async def _follow_up(self) -> None:
        since = self._journey.epoch_on
        match self._person.fate:
            case "LOST":
                on = since + days(LOST_AFTER)
                await self._act("COORDINATOR", "lost_to_follow_up", on, decided_on=on, why="three calls unanswered")
            case "DIES_LATER":
                on = since + days(DIES_AFTER)
                await self._act("COORDINATOR", "death", on, died_on=on)
            case _:
                on = since + days(self._person.contact_after)
                await self._act("COORDINATOR", "follow_up_contact", on, contacted_on=on, disease_free=True)
                on += days(CLOSED_AFTER)
                await self._sign(on)
                await self._act("INVESTIGATOR", "end_of_study", on, ended_on=on)

    async def _sign(self, on: date) -> None:
        """Have the investigator sign what others entered, if anything."""
        facts = sorted(seq for seq, asked in self._journey.unsigned.items() if "INVESTIGATOR" in asked.to)
        if facts:
            await self._act("INVESTIGATOR", "sign", on, facts=facts, meaning="reviewed")

    async def _act(self, role: str, kind: str, on: date, **fields: object) -> None:
        await self._hospital.act(self._subject, role, kind, self._hospital.pace.at(on, self._person.minute), fields)
        await self._hospital.acknowledge(self._subject)

    @property
    def _journey(self) -> Journey:
        return self._hospital.charts.journey(self._subject)

    def _awaited(self, number: int) -> Cycle:
        """Give the cycle that is awaited. Raises Unexpected when it is another one."""
        cycle = self._journey.current_cycle
        if cycle is None or cycle.number != number:
            raise Unexpected(f"{self._subject}: C{number} is not awaited, phase {self._journey.epoch}")
        return cycle
