"""What may be said to a trial's register."""

from datetime import date
from typing import Literal

from pydantic import Field

from domain.patient.commands import Consent, Evidence, IcfVersion
from domain.patient.commands.acts import FIRST_ICF
from domain.protocol import Role
from domain.values import Clock, Code, Frozen, Sex, Site, StaffCode, SubjectNo, Text


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
    icf_versions: tuple[IcfVersion, ...] = FIRST_ICF


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


class ApproveIcf(Frozen):
    """Approve a version of the informed consent form; subjects who consented to another are asked for re-consent."""

    kind: Literal["approve_icf"] = "approve_icf"
    version: Code = Field(description="ICF version, for example V2.0")
    approved_on: date = Field(description="date of the approval")
    re_consent_within_days: int | None = Field(None, ge=1, le=366, description="days from today for the re-consent")
    deadline: date | None = Field(None, description="last day for the re-consent, in place of the days")


class PauseEnrolment(Frozen):
    """Take no further participants for now, and draw no slots."""

    kind: Literal["pause_enrolment"] = "pause_enrolment"
    why: Text


class ResumeEnrolment(Frozen):
    """End the pause of enrolment."""

    kind: Literal["resume_enrolment"] = "resume_enrolment"
    why: Text


class PauseDosing(Frozen):
    """Let dosing wait in every subject."""

    kind: Literal["pause_dosing"] = "pause_dosing"
    why: Text


class ResumeDosing(Frozen):
    """End the pause of dosing."""

    kind: Literal["resume_dosing"] = "resume_dosing"
    why: Text


class StopTrial(Frozen):
    """Stop the trial early: enrolment closes for good, and protocol treatment ends in every subject."""

    kind: Literal["stop_trial"] = "stop_trial"
    why: Text


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


class ActDelivered(Frozen):
    """A subject's journey has recorded an act that was passed on to it (sent by the activity)."""

    kind: Literal["act_delivered"] = "act_delivered"
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


SponsorAct = ApproveIcf | PauseEnrolment | ResumeEnrolment | PauseDosing | ResumeDosing | StopTrial
FromPeople = OpenTrial | AddSite | Delegate | EndDelegation | Enroll | SponsorAct | ReportMisaddressed
FromSystem = AllocateSlot | ListSealed | JourneyStarted | ActDelivered | SlotOpened | TimePassed | CancelRequested
Command = FromPeople | FromSystem
