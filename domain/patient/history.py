"""A subject's facts as they count: each in its place, with the content of its latest correction.

A fact that was entered in error is passed over; its place is taken by its correction, which changes nothing itself, so
that every other fact keeps its number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from domain.patient import facts as f
from domain.patient.journey import Journey, evolve


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded fact, who entered it, and the submission it came of."""

    fact: f.Fact
    staff: str
    act: str


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


def fold(facts: Iterable[f.Fact]) -> Journey:
    """Fold a subject's facts from the beginning, each as it counts."""
    return reduce(evolve, effective(tuple(facts)), Journey())
