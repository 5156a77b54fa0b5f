"""The plan of doses: made by the investigator or with the gate, kept up to date, and held against what was given."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import catalogue
from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.patient.doses import Wish, work_out
from domain.patient.state import replace
from domain.protocol import DoseLevels
from domain.submission import Reason
from tests.evidence import clean
from tests.given import (
    TRIAL_ID,
    Outcome,
    Story,
    day,
    facts_of,
    given,
    noon,
    nothing_happened,
    refused,
    the,
    told_kinds,
    when,
)
from tests.stories import answered, at_visit, begin, cycle_given, in_adjuvant, in_neoadjuvant, passing, results, told

LOW = {"PLT": ("40", "10*9/L", "")}


def plan(cycle: str = "C1", choice: str | None = "CISPLATIN", **changed: Any) -> c.PlanDoses:
    """Give the plan of a cycle with a reason."""
    return c.PlanDoses.model_validate({"cycle": cycle, "choice": choice, "why": "renal function"} | changed)


def level(drug: str, amount: str, unit: str = "mg") -> dict[str, str]:
    """Give a dose level."""
    return {"drug": drug, "amount": amount, "unit": unit}


def at_c1(arm: str = "COHORT_1") -> Story:
    """It is day 7, and the gate of C1 has passed."""
    return at_visit(in_neoadjuvant(arm))


def at_c2(arm: str = "COHORT_1") -> Story:
    """It is day 28, the gate of C2 has passed, and its doses are planned."""
    return at_visit(in_neoadjuvant(arm, 1))


def with_carboplatin() -> Story:
    """C1 is planned with carboplatin on a creatinine of the day before."""
    return told(at_c1(), plan(choice="CARBOPLATIN"))


def amounts(fact: f.DosesPlanned) -> dict[str, int]:
    """Give the planned amounts in mg."""
    assert {row.unit for row in fact.administrations} <= {"mg"}
    return {row.drug: int(row.amount) for row in fact.administrations}


def weighed(kilograms: str, on: date) -> c.RecordEvidence:
    """Give a new weight."""
    return c.RecordEvidence(assessed_on=on, weight_kg=Decimal(kilograms))


def creatinine(value: str, on: date) -> c.TypeLabResults:
    """Give a new creatinine."""
    row = ReportedResult(
        code="CREAT", system="analyte", value=value, unit="umol/L", upper_limit="106", collected_at=noon(on)
    )
    return c.TypeLabResults(results=(row,))


# The plan is made


def test_the_investigator_plans_the_first_cycle_with_choice_and_reason() -> None:
    """1200 mg, 182 mg on D1 to D3, 136 mg, 10 mg on D1 to D14; with formula, inputs and dates (T2, T2.1, 3.4)."""
    fact = the(when(at_c1(), plan()), f.DosesPlanned)
    assert amounts(fact) == {"BENMELSTOBART": 1200, "ETOPOSIDE": 182, "CISPLATIN": 136, "ANLOTINIB": 10}
    assert (fact.choice, fact.why, fact.planned_on, fact.because) == ("CISPLATIN", "renal function", day(7), "")
    assert [row.when for row in fact.administrations] == ["D1", "D1-D3", "D1", "D1-D14"]
    etoposide = fact.administrations[1]
    assert (etoposide.formula, etoposide.route, etoposide.level, etoposide.level_unit) == (
        "BSA_MOSTELLER",
        "IV",
        Decimal(100),
        "mg/m2",
    )
    assert f"{etoposide.unrounded:.4f}" == "181.8119"
    assert [(row.name, row.value[:6], row.unit, row.on) for row in etoposide.inputs] == [
        ("dose level", "100", "mg/m2", None),
        ("body weight", "70", "kg", day(0)),
        ("body height", "170", "cm", day(0)),
        ("body surface area", "1.8181", "m2", None),
    ]
    assert (fact.basis.weight_kg, fact.basis.height_on, fact.basis.creatinine) == (Decimal(70), day(0), None)


def test_a_carboplatin_plan_rests_on_the_creatinine() -> None:
    """0.9 mg/dL are 79.56 umol/L: clearance 81.02 mL/min at 65 years and 70 kg, AUC 5: 530 mg (3.4)."""
    fact = the(when(at_c1(), plan(choice="CARBOPLATIN")), f.DosesPlanned)
    assert amounts(fact)["CARBOPLATIN"] == 530
    assert (fact.basis.creatinine, fact.basis.sampled_at) == (Decimal("79.56"), noon(day(6)))


def test_the_gate_plans_what_needs_no_word_of_anyone() -> None:
    """With the platinum of C1 known, C2 is planned in the act that passes its gate (T2, T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(26)), complete=True)
    outcome = when(story, report, on=day(26))
    assert told_kinds(outcome) == [f.LabResultsRecorded, f.GateChecked, f.DosesPlanned]
    assert amounts(the(outcome, f.DosesPlanned))["CISPLATIN"] == 136


