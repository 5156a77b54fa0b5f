"""Regimens, and how amounts are worked out."""

from decimal import Decimal
from functools import cached_property
from typing import Literal

from pydantic import Field

from domain.protocol.basis import Source
from domain.values import Code, Frozen


class Dose(Frozen):
    """A drug and its amount. Unit: UCUM; per m2 and AUC amounts are turned into mg when the dose is planned."""

    drug: Code
    amount: Decimal
    unit: str


class RegimenLine(Frozen):
    """One place in a regimen. With several options the investigator picks one per cycle."""

    options: tuple[Dose, ...]
    route: Literal["IV", "PO", "NOT_STATED"]
    days: tuple[int, ...]
    self_administered: bool = Field(False, description="taken at home: day 1 starts the course")
    source: Source

    @cached_property
    def drugs(self) -> tuple[str, ...]:
        """The drugs that can fill this place."""
        return tuple(option.drug for option in self.options)


class Area(Frozen):
    """How the body surface area is worked out, and its cap where there is one. Unit: m2."""

    formula: Literal["MOSTELLER", "DUBOIS"]
    cap_m2: Decimal | None = None
    source: Source


class Clearance(Frozen):
    """How the clearance behind an AUC dose is worked out. What is None is off. Unit: mL/min, days, kg/m2, umol/L."""

    cap_ml_per_min: Decimal | None
    creatinine_max_age_days: int
    adjusted_weight_from_bmi: Decimal | None = None
    minimum_creatinine: Decimal | None = None
    source: Source


class Rounding(Frozen):
    """The one rounding of a planned amount: to the nearest step, half a step up. Unit: mg."""

    step_mg: Decimal = Field(gt=0)
    source: Source


class Share(Frozen):
    """A share of a value from which something counts, for example 0.10."""

    share: Decimal
    source: Source


class DoseLevels(Frozen):
    """The levels a drug may be planned at. A drug without a row is planned at its regimen's amount alone."""

    drug: Code
    amounts: tuple[Decimal, ...]
    source: Source


class Dosing(Frozen):
    """How amounts are worked out, and when anew."""

    area: Area
    clearance: Clearance
    rounding: Rounding
    weight_change: Share
    important_difference: Share
    levels: tuple[DoseLevels, ...]
    level_source: Source

    def levels_of(self, dose: Dose) -> tuple[tuple[Decimal, ...], Source]:
        """Give the levels a drug may be planned at, and the rule that says so."""
        row = next((row for row in self.levels if row.drug == dose.drug), None)
        return (row.amounts, row.source) if row else ((dose.amount,), self.level_source)
