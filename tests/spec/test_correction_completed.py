"""What a corrected report is completed with: the plan it is held against, planned amounts, ids of the laboratory."""

from typing import Any

from domain.patient import commands as c
from domain.patient import facts as f
from tests.correcting import correct, day_1, seq
from tests.given import Story, day, facts_of, noon, the
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
    made: Any = the(outcome, f.FactCorrected, fact=number).content
    assert (made.cycle, made.drug, made.days, made.last_on) == (1, "ANLOTINIB", (1, 2, 3, 16), day(22))
    assert (made.planned, made.not_taken, made.beyond_plan) == (tuple(range(1, 15)), tuple(range(4, 15)), (16,))
    assert outcome.story.state.last_dose["ANLOTINIB"] == day(22)
    none = correct(story, number, days=[])
    content: Any = the(none, f.FactCorrected, fact=number).content
    assert (content.days, content.last_on) == ((), None)


def test_the_amounts_of_a_report_stay_the_planned_ones_unless_the_drugs_are_corrected() -> None:
    """T2, 3.4: a date alone says nothing of amounts; drugs, or a cycle of another plan, are said by the sender."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(40))
    first, second = day_1(story, 1), day_1(story, 2)
    as_planned = story.facts[second - 1].as_planned
    assert as_planned
    moved: Any = the(correct(story, second, given_on=str(day(27))), f.FactCorrected, fact=second).content
    assert moved.as_planned == as_planned
    rows = [row.model_dump(mode="json") for row in story.facts[first - 1].drugs if row.drug != "ETOPOSIDE"]
    named: Any = the(correct(story, first, drugs=rows), f.FactCorrected, fact=first).content
    assert named.as_planned == ()
    outcome = correct(story, second, cycle="C3")
    turned: Any = the(outcome, f.FactCorrected, fact=second).content
    assert (turned.cycle, turned.as_planned) == (3, ())
    later = [fact.content for fact in facts_of(outcome, f.FactCorrected, follows=second, of="DoseGiven")]
    assert [(row.day, row.as_planned) for row in later] == [(2, ()), (3, ())]
    kept = facts_of(correct(story, first, given_on=str(day(8))), f.FactCorrected, follows=first, of="DoseGiven")
    assert all(row.content.as_planned == story.facts[row.fact - 1].as_planned for row in kept)


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
    made: Any = the(correct(story, number, results=[fixed]), f.FactCorrected, fact=number).content
    hb = next(row for row in made.accepted if row.analyte == "HB")
    assert (hb.reported, hb.observation) == ("12.9 g/dL", "obs-HB")


def test_a_typed_in_result_that_cannot_be_used_any_more_says_so() -> None:
    """T11: its unit was wrong; it is kept, not used, and why."""
    story = passing(in_neoadjuvant(), day(6))
    typed = tuple(one for one in results(day(6)) if one.code == "PLT")
    story = told(story, c.TypeLabResults(results=typed))
    number = seq(story, f.LabResultsRecorded)
    wrong = {"code": "PLT", "system": "analyte", "value": "231", "unit": "mg", "collected_at": noon(day(6)).isoformat()}
    made: Any = the(correct(story, number, results=[wrong]), f.FactCorrected, fact=number).content
    assert made.accepted == ()
    assert [(row.code, row.reported) for row in made.unused] == [("PLT", "231 mg")]
