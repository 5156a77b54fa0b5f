"""The sponsor's acts on the whole trial at the register: ICF versions, pauses, early stop, and what they close."""

from datetime import date
from typing import Any

import pytest

from domain.decider import TRIAL, intents
from domain.patient import commands as c
from domain.submission import SYSTEM, UNATTRIBUTED, Reason
from domain.trial import commands as t
from domain.trial import facts as f
from tests.given import START, TRIAL_ID, Story, day, facts_of, given_trial, noon, nothing_happened, refused, the, when
from tests.spec.test_register import ENROLL, OPEN, enrolled, opened
from tests.stories import told

V1, V2 = c.IcfVersion(version="V1.0"), c.IcfVersion(version="V2.0", approved_on=START)
APPROVE = t.ApproveIcf(version="V2.0", approved_on=START)
ACTS = (
    APPROVE,
    t.PauseEnrolment(why="safety signal"),
    t.ResumeEnrolment(why="cleared"),
    t.PauseDosing(why="safety signal"),
    t.ResumeDosing(why="cleared"),
    t.StopTrial(why="futility"),
)


def words(story: Story) -> list[Any]:
    """Give what was passed on to the subjects, in order."""
    return [fact for fact in story.facts if isinstance(fact, f.ActPassedOn)]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.kind)
def test_only_the_sponsor_acts_on_the_whole_trial(act: Any) -> None:
    """Nobody else, and nobody unattributed; the refusal says who may (role table)."""
    for role in ("COORDINATOR", "INVESTIGATOR", "MONITOR", UNATTRIBUTED):
        assert refused(when(enrolled(1), act, role=role), Reason.ROLE, rule="3.6 roles").accepts == "SPONSOR"
    refused(when(given_trial(), act), Reason.PHASE)


# Consent versions


def test_a_trial_opens_with_its_first_version() -> None:
    """Openings from before versions were recorded parse with V1.0 (I1.1)."""
    assert opened().state.icf_versions == (V1,)
    stored = opened().facts[0].model_dump(mode="json", exclude={"icf_versions"})
    assert f.TrialOpened.model_validate(stored).icf_versions == (V1,)
    other = OPEN.model_copy(update={"icf_versions": (V2,)})
    assert told(given_trial(), other).state.icf_versions == (V2,)


def test_a_new_version_is_passed_on_to_each_subject_with_its_deadline() -> None:
    """28 d from the day of the act at the subject's site, where the sponsor names nothing else (I1.1, Q12)."""
    outcome = when(enrolled(2), APPROVE, on=day(3))
    assert the(outcome, f.IcfApproved).version == "V2.0"
    word = c.LearnIcf(version="V2.0", approved_on=START, deadline=day(31))
    assert words(outcome.story) == [
        f.ActPassedOn(subject=subject, act="icf_approved", word=word) for subject in ("S001", "S002")
    ]
    assert [intent.fact.kind for intent in intents(outcome.story.state)][-2:] == ["ActPassedOn", "ActPassedOn"]


@pytest.mark.parametrize(
    ("changed", "deadline"),
    [({"re_consent_within_days": 1}, day(4)), ({"deadline": day(3)}, day(3)), ({"deadline": day(90)}, day(90))],
)
def test_the_sponsor_may_name_days_or_a_deadline(changed: dict[str, Any], deadline: date) -> None:
    """In place of the protocol's own 28 d; today is possible."""
    outcome = when(enrolled(1), APPROVE.model_copy(update=changed), on=day(3))
    assert words(outcome.story)[0].word.deadline == deadline


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"version": "V1.0"}, Reason.CONTRADICTS, "version"),
        ({"approved_on": day(1)}, Reason.FUTURE, "approved_on"),
        ({"deadline": day(-1)}, Reason.RULE, "deadline"),
        ({"deadline": day(5), "re_consent_within_days": 5}, Reason.MALFORMED, "deadline"),
    ],
)
def test_an_approval_that_cannot_be_is_refused(changed: dict[str, Any], reason: Reason, field: str) -> None:
    """A known version, a future approval, a deadline that has passed, two deadlines."""
    refused(when(enrolled(1), APPROVE.model_copy(update=changed)), reason, rule="I1.1", field=field)


def test_who_is_enrolled_later_begins_with_the_current_versions() -> None:
    """And is passed on nothing."""
    outcome = when(told(opened(), APPROVE), ENROLL)
    assert the(outcome, f.SubjectEnrolled).begin.icf_versions == (V1, V2)
    assert words(outcome.story) == []


# Pauses of enrolment


def test_while_enrolment_is_paused_nobody_is_enrolled() -> None:
    """The refusal names who paused, when and why (T1.1)."""
    paused = told(enrolled(1), t.PauseEnrolment(why="safety signal"), day(2))
    no = refused(when(paused, ENROLL), Reason.RULE, rule="T1.1")
    assert no.detail == "enrolment is paused: ANYONE1 on 2025-06-04 04:00 UTC, safety signal"
    assert no.accepts == "after resume_enrolment"
    assert when(told(paused, t.ResumeEnrolment(why="cleared")), ENROLL).refusal is None


def test_while_enrolment_is_paused_no_slot_is_drawn() -> None:
    """The request is declined with the reason; asked again after the pause, the subject gets the first slot (T1.1)."""
    paused = told(enrolled(1), t.PauseEnrolment(why="safety signal"))
    no = refused(when(paused, t.AllocateSlot(subject="S001", request=9)), Reason.RULE, rule="T1.1")
    (declined,) = no.facts
    assert isinstance(declined, f.AllocationDeclined)
    assert (declined.subject, declined.request) == ("S001", 9)
    assert declined.why.startswith("enrolment is paused: ANYONE1")
    after = told(paused.with_facts(no.facts, paused.now), t.ResumeEnrolment(why="cleared"))
    assert the(when(after, t.AllocateSlot(subject="S001", request=12)), f.SlotReserved).slot == 1


