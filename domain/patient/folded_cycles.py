"""Cycles and doses as they stand: a part of the journey's fold. It has no rule and never raises."""

from dataclasses import replace
from datetime import date

from domain.patient import facts as f
from domain.patient import folded_effects as effects
from domain.patient.copying import amend, copied
from domain.patient.cycle import Cycle, Stop
from domain.patient.state import Journey, numbered


def planned(now: Journey, fact: f.CyclePlanned) -> Journey:
    """Plan a cycle, or plan it anew."""
    cycle = Cycle(fact.cycle, fact.planned_on, fact.earliest_on, fact.latest_on, fact.anchor_on, fact.rule)
    known = now.cycles.get(fact.cycle)
    if known is not None:
        cycle = copied(
            known,
            planned_on=fact.planned_on,
            earliest_on=fact.earliest_on,
            latest_on=fact.latest_on,
            anchor_on=fact.anchor_on,
            rule=fact.rule,
        )
    return amend(now, cycles=now.cycles | {fact.cycle: cycle})


def changed(now: Journey, number: int, **change: object) -> Journey:
    """Change a cycle that is known."""
    cycle = now.cycles.get(number)
    if cycle is None:
        return now
    return amend(now, cycles=now.cycles | {number: copied(cycle, **change)})


def ordered(now: Journey, fact: f.LabsOrdered) -> Journey:
    """Keep an order, of a cycle's gate as the one that the cycle waits for."""
    now = amend(effects.opened(now, fact), orders=now.orders | {now.seq: fact})
    return now if fact.cycle is None else changed(now, fact.cycle, ordered=now.seq)


def checked(now: Journey, fact: f.GateChecked | f.GateOverridden) -> Journey:
    """Keep one more check of a cycle's gate."""
    cycle = now.cycles.get(fact.cycle)
    return now if cycle is None else changed(now, fact.cycle, checks=(*cycle.checks, fact))


def delayed(now: Journey, fact: f.DoseDelayed) -> Journey:
    """Plan a cycle anew: its gate and its order begin again."""
    cycle = now.cycles.get(fact.cycle)
    if cycle is not None and cycle.ordered is not None:
        now = effects.closed(now, cycle.ordered)
    return changed(now, fact.cycle, planned_on=fact.until, delayed=True, delay_why=fact.why, gate="", ordered=None,
                  checks=())  # fmt: skip


def omitted(now: Journey, fact: f.DoseOmitted) -> Journey:
    """Keep that a cycle, or one drug of it, was omitted."""
    cycle = now.cycles.get(fact.cycle)
    if cycle is None or fact.drug is None:
        return changed(now, fact.cycle, omitted=True)
    return changed(now, fact.cycle, omitted_drugs=cycle.omitted_drugs | {fact.drug})


def dosed(now: Journey, fact: f.DoseGiven) -> Journey:
    """Keep what was given, by which fact, and each drug's last dose."""
    now = numbered(now, *(f"C{fact.cycle}D{fact.day} {row.drug}" for row in fact.drugs))
    cycle = now.cycles.get(fact.cycle) or Cycle(
        fact.cycle, fact.given_on, fact.given_on, fact.given_on, fact.given_on, ""
    )
    rows = tuple((fact.day, drug.drug, fact.given_on) for drug in fact.drugs)
    cycle = copied(cycle, given=cycle.given + rows)
    if fact.day == 1:
        cycle = copied(cycle, day_1_on=fact.given_on, omitted=False)
    last = dict(now.last_dose)
    for drug in fact.drugs:
        last[drug.drug] = max(fact.given_on, last.get(drug.drug, fact.given_on))
    return amend(now, cycles=now.cycles | {fact.cycle: cycle}, last_dose=last)


def course_taken(now: Journey, fact: f.CourseTaken) -> Journey:
    """Take the latest course of a drug; its last day is the drug's last dose when that is later."""
    if fact.last_on is not None:
        last = max(fact.last_on, now.last_dose.get(fact.drug, fact.last_on))
        now = amend(now, last_dose=now.last_dose | {fact.drug: last})
    now = numbered(now, f"course C{fact.cycle} {fact.drug}")
    cycle = now.cycles.get(fact.cycle)
    if cycle is None:
        return now
    others = tuple(course for course in cycle.courses if course.drug != fact.drug)
    return changed(now, fact.cycle, courses=(*others, fact))


def stops_ended(now: Journey, drug: str, on: date) -> tuple[Stop, ...]:
    """Give the stops, those of a drug that were not for good ended on a date."""
    return tuple(_ended(stop, drug, on) for stop in now.stops)


def _ended(stop: Stop, drug: str, on: date) -> Stop:
    return replace(stop, until=on) if stop.drug == drug and stop.until is None and not stop.final else stop
