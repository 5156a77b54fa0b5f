"""A subject as of a date of clinical time: what had happened by then, as it is known today, corrections applied.

A report counts from the date on which what it tells happened, not from the date on which somebody sent it. What follows
from it by rule counts from the same date. A fact that does not count yet keeps its number, so that no other changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.patient import facts as f
from domain.patient.history import effective
from domain.patient.journey import Journey, evolve
from domain.patient.state import replace
from domain.values import Site

DATED: Mapping[type, str] = {
    f.ConsentGiven: "signed_on",
    f.ConflictRuled: "ruled_on",
    f.EligibilityConfirmed: "judged_on",
    f.ScreenFailed: "decided_on",
    f.Randomized: "randomized_on",
    f.DueReached: "due_at",
    f.DoseGiven: "given_on",
    f.DoseOmitted: "decided_on",
    f.DrugHeld: "decided_on",
    f.DrugResumed: "decided_on",
    f.DrugDiscontinued: "decided_on",
    f.CourseTaken: "last_on",
    f.DrugChecked: "checked_on",
    f.OperabilityJudged: "judged_on",
    f.SurgeryPerformed: "performed_on",
    f.SurgeryCancelled: "decided_on",
    f.PathologyReported: "reported_on",
    f.EvaluationJudged: "evaluated_on",
    f.AdverseEventReported: "onset_on",
    f.AdverseEventUpdated: "aware_at",
    f.PregnancyFound: "found_on",
    f.SafetyReportMade: "reported_at",
    f.LiveVaccineGiven: "given_on",
    f.SafetyDecided: "decided_on",
    f.ProgressionFound: "found_on",
    f.SubjectWithdrew: "withdrawn_on",
    f.SubjectDied: "died_on",
    f.TreatmentEnded: "ended_on",
    f.FollowUpContacted: "contacted_on",
    f.ContactRegained: "regained_on",
    f.StudyEnded: "ended_on",
    f.DosingPaused: "paused_at",
    f.DosingResumed: "resumed_at",
    f.FactSigned: "signed_at",
}
"""The field that says when a fact happened; what follows from it in the same act counts from then too."""
FOLLOWING = (
    f.SubjectRegistered,
    f.JudgementsGiven,
    f.LabsOrdered,
    f.AllocationRequested,
    f.AllocationRefused,
    f.EpochEntered,
    f.CyclePlanned,
    f.GateChecked,
    f.GateOverridden,
    f.DoseDelayed,
    f.DosesPlanned,
    f.SurgeryExplained,
    f.SafetyActionAsked,
    f.DeviationRecorded,
    f.DeviationWithdrawn,
    f.NoticeRequested,
    f.NoticeReached,
    f.NoticeMissed,
    f.NoticeAcknowledged,
    f.CancellationAsked,
    f.IcfApproved,
    f.ReconsentAsked,
    f.SignatureAsked,
)
"""What has no date of its own: it counts from the date of its act."""
EXAMINED = (f.EvidenceRecorded, f.LabResultsRecorded)
"""Findings have the date of the examination or the sample; what follows is decided when they become known."""


@dataclass(frozen=True, slots=True)
class Said:
    """A recorded fact, the submission it came of, and the instant that submission is about."""

    fact: f.Fact
    act: str
    at: datetime


def as_of(record: Sequence[Said], on: date) -> Journey:
    """Fold what had happened by a date, as the whole record tells it today. Not before `begins_on`."""
    journey = Journey()
    for fact, since in dated(record):
        if isinstance(fact, f.SubjectRegistered) or since <= on:
            journey = evolve(journey, _by(fact, on, journey.site))
        else:
            journey = replace(journey, seq=journey.seq + 1)
    return journey


def begins_on(record: Sequence[Said]) -> date:
    """Give the first date as of which there is a subject: of the consent or of the registration."""
    return min(since for fact, since in dated(record) if isinstance(fact, f.SubjectRegistered | f.ConsentGiven))


def dated(record: Sequence[Said]) -> Iterator[tuple[f.Fact, date]]:
    """Give each fact as it counts today, with the date from which it counts. The record is that of one subject."""
    facts = effective([said.fact for said in record])
    site = next((fact.site for fact in facts if isinstance(fact, f.SubjectRegistered)), Site(code="NONE"))
    act, since = "", date.min
    for place, said in enumerate(record):
        if said.act != act:
            act, since = said.act, _begun_on(record, facts, place, site)
        since = _happened_on(said.fact, facts, place, site) or since
        yield facts[place], _examined_on(facts[place], site) or since


def _begun_on(record: Sequence[Said], facts: Sequence[f.Fact], place: int, site: Site) -> date:
    """Give the date an act is about: of its first dated fact, else the site's date at which it was said."""
    for number in range(place, len(record)):
        if record[number].act != record[place].act:
            break
        found = _happened_on(record[number].fact, facts, number, site)
        if found is not None:
            return found
    return site.date_of(record[place].at)


def _happened_on(recorded: f.Fact, facts: Sequence[f.Fact], place: int, site: Site) -> date | None:
    """Give the date of what happened. A correction is about the date of what it corrects, as it reads now."""
    fact = facts[place]
    if isinstance(recorded, f.FactCorrected):
        if recorded.follows is not None or not 1 <= recorded.fact <= place:
            return None
        fact, recorded = facts[recorded.fact - 1], recorded.content or fact
    told = recorded if isinstance(fact, f.FactCorrected) else fact
    value = getattr(told, DATED[type(told)]) if type(told) in DATED else None
    return site.date_of(value) if isinstance(value, datetime) else value


def _examined_on(fact: f.Fact, site: Site) -> date | None:
    if isinstance(fact, f.EvidenceRecorded):
        return fact.assessed_on
    if isinstance(fact, f.LabResultsRecorded):
        sampled = [row.collected_at for row in fact.accepted] + [row.collected_at for row in fact.unused]
        return site.date_of(min(sampled)) if sampled else None
    return None


def _by(fact: f.Fact, on: date, site: Site) -> f.Fact:
    """Give a fact without the results of samples that were taken later. Those that were not used decide nothing."""
    if not isinstance(fact, f.LabResultsRecorded):
        return fact
    accepted = tuple(row for row in fact.accepted if site.date_of(row.collected_at) <= on)
    return fact.model_copy(update={"accepted": accepted})
