"""What is known of a subject: the state that facts fold to. It holds data and what follows from it at a glance."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain import catalogue
from domain.criteria.case import Consented, Judgement, Ruling
from domain.dosing import DoseCalculation
from domain.evidence import Section
from domain.findings import Finding
from domain.labs import LabValue
from domain.patient import facts as f
from domain.patient.copying import amend, copied
from domain.patient.cycle import Cycle, Stop
from domain.patient.events import Safety
from domain.protocol import Protocol, Resection, Role
from domain.values import Clock, Sex, Site

LOST = "LOST_TO_FOLLOW_UP"
"""The reason of an end from which there is a way back."""


@dataclass(frozen=True)
class Notice:
    """A notice that was asked for."""

    notice: str
    to: tuple[Role, ...]
    text: str
    urgent: bool
    reached: bool = False
    acknowledged: bool = False
    missed: bool = False
    about: str = ""
    unread_since: datetime | None = None
    repeats: int | None = None
    useful_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """An outside effect that has been decided and has no outcome yet. Its key is stream/seq."""

    seq: int
    fact: f.LabsOrdered | f.NoticeRequested | f.AllocationRequested


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of dosing by the sponsor, and its end."""

    since: datetime
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The eligibility verdict as it stands until randomization: the number of its fact, and its findings."""

    seq: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Journey:
    """Everything known of one subject. `worked_out` keeps what others worked out of this very state, to ask once."""

    seq: int = 0
    trial: str = ""
    subject: str = ""
    protocol_version: str = ""
    site: Site = field(default_factory=lambda: Site(code="NONE"))
    clock: Clock = field(default_factory=Clock.real)
    born_on: date = date.min
    sex: Sex = "FEMALE"
    consent_on: date | None = None
    consents: dict[str, date] = field(default_factory=dict)
    consented: dict[str, Consented] = field(default_factory=dict)
    icf_versions: dict[str, date | None] = field(default_factory=dict)
    reconsent: f.ReconsentAsked | None = None
    weight_kg: Decimal | None = None
    weighed_on: date = date.min
    height_cm: Decimal | None = None
    height_on: date = date.min
    no_support: bool | None = None
    last_support_on: date | None = None
    support_assessed_on: date | None = None
    labs: dict[str, LabValue] = field(default_factory=dict)
    day_labs: dict[str, tuple[LabValue, ...]] = field(default_factory=dict)
    baseline: dict[str, LabValue] = field(default_factory=dict)
    sections: dict[str, tuple[Section, ...]] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    day_judgements: dict[str, tuple[Judgement, ...]] = field(default_factory=dict)
    rulings: dict[str, Ruling] = field(default_factory=dict)
    epoch: str = ""
    epoch_on: date = date.min
    eligible_on: date | None = None
    confirmed: Confirmed | None = None
    screen_failed: bool = False
    allocation: int | None = None
    arm: str = ""
    slot: int = 0
    randomized_on: date | None = None
    cycles: dict[int, Cycle] = field(default_factory=dict)
    last_dose: dict[str, date] = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()
    drug_checks: tuple[f.DrugChecked, ...] = ()
    planned_last: dict[str, DoseCalculation] = field(default_factory=dict)
    operable: bool | None = None
    operable_on: date | None = None
    surgery_on: date | None = None
    resection: Resection | None = None
    surgery_attributed: bool = True
    resection_why: str | None = None
    residual_uncertain: bool = False
    pathology: Resection | None = None
    pathology_report: f.PathologyReported | None = None
    evaluated_on: date | None = None
    treatment_ended: str = ""
    treatment_ended_on: date | None = None
    progressed_on: date | None = None
    died_on: date | None = None
    study_ended: str = ""
    study_ended_on: date | None = None
    ended_seq: int = 0
    regained_on: date | None = None
    withdrawn_on: date | None = None
    consent_withdrawn_on: date | None = None
    contacted_on: date | None = None
    reached: frozenset[str] = frozenset()
    intents: dict[int, Intent] = field(default_factory=dict)
    orders: dict[int, f.LabsOrdered] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    deviations: dict[str, f.DeviationRecorded] = field(default_factory=dict)
    adverse_events: int = 0
    safety: Safety = field(default_factory=Safety)
    pauses: tuple[Pause, ...] = ()
    unsigned: dict[int, f.SignatureAsked] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    worked_out: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def protocol(self) -> Protocol:
        """The protocol version this subject runs under."""
        return catalogue.protocol(self.trial, self.protocol_version)

    @property
    def consent_version(self) -> str:
        """The version of the latest consent."""
        return max(self.consents, key=lambda version: self.consents[version], default="")

    @property
    def stream(self) -> str:
        """The name of this subject's stream, which is also the workflow id."""
        return f"patient-{self.trial}-{self.subject}"

    @property
    def is_dosing_paused(self) -> bool:
        """Say whether the sponsor has paused dosing."""
        return any(pause.until is None for pause in self.pauses)

    @property
    def is_over(self) -> bool:
        """Say whether the subject's part in the study has ended."""
        return self.study_ended != ""

    @property
    def is_lost(self) -> bool:
        """Say whether the study ended only because the subject could not be reached."""
        return self.study_ended == LOST

    @property
    def is_on_treatment(self) -> bool:
        """Say whether the subject is randomized and protocol treatment has not ended."""
        return self.randomized_on is not None and not self.treatment_ended and not self.is_over

    @property
    def current_cycle(self) -> Cycle | None:
        """The cycle whose day 1 is awaited: the first open one of the current treatment epoch."""
        ours = [cycle for cycle in self.cycles.values() if cycle.is_open and self._is_of_epoch(cycle)]
        return min(ours, key=lambda cycle: cycle.number, default=None)

    @property
    def held(self) -> tuple[str, ...]:
        """The drugs on hold."""
        return tuple(stop.drug for stop in self.stops if stop.until is None and not stop.final)

    @property
    def discontinued(self) -> tuple[str, ...]:
        """The drugs stopped for good."""
        return tuple(stop.drug for stop in self.stops if stop.final)

    def to_correct(self, what: str) -> str:
        """Say how something on record is corrected."""
        number = self.numbers.get(what)
        return f"`correct` of fact {number}" if number else "`correct` of its fact"

    def is_stopped(self, drug: str, on: date) -> bool:
        """Say whether a drug was held or discontinued on a date."""
        return any(stop.covers(drug, on) for stop in self.stops)

    def _is_of_epoch(self, cycle: Cycle) -> bool:
        epoch = self.protocol.epoch_of_cycle(cycle.number)
        return epoch is not None and epoch.code == self.epoch


def replace(journey: Journey, **change: object) -> Journey:
    """Give a journey with some fields changed, and nothing worked out of it yet."""
    return copied(journey, **change, worked_out={})


def numbered(now: Journey, *what: str) -> Journey:
    """Keep by which fact something is known, so that a refusal can name it."""
    return amend(now, numbers=now.numbers | dict.fromkeys(what, now.seq))
