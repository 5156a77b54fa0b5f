"""Facts read from their stored text. Who reads the same text soon again gets the same value: facts never change.

A worker reads each fact twice, when it is recorded and when its workflow keeps it, and holds both states for years.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

LATEST = 4096
"""Texts that are remembered: more than lie between the two times each is read, some megabytes in all."""
_NAMES: dict[frozenset[str], set[str]] = {}


@lru_cache(maxsize=LATEST)
def parsed(kind: TypeAdapter[Any], body: str) -> Any:  # noqa: ANN401 - a fact of either decider
    """Read a fact. Raises pydantic.ValidationError."""
    fact = kind.validate_json(body)
    _lighten(fact)
    return fact


def _lighten(value: object) -> None:
    """Let equal sets of given fields be one: each model has its own, larger than most of what it holds."""
    if isinstance(value, BaseModel):
        names = value.__pydantic_fields_set__
        object.__setattr__(value, "__pydantic_fields_set__", _NAMES.setdefault(frozenset(names), names))
        for part in value.__dict__.values():
            _lighten(part)
    elif isinstance(value, dict):
        _each(value.values())
    elif isinstance(value, (tuple, list, frozenset)):
        _each(value)


def _each(values: Iterable[object]) -> None:
    for value in values:
        _lighten(value)
