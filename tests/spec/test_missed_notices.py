"""A reminder that comes too late to be useful is marked missed, not sent (T4, Q9)."""

from datetime import timedelta

from domain.decider import PATIENT
from domain.nct06978153.notices import NOTICES
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.given import Story, day, facts_of, noon, nothing_happened, refused, when
from tests.spec.test_unread import number_of
from tests.stories import in_surgery_wait, passing, told


def test_a_reminder_is_useful_for_14_days() -> None:
    """And a safety notice always (T4, Q9)."""
    asked = noon(day(0))
    assert NOTICES.useful_until("SURGERY_REMINDER", asked) == asked + timedelta(days=14)
    assert NOTICES.useful_until("DEATH", asked) is None


def reminded() -> Story:
    """A subject who was reminded of surgery on day 70."""
    return passing(in_surgery_wait("COHORT_2"), day(70))


def test_a_missed_notice_is_on_record_once_and_asks_for_nothing_more() -> None:
    """With the instant until which it was useful, when that was found, and what kept it; its effect is over."""
    story = reminded()
    number = number_of(story, "SURGERY_REMINDER")
    late = passing(story, day(86))
    outcome = when(late, c.NoticeTooLate(notice=number, why="no worker tried it in time"))
    (fact,) = facts_of(outcome, f.NoticeMissed)
    until = story.state.notices[number].useful_until
    assert fact == f.NoticeMissed(
        notice=number, useful_until=until, missed_at=late.now, why="no worker tried it in time"
    )
    assert number not in outcome.story.state.intents
    nothing_happened(when(outcome.story, c.NoticeTooLate(notice=number, why="again")))
    assert PATIENT.show(outcome.story.state)["notices_missed"] == [f"fact {number}, SURGERY_REMINDER"]


def test_a_notice_that_was_delivered_is_not_missed_afterwards() -> None:
    """Nor is what is no notice."""
    story = reminded()
    number = number_of(story, "SURGERY_REMINDER")
    reached = told(story, c.NoticeDelivered(notice=number, sink="file"))
    nothing_happened(when(reached, c.NoticeTooLate(notice=number, why="late")))
    refused(when(story, c.NoticeTooLate(notice=1, why="late")), Reason.CONTRADICTS, field="notice")
