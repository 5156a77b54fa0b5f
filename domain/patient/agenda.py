"""What falls due for a subject and when. It reads what facts say and what the protocol asks; it decides nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import assert_never

from domain.patient.clocks import HOUR, MINUTE, open_clocks
from domain.patient.contraception import contraception_until
from domain.patient.cycle import Cycle
from domain.patient.items import Act, Item, again, again_after, item_on
from domain.patient.journey import Journey
from domain.patient.regimens import missed_on
from domain.patient.samples import expires_on
from domain.patient.taken import course_line, untold
from domain.patient.unread import unread
from domain.patient.windows import Dates, around, contact_dates, days, delay_limit, epoch_dates
from domain.protocol import EvaluationEpoch, FollowUpEpoch, ProcedureEpoch, ScreeningEpoch, TreatmentEpoch


def agenda(journey: Journey) -> tuple[Item, ...]:
    """Give everything that is still to fall due, earliest first."""
    return tuple(item for item in every_item(journey) if item.key not in journey.reached)


def due(journey: Journey) -> Item | None:
    """Give the next thing to fall due."""
    return next(iter(agenda(journey)), None)


def is_overdue(journey: Journey) -> bool:
    """Say whether an act that is still awaited has passed its window."""
    acts = ("OVERDUE", "REPORT_OVERDUE", "RECONSENT_OVERDUE")
    return any(item.act in acts and item.key in journey.reached for item in every_item(journey))


def has_passed(journey: Journey, act: Act) -> bool:
    """Say whether something of a kind that is still awaited has fallen due."""
    return any(item.act == act and item.key in journey.reached for item in every_item(journey))


def every_item(journey: Journey) -> tuple[Item, ...]:
    """Give all items of the current wait, those that already fell due among them, earliest first.

    Safety reports are due in every epoch, and after the end as far as their clock began before it. A journey that is
    over takes adverse events too, but its run closes at once: the deadline of such a one stands in its notice.
    """
    known: tuple[Item, ...] | None = journey.worked_out.get("items")
    if known is None:
        known = journey.worked_out["items"] = tuple(_every_item(journey))
    return known


def _every_item(journey: Journey) -> list[Item]:
    if not journey.epoch:
        return []
    items = list(_reports(journey))
    if not journey.is_over and not journey.screen_failed:
        items += (*_items(journey), *_unreported(journey), *_courses(journey), *_contraception(journey))
        items += (*_reconsent(journey), *_signatures(journey))
        items += (step for one in unread(journey) for step in one.steps(journey))
    return sorted(items, key=lambda item: item.at)


def _reports(journey: Journey) -> Iterator[Item]:
    """Give the reminder and the deadline of each safety report that is still to be made. Source: T10."""
    for clock in open_clocks(journey):
        if not clock.runs:
            continue
        key, row = f"{clock.item}/{clock.deadline.isoformat()}", clock.row
        due = Item(
            f"DUE/{key}", clock.deadline - row.remind_hours_before * HOUR, "REPORT_DUE", clock.text, row.reminder
        )
        yield replace(due, about=clock.item)
        text = f"{clock.text}: overdue"
        late = Item(f"OVERDUE/{key}", clock.deadline + MINUTE, "REPORT_OVERDUE", text, row.overdue)
        yield replace(late, about=clock.item, rule=row.source.rule)


def _contraception(journey: Journey) -> Iterator[Item]:
    until = contraception_until(journey)
    if until is not None:
        reminder = journey.protocol.contraception.ends
        yield item_on(journey, "TELL", "contraception", until, f"{reminder.text} {until}", reminder)


def _items(journey: Journey) -> Iterator[Item]:
    epoch = journey.protocol.epoch(journey.epoch)
    dates = epoch_dates(journey)
    match epoch:
        case TreatmentEpoch():
            if journey.current_cycle is not None:
                yield from _cycle(journey, epoch, journey.current_cycle)
            elif epoch.completes_after_days is not None:  # pragma: no branch - else it is left with its last cycle
                yield from _completion(journey, epoch.completes_after_days)
        case ScreeningEpoch() | ProcedureEpoch() | EvaluationEpoch():
            result = journey.evaluated_on is not None and journey.pathology is not None
            judged = isinstance(epoch, EvaluationEpoch) and result
            if dates is None:
                text = f"{epoch.label} since {journey.epoch_on}"
                yield from again(journey, epoch.code, journey.epoch_on, text, epoch.overdue.to)
            elif not judged:
                yield from _wait(journey, epoch, dates)
        case FollowUpEpoch():
            yield from _contacts(journey, epoch)
            end = journey.protocol.completion_on
            close = item_on(journey, "CLOSE", "end-of-study", end, "end of study", epoch.close_notice)
            yield from (close, *again_after(journey, close))
        case _:
            assert_never(epoch)


def _unreported(journey: Journey) -> Iterator[Item]:
    """Give one item for each begun cycle with a planned day at the site that nobody reported. Source: T2."""
    for cycle in journey.cycles.values():
        on = missed_on(journey, cycle)
        if on is not None:
            text = f"{cycle.label}: planned doses unreported"
            item = item_on(journey, "MISSED", cycle.label, on, text, journey.protocol.deviation_notice)
            yield replace(item, cycle=cycle.number)


def _courses(journey: Journey) -> Iterator[Item]:
    """Ask for the days taken of each course at home once its last planned day has passed. Source: T2.1, T3."""
    for cycle in journey.cycles.values():
        epoch = journey.protocol.treatment_of(cycle.number)
        for drug in {given for _, given, _ in cycle.given} | {course.drug for course in cycle.courses}:
            line = course_line(journey, cycle, drug)
            if line is None or cycle.day_1_on is None or not untold(journey, cycle, drug):
                continue
            reminder = epoch.course_notice
            on = cycle.day_1_on + days(line.days[-1] - 1 + reminder.after_days)
            text = f"{cycle.label}: {reminder.text}, {drug}"
            item = item_on(journey, "TELL", f"course-{cycle.label}-{drug}", on, text, reminder)
            yield replace(item, about=drug, cycle=cycle.number)


def _wait(journey: Journey, epoch: ScreeningEpoch | ProcedureEpoch | EvaluationEpoch, dates: Dates) -> Iterator[Item]:
    for reminder in epoch.reminders:
        on = dates.anchor_on + days(reminder.after_days)
        yield item_on(journey, "REMIND", f"{epoch.code}+{reminder.after_days}", on, f"{reminder.text} {on}", reminder)
    after = dates.latest_on + days(1)
    text = f"{epoch.label} overdue since {dates.latest_on}"
    overdue = item_on(journey, "OVERDUE", epoch.code, after, text, epoch.overdue)
    yield from (overdue, *again_after(journey, overdue))


def _cycle(journey: Journey, epoch: TreatmentEpoch, cycle: Cycle) -> Iterator[Item]:
    """Give what falls due of the awaited cycle; while all dosing waits, that it still waits."""
    stopped, protocol = ", ".join(map(str, sorted(journey.safety.stopped))), journey.protocol
    if journey.is_dosing_paused:
        since = max(journey.site.date_of(pause.since) for pause in journey.pauses if pause.until is None)
        row, text = protocol.permission("resume_dosing"), f"{cycle.label}D1: dosing paused by sponsor since {since}"
        yield from again(journey, "pause", since, text, row.roles if row else (), protocol.pause_repeats)
    if stopped:
        text = f"{cycle.label}D1 planned {cycle.planned_on}: dosing is stopped by fact {stopped}, decision awaited"
        to = next((row.to for row in protocol.safety.rules if row.stops_dosing), epoch.overdue.to)
        yield from again(journey, f"stopped-{stopped}", cycle.planned_on, text, to)
    elif not journey.is_dosing_paused:
        yield from _visit(journey, epoch, cycle)


def _visit(journey: Journey, epoch: TreatmentEpoch, cycle: Cycle) -> Iterator[Item]:
    order_on = max(cycle.planned_on - days(epoch.gate.order_days_before), journey.epoch_on)
    text = f"{cycle.label}D1 planned {cycle.planned_on}: laboratory order and reminder"
    at = journey.site.due_at(order_on)
    yield Item(f"ORDER_LABS/{cycle.label}/{cycle.planned_on}", at, "ORDER_LABS", text, epoch.visit_notice)
    old_on = expires_on(journey.protocol, cycle) if cycle.gate == "PASSED" else None
    if old_on is not None:
        text = f"{cycle.label}D1 not given: samples of its gate too old from {old_on}"
        yield item_on(journey, "GATE_EXPIRED", cycle.label, old_on, text, epoch.visit_notice)
    latest = (
        max(cycle.latest_on, cycle.planned_on + days(epoch.visit.latest_days)) if cycle.delayed else cycle.latest_on
    )
    text = f"{cycle.label}D1 overdue since {latest}"
    yield item_on(journey, "OVERDUE", cycle.label, latest + days(1), text, epoch.overdue)
    limit = max(cycle.latest_on, delay_limit(epoch, cycle, journey.protocol.first_cycle(epoch)))
    text = f"{cycle.label}D1 beyond the maximum delay"
    last = item_on(journey, "MAXIMUM_DELAY", cycle.label, limit + days(1), text, epoch.max_delay_notice)
    yield from (last, *again_after(journey, last))


def _completion(journey: Journey, after_days: int) -> Iterator[Item]:
    last = max((c.day_1_on or c.planned_on for c in journey.cycles.values()), default=journey.epoch_on)
    on = last + days(after_days)
    told = journey.protocol.events["END_OF_TREATMENT"]
    yield item_on(journey, "COMPLETE", journey.epoch, on, f"end of treatment {on}", told)


def _contacts(journey: Journey, epoch: FollowUpEpoch) -> Iterator[Item]:
    """Give the contacts since the last one: those that were missed, and the next. A missed one asks for no less."""
    dates = contact_dates(journey, epoch)
    while dates.target_on <= journey.protocol.completion_on:
        reminder = epoch.visit_notice
        yield item_on(journey, "REMIND", epoch.code, dates.target_on, f"{reminder.text} {dates.target_on}", reminder)
        text = f"follow-up contact overdue since {dates.latest_on}"
        overdue = item_on(journey, "OVERDUE", epoch.code, dates.latest_on + days(1), text, epoch.overdue)
        yield replace(overdue, dates=dates)
        if overdue.key not in journey.reached:
            return
        dates = around(epoch.visit, dates.target_on)


def _reconsent(journey: Journey) -> Iterator[Item]:
    """Remind of a re-consent, and escalate one whose deadline has passed. Source: I1.1."""
    asked, plan = journey.reconsent, journey.protocol.acts
    if asked is None:
        return
    about, text = f"RECONSENT/{asked.version}", f"re-consent to {asked.version} due by {asked.deadline}"
    reminder_on = asked.deadline + days(plan.consent_reminder.after_days)
    yield item_on(journey, "RECONSENT_REMINDER", about, reminder_on, text, plan.consent_reminder)
    text = f"re-consent to {asked.version} overdue since {asked.deadline}"
    after = asked.deadline + days(1)
    overdue = item_on(journey, "RECONSENT_OVERDUE", about, after, text, plan.consent_overdue)
    yield from (overdue, *again_after(journey, overdue))


def _signatures(journey: Journey) -> Iterator[Item]:
    """Escalate signatures that were not given in time: what waits by then goes out in one notice, each fact once.

    The oldest of them are told again until they are given.
    """
    plan, told_on, first = journey.protocol.signatures, date.min, None
    for ask in sorted(journey.unsigned.values(), key=lambda ask: (ask.asked_on, ask.fact)):
        if ask.asked_on <= told_on:
            continue
        told_on = ask.asked_on + days(plan.after_days)
        text = f"signatures awaited since {ask.asked_on}"
        item = item_on(journey, "SIGNATURES_OVERDUE", "signatures", told_on, text, plan.overdue)
        yield item
        first = first or item
    if first is not None:
        yield from again_after(journey, first)
