"""The epochs a trial is made of."""

from typing import Annotated, Literal

from pydantic import Field

from domain.protocol.basis import Escalation, Reminder, Resection, Source, Window
from domain.protocol.criteria import Criterion, Gate
from domain.protocol.dosing import RegimenLine
from domain.values import Code, Frozen


class ScreeningEpoch(Frozen):
    """Consent to randomization."""

    kind: Literal["SCREENING"] = "SCREENING"
    code: Code
    label: str
    window: Window
    reminders: tuple[Reminder, ...]
    overdue: Escalation
    criteria: tuple[Criterion, ...]
    analytes: tuple[Code, ...]
    analytes_by_rule: dict[str, tuple[Code, ...]] = Field({}, description="analytes of criteria that not all must meet")
    lab_max_age_days: int
    lab_give_up_days: int
    ruled_by_sponsor: tuple[str, ...] = Field((), description="criteria that contradict others until the sponsor rules")
    result_notice: Reminder
    source: Source


class TreatmentEpoch(Frozen):
    """Cycles of treatment. Cycle numbers run on from the treatment epoch before."""

    kind: Literal["TREATMENT"] = "TREATMENT"
    code: Code
    label: str
    cycles: int = Field(gt=0)
    cycle_days: int = Field(gt=0)
    start: Window
    visit: Window
    max_delay_days: int
    max_delay_notice: Escalation
    overdue: Escalation
    visit_notice: Reminder
    course_notice: Reminder = Field(description="asks for the days taken at home, so long after the last planned one")
    regimens: dict[Code, tuple[RegimenLine, ...]]
    gate: Gate
    completes_after_days: int | None = Field(None, description="days after the last D1 at which the epoch is over")
    source: Source


class Washout(Frozen):
    """A drug that must have been stopped so many full days before the procedure."""

    drug: Code
    days: int
    source: Source


class ProcedureEpoch(Frozen):
    """The wait for a procedure, and the procedure."""

    kind: Literal["PROCEDURE"] = "PROCEDURE"
    code: Code
    label: str
    window: Window
    fallback_source: Source
    reminders: tuple[Reminder, ...]
    overdue: Escalation
    clearance: Source
    washouts: tuple[Washout, ...]
    goes_on: tuple[Resection, ...]
    goes_on_source: Source
    source: Source


class EvaluationEpoch(Frozen):
    """The investigator's evaluation after the procedure."""

    kind: Literal["EVALUATION"] = "EVALUATION"
    code: Code
    label: str
    window: Window
    reminders: tuple[Reminder, ...]
    overdue: Escalation
    source: Source


class FollowUpEpoch(Frozen):
    """From the end of treatment to the end of study."""

    kind: Literal["FOLLOW_UP"] = "FOLLOW_UP"
    code: Code
    label: str
    visit: Window
    visit_notice: Reminder
    overdue: Escalation
    close_notice: Escalation
    source: Source


Epoch = Annotated[
    ScreeningEpoch | TreatmentEpoch | ProcedureEpoch | EvaluationEpoch | FollowUpEpoch, Field(discriminator="kind")
]
