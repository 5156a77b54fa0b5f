"""What the product itself says: time, and the outcomes of what was asked of the world."""

from datetime import date
from typing import Literal

from pydantic import Field

from domain.labs import ReportedResult
from domain.patient.commands.acts import FIRST_ICF, DosingPause, IcfVersion, TrialActCommand
from domain.patient.commands.screening import Consent, Evidence
from domain.values import Clock, Code, Frozen, Sex, Site, SubjectNo


class Begin(Frozen):
    """A subject was registered (sent by the trial's register)."""

    kind: Literal["begin"] = "begin"
    trial: str
    protocol_version: str
    subject: SubjectNo
    site: Site
    born_on: date
    sex: Sex
    clock: Clock
    consent: Consent | None = None
    evidence: Evidence | None = None
    by: str = Field("", description="staff code of who enrolled: what the document judges is theirs")
    role: str = Field("", description="the role in which they enrolled")
    rescreening_of: SubjectNo | None = Field(None, description="the number under which screening failed before")
    icf_versions: tuple[IcfVersion, ...] = FIRST_ICF
    dosing_pause: DosingPause | None = None


class TimePassed(Frozen):
    """A due instant came (sent by the workflow)."""

    kind: Literal["time_passed"] = "time_passed"


class LabsReported(Frozen):
    """A laboratory order was answered (sent by the activity)."""

    kind: Literal["labs_reported"] = "labs_reported"
    order: int
    results: tuple[ReportedResult, ...]
    complete: bool


class NoticeDelivered(Frozen):
    """A notice reached its sink (sent by the activity)."""

    kind: Literal["notice_delivered"] = "notice_delivered"
    notice: int
    sink: str


class NoticeTooLate(Frozen):
    """A notice was not sent: it was too late to be useful (sent by the activity)."""

    kind: Literal["notice_too_late"] = "notice_too_late"
    notice: int
    why: str = Field(description="what kept it, in a few words of the product's own")


class SlotAllocated(Frozen):
    """The register's record shows a slot for the subject (sent by the activity)."""

    kind: Literal["slot_allocated"] = "slot_allocated"
    slot: int
    arm: Code
    randomized_on: date


class AllocationDenied(Frozen):
    """The register's record shows that there is no slot (sent by the activity)."""

    kind: Literal["allocation_denied"] = "allocation_denied"
    why: str


class CancelRequested(Frozen):
    """Someone asked Temporal to cancel the workflow (sent by the workflow)."""

    kind: Literal["cancel_requested"] = "cancel_requested"


FromSystem = (
    Begin
    | TimePassed
    | LabsReported
    | NoticeDelivered
    | NoticeTooLate
    | SlotAllocated
    | AllocationDenied
    | CancelRequested
    | TrialActCommand
)
