"""The surgery wait, surgery, pathology and the evaluation."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from domain.protocol import Resection
from domain.values import Frozen, Text

PathologicalT = Literal["T0", "Tis", "T1", "T1mi", "T1a", "T1b", "T1c", "T2", "T2a", "T2b", "T3", "T4", "TX"]
PathologicalN = Literal["N0", "N1", "N2", "N2a", "N2b", "N3", "NX"]
PathologicalM = Literal["M0", "M1", "M1a", "M1b", "M1c", "M1c1", "M1c2"]


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
    why: Text | None = Field(None, description="why it was not resected")
    residual_uncertain: bool = Field(
        False, description="R(un): residual tumour uncertain by IASLC; the branch is UICC's"
    )


class CancelSurgery(Frozen):
    """There will be no surgery."""

    kind: Literal["surgery_cancelled"] = "surgery_cancelled"
    decided_on: date
    why: Text


class ReportPathology(Frozen):
    """Pathology of the specimen: final, or preliminary, which decides nothing."""

    kind: Literal["pathology"] = "pathology"
    reported_on: date
    resection: Resection
    final: bool = True
    margin_mm: Decimal | None = Field(None, ge=0, le=500, description="closest margin in mm")
    yp_t: PathologicalT | None = Field(None, description="ypT by AJCC 9")
    yp_n: PathologicalN | None = Field(None, description="ypN by AJCC 9")
    yp_m: PathologicalM | None = Field(None, description="ypM by AJCC 9")
    mpr: bool | None = Field(None, description="major pathological response")
    pcr: bool | None = Field(None, description="complete pathological response")
    viable_tumour_percent: Decimal | None = Field(None, ge=0, le=100, description="viable tumour in the bed, percent")
    residual_uncertain: bool = Field(False, description="R(un): residual tumour uncertain by IASLC")


class EvaluateAdjuvant(Frozen):
    """The investigator's evaluation for adjuvant treatment."""

    kind: Literal["adjuvant_evaluation"] = "adjuvant_evaluation"
    evaluated_on: date
    fit: bool = Field(description="true: adjuvant treatment starts")
    why: Text | None = Field(None, description="required when not fit")


SurgeryCommand = (
    ProceedToSurgery | JudgeOperability | ReportSurgery | CancelSurgery | ReportPathology | EvaluateAdjuvant
)
