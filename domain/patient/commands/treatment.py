"""Doses given, delayed and omitted, and the gate before them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.values import Code, Frozen, Text

CycleLabel = Annotated[str, Field(pattern=r"^C[1-9][0-9]?$", description="cycle, for example C2")]


class GivenDrug(Frozen):
    """A drug as it was given."""

    drug: Code
    amount: Decimal | None = Field(None, gt=0)
    unit: str = Field("", max_length=20)


class ReportDose(Frozen):
    """Drugs were given on one day of a cycle. Without `drugs`: all that is planned for that day."""

    kind: Literal["dose_given"] = "dose_given"
    cycle: CycleLabel
    given_on: date = Field(description="date on which they were given")
    day: int = Field(1, ge=1, le=60, description="day of the cycle")
    drugs: tuple[GivenDrug, ...] | None = Field(
        None, min_length=1, description="what was given, if not all that was planned"
    )
    choice: Code | None = Field(None, description="where the regimen offers a choice: the drug picked")


class DelayDose(Frozen):
    """Day 1 of the next cycle is put off."""

    kind: Literal["dose_delayed"] = "dose_delayed"
    cycle: CycleLabel
    until: date = Field(description="new planned date of day 1")
    why: Text


class OmitDose(Frozen):
    """A whole cycle, or one drug of it, is left out."""

    kind: Literal["dose_omitted"] = "dose_omitted"
    cycle: CycleLabel
    drug: Code | None = Field(None, description="one drug; without it the whole cycle")
    decided_on: date
    why: Text


class OverrideGate(Frozen):
    """The investigator lets a cycle start although the pre-dose gate did not pass."""

    kind: Literal["override_gate"] = "override_gate"
    cycle: CycleLabel
    why: Text


TreatmentCommand = ReportDose | DelayDose | OmitDose | OverrideGate
