"""A laboratory's FHIR server that misbehaves on demand: `python -m chaos.laboratory PORT FOLDER`.

Results of a subject lie in FOLDER/results/SUBJECT.json, as a list of Observations; what it was asked and how it
answered, in FOLDER/requests.jsonl.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaos.modes import Modes
from tests.laboratory.hostile import Hostile, Question, searchset

MODES = ("slow", "html", "truncated", "wrong_patient", "wrong_unit", "tomorrow", "flips")
CAPABILITY = {"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1"}
AHEAD = timedelta(days=60)
"""`tomorrow` in a trial whose days are seconds: so far ahead that it does not come during a trial."""


class Desk:
    """Answers searches as the mode towards their subject says."""

    def __init__(self, folder: Path) -> None:
        """Serve what lies here."""
        self._folder = folder
        self._modes = Modes(folder / "modes")
        self._asked: Counter[str] = Counter()

    def answer(self, question: Question) -> None:
        """Answer a request."""
        if "metadata" in question.path:
            question.say(CAPABILITY)
            return
        subject = question.query.get("subject.identifier", "").rpartition("|")[2]
        mode, seconds = self._modes.of(subject)
        found = self._results(subject)
        self._asked[subject] += 1
        row = {"at": datetime.now(UTC).isoformat(), "subject": subject, "mode": mode, "results": len(found)}
        with (self._folder / "requests.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        if mode == "slow":
            time.sleep(seconds)
        shown = searchset(*deformed(mode, found, self._asked[subject]))
        if mode == "html":
            question.say(b"<html><body>502 Bad Gateway</body></html>", Content_Type="text/html")
        elif mode == "truncated":
            raw = json.dumps(shown).encode()
            question.say(raw[: len(raw) // 2])
        else:
            question.say(shown)

    def _results(self, subject: str) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = json.loads((self._folder / "results" / f"{subject}.json").read_text())
        except FileNotFoundError:
            return []
        return found


def deformed(mode: str, results: Sequence[dict[str, Any]], asked: int) -> list[dict[str, Any]]:
    """Give Observations as a laboratory with this fault gives them at the `asked`-th request."""
    return [_one(mode, row, asked) for row in results]


def _one(mode: str, row: dict[str, Any], asked: int) -> dict[str, Any]:
    quantity = row.get("valueQuantity")
    if mode == "wrong_patient":
        whose = row["subject"]["identifier"] | {"value": "S999"}
        return row | {"subject": {"identifier": whose}}
    if mode == "wrong_unit" and quantity:
        return row | {"valueQuantity": quantity | {"unit": "furlong", "code": "[fur_us]"}}
    if mode == "tomorrow":
        moved = datetime.fromisoformat(row["effectiveDateTime"]) + AHEAD
        return row | {"effectiveDateTime": moved.isoformat(), "issued": moved.isoformat()}
    if mode == "flips" and quantity and asked % 2:
        return row | {"valueQuantity": quantity | {"value": quantity["value"] / 4}}
    return row


def main(port: int, folder: Path) -> None:
    """Serve until killed."""
    (folder / "results").mkdir(parents=True, exist_ok=True)
    server = Hostile(port=port)
    server.answer = Desk(folder).answer
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
