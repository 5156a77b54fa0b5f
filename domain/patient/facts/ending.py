"""The ways out, and follow-up."""

from datetime import date
from typing import Literal

from domain.values import Code, Frozen


class ProgressionFound(Frozen):
    kind: Literal["ProgressionFound"] = "ProgressionFound"
    found_on: date


class SubjectWithdrew(Frozen):
    kind: Literal["SubjectWithdrew"] = "SubjectWithdrew"
    withdrawn_on: date
    level: Literal["TREATMENT", "STUDY", "CONSENT"]
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


class ContactRegained(Frozen):
    """The loss to follow-up is over: follow-up goes on from this contact."""

    kind: Literal["ContactRegained"] = "ContactRegained"
    regained_on: date
    why: str


class FollowUpContacted(Frozen):
    kind: Literal["FollowUpContacted"] = "FollowUpContacted"
    contacted_on: date
    disease_free: bool | None = None


class StudyEnded(Frozen):
    kind: Literal["StudyEnded"] = "StudyEnded"
    ended_on: date
    reason: Code
    why: str | None = None


EndingFact = (
    ProgressionFound | SubjectWithdrew | SubjectDied | TreatmentEnded | ContactRegained | FollowUpContacted | StudyEnded
)
