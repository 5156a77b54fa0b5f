"""What is recorded of a subject. Names and fields ARE the storage format: a change here is a change of the record.

Facts are past tense and hold data only. New fields need a default; nothing is ever renamed or removed.
"""

from typing import Annotated

from pydantic import Field, TypeAdapter

from domain.patient.facts.acts import (
    ActFact,
    DosingPaused,
    DosingResumed,
    FactSigned,
    IcfApproved,
    ReconsentAsked,
    SignatureAsked,
)
from domain.patient.facts.correction import Change, CorrectionFact, FactCorrected, Superseded
from domain.patient.facts.ending import (
    ContactRegained,
    EndingFact,
    FollowUpContacted,
    ProgressionFound,
    StudyEnded,
    SubjectDied,
    SubjectWithdrew,
    TreatmentEnded,
)
from domain.patient.facts.record import (
    CancellationAsked,
    DeviationRecorded,
    DeviationWithdrawn,
    NoticeAcknowledged,
    NoticeMissed,
    NoticeReached,
    NoticeRequested,
    RecordFact,
)
from domain.patient.facts.safety import (
    AdverseEventReported,
    AdverseEventUpdated,
    LiveVaccineGiven,
    PregnancyFound,
    SafetyActionAsked,
    SafetyDecided,
    SafetyFact,
    SafetyReportMade,
)
from domain.patient.facts.schedule import CyclePlanned, DueReached, EpochEntered, ScheduleFact
from domain.patient.facts.screening import (
    AllocationRefused,
    AllocationRequested,
    ConflictRuled,
    ConsentGiven,
    EligibilityConfirmed,
    EvidenceRecorded,
    JudgementsGiven,
    LabResultsRecorded,
    LabsOrdered,
    Randomized,
    ScreenFailed,
    ScreeningFact,
    SubjectRegistered,
)
from domain.patient.facts.surgery import (
    EvaluationJudged,
    OperabilityJudged,
    PathologyReported,
    SurgeryCancelled,
    SurgeryExplained,
    SurgeryFact,
    SurgeryPerformed,
)
from domain.patient.facts.treatment import (
    CourseTaken,
    DoseBasis,
    DoseDelayed,
    DoseGiven,
    DoseOmitted,
    DosesPlanned,
    DrugChecked,
    DrugDiscontinued,
    DrugHeld,
    DrugResumed,
    GateChecked,
    GateOverridden,
    TreatmentFact,
)

Fact = Annotated[
    ScreeningFact
    | ScheduleFact
    | TreatmentFact
    | SurgeryFact
    | SafetyFact
    | EndingFact
    | RecordFact
    | ActFact
    | CorrectionFact,
    Field(discriminator="kind"),
]
FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
"""Reads a stored fact from its JSON, of any release."""

__all__ = [
    "FACT",
    "AdverseEventReported",
    "AdverseEventUpdated",
    "AllocationRefused",
    "AllocationRequested",
    "CancellationAsked",
    "Change",
    "ConflictRuled",
    "ConsentGiven",
    "ContactRegained",
    "CourseTaken",
    "CyclePlanned",
    "DeviationRecorded",
    "DeviationWithdrawn",
    "DoseBasis",
    "DoseDelayed",
    "DoseGiven",
    "DoseOmitted",
    "DosesPlanned",
    "DosingPaused",
    "DosingResumed",
    "DrugChecked",
    "DrugDiscontinued",
    "DrugHeld",
    "DrugResumed",
    "DueReached",
    "EligibilityConfirmed",
    "EpochEntered",
    "EvaluationJudged",
    "EvidenceRecorded",
    "Fact",
    "FactCorrected",
    "FactSigned",
    "FollowUpContacted",
    "GateChecked",
    "GateOverridden",
    "IcfApproved",
    "JudgementsGiven",
    "LabResultsRecorded",
    "LabsOrdered",
    "LiveVaccineGiven",
    "NoticeAcknowledged",
    "NoticeMissed",
    "NoticeReached",
    "NoticeRequested",
    "OperabilityJudged",
    "PathologyReported",
    "PregnancyFound",
    "ProgressionFound",
    "Randomized",
    "ReconsentAsked",
    "SafetyActionAsked",
    "SafetyDecided",
    "SafetyReportMade",
    "ScreenFailed",
    "SignatureAsked",
    "StudyEnded",
    "SubjectDied",
    "SubjectRegistered",
    "SubjectWithdrew",
    "Superseded",
    "SurgeryCancelled",
    "SurgeryExplained",
    "SurgeryPerformed",
    "TreatmentEnded",
]
