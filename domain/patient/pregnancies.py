"""Pregnancies that results told of, after a correction of results: withdrawn, moved, or begun. Source: E25."""

from domain.labs import LabValue
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.history import effective
from domain.patient.safety import found_by_results, pregnancy_dates


def told_by_results(draft: Draft, number: int, old: f.LabResultsRecorded) -> None:
    """Withdraw each pregnancy that its results do not tell of any more, or move it; start one they newly tell of.

    `number`: the fact of the corrected results; `old`: as it counted before.
    """
    facts = effective(draft.every_fact)
    for seq, fact in enumerate(facts, start=1):
        if isinstance(fact, f.PregnancyFound) and fact.result is not None:
            dates = pregnancy_dates(draft, _accepted(facts[fact.result - 1]))
            if not dates:
                _withdraw(draft, seq, number)
            elif fact.found_on not in dates:
                draft.supersede(seq, fact.model_copy(update={"found_on": min(dates)}), number)
    found_by_results(draft, number, [row for row in _accepted(facts[number - 1]) if row not in old.accepted])


def _accepted(fact: f.Fact) -> tuple[LabValue, ...]:
    """Give the values of results; none when they count as never said."""
    return fact.accepted if isinstance(fact, f.LabResultsRecorded) else ()


def _withdraw(draft: Draft, event: int, number: int) -> None:
    """Take back a pregnancy, and what it asked for and stopped."""
    draft.supersede(event, None, number)
    for seq, fact in enumerate(effective(draft.every_fact), start=1):
        if isinstance(fact, f.SafetyActionAsked) and fact.event == event:
            draft.supersede(seq, None, number)
