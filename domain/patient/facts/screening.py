"""Consent to randomization."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from domain.evidence import Answer, Sections
from domain.labs import LabValue, UnusedResult
from domain.patient.commands.acts import FIRST_ICF, IcfVersion
from domain.patient.facts.findings import Findings
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
    rescreening_of: SubjectNo | None = None
    icf_versions: tuple[IcfVersion, ...] = FIRST_ICF


class ConsentGiven(Frozen):
    """`obtained_by` and `entered_by` are staff codes. Obtained by None: not said; "": from before it was asked for."""

    kind: Literal["ConsentGiven"] = "ConsentGiven"
    signed_on: date
    version: Code
    obtained_by: str | None = ""
    entered_by: str = ""


class EvidenceRecorded(Frozen):
    kind: Literal["EvidenceRecorded"] = "EvidenceRecorded"
    assessed_on: date
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    no_support: bool | None = None
    last_support_on: date | None = None
    sections: Sections | None = None


class JudgementsGiven(Frozen):
    """Answers of one person, in the role they were given in. `entered_with`: whose signature can make them another's.

    That is the number of the first fact of the evidence they came in. Without it they are a `judgement` of their own.
    """

    kind: Literal["JudgementsGiven"] = "JudgementsGiven"
    answers: tuple[Answer, ...]
    by: str
    role: str
    entered_with: int | None = None


class ConflictRuled(Frozen):
    kind: Literal["ConflictRuled"] = "ConflictRuled"
    rule: Code
    allowed: bool
    ruled_on: date
    why: str
    by: str


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
    findings: Findings


class ScreenFailed(Frozen):
    kind: Literal["ScreenFailed"] = "ScreenFailed"
    decided_on: date
    why: str
    findings: Findings = ()


class AllocationRequested(Frozen):
    """Intent: ask the register for a slot.

    `rests_on` is the number of the eligibility verdict it rests on; the findings are those that read otherwise since
    then, but for their ages. Facts of before name no verdict and hold every finding.
    """

    kind: Literal["AllocationRequested"] = "AllocationRequested"
    findings: Findings = ()
    rests_on: int | None = None


class Randomized(Frozen):
    kind: Literal["Randomized"] = "Randomized"
    arm: Code
    slot: int
    randomized_on: date


class AllocationRefused(Frozen):
    kind: Literal["AllocationRefused"] = "AllocationRefused"
    why: str


ScreeningFact = (
    SubjectRegistered
    | ConsentGiven
    | EvidenceRecorded
    | JudgementsGiven
    | ConflictRuled
    | LabsOrdered
    | LabResultsRecorded
    | EligibilityConfirmed
    | ScreenFailed
    | AllocationRequested
    | Randomized
    | AllocationRefused
)
