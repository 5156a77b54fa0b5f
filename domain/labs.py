"""Laboratory results: how a reported result becomes a value, or stays on record unused with its reason.

A result is matched on (system, code, unit). Nothing is guessed: a missing or unknown unit, a censored or textual value
and a value beyond plausibility are kept with their reason and never used in a verdict.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from pydantic import AwareDatetime, Field

from domain.analytes import (
    ANALYTES,
    INDETERMINATE,
    LOINC,
    NEGATIVE,
    ORDINALS,
    OWN,
    POSITIVE,
    PRESENCE,
    Analyte,
    analyte_of,
    why_not,
)
from domain.units import UnknownUnit, convert
from domain.values import FIRST_YEAR, LAST_YEAR, Code, Frozen, QuickInstant, Text
from domain.written import LARGEST_EXPONENT

__all__ = [
    "ANALYTES",
    "INDETERMINATE",
    "LOINC",
    "NEGATIVE",
    "ORDINALS",
    "POSITIVE",
    "PRESENCE",
    "Analyte",
    "LabValue",
    "ReportedResult",
    "UnusedResult",
    "analyte_of",
    "is_final",
    "read",
    "supersedes",
]

CORRECTED = ("amended", "corrected")
FINAL = ("final", *CORRECTED)
WITHDRAWN = ("entered-in-error", "cancelled")
Bounds = Mapping[str, tuple[Decimal, Decimal]]
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?")


class ReportedResult(Frozen):
    """One result as a laboratory or a person reports it. Values are text, so that no digit is lost."""

    code: Text = Field(description="LOINC code, or one of the product's analyte codes (HB, ANC, PLT, ...)")
    system: Text = Field(LOINC, description="code system; 'analyte' for the product's own codes")
    value: Text = Field(description="the value as printed, for example 9.1 or 'trace'")
    unit: str = Field("", max_length=40, description="UCUM unit, for example g/dL")
    upper_limit: str = Field("", max_length=40, description="upper limit of normal, in the same unit")
    lower_limit: str = Field("", max_length=40, description="lower limit of normal, in the same unit")
    collected_at: AwareDatetime
    status: str = Field("final", max_length=40)
    document: str = Field("", max_length=200, description="the source document")
    observation: str = Field("", max_length=200, description="the laboratory's id of the result, kept by its reports")
    issued_at: AwareDatetime | None = Field(None, description="when this report of it was issued")
    standard_of_care: bool = Field(False, description="taken for care, not for the trial: may be before the consent")


class LabValue(Frozen):
    """A result fit for use. Unit: the analyte's canonical unit; the limits of normal in the same unit."""

    analyte: Code
    value: Decimal
    unit: str
    upper_limit: Decimal | None = None
    lower_limit: Decimal | None = None
    collected_at: QuickInstant
    reported: str = Field(description="value and unit as reported")
    document: str = ""
    status: str = Field("final", description="status of the report: final, amended or corrected")
    standard_of_care: bool = False
    observation: str = ""


class UnusedResult(Frozen):
    """A result that is kept but decides nothing, with the reason."""

    code: str
    reported: str
    why: str
    collected_at: AwareDatetime
    document: str = ""
    observation: str = ""


class _Unused(Exception):
    pass


def is_final(reported: ReportedResult) -> bool:
    """Say whether a report is finished: a preliminary or withdrawn one is no answer."""
    return reported.status in FINAL


def supersedes(new: LabValue, known: LabValue) -> bool:
    """Say whether a result replaces the one on record: a later sample, or a report of the same one.

    A corrected report of a sample is never replaced by its first report, whichever arrives last.
    """
    return (new.collected_at, new.status in CORRECTED) >= (known.collected_at, known.status in CORRECTED)


def read(reported: ReportedResult, bounds: Bounds) -> LabValue | UnusedResult:
    """Turn a reported result into a value in the canonical unit, or keep it unused with the reason."""
    try:
        return _used(reported, bounds)
    except _Unused as why:
        return UnusedResult(
            code=reported.code,
            reported=_shown(reported),
            why=str(why),
            collected_at=reported.collected_at,
            document=reported.document,
            observation=reported.observation,
        )


