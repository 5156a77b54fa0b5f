"""The dosing formulas: the vectors of the clinical specification 3.4, the options that are off, the one rounding."""

from datetime import date
from decimal import Context, Decimal, localcontext

import pytest

from domain.dosing import (
    DoseInput,
    Measured,
    Measures,
    Missing,
    adjusted_weight,
    body_mass_index,
    calculate,
    calvert,
    creatinine_clearance,
    dubois,
    ideal_weight,
    mosteller,
    rounded,
)
from domain.nct06978153.doses import DOSING
from domain.protocol import Dose, Dosing, RegimenLine, Source
from domain.values import Sex

ON = date(2025, 6, 2)
HERE = Source(rule="T2")
ETOPOSIDE = Dose(drug="ETOPOSIDE", amount=Decimal(100), unit="mg/m2")
CISPLATIN = Dose(drug="CISPLATIN", amount=Decimal(75), unit="mg/m2")
CARBOPLATIN = Dose(drug="CARBOPLATIN", amount=Decimal(5), unit="mg.min/mL")


def measures(
    weight: str = "70", height: str = "170", creatinine: str = "88.4", sex: Sex = "MALE", age: int = 60
) -> Measures:
    """Give the measures of a subject."""
    kg, cm, umol = (Measured(Decimal(text), ON) for text in (weight, height, creatinine))
    return Measures(sex, kg, cm, umol, age_years=age)


def worked(dose: Dose, known: Measures, rules: Dosing = DOSING) -> tuple[Decimal, Decimal]:
    """Give an amount unrounded and rounded."""
    line = RegimenLine(options=(dose,), route="IV", days=(1,), source=HERE)
    found = calculate(line, dose, known, rules)
    return found.unrounded, found.amount


def with_clearance(**changed: object) -> Dosing:
    """Give the dosing rules with another clearance row."""
    return DOSING.model_copy(update={"clearance": DOSING.clearance.model_copy(update=changed)})


def test_the_surface_areas_of_the_specification() -> None:
    """170 cm and 70 kg: Mosteller 1.8181, DuBois 1.8097 m2 (3.4)."""
    size = {"height_cm": Decimal(170), "weight_kg": Decimal(70)}
    assert f"{mosteller(**size):.4f}" == "1.8181"
    assert f"{dubois(**size):.4f}" == "1.8097"


@pytest.mark.parametrize(("dose", "unrounded", "amount"), [(ETOPOSIDE, "181.8", 182), (CISPLATIN, "136.4", 136)])
def test_the_doses_by_area_of_the_specification(dose: Dose, unrounded: str, amount: int) -> None:
    """Etoposide 181.8 mg a day, cisplatin 136.4 mg, each rounded once, at the end (3.4)."""
    found = worked(dose, measures())
    assert (f"{found[0]:.1f}", int(found[1])) == (unrounded, amount)


@pytest.mark.parametrize(
    ("known", "clearance", "unrounded", "amount"),
    [
        (measures(), "77.78", "513.9", 514),
        (measures(sex="FEMALE"), "66.11", "455.6", 456),
        (measures(weight="95", creatinine="60", age=45), "184.7", "750.0", 750),
    ],
)
def test_the_doses_by_clearance_of_the_specification(
    known: Measures, clearance: str, unrounded: str, amount: int
) -> None:
    """Cockcroft-Gault and Calvert: 77.78 and 513.9, 66.11 and 455.6, and 184.7 capped at 125: 750 mg (3.4)."""
    assert known.weight_kg is not None
    assert known.creatinine is not None
    found = creatinine_clearance(
        age_years=known.age_years, weight_kg=known.weight_kg.value, creatinine=known.creatinine.value, sex=known.sex
    )
    places = len(clearance.partition(".")[2])
    assert f"{found:.{places}f}" == clearance
    dose = worked(CARBOPLATIN, known)
    assert (f"{dose[0]:.1f}", int(dose[1])) == (unrounded, amount)


@pytest.mark.parametrize(("gfr", "milligrams"), [("124.9", "749.5"), ("125", "750"), ("125.1", "750")])
def test_the_clearance_is_capped_at_125(gfr: str, milligrams: str) -> None:
    """Below, at and above: AUC 5 gives at most 750 mg (3.4)."""
    cap = DOSING.clearance.cap_ml_per_min
    assert cap is not None
    assert calvert(auc=Decimal(5), gfr=min(Decimal(gfr), cap)) == Decimal(milligrams)


