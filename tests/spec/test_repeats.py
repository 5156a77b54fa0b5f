"""What is overdue is told again until a person acts (fault invariant I4, T4, Q9)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda
from tests.given import Story, day, facts_of, when
from tests.stories import (
    PHASES,
    as_woman,
    dosing_paused,
    eligible,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    reconsent_asked,
    registered,
    told,
)

AGAIN = "STILL_WAITING"
SPONSOR_TOO = ("INVESTIGATOR", "SPONSOR")


def pregnant() -> Story:
    """A pregnancy after C1 stops the doses."""
    story = as_woman(in_neoadjuvant("COHORT_2", 1))
    return told(story, c.ReportPregnancy(found_on=story.today))


def repeated(story: Story, weeks: int) -> list[f.NoticeRequested]:
    """Give what is told again of a story while nobody acts for so many weeks."""
    later = passing(story, story.today + timedelta(days=7 * weeks))
    new = later.facts[len(story.facts) :]
    return [fact for fact in new if isinstance(fact, f.NoticeRequested) and fact.notice == AGAIN]


@pytest.mark.parametrize(
    ("story", "text"),
    [
        (lambda: registered(consent=None, evidence=None), "Screening since"),
        (eligible, "Screening overdue since"),
        (lambda: in_neoadjuvant("COHORT_2"), "C1D1 beyond the maximum delay"),
        (lambda: in_neoadjuvant("COHORT_2", 1), "C2D1 beyond the maximum delay"),
        (lambda: in_surgery_wait("COHORT_2"), "Surgery overdue since"),
        (lambda: in_evaluation("COHORT_2"), "Adjuvant evaluation overdue since"),
        (lambda: in_adjuvant("COHORT_2"), "C4D1 beyond the maximum delay"),
        (pregnant, "dosing is stopped by fact"),
        (reconsent_asked, "re-consent to V2.0 overdue since"),
    ],
)
def test_what_nobody_does_is_told_again_one_step_higher_each_time(story: Callable[[], Story], text: str) -> None:
    """First to whom it was told before, then to the investigator, from the third time on to the sponsor, urgently."""
    ours = [fact for fact in repeated(story(), 20) if text in fact.text]
    assert len(ours) >= 3
    assert [fact.text.rpartition(" ")[2] for fact in ours] == [f"({number + 1})" for number in range(len(ours))]
    assert "INVESTIGATOR" in ours[1].to
    assert all(set(SPONSOR_TOO) <= set(fact.to) for fact in ours[2:])
    assert [fact.urgent for fact in ours[:3]] == [False, False, True]


def test_once_everybody_was_told_it_goes_on_every_four_weeks() -> None:
    """After 7, 14 and 21 d, then 28 d later each time: what comes every week to all is read by none (Q9)."""
    story = in_surgery_wait("COHORT_2")
    overdue_on = next(item for item in agenda(story.state) if item.act == "OVERDUE").at
    later = passing(story, story.today + timedelta(days=200))
    again = [fact.due_at for fact in later.facts if isinstance(fact, f.DueReached) and fact.item.startswith("AGAIN/OV")]
    assert [(at - overdue_on).days for at in again[:5]] == [7, 14, 21, 49, 77]


def test_a_pause_of_dosing_is_told_again_to_the_sponsor_every_four_weeks() -> None:
    """It is the sponsor's to end (T11, Q12)."""
    found = [fact for fact in repeated(dosing_paused(), 13) if "paused" in fact.text]
    assert [fact.to for fact in found] == [("SPONSOR",), ("SPONSOR", "INVESTIGATOR"), ("SPONSOR", "INVESTIGATOR")]


def test_signatures_are_told_again() -> None:
    """After 14 d once, then like everything else (Q12)."""
    story = told(PHASES["surgery wait"](), c.RecordEvidence(assessed_on=day(51), no_support=True), role="COORDINATOR")
    found = [fact for fact in repeated(story, 5) if fact.text.startswith("signatures awaited since")]
    assert [fact.text.rpartition(": ")[2] for fact in found] == [f"still waiting ({n})" for n in (1, 2, 3)]


def test_an_act_ends_it() -> None:
    """And a silence of years is no storm: only the latest of what fell due meanwhile is told."""
    story = passing(in_surgery_wait("COHORT_2"), day(120))
    assert story.due.key.startswith("AGAIN/OVERDUE/SURGERY/")
    operated = told(story, c.ReportSurgery(performed_on=day(119), resection="R0"))
    assert not operated.due.key.startswith("AGAIN")
    outcome = when(story, c.TimePassed(), on=day(1000))
    assert len(facts_of(outcome, f.NoticeRequested)) == 1
    assert len(facts_of(outcome, f.DueReached)) == 31
