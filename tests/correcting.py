"""Corrections in stories: which fact, what is corrected, and what the correction lists."""

from datetime import timedelta
from typing import Any

from domain.patient import commands as c
from domain.patient import facts as f
from tests.given import Outcome, Story, day, facts_of, the, when
from tests.stories import diaries, in_neoadjuvant, passing

MINUTE = timedelta(minutes=1)


def seq(story: Story, kind: type, **fields: object) -> int:
    """Give the number of the latest fact of a kind with these values."""
    return max(
        number
        for number, fact in enumerate(story.facts, start=1)
        if isinstance(fact, kind) and all(getattr(fact, name) == value for name, value in fields.items())
    )


def correct(
    story: Story, fact: int, *, void: bool = False, how: dict[str, Any] | None = None, **fields: Any
) -> Outcome:
    """Correct a fact's fields."""
    return when(story, c.Correct(fact=fact, fields=fields, void=void, why="misread"), **(how or {}))


def void(story: Story, fact: int, **how: Any) -> Outcome:
    """Say that a fact was entered in error."""
    return correct(story, fact, void=True, how=how)


def changed(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """Give what a correction lists, before and after."""
    made = next(fact for fact in outcome.facts if isinstance(fact, f.FactCorrected))
    return {row.what: (row.before, row.after) for row in made.changes}


def day_1(story: Story, cycle: int) -> int:
    """Give the number of the report of a cycle's day 1."""
    return seq(story, f.DoseGiven, cycle=cycle, day=1)


def reading(outcome: Outcome, **fields: object) -> Any:
    """Give what the one corrected fact with these values reads now."""
    return the(outcome, f.FactCorrected, **fields).content


def readings(outcome: Outcome, **fields: object) -> list[Any]:
    """Give what the corrected facts with these values read now."""
    return [fact.content for fact in facts_of(outcome, f.FactCorrected, **fields)]


def treated(on: int = 20) -> Story:
    """C1 was given on day 7, and what was taken at home is reported; it is some days later."""
    return passing(diaries(in_neoadjuvant("COHORT_1", 1), day(on)), day(on))


def followed(outcome: Outcome) -> list[tuple[str, int | None]]:
    """Give the kind of each fact that reads otherwise, with the number it follows from, without the first."""
    return [(fact.of, fact.follows) for fact in facts_of(outcome, f.FactCorrected)[1:]]
