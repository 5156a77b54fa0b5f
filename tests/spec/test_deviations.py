"""Each deviation as a whole: its rule, whether it is important, the date it is about, the days off, and its text."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from tests.given import Outcome, Story, day, facts_of, the, when
from tests.stories import (
    at_visit,
    cycle_given,
    dosing_paused,
    in_neoadjuvant,
    passing,
    reconsent_asked,
    told,
)

REGIMEN = ("BENMELSTOBART", "ETOPOSIDE", "CISPLATIN", "ANLOTINIB")
LOW = {"PLT": ("40", "10*9/L", "")}


def at_c1(arm: str = "COHORT_1") -> Story:
    """It is day 7, and the gate of C1 has passed."""
    return at_visit(in_neoadjuvant(arm))


def planned(choice: str = "CISPLATIN") -> Story:
    """It is day 7, and the doses of C1 are planned."""
    return told(at_c1(), c.PlanDoses(cycle="C1", choice=choice, why="renal function"))


def drug(name: str, amount: str | None = None, unit: str = "") -> c.GivenDrug:
    """Give a drug of a report."""
    return c.GivenDrug(drug=name, amount=None if amount is None else Decimal(amount), unit=unit)


def c1(*drugs: c.GivenDrug, **changed: object) -> c.ReportDose:
    """Give the report of C1D1 on day 7, by default of the whole regimen."""
    named = drugs or tuple(drug(name) for name in REGIMEN)
    return c.ReportDose.model_validate({"cycle": "C1", "given_on": day(7), "drugs": named} | changed)


def rows(outcome: Outcome) -> dict[str, tuple[str, bool, int | None, int | None]]:
    """Give rule, importance, day of the act and days off of each deviation."""
    return {
        row.item: (row.rule, row.important, (row.actual_on - day(0)).days if row.actual_on else None, row.days_off)
        for row in facts_of(outcome, f.DeviationRecorded)
    }


def texts(outcome: Outcome) -> list[str]:
    """Give the texts of the deviations."""
    return [row.text for row in facts_of(outcome, f.DeviationRecorded)]


# A dose: drugs and amounts (T2, T2.1, T9, 3.4)


def test_every_drug_of_no_plan_is_a_deviation() -> None:
    """Two of them, and the amount of a third that stands after them (T2)."""
    report = c1(drug("ASPIRIN"), drug("HEPARIN"), drug("BENMELSTOBART", "600", "mg"))
    outcome = when(at_c1(), report)
    found = rows(outcome)
    assert texts(outcome)[-2:] == [
        "CISPLATIN or CARBOPLATIN planned on C1D1 was not given",
        "ANLOTINIB planned on C1D1 was not given",
    ]
    assert found == {
        "DRUG/C1D1/ASPIRIN": ("T2", True, 7, None),
        "DRUG/C1D1/HEPARIN": ("T2", True, 7, None),
        "AMOUNT/C1D1/BENMELSTOBART": ("T2", True, 7, None),
        "MISSED/C1D1/ETOPOSIDE": ("T2", False, 7, None),
        "MISSED/C1D1/CISPLATIN": ("T2", False, 7, None),
        "MISSED/C1D1/ANLOTINIB": ("T2.1", False, 7, None),
    }


def test_both_platinums_are_one_important_deviation() -> None:
    """By the rule of their place in the regimen (T2)."""
    found = rows(when(at_c1(), c1(*(drug(name) for name in (*REGIMEN, "CARBOPLATIN")))))
    assert found == {"BOTH/C1": ("T2", True, 7, None)}


def test_a_held_drug_that_was_given_is_an_important_deviation_of_that_day() -> None:
    """Held on day 20, given on day 28 (T9)."""
    story = told(in_neoadjuvant("COHORT_1", 1), c.HoldDrug(drug="ETOPOSIDE", decided_on=day(20), why="rash"), day(20))
    report = c.ReportDose(cycle="C2", given_on=day(28), drugs=tuple(drug(name) for name in REGIMEN))
    found = rows(when(at_visit(story), report))
    assert found == {"HELD/C2D1/ETOPOSIDE": ("T9", True, 28, None)}


def test_a_hold_told_late_dates_the_deviation_by_the_dose() -> None:
    """Decided on day 27, given on day 28, told on day 30 (T9)."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(30))
    hold = c.HoldDrug(drug="BENMELSTOBART", decided_on=day(27), why="rash")
    assert rows(when(story, hold)) == {"HELD/C2D1/BENMELSTOBART": ("T9", True, 28, None)}


