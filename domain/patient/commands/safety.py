"""Safety reports: adverse events and what becomes of them, reports made, pregnancy, live vaccines."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from domain.protocol import Recipient, Stage
from domain.values import Code, Frozen, Text

Seriousness = Literal["DEATH", "LIFE_THREATENING", "HOSPITALISATION", "DISABILITY", "CONGENITAL", "IMPORTANT"]
Causality = Literal["RELATED", "NOT_RELATED", "NOT_ASSESSED"]
AdverseOutcome = Literal["RECOVERED", "RECOVERING", "NOT_RECOVERED", "SEQUELAE", "FATAL", "UNKNOWN"]


class DrugCausality(Frozen):
    """Whether one drug is held to have caused an event."""

    drug: Code
    causality: Causality


class ReportAdverseEvent(Frozen):
    """An adverse event. The number of its fact is its number from then on."""

    kind: Literal["adverse_event"] = "adverse_event"
    term: Text
    grade: int = Field(ge=1, le=5, description="CTCAE grade 1 to 5")
    serious: bool
    onset_on: date
    aware_at: AwareDatetime | None = Field(None, description="when the site learnt of it, if not now")
    criteria: tuple[Seriousness, ...] = Field((), max_length=6, description="why it is serious")
    causality: Causality = Field("NOT_ASSESSED", description="RELATED to any study drug, NOT_RELATED or NOT_ASSESSED")
    drug_causality: tuple[DrugCausality, ...] = Field((), max_length=20, description="the same for single drugs")
    expected: bool | None = Field(None, description="whether the reference safety information lists it")
    outcome: AdverseOutcome | None = Field(None, description="as far as it is known")
    resolved_on: date | None = Field(None, description="date on which it was over")
    aesi: Code | None = Field(None, description="of special interest: ILD, BLEEDING or PREGNANCY")


class UpdateAdverseEvent(Frozen):
    """A follow-up of an adverse event: only what changed is given."""

    kind: Literal["adverse_event_update"] = "adverse_event_update"
    event: int = Field(ge=1, description="fact number of the adverse event")
    aware_at: AwareDatetime | None = Field(None, description="when the site learnt of the change, if not now")
    grade: int | None = Field(None, ge=1, le=5, description="CTCAE grade 1 to 5")
    serious: bool | None = None
    criteria: tuple[Seriousness, ...] | None = Field(None, max_length=6, description="why it is serious")
    causality: Causality | None = None
    drug_causality: tuple[DrugCausality, ...] | None = Field(None, max_length=20)
    expected: bool | None = None
    outcome: AdverseOutcome | None = None
    resolved_on: date | None = None
    aesi: Code | None = Field(None, description="of special interest: ILD, BLEEDING or PREGNANCY")


class ReportSafety(Frozen):
    """A safety report was made: of a serious event, a SUSAR or a pregnancy."""

    kind: Literal["sae_reported"] = "sae_reported"
    event: int = Field(ge=1, description="fact number of the adverse event or pregnancy")
    reported_at: AwareDatetime = Field(description="when it was sent, with its offset")
    to: Recipient = Field(description="SPONSOR, EC or AUTHORITY")
    stage: Stage = Field("INITIAL", description="INITIAL, or FOLLOW_UP: the complete report")


class ReportPregnancy(Frozen):
    """A pregnancy was found."""

    kind: Literal["pregnancy"] = "pregnancy"
    found_on: date = Field(description="date of the positive test")
    aware_at: AwareDatetime | None = Field(None, description="when the site learnt of it, if not now")


class ReportLiveVaccine(Frozen):
    """A live vaccine was given."""

    kind: Literal["live_vaccine"] = "live_vaccine"
    given_on: date
    product: Text | None = None


class DecideSafety(Frozen):
    """The investigator's decision on what a safety event asked for."""

    kind: Literal["safety_decision"] = "safety_decision"
    event: int = Field(ge=1, description="fact number of the event")
    decided_on: date
    dosing: Literal["CONTINUE", "HOLD"] = Field(description="CONTINUE: dosing may go on; HOLD: it stays as it is held")
    why: Text


SafetyCommand = (
    ReportAdverseEvent | UpdateAdverseEvent | ReportSafety | ReportPregnancy | ReportLiveVaccine | DecideSafety
)
