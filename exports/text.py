"""JSON text with exact decimals, and text that may stand in XML and on paper."""

import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from read_models.rows import WITHHELD

_MARK = "\ue000"
_NUMBER = re.compile(f'"{_MARK}(-?[0-9.]+)"')
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def json_text(value: Any) -> str:  # noqa: ANN401 - any JSON value, with dates and decimals
    """Write JSON. A decimal is a number with its own digits, never by way of a float; instants are ISO 8601."""
    written = json.dumps(_plain(value), ensure_ascii=False, indent=2)
    return _NUMBER.sub(r"\1", written) + "\n"


def _plain(value: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return f"{_MARK}{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.replace(_MARK, "\ufffd") if isinstance(value, str) else value


def printable(text: str) -> str:
    """Give text without characters that XML and paper cannot hold; each is shown as the replacement character."""
    return _NO_TEXT.sub("\ufffd", text)


def without_birth_date(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Give a fact's content without birth dates, at any depth; what a correction changed of one is withheld too."""
    if isinstance(value, list):
        return [without_birth_date(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("what", "")).endswith("born_on"):
        return value | {"before": WITHHELD, "after": WITHHELD}
    return {name: WITHHELD if name == "born_on" else without_birth_date(inner) for name, inner in value.items()}
