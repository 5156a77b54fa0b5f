"""Amounts given against amounts planned: in any unit of mass, with a plan and without one. Source: T2, T9, 3.4."""

from decimal import Decimal

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from domain.units import as_mass, is_mass
from tests.given import Story, facts_of, refused, the, when
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
