"""The surgery wait to the evaluation."""

from datetime import date
from typing import Literal

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


class SurgeryCancelled(Frozen):
    kind: Literal["SurgeryCancelled"] = "SurgeryCancelled"
    decided_on: date
    why: str


class PathologyReported(Frozen):
    kind: Literal["PathologyReported"] = "PathologyReported"
    reported_on: date
    resection: Resection


class EvaluationJudged(Frozen):
    kind: Literal["EvaluationJudged"] = "EvaluationJudged"
    evaluated_on: date
    fit: bool
    why: str | None = None


SurgeryFact = OperabilityJudged | SurgeryPerformed | SurgeryCancelled | PathologyReported | EvaluationJudged
