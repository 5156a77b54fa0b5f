"""Whether a corrected fact can be true beside the others: refused like a report that came like that at first."""

from datetime import date

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.checks import confirm, refuse_impossible, refuse_too_late
from domain.patient.departures import GivenDay, refuse_implausible, refuse_unclear_amounts
from domain.patient.draft import Draft
from domain.patient.history import effective, fold
from domain.patient.journey import Journey
from domain.patient.regimens import regimen_of
from domain.patient.reporting import event_of, numbers_of
from domain.patient.safety import possible
from domain.patient.windows import days
from domain.submission import Reason, Refused, Submission
from domain.values import dates_of


def check(  # noqa: C901 - a table of facts
    draft: Draft, submission: Submission[c.Command], correction: f.FactCorrected, known: object
) -> None:
    """Raise Refused when the corrected fact is impossible or contradicts another one."""
    new = correction.content
    facts = (*draft.every_fact, correction)
    journey = fold(facts)
    if new is None:
        return
    _dates(draft, submission, journey, known, new)
    _instants(draft, known, new)
    match new:
        case f.SubjectRegistered():
            _birth(journey, draft.today, new.born_on)
        case f.DoseGiven():
            was = known if isinstance(known, f.DoseGiven) else new
            _amounts(draft, submission, new, was)
            _doses(journey, effective(facts), correction.fact, new, was)
        case f.SurgeryPerformed() | f.PathologyReported() | f.EvaluationJudged():
            _surgery(journey, new)
        case f.ConsentGiven():
            _consent(effective(facts), correction.fact, new)
        case f.SubjectDied():
            refuse_too_late(journey, submission, new.died_on)
        case f.AdverseEventReported():
            possible(draft, new.onset_on, new.resolved_on, new.aesi, "fields.")
        case f.AdverseEventUpdated():
            event = event_of(draft, new.event)
            possible(draft, event.onset_on, new.resolved_on, new.aesi, "fields.")
        case f.PregnancyFound():
            possible(draft, new.found_on, None, "PREGNANCY", "fields.")
        case f.SafetyReportMade():
            _report(draft, submission, new)
        case _:
            pass
    if isinstance(new, f.OperabilityJudged | f.EvaluationJudged):
        _reasoned(new)


def _reasoned(new: f.OperabilityJudged | f.EvaluationJudged) -> None:
    negative = not (new.operable if isinstance(new, f.OperabilityJudged) else new.fit)
    if negative and not new.why:
        raise Refused(Reason.RULE, "a negative verdict needs its reason", rule="T12", field="fields.why",
                      accepts="a reason")  # fmt: skip


def _instants(draft: Draft, known: object, new: f.Superseded) -> None:
    """Refuse an awareness or a report that lies ahead. Source: T10."""
    for name in ("aware_at", "reported_at"):
        value = getattr(new, name, None)
        if value is not None and value != getattr(known, name, None) and value > draft.at:
            raise Refused(Reason.FUTURE, f"{name} lies in the future", rule="T10", field=f"fields.{name}",
                          accepts=f"up to {draft.at.isoformat()}")  # fmt: skip


def _report(draft: Draft, submission: Submission[c.Command], new: f.SafetyReportMade) -> None:
    """Refuse a report of no event on record; ask for confirmation of one before the site was aware. Source: T10."""
    event = draft.journey.safety.events.get(new.event)
    if event is None:
        raise Refused(Reason.CONTRADICTS, f"fact {new.event} is no adverse event and no pregnancy",
                      field="fields.event", accepts=numbers_of(draft))  # fmt: skip
    since = min((moment.at for moment in event.classes.values()), default=new.reported_at)
    if new.reported_at < since:
        shown = draft.journey.site.shown(since)
        confirm(submission, f"reported before the site was aware ({shown})", "T10", "fields.reported_at")


def _dates(draft: Draft, submission: Submission[c.Command], journey: Journey, known: object, new: f.Superseded) -> None:
    was = dict(dates_of(known))
    for name, value in dates_of(new):
        if was.get(name) != value and name != "until" and not name.startswith("accepted"):
            refuse_impossible(journey, f"fields.{name}", value, draft.today)
            _plausible(draft, submission, name, value)


def _plausible(draft: Draft, submission: Submission[c.Command], name: str, value: date) -> None:
    """Ask for confirmation of a date before the informed consent. How long ago it was is no matter in a correction."""
    consent_on = draft.journey.consent_on
    early = consent_on is not None and value < consent_on
    if early and name in ("given_on", "performed_on", "died_on", "withdrawn_on", "found_on", "contacted_on"):
        confirm(submission, f"{value} is before the informed consent of {consent_on}", "I1.1", f"fields.{name}")


