"""The gate, and doses."""

from datetime import date
from typing import Literal

from domain.findings import Finding
from domain.patient.commands import GivenDrug
from domain.values import Code, Frozen


class GateChecked(Frozen):
    kind: Literal["GateChecked"] = "GateChecked"
    cycle: int
    passed: bool
    sampled_on: date | None = None
    findings: tuple[Finding, ...]


class GateOverridden(Frozen):
    kind: Literal["GateOverridden"] = "GateOverridden"
    cycle: int
    why: str


class DoseGiven(Frozen):
    kind: Literal["DoseGiven"] = "DoseGiven"
    cycle: int
    day: int
    given_on: date
    drugs: tuple[GivenDrug, ...]


class DoseDelayed(Frozen):
    kind: Literal["DoseDelayed"] = "DoseDelayed"
    cycle: int
    until: date
    why: str


class DoseOmitted(Frozen):
    kind: Literal["DoseOmitted"] = "DoseOmitted"
    cycle: int
    drug: Code | None = None
    decided_on: date
    why: str


TreatmentFact = GateChecked | GateOverridden | DoseGiven | DoseDelayed | DoseOmitted
