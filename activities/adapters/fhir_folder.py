"""A laboratory as a folder of FHIR R4 bundles, one file a result set, named `<subject>-*.json`. It never guesses.

An Observation counts for the subject in its `subject.identifier`; one made for care says so by a tag or category. A
file that is no bundle, and an Observation that cannot be read, are set aside and logged; the rest of the bundle counts.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

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
KEPT_FILES = 10_000
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, ValidationError)
_log = structlog.stdlib.get_logger(__name__)


class FhirFolder:
    """A folder of Observation bundles."""

    def __init__(self, folder: Path) -> None:
        """Read from this folder. It must exist when results are asked for."""
        self._folder = folder
        self._known: OrderedDict[tuple[str, int, int], list[ReportedResult]] = OrderedDict()
        self._guard = threading.Lock()

    def results(self, subject: str) -> Sequence[ReportedResult]:
        """Give every result in the folder for a subject. Raises OSError when the folder cannot be read."""
        if not self._folder.is_dir():
            raise FileNotFoundError(f"laboratory folder {self._folder} does not exist")
        paths = sorted(self._folder.glob(f"{subject}-*.json"))
        return [result for path in paths for result in self._of(path, subject)]

    def _of(self, path: Path, subject: str) -> list[ReportedResult]:
        """Give a file's results; one that has not changed since is not read again: an order asks every few hours."""
        about = path.stat()
        key = (path.name, about.st_mtime_ns, about.st_size)
        with self._guard:
            known = self._known.get(key)
        if known is None:
            known = self._read(path, subject)
            with self._guard:
                self._known[key] = known
                while len(self._known) > KEPT_FILES:
                    self._known.popitem(last=False)
        return known

    def _read(self, path: Path, subject: str) -> list[ReportedResult]:
        try:
            bundle = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
            entries = [entry["resource"] for entry in bundle["entry"]]
        except (*UNREADABLE, RecursionError) as problem:
            _log.warning("lab.unreadable", file=path.name, problem=type(problem).__name__)
            return []
        return [found for entry in entries for found in _readable(entry, subject, path.name)]


def _readable(resource: Mapping[str, Any], subject: str, document: str) -> list[ReportedResult]:
    try:
        return list(_observation(resource, subject, document))
    except UNREADABLE as problem:
        _log.warning("lab.unreadable_result", file=document, problem=type(problem).__name__)
        return []


def _observation(resource: Mapping[str, Any], subject: str, document: str) -> Iterator[ReportedResult]:
    if resource.get("resourceType") != "Observation":
        return
    owner = resource["subject"]["identifier"]
    if (owner.get("system"), owner.get("value")) != (SUBJECT_SYSTEM, subject):
        _log.warning("lab.other_subject", file=document)
        return
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
        collected_at=resource["effectiveDateTime"],
        status=resource.get("status", ""),
        document=document,
        observation=str(resource.get("id", "")),
        issued_at=resource.get("issued"),
        standard_of_care=_is_for_care(resource),
    )


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
