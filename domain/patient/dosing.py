"""Doses given, delayed and omitted, and the gate's override."""

from datetime import date

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient import holds
from domain.patient.checks import confirm
from domain.patient.draft import Draft
from domain.patient.journey import Cycle
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
    epoch = draft.protocol.treatment_of(number)
    regimen = epoch.regimens.get(draft.journey.arm, ())
    cycle = draft.journey.cycles.get(number)
    drugs = command.drugs if command.drugs is not None else _as_planned(draft, command, regimen, cycle)
    _not_twice(command, cycle, drugs)
    _dates_agree(draft, command, cycle, number)
    _in_turn(draft, submission, command, cycle)
    first = command.day == 1 and (cycle is None or cycle.day_1_on is None)
    if first:
        _timing(draft, command, cycle)
    draft.add(f.DoseGiven(cycle=number, day=command.day, given_on=command.given_on, drugs=drugs))
    holds.dose_on_hold(draft, f"{command.cycle}D{command.day}", command.given_on, submission.occurred_at)
    _content(draft, command, regimen, drugs)
    _missed(draft, command, regimen)
    if first and epoch is draft.protocol.epoch(draft.journey.epoch) and not draft.journey.treatment_ended:
        draft.plan(number + 1)


def _as_planned(
    draft: Draft, command: c.ReportDose, regimen: tuple[RegimenLine, ...], cycle: Cycle | None
) -> tuple[c.GivenDrug, ...]:
    """Give what is planned for that day and was not omitted. Raises Refused when that is nothing, or not certain."""
    omitted = cycle.omitted_drugs if cycle else frozenset()
    lines = [line for line in regimen if _starts_on(line, command.day) and not omitted.issuperset(line.drugs)]
    if not lines:
        planned = sorted({day for line in regimen for day in line.days if not line.self_administered})
        accepts = f"day {', '.join(map(str, planned))}, or name the drugs" if planned else "name the drugs given"
        raise Refused(Reason.IMPOSSIBLE, f"nothing is planned on {command.cycle}D{command.day}", field="day",
                      accepts=accepts)  # fmt: skip
    return tuple(c.GivenDrug(drug=_pick(draft, command, line, omitted)) for line in lines)


def _starts_on(line: RegimenLine, day: int) -> bool:
    return day == line.days[0] if line.self_administered else day in line.days


def _pick(draft: Draft, command: c.ReportDose, line: RegimenLine, omitted: frozenset[str]) -> str:
    if len(line.drugs) == 1:
        return line.drugs[0]
    if command.choice in line.drugs:
        return str(command.choice)
    before = [drug for drug in line.drugs if drug in draft.journey.last_dose and drug not in omitted]
    if command.choice is None and len(before) == 1:
        return before[0]
    raise Refused(Reason.MALFORMED, "the regimen offers a choice", rule=str(line.source), field="choice",
                  accepts=" or ".join(line.drugs))  # fmt: skip


def _not_twice(command: c.ReportDose, cycle: Cycle | None, drugs: tuple[c.GivenDrug, ...]) -> None:
    known = {(day, drug) for day, drug, _ in cycle.given} if cycle else set()
    names = [drug.drug for drug in drugs]
    twice = [name for name in dict.fromkeys(names) if (command.day, name) in known or names.count(name) > 1]
    if twice:
        detail = f"{', '.join(twice)} on {command.cycle}D{command.day} is on record, or stands twice in the report"
        raise Refused(Reason.CONTRADICTS, detail, field="cycle", accepts="the next cycle: what is on record stands")


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
    awaited = draft.journey.current_cycle
    if cycle is not None and (cycle.day_1_on is not None or (command.day == 1 and awaited is cycle)):
        return
    waits = f"{awaited.label}D1 is awaited" if awaited else f"no dose is awaited in {draft.journey.epoch}"
    confirm(submission, f"{command.cycle}D{command.day} is out of turn: {waits}", "T2.2", "cycle")
    text = f"{command.cycle}D{command.day} given out of turn: {waits}"
    draft.deviate(f"TURN/{command.cycle}D{command.day}", "T2.2", text, important=True, on=command.given_on)


def _timing(draft: Draft, command: c.ReportDose, cycle: Cycle | None) -> None:
    journey = draft.journey
    if journey.randomized_on is None or command.given_on < journey.randomized_on:
        draft.deviate(f"RAND/{command.cycle}", "T1.1", f"{command.cycle}D1 before randomization", important=True)
    if cycle is None:
        return
    dates = Dates(cycle.anchor_on, cycle.earliest_on, cycle.planned_on, cycle.latest_on, cycle.rule)
    off = dates.days_off(command.given_on)
    if off:
        how = f"{-off} d early" if off < 0 else f"{off} d late"
        text = f"{cycle.label}D1 {how}, expected {dates.earliest_on} to {dates.latest_on}"
        text += holds.lateness(draft.journey, dates.latest_on, command.given_on)
        draft.deviate(cycle.label, cycle.rule, text, important=off < 0, dates=dates, on=command.given_on)
    _gate(draft, cycle, command.given_on)


