"""Doses given, delayed and omitted, and the gate's override."""

from datetime import date

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient import holds, rechecks
from domain.patient.checks import confirm
from domain.patient.cycle import Cycle
from domain.patient.departures import (
    GivenDay,
    content,
    missed,
    refuse_implausible,
    refuse_unclear_amounts,
    with_amounts,
)
from domain.patient.draft import Draft
from domain.patient.happenings import given_while_stopped, not_stopped, vaccines_before
from domain.patient.journey import Journey
from domain.patient.regimens import excluded, picked, regimen_of, site_days
from domain.patient.windows import Dates, days, delay_limit
from domain.protocol import RegimenLine
from domain.submission import Reason, Refused, Submission


def number_of(draft: Draft, label: str) -> int:
    """Give the number of a cycle label. Raises Refused when the protocol has no such cycle."""
    number, last = int(label[1:]), draft.protocol.last_cycle
    if number > last:
        raise Refused(Reason.IMPOSSIBLE, f"there is no cycle {label}", field="cycle", accepts=f"C1 to C{last}")
    return number


def open_cycle(draft: Draft, label: str) -> Cycle:
    """Give the cycle whose day 1 is awaited. Raises Refused when it is another one, or none."""
    number, cycle = number_of(draft, label), draft.journey.current_cycle
    if cycle is None or cycle.number != number:
        waits = cycle.label if cycle else f"none ({draft.journey.epoch})"
        raise Refused(Reason.PHASE, f"{label} is not the awaited cycle", field="cycle", accepts=f"cycle: {waits}")
    return cycle


def dose_given(draft: Draft, submission: Submission[c.Command], command: c.ReportDose) -> None:
    """Record what was given, with every departure from the plan; day 1 plans the next cycle."""
    number = number_of(draft, command.cycle)
    epoch, regimen = draft.protocol.treatment_of(number), regimen_of(draft.journey, number)
    refuse_unclear_amounts(regimen, command.drugs or ())
    cycle = draft.journey.cycles.get(number)
    given = tuple(_given(draft, command, cycle, number, day) for day in _days(draft, command))
    for one in given:
        refuse_implausible(draft, submission, one, regimen)
    _not_twice(draft, cycle, given)
    _dates_agree(draft, command, cycle, number)
    _in_turn(draft, submission, command, cycle)
    first = command.day == 1 and (cycle is None or cycle.day_1_on is None)
    if first:
        rechecks.on_day_1(draft, cycle, command.given_on)
        cycle = draft.journey.cycles.get(number)
        timing(draft, command.cycle, command.given_on, cycle)
    given_while_stopped(draft, f"{command.cycle}D{command.day}", command.given_on)
    for one in given:
        fact = f.DoseGiven(cycle=number, day=one.day, given_on=one.on, drugs=one.drugs, as_planned=one.as_planned)
        draft.add(fact)
        holds.dose_on_hold(draft, f"{command.cycle}D{one.day}", one.on, submission.occurred_at)
        content(draft, one, regimen)
        missed(draft, one, regimen)
    vaccines_before(draft, command)
    if first and epoch is draft.protocol.epoch(draft.journey.epoch) and not draft.journey.treatment_ended:
        draft.plan(number + 1)


def _days(draft: Draft, command: c.ReportDose) -> range:
    """Give the days a report is about. Raises Refused when they run backwards or into the future."""
    until = command.until_day or command.day
    if until < command.day:
        raise Refused(Reason.IMPOSSIBLE, f"day {until} lies before day {command.day}", field="until_day",
                      accepts=f"a day from {command.day}")  # fmt: skip
    last_on = command.given_on + days(until - command.day)
    if last_on > draft.today:
        raise Refused(Reason.FUTURE, f"day {until} is {last_on}, which lies in the future", field="until_day",
                      accepts=f"a day up to {draft.today}")  # fmt: skip
    return range(command.day, until + 1)


def _given(draft: Draft, command: c.ReportDose, cycle: Cycle | None, number: int, day: int) -> GivenDay:
    """Give what a report says of one day: the drugs it names, else those planned; amounts it leaves out as planned."""
    on = command.given_on + days(day - command.day)
    drugs = command.drugs if command.drugs is not None else _as_planned(draft, command, cycle, number, day)
    return with_amounts(cycle, GivenDay(number, day, on, drugs))