def test_a_level_is_held_against_the_level_that_was_planned() -> None:
    """Anlotinib planned at 8 mg: 8 mg are as planned, the regimen's 10 mg are not (T9)."""
    levels = (c.DoseLevel(drug="ANLOTINIB", amount=Decimal(8), unit="mg"),)
    story = told(at_visit(in_neoadjuvant("COHORT_1", 1)), c.PlanDoses(cycle="C2", levels=levels, why="rash"))
    for amount, found in (("8", {}), ("10", {"AMOUNT/C2D1/ANLOTINIB": ("T2.1", True, 28, None)})):
        drugs = (*(drug(name) for name in REGIMEN[:3]), drug("ANLOTINIB", amount, "mg"))
        assert rows(when(story, c.ReportDose(cycle="C2", given_on=day(28), drugs=drugs))) == found


def test_an_old_creatinine_is_named_with_its_date_and_limit() -> None:
    """Sampled on day 6, given on day 10; not important (3.4)."""
    story = passing(planned("CARBOPLATIN"), day(10))
    outcome = when(story, c.ReportDose(cycle="C1", given_on=day(10)))
    assert rows(outcome)["CREATININE/C1D1/CARBOPLATIN"] == ("3.4", False, 10, None)
    text = f"CARBOPLATIN of C1D1 rests on a creatinine of {day(6)}, at most 3 d old"
    assert any(text in row for row in texts(outcome))


def test_the_other_platinum_than_planned_is_no_important_deviation() -> None:
    """Cisplatin was planned (T2)."""
    drugs = (drug("BENMELSTOBART"), drug("ETOPOSIDE"), drug("CARBOPLATIN"), drug("ANLOTINIB"))
    assert rows(when(planned(), c1(*drugs))) == {"CHOICE/C1": ("T2", False, 7, None)}


# A course at home (T2.1, T9)


def course(drug_name: str = "ANLOTINIB", **days: object) -> c.ReportCourse:
    """Give the days of a course of C1."""
    return c.ReportCourse.model_validate({"cycle": "C1", "drug": drug_name} | (days or {"last_day": 14}))


def test_a_course_of_a_drug_of_no_plan_is_dated_by_its_last_day() -> None:
    """Anlotinib in cohort 2, taken to day 20; nothing of it was planned (T2)."""
    outcome = when(passing(in_neoadjuvant("COHORT_2", 1), day(22)), course())
    assert rows(outcome) == {"DRUG/C1/ANLOTINIB": ("T2", True, 20, None)}
    fact = the(outcome, f.CourseTaken)
    assert (fact.planned, fact.not_taken, fact.beyond_plan) == ((), (), tuple(range(1, 15)))


def test_another_course_than_planned_is_dated_by_its_last_day() -> None:
    """To day 15, without days 4 and 5 (T2.1)."""
    outcome = when(passing(in_neoadjuvant("COHORT_1", 1), day(22)), course(days=[1, 2, 3, *range(6, 16)]))
    assert rows(outcome) == {"COURSE/C1/ANLOTINIB": ("T2.1", False, 21, None)}
    assert texts(outcome) == ["ANLOTINIB in C1: not taken on D4, D5, taken beyond the plan on D15"]
    fact = the(outcome, f.CourseTaken)
    assert (fact.planned, fact.last_on) == (tuple(range(1, 15)), day(21))