def test_a_capped_clearance_is_recorded_beside_the_uncapped_one() -> None:
    """Both stand among the inputs; without a cap the whole clearance counts (3.4)."""
    known = measures(weight="95", creatinine="60", age=45)
    line = RegimenLine(options=(CARBOPLATIN,), route="NOT_STATED", days=(1,), source=HERE)
    found = calculate(line, CARBOPLATIN, known, DOSING)
    names = [row.name for row in found.inputs]
    assert names == [
        "dose level",
        "body weight",
        "creatinine",
        "age",
        "sex",
        "creatinine clearance",
        "clearance, capped",
    ]
    assert found.inputs[-1] == DoseInput(name="clearance, capped", value="125", unit="mL/min")
    assert found.inputs[2] == DoseInput(name="creatinine", value="60", unit="umol/L", on=ON)
    assert (found.formula, found.version, found.rule) == ("CALVERT_COCKCROFT_GAULT", "1", "T2")
    assert worked(CARBOPLATIN, known, with_clearance(cap_ml_per_min=None))[1] == 1048


def test_the_surface_area_may_be_capped() -> None:
    """At 2.0 m2 only if the protocol says so; ours does not (3.4)."""
    large = measures(weight="110", height="190")
    assert worked(ETOPOSIDE, large)[1] == 241
    capped = DOSING.model_copy(update={"area": DOSING.area.model_copy(update={"cap_m2": Decimal(2)})})
    assert worked(ETOPOSIDE, large, capped)[1] == 200
    assert worked(ETOPOSIDE, measures(), capped)[1] == 182


def test_dubois_is_an_option() -> None:
    """180.97 mg by DuBois where Mosteller gives 181.81 (3.4)."""
    other = DOSING.model_copy(update={"area": DOSING.area.model_copy(update={"formula": "DUBOIS"})})
    assert worked(ETOPOSIDE, measures(), other)[1] == 181


@pytest.mark.parametrize(("weight", "adjusted"), [("72.24", False), ("72.25", True), ("72.26", True)])
def test_the_adjusted_weight_is_off_unless_configured(weight: str, adjusted: bool) -> None:  # noqa: FBT001 - a table
    """From a body mass index of 25, which is 72.25 kg at 170 cm; ours uses the actual weight (3.4)."""
    known = measures(weight=weight)
    plain, other = (
        worked(CARBOPLATIN, known),
        worked(CARBOPLATIN, known, with_clearance(adjusted_weight_from_bmi=Decimal(25))),
    )
    assert (other[0] < plain[0]) == adjusted


def test_the_ideal_and_the_adjusted_weight() -> None:
    """Devine: 65.94 kg for a man and 61.44 kg for a woman of 170 cm; adjusted 0.4 of the way up (3.4)."""
    assert f"{ideal_weight(height_cm=Decimal(170), sex='MALE'):.2f}" == "65.94"
    assert f"{ideal_weight(height_cm=Decimal(170), sex='FEMALE'):.2f}" == "61.44"
    assert f"{adjusted_weight(height_cm=Decimal(170), weight_kg=Decimal(100), sex='MALE'):.2f}" == "79.56"


@pytest.mark.parametrize(("creatinine", "raised"), [("61.87", True), ("61.88", False), ("61.89", False)])
def test_the_minimum_creatinine_is_off_unless_configured(creatinine: str, raised: bool) -> None:  # noqa: FBT001 - a table
    """0.7 mg/dL are 61.88 umol/L: a lower value counts as that (3.4)."""
    known = measures(creatinine=creatinine)
    rules = with_clearance(minimum_creatinine=Decimal("61.88"))
    assert (worked(CARBOPLATIN, known, rules)[0] < worked(CARBOPLATIN, known)[0]) == raised


@pytest.mark.parametrize(
    ("amount", "step", "expected"),
    [
        ("181.4999", "1", "181"),
        ("181.5", "1", "182"),
        ("182.5", "1", "183"),
        ("181.8", "10", "180"),
        ("185", "10", "190"),
    ],
)
def test_half_a_step_is_rounded_up(amount: str, step: str, expected: str) -> None:
    """Once, to the nearest step (3.4)."""
    assert rounded(Decimal(amount), Decimal(step)) == Decimal(expected)


def test_what_is_missing_is_named() -> None:
    """Nothing is guessed: weight and height for an area, weight and creatinine for a clearance (3.4)."""
    bare = Measures("MALE")
    for dose, names in ((ETOPOSIDE, ("body weight", "body height")), (CARBOPLATIN, ("body weight", "creatinine"))):
        with pytest.raises(Missing) as missing:
            worked(dose, bare)
        assert missing.value.what == names
    with pytest.raises(Missing) as missing:
        worked(CARBOPLATIN, bare, with_clearance(adjusted_weight_from_bmi=Decimal(25)))
    assert missing.value.what == ("body weight", "creatinine", "body height")


def test_a_dose_in_an_unknown_unit_has_no_formula() -> None:
    """It is named as missing, never taken for milligrams."""
    with pytest.raises(Missing, match=r"a formula for X in \[IU\]"):
        worked(Dose(drug="X", amount=Decimal(5), unit="[IU]"), measures())


