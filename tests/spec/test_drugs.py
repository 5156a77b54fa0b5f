"""Drugs one by one: held, resumed, discontinued; and courses taken at home against their plan."""

from typing import Any

import pytest

from domain.decider import PATIENT
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.patient.taken import last_taken
from domain.patient.view import timeline
from domain.submission import Reason
from tests.given import Story, day, facts_of, nothing_happened, refused, the, told_kinds, when
from tests.stories import (
    at_visit,
    cycle_given,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    told,
)

REGIMEN = ("BENMELSTOBART", "ETOPOSIDE", "CISPLATIN", "CARBOPLATIN")


def hold(drug: str = "ANLOTINIB", on: int = 20) -> c.HoldDrug:
    """Give a hold."""
    return c.HoldDrug(drug=drug, decided_on=day(on), why="bleeding grade 2")


def resume(drug: str = "ANLOTINIB", on: int = 24) -> c.ResumeDrug:
    """Give a resumption."""
    return c.ResumeDrug(drug=drug, decided_on=day(on), why="resolved")


def stop(drug: str = "ANLOTINIB", on: int = 20) -> c.DiscontinueDrug:
    """Give a discontinuation."""
    return c.DiscontinueDrug(drug=drug, decided_on=day(on), why="bleeding grade 3")


C1 = c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN")
"""C1D1 was given as planned."""


def course(cycle: str = "C1", drug: str = "ANLOTINIB", **days: Any) -> c.ReportCourse:
    """Give the days of a course."""
    return c.ReportCourse.model_validate({"cycle": cycle, "drug": drug} | (days or {"last_day": 14}))


def planned(story: Story) -> list[str]:
    """Give the drugs planned for the awaited cycle."""
    return [row.drug for row in story.state.current_cycle.doses.administrations]


@pytest.mark.parametrize("command", [hold(), stop()])
def test_a_hold_of_anlotinib_does_not_stop_benmelstobart(command: Any) -> None:
    """Held or discontinued it is neither planned nor among what is given as planned, and not missed (T9)."""
    story = at_visit(told(in_neoadjuvant("COHORT_1", 1), command, day(20)))
    assert planned(story) == ["BENMELSTOBART", "ETOPOSIDE", "CISPLATIN"]
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(28)))
    assert told_kinds(outcome) == [f.DoseGiven, f.CyclePlanned]
    assert [row.drug for row in the(outcome, f.DoseGiven).drugs] == ["BENMELSTOBART", "ETOPOSIDE", "CISPLATIN"]


def test_a_hold_after_the_plan_changes_it_and_a_resumption_changes_it_back() -> None:
    """At once, told to investigator and pharmacist, at the level planned before (T9)."""
    levels = (c.DoseLevel(drug="ANLOTINIB", amount="8", unit="mg"),)  # type: ignore[arg-type] # as JSON has it
    story = told(at_visit(in_neoadjuvant("COHORT_1", 1)), c.PlanDoses(cycle="C2", levels=levels, why="rash"))
    outcome = when(story, hold(on=28))
    assert told_kinds(outcome) == [f.DrugHeld, f.DosesPlanned, f.NoticeRequested]
    assert the(outcome, f.DosesPlanned).because == "ANLOTINIB not to be given"
    assert "ANLOTINIB" not in planned(outcome.story)
    back = when(outcome.story, resume(on=28))
    assert the(back, f.DosesPlanned).because == "ANLOTINIB to be given"
    assert the(back, f.DosesPlanned).administrations[-1].amount == 8
    nothing_happened(when(back.story, c.TimePassed()))


@pytest.mark.parametrize(("until", "on", "held"), [(28, 27, True), (28, 28, False), (28, 29, False)])
def test_a_drug_is_held_until_the_day_it_is_resumed(until: int, on: int, held: bool) -> None:  # noqa: FBT001 - a table
    """That day it may be given again (T9)."""
    story = told(in_neoadjuvant("COHORT_1", 1), hold(), day(20))
    story = told(passing(story, day(30)), resume(on=until))
    report = c.ReportDose(cycle="C2", given_on=day(on), drugs=(c.GivenDrug(drug="ANLOTINIB"),))
    found = facts_of(when(story, report), f.DeviationRecorded, item="HELD/C2D1/ANLOTINIB")
    assert [row.important for row in found] == ([True] if held else [])