def _birth(journey: Journey, today: date, born_on: date) -> None:
    if journey.consent_on is not None and not born_on < journey.consent_on <= today:
        raise Refused(Reason.CONTRADICTS, f"the informed consent is of {journey.consent_on}", field="fields.born_on",
                      accepts=f"a date before {journey.consent_on}")  # fmt: skip


def _amounts(draft: Draft, submission: Submission[c.Command], new: f.DoseGiven, was: f.DoseGiven) -> None:
    """Ask back an amount in no unit of its drug, or far from the planned one, as in the report at first. Source: Q9."""
    regimen = regimen_of(draft.journey, new.cycle)
    refuse_unclear_amounts(regimen, new.drugs, "fields.", was.drugs)
    changed = tuple(drug for drug in new.drugs if drug not in was.drugs)
    refuse_implausible(draft, submission, GivenDay(new.cycle, new.day, new.given_on, changed), regimen, "fields.")


def _doses(journey: Journey, facts: list[f.Fact], number: int, new: f.DoseGiven, was: f.DoseGiven) -> None:
    """Refuse a day that is not its day of the cycle, a drug twice, and a day 1 out of order with other cycles.

    The later days of the cycle it was of go along with its day 1: they are held against nothing here.
    """
    ours, turns = new.given_on - days(new.day - 1), new.cycle != was.cycle
    for seq, fact in enumerate(facts, start=1):
        along = turns and (was.day, new.day) == (1, 1) and isinstance(fact, f.DoseGiven) and fact.cycle == was.cycle
        if not isinstance(fact, f.DoseGiven) or seq == number or (along and fact.day > 1):
            continue
        other = fact.given_on - days(fact.day - 1)
        if fact.cycle == new.cycle and (new.day != 1 or turns) and other != ours:
            detail = f"C{new.cycle}D1 was {other}, so {new.given_on} is not day {new.day}"
            raise Refused(Reason.CONTRADICTS, detail, field="fields.given_on",
                          accepts=f"{other + days(new.day - 1)}")  # fmt: skip
        if fact.cycle < new.cycle and ours <= other:
            raise Refused(Reason.CONTRADICTS, f"C{fact.cycle}D1 was {other}", field="fields.given_on",
                          accepts=f"a date after {other}")  # fmt: skip
        if fact.cycle > new.cycle and ours >= other:
            raise Refused(Reason.CONTRADICTS, f"C{fact.cycle}D1 was {other}", field="fields.given_on",
                          accepts=f"a date before {other}")  # fmt: skip
    rows = [drug for day, drug, _ in journey.cycles[new.cycle].given if day == new.day]
    twice = sorted({drug for drug in rows if rows.count(drug) > 1})
    if twice:
        raise Refused(Reason.CONTRADICTS, f"{', '.join(twice)} on C{new.cycle}D{new.day} stands twice",
                      field="fields.drugs", accepts="each drug once")  # fmt: skip


def _surgery(journey: Journey, new: f.SurgeryPerformed | f.PathologyReported | f.EvaluationJudged) -> None:
    on = journey.surgery_on
    if on is None:
        raise Refused(Reason.CONTRADICTS, "no surgery is on record", rule="T5", field="fields",
                      accepts="surgery_done, or `correct` of the surgery, first")  # fmt: skip
    report = journey.pathology_report
    later = {
        "reported_on": report.reported_on if report else None,
        "evaluated_on": journey.evaluated_on,
    }
    for name, value in later.items():
        if value is None or value >= on:
            continue
        if isinstance(new, f.SurgeryPerformed):
            raise Refused(Reason.CONTRADICTS, f"{name} is {value}", field="fields.performed_on",
                          accepts=f"a date up to {value}")  # fmt: skip
        raise Refused(Reason.IMPOSSIBLE, f"surgery was on {on}", field=f"fields.{name}", accepts=f"a date from {on}")


def _consent(facts: list[f.Fact], number: int, new: f.ConsentGiven) -> None:
    for seq, fact in enumerate(facts, start=1):
        if isinstance(fact, f.ConsentGiven) and seq != number and fact.version == new.version:
            raise Refused(Reason.CONTRADICTS, f"consent to {fact.version} is fact {seq}", rule="I1.1",
                          field="fields.version", accepts=f"another version, or `correct` of fact {seq}")  # fmt: skip
