"""Dosing formulas in Decimal, never rounded inside; one rounding at the end. Source: clinical-spec 3.4.

Each formula has an id and a version, which are recorded with every amount it gave, beside its inputs.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from domain.protocol import Dose, Dosing, RegimenLine
from domain.values import Code, Frozen, Sex

UMOL_PER_MG_DL = Decimal("88.4")
FEMALE = Decimal("0.85")
CM_PER_INCH = Decimal("2.54")
DIGITS = Context(prec=28)
"""Significant digits of every intermediate value. A power is exp(y ln x) of the decimal module, exact to the last."""
VERSIONS = {"FIXED": "1", "BSA_MOSTELLER": "1", "BSA_DUBOIS": "1", "CALVERT_COCKCROFT_GAULT": "1"}
"""The version of each formula of this release. A formula that changes gets a new one."""


def mosteller(*, height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """Give the body surface area as the root of height x weight / 3600.

    Unit: m2 from cm and kg. Source: clinical-spec 3.4 [BSA], Mosteller 1987.
    """
    with localcontext(DIGITS):
        return (height_cm * weight_kg / 3600).sqrt()


def dubois(*, height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """Give the body surface area as 0.007184 x kg^0.425 x cm^0.725; it is 3 to 5 % low in obesity.

    Unit: m2 from cm and kg. Source: clinical-spec 3.4 [BSA], DuBois 1916.
    """
    with localcontext(DIGITS):
        return Decimal("0.007184") * weight_kg ** Decimal("0.425") * height_cm ** Decimal("0.725")


def creatinine_clearance(*, age_years: int, weight_kg: Decimal, creatinine: Decimal, sex: Sex) -> Decimal:
    """Give the Cockcroft-Gault clearance with actual weight, uncapped.

    Unit: mL/min (not per 1.73 m2) from kg and umol/L. Source: clinical-spec 3.4 [NCCN][LU].
    """
    with localcontext(DIGITS):
        value = (140 - age_years) * weight_kg / (72 * creatinine / UMOL_PER_MG_DL)
        return value * FEMALE if sex == "FEMALE" else value


def calvert(*, auc: Decimal, gfr: Decimal) -> Decimal:
    """Give the carboplatin dose as AUC x (GFR + 25).

    Unit: mg from mg.min/mL and mL/min. Source: clinical-spec 3.4 [NCCN].
    """
    with localcontext(DIGITS):
        return auc * (gfr + 25)


def ideal_weight(*, height_cm: Decimal, sex: Sex) -> Decimal:
    """Give the ideal body weight after Devine: 50 kg (women 45.5 kg) and 2.3 kg an inch above 60.

    Unit: kg from cm. Source: clinical-spec 3.4 [NCCN].
    """
    with localcontext(DIGITS):
        base = Decimal("45.5") if sex == "FEMALE" else Decimal(50)
        return base + Decimal("2.3") * (height_cm / CM_PER_INCH - 60)


def adjusted_weight(*, height_cm: Decimal, weight_kg: Decimal, sex: Sex) -> Decimal:
    """Give the ideal weight and 0.4 of what lies above it.

    Unit: kg from cm and kg. Source: clinical-spec 3.4 [NCCN].
    """
    with localcontext(DIGITS):
        ideal = ideal_weight(height_cm=height_cm, sex=sex)
        return ideal + Decimal("0.4") * (weight_kg - ideal)


def body_mass_index(*, height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """Give the body mass index.

    Unit: kg/m2 from cm and kg. Source: clinical-spec 3.4.
    """
    with localcontext(DIGITS):
        return weight_kg / (height_cm / 100) ** 2


def rounded(amount: Decimal, step: Decimal) -> Decimal:
    """Give the nearest multiple of the step; half a step goes up."""
    with localcontext(DIGITS):
        return (amount / step).to_integral_value(ROUND_HALF_UP) * step


class DoseInput(Frozen):
    """One thing an amount was worked out from, with its unit and its date where it has one."""

    name: str
    value: str
    unit: str = ""
    on: date | None = None


class DoseCalculation(Frozen):
    """An administration and how its amount came about. Both amounts are in `unit`; `rounding` made one of the other."""

    drug: Code
    days: tuple[int, ...]
    route: str
    amount: Decimal
    unit: str
    level: Decimal
    level_unit: str
    formula: str
    version: str
    inputs: tuple[DoseInput, ...] = ()
    unrounded: Decimal
    rounding: str
    rule: str

    @property
    def when(self) -> str:
        """The days in one short form, for example D1-D3."""
        first, last = self.days[0], self.days[-1]
        return f"D{first}" if first == last else f"D{first}-D{last}"


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value and the date it holds for."""

    value: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of a subject that amounts depend on. Unit: kg, cm, umol/L, completed years on the sample's date."""

    sex: Sex
    weight_kg: Measured | None = None
    height_cm: Measured | None = None
    creatinine: Measured | None = None
    age_years: int = 0