def _used(reported: ReportedResult, bounds: Bounds) -> LabValue:
    analyte = _analyte(reported)
    shown, upper, lower = _shown(reported), None, None
    if not _is_number(analyte, reported):
        value = _step(analyte, reported.value)
    else:
        value = _quantity(analyte, reported, reported.value)
        _plausible(analyte, value, bounds, "value")
        upper, lower = _limits(analyte, reported, bounds)
        if analyte.ordinal:
            shown = f"{shown} (upper limit {reported.upper_limit or 'not given'})"
            value, upper, lower = _against(value, upper), None, None
    return LabValue(
        analyte=analyte.code,
        value=value,
        unit=analyte.unit,
        upper_limit=upper,
        lower_limit=lower,
        collected_at=reported.collected_at,
        reported=shown,
        document=reported.document,
        status=reported.status,
        standard_of_care=reported.standard_of_care,
        observation=reported.observation,
    )


def _shown(reported: ReportedResult) -> str:
    return f"{reported.value} {reported.unit}" if reported.unit else reported.value


def _analyte(reported: ReportedResult) -> Analyte:
    if reported.status in WITHDRAWN:
        raise _Unused(f"withdrawn: status is {reported.status!r}")
    if not is_final(reported):
        raise _Unused(f"status is {reported.status!r}; accepted: {', '.join(FINAL)}")
    if not FIRST_YEAR <= reported.collected_at.year <= LAST_YEAR:
        raise _Unused("the sample has no date this trial can have")
    code = analyte_of(reported.code, reported.system)
    if code is None:
        raise _Unused(why_not(reported.code, reported.system))
    return ANALYTES[code]


def _is_number(analyte: Analyte, reported: ReportedResult) -> bool:
    """Say whether the code asks for a number. The product's own code of a scale takes both: a unit makes a number."""
    if not analyte.ordinal:
        return True
    return bool(analyte.units_of(reported.code)) and (reported.system != OWN or reported.unit != "")


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise _Unused(f"{text!r} is not a number: censored or textual values are not used")
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise _Unused(f"{text!r} is not a number of a usual size")
    return number


def _quantity(analyte: Analyte, reported: ReportedResult, text: str) -> Decimal:
    number = _number(text)
    accepted = analyte.units_of(reported.code)
    if reported.unit not in accepted:
        given = f"unit {reported.unit!r}" if reported.unit else "a missing unit"
        raise _Unused(f"{given} is not accepted for {analyte.label} ({reported.code}); accepted: {', '.join(accepted)}")
    try:
        return convert(number, reported.unit, analyte.number_unit, analyte=analyte.code)
    except UnknownUnit as unknown:
        raise _Unused(str(unknown)) from None


def _limits(analyte: Analyte, reported: ReportedResult, bounds: Bounds) -> tuple[Decimal | None, Decimal | None]:
    """Give the upper and the lower limit of normal, each None when the report has none."""
    upper = _quantity(analyte, reported, reported.upper_limit) if reported.upper_limit else None
    lower = _quantity(analyte, reported, reported.lower_limit) if reported.lower_limit else None
    if upper is not None:
        if upper <= 0:
            raise _Unused(f"upper limit of normal {reported.upper_limit} is not above 0")
        _plausible(analyte, upper, bounds, "upper limit of normal")
    if lower is not None and not 0 <= lower <= (lower if upper is None else upper):
        raise _Unused(f"lower limit of normal {reported.lower_limit} is below 0 or above the upper limit")
    return upper, lower


def _against(value: Decimal, upper: Decimal | None) -> Decimal:
    if upper is None:
        return Decimal(INDETERMINATE)
    return Decimal(NEGATIVE if value <= upper else POSITIVE)


def _step(analyte: Analyte, text: str) -> Decimal:
    scale = analyte.scale or {}
    step = scale.get(text.strip().lower())
    if step is None:
        words = "negative, trace, 1+, 2+, 3+, 4+" if scale is ORDINALS else "negative, indeterminate, positive"
        raise _Unused(f"{text!r} is not one of {words}")
    return Decimal(step)


def _plausible(analyte: Analyte, value: Decimal, bounds: Bounds, what: str) -> None:
    unit = analyte.number_unit
    low, high = bounds.get(analyte.code, (value, value))
    if not low <= value <= high:
        raise _Unused(f"{what} {value} {unit} is outside {low}..{high} {unit}: a wrong unit is suspected")