def test_an_override_plans_as_a_passed_gate_does() -> None:
    """And a failed gate plans nothing (T11)."""
    story = at_visit(in_neoadjuvant("COHORT_1", 1), LOW)
    assert story.state.current_cycle.doses is None
    outcome = when(story, c.OverrideGate(cycle="C2", why="stable"))
    assert told_kinds(outcome) == [f.GateOverridden, f.DosesPlanned]


def test_adjuvant_cohort_2_is_planned_without_any_measurement() -> None:
    """Benmelstobart 1200 mg is fixed (T7)."""
    plan_of = at_visit(in_adjuvant("COHORT_2")).state.current_cycle.doses
    assert amounts(plan_of) == {"BENMELSTOBART": 1200}
    assert plan_of.basis == f.DoseBasis()


def test_what_is_missing_is_asked_for_by_name_and_nothing_is_guessed() -> None:
    """The first platinum is the investigator's to pick (T2)."""
    story = at_c1()
    assert story.state.current_cycle.doses is None
    ask = next(ask for ask in asks(story.state) if ask.kind == "plan_doses")
    assert ask.text == "C1 doses to plan, missing: the choice between CISPLATIN or CARBOPLATIN"
    assert ask.to == ("INVESTIGATOR",)
    no = refused(when(story, c.PlanDoses(cycle="C1")), Reason.RULE, rule="3.4", field="cycle")
    assert "the choice between CISPLATIN or CARBOPLATIN" in no.detail
    assert not [ask for ask in asks(told(story, plan()).state) if ask.kind == "plan_doses"]


