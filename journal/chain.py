"""The chain: each row's hash covers its content and the row before it in its stream; the journal's covers all rows.

This is a storage format for ever. `hash` is the SHA-256 of a JSON array: the table's name, the columns of content in
the order below, and the hash of the stream's row before. `chain` is the SHA-256 of the chain at the position before
and `hash`.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

ORIGIN = "0" * 64
"""What stands before the first row."""
FACT_CONTENT = (
    "stream",
    "seq",
    "submission_id",
    "kind",
    "staff",
    "role",
    "occurred_at",
    "recorded_at",
    "stored_at",
    "body",
)
SUBMISSION_CONTENT = (
    "stream",
    "submission_id",
    "channel",
    "kind",
    "staff",
    "role",
    "identity",
    "occurred_at",
    "recorded_at",
    "stored_at",
    "outcome",
    "reason",
    "rule",
    "field",
    "detail",
    "accepts",
    "first_seq",
    "last_seq",
    "sha256",
    "body",
)
_PLAIN_ABOVE, _PLAIN_BELOW = 21, -6
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def canonical(value: object) -> str:
    """Give a JSON value as RFC 8785 writes it: keys sorted, no spaces. Raises ValueError for what JSON cannot hold."""
    if isinstance(value, str):
        return _encode(value)
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_encode(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(canonical, value)) + "]"
    return _number(value) if isinstance(value, float) else _encode(value)


def _number(value: float) -> str:
    """Give a number as ECMAScript does: the shortest digits that give it back, an exponent from 1e21 and below 1e-6."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no form in JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    _, numbers, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits, point = "".join(map(str, numbers)), len(numbers) + int(exponent)
    if 0 < point <= _PLAIN_ABOVE:
        whole = digits[:point].ljust(point, "0")
        return f"{sign}{whole}.{digits[point:]}".rstrip(".")
    if _PLAIN_BELOW < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    shown = f"{digits[0]}.{digits[1:]}".rstrip(".")
    return f"{sign}{shown}e{point - 1:+d}"


def hash_of(table: str, content: Sequence[Any], previous_hash: str) -> str:
    """Give a row's hash from its content, in the order of the table's columns."""
    return hashlib.sha256(_encode([table, *content, previous_hash]).encode("utf-8", "surrogatepass")).hexdigest()


def link(chain: str, row_hash: str) -> str:
    """Give the journal's chain after a row."""
    return hashlib.sha256((chain + row_hash).encode()).hexdigest()
