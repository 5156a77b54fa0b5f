"""Criteria about organs and conditions: E14, E16 without the laboratory, E17, E18, E20, E24."""

from decimal import Decimal

from domain import evidence as e
from domain.criteria.case import Reading, within_days, within_months
from domain.criteria.laboratory import limit_of
from domain.criteria.limbs import (
    Limb,
    every,
    fresh,
    holds,
    judged,
    missing,
    stale,
    unknown,
    used,
)
from domain.findings import Finding
from domain.protocol import Criterion


def condition(reading: Reading, criterion: Criterion) -> Finding:
    """Conditions that must be absent, or below a grade. Source: E14, E16.6, E16.10, E16.11, E18, E20, E24."""
    section = reading.section(e.Conditions)
    if section is None:
        return every(criterion, missing("conditions"))
    limbs = (_condition(section, criterion, name) for name in criterion.names)
    return every(criterion, *limbs, *fresh(reading, criterion, "conditions", section))


def _condition(section: e.Conditions, criterion: Criterion, name: str) -> Limb:
    value, label = getattr(section, name), name.replace("_", " ")
    if isinstance(value, bool):
        shown = "yes" if value else "no"
        return holds(not value, f"{label}: {shown}", used(label, shown, section))
    sentence = f"{label} grade {value}, grade {criterion.low} triggers"
    return holds(value < (criterion.low or 0), sentence, used(label, f"grade {value}", section))


def e16_1(reading: Reading, criterion: Criterion) -> Finding:
    """Mean of the last readings too high, systolic or diastolic. Unit: mm[Hg]. Source: E16.1."""
    section = reading.section(e.BloodPressure)
    if section is None:
        return every(criterion, missing("blood pressure"))
    readings = section.readings[-(criterion.low or 1) :]
    shown = ", ".join(f"{row.systolic}/{row.diastolic}" for row in readings)
    evidence = used("blood pressure", f"{shown} mm[Hg]", section)
    old = stale(reading, "blood pressure", section.on, criterion.max_age_days, evidence)
    if old is not None:
        return every(criterion, old)
    if len(readings) < (criterion.low or 1):
        return every(criterion, unknown(f"{len(readings)} reading, {criterion.low} needed: repeat", evidence))
    count = len(readings)
    systolic, diastolic = sum(row.systolic for row in readings), sum(row.diastolic for row in readings)
    good = systolic < criterion.table["SYSTOLIC"] * count and diastolic < criterion.table["DIASTOLIC"] * count
    limits = f"{criterion.table['SYSTOLIC']}/{criterion.table['DIASTOLIC']} triggers"
    return every(criterion, holds(good, f"mean of {shown}; {limits}", evidence))


def e16_2(reading: Reading, criterion: Criterion) -> Finding:
    """Ischaemia, arrhythmia, QTc or heart failure. Unit of QTc: ms; Fridericia by default. Source: E16.2, Q11."""
    section = reading.section(e.Heart)
    if section is None:
        return every(criterion, missing("heart"))
    limbs = [
        holds(value < 1, f"{what} grade {value}", used(what, f"grade {value}", section))
        for what, value in (("ischaemia", section.ischaemia), ("arrhythmia", section.arrhythmia))
    ]
    limbs.append(
        holds(section.nyha < (criterion.low or 0), f"NYHA {section.nyha}", used("NYHA", section.nyha, section))
    )
    old = stale(reading, "ECG", section.on, criterion.max_age_days)
    return every(criterion, *limbs, old or _qtc(criterion, section))


def _qtc(criterion: Criterion, section: e.Heart) -> Limb:
    limit, near = criterion.table["QTC"], criterion.table["QTC_NEAR"]
    if section.qt_ms is not None and section.rr_ms is not None:
        cube = (section.qt_ms / limit) ** 3
        seconds = section.rr_ms / 1000
        qtc = section.qt_ms / seconds ** (Decimal(1) / 3)
        evidence = used("QTc Fridericia", f"{qtc:.1f} ms from QT {section.qt_ms} and RR {section.rr_ms} ms", section)
        return holds(cube < seconds, f"QTcF {qtc:.1f} ms, >= {limit} triggers", evidence)
    if section.qtc_ms is None:
        return unknown("no QTc", used("QTc", "none", section))
    evidence = used(f"QTc {section.formula or 'formula not stated'}", f"{section.qtc_ms} ms", section)
    if section.formula != "FRIDERICIA" and section.qtc_ms >= near:
        return unknown(f"QTc {section.qtc_ms} ms, not by Fridericia and near {limit}: repeat", evidence)
    return holds(section.qtc_ms < limit, f"QTc {section.qtc_ms} ms, >= {limit} triggers", evidence)


def e16_5(reading: Reading, criterion: Criterion) -> Finding:
    """Cirrhosis, decompensated liver, antivirals; hepatitis without treatment is judged. Source: E16.5."""
    section = reading.section(e.Liver)
    if section is None:
        return every(criterion, missing("liver disease"))
    limbs = list(fresh(reading, criterion, "liver disease", section))
    for what, found in (("cirrhosis", section.cirrhosis), ("decompensated liver", section.decompensated),
                        ("antivirals", section.antivirals)):  # fmt: skip
        shown = "yes" if found else "no"
        limbs.append(holds(not found, f"{what}: {shown}", used(what, shown, section)))
    for limit in criterion.limits:
        limb = limit_of(reading, criterion, limit)
        limbs.append(judged(reading, criterion, limb.sentence) if limb.verdict == "NOT_MET" else limb)
    return every(criterion, *limbs)


def e16_7(reading: Reading, criterion: Criterion) -> Finding:
    """HIV by test, immunodeficiency, transplant. Source: E16.7."""
    section = reading.section(e.Conditions)
    known = [missing("conditions")] if section is None else [
        *(_condition(section, criterion, name) for name in criterion.names),
        *fresh(reading, criterion, "conditions", section),
    ]  # fmt: skip
    tested = []
    for limit in criterion.limits:
        found = reading.lab(limit.analyte)
        indeterminate = found is not None and 0 < found.value < limit.value
        limb = limit_of(reading, criterion, limit)
        tested.append(unknown(f"{limb.sentence}: indeterminate, confirm", *limb.evidence) if indeterminate else limb)
    return every(criterion, *tested, *known)


def e17(reading: Reading, criterion: Criterion) -> Finding:
    """Haemoptysis, significant bleeding, or occult blood. Source: E17."""
    section = reading.section(e.Bleeding)
    limbs = [limit_of(reading, criterion, limit) for limit in criterion.limits]
    if section is None:
        return every(criterion, missing("bleeding"), *limbs)
    limit, amount, on = criterion.table["HAEMOPTYSIS"], section.haemoptysis_ml, section.haemoptysis_on
    evidence = used("haemoptysis", f"{amount} mL a day", section, on)
    if amount > limit and on is None:
        limbs.append(unknown(f"haemoptysis of {amount} mL a day, its date is not documented", evidence))
    else:
        bad = amount > limit and on is not None and within_days(reading, on, criterion.days or 0)
        limbs.append(holds(not bad, f"haemoptysis {amount} mL a day, above {limit} triggers", evidence))
    last = section.significant_on
    recent = last is not None and within_months(reading, last, criterion.months or 0)
    limbs.append(holds(not recent, f"last significant bleeding {last or 'none'}", used("bleeding", last or "none",
                                                                                    section, last)))  # fmt: skip
    return every(criterion, *limbs, *fresh(reading, criterion, "bleeding history", section))
