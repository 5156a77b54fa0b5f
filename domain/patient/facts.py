"""What is recorded of a subject. Names and fields ARE the storage format: a change here is a change of the record.

Facts are past tense and hold data only. New fields need a default; nothing is ever renamed or removed.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from domain.findings import Finding
from domain.labs import LabValue, UnusedResult
from domain.patient.commands import GivenDrug
from domain.protocol import Resection, Role
from domain.values import Clock, Code, Frozen, Sex, Site, SubjectNo


class SubjectRegistered(Frozen):
    kind: Literal["SubjectRegistered"] = "SubjectRegistered"
    trial: str
    protocol_version: str
    subject: SubjectNo
    site: Site
    born_on: date
    sex: Sex
    clock: Clock


class ConsentGiven(Frozen):
    kind: Literal["ConsentGiven"] = "ConsentGiven"
    signed_on: date
    version: Code


class EvidenceRecorded(Frozen):
    kind: Literal["EvidenceRecorded"] = "EvidenceRecorded"
    assessed_on: date
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    no_support: bool | None = None
    last_support_on: date | None = None


class LabsOrdered(Frozen):
    """Intent: fetch laboratory results."""

    kind: Literal["LabsOrdered"] = "LabsOrdered"
    purpose: Code
    cycle: int | None = None
    analytes: tuple[Code, ...]
    after: AwareDatetime
    give_up_at: AwareDatetime


class LabResultsRecorded(Frozen):
    kind: Literal["LabResultsRecorded"] = "LabResultsRecorded"
    order: int | None = None
    accepted: tuple[LabValue, ...]
    unused: tuple[UnusedResult, ...] = ()
    complete: bool = True


class EligibilityConfirmed(Frozen):
    kind: Literal["EligibilityConfirmed"] = "EligibilityConfirmed"
    judged_on: date
    findings: tuple[Finding, ...]


class ScreenFailed(Frozen):
    kind: Literal["ScreenFailed"] = "ScreenFailed"
    decided_on: date
    why: str
    findings: tuple[Finding, ...] = ()


class AllocationRequested(Frozen):
    """Intent: ask the register for a slot."""

    kind: Literal["AllocationRequested"] = "AllocationRequested"
    findings: tuple[Finding, ...] = ()


class Randomized(Frozen):
    kind: Literal["Randomized"] = "Randomized"
    arm: Code
    slot: int
    randomized_on: date


class AllocationRefused(Frozen):
    kind: Literal["AllocationRefused"] = "AllocationRefused"
    why: str


class EpochEntered(Frozen):
    kind: Literal["EpochEntered"] = "EpochEntered"
    epoch: Code
    entered_on: date


class CyclePlanned(Frozen):
    kind: Literal["CyclePlanned"] = "CyclePlanned"
    cycle: int
    planned_on: date
    earliest_on: date
    latest_on: date
    anchor_on: date
    rule: str


class DueReached(Frozen):
    kind: Literal["DueReached"] = "DueReached"
    item: str
    due_at: AwareDatetime


class GateChecked(Frozen):
    kind: Literal["GateChecked"] = "GateChecked"
    cycle: int
    passed: bool
    sampled_on: date | None = None
    findings: tuple[Finding, ...]


class GateOverridden(Frozen):
    kind: Literal["GateOverridden"] = "GateOverridden"
    cycle: int
    why: str


class DoseGiven(Frozen):
    kind: Literal["DoseGiven"] = "DoseGiven"
    cycle: int
    day: int
    given_on: date
    drugs: tuple[GivenDrug, ...]


class DoseDelayed(Frozen):
    kind: Literal["DoseDelayed"] = "DoseDelayed"
    cycle: int
    until: date
    why: str


class DoseOmitted(Frozen):
    kind: Literal["DoseOmitted"] = "DoseOmitted"
    cycle: int
    drug: Code | None = None
    decided_on: date
    why: str


class OperabilityJudged(Frozen):
    kind: Literal["OperabilityJudged"] = "OperabilityJudged"
    judged_on: date
    operable: bool
    why: str | None = None


class SurgeryPerformed(Frozen):
    kind: Literal["SurgeryPerformed"] = "SurgeryPerformed"
    performed_on: date
    resection: Resection
    attributed: bool = True


class SurgeryCancelled(Frozen):
    kind: Literal["SurgeryCancelled"] = "SurgeryCancelled"
    decided_on: date
    why: str


class PathologyReported(Frozen):
    kind: Literal["PathologyReported"] = "PathologyReported"
    reported_on: date
    resection: Resection


class EvaluationJudged(Frozen):
    kind: Literal["EvaluationJudged"] = "EvaluationJudged"
    evaluated_on: date
    fit: bool
    why: str | None = None


class AdverseEventReported(Frozen):
    kind: Literal["AdverseEventReported"] = "AdverseEventReported"
    term: str
    grade: int
    serious: bool
    onset_on: date
    aware_at: AwareDatetime | None = None


class ProgressionFound(Frozen):
    kind: Literal["ProgressionFound"] = "ProgressionFound"
    found_on: date


class SubjectWithdrew(Frozen):
    kind: Literal["SubjectWithdrew"] = "SubjectWithdrew"
    withdrawn_on: date
    level: Literal["TREATMENT", "STUDY"]
    why: str | None = None


class SubjectDied(Frozen):
    kind: Literal["SubjectDied"] = "SubjectDied"
    died_on: date
    cause: str | None = None


class TreatmentEnded(Frozen):
    kind: Literal["TreatmentEnded"] = "TreatmentEnded"
    ended_on: date
    reason: Code
    why: str | None = None


class FollowUpContacted(Frozen):
    kind: Literal["FollowUpContacted"] = "FollowUpContacted"
    contacted_on: date
    disease_free: bool | None = None


class StudyEnded(Frozen):
    kind: Literal["StudyEnded"] = "StudyEnded"
    ended_on: date
    reason: Code
    why: str | None = None


class DeviationRecorded(Frozen):
    """A departure from the protocol. The same `item` again says more of the same deviation; it counts once."""

    kind: Literal["DeviationRecorded"] = "DeviationRecorded"
    item: str
    rule: str
    text: str
    important: bool
    expected_from: date | None = None
    expected_to: date | None = None
    actual_on: date | None = None
    days_off: int | None = None


class DeviationWithdrawn(Frozen):
    """A deviation on record does not hold, with the reason. What was recorded stays."""

    kind: Literal["DeviationWithdrawn"] = "DeviationWithdrawn"
    item: str
    why: str


class NoticeRequested(Frozen):
    """Intent: tell roles something, in coded words."""

    kind: Literal["NoticeRequested"] = "NoticeRequested"
    notice: Code
    to: tuple[Role, ...]
    text: str
    urgent: bool = False


class NoticeReached(Frozen):
    kind: Literal["NoticeReached"] = "NoticeReached"
    notice: int
    sink: str


class NoticeAcknowledged(Frozen):
    kind: Literal["NoticeAcknowledged"] = "NoticeAcknowledged"
    notice: int


class CancellationAsked(Frozen):
    kind: Literal["CancellationAsked"] = "CancellationAsked"


Fact = Annotated[
    SubjectRegistered
    | ConsentGiven
    | EvidenceRecorded
    | LabsOrdered
    | LabResultsRecorded
    | EligibilityConfirmed
    | ScreenFailed
    | AllocationRequested
    | Randomized
    | AllocationRefused
    | EpochEntered
    | CyclePlanned
    | DueReached
    | GateChecked
    | GateOverridden
    | DoseGiven
    | DoseDelayed
    | DoseOmitted
    | OperabilityJudged
    | SurgeryPerformed
    | SurgeryCancelled
    | PathologyReported
    | EvaluationJudged
    | AdverseEventReported
    | ProgressionFound
    | SubjectWithdrew
    | SubjectDied
    | TreatmentEnded
    | FollowUpContacted
    | StudyEnded
    | DeviationRecorded
    | DeviationWithdrawn
    | NoticeRequested
    | NoticeReached
    | NoticeAcknowledged
    | CancellationAsked,
    Field(discriminator="kind"),
]
FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
"""Reads a stored fact from its JSON, of any release."""