@pytest.mark.parametrize(("since", "important"), [(27, True), (28, None), (29, None)])
def test_a_hold_told_late_finds_what_was_given_meanwhile(since: int, important: bool | None) -> None:  # noqa: FBT001 - a table
    """After the day of the decision; on that day the dose may have come before it (T9)."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(30))
    found = facts_of(when(story, hold(on=since)), f.DeviationRecorded, item="HELD/C2D1/ANLOTINIB")
    assert [row.important for row in found] == ([] if important is None else [important])


def test_a_held_platinum_is_not_replaced_by_guess() -> None:
    """The plan is asked for, and a report must name what was given; a held drug cannot be planned (T2, T9)."""
    story = told(at_visit(in_neoadjuvant("COHORT_1", 1)), hold("CISPLATIN", 28))
    assert [ask.text for ask in asks(story.state) if ask.kind == "plan_doses"] == [
        "C2 doses to plan, missing: the choice between CISPLATIN or CARBOPLATIN"
    ]
    refused(when(story, c.ReportDose(cycle="C2", given_on=day(28))), Reason.MALFORMED, field="choice")
    no = refused(
        when(story, c.PlanDoses(cycle="C2", choice="CISPLATIN", why="x")), Reason.RULE, rule="T9", field="choice"
    )
    assert no.accepts == "resume_drug first, or another drug"
    story = told(story, c.PlanDoses(cycle="C2", choice="CARBOPLATIN", why="hearing"))
    assert planned(story) == ["BENMELSTOBART", "ETOPOSIDE", "CARBOPLATIN", "ANLOTINIB"]


def test_a_discontinued_drug_is_planned_at_no_level() -> None:
    """Nor resumed, held or discontinued again (T9)."""
    story = told(at_visit(in_neoadjuvant("COHORT_1", 1)), stop(on=28))
    levels = (c.DoseLevel(drug="ANLOTINIB", amount="8", unit="mg"),)  # type: ignore[arg-type] # as JSON has it
    no = refused(when(story, c.PlanDoses(cycle="C2", levels=levels, why="x")), Reason.RULE, rule="T9", field="levels")
    assert no.accepts == "another drug"
    for command in (hold(on=28), stop(on=28), resume(on=28)):
        refused(when(story, command), Reason.CONTRADICTS, rule="T9", field="drug")


def test_holds_are_refused_where_they_say_nothing() -> None:
    """Twice, of a drug of no line, before or after treatment, resumed when not held or before it was held (T9)."""
    story = in_neoadjuvant("COHORT_2", 1)
    assert refused(when(story, hold(), on=day(20)), Reason.RULE, field="drug").accepts == ", ".join(REGIMEN)
    held = told(story, hold("ETOPOSIDE"), day(20))
    refused(when(held, hold("ETOPOSIDE")), Reason.CONTRADICTS, field="drug")
    refused(when(held, resume("CISPLATIN", 20)), Reason.CONTRADICTS, field="drug")
    assert refused(when(held, resume("ETOPOSIDE", 19)), Reason.CONTRADICTS, field="decided_on").accepts.endswith(
        str(day(20))
    )
    gone = told(story, c.DiscontinueTreatment(decided_on=day(20), why="x"), day(20))
    refused(when(gone, hold("ETOPOSIDE")), Reason.PHASE)
    refused(when(told(held, resume("ETOPOSIDE", 20)), resume("ETOPOSIDE", 20)), Reason.CONTRADICTS)


def test_a_held_drug_may_be_discontinued() -> None:
    """The hold ends with it (T9)."""
    story = told(told(in_neoadjuvant("COHORT_1", 1), hold(), day(20)), stop(on=22), day(22))
    assert (story.state.held, story.state.discontinued) == ((), ("ANLOTINIB",))


def test_discontinuing_the_last_drug_asks_the_investigator_and_ends_nothing() -> None:
    """Cohort 2, adjuvant: benmelstobart is all there is (T9)."""
    story = in_adjuvant("COHORT_2", 1)
    outcome = when(story, stop("BENMELSTOBART", 122))
    assert told_kinds(outcome) == [f.DrugDiscontinued, f.NoticeRequested]
    assert the(outcome, f.NoticeRequested).notice == "DRUGS_DISCONTINUED"
    assert asks(outcome.story.state)[0].kind == "discontinue_treatment"
    assert not facts_of(when(in_adjuvant("COHORT_1", 1), stop("BENMELSTOBART", 122)), f.NoticeRequested)
    assert told_kinds(when(in_surgery_wait("COHORT_2"), stop("BENMELSTOBART", 51))) == [f.DrugDiscontinued]


def test_a_discontinued_infusion_is_not_awaited() -> None:
    """Etoposide stopped on day 2 of the cycle: days 2 and 3 are not asked for, and not missed (T9)."""
    story = told(at_visit(in_neoadjuvant("COHORT_2")), c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN"))
    story = told(story, stop("ETOPOSIDE", 8), day(8))
    assert not [ask for ask in asks(story.state) if "C1D" in ask.text]
    assert not facts_of(when(story, c.TimePassed(), on=day(11)), f.DeviationRecorded)
    refused(when(story, c.ReportDose(cycle="C1", day=2, given_on=day(8))), Reason.IMPOSSIBLE, field="day")


def test_state_and_timeline_show_them() -> None:
    """With the amounts planned for the awaited cycle."""
    story = told(at_visit(told(in_neoadjuvant("COHORT_1", 1), hold(), day(20))), stop("ETOPOSIDE", 28))
    shown = PATIENT.show(story.state)
    assert (shown["drugs_held"], shown["drugs_discontinued"]) == (["ANLOTINIB"], ["ETOPOSIDE"])
    assert shown["doses_planned"] == ["BENMELSTOBART 1200 mg D1", "CISPLATIN 136 mg D1"]
    story = told(story, resume(on=28))
    rows = [(row.what, row.actual_on, row.note) for row in timeline(story.state) if "D1" not in row.what]
    assert ("ANLOTINIB held", day(20), f"resumed {day(28)}") in rows
    assert ("ETOPOSIDE discontinued", day(28), "for good") in rows
    assert ("CISPLATIN held", day(28), "on hold") in [
        (row.what, row.actual_on, row.note) for row in timeline(told(story, hold("CISPLATIN", 28)).state)
    ]


# Courses taken at home


def test_a_course_as_planned_departs_from_nothing() -> None:
    """D1 to D14, told by its last day or day by day (T2.1)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(21))
    for report in (course(), course(days=list(range(1, 15)))):
        outcome = when(story, report)
        assert told_kinds(outcome) == [f.CourseTaken]
        fact = the(outcome, f.CourseTaken)
        assert (fact.last_on, fact.not_taken, fact.beyond_plan) == (day(20), (), ())


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (list(range(1, 14)), "not taken on D14"),
        (list(range(1, 16)), "taken beyond the plan on D15"),
        ([1, 2, 3, *range(5, 16)], "not taken on D4, taken beyond the plan on D15"),
    ],
)
def test_another_course_is_a_deviation(days: list[int], text: str) -> None:
    """One day less, one more, or both: not important (T2.1)."""
    outcome = when(passing(in_neoadjuvant("COHORT_1", 1), day(22)), course(days=days))
    row = the(outcome, f.DeviationRecorded)
    assert (row.item, row.text, row.important) == ("COURSE/C1/ANLOTINIB", f"ANLOTINIB in C1: {text}", False)


