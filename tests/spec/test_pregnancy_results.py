"""A serum hCG that is not negative, after randomization, starts the pregnancy path by itself (E25, I10.2, T10)."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.submission import Reason
from tests.given import Outcome, Story, day, facts_of, noon, refused, the, when
from tests.stories import as_woman, ended, in_follow_up, in_neoadjuvant, passing, screened, told

BY_COMMAND = [f.PregnancyFound, f.NoticeRequested, f.SafetyActionAsked, f.NoticeRequested]


def woman(given: int = 0) -> Story:
    """A woman of 40 in neoadjuvant treatment, so many cycles given; the doses of the next one are due."""
    return as_woman(in_neoadjuvant("COHORT_1", given))


def hcg(value: str, on: date, **changed: Any) -> ReportedResult:
    """Give a serum pregnancy test of a sample of noon of a date."""
    known = ReportedResult(code="HCG", system="analyte", value=value, collected_at=noon(on))
    return known.model_copy(update=changed)


def sampled(story: Story, value: str, on: date | None = None, **changed: Any) -> Outcome:
    """Type in a pregnancy test of a date, today by default."""
    result = hcg(value, on or story.today, **changed)
    return when(story, c.TypeLabResults(results=(result,)), role="INVESTIGATOR")


def kinds(outcome: Outcome) -> list[type]:
    """Give the kinds of facts but for the results themselves."""
    return [type(fact) for fact in outcome.facts if not isinstance(fact, f.LabResultsRecorded)]


@pytest.mark.parametrize(("value", "starts"), [("negative", False), ("indeterminate", True), ("positive", True)])
@pytest.mark.parametrize("given", [0, 1])
def test_a_result_that_is_not_negative_stops_the_doses_as_the_command_does(
    value: str, given: int, *, starts: bool
) -> None:
    """Between randomization and C1D1, and on treatment: the same facts, found on the sample's date (E25)."""
    story = woman(given)
    outcome = sampled(story, value)
    assert kinds(outcome) == (BY_COMMAND if starts else [])
    assert bool(outcome.story.state.safety.stopped) == starts
    if starts:
        found = the(outcome, f.PregnancyFound)
        number = outcome.story.seq_of(f.LabResultsRecorded)
        assert (found.found_on, found.aware_at, found.result) == (story.today, story.now, number)
        assert {ask.kind for ask in asks(outcome.story.state)} >= {"sae_reported", "safety_decision"}
        assert kinds(when(story, c.ReportPregnancy(found_on=story.today))) == BY_COMMAND


@pytest.mark.parametrize(("value", "limit", "starts"), [("4.9", "5", False), ("5", "5", False), ("5.1", "5", True)])
def test_a_number_is_held_against_its_upper_limit(value: str, limit: str, *, starts: bool) -> None:
    """Below, at and above the report's limit; without one it is indeterminate (I10.2)."""
    outcome = sampled(woman(), value, unit="m[IU]/mL", upper_limit=limit)
    assert bool(facts_of(outcome, f.PregnancyFound)) == starts
    assert facts_of(sampled(woman(), value, unit="m[IU]/mL"), f.PregnancyFound)


def test_the_laboratory_s_answer_and_entered_evidence_start_it_too() -> None:
    """Whatever brought the result (E25)."""
    story = woman()
    report = c.RecordEvidence(assessed_on=story.today, labs=(hcg("positive", story.today),))
    assert the(when(story, report), f.PregnancyFound).found_on == story.today
    story = passing(story, day(6))
    order = story.seq_of(f.LabsOrdered)
    answer = c.LabsReported(order=order, results=(hcg("positive", day(6)),), complete=False)
    assert the(when(story, answer), f.PregnancyFound).found_on == day(6)


def test_nothing_starts_before_randomization_or_in_a_man() -> None:
    """In screening I10.2 and E25 judge it; in a man it says nothing of a pregnancy."""
    screening = as_woman(screened())
    assert not facts_of(sampled(screening, "positive"), f.PregnancyFound)
    assert not facts_of(sampled(in_neoadjuvant(), "positive"), f.PregnancyFound)


