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
    max_age_days: int | None = Field(None, description="age of the sample, where it is not that of the epoch")
    at_randomization: bool = Field(False, description="a baseline value: its age counts to randomization, at C1D1 too")


class ReportLimit(Frozen):
    """A happening that staff report beside the evidence: from which grade and for how long it keeps a subject out.

    Without days and months: for ever.
    """

    event: Code = Field(description="coded adverse event, PREGNANCY or LIVE_VACCINE")
    grade_from: int = 0
    days: int | None = Field(None, description="look-back in days, the last day included")
    months: int | None = Field(None, description="look-back in calendar months, the last day included")
    source: Source


class Caution(Frozen):
    """What a person is warned of although the criterion lets the subject pass. It decides nothing.

    With a `limit` where that does not hold, or cannot be told; with `from_cycles` from so many prior cycles on.
    """

    text: str
    limit: LabLimit | None = None
    from_cycles: int | None = Field(None, description="prior cycles of chemotherapy from which it warns")
    drug: Code | None = Field(None, description="a drug it is about, told with its plan too")
    source: Source


class Criterion(Frozen):
    """An eligibility or gate criterion: its rule id names the function, the other fields are its numbers and words."""

    rule: str
    title: str
    kind: Literal["INCLUSION", "EXCLUSION"] = "INCLUSION"
    limits: tuple[LabLimit, ...] = ()
    days: int | None = Field(None, description="look-back in days, the last day included")
    months: int | None = Field(None, description="look-back in calendar months, the last day included")
    max_age_days: int | None = Field(None, description="age of a section or judgement at randomization and C1D1")
    max_age_at_first_dose_days: int | None = Field(None, description="the same at C1D1, where it may be older")
    low: int | None = None
    high: int | None = None
    accepts: tuple[str, ...] = Field((), description="coded words the criterion is about")
    names: tuple[str, ...] = Field((), description="fields of the evidence the criterion looks at")
    table: dict[str, Decimal] = Field({}, description="numbers by name, each in the unit its name or rule says")
    groups: dict[str, tuple[str, ...]] = Field({}, description="stage groups by T, N and M, for example `T1A N0 M0`")
    judged_by: tuple[Role, ...] = ()
    reports: tuple[ReportLimit, ...] = Field((), description="reported happenings that keep a subject out")
    after_progression: tuple[str, ...] = Field((), description="sections that are outdated by a later progression")
    cautions: tuple[Caution, ...] = ()
    assumptions: tuple[Source, ...] = Field((), description="what else is assumed, beside `source`")
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
