"""Laws of corrections: the record after one is the fold of the corrected facts, and nothing is ever altered."""

from dataclasses import replace

from hypothesis import given

from domain.decider import PATIENT
from domain.patient import facts as f
from domain.patient.agenda import due
from domain.patient.asks import asks
from domain.patient.draft import Draft
from domain.patient.expected import NOBODY
from domain.patient.gates import verdict_then
from domain.patient.history import replay
from domain.patient.journey import evolve
from domain.patient.reclassify import states_of
from domain.patient.safety import classes_of
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


@given(plays(longest=8))
@about(100)
def test_every_gate_says_what_the_record_as_it_counts_says(play: Play) -> None:
    """The latest verdict of each gate is the one its check would give today on what counts as known then.

    The stories of women are those of men retold: their first gates were checked of a man, and are left out.
    """
    story, retold = play.end, len(play.start.facts) if play.start.state.sex == "FEMALE" else 0
    facts = PATIENT.effective(story.facts)
    latest = {fact.cycle: seq for seq, fact in enumerate(facts, start=1) if isinstance(fact, f.GateChecked)}
    draft = Draft(story.state, story.now, NOBODY)
    for then in replay(story.entries, facts):
        if then.seq in latest.values() and then.seq > retold:
            assert verdict_then(draft, then) in (None, then.fact)


@given(plays(longest=8))
@about(100)
def test_every_event_belongs_to_the_classes_that_what_counts_makes_it(play: Play) -> None:
    """Whatever was corrected of its report, its follow-ups, or both: classes and clocks follow."""
    facts = PATIENT.effective(play.end.facts)
    draft = Draft(play.end.state, play.end.now, NOBODY)
    for number, event in play.end.state.safety.events.items():
        last = list(states_of(facts, number))[-1]
        of_sex = event.aesi if not event.is_pregnancy else "PREGNANCY"
        known = classes_of(draft, replace(event, aesi=of_sex), randomized=last.randomized)
        assert set(event.classes) == set(known)
