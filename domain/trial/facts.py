"""What is recorded of a trial. Names and fields ARE the storage format; nothing is ever renamed or removed."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from domain.patient.commands import Begin, IcfVersion, Word
from domain.patient.commands.acts import FIRST_ICF
from domain.trial.commands import Delegation
from domain.values import Clock, Code, Frozen, Site, SubjectNo


class TrialOpened(Frozen):
    kind: Literal["TrialOpened"] = "TrialOpened"
    trial: str
    protocol_version: str
    clock: Clock
    icf_versions: tuple[IcfVersion, ...] = FIRST_ICF


class SiteAdded(Frozen):
    kind: Literal["SiteAdded"] = "SiteAdded"
    site: Site


class StaffDelegated(Frozen):
    kind: Literal["StaffDelegated"] = "StaffDelegated"
    delegation: Delegation


class DelegationEnded(Frozen):
    kind: Literal["DelegationEnded"] = "DelegationEnded"
    staff: str
    valid_to: date


class AllocationListRequested(Frozen):
    """Intent: make the allocation list and seal it."""

    kind: Literal["AllocationListRequested"] = "AllocationListRequested"
    arms: tuple[tuple[Code, int], ...]
    block_sizes: tuple[int, ...]


class AllocationListSealed(Frozen):
    kind: Literal["AllocationListSealed"] = "AllocationListSealed"
    request: int
    slots: int
    sha256: str


class SubjectEnrolled(Frozen):
    """Intent: start the subject's journey. The number is issued here, once."""

    kind: Literal["SubjectEnrolled"] = "SubjectEnrolled"
    subject: SubjectNo
    begin: Begin


class JourneyBegan(Frozen):
    kind: Literal["JourneyBegan"] = "JourneyBegan"
    request: int


class SlotReserved(Frozen):
    """Intent: open the slot. It is the subject's for ever."""

    kind: Literal["SlotReserved"] = "SlotReserved"
    subject: SubjectNo
    slot: int
    randomized_on: date


class SubjectAllocated(Frozen):
    kind: Literal["SubjectAllocated"] = "SubjectAllocated"
    request: int
    arm: Code


class AllocationDeclined(Frozen):
    """There is no slot for the subject. Recorded with the refusal of its request."""

    kind: Literal["AllocationDeclined"] = "AllocationDeclined"
    subject: SubjectNo
    request: int
    why: str


class IcfApproved(IcfVersion):
    kind: Literal["IcfApproved"] = "IcfApproved"
    re_consent_within_days: int | None = None
    deadline: date | None = None


class SponsorActed(Frozen):
    """Who did it, when and why: the common part of the sponsor's acts."""

    by: str
    at: AwareDatetime
    why: str


class EnrolmentPaused(SponsorActed):
    kind: Literal["EnrolmentPaused"] = "EnrolmentPaused"


class EnrolmentResumed(SponsorActed):
    kind: Literal["EnrolmentResumed"] = "EnrolmentResumed"


class DosingPaused(SponsorActed):
    kind: Literal["DosingPaused"] = "DosingPaused"


class DosingResumed(SponsorActed):
    kind: Literal["DosingResumed"] = "DosingResumed"


class TrialStopped(SponsorActed):
    kind: Literal["TrialStopped"] = "TrialStopped"


class ActPassedOn(Frozen):
    """Intent: let the subject's journey record an act of the sponsor."""

    kind: Literal["ActPassedOn"] = "ActPassedOn"
    subject: SubjectNo
    act: str
    word: Word


class ActReached(Frozen):
    kind: Literal["ActReached"] = "ActReached"
    request: int


class CancellationAsked(Frozen):
    kind: Literal["CancellationAsked"] = "CancellationAsked"


Fact = Annotated[
    TrialOpened
    | SiteAdded
    | StaffDelegated
    | DelegationEnded
    | AllocationListRequested
    | AllocationListSealed
    | SubjectEnrolled
    | JourneyBegan
    | SlotReserved
    | SubjectAllocated
    | AllocationDeclined
    | CancellationAsked
    | IcfApproved
    | EnrolmentPaused
    | EnrolmentResumed
    | DosingPaused
    | DosingResumed
    | TrialStopped
    | ActPassedOn
    | ActReached,
    Field(discriminator="kind"),
]
FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
"""Reads a stored fact from its JSON, of any release."""
