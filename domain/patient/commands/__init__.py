"""What may be said to a subject's journey. A new command is added here and in `decide`; all else is derived.

Dates are the site's calendar dates. A report says what happened; a plan or verdict says what shall be.
"""

from domain.patient.commands.acts import (
    DosingPause,
    IcfVersion,
    LearnDosingPause,
    LearnDosingResumption,
    LearnIcf,
    LearnTrialStop,
    TrialActCommand,
    Word,
)
from domain.patient.commands.ending import (
    DiscontinueTreatment,
    EndingCommand,
    EndStudy,
    LoseToFollowUp,
    ReportContact,
    ReportDeath,
    ReportProgression,
    ReportWithdrawal,
)
from domain.patient.commands.record import Acknowledge, RecordCommand, Sign
from domain.patient.commands.safety import ReportAdverseEvent, SafetyCommand
from domain.patient.commands.screening import (
    ConfirmEligibility,
    Consent,
    Evidence,
    RecordConsent,
    RecordEvidence,
    ReportScreenFailure,
    RequestRandomization,
    ScreeningCommand,
    TypeLabResults,
)
from domain.patient.commands.surgery import (
    CancelSurgery,
    EvaluateAdjuvant,
    JudgeOperability,
    ProceedToSurgery,
    ReportPathology,
    ReportSurgery,
    SurgeryCommand,
)
from domain.patient.commands.system import (
    AllocationDenied,
    Begin,
    CancelRequested,
    FromSystem,
    LabsReported,
    NoticeDelivered,
    SlotAllocated,
    TimePassed,
)
from domain.patient.commands.treatment import (
    CycleLabel,
    DelayDose,
    GivenDrug,
    OmitDose,
    OverrideGate,
    ReportDose,
    TreatmentCommand,
)

FromPeople = ScreeningCommand | TreatmentCommand | SurgeryCommand | SafetyCommand | EndingCommand | RecordCommand
Command = FromPeople | FromSystem

__all__ = [
    "Acknowledge",
    "AllocationDenied",
    "Begin",
    "CancelRequested",
    "CancelSurgery",
    "Command",
    "ConfirmEligibility",
    "Consent",
    "CycleLabel",
    "DelayDose",
    "DiscontinueTreatment",
    "DosingPause",
    "EndStudy",
    "EvaluateAdjuvant",
    "Evidence",
    "FromPeople",
    "FromSystem",
    "GivenDrug",
    "IcfVersion",
    "JudgeOperability",
    "LabsReported",
    "LearnDosingPause",
    "LearnDosingResumption",
    "LearnIcf",
    "LearnTrialStop",
    "LoseToFollowUp",
    "NoticeDelivered",
    "OmitDose",
    "OverrideGate",
    "ProceedToSurgery",
    "RecordConsent",
    "RecordEvidence",
    "ReportAdverseEvent",
    "ReportContact",
    "ReportDeath",
    "ReportDose",
    "ReportPathology",
    "ReportProgression",
    "ReportScreenFailure",
    "ReportSurgery",
    "ReportWithdrawal",
    "RequestRandomization",
    "Sign",
    "SlotAllocated",
    "TimePassed",
    "TrialActCommand",
    "TypeLabResults",
    "Word",
]
