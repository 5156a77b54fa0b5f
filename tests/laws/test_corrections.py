"""Laws of corrections: the record after one is the fold of the corrected facts, and nothing is ever altered."""

from hypothesis import given

from domain.decider import PATIENT
from domain.patient import facts as f
from domain.patient.agenda import due
from domain.patient.asks import asks
from domain.patient.journey import evolve
from tests.laws.plays import Play, plays
from tests.laws.strategies import about


@given(plays(longest=8))
@about(150)
def test_a_correction_is_the_fold_of_the_corrected_facts(play: Play) -> None:
    """Each fact replaced, or passed over, in its place by its latest correction: the same state, number by number."""
    replaced: list[f.Fact] = list(play.end.facts)
    for fact in play.end.facts:
        if isinstance(fact, f.FactCorrected):
            replaced[fact.fact - 1] = fact.content or f.CancellationAsked()
    state = PATIENT.initial
    for fact in replaced:
        state = evolve(state, fact)
    assert state == play.end.state == PATIENT.fold(play.end.facts)


@given(plays(longest=8))
@about(100)
def test_a_correction_never_alters_the_originals(play: Play) -> None:
    """The record only grows."""
    known = play.start.facts
    for _, outcome in play.steps:
        if outcome.refusal is None:
            after = outcome.story.facts
            assert after[: len(known)] == known
            known = after


@given(plays(longest=8))
@about(100)
def test_an_open_journey_has_something_due_or_somebody_asked_after_any_correction(play: Play) -> None:
    """No subject is stuck by one."""
    for _, outcome in play.steps:
        if outcome.refusal is None and any(isinstance(fact, f.FactCorrected) for fact in outcome.facts):
            journey = outcome.story.state
            assert journey.is_over or due(journey) or asks(journey) or journey.intents