def _gate(draft: Draft, cycle: Cycle, given_on: date) -> None:
    epoch = draft.protocol.treatment_of(cycle.number)
    if cycle.gate == "OVERRIDDEN":
        return
    item, rule = f"GATE/{cycle.label}", str(epoch.gate.source.rule)
    if cycle.gate != "PASSED":
        word = "failed" if cycle.gate == "FAILED" else "not checked"
        draft.deviate(item, rule, f"{cycle.label}D1 given with the pre-dose gate {word}", important=True, on=given_on)
    elif cycle.gate_sampled_on is not None and (
        not cycle.gate_sampled_on <= given_on <= cycle.gate_sampled_on + days(epoch.gate.max_age_days)
    ):
        text = f"{cycle.label}D1 given on a sample of {cycle.gate_sampled_on}, at most {epoch.gate.max_age_days} d old"
        draft.deviate(item, rule, text, important=False, on=given_on)


def _content(
    draft: Draft, command: c.ReportDose, regimen: tuple[RegimenLine, ...], drugs: tuple[c.GivenDrug, ...]
) -> None:
    """Record a drug or an amount that was not planned, and two drugs where one was to be picked."""
    at = f"{command.cycle}D{command.day}"
    for drug in drugs:
        line = next((line for line in regimen if drug.drug in line.drugs and command.day in line.days), None)
        if line is None:
            text = f"{drug.drug} on {at} is not planned in {draft.journey.arm or 'any arm yet'}"
            draft.deviate(f"DRUG/{at}/{drug.drug}", "T2", text, important=True, on=command.given_on)
            continue
        planned = next(option for option in line.options if option.drug == drug.drug)
        if drug.amount is not None and drug.unit == planned.unit and drug.amount != planned.amount:
            text = f"{drug.drug} {drug.amount} {drug.unit} on {at}, planned {planned.amount} {planned.unit}"
            draft.deviate(f"AMOUNT/{at}/{drug.drug}", line.source.rule, text, important=True, on=command.given_on)
    given = {drug for _, drug, _ in draft.journey.cycles[int(command.cycle[1:])].given}
    for line in regimen:
        both = [drug for drug in line.drugs if drug in given]
        if len(both) > 1:
            text = f"{' and '.join(both)} both given in {command.cycle}"
            draft.deviate(f"BOTH/{command.cycle}", line.source.rule, text, important=True, on=command.given_on)


def _missed(draft: Draft, command: c.ReportDose, regimen: tuple[RegimenLine, ...]) -> None:
    """Record what was planned for that day and not given; what a later report of the day adds was not missed."""
    at, cycle = f"{command.cycle}D{command.day}", draft.journey.cycles[int(command.cycle[1:])]
    given = {drug for day, drug, _ in cycle.given if day == command.day}
    for line in regimen:
        item = f"MISSED/{at}/{line.drugs[0]}"
        if _starts_on(line, command.day) and given.isdisjoint(line.drugs):
            text = f"{' or '.join(line.drugs)} planned on {at} was not given"
            draft.deviate(item, line.source.rule, text, important=False, on=command.given_on)
        elif item in draft.journey.deviations:
            draft.add(f.DeviationWithdrawn(item=item, why=f"a later report of {at} names it"))


def dose_delayed(draft: Draft, command: c.DelayDose) -> None:
    """Put day 1 of the awaited cycle off. Not to before its window, and not into the past."""
    cycle = open_cycle(draft, command.cycle)
    earliest = max(cycle.earliest_on, draft.today)
    if command.until < earliest:
        raise Refused(Reason.RULE, f"{command.until} is too early", rule=cycle.rule, field="until",
                      accepts=f"a date from {earliest}")  # fmt: skip
    if command.until == cycle.planned_on:
        raise Refused(Reason.RULE, f"{cycle.label}D1 is planned on {command.until} already", field="until",
                      accepts=f"another date from {earliest}")  # fmt: skip
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
    cycle = open_cycle(draft, command.cycle)
    if cycle.gate == "PASSED":
        raise Refused(
            Reason.PHASE, f"the gate of {cycle.label} has passed", field="cycle", accepts="nothing to override"
        )
    draft.add(f.GateOverridden(cycle=cycle.number, why=command.why))
