"""A laboratory as a folder of FHIR R4 bundles, one file a result set, named `<subject>-*.json`. It never guesses.

An Observation counts for the subject in its `subject.identifier`. A file that is no bundle, and an Observation that
cannot be read, are set aside and logged; the rest of the bundle counts.
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

from domain.labs import LOINC, ReportedResult

SUBJECT_SYSTEM = "urn:trialpath:subject"
UCUM = "http://unitsofmeasure.org"
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
        upper_limit=_upper_limit(resource, unit),
        collected_at=resource["effectiveDateTime"],
        status=resource.get("status", ""),
        document=document,
    )


def _value(resource: Mapping[str, Any]) -> tuple[str, str]:
    """Give the value as text and its UCUM unit. A comparator stays in the text, so that it is never dropped."""
    quantity = resource.get("valueQuantity")
    if quantity is not None:
        unit = quantity.get("code", "") if quantity.get("system") == UCUM else ""
        return f"{quantity.get('comparator', '')}{quantity['value']}", unit
    concept = resource.get("valueCodeableConcept")
    return (concept["text"] if concept else resource["valueString"]), ""


def _upper_limit(resource: Mapping[str, Any], unit: str) -> str:
    """Give the upper limit of normal when the report states it in the result's own unit."""
    for limits in resource.get("referenceRange", []):
        high = limits.get("high")
        if high is not None and high.get("code", unit) == unit:
            return str(high["value"])
    return ""
