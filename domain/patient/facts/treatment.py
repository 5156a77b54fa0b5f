"""The gate, and doses."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from domain.dosing import DoseCalculation
from domain.patient.commands import GivenDrug
from domain.patient.facts.findings import Findings
from domain.values import Code, Frozen


class GateChecked(Frozen):
    """A verdict of the pre-dose gate. `day_1_on`: the date the ages of the samples were held against."""

    kind: Literal["GateChecked"] = "GateChecked"
    cycle: int
    passed: bool
    sampled_on: date | None = None
    findings: Findings
    day_1_on: date | None = None


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
    as_planned: tuple[Code, ...] = ()


class DoseBasis(Frozen):
    """The measurements a plan rests on; None: it does not depend on it. Unit: kg, cm, umol/L."""

    weight_kg: Decimal | None = None
    weighed_on: date | None = None
    height_cm: Decimal | None = None
    height_on: date | None = None
    creatinine: Decimal | None = None
    sampled_at: AwareDatetime | None = None


class DosesPlanned(Frozen):
    """The amounts of a cycle, each with its formula and inputs. The latest of a cycle counts."""

    kind: Literal["DosesPlanned"] = "DosesPlanned"
    cycle: int
    planned_on: date
    administrations: tuple[DoseCalculation, ...]
    basis: DoseBasis
    choice: Code | None = None
    why: str | None = None
    because: str = ""


class DrugHeld(Frozen):
    kind: Literal["DrugHeld"] = "DrugHeld"
    drug: Code
    decided_on: date
    why: str


class DrugResumed(Frozen):
    kind: Literal["DrugResumed"] = "DrugResumed"
    drug: Code
    decided_on: date
    why: str


class DrugDiscontinued(Frozen):
    kind: Literal["DrugDiscontinued"] = "DrugDiscontinued"
    drug: Code
    decided_on: date
    why: str


class DrugChecked(Frozen):
    """The answer that one drug waits for. `rule`: the criterion it is about."""

    kind: Literal["DrugChecked"] = "DrugChecked"
    drug: str
    rule: str
    checked_on: date
    met: bool
    why: str | None = None


class CourseTaken(Frozen):
    """The days on which a drug was taken at home, against those planned by then."""

    kind: Literal["CourseTaken"] = "CourseTaken"
    cycle: int
    drug: Code
    days: tuple[int, ...]
    last_on: date | None = None
    planned: tuple[int, ...] = ()
    not_taken: tuple[int, ...] = ()
    beyond_plan: tuple[int, ...] = ()


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


TreatmentFact = (
    GateChecked
    | GateOverridden
    | DoseGiven
    | DoseDelayed
    | DoseOmitted
    | DosesPlanned
    | DrugHeld
    | DrugResumed
    | DrugDiscontinued
    | DrugChecked
    | CourseTaken
)