def test_days_on_hold_were_not_missed_and_days_to_come_neither() -> None:
    """Held from D8 on; without a hold D8 to D14 are missed once they have passed (T2.1, T9)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(13))
    assert told_kinds(when(story, course(last_day=6))) == [f.CourseTaken]
    late = passing(story, day(22))
    assert the(when(late, course(last_day=7)), f.CourseTaken).not_taken == tuple(range(8, 15))
    held = told(late, hold(on=14))
    assert told_kinds(when(held, course(last_day=7))) == [f.CourseTaken]
    outcome = when(held, course(last_day=8))
    assert the(outcome, f.DeviationRecorded).item == "HELD/C1/ANLOTINIB"


def test_a_later_report_adds_days_and_takes_none_away() -> None:
    """The deviation of the earlier one is withdrawn when it no longer holds."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(22)), course(last_day=10))
    outcome = when(story, course())
    assert told_kinds(outcome) == [f.CourseTaken, f.DeviationWithdrawn]
    no = refused(when(story, course(last_day=9)), Reason.CONTRADICTS, field="days")
    number = story.seq_of(f.CourseTaken)
    assert no.accepts == f"these and later days, or `correct` of fact {number}"
    assert when(story, c.Correct(fact=number, fields={"days": [1]}, why="misread")).facts
    refused(when(story, course(last_day=10)), Reason.CONTRADICTS)


