"""Command fields on the command line: derived from the command models, for reading and for help."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import click
from pydantic import BaseModel
from cli.output import console
from rich.table import Table


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


def typed(model: type[BaseModel] | None, found: Mapping[str, str]) -> dict[str, Any]:
    """Give each value the JSON type its field takes; what does not fit stays text and is refused with its field."""
    properties = model.model_json_schema()["properties"] if model else {}
    return {name: _value(properties.get(name, {}), text) for name, text in found.items()}


def _value(schema: Mapping[str, Any], text: str) -> Any:  # noqa: ANN401 - any JSON value
    kinds = {part.get("type") for part in schema.get("anyOf", [schema])}
    kinds |= {"object" for part in schema.get("anyOf", [schema]) if "$ref" in part}
    try:
        if kinds & {"integer", "boolean", "array", "object"} and not kinds & {"string"}:
            return json.loads(text)
    except ValueError:
        return text
    return text


def help_for(kind: str, model: type[BaseModel]) -> None:
    """Print what a command takes."""
    table = Table(title=f"{kind}: {(model.__doc__ or '').strip().splitlines()[0]}", title_justify="left")
    for heading in ("option", "required", "takes", "meaning"):
        table.add_column(heading)
    for name, field in model.model_fields.items():
        if name != "kind":
            takes = _takes(field.annotation)
            required = "yes" if field.is_required() else ""
            table.add_row(f"--{name.replace('_', '-')}", required, takes, field.description or "")
    console().print(table)


def _takes(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if parts and all(isinstance(part, str) for part in parts):
        return " | ".join(parts)
    if parts and not hasattr(annotation, "__origin__"):
        return _takes(parts[0])
    return str(getattr(annotation, "__name__", annotation))