def test_a_fixed_dose_needs_nothing() -> None:
    """1200 mg stay 1200 mg (T2)."""
    assert worked(Dose(drug="BENMELSTOBART", amount=Decimal(1200), unit="mg"), Measures("FEMALE")) == (
        Decimal(1200),
        Decimal(1200),
    )


# What an amount was worked out from


def inputs(dose: Dose, known: Measures, rules: Dosing = DOSING) -> list[tuple[str, str, str, date | None]]:
    """Give the name, the value to six characters, the unit and the date of each input."""
    line = RegimenLine(options=(dose,), route="IV", days=(1,), source=HERE)
    return [(row.name, row.value[:6], row.unit, row.on) for row in calculate(line, dose, known, rules).inputs]


def test_every_input_of_a_dose_by_clearance_is_recorded_with_unit_and_date() -> None:
    """The age is that of the day of the sample (3.4)."""
    assert inputs(CARBOPLATIN, measures()) == [
        ("dose level", "5", "mg.min/mL", None),
        ("body weight", "70", "kg", ON),
        ("creatinine", "88.4", "umol/L", ON),
        ("age", "60", "a", ON),
        ("sex", "MALE", "", None),
        ("creatinine clearance", "77.777", "mL/min", None),
    ]


def test_what_an_option_made_of_an_input_is_recorded_beside_it() -> None:
    """Adjusted weight of a woman, minimum creatinine and cap, each beside what was measured (3.4)."""
    rules = with_clearance(adjusted_weight_from_bmi=Decimal(25), minimum_creatinine=Decimal("61.88"))
    assert inputs(CARBOPLATIN, measures("100", creatinine="40", sex="FEMALE", age=30), rules) == [
        ("dose level", "5", "mg.min/mL", None),
        ("body weight", "100", "kg", ON),
        ("creatinine", "40", "umol/L", ON),
        ("age", "30", "a", ON),
        ("sex", "FEMALE", "", None),
        ("body height", "170", "cm", ON),
        ("adjusted body weight", "76.862", "kg", None),
        ("creatinine, minimum", "61.88", "umol/L", None),
        ("creatinine clearance", "142.59", "mL/min", None),
        ("clearance, capped", "125", "mL/min", None),
    ]


def test_a_creatinine_at_its_minimum_is_not_raised() -> None:
    """61.88 umol/L stays what it is (3.4)."""
    rules = with_clearance(minimum_creatinine=Decimal("61.88"))
    assert "creatinine, minimum" not in [row[0] for row in inputs(CARBOPLATIN, measures(creatinine="61.88"), rules)]
    assert "creatinine, minimum" in [row[0] for row in inputs(CARBOPLATIN, measures(creatinine="61.87"), rules)]


def test_a_capped_area_is_recorded_beside_the_uncapped_one() -> None:
    """2.4095 m2 counts as 2 m2 (3.4)."""
    capped = DOSING.model_copy(update={"area": DOSING.area.model_copy(update={"cap_m2": Decimal(2)})})
    assert inputs(ETOPOSIDE, measures(weight="110", height="190"), capped) == [
        ("dose level", "100", "mg/m2", None),
        ("body weight", "110", "kg", ON),
        ("body height", "190", "cm", ON),
        ("body surface area", "2.4094", "m2", None),
        ("body surface area, capped", "2", "m2", None),
    ]


def test_the_adjusted_weight_of_a_woman() -> None:
    """61.44 kg and 0.4 of the 38.56 kg above it (3.4)."""
    assert f"{adjusted_weight(height_cm=Decimal(170), weight_kg=Decimal(100), sex='FEMALE'):.2f}" == "76.86"


def test_the_precision_of_the_surroundings_changes_no_amount() -> None:
    """28 digits inside each formula, whatever the caller set (3.4)."""

    def every_formula() -> list[object]:
        size = {"height_cm": Decimal(171), "weight_kg": Decimal("70.7")}
        return [
            mosteller(**size),
            dubois(**size),
            creatinine_clearance(age_years=61, weight_kg=Decimal(70), creatinine=Decimal("79.56"), sex="FEMALE"),
            calvert(auc=Decimal("5.5"), gfr=Decimal("77.7777777")),
            ideal_weight(height_cm=Decimal(171), sex="MALE"),
            adjusted_weight(**size, sex="FEMALE"),
            body_mass_index(**size),
            rounded(Decimal("1234567.5"), Decimal(1)),
            worked(ETOPOSIDE, measures(weight="70.7")),
            worked(CARBOPLATIN, measures(weight="70.7")),
        ]

    expected = every_formula()
    with localcontext(Context(prec=5)):
        assert every_formula() == expected


def test_missing_reads_as_a_list() -> None:
    """As it is shown to people."""
    assert str(Missing("body weight", "creatinine")) == "body weight, creatinine"
