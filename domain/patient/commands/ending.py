"""The ways out, and follow-up."""

from datetime import date
from typing import Literal

from pydantic import Field

from domain.values import Frozen, Text


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
    """The subject withdrew: from treatment (follow-up goes on), from the study, or the consent itself.

    After a withdrawal of consent nothing further is collected; what is on record stays.
    """

    kind: Literal["withdrawal"] = "withdrawal"
    withdrawn_on: date
    level: Literal["TREATMENT", "STUDY", "CONSENT"]
    why: Text | None = None


class LoseToFollowUp(Frozen):
    """The subject cannot be reached any more."""

    kind: Literal["lost_to_follow_up"] = "lost_to_follow_up"
    decided_on: date
    why: Text | None = None


class RegainContact(Frozen):
    """A subject who was lost to follow-up was reached again: follow-up goes on. Protocol treatment stays ended."""

    kind: Literal["contact_regained"] = "contact_regained"
    regained_on: date
    why: Text = Field(description="how the subject was reached")


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


EndingCommand = (
    ReportProgression
    | DiscontinueTreatment
    | ReportWithdrawal
    | LoseToFollowUp
    | RegainContact
    | ReportDeath
    | ReportContact
    | EndStudy
)
