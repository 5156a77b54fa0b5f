"""Corrections: an earlier fact's content as it should have been, or that it should never have been said."""

from typing import Annotated, Literal

from pydantic import Field

from domain.patient.facts.ending import (
    ContactRegained,
    FollowUpContacted,
    ProgressionFound,
    StudyEnded,
    SubjectDied,
    SubjectWithdrew,
    TreatmentEnded,
)
from domain.patient.facts.safety import (
    AdverseEventReported,
    AdverseEventUpdated,
    LiveVaccineGiven,
    PregnancyFound,
    SafetyDecided,
    SafetyReportMade,
)
from domain.patient.facts.schedule import EpochEntered
from domain.patient.facts.screening import (
    ConsentGiven,
    EvidenceRecorded,
    JudgementsGiven,
    LabResultsRecorded,
    ScreenFailed,
    SubjectRegistered,
)
from domain.patient.facts.surgery import (
    EvaluationJudged,
    OperabilityJudged,
    PathologyReported,
    SurgeryCancelled,
    SurgeryExplained,
    SurgeryPerformed,
)
from domain.patient.facts.treatment import (
    CourseTaken,
    DoseDelayed,
    DoseGiven,
    DoseOmitted,
    DrugChecked,
    DrugDiscontinued,
    DrugHeld,
    DrugResumed,
    GateChecked,
    GateOverridden,
)
from domain.values import Frozen

Superseded = Annotated[
    SubjectRegistered
    | ConsentGiven
    | EvidenceRecorded
    | JudgementsGiven
    | LabResultsRecorded
    | GateChecked
    | GateOverridden
    | ScreenFailed
    | EpochEntered
    | DoseGiven
    | DoseDelayed
    | DoseOmitted
    | DrugHeld
    | DrugResumed
    | DrugDiscontinued
    | DrugChecked
    | CourseTaken
    | OperabilityJudged
    | SurgeryPerformed
    | SurgeryExplained
    | SurgeryCancelled
    | PathologyReported
    | EvaluationJudged
    | AdverseEventReported
    | AdverseEventUpdated
    | PregnancyFound
    | SafetyReportMade
    | SafetyDecided
    | LiveVaccineGiven
    | ProgressionFound
    | SubjectWithdrew
    | SubjectDied
    | TreatmentEnded
    | StudyEnded
    | ContactRegained
    | FollowUpContacted,
    Field(discriminator="kind"),
]


class Change(Frozen):
    """One thing a correction changed, as people read it. Empty: there was nothing, or is nothing now."""

    what: str
    before: str = ""
    after: str = ""


class FactCorrected(Frozen):
    """From now on the fact of this number reads as `content`; without content it counts as never said.

    The latest correction of a fact counts. The original stays where it stands, and so does every correction.
    `follows` names the fact whose correction brought this one along.
    """

    kind: Literal["FactCorrected"] = "FactCorrected"
    fact: int
    of: str
    content: Superseded | None = None
    why: str
    follows: int | None = None
    changes: tuple[Change, ...] = ()


CorrectionFact = FactCorrected