def _as_planned(
    draft: Draft, command: c.ReportDose, cycle: Cycle | None, number: int, day: int
) -> tuple[c.GivenDrug, ...]:
    """Give what is planned for that day and neither held nor omitted. Raises Refused when that is nothing or unsure."""
    regimen = regimen_of(draft.journey, number)
    without = excluded(draft.journey, cycle, command.given_on + days(day - command.day))
    lines = [line for line in regimen if day in site_days(line) and not without.issuperset(line.drugs)]
    if not lines:
        planned = sorted({day for line in regimen for day in line.days if not line.self_administered})
        accepts = f"day {', '.join(map(str, planned))}, or name the drugs" if planned else "name the drugs given"
        raise Refused(Reason.IMPOSSIBLE, f"nothing is planned on {command.cycle}D{day}", field="day",
                      accepts=accepts)  # fmt: skip
    return tuple(c.GivenDrug(drug=_pick(draft, command, cycle, line, without)) for line in lines)


def _pick(draft: Draft, command: c.ReportDose, cycle: Cycle | None, line: RegimenLine, without: frozenset[str]) -> str:
    if len(line.drugs) > 1 and command.choice is not None:
        found = command.choice if command.choice in line.drugs else None
    else:
        found = picked(draft.journey, cycle, line, without)
    if found is None:
        raise Refused(Reason.MALFORMED, "the regimen offers a choice", rule=str(line.source), field="choice",
                      accepts=" or ".join(line.drugs))  # fmt: skip
    return found


def _not_twice(draft: Draft, cycle: Cycle | None, given: tuple[GivenDay, ...]) -> None:
    known = {(day, drug) for day, drug, _ in cycle.given} if cycle else set()
    for one in given:
        names = [drug.drug for drug in one.drugs]
        twice = [name for name in dict.fromkeys(names) if (one.day, name) in known or names.count(name) > 1]
        if twice:
            detail = f"{', '.join(twice)} on {one.label} is on record, or stands twice in the report"
            accepts = f"the next cycle, or {draft.journey.to_correct(f'{one.label} {twice[0]}')}"
            raise Refused(Reason.CONTRADICTS, detail, field="cycle", accepts=accepts)


def _dates_agree(draft: Draft, command: c.ReportDose, cycle: Cycle | None, number: int) -> None:
    """Refuse a date that contradicts the days of this cycle, or day 1 of an earlier or later one."""
    day_1_on = _day_1(cycle)
    if day_1_on is not None and command.given_on != day_1_on + days(command.day - 1):
        detail = f"{command.cycle}D1 was {day_1_on}, so {command.given_on} is not day {command.day}"
        accepts = f"given_on {day_1_on + days(command.day - 1)}, or day {(command.given_on - day_1_on).days + 1}"
        raise Refused(Reason.CONTRADICTS, detail, field="given_on", accepts=accepts)
    ours = command.given_on - days(command.day - 1)
    for other in draft.journey.cycles.values():
        if other.day_1_on is None or other.number == number:
            continue
        earlier = other.number < number
        if ours <= other.day_1_on if earlier else ours >= other.day_1_on:
            accepts = f"a date {'after' if earlier else 'before'} {other.day_1_on}"
            detail = f"{other.label}D1 was {other.day_1_on}"
            raise Refused(Reason.CONTRADICTS, detail, field="given_on", accepts=accepts)


def _day_1(cycle: Cycle | None) -> date | None:
    """Give day 1 of a cycle as its recorded doses have it."""
    if cycle is None or not cycle.given:
        return None
    day, _, on = cycle.given[0]
    return on - days(day - 1)


def _in_turn(draft: Draft, submission: Submission[c.Command], command: c.ReportDose, cycle: Cycle | None) -> None:
    """Ask for confirmation when the report does not fit the awaited cycle, and record the departure."""
    waits = _turn(draft.journey, cycle, command.day)
    if waits:
        confirm(submission, f"{command.cycle}D{command.day} is out of turn: {waits}", "T2.2", "cycle")
        out_of_turn(draft, cycle, f"{command.cycle}D{command.day}", command.day, command.given_on)


