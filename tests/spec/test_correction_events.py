"""Corrected events and several reports of one result: what a follow-up says itself, and which report counts."""

from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from tests.correcting import MINUTE, changed, correct, followed, reading, seq, treated
from tests.given import day, facts_of, noon, the
from tests.stories import (
    as_woman,
    in_neoadjuvant,
    passing,
    registered,
    results,
    screened,
    told,
)

# Events


def test_a_follow_up_that_was_fatal_reads_so() -> None:
    """T10: fatal is serious, by grade, criterion or outcome; the follow-up and the event say so."""
    story = told(treated(), c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=day(19)))
    number = seq(story, f.AdverseEventReported)
    story = told(story, c.UpdateAdverseEvent(event=number, outcome="RECOVERING"))
    outcome = correct(story, seq(story, f.AdverseEventUpdated), outcome="FATAL")
    made = reading(outcome)
    assert (made.fatal, made.serious, made.classes) == (True, True, ("SERIOUS_ADVERSE_EVENT",))
    state = outcome.story.state.safety.events[number]
    assert (state.fatal, state.serious) == (True, True)
    update = seq(story, f.AdverseEventUpdated)
    eased = reading(correct(outcome.story, update, outcome="RECOVERED", serious=False))
    assert (eased.fatal, eased.serious, eased.classes) == (False, False, ())


def test_a_follow_up_of_before_randomization_is_none_of_the_trial_whatever_is_corrected() -> None:
    """E25: told in screening, followed up in screening; a follow-up after randomization is the trial's."""
    report: dict[str, Any] = {"term": "test", "grade": 1, "serious": False, "onset_on": day(2), "aesi": "PREGNANCY"}
    early = told(as_woman(screened()), c.ReportAdverseEvent(**report))
    number = seq(early, f.AdverseEventReported)
    early = told(early, c.UpdateAdverseEvent(event=number, grade=2))
    first = seq(early, f.AdverseEventUpdated)
    story = early.with_facts(in_neoadjuvant().facts[len(screened().facts) :], in_neoadjuvant().now)
    outcome = correct(story, number, term="positive test")
    assert followed(outcome) == []
    assert dict(outcome.story.state.safety.events[number].classes) == {}
    own = reading(correct(story, first, grade=3), fact=first)
    assert own.classes == ()
    later = told(story, c.UpdateAdverseEvent(event=number, outcome="RECOVERING"))
    second = seq(later, f.AdverseEventUpdated)
    assert later.facts[second - 1].classes == ("PREGNANCY",)
    corrected = reading(correct(later, second, outcome="NOT_RECOVERED"), fact=second)
    assert corrected.classes == ("PREGNANCY",)
    assert followed(correct(later, number, term="positive test")) == []


def test_an_event_that_becomes_a_pregnancy_asks_for_what_a_pregnancy_does() -> None:
    """E25: coded by a correction: it stops the doses, is told once, and is not graded."""
    story = as_woman(treated())
    story = told(story, c.ReportAdverseEvent(term="test", grade=1, serious=False, onset_on=day(19)))
    number = seq(story, f.AdverseEventReported)
    outcome = correct(story, number, aesi="PREGNANCY")
    asked = the(outcome, f.SafetyActionAsked)
    assert (asked.event, asked.command, asked.stops_dosing) == (number, "safety_decision", True)
    assert [row.notice for row in facts_of(outcome, f.NoticeRequested)].count("PREGNANCY") == 1
    again = correct(outcome.story, number, term="positive test")
    assert facts_of(again, f.SafetyActionAsked) == []
    assert [row.notice for row in facts_of(again, f.NoticeRequested)].count("PREGNANCY") == 0
    assert changed(outcome)[f"event of fact {number}"][1] == "grade 1, PREGNANCY"


# Several reports of one result


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [(2, 1, "first"), (1, 2, "second"), (None, 1, "second"), (1, None, "first"), (None, None, "second")],
)
def test_of_several_reports_of_a_result_the_one_issued_last_counts(
    first: int | None, second: int | None, counts: str
) -> None:
    """3.5: by when they were issued, else as they came; other results of the set are not touched."""
    story = passing(registered(), day(2))
    plain = next(one for one in results(day(1)) if one.code == "HB")
    rows = [
        plain.model_copy(update={
            "observation": "obs-HB", "value": value, "issued_at": None if at is None else noon(day(1)) + at * MINUTE,
        })
        for value, at in (("13.1", first), ("13.2", second))
    ]  # fmt: skip
    others = tuple(one for one in results(day(1)) if one.code != "HB")
    order = story.seq_of(f.LabsOrdered)
    after = told(story, c.LabsReported(order=order, results=(*others, *rows), complete=True))
    used = after.facts[seq(after, f.LabResultsRecorded) - 1].accepted
    values = [row.reported for row in used if row.analyte == "HB"]
    assert values == [{"first": "13.1 g/dL", "second": "13.2 g/dL"}[counts]]
    assert len(used) == len(others) + 1
