"""Criteria about drugs: immunostimulants, corticosteroids, immunosuppressants, anticoagulants."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from domain import evidence as e
from domain.criteria.case import PROPHYLACTIC, Reading, within_days
from domain.criteria.laboratory import limit_of, too_old
from domain.criteria.limbs import (
    Limb,
    conflict,
    every,
    fails,
    fresh,
    holds,
    missing,
    most_days,
    not_applicable,
    passes,
    stale,
    unknown,
    used,
    used_lab,
)
from domain.findings import EvidenceUsed, Finding
from domain.protocol import Criterion

SHORT_FOR = ("PROPHYLAXIS", "NON_AUTOIMMUNE")
"""The purposes of which a short course does not count."""
GUIDED: Mapping[str, tuple[str, ...]] = {"INR": ("INR", "PT"), "APTT": ("APTT",)}
"""The tests that a dose guided by one of them prolongs as intended: INR is computed from the prothrombin time."""


def _until(reading: Reading, course: e.Course, section: e.Medication) -> date:
    """Give the last day of a course; one that goes on is taken up to the day of judging."""
    return course.stopped_on or max(section.on, course.started_on, reading.case.on)


def recent_drugs(reading: Reading, criterion: Criterion) -> Finding:
    """No drug of a class within so many days before randomization. Source: E8, E9.2."""
    section = reading.section(e.Medication)
    if section is None:
        return every(criterion, missing("medication"))
    courses = section.immunostimulants if criterion.accepts == ("STIMULANT",) else section.immunosuppressants
    recent = [
        course for course in courses
        if course.stopped_on is None or within_days(reading, course.stopped_on, criterion.days or 0)
    ]  # fmt: skip
    evidence = used(criterion.title, ", ".join(course.drug for course in courses) or "none", section,
                    max((_until(reading, course, section) for course in recent), default=None))  # fmt: skip
    if recent:
        last = max(_until(reading, course, section) for course in recent)
        return every(criterion, fails(f"{', '.join(course.drug for course in recent)} until {last}", evidence))
    old = stale(reading, "medication", section.on, most_days(reading, criterion), evidence)
    return every(criterion, old or passes(f"none in {criterion.days} d before randomization", evidence))


def e9_1(reading: Reading, criterion: Criterion) -> Finding:
    """More than 10 mg a day of prednisone-equivalent in 14 d, by the day. Unit: mg. Source: E9.1, E9.x."""
    section = reading.section(e.Medication)
    if section is None:
        return every(criterion, missing("medication"))
    counted = _counted(reading, section, criterion)
    strange = sorted({course.drug for course in counted} - set(criterion.table))
    evidence = used("corticosteroids", ", ".join(course.drug for course in counted) or "none that count", section)
    if strange:
        return every(criterion, unknown(f"no prednisone-equivalent is known for {', '.join(strange)}", evidence))
    worst, on = _worst_day(reading, criterion, counted)
    limit = criterion.table["LIMIT"]
    sentence = f"most on one day {worst.normalize():f} mg prednisone-equivalent"
    if on is not None:
        sentence += f" ({on})"
    if worst > limit:
        return every(criterion, fails(f"{sentence}, above {limit} mg triggers", evidence))
    old = stale(reading, "medication", section.on, most_days(reading, criterion), evidence)
    return every(criterion, old or passes(f"{sentence}, {limit} mg allowed", evidence))


def _counted(reading: Reading, section: e.Medication, criterion: Criterion) -> list[e.SteroidCourse]:
    """Give the courses that count: systemic, and not short for prophylaxis or a non-autoimmune reason. Source: E9.x.

    Courses without a free day between them are one course; one that goes on lasts to the day it is held against.
    """
    systemic = [course for course in section.steroids if course.route == "SYSTEMIC"]
    counted = [course for course in systemic if course.purpose not in SHORT_FOR]
    short = sorted((course for course in systemic if course.purpose in SHORT_FOR), key=lambda course: course.started_on)
    runs: list[tuple[date, date, list[e.SteroidCourse]]] = []
    for course in short:
        last = max(_until(reading, course, section), course.stopped_on or reading.case.latest_anchor)
        if runs and course.started_on <= runs[-1][1] + timedelta(days=1):
            first, until, courses = runs[-1]
            runs[-1] = (first, max(until, last), [*courses, course])
        else:
            runs.append((course.started_on, last, [course]))
    long = [courses for first, until, courses in runs if (until - first).days + 1 > criterion.table["SHORT_DAYS"]]
    return counted + [course for courses in long for course in courses]


def _worst_day(reading: Reading, criterion: Criterion, courses: list[e.SteroidCourse]) -> tuple[Decimal, date | None]:
    """Give the highest daily sum from so many days before randomization up to the last anchor."""
    case = reading.case
    first = case.randomized - timedelta(days=criterion.days or 0)
    worst, worst_on = Decimal(0), None
    for number in range((case.latest_anchor - first).days + 1):
        on = first + timedelta(days=number)
        total = sum(
            (course.mg_per_day * criterion.table["PREDNISONE"] / criterion.table[course.drug] for course in courses
             if course.started_on <= on and (course.stopped_on is None or on <= course.stopped_on)), Decimal(0)
        )  # fmt: skip
        if total > worst:
            worst, worst_on = total, on
    return worst, worst_on


def i13_4(reading: Reading, criterion: Criterion) -> Finding:
    """A stable full dose in its therapeutic range may enter: E16.3 says the contrary. Source: I13.4, Q1."""
    section = reading.section(e.Anticoagulation)
    if section is None:
        return every(criterion, missing("anticoagulation"))
    if section.drug in PROPHYLACTIC:
        return not_applicable(criterion, "no full-dose or parenteral anticoagulant",
                              used("anticoagulation", section.drug, section))  # fmt: skip
    limbs = [
        *fresh(reading, criterion, "anticoagulation", section),
        _stable(reading, criterion, section),
        _in_range(reading, section),
        *_other_tests(reading, criterion, section),
    ]
    if all(limb.verdict == "MET" for limb in limbs):
        limbs.append(_ruled(reading, used("anticoagulation", section.drug, section)))
    return every(criterion, *limbs)


def _stable(reading: Reading, criterion: Criterion, section: e.Anticoagulation) -> Limb:
    if section.stable_since is None:
        return unknown("since when the dose is stable is not documented", used("dose", section.drug, section))
    days = (reading.case.randomized - section.stable_since).days
    evidence = used("stable since", section.stable_since, section, section.stable_since)
    return holds(days >= (criterion.days or 0), f"stable for {days} d, {criterion.days} d required", evidence)


def _in_range(reading: Reading, section: e.Anticoagulation) -> Limb:
    if section.tested is None or section.range_low is None or section.range_high is None:
        return unknown("the therapeutic range is not entered", used("therapeutic range", "none", section))
    found = reading.lab(section.tested)
    if found is None:
        return unknown(f"no usable result for {section.tested}")
    old = too_old(reading, found)
    if old:
        return unknown(old, used_lab(reading, found))
    inside = section.range_low <= found.value <= section.range_high
    sentence = f"{section.tested} {found.value}, therapeutic range {section.range_low} to {section.range_high}"
    return holds(inside, sentence, used_lab(reading, found))


def _ruled(reading: Reading, evidence: EvidenceUsed) -> Limb:
    """Give the sponsor's ruling, without which I13.4 and E16.3 contradict each other."""
    ruling = reading.case.rulings.get("I13.4")
    if ruling is None:
        return conflict(
            "I13.4 lets a stable full dose enter, E16.3 does not: the sponsor's ruling is awaited", evidence
        )
    ruled = EvidenceUsed(what="sponsor's ruling", value=f"{'allowed' if ruling.allowed else 'denied'} by {ruling.by}",
                         on=ruling.on)  # fmt: skip
    return holds(ruling.allowed, f"the sponsor {'allowed' if ruling.allowed else 'denied'} it: {ruling.why}", ruled)


