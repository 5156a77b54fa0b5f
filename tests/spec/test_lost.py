"""Lost to follow-up, and the way back: what is still recorded, and what goes on once contact is regained (3.6, Q13)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.submission import Reason
from tests.given import day, facts_of, refused, then_kinds, when
from tests.stories import allocating, as_woman, ended, in_follow_up, lost, passing, screened, told


def test_a_lost_subject_is_reached_again_and_followed_without_a_dose() -> None:
    """From the contact on, whatever epoch the loss fell in; the loss stays on record (3.6, Q13)."""
    story = passing(lost(), lost().today + timedelta(days=100))
    assert story.decider.due(story.state) is None
    outcome = when(story, c.RegainContact(regained_on=story.today, why="telephone"), role="COORDINATOR")
    then_kinds(outcome, f.ContactRegained, f.EpochEntered, f.NoticeRequested, f.SignatureAsked)
    after = outcome.story
    assert (after.state.epoch, after.state.treatment_ended) == ("FOLLOW_UP", "LOST_TO_FOLLOW_UP")
    assert (after.state.is_over, after.state.is_on_treatment) == (False, False)
    assert {ask.kind for ask in asks(after.state)} == {"follow_up_contact", "sign"}
    (contact,) = [ask for ask in asks(after.state) if ask.kind == "follow_up_contact"]
    assert str(after.today + timedelta(days=90)) in contact.text
    due = passing(after, after.today + timedelta(days=90))
    told_now = [fact.notice for fact in due.facts[len(after.facts) :] if isinstance(fact, f.NoticeRequested)]
    assert "FOLLOW_UP_DUE" in told_now
    assert not [fact for fact in due.facts[len(after.facts) :] if isinstance(fact, f.CyclePlanned | f.LabsOrdered)]
    for plan in (c.PlanDoses(cycle="C5", why="x"), c.DelayDose(cycle="C5", until=due.today, why="x")):
        refused(when(due, plan), Reason.PHASE)
    told(due, c.EndStudy(ended_on=due.today))


def test_a_subject_lost_in_follow_up_goes_on_where_they_were() -> None:
    """No epoch is entered a second time; they may be lost again."""
    story = told(in_follow_up(), c.LoseToFollowUp(decided_on=in_follow_up().today))
    outcome = when(story, c.RegainContact(regained_on=story.today, why="letter"))
    then_kinds(outcome, f.ContactRegained, f.NoticeRequested)
    again = told(outcome.story, c.LoseToFollowUp(decided_on=story.today))
    assert again.state.is_over
    told(again, c.RegainContact(regained_on=story.today, why="letter"))


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_contact_is_regained_after_the_loss(off: int) -> None:
    """The day before contradicts it, the day itself and the day after do not."""
    story = passing(lost(), lost().today + timedelta(days=5))
    outcome = when(story, c.RegainContact(regained_on=lost().today + timedelta(days=off), why="letter"))
    if off < 0:
        refused(outcome, Reason.CONTRADICTS, field="regained_on")
    else:
        assert not outcome.story.state.is_over


def test_there_is_no_way_back_from_another_end() -> None:
    """Not lost, lost in screening, dead, or withdrawn from the study: each names what would be accepted."""
    again: dict[str, Any] = {"regained_on": day(900), "why": "letter"}
    refused(when(in_follow_up(), c.RegainContact(regained_on=in_follow_up().today, why="x")), Reason.PHASE)
    refused(when(ended(), c.RegainContact(**again), on=day(900)), Reason.OVER)
    screening = told(screened(), c.LoseToFollowUp(decided_on=day(4)), day(4))
    no = refused(when(screening, c.RegainContact(**again), on=day(900)), Reason.PHASE, rule="T1.1")
    assert "rescreening_of" in no.accepts
    gone = told(lost(), c.ReportWithdrawal(withdrawn_on=lost().today, level="STUDY"))
    refused(when(gone, c.RegainContact(**again), on=day(900)), Reason.CONTRADICTS, field="regained_on")
    dead = told(lost(), c.ReportDeath(died_on=lost().today))
    refused(when(dead, c.RegainContact(regained_on=lost().today, why="x")), Reason.CONTRADICTS, field="regained_on")
    allocating_lost = told(allocating(), c.LoseToFollowUp(decided_on=day(3)))
    randomized = told(allocating_lost, c.SlotAllocated(slot=1, arm="COHORT_1", randomized_on=day(3)))
    refused(when(randomized, c.RegainContact(regained_on=day(3), why="x")), Reason.PHASE)


def test_whatever_happened_to_a_lost_subject_is_recorded_and_ends_nothing_twice() -> None:
    """Reports of any act, by those who may; the subject stays lost (T6.1)."""
    today = lost().today
    reports = (
        c.ReportContact(contacted_on=today), c.ReportProgression(found_on=today), c.ReportDeath(died_on=today),
        c.ReportWithdrawal(withdrawn_on=today, level="TREATMENT"), c.ReportLiveVaccine(given_on=today),
        c.ReportWithdrawal(withdrawn_on=today, level="STUDY"), c.RecordEvidence(assessed_on=today, no_support=True),
        c.ReportCourse(cycle="C4", drug="ANLOTINIB", last_day=1), c.ReportPregnancy(found_on=today),
    )  # fmt: skip
    for report in reports:
        story = as_woman(lost()) if isinstance(report, c.ReportPregnancy) else lost()
        outcome = when(story, report)
        assert outcome.story.state.is_lost
        assert outcome.facts
        assert not facts_of(outcome, f.TreatmentEnded)
        assert not facts_of(outcome, f.StudyEnded)
        assert not facts_of(outcome, f.EpochEntered)
    no = refused(when(lost(), c.EndStudy(ended_on=today)), Reason.OVER)
    assert {"contact_regained", "follow_up_contact", "death"} <= set(no.accepts.split(", "))


def test_a_withdrawal_of_consent_after_a_loss_closes_the_way_back() -> None:
    """Nothing further is collected."""
    story = told(lost(), c.ReportWithdrawal(withdrawn_on=lost().today, level="CONSENT"))
    refused(when(story, c.RegainContact(regained_on=lost().today, why="x")), Reason.OVER)
    refused(when(story, c.ReportContact(contacted_on=lost().today)), Reason.OVER)


def test_a_regained_contact_is_corrected_with_what_follows() -> None:
    """Its date moves the next contact; entered in error the subject is lost again; the loss waits for it."""
    at = lost().today + timedelta(days=50)
    story = told(passing(lost(), at), c.RegainContact(regained_on=at, why="telephone"))
    number = story.seq_of(f.ContactRegained)
    moved = told(story, c.Correct(fact=number, fields={"regained_on": str(at - timedelta(days=10))}, why="misread"))
    (contact,) = [ask for ask in asks(moved.state) if ask.kind == "follow_up_contact"]
    assert str(at + timedelta(days=80)) in contact.text
    loss = c.Correct(fact=story.seq_of(f.TreatmentEnded), void=True, why="was never lost")
    assert f"fact {number} rests on" in refused(when(story, loss), Reason.CONTRADICTS, field="void").detail
    back = told(story, c.Correct(fact=number, void=True, why="another subject"))
    assert (back.state.is_lost, back.state.epoch) == (True, "ADJUVANT")
    assert told(back, loss).state.is_on_treatment