def test_a_course_that_names_day_1_withdraws_that_it_was_missed() -> None:
    """The hospital forgot to report it; the diary has it."""
    story = at_visit(in_neoadjuvant("COHORT_1"))
    drugs = tuple(c.GivenDrug(drug=name) for name in ("BENMELSTOBART", "ETOPOSIDE", "CISPLATIN"))
    story = told(story, c.ReportDose(cycle="C1", given_on=day(7), drugs=drugs))
    assert "MISSED/C1D1/ANLOTINIB" in story.state.deviations
    story = told(passing(story, day(8)), course(last_day=2))
    assert "MISSED/C1D1/ANLOTINIB" not in story.state.deviations


def test_an_impossible_course_is_refused() -> None:
    """Days to come, both forms or none, a cycle that has not begun."""
    story = in_neoadjuvant("COHORT_1", 1)
    refused(when(story, course()), Reason.FUTURE, field="days")
    refused(when(story, course(days=[1], last_day=1)), Reason.MALFORMED, field="days")
    refused(when(story, c.ReportCourse(cycle="C1", drug="ANLOTINIB")), Reason.MALFORMED, field="days")
    refused(when(story, course("C2", last_day=1)), Reason.PHASE, field="cycle")
    refused(when(story, course("C3", last_day=1)), Reason.PHASE, field="cycle")


@pytest.mark.parametrize("days", [[], [2, 3]])
def test_a_course_without_a_day_that_was_reported_as_given_is_taken(days: list[int]) -> None:
    """What happened is never refused: the difference is a deviation, and the days actually taken count (T2.1, T3)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(22))
    outcome = when(story, course(days=days))
    assert the(outcome, f.CourseTaken).days == tuple(days)
    row = the(outcome, f.DeviationRecorded)
    assert row.item == "COURSE/C1/ANLOTINIB"
    assert row.text.startswith("ANLOTINIB in C1: not taken on D1, ")
    assert row.text.endswith(", reported as given on D1 before")
    assert last_taken(outcome.story.state, "ANLOTINIB", day(22)) == (day(9) if days else None)


# The days taken are asked for


def test_the_days_taken_are_asked_for_after_the_last_planned_one() -> None:
    """Told once on D15, asked until they are reported (T2.1, Q7)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    assert not [ask for ask in asks(story.state) if ask.kind == "course_taken"]
    outcome = when(story, c.TimePassed(), on=day(21))
    notice = the(outcome, f.NoticeRequested)
    assert (notice.notice, notice.to) == ("COURSE_DUE", ("COORDINATOR", "INVESTIGATOR"))
    assert notice.text == "C1: days actually taken to report, ANLOTINIB"
    (ask,) = (ask for ask in asks(outcome.story.state) if ask.kind == "course_taken")
    assert (ask.text, ask.to) == (
        "days actually taken of ANLOTINIB in C1",
        ("COORDINATOR", "INVESTIGATOR", "PHARMACIST"),
    )
    after = told(outcome.story, course(last_day=12))
    assert not [ask for ask in asks(after.state) if ask.kind == "course_taken"]
    early = told(passing(in_neoadjuvant("COHORT_1", 1), day(20)), course())
    assert not facts_of(when(early, c.TimePassed(), on=day(21)), f.NoticeRequested)


