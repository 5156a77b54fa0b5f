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
    until_day: int | None = Field(
        None, ge=1, le=60, description="the same daily up to this day of the cycle; given_on is the date of `day`"
    )
    drugs: tuple[GivenDrug, ...] | None = Field(
        None, min_length=1, max_length=40, description="what was given, if not all that was planned"
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


class DoseLevel(Frozen):
    """The level a drug is to be planned at, in the unit of its regimen."""

    drug: Code
    amount: Decimal = Field(gt=0)
    unit: str = Field(max_length=20, description="unit of the regimen, for example mg or mg/m2")


class PlanDoses(Frozen):
    """The investigator plans the doses of the awaited cycle; amounts are worked out from what is on record."""

    kind: Literal["plan_doses"] = "plan_doses"
    cycle: CycleLabel
    choice: Code | None = Field(None, description="where the regimen offers a choice: the drug picked, with why")
    why: Text | None = Field(None, description="reason of the choice or of another dose level")
    levels: tuple[DoseLevel, ...] = Field((), max_length=10, description="drugs planned at another listed dose level")


class HoldDrug(Frozen):
    """The investigator holds one drug; the others go on."""

    kind: Literal["hold_drug"] = "hold_drug"
    drug: Code
    decided_on: date = Field(description="first day on which it is not given")
    why: Text


class ResumeDrug(Frozen):
    """The investigator lets a held drug go on."""

    kind: Literal["resume_drug"] = "resume_drug"
    drug: Code
    decided_on: date = Field(description="first day on which it may be given again")
    why: Text


class DiscontinueDrug(Frozen):
    """The investigator stops one drug for good; the others go on."""

    kind: Literal["discontinue_drug"] = "discontinue_drug"
    drug: Code
    decided_on: date = Field(description="first day on which it is not given")
    why: Text


class CheckDrug(Frozen):
    """The investigator answers what one drug waits for: anlotinib after surgery, whether the wound has healed."""

    kind: Literal["drug_check"] = "drug_check"
    drug: Code
    checked_on: date = Field(description="date of the examination")
    met: bool = Field(description="true: the drug may be given")
    why: Text | None = None


class ReportCourse(Frozen):
    """The days on which a drug was taken at home, as `days` or up to `last_day`."""

    kind: Literal["course_taken"] = "course_taken"
    cycle: CycleLabel
    drug: Code
    days: tuple[Annotated[int, Field(ge=1, le=60)], ...] | None = Field(
        None, max_length=60, description="days of the cycle on which it was taken; empty: none"
    )
    last_day: int | None = Field(None, ge=0, le=60, description="taken daily from day 1 to this day; 0: not at all")


TreatmentCommand = (
    ReportDose
    | DelayDose
    | OmitDose
    | OverrideGate
    | PlanDoses
    | HoldDrug
    | ResumeDrug
    | DiscontinueDrug
    | CheckDrug
    | ReportCourse
)