def test_the_latest_date_counts_and_of_its_results_the_positive_one() -> None:
    """An older result that comes late starts nothing; two of one day that disagree do (3.1)."""
    story = told(passing(woman(), day(6)), c.TypeLabResults(results=(hcg("negative", day(5)),)))
    assert not facts_of(sampled(story, "positive", day(4)), f.PregnancyFound)
    same = hcg("positive", day(5), collected_at=noon(day(5)) - timedelta(hours=2))
    assert facts_of(when(story, c.TypeLabResults(results=(same,))), f.PregnancyFound)


def test_it_starts_once_while_nobody_has_decided() -> None:
    """A second result, a result after the command, and the command after the result add nothing (E25)."""
    story = sampled(woman(1), "indeterminate").story
    later = passing(story, story.today + timedelta(days=2))
    assert not facts_of(sampled(later, "positive"), f.PregnancyFound)
    no = refused(when(later, c.ReportPregnancy(found_on=later.today)), Reason.CONTRADICTS, field="found_on")
    assert f"`correct` of fact {story.seq_of(f.PregnancyFound)}" in no.accepts
    refused(when(story, c.ReportPregnancy(found_on=story.today)), Reason.CONTRADICTS, field="found_on")

    reported = told(woman(1), c.ReportPregnancy(found_on=story.today))
    assert not facts_of(sampled(reported, "positive"), f.PregnancyFound)
    coded = c.ReportAdverseEvent(term="x", grade=1, serious=False, onset_on=story.today, aesi="PREGNANCY")
    assert not facts_of(sampled(told(woman(1), coded), "positive"), f.PregnancyFound)


def test_after_a_decision_to_go_on_a_new_result_stops_again_and_the_same_one_does_not() -> None:
    """A false alarm does not blind the product to the next test; a decision to hold is no end of it (E25)."""
    story = sampled(woman(1), "indeterminate").story
    number, on = story.seq_of(f.PregnancyFound), story.today
    go_on = c.DecideSafety(event=number, decided_on=on, dosing="CONTINUE", why="not pregnant by ultrasound")
    hold = told(story, go_on.model_copy(update={"dosing": "HOLD"}))
    later = on + timedelta(days=1)
    assert not facts_of(sampled(passing(hold, later), "positive"), f.PregnancyFound)
    decided = told(story, go_on)
    assert not decided.state.safety.stopped
    assert not facts_of(sampled(decided, "indeterminate", on), f.PregnancyFound)
    again = sampled(passing(decided, later), "positive")
    assert the(again, f.PregnancyFound).found_on == later
    assert again.story.state.safety.stopped


def test_a_pregnancy_told_before_randomization_does_not_hide_a_later_one() -> None:
    """It never was due and never asked anything."""
    story = woman().with_facts((f.PregnancyFound(found_on=day(1), aware_at=noon(day(1))),), noon(day(3)))
    assert the(sampled(story, "positive"), f.PregnancyFound).found_on == day(3)


@pytest.mark.parametrize("build", [in_follow_up, ended])
def test_after_treatment_its_report_is_due_and_no_dose_is_stopped(build: Any) -> None:
    """As with the command (E25, Q12)."""
    outcome = sampled(as_woman(build()), "positive")
    assert the(outcome, f.PregnancyFound).classes == ("PREGNANCY",)
    assert not facts_of(outcome, f.SafetyActionAsked)


def corrected(story: Story, *results: ReportedResult) -> Outcome:
    """Correct the latest results as they should read; none: they were entered in error."""
    rows = [row.model_dump(mode="json") for row in results]
    fields: dict[str, Any] = {"fields": {"results": rows}} if rows else {"void": True}
    return when(story, c.Correct(fact=story.seq_of(f.LabResultsRecorded), why="misread", **fields))


