"""The doses of a subject: each administration, course and omission, planned amount beside given amount. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from domain.dosing import DoseCalculation
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.regimens import administration, regimen_of
from read_models.record import SubjectRecord

GIVEN, COURSE, OMITTED, PLANNED = "GIVEN", "COURSE", "OMITTED", "PLANNED"


def doses(record: SubjectRecord) -> Iterator[dict[str, Any]]:
    """Give what was given and left out in the order of recording, then what is planned and unreported."""
    cycles, seen = record.journey.cycles, Counter[str]()
    for told, fact in record.counting(f.DoseGiven):
        for drug in fact.drugs:
            plan = administration(cycles.get(fact.cycle), drug.drug, fact.day)
            name = f"C{fact.cycle}D{fact.day} {drug.drug}/{told.seq}"
            seen[name] += 1
            yield _row(f"{name}.{seen[name]}" if seen[name] > 1 else name, fact.cycle, drug.drug, GIVEN, plan) | {
                "day": fact.day,
                "given_on": fact.given_on,
                "given_amount": drug.amount,
                "given_unit": drug.unit or None,
                "seq": told.seq,
            }
    for told, course in record.counting(f.CourseTaken):
        plan = administration(cycles.get(course.cycle), course.drug, 1)
        yield _row(f"C{course.cycle} {course.drug}/{told.seq}", course.cycle, course.drug, COURSE, plan) | {
            "given_on": course.last_on,
            "days_taken": " ".join(map(str, course.days)),
            "seq": told.seq,
        }
    for told, left in record.counting(f.DoseOmitted):
        name = f"C{left.cycle} {left.drug or 'ALL'}/{told.seq}"
        omitted = {"given_on": left.decided_on, "why": left.why, "seq": told.seq}
        yield _row(name, left.cycle, left.drug, OMITTED, None) | omitted
    for cycle in cycles.values():
        yield from _planned(record, cycle)


def _planned(record: SubjectRecord, cycle: Cycle) -> Iterator[dict[str, Any]]:
    """Give the planned administrations at the site that are neither given nor left out."""
    if cycle.doses is None or cycle.omitted or not record.journey.is_on_treatment:
        return
    lines = regimen_of(record.journey, cycle.number)
    at_home = {drug for line in lines if line.self_administered for drug in line.drugs}
    given = {(day, drug) for day, drug, _ in cycle.given}
    for plan in cycle.doses.administrations:
        for day in plan.days[:1] if plan.drug in at_home else plan.days:
            if (day, plan.drug) in given or plan.drug in cycle.omitted_drugs:
                continue
            yield _row(f"{cycle.label}D{day} {plan.drug}", cycle.number, plan.drug, PLANNED, plan) | {"day": day}


def _row(name: str, cycle: int, drug: str | None, status: str, plan: DoseCalculation | None) -> dict[str, Any]:
    return {
        "dose": name,
        "cycle": cycle,
        "day": None,
        "drug": drug,
        "status": status,
        "given_on": None,
        "planned_amount": plan.amount if plan else None,
        "planned_unit": plan.unit if plan else None,
        "given_amount": None,
        "given_unit": None,
        "days_taken": None,
        "route": plan.route if plan else None,
        "formula": plan.formula if plan else None,
        "why": None,
        "seq": None,
    }
