"""A laboratory as a folder of FHIR R4 bundles, one file a result set, named `<subject>-*.json`. It never guesses.

An Observation counts for the subject in its `subject.identifier`; one made for care says so by a tag or category. A
file that is no bundle, and an Observation that cannot be read, are set aside and logged; the rest of the bundle counts.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from activities.adapters.observations import SUBJECT_SYSTEM, UNREADABLE, parsed, readable, set_aside
from domain.labs import ReportedResult

KEPT_FILES = 10_000
_log = structlog.stdlib.get_logger(__name__)


class FhirFolder:
    """A folder of Observation bundles."""

    def __init__(self, folder: Path) -> None:
        """Read from this folder. It must exist when results are asked for."""
        self._folder = folder
        self._known: OrderedDict[tuple[str, int, int], list[ReportedResult]] = OrderedDict()
        self._guard = threading.Lock()

    def results(
        self, subject: str, since: datetime | None = None, changed_since: datetime | None = None
    ) -> Sequence[ReportedResult]:
        """Give every result in the folder for a subject, older ones too. Raises OSError when it cannot be read."""
        del since, changed_since  # a folder is read whole
        if not self._folder.is_dir():
            raise FileNotFoundError(f"laboratory folder {self._folder} does not exist")
        paths = sorted(self._folder.glob(f"{subject}-*.json"))
        return [result for path in paths for result in self._of(path, subject)]

    def check(self) -> str:
        """Say what keeps the folder from being read, and how to mend it; nothing when it can be."""
        if not self._folder.is_dir():
            return f"laboratory folder {self._folder} does not exist: make it, or set TRIALPATH_LAB_FOLDER"
        if not os.access(self._folder, os.R_OK | os.X_OK):
            return f"laboratory folder {self._folder} may not be read: let the worker's user read it"
        return ""

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
            bundle = parsed(path.read_text(encoding="utf-8"))
            entries = [entry["resource"] for entry in bundle["entry"]]
        except UNREADABLE as problem:
            _log.warning("lab.unreadable", file=path.name, problem=type(problem).__name__)
            return []
        return [found for entry in entries for found in _ours(entry, subject, path.name)]


def _ours(resource: Mapping[str, Any], subject: str, document: str) -> list[ReportedResult]:
    """Give the result of an Observation that names the subject by identifier; nothing else is looked at."""
    try:
        if resource.get("resourceType") != "Observation":
            return []
        owner = resource["subject"]["identifier"]
        named = (owner.get("system"), owner.get("value"))
    except UNREADABLE as problem:
        set_aside(document, problem)
        return []
    if named != (SUBJECT_SYSTEM, subject):
        _log.warning("lab.other_subject", file=document)
        return []
    return readable(resource, document)
