"""How long the drugs taken at home were taken, as far as the record shows, and which days nobody has told of."""

from datetime import date

from domain.patient.cycle import Cycle
from domain.patient.journey import Journey
from domain.patient.windows import days
from domain.protocol import RegimenLine


def last_taken(journey: Journey, drug: str, until: date) -> date | None:
    """Give the last day a drug was taken: as reported, and of a course at home the planned days nobody told of.

    A day on which the drug was held is none of them.
    """
    taken = []
    for cycle in journey.cycles.values():
        course = next((course for course in cycle.courses if course.drug == drug), None)
        line = course_line(journey, cycle, drug)
        if course is None or line is None:
            taken += [on for _, given, on in cycle.given if given == drug and on <= until]
        told = course.days if course is not None and cycle.day_1_on is not None else ()
        dates = [*(_on(cycle, day) for day in told), *untold(journey, cycle, drug).values()]
        taken += [on for on in dates if on <= until]
    return max(taken, default=None)


def _on(cycle: Cycle, day: int) -> date:
    """Give the date of a day of a begun cycle."""
    return (cycle.day_1_on or date.max) + days(day - 1)


def course_line(journey: Journey, cycle: Cycle, drug: str) -> RegimenLine | None:
    """Give the line of a cycle's regimen by which a drug is taken at home."""
    regimen = journey.protocol.treatment_of(cycle.number).regimens.get(journey.arm, ())
    return next((line for line in regimen if drug in line.drugs and line.self_administered), None)


def untold(journey: Journey, cycle: Cycle, drug: str) -> dict[int, date]:
    """Give the planned days of a course at home that no report covers, with their dates: none when it never began."""
    line, course = course_line(journey, cycle, drug), next((row for row in cycle.courses if row.drug == drug), None)
    begun = course is not None or any(given == drug for _, given, _ in cycle.given)
    if line is None or cycle.day_1_on is None or not begun:
        return {}
    told = {*course.days, *course.not_taken} if course else set()
    dates = {day: _on(cycle, day) for day in line.days if day not in told}
    return {day: on for day, on in dates.items() if not journey.is_stopped(drug, on)}