@pytest.mark.parametrize("value", ["negative", None])
def test_a_corrected_result_withdraws_what_it_started(value: str | None) -> None:
    """Corrected to negative, or never said: the doses go on, and nothing is deleted (E25)."""
    story = sampled(woman(1), "positive").story
    outcome = corrected(story, *([hcg(value, story.today)] if value else []))
    gone = {fact.fact for fact in facts_of(outcome, f.FactCorrected, content=None)}
    assert {story.seq_of(f.PregnancyFound), story.seq_of(f.SafetyActionAsked)} <= gone
    assert not outcome.story.state.safety.stopped
    assert not outcome.story.state.safety.events
    assert not [ask for ask in asks(outcome.story.state) if ask.kind == "sae_reported"]
    change = next(row for row in outcome.facts[0].changes if row.what == "dosing stopped by")
    assert change.after == ""


def test_a_result_corrected_to_positive_starts_it_and_a_moved_sample_moves_it() -> None:
    """The same path; the date of the pregnancy is the sample's (E25)."""
    story = sampled(woman(1), "negative").story
    on = story.today
    outcome = corrected(story, hcg("positive", on))
    the(outcome, f.PregnancyFound, found_on=on, result=story.seq_of(f.LabResultsRecorded))
    positive = sampled(woman(1), "positive").story
    assert not facts_of(corrected(positive, hcg("indeterminate", on)), f.PregnancyFound)
    earlier = on - timedelta(days=1)
    moved = corrected(positive, hcg("positive", earlier)).story
    (event,) = moved.state.safety.events.values()
    assert event.onset_on == earlier
    assert moved.state.safety.stopped


def test_a_pregnancy_entered_in_error_is_withdrawn_and_may_be_said_after_all() -> None:
    """By its own fact, told by the command or by a result; its dates may be corrected too (E25)."""
    for story in (told(woman(1), c.ReportPregnancy(found_on=woman(1).today)), sampled(woman(1), "positive").story):
        number, on = story.seq_of(f.PregnancyFound), story.today
        void = told(story, c.Correct(fact=number, void=True, why="wrong subject"))
        assert (void.state.safety.events, void.state.safety.stopped) == ({}, frozenset())
        earlier = str(on - timedelta(days=1))
        again = told(void, c.Correct(fact=number, fields={"found_on": earlier}, why="it was hers"))
        assert again.state.safety.stopped == {number}
        moved = told(story, c.Correct(fact=number, fields={"found_on": earlier}, why="misread"))
        assert moved.state.safety.events[number].onset_on == on - timedelta(days=1)


def test_a_pregnancy_that_was_withdrawn_by_hand_is_not_begun_again_by_another_correction() -> None:
    """Only a result that newly tells of one begins it (E25)."""
    story = sampled(woman(1), "positive").story
    on = story.today
    void = told(story, c.Correct(fact=story.seq_of(f.PregnancyFound), void=True, why="no pregnancy by ultrasound"))
    other = ReportedResult(code="HB", system="analyte", value="130", unit="g/L", collected_at=noon(on))
    outcome = corrected(void, hcg("positive", on), other)
    assert not facts_of(outcome, f.PregnancyFound)
    assert not outcome.story.state.safety.stopped


def test_a_corrected_report_of_the_laboratory_withdraws_it_too() -> None:
    """The laboratory takes its positive result back: the doses go on, the gate judges the rest (E25)."""
    story = passing(woman(), day(6))
    order = story.seq_of(f.LabsOrdered)
    first = hcg("positive", day(6))
    story = told(story, c.LabsReported(order=order, results=(first,), complete=False))
    assert story.state.safety.stopped
    again = first.model_copy(update={"value": "negative", "status": "corrected"})
    after = told(story, c.LabsReported(order=story.seq_of(f.LabsOrdered), results=(again,), complete=False))
    assert not after.state.safety.stopped
    assert not after.state.safety.events
