"""CTCAE 5.0 grades of laboratory values, as a table of thresholds. No grade is guessed when a limit is missing.

Source: clinical-spec 3.5, and the baseline columns of CTCAE 5.0 in [ADM]. Q11 asks which version holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from domain.analytes import ANALYTES
from domain.labs import LabValue
from domain.values import Frozen

VERSION = "CTCAE 5.0"
Reference = Literal["VALUE", "LLN", "ULN", "BASELINE"]


@dataclass(frozen=True, slots=True)
class Step:
    """A threshold and the grade beyond it: a value of its own, or so many times a limit of normal or the baseline."""

    grade: int
    times: Decimal
    of: Reference
    or_at: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One CTCAE term: grades rise as the value falls (LOW) or rises (HIGH) past its steps.

    `if_abnormal` takes the place of the steps when the baseline was above its upper limit of normal; `anticoagulated`
    comes on top of them for a subject on anticoagulants.
    """

    term: str
    direction: Literal["LOW", "HIGH"]
    steps: tuple[Step, ...]
    if_abnormal: tuple[Step, ...] = ()
    anticoagulated: tuple[Step, ...] = ()


class Graded(Frozen):
    """The grade of one value, 0 to 4, or None when it cannot be known, with one sentence."""

    analyte: str
    grade: int | None
    sentence: str
    source: str


def _steps(of: Reference, *thresholds: str, first: int = 1) -> tuple[Step, ...]:
    return tuple(Step(grade, Decimal(times), of) for grade, times in enumerate(thresholds, start=first))


_BELOW_NORMAL = Step(1, Decimal(1), "LLN")
_LIVER = _steps("ULN", "1", "3", "5", "20")
_LIVER_ABNORMAL = (Step(1, Decimal("1.5"), "BASELINE", or_at=True), *_steps("BASELINE", "3", "5", "20", first=2))
TERMS: Mapping[str, Term] = {
    "HB": Term("Anemia", "LOW", (_BELOW_NORMAL, *_steps("VALUE", "100", "80", first=2))),
    "ANC": Term("Neutrophil count decreased", "LOW", (_BELOW_NORMAL, *_steps("VALUE", "1.5", "1.0", "0.5", first=2))),
    "PLT": Term("Platelet count decreased", "LOW", (_BELOW_NORMAL, *_steps("VALUE", "75", "50", "25", first=2))),
    "ALT": Term("Alanine aminotransferase increased", "HIGH", _LIVER, if_abnormal=_LIVER_ABNORMAL),
    "AST": Term("Aspartate aminotransferase increased", "HIGH", _LIVER, if_abnormal=_LIVER_ABNORMAL),
    "TBIL": Term(
        "Blood bilirubin increased",
        "HIGH",
        _steps("ULN", "1", "1.5", "3", "10"),
        if_abnormal=_steps("BASELINE", "1", "1.5", "3", "10"),
    ),
    "CREAT": Term(
        "Creatinine increased",
        "HIGH",
        (*_steps("ULN", "1", "1.5", "3", "6"), *_steps("BASELINE", "1.5", "3", first=2)),
    ),
    "INR": Term(
        "INR increased",
        "HIGH",
        _steps("VALUE", "1.2", "1.5", "2.5"),
        anticoagulated=_steps("BASELINE", "1", "1.5", "2.5"),
    ),
    "APTT": Term("Activated partial thromboplastin time prolonged", "HIGH", _steps("ULN", "1", "1.5", "2.5")),
}
"""By analyte, in its canonical unit. Grade 5 is a death and never a laboratory value."""


@dataclass(frozen=True, slots=True)
class _Edge:
    """A step on the scale of the value: where it lies, or what is missing to know it."""

    step: Step
    limit: Decimal | None
    missing: str = ""

    def passed(self, value: Decimal, direction: str) -> bool:
        if self.limit is None:
            return False
        if value == self.limit:
            return self.step.or_at
        return (value < self.limit) == (direction == "LOW")


def grade(analyte: str, value: LabValue, baseline: LabValue | None, *, anticoagulated: bool = False) -> Graded:
    """Grade a value. Without a baseline ALT, AST, TBIL and creatinine are held against the limits of normal alone."""
    term = TERMS.get(analyte)
    if term is None or {analyte} != {part.analyte for part in (value, baseline) if part is not None}:
        return Graded(analyte=analyte, grade=None, sentence=f"no grades of {analyte} for these values", source=VERSION)
    edges = tuple(_edges(term, value, baseline, anticoagulated=anticoagulated))
    passed = [edge for edge in edges if edge.passed(value.value, term.direction)]
    found = max((edge.step.grade for edge in passed), default=0)
    missing = [edge for edge in edges if edge.limit is None and edge.step.grade > found]
    shown = f"{ANALYTES[analyte].label} {value.value:f} {value.unit}"
    source = f"{VERSION}, {term.term}"
    if missing:
        sentence = f"{shown}: the grade needs {missing[0].missing}"
        return Graded(analyte=analyte, grade=None, sentence=sentence, source=source)
    where = _where(term, edges, [edge for edge in passed if edge.step.grade == found])
    return Graded(analyte=analyte, grade=found, sentence=f"{shown}: {where}, grade {found}", source=source)


def shown_grade(value: LabValue, baseline: LabValue | None, *, anticoagulated: bool = False) -> str:
    """Give a value's grade for people, with its baseline, or what it needs; nothing where CTCAE has no such term."""
    if value.analyte not in TERMS:
        return ""
    baseline = None if baseline is None or baseline.collected_at >= value.collected_at else baseline
    found = grade(value.analyte, value, baseline, anticoagulated=anticoagulated)
    if found.grade is None:
        return found.sentence.rpartition(": ")[2]
    beside = "" if baseline is None else f", baseline {baseline.value:f} {baseline.unit}"
    return f"grade {found.grade}{beside}"


def _edges(term: Term, value: LabValue, baseline: LabValue | None, *, anticoagulated: bool) -> Iterator[_Edge]:
    steps = term.steps
    if term.if_abnormal and baseline is not None:
        if baseline.upper_limit is None:
            steps = ()
            yield from (_Edge(step, None, "the upper limit of normal of the baseline") for step in term.steps)
        elif baseline.value > baseline.upper_limit:
            steps = term.if_abnormal
    for step in steps:
        if step.of != "BASELINE" or baseline is not None:
            yield _edge(step, value, baseline)
    if anticoagulated:
        yield from (_edge(step, value, baseline) for step in term.anticoagulated)


def _edge(step: Step, value: LabValue, baseline: LabValue | None) -> _Edge:
    match step.of:
        case "VALUE":
            return _Edge(step, step.times)
        case "LLN":
            of, missing = value.lower_limit, "the report's lower limit of normal"
        case "ULN":
            of, missing = value.upper_limit, "the report's upper limit of normal"
        case _:
            of, missing = None if baseline is None else baseline.value, "the baseline"
    return _Edge(step, None if of is None else step.times * of, missing)


def _where(term: Term, edges: tuple[_Edge, ...], passed: list[_Edge]) -> str:
    """Say between which thresholds a value lies."""
    side = "below" if term.direction == "LOW" else "above"
    if passed:
        return f"{'at or ' if passed[0].step.or_at else ''}{side} {_threshold(passed[0])}"
    return f"not {side} {_threshold(edges[0])}"


def _threshold(edge: _Edge) -> str:
    limit = edge.limit or Decimal(0)
    return f"{limit:f}" if edge.step.of == "VALUE" else f"{limit:f} ({edge.step.times} x {edge.step.of})"