def test_a_report_in_the_middle_of_a_course_leaves_its_rest_to_be_told() -> None:
    """Of D6: what follows is asked for, and until then counts as taken (T2.1, T3)."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(12)), course(last_day=6))
    assert last_taken(story.state, "ANLOTINIB", day(40)) == day(20)
    story = passing(story, day(21))
    assert [ask for ask in asks(story.state) if ask.kind == "course_taken"]
    story = told(story, course(last_day=6))
    assert last_taken(story.state, "ANLOTINIB", day(40)) == day(12)
    assert not [ask for ask in asks(story.state) if ask.kind == "course_taken"]


@pytest.mark.parametrize(("held_on", "last"), [(18, 17), (20, 19), (21, 20)])
def test_a_hold_ends_what_counts_as_taken(held_on: int, last: int) -> None:
    """C1D1 is day 7: held on its D12 (day 18), D11 was the last; after D14 a hold changes nothing (T3, T9)."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(held_on)), hold(on=held_on))
    assert last_taken(story.state, "ANLOTINIB", day(40)) == day(last)


def test_a_drug_resumed_within_its_course_counts_to_its_last_planned_day() -> None:
    """Held on D5, resumed on D9 (T9)."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(11)), hold(on=11))
    story = told(passing(story, day(15)), resume(on=15))
    assert last_taken(story.state, "ANLOTINIB", day(40)) == day(20)


def test_nothing_is_asked_of_a_course_that_never_began() -> None:
    """In cohort 2, and of a drug that was not handed out."""
    for story in (in_neoadjuvant("COHORT_2", 1), told(at_visit(told(in_neoadjuvant(), hold(on=5), day(5))), C1)):
        later = passing(story, day(23))
        assert not [ask for ask in asks(later.state) if ask.kind == "course_taken"]


@pytest.mark.parametrize("drug", ["ANLOTINIB", "ETOPOSIDE"])
def test_a_course_of_a_drug_that_is_none_is_an_important_deviation(drug: str) -> None:
    """Anlotinib in cohort 2, and a drug that is infused (T2.1): what happened is never refused."""
    story = passing(in_neoadjuvant("COHORT_2", 1), day(22))
    row = the(when(story, course(drug=drug)), f.DeviationRecorded)
    assert (row.item, row.important) == (f"DRUG/C1/{drug}", True)
    assert not facts_of(when(story, course(drug="BENMELSTOBART", days=[1])), f.DeviationWithdrawn)


def test_a_course_not_taken_at_all_has_no_last_day() -> None:
    """Held before day 1, it is told as none."""
    story = cycle_given(told(in_neoadjuvant("COHORT_1", 1), hold(), day(20)))
    fact = the(when(passing(story, day(45)), course("C2", days=[])), f.CourseTaken)
    assert (fact.days, fact.last_on, fact.not_taken) == ((), None, ())


# T3 with the days actually taken


@pytest.mark.parametrize(("last_day", "days_off"), [(11, 6), (10, None), (9, None)])
def test_the_wash_out_counts_from_the_last_day_actually_taken(last_day: int, days_off: int | None) -> None:
    """Surgery on day 65: 7 full days after the last dose on day 58 are enough, 6 are not (T3)."""
    story = told(passing(in_surgery_wait(), day(64)), course("C3", last_day=last_day))
    outcome = when(passing(story, day(65)), c.ReportSurgery(performed_on=day(65), resection="R0"))
    found = facts_of(outcome, f.DeviationRecorded, item="WASHOUT/ANLOTINIB")
    assert [f"{days_off} d before surgery" in row.text for row in found] == ([] if days_off is None else [True])


def test_a_course_told_after_surgery_settles_the_wash_out() -> None:
    """Without it the whole course counts, to day 62; it was stopped on day 55 (T3)."""
    story = passing(in_surgery_wait(), day(65))
    story = told(story, c.ReportSurgery(performed_on=day(65), resection="R0"))
    assert "WASHOUT/ANLOTINIB" in story.state.deviations
    outcome = when(story, course("C3", last_day=7))
    assert the(outcome, f.DeviationWithdrawn).why == f"ANLOTINIB was last taken {day(55)}"
    longer = told(passing(in_evaluation(), day(90)), course("C3", last_day=30))
    assert "WASHOUT/ANLOTINIB" in longer.state.deviations


def test_a_drug_left_out_of_a_begun_cycle_is_not_awaited() -> None:
    """Etoposide left out of C1 on day 2 of the cycle: days 2 and 3 are not asked for, and not missed (T9)."""
    story = told(at_visit(in_neoadjuvant("COHORT_2")), c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN"))
    assert [ask.text for ask in asks(story.state)][:2] == ["C1D2 ETOPOSIDE", "C1D3 ETOPOSIDE"]
    left_out = c.OmitDose(cycle="C1", drug="ETOPOSIDE", decided_on=day(8), why="rash")
    story = told(passing(story, day(8)), left_out)
    assert not [ask for ask in asks(story.state) if "C1D" in ask.text]
    assert not facts_of(when(story, c.TimePassed(), on=day(11)), f.DeviationRecorded)


def without_anlotinib_in_c3() -> Story:
    """Anlotinib is left out of C3, which begins on day 49; the other drugs are given to day 51."""
    story = at_visit(in_neoadjuvant("COHORT_1", 2))
    story = told(story, c.OmitDose(cycle="C3", drug="ANLOTINIB", decided_on=day(49), why="bleeding"))
    return cycle_given(story)


def test_the_doses_of_other_drugs_are_none_of_this_one() -> None:
    """The last course ended on day 41: surgery on day 52 keeps the wash-out (T3)."""
    story = without_anlotinib_in_c3()
    assert last_taken(story.state, "ANLOTINIB", day(52)) == day(41)
    outcome = when(passing(story, day(52)), c.ReportSurgery(performed_on=day(52), resection="R0"))
    assert not facts_of(outcome, f.DeviationRecorded, item="WASHOUT/ANLOTINIB")


LAST_TAKEN = [(6, None), (7, 7), (19, 19), (20, 20), (27, 20), (28, 28), (41, 41), (60, 41)]


@pytest.mark.parametrize(("until", "last"), LAST_TAKEN)
def test_a_course_counts_up_to_a_day(until: int, last: int | None) -> None:
    """From day 7 to day 20, and from day 28 to day 41: never past the day asked about (T3)."""
    found = last_taken(without_anlotinib_in_c3().state, "ANLOTINIB", day(until))
    assert found == (None if last is None else day(last))


def test_a_course_not_taken_leaves_the_one_before_the_last() -> None:
    """Held before C2: told as none, the course of C1 stays the last, to the day before the hold (T3)."""
    story = passing(cycle_given(told(in_neoadjuvant("COHORT_1", 1), hold(), day(20))), day(45))
    story = told(story, course("C2", days=[]))
    assert last_taken(story.state, "ANLOTINIB", day(45)) == day(19)


def test_courses_after_surgery_are_not_held_against_it() -> None:
    """Anlotinib of C4 was taken after it (T3)."""
    outcome = when(passing(in_adjuvant("COHORT_1", 1), day(135)), course("C4"))
    assert told_kinds(outcome) == [f.CourseTaken]