def test_a_course_taken_while_held_is_dated_by_the_first_such_day() -> None:
    """Held from day 14 on, taken to day 15; the days left out from then on were not missed (T9)."""
    story = told(
        passing(in_neoadjuvant("COHORT_1", 1), day(22)), c.HoldDrug(drug="ANLOTINIB", decided_on=day(14), why="x")
    )
    outcome = when(story, course(last_day=9))
    assert rows(outcome) == {"HELD/C1/ANLOTINIB": ("T9", True, 14, None)}
    assert the(outcome, f.CourseTaken).not_taken == ()
    beyond = when(story, course(last_day=15))
    assert rows(beyond) == {
        "HELD/C1/ANLOTINIB": ("T9", True, 14, None),
        "COURSE/C1/ANLOTINIB": ("T2.1", False, 21, None),
    }


@pytest.mark.parametrize(("until", "missed"), [(16, (8, 9, 11, 12, 13, 14)), (15, (8, 10, 11, 12, 13, 14))])
def test_only_the_days_on_hold_were_not_missed(until: int, missed: tuple[int, ...]) -> None:
    """Held for a day, taken for 7 days: the rest is missed (T2.1, T9)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(22))
    story = told(story, c.HoldDrug(drug="ANLOTINIB", decided_on=day(until), why="x"))
    story = told(story, c.ResumeDrug(drug="ANLOTINIB", decided_on=day(until + 1), why="x"))
    assert the(when(story, course(last_day=7)), f.CourseTaken).not_taken == missed


def test_a_drug_left_out_of_a_cycle_is_not_missed_at_home() -> None:
    """Anlotinib omitted in C2: the empty course departs from nothing (T2.1)."""
    story = at_visit(in_neoadjuvant("COHORT_1", 1))
    story = told(story, c.OmitDose(cycle="C2", drug="ANLOTINIB", decided_on=day(28), why="bleeding"))
    story = passing(cycle_given(story), day(45))
    report = c.ReportCourse(cycle="C2", drug="ANLOTINIB", days=())
    outcome = when(story, report)
    assert (the(outcome, f.CourseTaken).not_taken, rows(outcome)) == ((), {})


@pytest.mark.parametrize(("on", "refused"), [(19, True), (20, False), (21, False)])
def test_a_course_of_days_to_come_is_no_report(on: int, refused: bool) -> None:  # noqa: FBT001 - a table
    """Day 14 of C1 is day 20 (T2.1)."""
    outcome = when(passing(in_neoadjuvant("COHORT_1", 1), day(on)), course())
    assert (outcome.refusal is not None) == refused


def test_a_course_of_a_cycle_that_did_not_begin_is_refused_by_rule() -> None:
    """Its days have no date (T2.1)."""
    outcome = when(in_neoadjuvant("COHORT_1", 1), c.ReportCourse(cycle="C2", drug="ANLOTINIB", last_day=1))
    assert outcome.refusal is not None
    assert (outcome.refusal.rule, outcome.refusal.field) == ("T2.1", "cycle")


def test_a_course_without_day_1_leaves_day_1_missed() -> None:
    """Days 2 to 5 are named, day 1 is not (T2.1)."""
    story = told(at_c1(), c1(*(drug(name) for name in REGIMEN[:3])))
    story = told(passing(story, day(12)), course(days=[2, 3, 4, 5]))
    assert "MISSED/C1D1/ANLOTINIB" in story.state.deviations
    assert "MISSED/C1D1/ANLOTINIB" not in told(story, course(days=[1, 2, 3, 4, 5])).state.deviations
    only = told(told(at_c1(), c1(*(drug(name) for name in REGIMEN[:3]))), course(days=[1]))
    assert "MISSED/C1D1/ANLOTINIB" not in only.state.deviations


# The day of a dose (T1.1, T2.2, T11, I1.1)


def late(story: Story, on: int, cycle: str = "C2") -> Outcome:
    """Report a day 1 on a day."""
    return when(passing(story, day(on)), c.ReportDose(cycle=cycle, given_on=day(on), choice="CISPLATIN"))


@pytest.mark.parametrize(("on", "off", "important"), [(24, -1, True), (32, 1, False)])
def test_a_day_1_out_of_its_window_has_window_and_days_off(on: int, off: int, important: bool) -> None:  # noqa: FBT001 - a table
    """Expected from day 25 to day 31 (T2.2)."""
    outcome = late(in_neoadjuvant("COHORT_1", 1), on)
    row = the(outcome, f.DeviationRecorded, item="C2")
    assert (row.rule, row.important, row.actual_on, row.days_off) == ("T2.2", important, day(on), off)
    assert (row.expected_from, row.expected_to) == (day(25), day(31))
    how = "1 d early" if off < 0 else "1 d late"
    reason = "" if off < 0 else "; no reason of the delay on record"
    assert row.text == f"C2D1 {how}, expected {day(25)} to {day(31)}{reason}"


def test_a_late_day_1_carries_the_reason_of_its_delay() -> None:
    """Put off to day 33, given on day 33 (T2.2)."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(27)), c.DelayDose(cycle="C2", until=day(33), why="bed"))
    row = the(late(story, 33), f.DeviationRecorded, item="C2")
    assert (row.why, row.text) == ("bed", f"C2D1 2 d late, expected {day(25)} to {day(31)}")
    early = told(passing(in_neoadjuvant("COHORT_1", 1), day(20)), c.DelayDose(cycle="C2", until=day(29), why="bed"))
    assert the(late(early, 24), f.DeviationRecorded, item="C2").why is None


