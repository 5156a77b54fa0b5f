"""Amounts given against amounts planned: in any unit of mass, with a plan and without one. Source: T2, T9, 3.4."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from domain.units import as_mass, is_mass
from tests.correcting import correct, day_1
from tests.given import Story, facts_of, given, refused, the, when
from tests.stories import at_visit, in_neoadjuvant, passing, told


def planned(choice: str = "CISPLATIN") -> Story:
    """C1D1 has come, its gate has passed, and its doses are planned: 70 kg and 170 cm."""
    story = at_visit(in_neoadjuvant("COHORT_1"))
    return told(story, c.PlanDoses(cycle="C1", choice=choice, why="renal function"))


def unplanned() -> Story:
    """C1D1 has come, and nobody planned its doses."""
    story = in_neoadjuvant("COHORT_1")
    return passing(story, story.state.current_cycle.planned_on)


def deviations(story: Story, drug: str, amount: str, unit: str) -> list[tuple[str, bool]]:
    """Give the deviation of the amount of one drug, and whether it is important."""
    given = (c.GivenDrug(drug=drug, amount=Decimal(amount), unit=unit),)
    outcome = when(story, c.ReportDose(cycle="C1", given_on=story.today, drugs=given))
    assert outcome.refusal is None
    found = facts_of(outcome, f.DeviationRecorded)
    return [(row.item, row.important) for row in found if row.item.startswith("AMOUNT/")]


@pytest.mark.parametrize("story", [planned(), unplanned()])
@pytest.mark.parametrize(
    ("drug", "amount", "unit", "differs"),
    [
        ("BENMELSTOBART", "1200", "mg", False),
        ("BENMELSTOBART", "1.2", "g", False),
        ("BENMELSTOBART", "1200000", "ug", False),
        ("BENMELSTOBART", "1200000", "\u00b5g", False),
        ("BENMELSTOBART", "1200000", "\u03bcg", False),
        ("BENMELSTOBART", "1199.5", "mg", True),
        ("BENMELSTOBART", "1200.5", "mg", True),
        ("BENMELSTOBART", "0.6", "g", True),
        ("BENMELSTOBART", "600000", "mcg", True),
        ("ANLOTINIB", "10", "mg", False),
        ("ANLOTINIB", "9.5", "mg", True),
    ],
)
def test_a_fixed_dose_has_no_tolerance(story: Story, drug: str, amount: str, unit: str, differs: bool) -> None:  # noqa: FBT001 - a table
    """1200 mg and 10 mg; anything else is an important deviation (T2, T2.1, T9)."""
    assert deviations(story, drug, amount, unit) == ([(f"AMOUNT/C1D1/{drug}", True)] if differs else [])


@pytest.mark.parametrize(
    ("amount", "unit", "found"),
    [
        ("182", "mg", []),
        ("0.182", "g", []),
        ("181", "mg", []),
        ("180.8", "mg", [False]),
        ("40", "mg", [True]),
        ("100", "mg/m2", []),
        ("80", "mg/m2", [True]),
    ],
)
def test_a_calculated_dose_is_held_against_its_amount(amount: str, unit: str, found: list[bool]) -> None:
    """181.81 mg of etoposide for 1.8181 m2: a step of the rounding is let be, a tenth is important (3.4)."""
    assert [important for _, important in deviations(planned(), "ETOPOSIDE", amount, unit)] == found


@pytest.mark.parametrize(
    ("drug", "amount", "differs"),
    [
        ("CISPLATIN", "136", False),
        ("CISPLATIN", "500", True),
        ("CARBOPLATIN", "2000", True),
        ("ETOPOSIDE", "182", False),
    ],
)
def test_without_a_plan_the_amount_is_worked_out(drug: str, amount: str, differs: bool) -> None:  # noqa: FBT001 - a table
    """From the measurements on record, for the drug that was given (3.4)."""
    story = at_visit(in_neoadjuvant("COHORT_1"))
    assert story.state.current_cycle.doses is None
    found = deviations(story, drug, amount, "mg")
    assert found == ([(f"AMOUNT/C1D1/{drug}", True)] if differs else [])


def test_the_other_platinum_than_planned_is_held_against_its_own_dose() -> None:
    """900 mg of carboplatin where cisplatin was planned: above 750 mg, the most that AUC 5 can give (3.4)."""
    assert deviations(planned("CISPLATIN"), "CARBOPLATIN", "900", "mg") == [("AMOUNT/C1D1/CARBOPLATIN", True)]


@pytest.mark.parametrize("unit", ["", "mL", "IU", "mg/kg"])
def test_an_amount_in_no_unit_of_its_drug_is_asked_back(unit: str) -> None:
    """18 may be anything: the unit is named, with what would be taken."""
    given = (c.GivenDrug(drug="ETOPOSIDE", amount=Decimal(18), unit=unit),)
    story = planned()
    no = refused(when(story, c.ReportDose(cycle="C1", given_on=story.today, drugs=given)), Reason.MALFORMED)
    assert (no.field, no.accepts) == ("drugs.0.unit", "mg, g or ug, or mg/m2")


def test_a_drug_outside_the_regimen_may_be_in_any_unit() -> None:
    """What happened is recorded: heparin is given in units."""
    given = (c.GivenDrug(drug="HEPARIN", amount=Decimal(5000), unit="[IU]"),)
    story = planned()
    outcome = when(story, c.ReportDose(cycle="C1", given_on=story.today, drugs=given))
    assert "DRUG/C1D1/HEPARIN" in [row.item for row in facts_of(outcome, f.DeviationRecorded)]


def test_masses_are_converted_exactly() -> None:
    """There and back, in Decimal."""
    assert as_mass(Decimal("0.1"), "g", "ug") == Decimal(100000)
    assert as_mass(Decimal(7), "ug", "g") == Decimal("0.000007")
    assert as_mass(Decimal(1), "mg", "mL") is None
    assert as_mass(Decimal(1), "kg", "mg") is None
    assert is_mass("mg")
    assert not is_mass("MG")


@pytest.mark.parametrize(
    ("drug", "amount", "unit", "asked"),
    [
        ("ETOPOSIDE", "36.4", "mg", True),
        ("ETOPOSIDE", "36.5", "mg", False),
        ("ETOPOSIDE", "909", "mg", False),
        ("ETOPOSIDE", "910", "mg", True),
        ("ETOPOSIDE", "0.91", "g", True),
        ("ETOPOSIDE", "1e309", "mg", True),
        ("BENMELSTOBART", "6000", "mg", True),
        ("BENMELSTOBART", "5999", "mg", False),
        ("ETOPOSIDE", "500", "mg/m2", False),
    ],
)
def test_an_amount_far_from_the_planned_one_must_be_confirmed(drug: str, amount: str, unit: str, asked: bool) -> None:  # noqa: FBT001 - a table
    """Five times 182 mg or 1200 mg, or a fifth: as a wrong unit makes it. With a reason it is recorded (Q9)."""
    report = c.ReportDose(
        cycle="C1", given_on=planned().today, drugs=(c.GivenDrug(drug=drug, amount=Decimal(amount), unit=unit),)
    )
    outcome = when(planned(), report)
    assert (outcome.refusal is not None and outcome.refusal.reason == Reason.CONFIRM) is asked
    if asked:
        assert outcome.refusal is not None
        assert "is far from the planned" in outcome.refusal.detail
        confirmed = when(planned(), report, confirmed=True, reason="read twice")
        assert the(confirmed, f.DoseGiven).drugs[0].amount == Decimal(amount)


def test_an_amount_whose_plan_cannot_be_worked_out_is_recorded_as_such() -> None:
    """3.4: without a weight there is no body surface: 182 mg may be right or wrong; a person must look."""
    story = at_visit(in_neoadjuvant("COHORT_1"))
    bare = tuple(
        fact.model_copy(update={"weight_kg": None}) if isinstance(fact, f.EvidenceRecorded) else fact
        for fact in story.facts
    )
    story = replace(given(*bare, at=story.now), entered=story.entered)
    drug = c.GivenDrug(drug="ETOPOSIDE", amount=Decimal(182), unit="mg")
    outcome = when(story, c.ReportDose(cycle="C1", given_on=story.today, drugs=(drug,)))
    deviation = the(outcome, f.DeviationRecorded, item="AMOUNT/C1D1/ETOPOSIDE")
    assert deviation.text == "ETOPOSIDE 182 mg on C1D1 cannot be held against its plan"
    assert (deviation.rule, deviation.important, deviation.actual_on) == ("T2", False, story.today)
    level = c.GivenDrug(drug="ETOPOSIDE", amount=Decimal(100), unit="mg/m2")
    outcome = when(story, c.ReportDose(cycle="C1", given_on=story.today, drugs=(level,)))
    assert facts_of(outcome, f.DeviationRecorded, item="AMOUNT/C1D1/ETOPOSIDE") == []


def given_as_planned() -> Story:
    """C1D1 was given as planned: 182 mg of etoposide."""
    story = planned()
    return told(story, c.ReportDose(cycle="C1", given_on=story.today))


def rewritten(story: Story, drug: str, **fields: str) -> list[dict[str, object]]:
    """Give the drugs of C1D1 with some fields of one of them changed."""
    rows = [row.model_dump(mode="json") for row in story.facts[day_1(story, 1) - 1].drugs]
    return [row | fields if row["drug"] == drug else row for row in rows]


@pytest.mark.parametrize("unit", ["", "mL", "mg/kg"])
def test_a_corrected_amount_in_no_unit_of_its_drug_is_asked_back(unit: str) -> None:
    """3.4: as in the report at first; the place in the list is named."""
    story = given_as_planned()
    rows = rewritten(story, "ETOPOSIDE", amount="18", unit=unit)
    place = [row["drug"] for row in rows].index("ETOPOSIDE")
    no = refused(correct(story, day_1(story, 1), drugs=rows), Reason.MALFORMED, field=f"fields.drugs.{place}.unit")
    assert no.accepts == "mg, g or ug, or mg/m2"
    assert no.detail == f"the amount of ETOPOSIDE is given {f'in {unit!r}' if unit else 'without its unit'}"


@pytest.mark.parametrize(("amount", "asked"), [("909", False), ("910", True), ("36.5", False), ("36.4", True)])
def test_a_corrected_amount_far_from_the_planned_one_must_be_confirmed(amount: str, *, asked: bool) -> None:
    """Q9: five times 182 mg, or a fifth; with a reason it is recorded as an important deviation."""
    story = given_as_planned()
    number, rows = day_1(story, 1), rewritten(story, "ETOPOSIDE", amount=amount)
    outcome = correct(story, number, drugs=rows)
    if asked:
        no = refused(outcome, Reason.CONFIRM, field="fields.drugs")
        assert no.detail == f"ETOPOSIDE {amount} mg on C1D1 is far from the planned 182 mg"
        outcome = correct(story, number, how={"confirmed": True, "reason": "read twice"}, drugs=rows)
    assert the(outcome, f.DeviationRecorded, item="AMOUNT/C1D1/ETOPOSIDE").important
    other = correct(outcome.story, number, given_on=str(story.today - timedelta(days=1)))
    assert other.refusal is None


def test_what_stands_on_record_is_not_asked_about_again() -> None:
    """An older record has an amount without a unit: another drug of the report is corrected all the same."""
    story = planned()
    story = told(story, c.ReportDose(cycle="C1", given_on=story.today))
    number = day_1(story, 1)
    old = story.facts[number - 1]
    bare = tuple(c.GivenDrug(drug=row.drug, amount=row.amount) if row.drug == "ETOPOSIDE" else row for row in old.drugs)
    facts = [old.model_copy(update={"drugs": bare}) if fact is old else fact for fact in story.facts]
    story = replace(given(*facts, at=story.now), entered=story.entered)
    outcome = correct(story, number, drugs=rewritten(story, "BENMELSTOBART", amount="1100"))
    assert [(row.item, row.text) for row in facts_of(outcome, f.DeviationRecorded)] == [
        ("AMOUNT/C1D1/BENMELSTOBART", "BENMELSTOBART 1100 mg on C1D1, planned 1200 mg")
    ]