def e16_3(reading: Reading, criterion: Criterion) -> Finding:
    """INR, PT, APTT, a bleeding tendency, or thrombolytic or anticoagulant treatment. Source: E16.3."""
    section, tendency = reading.section(e.Anticoagulation), _tendency(reading, criterion)
    if section is None:
        return every(criterion, missing("anticoagulation"), *tendency)
    asked = fresh(reading, criterion, "anticoagulation", section)
    if section.drug in ("FULL_DOSE", "PARENTERAL"):
        return every(criterion, *_full_dose(reading, criterion, section), *tendency, *asked)
    limits = [limit_of(reading, criterion, limit) for limit in criterion.limits]
    return every(criterion, *limits, *tendency, _allowed_dose(criterion, section), *asked)


def _tendency(reading: Reading, criterion: Criterion) -> tuple[Limb, ...]:
    bleeding = reading.section(e.Bleeding)
    if bleeding is None:
        return (missing("bleeding tendency"),)
    shown = "yes" if bleeding.tendency else "no"
    limb = holds(not bleeding.tendency, f"bleeding tendency: {shown}", used("tendency", shown, bleeding))
    return (limb, *fresh(reading, criterion, "bleeding tendency", bleeding))


def _full_dose(reading: Reading, criterion: Criterion, section: e.Anticoagulation) -> tuple[Limb, ...]:
    """A full dose is excluded, unless I13.4 holds: then the rules contradict each other until the sponsor rules."""
    evidence = used("anticoagulation", section.drug, section)
    others = _other_tests(reading, criterion, section)
    needed = (_stable(reading, criterion, section), _in_range(reading, section), *others)
    if all(limb.verdict == "MET" for limb in needed):
        return (_ruled(reading, evidence), *others)
    return (fails(f"{section.drug} anticoagulant", evidence), *others)


def _other_tests(reading: Reading, criterion: Criterion, section: e.Anticoagulation) -> tuple[Limb, ...]:
    """Hold the tests that do not guide the dose against their usual limits: a full dose does not excuse them."""
    guided = GUIDED[section.tested] if section.tested else ()
    return tuple(limit_of(reading, criterion, limit) for limit in criterion.limits if limit.analyte not in guided)


def _allowed_dose(criterion: Criterion, section: e.Anticoagulation) -> Limb:
    evidence = used("anticoagulation", section.drug, section)
    table = criterion.table
    match section.drug:
        case "NONE":
            return passes("no anticoagulant", evidence)
        case "LOW_DOSE_HEPARIN" if section.units_per_day is None:
            return unknown("heparin: the dose in units a day is not documented", evidence)
        case "LOW_DOSE_HEPARIN":
            low, high = table["HEPARIN_LOW"], table["HEPARIN_HIGH"]
            good = low <= (section.units_per_day or 0) <= high
            return holds(good, f"heparin {section.units_per_day} units a day, {low} to {high} allowed", evidence)
        case "ASPIRIN" if section.mg_per_day is None:
            return unknown("aspirin: the dose in mg a day is not documented", evidence)
        case "ASPIRIN":
            good = (section.mg_per_day or 0) <= table["ASPIRIN"]
            return holds(good, f"aspirin {section.mg_per_day} mg a day, at most {table['ASPIRIN']} allowed", evidence)
        case _:
            return fails(f"{section.drug}", evidence)
