"""Laws of every journey, checked on plays of sensible and silly commands from any phase."""

from datetime import timedelta
from typing import Any, get_args

from hypothesis import given

from domain.decider import PATIENT, intents
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda
from domain.patient.asks import asks
from domain.patient.checks import AFTER_THE_END
from domain.patient.clocks import open_clocks
from domain.patient.view import timeline
from tests.given import SITE, Outcome, when
from tests.laws.plays import Play, plays
from tests.laws.strategies import about

PEOPLE = get_args(c.FromPeople)
FEW = about(80)


def _told(outcome: Outcome) -> tuple[Any, ...]:
    no = outcome.refusal
    return outcome.facts if no is None else (no.reason, no.detail, no.rule, no.field, no.accepts)


@given(plays())
@FEW
def test_deciding_twice_gives_the_same(play: Play) -> None:
    """The same command on the same facts at the same instant; nothing is drawn, nothing is read from a clock."""
    for command, outcome in play.steps:
        before, at = outcome.before, outcome.at
        one = when(before, command, at=at, confirmed=True, reason="x")
        again = when(before, command.model_copy(deep=True), at=at, confirmed=True, reason="x")
        assert _told(one) == _told(again)


@given(plays())
@FEW
def test_after_the_end_only_late_reports_are_taken_and_nothing_is_due(play: Play) -> None:
    """Safety reports, late results and acknowledgements from people; whatever the product itself still sends.

    Due is nothing but safety reports whose clock began before the end. Consent can be withdrawn after it too.
    """
    for command, outcome in play.steps:
        if not outcome.before.state.is_over or outcome.refusal:
            continue
        assert isinstance(command, (*AFTER_THE_END, c.ReportWithdrawal, *get_args(c.FromSystem)))
        state = outcome.story.state
        assert state.is_over
        clocks = [clock for clock in open_clocks(state) if clock.runs]
        assert {item.act for item in agenda(state)} <= {"REPORT_DUE", "REPORT_OVERDUE"}
        assert all(clock.event.number < state.ended_seq for clock in clocks)
        assert not [fact for fact in outcome.facts if isinstance(fact, f.EpochEntered | f.StudyEnded | f.LabsOrdered)]


def _gate_holds(epoch: str, before: tuple[Any, ...]) -> bool:
    kinds = {type(fact) for fact in before}
    resections = [fact.resection for fact in before if isinstance(fact, f.SurgeryPerformed | f.PathologyReported)]
    match epoch:
        case "NEOADJUVANT":
            return f.Randomized in kinds
        case "SURGERY":
            return f.EpochEntered(epoch="NEOADJUVANT", entered_on=_first(before, "NEOADJUVANT")) in before
        case "EVALUATION":
            return bool(resections) and resections[-1] == "R0"
        case "ADJUVANT":
            return "R0" in resections and isinstance(before[-1], f.EvaluationJudged) and before[-1].fit
        case "FOLLOW_UP":
            return f.TreatmentEnded in kinds
    return f.SubjectRegistered in kinds


def _first(facts: tuple[Any, ...], epoch: str) -> Any:
    return next((fact.entered_on for fact in facts if isinstance(fact, f.EpochEntered) and fact.epoch == epoch), None)


@given(plays(longest=10))
@FEW
def test_no_epoch_is_entered_unless_its_gate_holds(play: Play) -> None:
    """No neoadjuvant treatment without allocation, none adjuvant without R0 and a positive evaluation."""
    facts = play.end.facts
    for number, fact in enumerate(facts):
        if isinstance(fact, f.EpochEntered):
            assert _gate_holds(fact.epoch, facts[:number]), fact


@given(plays())
@FEW
def test_after_time_passed_everything_left_lies_ahead(play: Play) -> None:
    """And the same instant again finds nothing to do."""
    story = play.end
    if story.state.seq == 0:
        return
    outcome = when(story, c.TimePassed())
    due = PATIENT.due(outcome.story.state)
    assert due is None or due.at > story.now
    assert when(outcome.story, c.TimePassed()).facts == ()


@given(plays())
@FEW
def test_every_open_journey_has_something_due_ahead(play: Play) -> None:
    """At each point, and also when nobody does anything for years: nobody is forgotten (G4, fault invariant I4)."""
    story = play.end
    for years in (0, 1, 3):
        at = story.now + timedelta(days=365 * years)
        state = when(story, c.TimePassed(), at=at).story.state if story.state.seq else story.state
        due = PATIENT.due(state)
        assert state.seq == 0 or state.is_over or (due is not None and due.at > at)


