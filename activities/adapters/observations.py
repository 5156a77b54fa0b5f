"""Reads a FHIR R4 Observation into a reported result: the one place that knows how FHIR words one. It never guesses.

Whose the Observation is, its source must have made sure of before.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn

import structlog
from pydantic import ValidationError

from domain.labs import LOINC, PRESENCE, WITHDRAWN, ReportedResult

SUBJECT_SYSTEM = "urn:trialpath:subject"
PURPOSE_SYSTEM, STANDARD_OF_CARE = "urn:trialpath:purpose", "standard-of-care"
"""A coding in `meta.tag` or `category` that says: done for care, not for the trial, so it may be before the consent."""
UCUM = "http://unitsofmeasure.org"
NORMAL = "normal"
"""Of the kinds of reference range (HL7 code system referencerange-meaning) the one that is a limit of normal."""
INTERPRETATIONS = {
    "NEG": "negative",
    "ND": "not detected",
    "NR": "non-reactive",
    "IND": "indeterminate",
    "E": "equivocal",
    "POS": "positive",
    "DET": "detected",
    "RR": "reactive",
}
"""Codes of HL7 v3 ObservationInterpretation that are themselves a result, and the word each stands for."""
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, ValidationError, ArithmeticError, RecursionError)
"""What reading a resource of any shape may raise."""
_log = structlog.stdlib.get_logger(__name__)


def parsed(text: str | bytes) -> Any:  # noqa: ANN401 - JSON of any shape
    """Parse JSON with every number as it was written, never as a binary fraction. Raises one of UNREADABLE."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def readable(resource: Mapping[str, Any], document: str) -> list[ReportedResult]:
    """Give the result of an Observation, none when it has no LOINC code. One that cannot be read is logged."""
    try:
        return list(_observation(resource, document))
    except UNREADABLE as problem:
        set_aside(document, problem)
        return []


def set_aside(document: str, problem: Exception) -> None:
    """Log that something could not be read, by the kind of problem alone: its text may hold what was read."""
    _log.warning("lab.unreadable_result", file=document, problem=type(problem).__name__)


def _observation(resource: Mapping[str, Any], document: str) -> Iterator[ReportedResult]:
    coding = next((c for c in resource["code"]["coding"] if c.get("system") == LOINC), None)
    if coding is None:
        return
    value, unit = _value(resource)
    yield ReportedResult(
        code=coding["code"],
        value=value,
        unit=unit,
        upper_limit=_limit(resource, "high", unit),
        lower_limit=_limit(resource, "low", unit),
        collected_at=_sampled(resource),
        status=resource.get("status", ""),
        document=document,
        observation=str(resource.get("id", "")),
        issued_at=resource.get("issued"),
        standard_of_care=_is_for_care(resource),
    )


def _sampled(resource: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the text, which ReportedResult judges
    """Give the instant of the sample. A period is none: which of its ends counts would be a guess."""
    return resource["effectiveInstant"] if "effectiveInstant" in resource else resource["effectiveDateTime"]


def _is_for_care(resource: Mapping[str, Any]) -> bool:
    """Say whether an Observation is marked as standard of care, by a tag or a category. Source: I1.1."""
    codings = [*resource.get("meta", {}).get("tag", [])]
    codings += [coding for concept in resource.get("category", []) for coding in concept.get("coding", [])]
    return any((row.get("system"), row.get("code")) == (PURPOSE_SYSTEM, STANDARD_OF_CARE) for row in codings)


def _value(resource: Mapping[str, Any]) -> tuple[str, str]:
    """Give the value as text and its UCUM unit. A comparator stays in the text, so that it is never dropped."""
    quantity = resource.get("valueQuantity")
    if quantity is not None:
        unit = quantity.get("code", "") if quantity.get("system") == UCUM else ""
        return f"{quantity.get('comparator', '')}{quantity['value']}", unit
    word = _interpretation(resource)
    if "valueCodeableConcept" in resource:
        return _agreed(_words(resource["valueCodeableConcept"]), word), ""
    if "valueString" in resource:
        return _agreed(resource["valueString"], word), ""
    if "dataAbsentReason" in resource:
        return f"no value: {_words(resource['dataAbsentReason'])}", ""
    if not word and resource.get("status") in WITHDRAWN:
        return "no value", ""
    if not word:
        raise KeyError("value")
    return word, ""


def _words(concept: Mapping[str, Any]) -> str:
    """Give a coded value as its source words it: the text, else what a code is displayed as."""
    displays = (coding["display"] for coding in concept.get("coding", []) if coding.get("display"))
    return str(concept["text"] if concept.get("text") else next(displays, "a code without words"))


def _interpretation(resource: Mapping[str, Any]) -> str:
    """Give the interpretation that is itself a result, in a word; two that differ are both named."""
    codes = (
        coding.get("code") for concept in resource.get("interpretation", []) for coding in concept.get("coding", [])
    )
    return " and ".join(dict.fromkeys(INTERPRETATIONS[code] for code in codes if code in INTERPRETATIONS))


def _agreed(value: str, word: str) -> str:
    """Give a value in words. An interpretation that contradicts it stays beside it, so that neither is used."""
    said, meant = PRESENCE.get(value.strip().lower()), PRESENCE.get(word)
    return f"{value}, interpreted as {word}" if word and said is not None and said != meant else value


def _limit(resource: Mapping[str, Any], side: str, unit: str) -> str:
    """Give a limit of normal when the report states one, and only one, in the result's own unit."""
    stated = {
        str(limits[side]["value"])
        for limits in resource.get("referenceRange", [])
        if "value" in limits.get(side, {}) and limits[side].get("code", unit) == unit and _is_normal(limits)
    }
    return stated.pop() if len(stated) == 1 else ""


def _is_normal(limits: Mapping[str, Any]) -> bool:
    """Say whether a reference range is one of normal: a therapeutic or recommended one is not."""
    codes = [coding.get("code") for coding in limits.get("type", {}).get("coding", [])]
    return not codes or NORMAL in codes
