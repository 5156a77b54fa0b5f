"""Example documents of participants: their dates are counted from the day they are used, as `today` and `today-3`."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "examples"
OPTIONAL = ("CA_ION", "UPROT24")
"""What not every laboratory measures; a value that comes all the same counts."""
_COUNTED = re.compile(r"today([+-][0-9]{1,5})?(T.*)?")


def dated(value: Any, today: date) -> Any:  # noqa: ANN401 - any JSON value
    """Give a JSON value with every date that is counted from today written out."""
    if isinstance(value, dict):
        return {name: dated(inner, today) for name, inner in value.items()}
    if isinstance(value, list):
        return [dated(inner, today) for inner in value]
    counted = _COUNTED.fullmatch(value) if isinstance(value, str) else None
    if counted is None:
        return value
    return f"{today + timedelta(days=int(counted[1] or 0))}{counted[2] or ''}"


def counts_from_today(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Say whether a JSON value has a date that is counted from today."""
    return bool(dated(value, date.min + timedelta(days=200_000)) != value)


def example(name: str, today: date) -> dict[str, Any]:
    """Give one of the documents in `examples/`, as of a date."""
    document: dict[str, Any] = dated(json.loads((EXAMPLES / f"{name}.json").read_text()), today)
    return document


def screening_document(on: date) -> dict[str, Any]:
    """Give the evidence of the all-clear example as if all of it were of one date; results come from the laboratory."""
    evidence: dict[str, Any] = example("all-clear", on)["evidence"]
    del evidence["labs"]
    evidence["not_measured"]["analytes"] = list(OPTIONAL)
    return {name: _of(value, on) for name, value in evidence.items()} | {"assessed_on": str(on)}


def _of(value: Any, on: date) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [_of(inner, on) for inner in value]
    return value | {"on": str(on)} if isinstance(value, dict) and "on" in value else value
