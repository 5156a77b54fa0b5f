"""The surgery wait, surgery, pathology and the evaluation."""

from datetime import date
from typing import Literal

from pydantic import Field

from domain.protocol import Resection
from domain.values import Frozen, Text


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


SurgeryCommand = (
    ProceedToSurgery | JudgeOperability | ReportSurgery | CancelSurgery | ReportPathology | EvaluateAdjuvant
)
