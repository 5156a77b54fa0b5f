"""Criteria with their limits, and the gate before a dose."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from domain.protocol.basis import Anchor, Role, Source
from domain.values import Code, Frozen


class LabLimit(Frozen):
    """One bound on a laboratory value: absolute in `unit`, so many times the upper limit of normal, or above it.

    Of an inclusion it is what is required, of an exclusion what triggers.
    """

    analyte: Code
    relation: Literal[">=", "<=", "<", ">"]
    value: Decimal
    unit: str = ""
    times_uln: bool = False
    plus_uln: bool = Field(False, description="the bound is the upper limit of normal plus `value`")
    optional: bool = Field(False, description="it passes when the evidence declares it not measured; else UNKNOWN")
    optional_source: Source | None = None


class Criterion(Frozen):
    """An eligibility or gate criterion: its rule id names the function, the other fields are its numbers and words."""

    rule: str
    title: str
    kind: Literal["INCLUSION", "EXCLUSION"] = "INCLUSION"
    limits: tuple[LabLimit, ...] = ()
    days: int | None = Field(None, description="look-back in days, the last day included")
    months: int | None = Field(None, description="look-back in calendar months, the last day included")
    max_age_days: int | None = Field(None, description="age of the evidence at randomization and at C1D1, at most")
    low: int | None = None
    high: int | None = None
    accepts: tuple[str, ...] = Field((), description="coded words the criterion is about")
    names: tuple[str, ...] = Field((), description="fields of the evidence the criterion looks at")
    table: dict[str, Decimal] = Field({}, description="numbers by name, each in the unit its name or rule says")
    judged_by: tuple[Role, ...] = ()
    source: Source

    @property
    def is_exclusion(self) -> bool:
        """Say whether this criterion keeps a subject out when it holds."""
        return self.kind == "EXCLUSION"


class DrugCheck(Frozen):
    """What the investigator must have answered, since an anchor, before one drug of a regimen is given (again).

    Evidence of a later date whose `field` of `section` is true takes a good answer back.
    """

    drug: Code
    rule: str = Field(description="the criterion it is about")
    asks: str
    since: Anchor
    section: str
    field: str
    to: tuple[Role, ...]
    notice: Code
    source: Source


class Gate(Frozen):
    """The pre-dose laboratory gate: which criteria must hold on how fresh a sample, and when it is ordered."""

    criteria: tuple[str, ...]
    before_first_dose: tuple[str, ...] = Field((), description="criteria that must hold again before the first dose")
    order_days_before: int
    max_age_days: int
    give_up_days: int
    drug_checks: tuple[DrugCheck, ...] = Field((), description="answers without which one drug waits, not the others")
    override_by: tuple[Role, ...]
    notice: Code
    to: tuple[Role, ...]
    source: Source
