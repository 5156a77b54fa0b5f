"""The shape of a protocol of this family as one typed value. It holds no number of any trial and no rule's outcome."""

from domain.protocol.basis import Anchor, Arm, Escalation, Question, Reminder, Resection, Role, Source, Window
from domain.protocol.criteria import Criterion, DrugCheck, Gate, LabLimit
from domain.protocol.dosing import Area, Clearance, Dose, DoseLevels, Dosing, RegimenLine, Rounding, Share
from domain.protocol.epochs import (
    Epoch,
    EvaluationEpoch,
    FollowUpEpoch,
    ProcedureEpoch,
    ScreeningEpoch,
    TreatmentEpoch,
    Washout,
)
from domain.protocol.people import Permission, SignatureBlock, SignaturePlan, TrialActs
from domain.protocol.safety import (
    Childbearing,
    Contraception,
    PathologicalResponse,
    Recipient,
    ReportClock,
    SafetyPlan,
    SafetyRule,
    Stage,
    VaccineRule,
)
from domain.protocol.whole import AllocationPlan, Plausibility, Protocol

__all__ = [
    "AllocationPlan",
    "Anchor",
    "Area",
    "Arm",
    "Childbearing",
    "Clearance",
    "Contraception",
    "Criterion",
    "Dose",
    "DoseLevels",
    "Dosing",
    "DrugCheck",
    "Epoch",
    "Escalation",
    "EvaluationEpoch",
    "FollowUpEpoch",
    "Gate",
    "LabLimit",
    "PathologicalResponse",
    "Permission",
    "Plausibility",
    "ProcedureEpoch",
    "Protocol",
    "Question",
    "Recipient",
    "RegimenLine",
    "Reminder",
    "ReportClock",
    "Resection",
    "Role",
    "Rounding",
    "SafetyPlan",
    "SafetyRule",
    "ScreeningEpoch",
    "Share",
    "SignatureBlock",
    "SignaturePlan",
    "Source",
    "Stage",
    "TreatmentEpoch",
    "TrialActs",
    "VaccineRule",
    "Washout",
    "Window",
]
