"""Consent to randomization."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from domain.evidence import Answer, Sections
from domain.labs import ReportedResult
from domain.values import Code, Frozen, StaffCode, Text


class Consent(Frozen):
    """The informed consent as signed."""

    signed_on: date = Field(description="date of the subject's signature")
    version: Code = Field(description="approved ICF version, for example V1.0")
    obtained_by: StaffCode | None = Field(None, description="staff code of who obtained the consent, for example INV1")


class Evidence(Sections):
    """Screening evidence of one participant. What is not known is left out, never guessed."""

    assessed_on: date = Field(description="date of the assessment")
    weight_kg: Decimal | None = Field(None, gt=25, lt=250, description="body weight in kg")
    height_cm: Decimal | None = Field(None, gt=120, lt=230, description="body height in cm")
    no_support: bool | None = Field(
        None, description="true: never had a transfusion, blood product, G-CSF or stimulant"
    )
    last_support_on: date | None = Field(None, description="date of the last transfusion, blood product or G-CSF")
    labs: tuple[ReportedResult, ...] = Field((), max_length=200, description="laboratory results")
    judgements: tuple[Answer, ...] = Field((), max_length=60, description="answers to criteria that ask for judgement")


class RecordConsent(Consent):
    """The subject signed the informed consent."""

    kind: Literal["record_consent"] = "record_consent"


class RecordEvidence(Evidence):
    """Screening evidence: sections, laboratory results and judgements, as far as they are known."""

    kind: Literal["screening_evidence"] = "screening_evidence"


class TypeLabResults(Frozen):
    """Laboratory results typed in by a person."""

    kind: Literal["lab_results"] = "lab_results"
    results: tuple[ReportedResult, ...] = Field(min_length=1, max_length=200)


class Judge(Frozen):
    """Answers to criteria that ask for an investigator's judgement, signed by sending them."""

    kind: Literal["judgement"] = "judgement"
    answers: tuple[Answer, ...] = Field(min_length=1, max_length=60)


class RuleOnConflict(Frozen):
    """The sponsor's ruling on rules that contradict each other."""

    kind: Literal["sponsor_ruling"] = "sponsor_ruling"
    rule: Code = Field(description="the criterion in conflict: I13.4")
    allowed: bool = Field(description="true: the subject may enter")
    ruled_on: date
    why: Text


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


ScreeningCommand = (
    RecordConsent
    | RecordEvidence
    | TypeLabResults
    | Judge
    | RuleOnConflict
    | ConfirmEligibility
    | ReportScreenFailure
    | RequestRandomization
)
