"""What may be said to a trial's register."""

from datetime import date
from typing import Literal

from pydantic import Field

from domain.patient.commands import Consent, Evidence
from domain.protocol import Role
from domain.values import Clock, Code, Frozen, Sex, Site, StaffCode, SubjectNo


class Delegation(Frozen):
    """A staff member's roles at a site (or at all sites), from a date to a date."""

    staff: StaffCode = Field(description="staff code, for example INV1")
    roles: tuple[Role, ...] = Field(min_length=1)
    site: Code | None = Field(None, description="site code; without it every site")
    valid_from: date
    valid_to: date | None = None


class OpenTrial(Frozen):
    """Open the trial (sent by the command line at the start)."""

    kind: Literal["open_trial"] = "open_trial"
    trial: str
    protocol_version: str
    clock: Clock
    sites: tuple[Site, ...] = Field(min_length=1)
    staff: tuple[Delegation, ...] = Field(min_length=1)


class AddSite(Site):
    """Add a site."""

    kind: Literal["add_site"] = "add_site"


class Delegate(Delegation):
    """Enter a staff member's roles into the delegation log."""

    kind: Literal["delegate"] = "delegate"


class EndDelegation(Frozen):
    """End a staff member's delegation."""

    kind: Literal["end_delegation"] = "end_delegation"
    staff: StaffCode
    valid_to: date


class Enroll(Frozen):
    """Register a participant for screening and issue the subject number."""

    kind: Literal["enroll"] = "enroll"
    site: Code = Field(description="site code")
    born_on: date = Field(description="date of birth")
    sex: Sex = Field(description="FEMALE or MALE")
    consent: Consent | None = Field(None, description="the informed consent, when signed already")
    evidence: Evidence | None = Field(None, description="screening evidence, when there is some already")
    rescreening_of: SubjectNo | None = Field(None, description="the number under which screening failed before")


class ReportMisaddressed(Frozen):
    """A command for a subject that does not exist (sent by the command line, so that the refusal is on record)."""

    kind: Literal["report_misaddressed"] = "report_misaddressed"
    subject: str = Field(max_length=40)
    command: str = Field(max_length=40)


class AllocateSlot(Frozen):
    """A subject asks for a slot (sent by the subject's journey)."""

    kind: Literal["allocate_slot"] = "allocate_slot"
    subject: SubjectNo
    request: int


class ListSealed(Frozen):
    """The allocation list was made and sealed (sent by the activity)."""

    kind: Literal["list_sealed"] = "list_sealed"
    request: int
    slots: int
    sha256: str


class JourneyStarted(Frozen):
    """A subject's journey runs (sent by the activity)."""

    kind: Literal["journey_started"] = "journey_started"
    request: int


class SlotOpened(Frozen):
    """A slot was opened (sent by the activity)."""

    kind: Literal["slot_opened"] = "slot_opened"
    request: int
    arm: Code


class TimePassed(Frozen):
    """A due instant came (sent by the workflow)."""

    kind: Literal["time_passed"] = "time_passed"


class CancelRequested(Frozen):
    """Someone asked Temporal to cancel the workflow (sent by the workflow)."""

    kind: Literal["cancel_requested"] = "cancel_requested"


FromPeople = OpenTrial | AddSite | Delegate | EndDelegation | Enroll | ReportMisaddressed
FromSystem = AllocateSlot | ListSealed | JourneyStarted | SlotOpened | TimePassed | CancelRequested
Command = FromPeople | FromSystem
