"""The laboratory limits before a dose and before randomization, by the checker's own numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chaos.checker.record import Lab, Record

BEFORE_A_DOSE, BEFORE_RANDOMIZATION = 3, 7
"""Days a sample may be old. Source: T11, assumed parameters of 3.1."""
AT_LEAST = {"HB": ("I11.2", Decimal(90)), "ANC": ("I11.3", Decimal("1.5")), "PLT": ("I11.4", Decimal(80))}
"""g/L, 10*9/L, 10*9/L."""
TIMES_ULN = {
    "TBIL": ("I12.1", Decimal("1.5")),
    "ALT": ("I12.2", Decimal("2.5")),
    "AST": ("I12.2", Decimal("2.5")),
    "CREAT": ("I12.3", Decimal("1.5")),
}
DIPSTICK = {"negative": 0, "neg": 0, "-": 0, "阴性": 0, "trace": 0, "+-": 0, "1+": 1, "+": 1}
"""Urine protein below 2+. Source: I13.1."""
PROTEIN = "I13.1"
CLEARANCE, MICROMOL_PER_MG, SEXES = Decimal(60), Decimal("88.4"), {"FEMALE": Decimal("0.85"), "MALE": Decimal(1)}


@dataclass(frozen=True, slots=True)
class Failing:
    """A result that is missing, too old or beyond its limit; `rule` is its criterion."""

    rule: str
    text: str
    too_old: bool = False


def failing(record: Record, on: date, days: int, before: int) -> list[str]:
    """Name what is missing, too old or beyond its limit for a date, from results with a smaller fact number."""
    return [row.text for row in failures(record, on, days, before)]


def failures(record: Record, on: date, days: int, before: int) -> Iterator[Failing]:
    """Give what is missing, too old or beyond its limit for a date, from results with a smaller fact number."""
    known = {analyte: _latest(record, analyte, on, before) for analyte in (*AT_LEAST, *TIMES_ULN, "UPROT")}
    for analyte, lab in known.items():
        rule = {**AT_LEAST, **TIMES_ULN}[analyte][0] if analyte != "UPROT" else PROTEIN
        age = None if lab is None else (on - record.date_of(lab.collected_at)).days
        if lab is None or age is None or age > days:
            yield Failing(rule, f"{analyte} {'missing' if age is None else f'{age} d old'}", age is not None)
        elif analyte in AT_LEAST and lab.value < AT_LEAST[analyte][1]:
            yield Failing(rule, f"{rule}: {analyte} {lab.value}")
        elif analyte in TIMES_ULN and _too_high(lab, TIMES_ULN[analyte][1]) and not _cleared(record, lab, on):
            yield Failing(rule, f"{rule}: {analyte} {lab.value}, ULN {lab.upper_limit}")
        elif analyte == "UPROT" and DIPSTICK.get(lab.reported.strip().lower()) is None:
            yield Failing(rule, f"{rule}: urine protein {lab.reported}")


def _latest(record: Record, analyte: str, on: date, before: int) -> Lab | None:
    """Give the latest sample's result up to a date; of one sample the corrected report, else the last to come."""
    found = [
        lab
        for lab in record.labs
        if lab.analyte == analyte and lab.seq < before and record.date_of(lab.collected_at) <= on
    ]
    return max(found, key=lambda lab: (lab.collected_at, lab.corrected, lab.seq), default=None)


def _too_high(lab: Lab, times: Decimal) -> bool:
    return lab.upper_limit is None or lab.value > times * lab.upper_limit


def _cleared(record: Record, lab: Lab, on: date) -> bool:
    """Say whether a clearance by Cockcroft and Gault outweighs a creatinine that is too high. Source: I12.3, 3.4."""
    if lab.analyte != "CREAT" or record.born_on is None or record.weight_kg is None or lab.value <= 0:
        return False
    born = record.born_on
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    mg_per_dl = lab.value / MICROMOL_PER_MG
    return (140 - years) * record.weight_kg / (72 * mg_per_dl) * SEXES[record.sex] >= CLEARANCE