def _turn(journey: Journey, cycle: Cycle | None, day: int) -> str:
    """Say what is awaited in place of a day of a cycle; nothing when it is its turn."""
    awaited = journey.current_cycle
    if cycle is not None and (cycle.day_1_on is not None or (day == 1 and awaited is cycle)):
        return ""
    return f"{awaited.label}D1 is awaited" if awaited else f"no dose is awaited in {journey.epoch}"


def out_of_turn(draft: Draft, cycle: Cycle | None, at: str, day: int, given_on: date) -> None:
    """Record a dose that came before its turn. Source: T2.2."""
    waits = _turn(draft.journey, cycle, day)
    if waits:
        draft.deviate(f"TURN/{at}", "T2.2", f"{at} given out of turn: {waits}", important=True, on=given_on)


def timing(draft: Draft, label: str, given_on: date, cycle: Cycle | None) -> None:
    """Record a day 1 before randomization, outside its window, or past its gate. Source: T1.1, T2.2, T11."""
    journey = draft.journey
    if journey.randomized_on is None or given_on < journey.randomized_on:
        draft.deviate(f"RAND/{label}", "T1.1", f"{label}D1 before randomization", important=True)
    if cycle is None:
        return
    dates = Dates(cycle.anchor_on, cycle.earliest_on, cycle.planned_on, cycle.latest_on, cycle.rule)
    off = dates.days_off(given_on)
    if off:
        how = f"{-off} d early" if off < 0 else f"{off} d late"
        text = f"{cycle.label}D1 {how}, expected {dates.earliest_on} to {dates.latest_on}"
        why = cycle.delay_why if off > 0 else None
        paused = holds.lateness(draft.journey, dates.latest_on, given_on)
        if off > 0 and not why and not paused:
            text += "; no reason of the delay on record"
        text += paused
        draft.deviate(cycle.label, cycle.rule, text, important=off < 0, dates=dates, on=given_on, why=why)
    else:
        draft.in_time(cycle.label, f"{cycle.label}D1", given_on)
    rechecks.departures(draft, cycle, given_on)


def dose_delayed(draft: Draft, command: c.DelayDose) -> None:
    """Put day 1 of the awaited cycle off. Not to before its window, and not into the past."""
    not_stopped(draft)
    cycle = open_cycle(draft, command.cycle)
    earliest = max(cycle.earliest_on, draft.today)
    if command.until < earliest:
        raise Refused(Reason.RULE, f"{command.until} is too early", rule=cycle.rule, field="until",
                      accepts=f"a date from {earliest}")  # fmt: skip
    if command.until == cycle.planned_on:
        raise Refused(Reason.RULE, f"{cycle.label}D1 is planned on {command.until} already", rule=cycle.rule,
                      field="until", accepts=f"another date from {earliest}")  # fmt: skip
    draft.add(f.DoseDelayed(cycle=cycle.number, until=command.until, why=command.why))
    epoch = draft.protocol.treatment_of(cycle.number)
    limit = delay_limit(epoch, cycle, draft.protocol.first_cycle(epoch))
    if command.until > limit:
        draft.announce(epoch.max_delay_notice, f"{cycle.label}D1 put off to {command.until}, beyond {limit}")


def dose_omitted(draft: Draft, command: c.OmitDose) -> None:
    """Leave out the awaited cycle, or one drug of a cycle."""
    number = number_of(draft, command.cycle)
    if command.drug is None:
        cycle = open_cycle(draft, command.cycle)
        draft.add(f.DoseOmitted(cycle=number, decided_on=command.decided_on, why=command.why))
        draft.deviate(f"OMITTED/{cycle.label}", cycle.rule, f"{cycle.label} omitted", important=False)
        draft.plan(number + 1)
        return
    if number not in draft.journey.cycles:
        raise Refused(Reason.PHASE, f"{command.cycle} is not planned yet", field="cycle", accepts="a planned cycle")
    draft.add(f.DoseOmitted(cycle=number, drug=command.drug, decided_on=command.decided_on, why=command.why))


def override_gate(draft: Draft, command: c.OverrideGate) -> None:
    """Let the awaited cycle start although its gate did not pass."""
    not_stopped(draft)
    cycle = open_cycle(draft, command.cycle)
    if cycle.gate == "PASSED":
        raise Refused(
            Reason.PHASE, f"the gate of {cycle.label} has passed", field="cycle", accepts="nothing to override"
        )
    draft.add(f.GateOverridden(cycle=cycle.number, why=command.why))
