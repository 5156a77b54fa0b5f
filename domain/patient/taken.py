"""How long the drugs taken at home were taken, as far as the record shows."""

from datetime import date

from domain.patient.journey import Cycle, Journey
from domain.patient.windows import days


def last_taken(journey: Journey, drug: str, until: date) -> date | None:
    """Give the last day a drug was taken: a course at home runs as reported, else to its last planned day."""
    taken = []
    for cycle in journey.cycles.values():
        course = next((course for course in cycle.courses if course.drug == drug), None)
        rows = [(day, on) for day, given, on in cycle.given if given == drug and on <= until]
        if course is None:
            taken += [min(on + days(_rest_of_course(journey, cycle, drug, day)), until) for day, on in rows]
        else:
            taken += [on for _, on in rows] + ([min(course.last_on, until)] if course.last_on else [])
    return max(taken, default=None)


def _rest_of_course(journey: Journey, cycle: Cycle, drug: str, day: int) -> int:
    """Give the days a course taken at home still runs after a day of its cycle."""
    regimen = journey.protocol.treatment_of(cycle.number).regimens.get(journey.arm, ())
    lines = [line for line in regimen if drug in line.drugs and line.self_administered]
    return max((line.days[-1] - day for line in lines if day in line.days), default=0)
