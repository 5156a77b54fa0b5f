"""What a corrected report is completed with: the plan it is held against, planned amounts, ids of the laboratory."""

from dataclasses import replace

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.clocks import clocks
from tests.correcting import correct, day_1, reading, readings, seq
from tests.given import Story, day, given, noon
from tests.stories import (
    diaries,
    in_neoadjuvant,
    passing,
    results,
    told,
)


def treated() -> Story:
    """C1 was given on day 7; it is day 20, and what was taken at home is reported."""
    return passing(diaries(in_neoadjuvant("COHORT_1", 1), day(20)), day(20))


# Courses, doses and results as they are completed


def test_corrected_days_at_home_are_held_against_the_plan_again() -> None:
    """T2.1, T3: the last one dates the last dose; what was planned and not taken, and what was beyond it, is told."""
    story = passing(treated(), day(25))
    number = seq(story, f.CourseTaken)
    outcome = correct(story, number, days=[3, 1, 2, 2, 16])
    made = reading(outcome, fact=number)
    assert (made.cycle, made.drug, made.days, made.last_on) == (1, "ANLOTINIB", (1, 2, 3, 16), day(22))
    assert (made.planned, made.not_taken, made.beyond_plan) == (tuple(range(1, 15)), tuple(range(4, 15)), (16,))
    assert outcome.story.state.last_dose["ANLOTINIB"] == day(22)
    none = correct(story, number, days=[])
    content = reading(none, fact=number)
    assert (content.days, content.last_on) == ((), None)


def test_the_amounts_of_a_report_stay_the_planned_ones_unless_the_drugs_are_corrected() -> None:
    """T2, 3.4: a date alone says nothing of amounts; drugs, or a cycle of another plan, are said by the sender."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(40))
    first, second = day_1(story, 1), day_1(story, 2)
    as_planned = story.facts[second - 1].as_planned
    assert as_planned
    moved = reading(correct(story, second, given_on=str(day(27))), fact=second)
    assert moved.as_planned == as_planned
    rows = [row.model_dump(mode="json") for row in story.facts[second - 1].drugs if row.drug != "ETOPOSIDE"]
    named = reading(correct(story, second, drugs=rows), fact=second)
    assert named.as_planned == ()
    outcome = correct(story, second, cycle="C3")
    turned = reading(outcome, fact=second)
    assert (turned.cycle, turned.as_planned) == (3, ())
    later = readings(outcome, follows=second, of="DoseGiven")
    assert [(row.day, row.as_planned) for row in later] == [(2, ()), (3, ())]
    kept = readings(correct(story, first, given_on=str(day(8))), follows=first, of="DoseGiven")
    assert [row.as_planned for row in kept] == [
        story.facts[seq(story, f.DoseGiven, cycle=1, day=number) - 1].as_planned for number in (2, 3)
    ]


def test_a_corrected_result_keeps_the_id_of_the_laboratory() -> None:
    """3.5: a later report of the same result still finds it."""
    story = passing(in_neoadjuvant(), day(6))
    sample = tuple(one.model_copy(update={"observation": f"obs-{one.code}"}) for one in results(day(6)))
    story = told(story, c.LabsReported(order=story.seq_of(f.LabsOrdered), results=sample, complete=True))
    number = seq(story, f.LabResultsRecorded)
    fixed = {
        "code": "HB",
        "system": "analyte",
        "value": "12.9",
        "unit": "g/dL",
        "collected_at": noon(day(6)).isoformat(),
    }
    made = reading(correct(story, number, results=[fixed]), fact=number)
    hb = next(row for row in made.accepted if row.analyte == "HB")
    assert (hb.reported, hb.observation) == ("12.9 g/dL", "obs-HB")


def test_a_typed_in_result_that_cannot_be_used_any_more_says_so() -> None:
    """T11: its unit was wrong; it is kept, not used, and why."""
    story = passing(in_neoadjuvant(), day(6))
    typed = tuple(one for one in results(day(6)) if one.code == "PLT")
    story = told(story, c.TypeLabResults(results=typed))
    number = seq(story, f.LabResultsRecorded)
    wrong = {"code": "PLT", "system": "analyte", "value": "231", "unit": "mg", "collected_at": noon(day(6)).isoformat()}
    made = reading(correct(story, number, results=[wrong]), fact=number)
    assert made.accepted == ()
    assert [(row.code, row.reported) for row in made.unused] == [("PLT", "231 mg")]


def test_an_event_of_before_awareness_was_kept_starts_no_clock_by_another_word() -> None:
    """T10: an earlier release kept no awareness: nobody knows since when a clock would run."""
    story = told(treated(), c.ReportAdverseEvent(term="rash", grade=2, serious=True, onset_on=day(19)))
    number = seq(story, f.AdverseEventReported)
    older = story.facts[number - 1].model_copy(update={"aware_at": None, "classes": ()})
    facts = (*story.facts[: number - 1], older)
    old = replace(given(*facts, at=story.now), entered=story.entered[:number])
    outcome = correct(old, number, term="exanthema")
    assert reading(outcome, fact=number).classes == ()
    assert clocks(outcome.story.state) == ()
