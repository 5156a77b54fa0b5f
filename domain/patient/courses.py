"""Courses taken at home: the days actually taken, against those planned."""

from datetime import date

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.departures import given_unchecked
from domain.patient.dosing import number_of
from domain.patient.draft import Draft
from domain.patient.regimens import excluded, missed_item, regimen_of
from domain.patient.surgery import washouts
from domain.patient.taken import untold
from domain.patient.windows import days
from domain.protocol import RegimenLine
from domain.submission import Reason, Refused


def course_taken(draft: Draft, command: c.ReportCourse) -> None:
    """Record the days on which a drug was taken at home, and each departure from the planned ones. Source: T2.1, T3."""
    cycle, taken = _begun(draft, command), _taken(command)
    day_1_on: date = cycle.day_1_on or date.min
    last_on = day_1_on + days(taken[-1] - 1) if taken else None
    _possible(draft, command, cycle, taken, last_on)
    fact = held_against_plan(draft, cycle, command.drug, taken)
    draft.add(fact)
    departures(draft, cycle, fact, day_1_on)
    procedure = draft.protocol.procedure
    if procedure is not None and draft.journey.surgery_on is not None:
        washouts(draft, procedure, draft.journey.surgery_on)


def held_against_plan(draft: Draft, cycle: Cycle, drug: str, taken: tuple[int, ...]) -> f.CourseTaken:
    """Give the days taken with their last date, and how they differ from the planned ones. Source: T2.1."""
    day_1_on: date = cycle.day_1_on or date.min
    line = _line(draft, cycle, drug)
    planned = tuple(day for day in line.days if day_1_on + days(day - 1) < draft.today) if line else ()
    due = [day for day in planned if drug not in excluded(draft.journey, cycle, day_1_on + days(day - 1))]
    return f.CourseTaken(
        cycle=cycle.number,
        drug=drug,
        days=taken,
        last_on=day_1_on + days(taken[-1] - 1) if taken else None,
        planned=line.days if line else (),
        not_taken=tuple(day for day in due if day not in taken),
        beyond_plan=tuple(day for day in taken if line is None or day not in line.days),
    )


def _line(draft: Draft, cycle: Cycle, drug: str) -> RegimenLine | None:
    return next((line for line in regimen_of(draft.journey, cycle.number) if _is_course(line, drug)), None)


def _begun(draft: Draft, command: c.ReportCourse) -> Cycle:
    cycle = draft.journey.cycles.get(number_of(draft, command.cycle))
    if cycle is None or cycle.day_1_on is None:
        raise Refused(Reason.PHASE, f"day 1 of {command.cycle} is not on record, so its days have no date",
                      rule="T2.1", field="cycle", accepts="dose_given of day 1 first")  # fmt: skip
    return cycle


def _taken(command: c.ReportCourse) -> tuple[int, ...]:
    if (command.days is None) == (command.last_day is None):
        raise Refused(Reason.MALFORMED, "the days are given as days or as last_day", field="days",
                      accepts="one of the two")  # fmt: skip
    if command.days is not None:
        return tuple(sorted(set(command.days)))
    return tuple(range(1, (command.last_day or 0) + 1))


def _possible(
    draft: Draft, command: c.ReportCourse, cycle: Cycle, taken: tuple[int, ...], last_on: date | None
) -> None:
    """Raise Refused for days to come, and for days that contradict the record."""
    if last_on is not None and last_on > draft.today:
        raise Refused(Reason.FUTURE, f"day {taken[-1]} of {command.cycle} is {last_on}", field="days",
                      accepts=f"days up to {draft.today}")  # fmt: skip
    told = next((course for course in cycle.courses if course.drug == command.drug), None)
    if told is None or set(told.days) < set(taken):
        return
    if set(told.days) == set(taken) and untold(draft.journey, cycle, command.drug):
        return
    shown = ", ".join(map(str, told.days)) or "none"
    correct = draft.journey.to_correct(f"course {cycle.label} {command.drug}")
    raise Refused(Reason.CONTRADICTS, f"{command.drug} in {command.cycle}: days on record are {shown}", field="days",
                  accepts=f"these and later days, or {correct}")  # fmt: skip


def _is_course(line: RegimenLine, drug: str) -> bool:
    return line.self_administered and drug in line.drugs


def departures(draft: Draft, cycle: Cycle, fact: f.CourseTaken, day_1_on: date) -> None:
    """Record how a course departs from the plan; withdraw what it no longer departs in. Source: T2.1, T9."""
    line = _line(draft, cycle, fact.drug)
    item = f"COURSE/{cycle.label}/{fact.drug}"
    if line is None:
        text = f"{fact.drug} taken at home in {cycle.label} is not planned in {draft.journey.arm}"
        draft.deviate(f"DRUG/{cycle.label}/{fact.drug}", "T2", text, important=True, on=fact.last_on)
        return
    for day in fact.days[:1]:
        on = day_1_on + days(day - 1)
        given_unchecked(draft, cycle.number, f"{cycle.label}D{day}", fact.drug, on)
    for day in fact.days:
        on = day_1_on + days(day - 1)
        if draft.journey.is_stopped(fact.drug, on):
            text = f"{fact.drug} taken on {cycle.label}D{day} while held or discontinued"
            draft.deviate(f"HELD/{cycle.label}/{fact.drug}", "T9", text, important=True, on=on)
            break
    parts = [f"not taken on {_shown(fact.not_taken)}"] if fact.not_taken else []
    reported = tuple(sorted({day for day, drug, _ in cycle.given if drug == fact.drug} - set(fact.days)))
    parts += [f"reported as given on {_shown(reported)} before"] if reported else []
    parts += [f"taken beyond the plan on {_shown(fact.beyond_plan)}"] if fact.beyond_plan else []
    if parts:
        text = f"{fact.drug} in {cycle.label}: {', '.join(parts)}"
        draft.deviate(item, line.source.rule, text, important=False, on=fact.last_on)
    elif item in draft.journey.deviations:
        draft.add(f.DeviationWithdrawn(item=item, why=f"a later report of {cycle.label} names the days"))
    first = missed_item(cycle.label, line.days[0], line)
    if line.days[0] in fact.days and first in draft.journey.deviations:
        draft.add(f.DeviationWithdrawn(item=first, why=f"the course of {cycle.label} names it"))


def _shown(numbers: tuple[int, ...]) -> str:
    return ", ".join(f"D{number}" for number in numbers)
