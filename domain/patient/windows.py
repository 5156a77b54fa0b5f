"""Dates that follow from facts and protocol: windows around their anchors, and the plan of the next cycle."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never

from domain.patient.cycle import Cycle
from domain.patient.facts import CyclePlanned
from domain.patient.journey import Journey
from domain.protocol import (
    Anchor,
    EvaluationEpoch,
    FollowUpEpoch,
    ProcedureEpoch,
    ScreeningEpoch,
    TreatmentEpoch,
    Window,
)


@dataclass(frozen=True, slots=True)
class Dates:
    """A window in calendar dates, inclusive, with the anchor it runs from and the rule it comes from."""

    anchor_on: date
    earliest_on: date
    target_on: date
    latest_on: date
    rule: str

    def days_off(self, on: date) -> int:
        """Give the days outside the window: negative when early, 0 inside, positive when late."""
        if on < self.earliest_on:
            return (on - self.earliest_on).days
        return max((on - self.latest_on).days, 0)


def days(count: int) -> timedelta:
    """Give a span of calendar days."""
    return timedelta(days=count)


def around(window: Window, anchor_on: date, rule: str = "") -> Dates:
    """Lay a window around its anchor's date."""
    return Dates(
        anchor_on,
        anchor_on + days(window.earliest_days),
        anchor_on + days(window.target_days),
        anchor_on + days(window.latest_days),
        rule or window.source.rule,
    )


def anchor_date(journey: Journey, anchor: Anchor, drug: str | None = None) -> date | None:  # noqa: PLR0911 - a table
    """Give the date of an anchor, or None while it has not happened."""
    match anchor:
        case "CONSENT":
            return journey.consent_on
        case "RANDOMIZATION":
            return journey.randomized_on
        case "CYCLE_DAY_1":
            return max((c.day_1_on for c in journey.cycles.values() if c.day_1_on), default=None)
        case "LAST_DOSE":
            return journey.last_dose.get(drug or "")
        case "PROCEDURE":
            return journey.surgery_on
        case "EVALUATION":
            return journey.evaluated_on
        case "EPOCH_START":
            return journey.epoch_on
        case _:
            assert_never(anchor)


def procedure_dates_until(journey: Journey, epoch: ProcedureEpoch, until: date) -> Dates | None:
    """Give the surgery window as the doses up to a date make it: later doses do not move a surgery that was done."""
    last: dict[str, date] = {}
    for cycle in journey.cycles.values():
        courses = [(course.drug, course.last_on) for course in cycle.courses if course.last_on]
        for drug, on in (*((drug, on) for _, drug, on in cycle.given), *courses):
            if on <= until:
                last[drug] = max(on, last.get(drug, on))
    return procedure_dates(replace(journey, last_dose=last), epoch)


def procedure_dates(journey: Journey, epoch: ProcedureEpoch) -> Dates | None:
    """Give the surgery window from the last actual dose of the anchor drug, else of any drug. Source: T4, T4.1."""
    anchor = anchor_date(journey, epoch.window.anchor, epoch.window.drug)
    if anchor is not None:
        return around(epoch.window, anchor)
    last = max(journey.last_dose.values(), default=None)
    return None if last is None else around(epoch.window, last, epoch.fallback_source.rule)


def epoch_dates(journey: Journey) -> Dates | None:
    """Give the window of the act the current epoch waits for, where it waits for one."""
    if not journey.epoch:
        return None
    epoch = journey.protocol.epoch(journey.epoch)
    match epoch:
        case ScreeningEpoch() | EvaluationEpoch():
            anchor = anchor_date(journey, epoch.window.anchor)
            return None if anchor is None else around(epoch.window, anchor)
        case ProcedureEpoch():
            return procedure_dates(journey, epoch)
        case TreatmentEpoch():
            cycle = journey.current_cycle
            if cycle is None:
                return None
            return Dates(cycle.anchor_on, cycle.earliest_on, cycle.planned_on, cycle.latest_on, cycle.rule)
        case FollowUpEpoch():
            return contact_dates(journey, epoch)
        case _:
            assert_never(epoch)


def contact_dates(journey: Journey, epoch: FollowUpEpoch) -> Dates:
    """Give the window of the next contact: from the last one, else from the start of follow-up. Source: Q13."""
    return around(epoch.visit, max(journey.epoch_on, journey.contacted_on or journey.epoch_on))


def delay_limit(epoch: TreatmentEpoch, cycle: Cycle, first: int) -> date:
    """Give the last date to which day 1 may be put off without asking, from its first planned date. Source: T2.2."""
    window = epoch.start if cycle.number == first else epoch.visit
    first_planned_on = cycle.latest_on - days(window.latest_days - window.target_days)
    return first_planned_on + days(epoch.max_delay_days)


def plan_cycle(journey: Journey, number: int) -> CyclePlanned:
    """Plan day 1 of a cycle: from the actual day 1 before it, or from the anchor of its epoch. Source: T2.2, T7."""
    epoch = journey.protocol.treatment_of(number)
    before = journey.cycles.get(number - 1)
    if number == journey.protocol.first_cycle(epoch):
        anchor = anchor_date(journey, epoch.start.anchor, epoch.start.drug) or journey.epoch_on
        dates = around(epoch.start, anchor)
    else:
        last = journey.epoch_on if before is None else before.day_1_on or before.planned_on
        planned = last + days(epoch.cycle_days)
        visit = around(epoch.visit, planned)
        dates = Dates(last, visit.earliest_on, visit.target_on, visit.latest_on, visit.rule)
    return CyclePlanned(
        cycle=number,
        planned_on=dates.target_on,
        earliest_on=dates.earliest_on,
        latest_on=dates.latest_on,
        anchor_on=dates.anchor_on,
        rule=dates.rule,
    )