@given(plays())
@FEW
def test_no_open_journey_is_stuck(play: Play) -> None:
    """Something falls due, a named role is asked, or the register's answer is on its way (G4)."""
    for _, outcome in play.steps:
        state = outcome.before.state if outcome.refusal else outcome.story.state
        if state.seq == 0 or state.is_over:
            continue
        waits = [intent for intent in intents(state) if isinstance(intent.fact, f.AllocationRequested)]
        asked = [ask for ask in asks(state) if ask.to]
        assert PATIENT.due(state) or asked or waits


@given(plays())
@FEW
def test_every_state_can_be_shown(play: Play) -> None:
    """Attributes, state, details and timeline of whatever came of it."""
    for _, outcome in play.steps:
        state = outcome.before.state if outcome.refusal else outcome.story.state
        shown = PATIENT.show(state)
        assert shown["facts"] == state.seq
        assert PATIENT.attributes(state)["Epoch"] == shown["phase"]
        assert shown["phase"] in PATIENT.details(state)
        assert all(row.what for row in timeline(state))


@given(plays())
@FEW
def test_no_report_of_the_future_is_recorded_and_no_dose_counts_twice(play: Play) -> None:
    """Every recorded day of a dose or a surgery has passed; a cycle's day has a drug once."""
    doses = []
    for _, outcome in play.steps:
        for fact in outcome.facts:
            on = getattr(fact, "given_on", None) or getattr(fact, "performed_on", None)
            assert on is None or on <= SITE.date_of(outcome.at)
    for fact in play.end.facts:
        if isinstance(fact, f.DoseGiven):
            doses += [(fact.cycle, fact.day, drug.drug) for drug in fact.drugs]
    assert len(doses) == len(set(doses))


@given(plays(longest=10))
@FEW
def test_study_treatment_and_surgery_end_or_happen_once(play: Play) -> None:
    """One randomization, one surgery, one end of treatment, one end of study, one death."""
    once = (f.SubjectRegistered, f.Randomized, f.SurgeryPerformed, f.TreatmentEnded, f.StudyEnded, f.SubjectDied)
    for kind in once:
        assert sum(isinstance(fact, kind) for fact in play.end.facts) <= 1, kind


@given(plays())
@FEW
def test_every_important_deviation_is_told(play: Play) -> None:
    """In the same act, at the first time it is recorded."""
    for _, outcome in play.steps:
        before = outcome.before.state.deviations
        new = {fact.item for fact in outcome.facts if isinstance(fact, f.DeviationRecorded) and fact.item not in before}
        told = [fact for fact in outcome.facts if isinstance(fact, f.NoticeRequested)]
        assert len(told) >= len(new)


@given(plays(longest=10))
@FEW
def test_a_signature_is_asked_in_the_same_act_and_given_once(play: Play) -> None:
    """What awaits a signature is a fact before it, and every signature is of one that was awaited."""
    open_ones: set[int] = set()
    for seq, fact in enumerate(play.end.facts, start=1):
        if isinstance(fact, f.SignatureAsked):
            assert fact.fact < seq
            assert fact.to
            open_ones.add(fact.fact)
        if isinstance(fact, f.FactSigned):
            assert set(fact.facts) <= open_ones
            open_ones -= set(fact.facts)
    assert set(play.end.state.unsigned) == open_ones


@given(plays(longest=10))
@FEW
def test_adjuvant_treatment_never_begins_without_its_signatures(play: Play) -> None:
    """At the entry nothing of what the protocol names awaits one (T5, Q12)."""
    story = play.start
    for _, outcome in play.steps:
        for fact in outcome.facts:
            if isinstance(fact, f.EpochEntered) and fact.epoch == "ADJUVANT":
                waiting = {ask.act for ask in story.state.unsigned.values()}
                assert not waiting & {"pathology", "adjuvant_evaluation"}
            story = story.with_facts((fact,), story.now)


def test_a_person_s_command_is_what_people_send() -> None:
    """The unions of people's and of the product's commands share no kind."""
    assert not set(PEOPLE) & set(get_args(c.FromSystem))
    assert set(PATIENT.people) & set(PATIENT.system) == set()
