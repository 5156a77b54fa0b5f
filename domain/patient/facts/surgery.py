"""The surgery wait to the evaluation."""

from datetime import date
from decimal import Decimal
from typing import Literal

from domain.patient.commands import PathologicalM, PathologicalN, PathologicalT
from domain.protocol import Resection
from domain.values import Frozen


class OperabilityJudged(Frozen):
    kind: Literal["OperabilityJudged"] = "OperabilityJudged"
    judged_on: date
    operable: bool
    why: str | None = None


class SurgeryPerformed(Frozen):
    kind: Literal["SurgeryPerformed"] = "SurgeryPerformed"
    performed_on: date
    resection: Resection
    attributed: bool = True
    why: str | None = None
    residual_uncertain: bool = False


class SurgeryExplained(Frozen):
    """Why a tumour was not resected, told after the surgery."""

    kind: Literal["SurgeryExplained"] = "SurgeryExplained"
    why: str


class SurgeryCancelled(Frozen):
    kind: Literal["SurgeryCancelled"] = "SurgeryCancelled"
    decided_on: date
    why: str


class PathologyReported(Frozen):
    kind: Literal["PathologyReported"] = "PathologyReported"
    reported_on: date
    resection: Resection
    final: bool = True
    margin_mm: Decimal | None = None
    yp_t: PathologicalT | None = None
    yp_n: PathologicalN | None = None
    yp_m: PathologicalM | None = None
    mpr: bool | None = None
    pcr: bool | None = None
    viable_tumour_percent: Decimal | None = None
    residual_uncertain: bool = False


class EvaluationJudged(Frozen):
    kind: Literal["EvaluationJudged"] = "EvaluationJudged"
    evaluated_on: date
    fit: bool
    why: str | None = None


SurgeryFact = (
    OperabilityJudged | SurgeryPerformed | SurgeryExplained | SurgeryCancelled | PathologyReported | EvaluationJudged
)