Worked = tuple[str, Decimal, tuple[DoseInput, ...]]
"""Formula, unrounded amount in mg, and what it was worked out from."""


class Missing(Exception):
    """An amount cannot be worked out; `what` names what it needs."""

    def __init__(self, *what: str) -> None:
        """Keep the names."""
        super().__init__(", ".join(what))
        self.what = what


def calculate(line: RegimenLine, dose: Dose, measures: Measures, rules: Dosing) -> DoseCalculation:
    """Work out the amount of one drug of a regimen in mg. Raises Missing, naming what is not known."""
    match dose.unit:
        case "mg":
            formula, found, inputs = _fixed(dose)
        case "mg/m2":
            formula, found, inputs = _by_area(dose, measures, rules)
        case "mg.min/mL":
            formula, found, inputs = _by_clearance(dose, measures, rules)
        case _:
            raise Missing(f"a formula for {dose.drug} in {dose.unit}")
    step = rules.rounding.step_mg
    return DoseCalculation(
        drug=dose.drug,
        days=line.days,
        route=line.route,
        amount=rounded(found, step),
        unit="mg",
        level=dose.amount,
        level_unit=dose.unit,
        formula=formula,
        version=VERSIONS[formula],
        inputs=(DoseInput(name="dose level", value=f"{dose.amount:f}", unit=dose.unit), *inputs),
        unrounded=found,
        rounding=f"nearest {step:f} mg, half up",
        rule=str(line.source),
    )


def _fixed(dose: Dose) -> Worked:
    return "FIXED", dose.amount, ()


def _by_area(dose: Dose, measures: Measures, rules: Dosing) -> Worked:
    weight, height = _known(measures, "body weight", "body height")
    formula = mosteller if rules.area.formula == "MOSTELLER" else dubois
    area = formula(height_cm=height.value, weight_kg=weight.value)
    used = area if rules.area.cap_m2 is None else min(area, rules.area.cap_m2)
    inputs: tuple[DoseInput, ...] = (_kg(weight), _cm(height))
    inputs += (DoseInput(name="body surface area", value=f"{area:f}", unit="m2"),)
    if used != area:
        inputs += (DoseInput(name="body surface area, capped", value=f"{used:f}", unit="m2"),)
    with localcontext(DIGITS):
        return f"BSA_{rules.area.formula}", dose.amount * used, inputs


def _by_clearance(dose: Dose, measures: Measures, rules: Dosing) -> Worked:
    row = rules.clearance
    adjusts = row.adjusted_weight_from_bmi is not None
    weight, creatinine, *rest = _known(measures, "body weight", "creatinine", *(["body height"] if adjusts else []))
    inputs: tuple[DoseInput, ...] = (_kg(weight),)
    inputs += (DoseInput(name="creatinine", value=f"{creatinine.value:f}", unit="umol/L", on=creatinine.on),)
    inputs += (DoseInput(name="age", value=str(measures.age_years), unit="a", on=creatinine.on),)
    inputs += (DoseInput(name="sex", value=measures.sex),)
    kilograms, umol = weight.value, creatinine.value
    for height in rest:
        inputs += (_cm(height),)
        bmi = body_mass_index(height_cm=height.value, weight_kg=weight.value)
        if row.adjusted_weight_from_bmi is not None and bmi >= row.adjusted_weight_from_bmi:
            kilograms = adjusted_weight(height_cm=height.value, weight_kg=weight.value, sex=measures.sex)
            inputs += (DoseInput(name="adjusted body weight", value=f"{kilograms:f}", unit="kg"),)
    if row.minimum_creatinine is not None and umol < row.minimum_creatinine:
        umol = row.minimum_creatinine
        inputs += (DoseInput(name="creatinine, minimum", value=f"{umol:f}", unit="umol/L"),)
    clearance = creatinine_clearance(
        age_years=measures.age_years, weight_kg=kilograms, creatinine=umol, sex=measures.sex
    )
    used = clearance if row.cap_ml_per_min is None else min(clearance, row.cap_ml_per_min)
    inputs += (DoseInput(name="creatinine clearance", value=f"{clearance:f}", unit="mL/min"),)
    if used != clearance:
        inputs += (DoseInput(name="clearance, capped", value=f"{used:f}", unit="mL/min"),)
    return "CALVERT_COCKCROFT_GAULT", calvert(auc=dose.amount, gfr=used), inputs


def _known(measures: Measures, *names: str) -> list[Measured]:
    rows = {
        "body weight": measures.weight_kg,
        "body height": measures.height_cm,
        "creatinine": measures.creatinine,
    }
    found = [row for name in names if (row := rows[name]) is not None]
    if len(found) < len(names):
        raise Missing(*(name for name in names if rows[name] is None))
    return found


def _kg(weight: Measured) -> DoseInput:
    return DoseInput(name="body weight", value=f"{weight.value:f}", unit="kg", on=weight.on)


def _cm(height: Measured) -> DoseInput:
    return DoseInput(name="body height", value=f"{height.value:f}", unit="cm", on=height.on)
