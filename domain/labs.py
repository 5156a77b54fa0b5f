"""Laboratory results: which codes and units are known, and how a reported result becomes a value or stays unused.

A result is matched on (system, code, unit). Nothing is guessed: a missing or unknown unit, a censored or textual value
and a value beyond plausibility are kept with their reason and never used in a verdict.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import AwareDatetime, Field

from domain.units import UnknownUnit, convert
from domain.values import FIRST_YEAR, LAST_YEAR, Code, Frozen, Text

LOINC = "http://loinc.org"


@dataclass(frozen=True, slots=True)
class Analyte:
    """A laboratory test: its canonical UCUM unit, LOINC codes and accepted units. Source: clinical-spec 3.5."""

    code: str
    label: str
    unit: str
    loinc: tuple[str, ...]
    accepted: tuple[str, ...]
    ordinal: bool = False


_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?")
_LARGEST_EXPONENT = 12
_CELLS = ("10*9/L", "10*3/uL", "/uL", "{cells}/uL")
ANALYTES: Mapping[str, Analyte] = {
    row.code: row
    for row in (
        Analyte("HB", "Hemoglobin", "g/L", ("718-7",), ("g/L", "g/dL")),
        Analyte("ANC", "Neutrophils", "10*9/L", ("26499-4", "751-8"), _CELLS),
        Analyte("PLT", "Platelets", "10*9/L", ("26515-7", "777-3"), _CELLS),
        Analyte("TBIL", "Total bilirubin", "umol/L", ("1975-2", "14631-6"), ("umol/L", "mg/dL")),
        Analyte("ALT", "ALT", "U/L", ("1742-6",), ("U/L",)),
        Analyte("AST", "AST", "U/L", ("1920-8",), ("U/L",)),
        Analyte("CREAT", "Creatinine", "umol/L", ("2160-0", "14682-9"), ("umol/L", "mg/dL")),
        Analyte("UPROT", "Urine protein, dipstick", "{ordinal}", ("20454-5",), (), ordinal=True),
        Analyte("WEIGHT", "Body weight", "kg", ("29463-7",), ("kg", "g", "[lb_av]")),
        Analyte("HEIGHT", "Body height", "cm", ("8302-2",), ("cm", "m", "[in_i]")),
    )
}
_BY_LOINC = {loinc: analyte for analyte in ANALYTES.values() for loinc in analyte.loinc}

ORDINALS: Mapping[str, int] = {
    "negative": 0,
    "neg": 0,
    "-": 0,
    "trace": 0,
    "+-": 0,
    "1+": 1,
    "+": 1,
    "2+": 2,
    "++": 2,
    "3+": 3,
    "+++": 3,
    "4+": 4,
    "++++": 4,
}


def analyte_of(code: str, system: str = LOINC) -> str | None:
    """Give the product's code for a laboratory code, or None when the protocol does not use it."""
    if system == "analyte":
        return code if code in ANALYTES else None
    found = _BY_LOINC.get(code) if system == LOINC else None
    return found.code if found else None


class ReportedResult(Frozen):
    """One result as a laboratory or a person reports it. Values are text, so that no digit is lost."""

    code: Text = Field(description="LOINC code, or one of the product's analyte codes (HB, ANC, PLT, ...)")
    system: Text = Field(LOINC, description="code system; 'analyte' for the product's own codes")
    value: Text = Field(description="the value as printed, for example 9.1 or 'trace'")
    unit: str = Field("", max_length=40, description="UCUM unit, for example g/dL")
    upper_limit: str = Field("", max_length=40, description="upper limit of normal, in the same unit")
    collected_at: AwareDatetime
    status: str = Field("final", max_length=40)
    document: str = Field("", max_length=200, description="the source document")


class LabValue(Frozen):
    """A result fit for use. Unit: the analyte's canonical unit; `upper_limit` in the same unit."""

    analyte: Code
    value: Decimal
    unit: str
    upper_limit: Decimal | None = None
    collected_at: AwareDatetime
    reported: str = Field(description="value and unit as reported")
    document: str = ""


class UnusedResult(Frozen):
    """A result that is kept but decides nothing, with the reason."""

    code: str
    reported: str
    why: str
    collected_at: AwareDatetime
    document: str = ""


class _Unused(Exception):  # noqa: N818 - not an error: a reason that a result is set aside
    pass


def read(reported: ReportedResult, bounds: Mapping[str, tuple[Decimal, Decimal]]) -> LabValue | UnusedResult:
    """Turn a reported result into a value in the canonical unit, or keep it unused with the reason."""
    shown = f"{reported.value} {reported.unit}".strip()
    try:
        analyte = _analyte(reported)
        value = _ordinal(reported.value) if analyte.ordinal else _quantity(analyte, reported.value, reported.unit)
        _plausible(analyte, value, bounds)
        limit = _quantity(analyte, reported.upper_limit, reported.unit) if reported.upper_limit else None
        if limit is not None and limit <= 0:
            raise _Unused(f"upper limit of normal {reported.upper_limit} is not above 0")  # noqa: TRY301 - set aside below
    except _Unused as why:
        return UnusedResult(
            code=reported.code,
            reported=shown,
            why=str(why),
            collected_at=reported.collected_at,
            document=reported.document,
        )
    return LabValue(
        analyte=analyte.code,
        value=value,
        unit=analyte.unit,
        upper_limit=limit,
        collected_at=reported.collected_at,
        reported=shown,
        document=reported.document,
    )


def _analyte(reported: ReportedResult) -> Analyte:
    if reported.status not in ("final", "amended", "corrected"):
        raise _Unused(f"status is {reported.status!r}; accepted: final, amended, corrected")
    if not FIRST_YEAR <= reported.collected_at.year <= LAST_YEAR:
        raise _Unused("the sample has no date this trial can have")
    code = analyte_of(reported.code, reported.system)
    if code is None:
        raise _Unused("code is not one of those the protocol uses")
    return ANALYTES[code]


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise _Unused(f"{text!r} is not a number: censored or textual values are not used")
    number = Decimal(text)
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise _Unused(f"{text!r} is not a number of a usual size")
    return number


def _quantity(analyte: Analyte, value: str, unit: str) -> Decimal:
    number = _number(value)
    if unit not in analyte.accepted:
        raise _Unused(f"unit {unit!r} is not accepted for {analyte.label}; accepted: {', '.join(analyte.accepted)}")
    try:
        return convert(number, unit, analyte.unit, analyte=analyte.code)
    except UnknownUnit as unknown:
        raise _Unused(str(unknown)) from None


def _ordinal(text: str) -> Decimal:
    step = ORDINALS.get(text.strip().lower())
    if step is None:
        raise _Unused(f"{text!r} is not one of negative, trace, 1+, 2+, 3+, 4+")
    return Decimal(step)


def _plausible(analyte: Analyte, value: Decimal, bounds: Mapping[str, tuple[Decimal, Decimal]]) -> None:
    low, high = bounds.get(analyte.code, (value, value))
    if not low <= value <= high:
        raise _Unused(f"{value} {analyte.unit} is outside {low}..{high} {analyte.unit}: a wrong unit is suspected")
