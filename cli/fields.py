"""Command fields on the command line: derived from the command models, for reading and for help."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from rich.table import Table

from cli.output import console
from domain.intake import takes
from domain.raw_json import parse_json
from domain.submission import Refused

FAR_TOO_LARGE = 1_000_000
"""Bytes beyond which Temporal itself would not carry a message: then its size and hash are sent, for the record."""

OF_THE_CALL = ("staff", "role", "reason", "confirmed", "occurred_at", "id")
"""Options of `send` itself. A command's own field of such a name is given with `of` before it: `--of-staff INV2`."""


class Unreadable(Exception):
    """What was given cannot be read as fields. It is sent as it stands, so that its refusal is on record."""

    def __init__(self, problem: str, raw: bytes) -> None:
        """Keep the problem for the user, and the bytes for the record."""
        super().__init__(problem)
        self.raw = raw


def given(file: Path | None, words: Sequence[str]) -> dict[str, Any]:
    """Read fields from a file or from the command line. Raises Unreadable."""
    if file is None:
        return dict(_from_words(words))
    if words:
        problem = "fields come from --json FILE or from the command line, not from both"
        raise Unreadable(problem, " ".join(words).encode("utf-8", "surrogateescape"))
    return _from_file(file)


def _from_file(file: Path) -> dict[str, Any]:
    raw = file.read_bytes()
    if len(raw) > FAR_TOO_LARGE:
        return _too_large(raw)
    try:
        return parse_json(raw)
    except Refused as no:
        raise Unreadable(f"{file}: {no.detail}; accepted: {no.accepts}", raw) from None


def _too_large(raw: bytes) -> dict[str, Any]:
    return {"too_large_bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _from_words(words: Sequence[str]) -> dict[str, Any]:
    raw = " ".join(words).encode("utf-8", "surrogateescape")
    if len(raw) > FAR_TOO_LARGE:
        return _too_large(raw)
    try:
        raw.decode("utf-8")
        return parse(words)
    except UnicodeDecodeError:
        raise Unreadable("what was typed is not UTF-8 text", raw) from None
    except click.UsageError as problem:
        raise Unreadable(problem.message, raw) from None


def parse(arguments: Sequence[str]) -> dict[str, str]:
    """Read `--given-on 2025-07-01` pairs. A lone `--flag` means true. Raises UsageError for anything else."""
    found: dict[str, str] = {}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--") or len(word) < len("--x"):
            raise click.UsageError(f"{word!r} is no field; fields are given as --field value")
        name, has_value, value = word[2:].partition("=")
        if not has_value:
            value = waiting.pop(0) if waiting and not waiting[0].startswith("--") else "true"
        field = name.replace("-", "_")
        if field in found:
            raise click.UsageError(f"--{name} is given twice")
        found[field] = value
    return found


def as_text(word: str) -> str:
    """Give a word as text that can be sent: bytes that are no UTF-8 are shown escaped, and refused for that."""
    return word.encode("utf-8", "backslashreplace").decode()


def typed(model: type[BaseModel] | None, found: Mapping[str, Any]) -> dict[str, Any]:
    """Give each value the JSON type its field takes; what does not fit stays text and is refused with its field.

    A list may be given as JSON or with commas: `--facts 12,31`.
    """
    properties = model.model_json_schema()["properties"] if model else {}
    own = {_option(name): name for name in properties}
    found = {own.get(name, name): text for name, text in found.items()}
    return {
        name: _value(properties.get(name, {}), text) if isinstance(text, str) else text for name, text in found.items()
    }


def _option(name: str) -> str:
    return f"of_{name}" if name in OF_THE_CALL else name


def _value(schema: Mapping[str, Any], text: str) -> object:
    kinds = {part.get("type") for part in schema.get("anyOf", [schema])}
    kinds |= {"object" for part in schema.get("anyOf", [schema]) if "$ref" in part}
    if kinds == {"array"} and not text.lstrip().startswith("["):
        return [_value(schema.get("items", {}), part.strip()) for part in text.split(",")]
    try:
        if kinds & {"integer", "boolean", "array", "object"} and not kinds & {"string"}:
            return json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text


def help_for(kind: str, model: type[BaseModel]) -> None:
    """Print what a command takes."""
    table = Table(title=f"{kind}: {(model.__doc__ or '').strip().splitlines()[0]}", title_justify="left")
    for heading in ("option", "required", "takes", "meaning"):
        table.add_column(heading)
    for name, field in model.model_fields.items():
        if name != "kind":
            kind = takes(field.annotation)
            required = "yes" if field.is_required() else ""
            table.add_row(f"--{_option(name).replace('_', '-')}", required, kind, field.description or "")
    console().print(table)