def test_without_a_height_the_plan_waits_for_it() -> None:
    """It is named as missing; the plan follows in the act that brings it (3.4)."""
    evidence = clean(day(0), height_cm=None)
    story = told(
        answered(told(given(), begin(evidence=evidence)), day(1)), c.ConfirmEligibility(judged_on=day(3)), day(3)
    )
    story = told(story, c.RequestRandomization())
    story = at_visit(told(story, c.SlotAllocated(slot=1, arm="COHORT_2", randomized_on=day(3))))
    assert refused(when(story, plan()), Reason.RULE, rule="3.4").detail.endswith("missing: body height")
    story = at_visit(told(story, c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN")))
    assert "C2 doses to plan, missing: body height" in [ask.text for ask in asks(story.state)]
    outcome = when(story, c.RecordEvidence(assessed_on=day(28), height_cm=Decimal(170)))
    assert told_kinds(outcome) == [f.EvidenceRecorded, f.DosesPlanned]


@pytest.mark.parametrize(("sampled", "fresh"), [(3, False), (4, True), (7, True)])
def test_a_creatinine_is_at_most_3_days_old_on_day_1(sampled: int, fresh: bool) -> None:  # noqa: FBT001 - a table
    """N+1, N and 0 days before D1 of day 7 (3.4)."""
    story = told(in_neoadjuvant(), creatinine("79.56", day(sampled)), day(sampled))
    outcome = when(passing(story, day(sampled)), plan(choice="CARBOPLATIN"))
    if fresh:
        assert the(outcome, f.DosesPlanned).basis.sampled_at == noon(day(sampled))
    else:
        assert f"creatinine at most 3 d old on {day(7)}" in refused(outcome, Reason.RULE, rule="3.4").detail


def test_a_level_planned_once_is_kept() -> None:
    """Anlotinib 8 mg in C2 stays 8 mg in C3 (T9)."""
    story = told(at_c2(), plan("C2", None, levels=[level("ANLOTINIB", "8")]))
    story = at_visit(cycle_given(story))
    assert amounts(story.state.current_cycle.doses)["ANLOTINIB"] == 8


# A plan may be refused


@pytest.mark.parametrize(
    ("arm", "levels", "choice", "rule", "accepts"),
    [
        ("COHORT_1", [level("BENMELSTOBART", "600")], "CISPLATIN", "T9", "BENMELSTOBART 1200 mg"),
        ("COHORT_1", [level("ANLOTINIB", "6")], "CISPLATIN", "T9 (assumption Q8)", "ANLOTINIB 12 mg or 10 mg or 8 mg"),
        ("COHORT_1", [level("ETOPOSIDE", "80", "mg/m2")], "CISPLATIN", "T9 (assumption Q8)", "ETOPOSIDE 100 mg/m2"),
        ("COHORT_1", [level("ETOPOSIDE", "100", "mg")], "CISPLATIN", "T9 (assumption Q8)", "ETOPOSIDE 100 mg/m2"),
        (
            "COHORT_2",
            [level("ANLOTINIB", "10")],
            "CISPLATIN",
            "T2.1",
            "BENMELSTOBART, ETOPOSIDE, CISPLATIN, CARBOPLATIN",
        ),
        ("COHORT_2", [level("ASPIRIN", "10")], "CISPLATIN", "T2", "BENMELSTOBART, ETOPOSIDE, CISPLATIN, CARBOPLATIN"),
        (
            "COHORT_1",
            [level("CARBOPLATIN", "5", "mg.min/mL")],
            "CISPLATIN",
            "T2 (assumption Q8)",
            "one of CISPLATIN or CARBOPLATIN",
        ),
        ("COHORT_1", [], "OXALIPLATIN", "T2", "CISPLATIN or CARBOPLATIN"),
        ("COHORT_1", [level("ANLOTINIB", "8")] * 2, "CISPLATIN", "", "each drug once"),
    ],
)
def test_a_plan_against_the_protocol_is_refused(
    arm: str, levels: list[Any], choice: str, rule: str, accepts: str
) -> None:
    """Both platinums, a reduced benmelstobart, an unlisted level, anlotinib in cohort 2, a drug of no line (T2, T9)."""
    no = refused(when(at_c1(arm), plan(choice=choice, levels=levels)), Reason.RULE, rule=rule)
    assert no.accepts == accepts


@pytest.mark.parametrize("amount", ["12", "10", "8"])
def test_a_listed_level_is_planned(amount: str) -> None:
    """12, 10 and 8 mg (T9, Q8)."""
    fact = the(when(at_c1(), plan(levels=[level("ANLOTINIB", amount)])), f.DosesPlanned)
    assert amounts(fact)["ANLOTINIB"] == int(amount)


def test_naming_the_level_of_a_platinum_picks_it() -> None:
    """A choice and a level both need a reason; where there is no choice none is taken (T2)."""
    fact = the(when(at_c1(), plan(choice=None, levels=[level("CARBOPLATIN", "5", "mg.min/mL")])), f.DosesPlanned)
    assert fact.choice == "CARBOPLATIN"
    refused(when(at_c1(), plan(why=None)), Reason.RULE, rule="T2", field="why")
    no = refused(when(at_visit(in_adjuvant()), plan("C4")), Reason.RULE, field="choice")
    assert no.accepts == "no choice: the regimen has none"


def test_only_the_awaited_cycle_is_planned_by_the_investigator() -> None:
    """Another cycle is refused, and so is another role."""
    refused(when(at_c1(), plan("C2")), Reason.PHASE, field="cycle")
    refused(when(at_c1(), plan(), role="PHARMACIST"), Reason.ROLE)


# The plan is kept up to date


@pytest.mark.parametrize(
    ("kilograms", "anew"),
    [("63.1", False), ("63.0", True), ("62.9", True), ("76.9", False), ("77.0", True), ("77.1", True)],
)
def test_a_weight_change_of_10_percent_asks_for_a_new_plan(kilograms: str, anew: bool) -> None:  # noqa: FBT001 - a table
    """Below, at and above, either way; told to investigator and pharmacist, without the weight (3.4)."""
    outcome = when(at_c2(), weighed(kilograms, day(28)))
    found = facts_of(outcome, f.DosesPlanned)
    assert [row.basis.weight_kg for row in found] == ([Decimal(kilograms)] if anew else [])
    if anew:
        notice = the(outcome, f.NoticeRequested, notice="DOSES_RECALCULATED")
        assert notice.text == "C2 doses worked out again: body weight changed by 10 % or more"
        assert notice.to == ("INVESTIGATOR", "PHARMACIST")
        assert (found[0].choice, found[0].because) == ("CISPLATIN", "body weight changed by 10 % or more")
        nothing_happened(when(outcome.story, c.TimePassed()))


def test_a_newer_creatinine_counts_where_the_plan_rests_on_one() -> None:
    """Carboplatin is worked out again, cisplatin is not; an older sample changes nothing (3.4)."""
    story = with_carboplatin()
    outcome = when(story, creatinine("88.4", day(7)))
    assert the(outcome, f.DosesPlanned).because == "newer creatinine"
    assert not facts_of(when(story, creatinine("88.4", day(5))), f.DosesPlanned)
    assert not facts_of(when(told(at_c1(), plan()), creatinine("88.4", day(7))), f.DosesPlanned)


def test_after_day_1_a_plan_stands() -> None:
    """What was given was given by it (3.4)."""
    story = told(told(at_c1(), plan()), c.ReportDose(cycle="C1", given_on=day(7)))
    assert not facts_of(when(story, weighed("50", day(7))), f.DosesPlanned)


def test_an_outdated_plan_that_cannot_be_worked_out_is_asked_for() -> None:
    """Put off, the creatinine is too old on the new day when the weight changes (3.4)."""
    story = told(with_carboplatin(), c.DelayDose(cycle="C1", until=day(14), why="bed"))
    outcome = when(story, weighed("50", day(7)))
    assert not facts_of(outcome, f.DosesPlanned)
    ask = next(ask for ask in asks(outcome.story.state) if ask.kind == "plan_doses")
    assert ask.text == f"C1 doses to plan, missing: creatinine at most 3 d old on {day(14)}"


# What was given against what was planned


def given_c1(story: Story, **changed: Any) -> Outcome:
    """Report C1D1 on day 7."""
    return when(story, c.ReportDose.model_validate({"cycle": "C1", "given_on": day(7)} | changed))


def test_without_amounts_the_planned_ones_are_recorded() -> None:
    """As planned, and the fact says for which drugs; the choice of the plan needs no second word (T2)."""
    fact = the(given_c1(told(at_c1(), plan())), f.DoseGiven)
    assert [(row.drug, row.amount, row.unit) for row in fact.drugs] == [
        ("BENMELSTOBART", Decimal(1200), "mg"),
        ("ETOPOSIDE", Decimal(182), "mg"),
        ("CISPLATIN", Decimal(136), "mg"),
        ("ANLOTINIB", Decimal(10), "mg"),
    ]
    assert fact.as_planned == ("BENMELSTOBART", "ETOPOSIDE", "CISPLATIN", "ANLOTINIB")
    bare = the(given_c1(at_c1(), choice="CISPLATIN"), f.DoseGiven)
    assert ({row.amount for row in bare.drugs}, bare.as_planned) == ({None}, ())


@pytest.mark.parametrize(
    ("drug", "amount", "unit", "important"),
    [
        ("ETOPOSIDE", "181", "mg", None),
        ("ETOPOSIDE", "181.8", "mg", None),
        ("ETOPOSIDE", "182", "mg", None),
        ("ETOPOSIDE", "180.8", "mg", False),
        ("ETOPOSIDE", "183", "mg", False),
        ("ETOPOSIDE", "164", "mg", False),
        ("ETOPOSIDE", "163.8", "mg", True),
        ("ETOPOSIDE", "100", "mg/m2", None),
        ("ETOPOSIDE", "75", "mg/m2", True),
        ("ETOPOSIDE", "100", "mg", True),
        ("ETOPOSIDE", "100", "mg/d", True),
        ("ETOPOSIDE", "182", "mg/d", None),
        ("BENMELSTOBART", "1199", "mg", True),
        ("BENMELSTOBART", "1200", "mg", None),
        ("ANLOTINIB", "8", "mg", True),
    ],
)
def test_an_amount_off_the_plan_is_a_deviation(drug: str, amount: str, unit: str, important: bool | None) -> None:  # noqa: FBT001 - a table
    """Beyond the rounding; from 10 % off, and of a fixed dose always, an important one (T2, T9)."""
    drugs = [{"drug": drug, "amount": amount, "unit": unit}]
    outcome = given_c1(told(at_c1(), plan()), drugs=drugs)
    found = facts_of(outcome, f.DeviationRecorded, item=f"AMOUNT/C1D1/{drug}")
    assert [row.important for row in found] == ([] if important is None else [important])
    assert all(f"{drug} {amount} {unit} on C1D1, planned" in row.text for row in found)


def test_the_other_platinum_than_the_planned_one_is_a_deviation() -> None:
    """Recorded once, with both names (T2)."""
    outcome = given_c1(told(at_c1(), plan()), choice="CARBOPLATIN")
    deviation = the(outcome, f.DeviationRecorded)
    assert (deviation.item, deviation.text) == ("CHOICE/C1", "CARBOPLATIN given in C1, planned CISPLATIN")
    later = when(passing(outcome.story, day(8)), c.ReportDose(cycle="C1", day=2, given_on=day(8)))
    assert told_kinds(later) == [f.DoseGiven]


@pytest.mark.parametrize(("given_on", "stale"), [(9, False), (10, True)])
def test_a_dose_on_an_old_creatinine_is_a_deviation(given_on: int, stale: bool) -> None:  # noqa: FBT001 - a table
    """Sampled on day 6: at most 3 d before it is given (3.4)."""
    story = passing(with_carboplatin(), day(given_on))
    outcome = when(story, c.ReportDose(cycle="C1", given_on=day(given_on)))
    found = facts_of(outcome, f.DeviationRecorded, item="CREATININE/C1D1/CARBOPLATIN")
    assert len(found) == stale


# Days 2 and 3


def test_one_report_covers_days_2_and_3() -> None:
    """A fact each, with the planned amount (T2)."""
    story = passing(given_c1(told(at_c1(), plan())).story, day(9))
    outcome = when(story, c.ReportDose(cycle="C1", day=2, until_day=3, given_on=day(8)))
    found = facts_of(outcome, f.DoseGiven)
    assert [(row.day, row.given_on, row.drugs[0].drug, row.drugs[0].amount) for row in found] == [
        (2, day(8), "ETOPOSIDE", Decimal(182)),
        (3, day(9), "ETOPOSIDE", Decimal(182)),
    ]
    refused(when(outcome.story, c.ReportDose(cycle="C1", day=3, given_on=day(9))), Reason.CONTRADICTS)


def test_named_drugs_are_given_daily() -> None:
    """The same on each of the days."""
    story = passing(given_c1(at_c1(), choice="CISPLATIN").story, day(9))
    drugs = (c.GivenDrug(drug="ETOPOSIDE", amount=Decimal(180), unit="mg"),)
    outcome = when(story, c.ReportDose(cycle="C1", day=2, until_day=3, given_on=day(8), drugs=drugs))
    assert [fact.drugs for fact in facts_of(outcome, f.DoseGiven)] == [drugs, drugs]


def test_a_span_of_days_ends_neither_before_it_begins_nor_in_the_future() -> None:
    """What has not come yet cannot have been given."""
    story = passing(given_c1(at_c1(), choice="CISPLATIN").story, day(8))
    report = c.ReportDose(cycle="C1", day=2, until_day=3, given_on=day(8))
    assert refused(when(story, report), Reason.FUTURE, field="until_day").accepts == f"a day up to {day(8)}"
    backwards = c.ReportDose(cycle="C1", day=3, until_day=2, given_on=day(8))
    refused(when(story, backwards), Reason.IMPOSSIBLE, field="until_day")


def test_unreported_days_are_asked_for_then_missed_and_a_late_report_withdraws_that() -> None:
    """C1D2 and C1D3: one item, due on day 10, the day after the last planned infusion (T2)."""
    story = given_c1(told(at_c1(), plan())).story
    shown = [(ask.kind, ask.text, ask.by) for ask in asks(story.state)]
    assert shown[:2] == [("dose_given", "C1D2 ETOPOSIDE", day(8)), ("dose_given", "C1D3 ETOPOSIDE", day(9))]
    assert story.due.key == f"MISSED/C1/{day(10)}"
    nothing_happened(when(story, c.TimePassed(), on=day(9)))
    outcome = when(story, c.TimePassed(), on=day(10))
    assert {row.item for row in facts_of(outcome, f.DeviationRecorded)} == {
        "MISSED/C1D2/ETOPOSIDE",
        "MISSED/C1D3/ETOPOSIDE",
    }
    assert all("INVESTIGATOR" in row.to for row in facts_of(outcome, f.NoticeRequested))
    assert asks(outcome.story.state)[0].text.startswith("C2D1")
    late = when(outcome.story, c.ReportDose(cycle="C1", day=2, until_day=3, given_on=day(8)))
    assert told_kinds(late) == [f.DoseGiven, f.DeviationWithdrawn, f.DoseGiven, f.DeviationWithdrawn]
    assert late.story.state.deviations == {}


def test_one_of_two_days_reported_leaves_the_other_missed() -> None:
    """Day 2 is reported; day 3 is not, also when surgery is awaited by then (T2)."""
    story = at_visit(in_neoadjuvant("COHORT_2", 2))
    story = passing(told(story, c.ReportDose(cycle="C3", given_on=day(49))), day(50))
    story = told(story, c.ReportDose(cycle="C3", day=2, given_on=day(50)))
    outcome = when(story, c.TimePassed(), on=day(52))
    assert the(outcome, f.DeviationRecorded).item == "MISSED/C3D3/ETOPOSIDE"


def test_after_the_end_of_treatment_nothing_is_missed() -> None:
    """Withdrawn on day 2 of the cycle: days 2 and 3 are not awaited (T2)."""
    story = passing(given_c1(at_c1(), choice="CISPLATIN").story, day(8))
    story = told(story, c.ReportWithdrawal(withdrawn_on=day(8), level="TREATMENT"))
    assert not [ask for ask in asks(story.state) if ask.kind == "dose_given"]
    assert not facts_of(when(story, c.TimePassed(), on=day(11)), f.DeviationRecorded)


# The window of day 1 (T2.2)


@pytest.mark.parametrize(("off", "days_off"), [(-4, -1), (-3, None), (-2, None), (0, None), (3, None), (4, 1)])
def test_the_window_of_day_1(off: int, days_off: int | None) -> None:
    """Early as a plan is refused, early or late as a report a deviation; the latter carries its reason (T2.2)."""
    story = passing(in_neoadjuvant("COHORT_2", 1), day(22))
    on = day(28 + off)
    delay = c.DelayDose(cycle="C2", until=on, why="no bed")
    if off:
        outcome = when(story, delay)
        assert (outcome.refusal is not None) == (off < -3)
    story = told(story, delay) if off > 3 else story
    given_on = when(passing(story, on), c.ReportDose(cycle="C2", given_on=on))
    found = facts_of(given_on, f.DeviationRecorded, item="C2")
    assert [(row.days_off, row.why) for row in found] == (
        [] if days_off is None else [(days_off, "no bed" if off > 0 else None)]
    )


def test_a_late_day_1_without_a_reason_says_so() -> None:
    """The delay was never told (T2.2); a reason's free text goes into no notice."""
    story = passing(in_neoadjuvant("COHORT_2", 1), day(32))
    row = the(when(story, c.ReportDose(cycle="C2", given_on=day(32))), f.DeviationRecorded, item="C2")
    assert row.text.endswith("no reason of the delay on record")
    story = told(in_neoadjuvant("COHORT_2", 1), c.DelayDose(cycle="C2", until=day(33), why="no bed"))
    outcome = when(passing(story, day(33)), c.ReportDose(cycle="C2", given_on=day(33)))
    assert not [fact for fact in facts_of(outcome, f.NoticeRequested) if "no bed" in fact.text]


@pytest.mark.parametrize(("until", "asked"), [(49, False), (50, True)])
def test_beyond_21_days_of_delay_the_investigator_is_asked(until: int, asked: bool) -> None:  # noqa: FBT001 - a table
    """21 and 22 d after day 28 (T2.2, Q7)."""
    outcome = when(in_neoadjuvant("COHORT_2", 1), c.DelayDose(cycle="C2", until=day(until), why="no bed"))
    assert bool(facts_of(outcome, f.NoticeRequested, notice="MAXIMUM_DELAY")) == asked


def test_an_overdue_day_1_carries_the_reason_of_its_delay() -> None:
    """Put off to day 33, overdue after day 36 (T2.2)."""
    story = told(in_neoadjuvant("COHORT_2", 1), c.DelayDose(cycle="C2", until=day(33), why="no bed"))
    outcome = when(passing(story, day(36)), c.TimePassed(), on=day(37))
    assert the(outcome, f.DeviationRecorded, item="C2").why == "no bed"


def test_the_days_of_a_cycle_are_counted_from_its_actual_day_1() -> None:
    """C2 given 2 d late: its days 2 and 3 are missed 2 d later too (T2)."""
    story = passing(at_c2(), day(30))
    story = told(story, c.ReportDose(cycle="C2", given_on=day(30)))
    assert story.due.key == f"MISSED/C2/{day(30) + timedelta(days=3)}"


# What is missing, and why a plan is outdated, is named as a whole


def bare(**without: None) -> Story:
    """A subject of cohort 2 whose evidence lacks something; it is day 7."""
    story = answered(told(given(), begin(evidence=clean(day(0), **without))), day(1))
    story = told(told(story, c.ConfirmEligibility(judged_on=day(3)), day(3)), c.RequestRandomization())
    return at_visit(told(story, c.SlotAllocated(slot=1, arm="COHORT_2", randomized_on=day(3))))


def missing(story: Story, **changed: Any) -> str:
    """Give what a plan of C1 is refused for."""
    detail = refused(when(story, plan(**changed)), Reason.RULE, rule="3.4", field="cycle").detail
    return detail.partition("missing: ")[2]


def test_everything_a_plan_lacks_is_named_once() -> None:
    """Height for etoposide, a fresh creatinine for carboplatin; weight for neither (3.4)."""
    assert missing(bare(height_cm=None)) == "body height"
    late = passing(bare(height_cm=None), day(10))
    assert missing(late, choice="CARBOPLATIN") == f"body height, creatinine at most 3 d old on {day(10)}"
    assert missing(late, choice=None) == "body height, the choice between CISPLATIN or CARBOPLATIN"


def test_without_any_creatinine_carboplatin_is_not_worked_out() -> None:
    """The clearance has nothing to go by; what else is planned is (3.4)."""
    journey = replace(in_neoadjuvant().state, labs={})
    cycle = journey.current_cycle
    assert cycle is not None
    order = work_out(journey, cycle, day(3), Wish("CARBOPLATIN"))
    assert order.missing == (f"creatinine at most 3 d old on {day(7)}",)
    assert [row.drug for row in order.administrations] == ["BENMELSTOBART", "ETOPOSIDE", "ANLOTINIB"]


def test_without_a_weight_nothing_by_area_is_worked_out() -> None:
    """It is named; what is fixed is planned (3.4)."""
    journey = replace(in_neoadjuvant().state, weight_kg=None)
    cycle = journey.current_cycle
    assert cycle is not None
    order = work_out(journey, cycle, day(3), Wish("CISPLATIN"))
    assert order.missing == ("body weight",)
    assert [row.drug for row in order.administrations] == ["BENMELSTOBART", "ANLOTINIB"]


def test_an_open_choice_leaves_the_rest_worked_out() -> None:
    """Anlotinib stands after the platinum (T2, T2.1)."""
    journey = in_neoadjuvant().state
    order = work_out(journey, journey.current_cycle, day(3))
    assert [row.drug for row in order.administrations] == ["BENMELSTOBART", "ETOPOSIDE", "ANLOTINIB"]
    assert (order.missing, order.choice) == (("the choice between CISPLATIN or CARBOPLATIN",), None)


def test_every_reason_for_a_new_plan_is_named() -> None:
    """Weight and creatinine in one act (3.4)."""
    row = creatinine("88.4", day(7)).results
    outcome = when(with_carboplatin(), c.RecordEvidence(assessed_on=day(7), weight_kg=Decimal(50), labs=row))
    fact = the(outcome, f.DosesPlanned)
    assert fact.because == "body weight changed by 10 % or more, newer creatinine"
    assert (fact.choice, fact.why) == ("CARBOPLATIN", "renal function")


def test_a_hold_counts_for_each_day_of_a_report_by_itself() -> None:
    """Etoposide held from day 9 on: of days 8 and 9 it was given on the first alone (T9)."""
    story = passing(given_c1(told(at_c1(), plan())).story, day(9))
    story = told(story, c.HoldDrug(drug="ETOPOSIDE", decided_on=day(9), why="rash"))
    both = c.ReportDose(cycle="C1", day=2, until_day=3, given_on=day(8))
    assert refused(when(story, both), Reason.IMPOSSIBLE, field="day").detail == "nothing is planned on C1D3"
    first = when(story, c.ReportDose(cycle="C1", day=2, given_on=day(8)))
    assert [row.drug for row in the(first, f.DoseGiven).drugs] == ["ETOPOSIDE"]


def test_a_level_by_area_is_held_against_the_level_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a protocol lists 80 mg/m2 of etoposide and it is planned: 80 mg/m2 are as planned, 100 are not (T9)."""
    ours = catalogue.latest(TRIAL_ID)
    level_row = DoseLevels(drug="ETOPOSIDE", amounts=(Decimal(100), Decimal(80)), source=ours.dosing.level_source)
    dosing = ours.dosing.model_copy(update={"levels": (*ours.dosing.levels, level_row)})
    other = ours.model_copy(update={"dosing": dosing})
    monkeypatch.setitem(catalogue.PROTOCOLS, (ours.trial, ours.version), other)
    story = told(at_c1(), plan(levels=[level("ETOPOSIDE", "80", "mg/m2")]))
    for amount, off in (("80", False), ("100", True)):
        outcome = given_c1(story, drugs=[{"drug": "ETOPOSIDE", "amount": amount, "unit": "mg/m2"}])
        assert bool(facts_of(outcome, f.DeviationRecorded, item="AMOUNT/C1D1/ETOPOSIDE")) == off


def test_a_plan_without_a_word_keeps_choice_and_reason_of_the_one_before() -> None:
    """And has none where there was no plan before (T2)."""
    fact = the(when(told(at_c1(), plan()), c.PlanDoses(cycle="C1")), f.DosesPlanned)
    assert (fact.choice, fact.why) == ("CISPLATIN", "renal function")
    story = in_neoadjuvant("COHORT_1", 1)
    assert story.state.current_cycle.doses is None
    fact = the(when(story, c.PlanDoses(cycle="C2")), f.DosesPlanned)
    assert (fact.choice, fact.why) == ("CISPLATIN", None)


@pytest.mark.parametrize(("on", "refusal"), [(10, Reason.CONTRADICTS), (11, Reason.CONTRADICTS), (12, Reason.CONFIRM)])
def test_a_later_day_of_a_cycle_fixes_its_day_1_after_that_of_the_one_before(on: int, refusal: Reason) -> None:
    """C2 day 5 on day 11 would put C2D1 on day 7, which is C1D1; a day later it asks for confirmation (T2.2)."""
    report = c.ReportDose(cycle="C2", day=5, given_on=day(on), drugs=(c.GivenDrug(drug="ASPIRIN"),))
    refused(when(passing(in_neoadjuvant("COHORT_1", 1), day(12)), report), refusal)


def test_naming_the_level_of_a_drug_without_choice_picks_nothing() -> None:
    """Benmelstobart stands before the platinum and has but one level (T2, T9)."""
    fact = the(when(at_c1(), plan(levels=[level("BENMELSTOBART", "1200")])), f.DosesPlanned)
    assert (fact.choice, amounts(fact)["CISPLATIN"]) == ("CISPLATIN", 136)
