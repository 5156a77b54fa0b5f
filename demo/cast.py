"""The simulated participants of a seed: who comes when, and what shall happen to each. The same seed, the same people.

Spans are in days. They keep two days or more from every window, reminder and deadline, so that nothing falls due
otherwise when staff come late.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from demo import laboratory_tests
from domain.protocol import Resection
from domain.values import Sex

START = date(2025, 6, 2)
"""The date on which the trial opens."""
FULL = 66
ENROLMENT_DAYS = 300.0
"""Days over which so many randomized participants are enrolled."""
OLDEST_DAY, FAILURES_PER_RANDOMIZED, RETESTED = 120, 0.25, 0.06
MORNING, EVENING = 9 * 60, 17 * 60

Fate = Literal[
    "COMPLETES", "PROGRESSES", "LEAVES_TREATMENT", "LEAVES_STUDY", "DISCONTINUES", "DIES", "NOT_OPERABLE", "NO_SURGERY",
    "RESECTED_R1", "RESECTED_R2", "RESECTED_RX", "NOT_RESECTED", "PATHOLOGY_R1", "NOT_FIT", "LOST", "DIES_LATER",
]  # fmt: skip
Failure = Literal["", "LAB", "AGE", "BLOOD_SUPPORT", "WITHDREW"]
Incident = Literal["", "HELD", "HELD_AND_DELAYED", "DELAYED", "OMITTED", "A_DAY_LATE"]

FATES: Mapping[Fate, int] = {
    "COMPLETES": 40, "PROGRESSES": 3, "LEAVES_TREATMENT": 2, "LEAVES_STUDY": 2, "DISCONTINUES": 2, "DIES": 1,
    "NOT_OPERABLE": 2, "NO_SURGERY": 1, "RESECTED_R1": 3, "RESECTED_R2": 1, "RESECTED_RX": 1, "NOT_RESECTED": 2,
    "PATHOLOGY_R1": 1, "NOT_FIT": 2, "LOST": 2, "DIES_LATER": 1,
}  # fmt: skip
"""How many of 66 randomized participants meet which fate."""
MARGINS: Mapping[Fate, Resection] = {
    "RESECTED_R1": "R1", "RESECTED_R2": "R2", "RESECTED_RX": "RX", "NOT_RESECTED": "NOT_RESECTED", "LOST": "R1",
    "DIES_LATER": "R2",
}  # fmt: skip
"""The margin as the surgeon sees it, where it is not R0."""
END_IN_TREATMENT: frozenset[Fate] = frozenset(
    {"PROGRESSES", "LEAVES_TREATMENT", "LEAVES_STUDY", "DISCONTINUES", "DIES"}
)
LAST_BEFORE_ENDING = (2, 5, 6, 8, 10)
FAILURES: tuple[Failure, ...] = ("LAB", "WITHDREW", "LAB", "AGE", "LAB", "BLOOD_SUPPORT")
INCIDENTS: Mapping[Incident, float] = {
    "": 0.82, "HELD": 0.02, "HELD_AND_DELAYED": 0.015, "DELAYED": 0.03, "OMITTED": 0.015, "A_DAY_LATE": 0.1
}  # fmt: skip
"""How often something happens about a cycle."""
NEVER_OMITTED, NEVER_ANNOUNCED = (1, 3, 15), (1,)
"""The first cycle and the last of each epoch are not left out; the first one cannot be put off ahead of its order."""
REPEATED: Mapping[str, Decimal | str] = {laboratory_tests.PLATELETS: Decimal(64)}
ABNORMAL: tuple[Mapping[str, Decimal | str], ...] = (
    REPEATED,
    {laboratory_tests.HAEMOGLOBIN: Decimal("8.1")},
    {laboratory_tests.NEUTROPHILS: Decimal("1.1")},
    {laboratory_tests.ALT: Decimal(190)},
    {laboratory_tests.BILIRUBIN: Decimal("2.3")},
    {laboratory_tests.URINE_PROTEIN: "2+"},
)
"""Results that fail one criterion each."""
SURGERIES = {30: 4, 31: 4, 32: 4, 37: 3, 38: 3, 39: 3, 24: 2, 46: 3}
"""Days from the last benmelstobart to surgery, with weights: two early and three late ones among 26."""
EVALUATIONS = {31: 2, 32: 2, 33: 2, 34: 2, 35: 2, 36: 2, 37: 2, 38: 2, 46: 1}
CONTACTS = {79: 2, 80: 2, 81: 2, 82: 2, 94: 1}


@dataclass(frozen=True, slots=True)
class Participant:
    """One simulated participant; `minute` is the minute of the day at which staff see them."""

    number: int
    enrolled_on: date
    minute: int
    sex: Sex
    born_on: date
    weight_kg: int = 66
    height_cm: int = 168
    failure: Failure = ""
    abnormal: Mapping[str, Decimal | str] = field(default_factory=dict)
    retested: bool = False
    verdict_after: int = 1
    randomized_after: int = 2
    fate: Fate = "COMPLETES"
    platinum: str = "CISPLATIN"
    incidents: Mapping[int, Incident] = field(default_factory=dict)
    last_cycle: int = 15
    serious_event_in: int = 0
    surgery_after: int = 31
    pathology_after: int = 9
    evaluation_after: int = 33
    contact_after: int = 82

    @property
    def randomized_on(self) -> date:
        """The date on which their randomization is asked for."""
        return self.enrolled_on + timedelta(days=self.randomized_after)

    @property
    def margin(self) -> Resection:
        """The margin as the surgeon sees it."""
        return MARGINS.get(self.fate, "R0")


def cast(seed: str, randomized: int) -> list[Participant]:
    """Give the participants in the order of their enrolment: as many as it takes to randomize so many."""
    chance = Random(seed)
    deck = [fate for fate, count in FATES.items() for _ in range(count)]
    parts: list[tuple[Fate, Failure]] = [(fate, "") for fate in chance.sample(deck, randomized)]
    failures = round(randomized * FAILURES_PER_RANDOMIZED)
    parts += [("COMPLETES", FAILURES[number % len(FAILURES)]) for number in range(failures)]
    last = parts.pop(0)  # a later screening would find the trial full
    chance.shuffle(parts)
    parts.append(last)
    arrivals = _arrivals(chance, len(parts), ENROLMENT_DAYS * randomized / FULL)
    return [
        _participant(chance, number, arrival, fate, failure)
        for number, (arrival, (fate, failure)) in enumerate(zip(arrivals, parts, strict=True), start=1)
    ]


def _arrivals(chance: Random, count: int, span: float) -> Iterator[tuple[date, int]]:
    """Spread arrivals over a span of days, each at some time of the day."""
    days = [1 + int((number + chance.random()) * span / count) for number in range(count)]
    minutes = [chance.randrange(MORNING, EVENING) for _ in range(count)]
    return ((START + timedelta(days=day), minute) for day, minute in sorted(zip(days, minutes, strict=True)))


def _participant(chance: Random, number: int, arrival: tuple[date, int], fate: Fate, failure: Failure) -> Participant:
    on, minute = arrival
    age = chance.randint(77, 82) if failure == "AGE" else chance.randint(44, 74)
    retested = not failure and chance.random() < RETESTED
    person = Participant(
        number=number,
        enrolled_on=on,
        minute=minute,
        sex=chance.choice(("FEMALE", "MALE", "MALE")),
        born_on=date(on.year - age - 1, 7, 1) + timedelta(days=chance.randrange(OLDEST_DAY)),
        weight_kg=chance.randint(48, 92),
        height_cm=chance.randint(150, 186),
        failure=failure,
        abnormal=REPEATED if retested else chance.choice(ABNORMAL),
        fate=fate,
        retested=retested,
        randomized_after=chance.choice((2, 3)),
        platinum=chance.choice(("CISPLATIN", "CARBOPLATIN")),
    )
    return _scheduled(chance, person)


def _scheduled(chance: Random, person: Participant) -> Participant:
    """Give a participant the spans and incidents of their way."""
    last = chance.choice(LAST_BEFORE_ENDING)
    drawn = chance.choices(list(INCIDENTS), list(INCIDENTS.values()), k=person.last_cycle)
    person = replace(
        person,
        serious_event_in=chance.choice((0, 0, 0, 0, 0, 0, 0, 1, 2, 4)),
        surgery_after=_weighted(chance, SURGERIES),
        pathology_after=chance.randint(7, 12),
        evaluation_after=_weighted(chance, EVALUATIONS),
        contact_after=_weighted(chance, CONTACTS),
        last_cycle=last if person.fate in END_IN_TREATMENT else person.last_cycle,
    )
    incidents = {number: _possible(number, incident) for number, incident in enumerate(drawn, start=1)}
    return replace(person, incidents={number: incident for number, incident in incidents.items() if incident})


def _possible(cycle: int, incident: Incident) -> Incident:
    if (incident == "OMITTED" and cycle in NEVER_OMITTED) or (incident == "DELAYED" and cycle in NEVER_ANNOUNCED):
        return ""
    return incident


def _weighted(chance: Random, weights: Mapping[int, int]) -> int:
    return chance.choices(list(weights), list(weights.values()))[0]
