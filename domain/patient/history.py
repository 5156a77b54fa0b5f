"""A subject's facts as they count: each in its place, with the content of its latest correction.

A fact that was entered in error is passed over; its place is taken by its correction, which changes nothing itself, so
that every other fact keeps its number.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from domain.patient import facts as f
from domain.patient.journey import Journey, evolve


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded fact, who entered it, the submission it came of, and the instant it was decided at."""

    fact: f.Fact
    staff: str
    act: str
    at: datetime


def rewrites(fact: object) -> bool:
    """Say whether a fact changes how an earlier one counts, so that the stream must be folded from its beginning."""
    return isinstance(fact, f.FactCorrected)


def effective(facts: Sequence[f.Fact]) -> list[f.Fact]:
    """Give the facts as they count."""
    found = list(facts)
    for place, fact in enumerate(facts):
        if isinstance(fact, f.FactCorrected) and 1 <= fact.fact <= place and facts[fact.fact - 1].kind == fact.of:
            found[fact.fact - 1] = fact if fact.content is None else fact.content
    return found


@dataclass(frozen=True, slots=True)
class Then:
    """A fact as it counts now, with its number, and the journey it was decided on as that counts now.

    `leads`: it is the first of its kind in its act.
    """

    seq: int
    fact: f.Fact
    journey: Journey
    at: datetime
    leads: bool


def replay(record: Sequence[Entry], facts: Sequence[f.Fact]) -> Iterator[Then]:
    """Go through a record again, each fact as it counts: what was known, and when, at each of them."""
    journey, known = Journey(), set()
    for seq, (entry, fact) in enumerate(zip(record, facts, strict=False), start=1):
        yield Then(seq, fact, journey, entry.at, (entry.act, fact.kind) not in known)
        known.add((entry.act, fact.kind))
        journey = evolve(journey, fact)


def fold(facts: Iterable[f.Fact]) -> Journey:
    """Fold a subject's facts from the beginning, each as it counts."""
    return reduce(evolve, effective(tuple(facts)), Journey())
