"""Safety."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.patient.commands import AdverseOutcome, Causality, DrugCausality, Seriousness
from domain.protocol import Recipient, Stage
from domain.values import Code, Frozen


class AdverseEventReported(Frozen):
    """An adverse event as reported. `classes` are the classes of report it belongs to, as decided then."""

    kind: Literal["AdverseEventReported"] = "AdverseEventReported"
    term: str
    grade: int
    serious: bool
    onset_on: date
    aware_at: AwareDatetime | None = None
    criteria: tuple[Seriousness, ...] = ()
    causality: Causality = "NOT_ASSESSED"
    drug_causality: tuple[DrugCausality, ...] = ()
    expected: bool | None = None
    outcome: AdverseOutcome | None = None
    resolved_on: date | None = None
    aesi: Code | None = None
    fatal: bool = False
    classes: tuple[Code, ...] = ()


class AdverseEventUpdated(Frozen):
    """A follow-up: what changed, and the classes of report the event belongs to from then on."""

    kind: Literal["AdverseEventUpdated"] = "AdverseEventUpdated"
    event: int
    aware_at: AwareDatetime
    grade: int | None = None
    serious: bool | None = None
    criteria: tuple[Seriousness, ...] | None = None
    causality: Causality | None = None
    drug_causality: tuple[DrugCausality, ...] | None = None
    expected: bool | None = None
    outcome: AdverseOutcome | None = None
    resolved_on: date | None = None
    aesi: Code | None = None
    fatal: bool = False
    classes: tuple[Code, ...] = ()


class PregnancyFound(Frozen):
    """A pregnancy, as told; `result` is the number of the laboratory results that told it by themselves."""

    kind: Literal["PregnancyFound"] = "PregnancyFound"
    found_on: date
    aware_at: AwareDatetime
    classes: tuple[Code, ...] = ()
    result: int | None = None


class SafetyReportMade(Frozen):
    kind: Literal["SafetyReportMade"] = "SafetyReportMade"
    event: int
    reported_at: AwareDatetime
    to: Recipient
    stage: Stage = "INITIAL"


class LiveVaccineGiven(Frozen):
    kind: Literal["LiveVaccineGiven"] = "LiveVaccineGiven"
    given_on: date
    product: str | None = None


class SafetyActionAsked(Frozen):
    """What a safety event asks of the investigator, by the rule that asks it."""

    kind: Literal["SafetyActionAsked"] = "SafetyActionAsked"
    event: int
    command: str
    rule: str
    text: str
    drugs: tuple[Code, ...] = ()
    stops_dosing: bool = False


class SafetyDecided(Frozen):
    kind: Literal["SafetyDecided"] = "SafetyDecided"
    event: int
    decided_on: date
    dosing: Literal["CONTINUE", "HOLD"]
    why: str


SafetyFact = (
    AdverseEventReported
    | AdverseEventUpdated
    | PregnancyFound
    | SafetyReportMade
    | LiveVaccineGiven
    | SafetyActionAsked
    | SafetyDecided
)
