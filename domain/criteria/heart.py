"""Criteria about heart and blood pressure: E16.1, E16.2. What a device or laboratory sent counts like what was said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain import evidence as e
from domain.criteria.case import Reading
from domain.criteria.limbs import (
    WORST_FIRST,
    Limb,
    conflict,
    every,
    fresh,
    holds,
    missing,
    stale,
    unknown,
    used,
    used_lab,
)
from domain.ctcae import VERSION
from domain.findings import EvidenceUsed, Finding
from domain.protocol import Criterion

PRESSURES = (("systolic", "SBP", "SYSTOLIC"), ("diastolic", "DBP", "DIASTOLIC"))
FRIDERICIA = "FRIDERICIA"
MEASURED = (("QTCF", FRIDERICIA), ("QTCB", "BAZETT"), ("QTC", ""))
"""The tests of a QTc and the formula each is by; an empty one is not stated."""


def e16_1(reading: Reading, criterion: Criterion) -> Finding:
    """Mean of the last readings too high, systolic or diastolic. Unit: mm[Hg]. Source: E16.1."""
    section = reading.section(e.BloodPressure)
    if any(reading.results(code) for _, code, _ in PRESSURES):
        return every(criterion, *(_pressure(reading, criterion, section, *part) for part in PRESSURES))
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


@dataclass(frozen=True, slots=True)
class _Pressure:
    on: date
    value: Decimal
    evidence: EvidenceUsed


def _pressure(
    reading: Reading, criterion: Criterion, section: e.BloodPressure | None, part: str, code: str, limit: str
) -> Limb:
    """Hold the last readings of one part against its limit: said and sent in the order of their dates."""
    said = [] if section is None else [
        _Pressure(section.on, Decimal(getattr(row, part)), used(part, f"{getattr(row, part)} mm[Hg]", section))
        for row in section.readings
    ]  # fmt: skip
    sent = [
        _Pressure(reading.sampled_on(row), row.value, used_lab(reading, row))
        for row in sorted(reading.results(code), key=lambda row: row.collected_at)
    ]
    if said and sent and said[0].on == sent[0].on:
        first, other = (_mean(reading, criterion, part, limit, rows) for rows in (said, [*said[-1:], *sent]))
        if {first.verdict, other.verdict} == {"MET", "NOT_MET"}:
            sentence = f"{part} readings of {said[0].on} disagree: {first.sentence}; {other.sentence}"
            return conflict(sentence, *dict.fromkeys((*first.evidence, *other.evidence)))
        return other
    return _mean(reading, criterion, part, limit, sorted([*said, *sent], key=lambda row: row.on))


def _mean(reading: Reading, criterion: Criterion, part: str, limit: str, rows: Sequence[_Pressure]) -> Limb:
    last = rows[-(criterion.low or 1) :]
    evidence = tuple(dict.fromkeys(row.evidence for row in last))
    if not last:
        return missing(f"{part} blood pressure")
    old = stale(reading, f"{part} blood pressure", last[0].on, criterion.max_age_days, *evidence)
    if old is not None:
        return old
    if len(last) < (criterion.low or 1):
        return unknown(f"{len(last)} {part} reading, {criterion.low} needed: repeat", *evidence)
    most = criterion.table[limit]
    shown = ", ".join(f"{row.value:f}" for row in last)
    good = sum(row.value for row in last) < most * len(last)
    return holds(good, f"mean {part} of {shown}; {most} triggers", *evidence)


def e16_2(reading: Reading, criterion: Criterion) -> Finding:
    """Ischaemia, arrhythmia, QTc or heart failure. Unit of QTc: ms; Fridericia by default. Source: E16.2, Q11."""
    section = reading.section(e.Heart)
    qtc, on = _qtc(reading, criterion, section)
    if section is None:
        return every(criterion, missing("heart"), qtc)
    limbs = [
        holds(value < 1, f"{what} grade {value} ({VERSION})", used(what, f"grade {value}", section))
        for what, value in (("ischaemia", section.ischaemia), ("arrhythmia", section.arrhythmia))
    ]
    limbs.append(
        holds(section.nyha < (criterion.low or 0), f"NYHA {section.nyha}", used("NYHA", section.nyha, section))
    )
    if on != section.on:
        limbs.extend(fresh(reading, criterion, "heart", section))
    return every(criterion, *limbs, qtc)


@dataclass(frozen=True, slots=True)
class _Qtc:
    on: date
    formula: str
    value: Decimal
    limb: Limb


def _qtc(reading: Reading, criterion: Criterion, section: e.Heart | None) -> tuple[Limb, date | None]:
    """Give the newest QTc; of one date that by Fridericia goes before others, and a disagreement is a CONFLICT."""
    every_one = [*_said(criterion, section), *_sent(reading, criterion)]
    if not every_one:
        none = () if section is None else (used("QTc", "none", section),)
        return unknown("no QTc", *none), section.on if section else None
    on = max(row.on for row in every_one)
    rows = [row for row in every_one if row.on == on]
    by_default = [row for row in rows if row.formula == FRIDERICIA]
    evidence = tuple(dict.fromkeys(shown for row in rows for shown in row.limb.evidence))
    old = stale(reading, "ECG", on, criterion.max_age_days, *evidence)
    if old is not None:
        return old, on
    verdicts = {row.limb.verdict for row in by_default or rows}
    unstated = [row for row in rows if row.formula == "" and row.value >= criterion.table["QTC"]]
    sentence = "; ".join(row.limb.sentence for row in rows)
    if {"MET", "NOT_MET"} <= verdicts or (by_default and verdicts == {"MET"} and unstated):
        return conflict(f"QTc of {on} disagree: {sentence}", *evidence), on
    return Limb(min(verdicts, key=WORST_FIRST.index), sentence, evidence), on


def _said(criterion: Criterion, section: e.Heart | None) -> Iterator[_Qtc]:
    if section is None:
        return
    if section.qt_ms is not None and section.rr_ms is not None:
        limit = criterion.table["QTC"]
        cube, seconds = (section.qt_ms / limit) ** 3, section.rr_ms / 1000
        qtc = section.qt_ms / seconds ** (Decimal(1) / 3)
        evidence = used("QTc Fridericia", f"{qtc:.1f} ms from QT {section.qt_ms} and RR {section.rr_ms} ms", section)
        limb = holds(cube < seconds, f"QTcF {qtc:.1f} ms, >= {limit} triggers", evidence)
        yield _Qtc(section.on, FRIDERICIA, qtc, limb)
    if section.qtc_ms is not None:
        formula = section.formula or ""
        evidence = used(f"QTc {formula or 'formula not stated'}", f"{section.qtc_ms} ms", section)
        yield _Qtc(section.on, formula, section.qtc_ms, _held(criterion, formula, section.qtc_ms, evidence))


def _sent(reading: Reading, criterion: Criterion) -> Iterator[_Qtc]:
    for code, formula in MEASURED:
        found = reading.lab(code)
        if found is not None:
            limb = _held(criterion, formula, found.value, used_lab(reading, found))
            yield _Qtc(reading.sampled_on(found), formula, found.value, limb)


def _held(criterion: Criterion, formula: str, value: Decimal, evidence: EvidenceUsed) -> Limb:
    limit, near = criterion.table["QTC"], criterion.table["QTC_NEAR"]
    if formula != FRIDERICIA and value >= near:
        return unknown(f"QTc {value} ms, not by Fridericia and near {limit}: repeat", evidence)
    return holds(value < limit, f"QTc {value} ms, >= {limit} triggers", evidence)
