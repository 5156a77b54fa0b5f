"""JSON from outside, read strictly: nothing doubled, nothing hidden, nothing endless. It raises nothing but Refused."""

import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from domain.submission import Reason, Refused

DEEPEST = 32


def parse_json(raw: bytes) -> dict[str, Any]:
    """Read JSON strictly: UTF-8, no doubled key, no NaN, not too deep, clean text. Raises Refused."""
    try:
        text = raw.decode("utf-8")
        if _depth(text) > DEEPEST:
            raise Refused(Reason.MALFORMED, "nested too deep", field="argument", accepts=f"depth up to {DEEPEST}")
        found = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise Refused(Reason.MALFORMED, "not UTF-8 text", field="argument", accepts="UTF-8") from None
    except ValueError as problem:
        detail = f"not JSON: {problem}"[:200]
        raise Refused(Reason.MALFORMED, detail, field="argument", accepts="one JSON object") from None
    if not isinstance(found, dict):
        shown = "null" if found is None else type(found).__name__
        raise Refused(Reason.MALFORMED, f"a JSON object is expected, {shown} came", field="argument", accepts="{...}")
    _clean(found, "")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number of a usual size")
    return number


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _depth(text: str) -> int:
    """Count the deepest nesting, brackets in strings included: an upper bound, cheap and without recursion."""
    deepest = depth = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _clean(value: object, path: str) -> None:
    """Refuse text with control, format or surrogate characters, which hide or forge what people read."""
    if isinstance(value, str):
        if not value.isprintable() and any(map(_is_hidden, value)):
            detail = "the text has control, direction or surrogate characters"
            raise Refused(Reason.MALFORMED, detail, field=path or "argument", accepts="printable text")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _clean(name, path)
            _clean(inner, f"{path}.{name}".lstrip(".")[:80])
    elif isinstance(value, list):
        for inner in value:
            _clean(inner, path)


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs") and sign not in "\n\t"


def cleaned(value: object) -> object:
    """Give a value with every hidden character replaced by one that shows."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join("\ufffd" if _is_hidden(sign) else sign for sign in value)
    if isinstance(value, Mapping):
        return {name: cleaned(inner) for name, inner in value.items()}
    return [cleaned(inner) for inner in value] if isinstance(value, list | tuple) else value