GATES: dict[str, tuple[Callable[[], Story], int, bool, str]] = {
    "failed": (lambda: at_visit(in_neoadjuvant(), LOW), 7, True, "C1D1 given with the pre-dose gate failed"),
    "not checked": (in_neoadjuvant, 7, True, "C1D1 given with the pre-dose gate not checked"),
    "stale": (at_c1, 10, False, f"{day(6)} (4 d old, at most 3 d)"),
}


@pytest.mark.parametrize("gate", GATES)
def test_a_dose_past_its_gate_is_dated_by_the_dose(gate: str) -> None:
    """Failed, not checked, or on a sample of four days before (T11)."""
    build, on, important, text = GATES[gate]
    outcome = late(build(), on, "C1")
    assert rows(outcome)["GATE/C1"] == ("T11", important, on, None)
    assert any(text in row for row in texts(outcome))


@pytest.mark.parametrize(("on", "off"), [(9, False), (10, True)])
def test_a_sample_is_at_most_3_days_old(on: int, off: bool) -> None:  # noqa: FBT001 - a table
    """Of day 6 (T11)."""
    assert ("GATE/C1" in rows(late(at_c1(), on, "C1"))) == off


def test_a_dose_out_of_turn_is_dated_by_the_dose() -> None:
    """C3 while C2 is awaited (T2.2)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(49))
    report = c.ReportDose(cycle="C3", given_on=day(49))
    outcome = when(story, report, confirmed=True, reason="C2 is being entered")
    assert rows(outcome)["TURN/C3D1"] == ("T2.2", True, 49, None)
    assert "C3D1 given out of turn: C2D1 is awaited" in texts(outcome)


@pytest.mark.parametrize(("on", "off"), [(2, True), (3, False), (4, False)])
def test_day_1_is_not_before_randomization(on: int, off: bool) -> None:  # noqa: FBT001 - a table
    """Randomized on day 3 (T1.1)."""
    outcome = when(at_c1(), c.ReportDose(cycle="C1", given_on=day(on), choice="CISPLATIN"))
    found = rows(outcome)
    assert found.get("RAND/C1") == (("T1.1", True, None, None) if off else None)


def test_an_omitted_cycle_is_a_deviation_of_its_window_s_rule() -> None:
    """Not important (T2.2)."""
    outcome = when(in_neoadjuvant("COHORT_1", 1), c.OmitDose(cycle="C2", decided_on=day(28), why="x"), on=day(28))
    assert rows(outcome) == {"OMITTED/C2": ("T2.2", False, None, None)}


def test_a_dose_without_re_consent_and_during_a_pause_is_dated_by_the_dose() -> None:
    """Each reason by itself (I1.1, T11)."""
    found = rows(late(reconsent_asked(), 28))
    assert found["HOLD/RECONSENT/C2D1"] == ("I1.1", True, 28, None)
    outcome = late(dosing_paused(), 28)
    assert rows(outcome)["HOLD/PAUSE/C2D1"] == ("T11", True, 28, None)
    assert f"C2D1 given although dosing paused by sponsor {day(20)}" in texts(outcome)
