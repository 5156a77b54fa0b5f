"""Laws of every trial: 33 + 33 and never 67, and a slot is a subject's for ever."""

from collections import Counter

from hypothesis import given

from domain.decider import TRIAL, intents
from domain.trial import facts as f
from tests.laws.plays import Play, trials
from tests.laws.strategies import about

FEW = about(40)


@given(trials())
@FEW
def test_never_a_67th_and_no_slot_or_number_twice(play: Play) -> None:
    """Whoever asks, in whatever order (T1, T1.1)."""
    reserved = [fact for fact in play.end.facts if isinstance(fact, f.SlotReserved)]
    assert [fact.slot for fact in reserved] == list(range(1, len(reserved) + 1))
    assert len(reserved) <= play.end.state.protocol.target
    assert max(Counter(fact.subject for fact in reserved).values(), default=1) == 1
    numbers = [fact.subject for fact in play.end.facts if isinstance(fact, f.SubjectEnrolled)]
    assert len(numbers) == len(set(numbers))


@given(trials())
@FEW
def test_every_outcome_closes_its_own_intent_once(play: Play) -> None:
    """A fact that answers a request answers one that was open."""
    open_ones: set[int] = set()
    for seq, fact in enumerate(play.end.facts, start=1):
        if isinstance(fact, f.AllocationListRequested | f.SubjectEnrolled | f.SlotReserved | f.ActPassedOn):
            open_ones.add(seq)
        elif isinstance(fact, f.AllocationListSealed | f.JourneyBegan | f.SubjectAllocated | f.ActReached):
            assert fact.request in open_ones
            open_ones.remove(fact.request)
    assert set(play.end.state.intents) == open_ones
    begun = [intent for intent in intents(play.end.state) if isinstance(intent.fact, f.ActPassedOn)]
    assert max(Counter(intent.fact.subject for intent in begun).values(), default=1) == 1


@given(trials())
@FEW
def test_every_register_can_be_shown(play: Play) -> None:
    """Counts agree with the facts."""
    shown = TRIAL.show(play.end.state)
    assert shown["facts"] == len(play.end.facts)
    assert sum(shown["arms"].values()) == sum(isinstance(fact, f.SubjectAllocated) for fact in play.end.facts)
    assert TRIAL.details(play.end.state)
    assert TRIAL.fold(list(play.end.facts)) == play.end.state


@given(trials())
@FEW
def test_nobody_is_enrolled_or_drawn_for_while_enrolment_is_closed(play: Play) -> None:
    """Paused or stopped, whoever asks; a stop is for good."""
    closed = stopped = False
    for fact in play.end.facts:
        assert not (closed and isinstance(fact, f.SubjectEnrolled | f.SlotReserved))
        assert not (stopped and isinstance(fact, f.EnrolmentResumed | f.DosingResumed | f.TrialStopped))
        stopped = stopped or isinstance(fact, f.TrialStopped)
        closed = stopped or (
            (closed or isinstance(fact, f.EnrolmentPaused)) and not isinstance(fact, f.EnrolmentResumed)
        )


@given(trials())
@FEW
def test_an_act_that_subjects_must_know_is_passed_on_to_each_of_them(play: Play) -> None:
    """Once to everyone enrolled before it; who is enrolled later begins with it."""
    for _, outcome in play.steps:
        acts = [fact for fact in outcome.facts if isinstance(fact, f.ActPassedOn)]
        if acts:
            assert [fact.subject for fact in acts] == list(outcome.before.state.subjects)
            assert isinstance(outcome.facts[0], f.IcfApproved | f.DosingPaused | f.DosingResumed | f.TrialStopped)
        for fact in outcome.facts:
            if isinstance(fact, f.SubjectEnrolled):
                state = outcome.before.state
                assert fact.begin.icf_versions == state.icf_versions
                assert (fact.begin.dosing_pause is not None) == (state.dosing_pause is not None)
