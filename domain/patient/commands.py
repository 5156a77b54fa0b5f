"""What may be said to a subject's journey. A new command is added here and in `decide`; all else is derived.

Dates are the site's calendar dates. A report says what happened; a plan or verdict says what shall be.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.labs import ReportedResult
from domain.protocol import Resection
from domain.values import Clock, Code, Frozen, Sex, Site, SubjectNo, Text

CycleLabel = Annotated[str, Field(pattern=r"^C[1-9][0-9]?$", description="cycle, for example C2")]


class Consent(Frozen):
    """The informed consent as signed."""

    signed_on: date = Field(description="date of the subject's signature")
    version: Code = Field(description="approved ICF version, for example V1.0")


class Evidence(Frozen):
    """Screening evidence that is no laboratory value. What is not known is left out, never guessed."""

    assessed_on: date = Field(description="date of the assessment")
    weight_kg: Decimal | None = Field(None, gt=25, lt=250, description="body weight in kg")
    height_cm: Decimal | None = Field(None, gt=120, lt=230, description="body height in cm")
    no_support: bool | None = Field(
        None, description="true: never had a transfusion, blood product, G-CSF or stimulant"
    )
    last_support_on: date | None = Field(None, description="date of the last transfusion, blood product or G-CSF")


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


class RecordConsent(Consent):
    """The subject signed the informed consent."""

    kind: Literal["record_consent"] = "record_consent"


class RecordEvidence(Evidence):
    """Screening evidence that is no laboratory value."""

    kind: Literal["screening_evidence"] = "screening_evidence"


class TypeLabResults(Frozen):
    """Laboratory results typed in by a person."""

    kind: Literal["lab_results"] = "lab_results"
    results: tuple[ReportedResult, ...] = Field(min_length=1, max_length=200)


class ConfirmEligibility(Frozen):
    """The investigator's eligibility verdict. Only an all-clear set of criteria can be confirmed."""

    kind: Literal["confirm_eligibility"] = "confirm_eligibility"
    judged_on: date = Field(description="date of the verdict")


class ReportScreenFailure(Frozen):
    """The investigator ends screening: the subject is a screen failure."""

    kind: Literal["screen_failure"] = "screen_failure"
    decided_on: date
    why: Text = Field(description="coded or short reason")


class RequestRandomization(Frozen):
    """Ask for an allocation."""

    kind: Literal["request_randomization"] = "request_randomization"


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
    drugs: tuple[GivenDrug, ...] | None = Field(
        None, min_length=1, description="what was given, if not all that was planned"
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


class ProceedToSurgery(Frozen):
    """The investigator goes to surgery with fewer cycles than planned."""

    kind: Literal["proceed_to_surgery"] = "proceed_to_surgery"
    decided_on: date
    why: Text


class JudgeOperability(Frozen):
    """The verdict before surgery: operable or not."""

    kind: Literal["operability"] = "operability"
    judged_on: date
    operable: bool
    why: Text | None = Field(None, description="required when not operable")


class ReportSurgery(Frozen):
    """Surgery was done, or tried without resection."""

    kind: Literal["surgery_done"] = "surgery_done"
    performed_on: date = Field(description="date of the operation, for example 2025-09-01")
    resection: Resection = Field(description="R0, R1, R2, RX or NOT_RESECTED")


class CancelSurgery(Frozen):
    """There will be no surgery."""

    kind: Literal["surgery_cancelled"] = "surgery_cancelled"
    decided_on: date
    why: Text


class ReportPathology(Frozen):
    """Final pathology of the specimen."""

    kind: Literal["pathology"] = "pathology"
    reported_on: date
    resection: Resection


class EvaluateAdjuvant(Frozen):
    """The investigator's evaluation for adjuvant treatment."""

    kind: Literal["adjuvant_evaluation"] = "adjuvant_evaluation"
    evaluated_on: date
    fit: bool = Field(description="true: adjuvant treatment starts")
    why: Text | None = Field(None, description="required when not fit")


class ReportAdverseEvent(Frozen):
    """An adverse event."""

    kind: Literal["adverse_event"] = "adverse_event"
    term: Text
    grade: int = Field(ge=1, le=5, description="CTCAE grade 1 to 5")
    serious: bool
    onset_on: date
    aware_at: AwareDatetime | None = Field(None, description="when the site learnt of it")


class ReportProgression(Frozen):
    """The disease progressed."""

    kind: Literal["progression"] = "progression"
    found_on: date


class DiscontinueTreatment(Frozen):
    """The investigator ends protocol treatment; follow-up goes on."""

    kind: Literal["discontinue_treatment"] = "discontinue_treatment"
    decided_on: date
    why: Text


class ReportWithdrawal(Frozen):
    """The subject withdrew: from treatment (follow-up goes on) or from the study."""

    kind: Literal["withdrawal"] = "withdrawal"
    withdrawn_on: date
    level: Literal["TREATMENT", "STUDY"]
    why: Text | None = None


class LoseToFollowUp(Frozen):
    """The subject cannot be reached any more."""

    kind: Literal["lost_to_follow_up"] = "lost_to_follow_up"
    decided_on: date
    why: Text | None = None


class ReportDeath(Frozen):
    """The subject died."""

    kind: Literal["death"] = "death"
    died_on: date
    cause: Text | None = None


class ReportContact(Frozen):
    """A follow-up contact took place."""

    kind: Literal["follow_up_contact"] = "follow_up_contact"
    contacted_on: date
    disease_free: bool | None = None


class EndStudy(Frozen):
    """The subject's part in the study is over."""

    kind: Literal["end_of_study"] = "end_of_study"
    ended_on: date
    why: Text | None = None


class Acknowledge(Frozen):
    """A notice was read by someone it was for."""

    kind: Literal["acknowledge"] = "acknowledge"
    notice: int = Field(ge=1, description="fact number of the notice")


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


FromPeople = (
    RecordConsent
    | RecordEvidence
    | TypeLabResults
    | ConfirmEligibility
    | ReportScreenFailure
    | RequestRandomization
    | ReportDose
    | DelayDose
    | OmitDose
    | OverrideGate
    | ProceedToSurgery
    | JudgeOperability
    | ReportSurgery
    | CancelSurgery
    | ReportPathology
    | EvaluateAdjuvant
    | ReportAdverseEvent
    | ReportProgression
    | DiscontinueTreatment
    | ReportWithdrawal
    | LoseToFollowUp
    | ReportDeath
    | ReportContact
    | EndStudy
    | Acknowledge
)
FromSystem = Begin | TimePassed | LabsReported | NoticeDelivered | SlotAllocated | AllocationDenied | CancelRequested
Command = FromPeople | FromSystem
