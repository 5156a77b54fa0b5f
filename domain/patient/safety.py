"""Adverse events and pregnancies: what is recorded of them, which reports are due by when, and who is told."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from domain.criteria.laboratory import relation_holds
from domain.labs import LabValue
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.checks import confirm
from domain.patient.draft import Draft
from domain.patient.events import FOLLOWED, PREGNANCY, SafetyEvent
from domain.patient.happenings import ask
from domain.patient.reporting import clocks_of, event_of, numbers_of
from domain.protocol import SafetyPlan
from domain.submission import Reason, Refused, Submission

SERIOUS = "SERIOUS_ADVERSE_EVENT"


def adverse_event(draft: Draft, submission: Submission[c.Command], command: c.ReportAdverseEvent) -> None:
    """Record an adverse event; a serious one is told at once and its reports are due. Source: T10."""
    aware_at = aware(draft, submission, command.aware_at, command.onset_on)
    said = {name: getattr(command, name) for name in FOLLOWED}
    possible(draft, command.onset_on, command.resolved_on, command.aesi)
    event = SafetyEvent(draft.journey.seq + 1, command.onset_on, **judged(draft.protocol.safety, said))
    fields = {name: getattr(event, name) for name in (*FOLLOWED, "fatal")}
    classes = classes_of(draft, event)
    draft.add(
        f.AdverseEventReported(
            term=command.term, onset_on=command.onset_on, aware_at=aware_at, classes=classes, **fields
        )
    )
    tell_classes(draft, event.number, classes)
    ask(draft, event.number, event.aesi, event.grade)


def adverse_event_update(draft: Draft, submission: Submission[c.Command], command: c.UpdateAdverseEvent) -> None:
    """Record a follow-up. What becomes serious by it starts its clock from the awareness of that. Source: T10."""
    known = event_of(draft, command.event)
    if known.is_pregnancy:
        raise Refused(Reason.CONTRADICTS, f"fact {command.event} is a pregnancy, not an adverse event", field="event",
                      accepts=numbers_of(draft))  # fmt: skip
    said = {name: getattr(command, name) for name in FOLLOWED if getattr(command, name) is not None}
    if not said:
        raise Refused(Reason.MALFORMED, "the follow-up changes nothing", field="event", accepts=", ".join(FOLLOWED))
    aware_at = aware(draft, submission, command.aware_at, known.onset_on)
    possible(draft, known.onset_on, command.resolved_on, command.aesi)
    if said.get("serious") is False and "criteria" not in said:
        said["criteria"] = ()
    before = {name: getattr(known, name) for name in FOLLOWED}
    event = SafetyEvent(known.number, known.onset_on, **judged(draft.protocol.safety, before | said))
    eased = known.serious and not event.serious
    if eased:
        confirm(submission, f"fact {known.number} is serious on record", "T10", "serious")
    classes = classes_of(draft, event)
    changed = said | {"serious": event.serious, "fatal": event.fatal}
    draft.add(f.AdverseEventUpdated(event=known.number, aware_at=aware_at, classes=classes, **changed))
    if eased:
        draft.event("SERIOUSNESS_WITHDRAWN", f"adverse event fact {known.number} is no longer held to be serious")
    tell_classes(draft, known.number, tuple(name for name in classes if name not in known.classes))
    ask(draft, known.number, event.aesi, event.grade)


def pregnancy(draft: Draft, submission: Submission[c.Command], command: c.ReportPregnancy) -> None:
    """Record a pregnancy. On treatment it stops the doses; its report is due from randomization on. Source: E25."""
    possible(draft, command.found_on, None, PREGNANCY)
    safety = draft.journey.safety
    known = [event for event in safety.events.values() if event.is_pregnancy and event.onset_on == command.found_on]
    known += [event for event in safety.undecided_pregnancies if event.by_result]
    if known:
        detail = f"a pregnancy found {known[0].onset_on} is on record, fact {known[0].number}"
        detail += ": its test result told it" if known[0].by_result else ""
        raise Refused(Reason.CONTRADICTS, detail, field="found_on",
                      accepts=f"nothing: what is on record stands; `correct` of fact {known[0].number} for another "
                      "date or awareness")  # fmt: skip
    found(draft, command.found_on, aware(draft, submission, command.aware_at, command.found_on))


def found(draft: Draft, found_on: date, aware_at: datetime, result: int | None = None) -> None:
    """Record a pregnancy, tell it, and ask what its rules want; `result` is the fact of the results that told it."""
    number = draft.journey.seq + 1
    classes = classes_of(draft, SafetyEvent(number, found_on, aesi=PREGNANCY))
    draft.add(f.PregnancyFound(found_on=found_on, aware_at=aware_at, classes=classes, result=result))
    if not classes:
        draft.event(PREGNANCY, f"pregnancy fact {number}, before randomization")
    tell_classes(draft, number, classes)
    ask(draft, number, PREGNANCY, None)


def found_by_results(draft: Draft, number: int, accepted: Sequence[LabValue]) -> None:
    """Start the same path for a result after randomization that tells of a pregnancy, once while one is undecided.

    The results of the latest date count; a positive one among them goes before a negative one. Source: E25, T10.
    """
    journey = draft.journey
    if journey.randomized_on is None:
        return
    newest = [row for rows in journey.day_labs.values() for row in rows]
    dates = pregnancy_dates(draft, [row for row in accepted if row in newest])
    known = {event.onset_on for event in journey.safety.events.values() if event.tells_pregnancy}
    if dates and not known.issuperset(dates) and not journey.safety.undecided_pregnancies:
        found(draft, min(dates - known), draft.at, number)


def pregnancy_dates(draft: Draft, values: Sequence[LabValue]) -> set[date]:
    """Give the dates of the samples whose result tells of a pregnancy by itself."""
    rules = [rule for rule in draft.protocol.safety.rules if rule.event == PREGNANCY]
    limits = [limit for rule in rules for limit in rule.found_by if rule.sex in (None, draft.journey.sex)]
    return {
        draft.journey.site.date_of(value.collected_at)
        for value in values
        for limit in limits
        if value.analyte == limit.analyte and relation_holds(value.value, limit.relation, limit.value)
    }


def aware(draft: Draft, submission: Submission[c.Command], said: datetime | None, onset_on: date) -> datetime:
    """Give the awareness, by default now. Raises Refused when it lies ahead, or is odd and not confirmed."""
    aware_at = said or draft.at
    if aware_at > draft.at:
        raise Refused(Reason.FUTURE, "aware_at lies in the future", rule="T10", field="aware_at",
                      accepts=f"up to {draft.at.isoformat()}")  # fmt: skip
    on, limit = draft.journey.site.date_of(aware_at), draft.protocol.plausibility
    if on < onset_on:
        confirm(submission, f"aware on {on}, before the onset on {onset_on}", "T10", "aware_at")
    if (draft.today - on).days > limit.backdated_days:
        confirm(submission, f"aware on {on}, more than {limit.backdated_days} d ago", str(limit.source), "aware_at")
    return aware_at


def possible(draft: Draft, onset_on: date, resolved_on: date | None, aesi: str | None, at: str = "") -> None:
    """Refuse an end before the onset, an unknown code, and what cannot happen to the sex on record."""
    if resolved_on is not None and resolved_on < onset_on:
        raise Refused(Reason.CONTRADICTS, f"the onset was on {onset_on}", field=f"{at}resolved_on",
                      accepts=f"a date from {onset_on}")  # fmt: skip
    rules = draft.protocol.safety.rules
    known = sorted({rule.event for rule in rules})
    if aesi is not None and aesi not in known:
        raise Refused(Reason.MALFORMED, f"{aesi} is not a coded event", field=f"{at}aesi", accepts=", ".join(known))
    sexes = {rule.sex for rule in rules if rule.event == aesi}
    if sexes and None not in sexes and draft.journey.sex not in sexes:
        detail = f"{aesi} contradicts the sex on record, {draft.journey.sex}"
        raise Refused(Reason.CONTRADICTS, detail, rule="E25", accepts="a correction of the sex first")


def judged(plan: SafetyPlan, said: Mapping[str, Any]) -> dict[str, Any]:
    """Give what was said with what follows from it: a fatal event, or one with a criterion, is serious."""
    fatal = said["grade"] == plan.fatal_grade or "DEATH" in said["criteria"] or said["outcome"] == "FATAL"
    return {**said, "fatal": fatal, "serious": said["serious"] or bool(said["criteria"]) or fatal}


def classes_of(draft: Draft, event: SafetyEvent, *, randomized: bool | None = None) -> tuple[str, ...]:
    """Give the classes of report an event belongs to. SUSAR: serious, not expected, and related to a study drug.

    `randomized`: whether the subject was when this became known, if not now.
    """
    if randomized is None:
        randomized = draft.journey.randomized_on is not None
    found = [SERIOUS] if event.serious else []
    if event.serious and event.expected is False and event.is_related:
        fast = event.fatal or "LIFE_THREATENING" in event.criteria
        found.append("SUSAR_FATAL" if fast else "SUSAR")
    if randomized:
        rules = draft.protocol.safety.rules
        found += [rule.report for rule in rules if rule.event == event.aesi and rule.report is not None]
    return tuple(dict.fromkeys(found))


def tell_classes(draft: Draft, number: int, new: tuple[str, ...]) -> None:
    """Tell each class of report an event newly belongs to, with the deadlines: they stand there in any case."""
    event = draft.journey.safety.events[number]
    what = "pregnancy" if event.is_pregnancy else f"adverse event grade {event.grade}"
    for name in new:
        due = [clock.text for clock in clocks_of(draft, number) if clock.row.applies_to == name]
        late = "; the journey is over: nobody will be reminded" if draft.journey.is_over else ""
        draft.event(name, f"{what}: {'; '.join(due)}{late}", about=f"{number}")