def test_a_drawn_slot_stays_its_subject_s_during_a_pause() -> None:
    """Asked again, nothing is declined."""
    drawn = told(enrolled(1), t.AllocateSlot(subject="S001", request=9))
    nothing_happened(when(told(drawn, t.PauseEnrolment(why="x")), t.AllocateSlot(subject="S001", request=9)))


def test_a_pause_begins_once_and_ends_once() -> None:
    """Of enrolment and of dosing alike."""
    for pause, resume in ((t.PauseEnrolment, t.ResumeEnrolment), (t.PauseDosing, t.ResumeDosing)):
        paused = told(enrolled(1), pause(why="safety signal"))
        assert "paused already: ANYONE1" in refused(when(paused, pause(why="again")), Reason.CONTRADICTS).detail
        resumed = told(paused, resume(why="cleared"))
        refused(when(resumed, resume(why="again")), Reason.PHASE)
        assert when(resumed, pause(why="again")).refusal is None


# Pauses of dosing


def test_a_pause_of_dosing_reaches_every_subject_and_so_does_its_end() -> None:
    """With the instant of the sponsor's act; who is enrolled meanwhile begins with it (T11)."""
    paused = told(enrolled(2), t.PauseDosing(why="safety signal"), day(2))
    pause = c.DosingPause(paused_at=noon(day(2)), why="safety signal")
    assert [word.subject for word in words(paused)] == ["S001", "S002"]
    assert words(paused)[0].word == c.LearnDosingPause(paused_at=noon(day(2)), why="safety signal")
    assert the(when(paused, ENROLL), f.SubjectEnrolled).begin.dosing_pause == pause
    resumed = told(paused, t.ResumeDosing(why="cleared"), day(4))
    assert words(resumed)[-1].word == c.LearnDosingResumption(resumed_at=noon(day(4)))
    assert the(when(resumed, ENROLL), f.SubjectEnrolled).begin.dosing_pause is None


# Early stop


def test_a_stop_closes_enrolment_and_allocation_for_good_and_reaches_every_subject() -> None:
    """No act but an ICF approval is taken after it: follow-up goes on (T6.1, Q3)."""
    stopped = told(enrolled(2), t.StopTrial(why="futility"), day(2))
    assert [word.word for word in words(stopped)] == [c.LearnTrialStop(stopped_at=noon(day(2)), why="futility")] * 2
    assert refused(when(stopped, ENROLL), Reason.RULE, rule="T1.1").accepts == "no further participant"
    no = refused(when(stopped, t.AllocateSlot(subject="S001", request=9)), Reason.RULE, rule="T1.1")
    assert [type(fact) for fact in no.facts] == [f.AllocationDeclined]
    for act in ACTS[1:]:
        assert "the trial was stopped: ANYONE1" in refused(when(stopped, act), Reason.PHASE).detail
    assert when(stopped, APPROVE, on=day(3)).refusal is None


# What is shown, and the answers of the journeys


def test_the_register_shows_pauses_versions_and_the_stop() -> None:
    """In its state, its details and its search attribute."""
    story = opened()
    assert (TRIAL.show(story.state)["enrolment"], TRIAL.show(story.state)["dosing"]) == ("open", "on")
    assert TRIAL.attributes(story.state) == {"TrialId": TRIAL_ID, "Epoch": "OPEN"}
    for act in (APPROVE, t.PauseEnrolment(why="signal"), t.PauseDosing(why="signal")):
        story = told(story, act)
    shown = TRIAL.show(story.state)
    assert shown["icf_versions"] == ["V1.0", "V2.0"]
    assert shown["enrolment"].startswith("enrolment is paused: ANYONE1")
    assert shown["dosing"] == "paused by ANYONE1: signal"
    assert TRIAL.attributes(story.state)["Epoch"] == "PAUSED"
    story = told(story, t.StopTrial(why="futility"))
    assert TRIAL.show(story.state)["enrolment"].startswith("the trial was stopped")
    assert "futility" in TRIAL.details(story.state)
    assert TRIAL.attributes(story.state)["Epoch"] == "STOPPED"


def test_a_subject_hears_of_the_acts_one_after_the_other() -> None:
    """The end of a pause is passed on when its beginning has arrived, and not before."""
    story = told(told(enrolled(2), t.PauseDosing(why="x")), t.ResumeDosing(why="x"))
    first = [(row.seq, row.fact.subject, row.fact.act) for row in intents(story.state) if hasattr(row.fact, "act")]
    assert [row[1:] for row in first] == [("S001", "dosing_paused"), ("S002", "dosing_paused")]
    story = told(story, t.ActDelivered(request=first[0][0]))
    then_open = [(row.fact.subject, row.fact.act) for row in intents(story.state) if hasattr(row.fact, "act")]
    assert then_open == [("S002", "dosing_paused"), ("S001", "dosing_resumed")]


def test_a_journey_that_has_heard_closes_its_intent_once() -> None:
    """The same word again, and one about something else, change nothing."""
    story = told(enrolled(1), t.PauseDosing(why="x"))
    heard = t.ActDelivered(request=story.seq_of(f.ActPassedOn))
    outcome = when(story, heard)
    assert facts_of(outcome, f.ActReached) == [f.ActReached(request=heard.request)]
    nothing_happened(when(outcome.story, heard))
    nothing_happened(when(story, t.ActDelivered(request=story.seq_of(f.SubjectEnrolled))))
    refused(when(story, heard, role="SPONSOR"), Reason.ROLE)
    assert when(story, heard, role=SYSTEM).refusal is None
