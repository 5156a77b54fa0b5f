"""Safety events as they stand: a part of the journey's state, folded from facts. It has no rule and never raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never

from domain.patient import facts as f
from domain.patient.commands import AdverseOutcome, Causality, DrugCausality, Seriousness
from domain.patient.facts.safety import SafetyFact
from domain.protocol import Recipient, Stage

PREGNANCY = "PREGNANCY"
FOLLOWED = ("grade", "serious", "criteria", "causality", "drug_causality", "expected", "outcome", "resolved_on", "aesi")
"""What a follow-up may change: what it does not name stays."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When the site became aware of something, and by which fact."""

    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Report:
    """A safety report that was made."""

    to: Recipient
    stage: Stage
    made: Moment


@dataclass(frozen=True, slots=True)
class SafetyEvent:
    """An adverse event or a pregnancy. Its number is that of its fact; `classes` say since when it is reportable."""

    number: int
    onset_on: date
    term: str = ""
    grade: int = 0
    serious: bool = False
    criteria: tuple[Seriousness, ...] = ()
    causality: Causality = "NOT_ASSESSED"
    drug_causality: tuple[DrugCausality, ...] = ()
    expected: bool | None = None
    outcome: AdverseOutcome | None = None
    resolved_on: date | None = None
    aesi: str | None = None
    fatal: bool = False
    classes: Mapping[str, Moment] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()
    by_result: bool = False

    @property
    def is_pregnancy(self) -> bool:
        """Say whether it was told as a pregnancy, not as an adverse event."""
        return self.grade == 0

    @property
    def tells_pregnancy(self) -> bool:
        """Say whether it is a pregnancy, however it was told."""
        return self.is_pregnancy or self.aesi == PREGNANCY

    @property
    def is_related(self) -> bool:
        """Say whether some study drug is held to have caused it."""
        return "RELATED" in (self.causality, *(row.causality for row in self.drug_causality))


@dataclass(frozen=True, slots=True)
class Safety:
    """All safety events of a subject, what they ask of the investigator, and which of them stop the doses."""

    events: Mapping[int, SafetyEvent] = field(default_factory=dict)
    asked: frozenset[tuple[int, str, str]] = frozenset()
    open: tuple[f.SafetyActionAsked, ...] = ()
    stopped: frozenset[int] = frozenset()
    vaccinated_on: date | None = None
    vaccinations: Mapping[int, date] = field(default_factory=dict)

    @property
    def undecided_pregnancies(self) -> tuple[SafetyEvent, ...]:
        """The pregnancies from randomization on that nobody has let the doses go on after."""
        settled = {number for number, *_ in self.asked} - self.stopped
        return tuple(
            event
            for event in self.events.values()
            if event.tells_pregnancy and PREGNANCY in event.classes and event.number not in settled
        )


def fold(safety: Safety, seq: int, fact: SafetyFact) -> Safety:  # noqa: PLR0911 - a table of cases
    """Give the safety state after one more fact, the number `seq` of its stream."""
    match fact:
        case f.AdverseEventReported():
            named = {name: getattr(fact, name) for name in (*FOLLOWED, "term", "onset_on", "fatal")}
            return _event(safety, SafetyEvent(seq, classes=_classes({}, fact, seq), **named))
        case f.PregnancyFound():
            return _event(
                safety,
                SafetyEvent(seq, fact.found_on, classes=_classes({}, fact, seq), by_result=fact.result is not None),
            )
        case f.AdverseEventUpdated():
            return _updated(safety, seq, fact)
        case f.SafetyReportMade():
            known = safety.events.get(fact.event)
            report = Report(fact.to, fact.stage, Moment(fact.reported_at, seq))
            return _event(safety, replace(known, reports=(*known.reports, report))) if known else safety
        case f.LiveVaccineGiven():
            last = max(fact.given_on, safety.vaccinated_on or fact.given_on)
            return replace(safety, vaccinated_on=last, vaccinations={**safety.vaccinations, seq: fact.given_on})
        case f.SafetyActionAsked():
            stopped = safety.stopped | {fact.event} if fact.stops_dosing else safety.stopped
            asked = safety.asked | {(fact.event, fact.command, fact.rule)}
            return replace(safety, asked=asked, open=(*safety.open, fact), stopped=stopped)
        case f.SafetyDecided():
            return _decided(safety, fact)
        case _:
            assert_never(fact)


def _event(safety: Safety, event: SafetyEvent) -> Safety:
    return replace(safety, events={**safety.events, event.number: event})


def _classes(
    known: Mapping[str, Moment], fact: f.AdverseEventReported | f.AdverseEventUpdated | f.PregnancyFound, seq: int
) -> dict[str, Moment]:
    """Give the classes a fact names: what was reportable before keeps its moment. Old facts have no moment."""
    if fact.aware_at is None:
        return {}
    return {name: known.get(name, Moment(fact.aware_at, seq)) for name in fact.classes}


def _updated(safety: Safety, seq: int, fact: f.AdverseEventUpdated) -> Safety:
    known = safety.events.get(fact.event)
    if known is None:
        return safety
    changed = {name: getattr(fact, name) for name in FOLLOWED if getattr(fact, name) is not None}
    return _event(safety, replace(known, fatal=fact.fatal, classes=_classes(known.classes, fact, seq), **changed))


def _decided(safety: Safety, fact: f.SafetyDecided) -> Safety:
    """A decision to hold leaves open what stops the doses: somebody must still decide how it ends."""
    goes_on = fact.dosing == "CONTINUE"
    left = tuple(row for row in safety.open if row.event != fact.event or (row.stops_dosing and not goes_on))
    return replace(safety, open=left, stopped=safety.stopped - {fact.event} if goes_on else safety.stopped)
