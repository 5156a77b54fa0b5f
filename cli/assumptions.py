"""The assumption register as markdown: every assumption of a protocol value under its open question."""

from collections.abc import Iterator

from pydantic import BaseModel

from domain.protocol import Protocol, Question, Source

NAMED_BY = ("code", "rule", "kind", "event", "drug", "notice", "blocks", "analyte")
"""Fields by which a row of a list is known, the first that it has."""
HEAD = """# Assumptions

The registry record of {trial} leaves these questions open. Each has a default that holds until the protocol owner
answers; a site must confirm them before use. Made from protocol version {version} by
`python starter.py protocol --assumptions`.
"""


def assumptions(protocol: Protocol) -> tuple[tuple[str, Source], ...]:
    """Give every assumption in a protocol value with its place, for example `epochs.SURGERY.window`."""
    return tuple((place, source) for place, source in _sources(protocol, "") if source.is_assumption)


def _sources(value: object, place: str) -> Iterator[tuple[str, Source]]:
    """Give every source inside a value. A field named `source` speaks of the value that holds it."""
    if isinstance(value, Source):
        yield place.removesuffix(".source"), value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _sources(getattr(value, name), f"{place}.{name}".lstrip("."))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _sources(inner, f"{place}.{name}")
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            named = (getattr(inner, name, None) for name in NAMED_BY)
            yield from _sources(inner, f"{place}.{next(filter(None, named), number)}")


def markdown(protocol: Protocol) -> str:
    """Give the whole register, question by question."""
    found = assumptions(protocol)
    return HEAD.format(trial=protocol.trial, version=protocol.version) + "".join(
        _section(question, [(place, source) for place, source in found if source.question == question.id])
        for question in protocol.questions
    )


def _section(question: Question, rows: list[tuple[str, Source]]) -> str:
    """Give one question with its assumptions. What is assumed alike in many places is one row."""
    places: dict[tuple[str, str], list[str]] = {}
    for place, source in rows:
        places.setdefault((source.rule, source.text), []).append(f"`{place}`")
    lines = [f"\n## {question.id}", "", question.asks, "", f"Default: {question.default}", ""]
    lines += ["| rule | what we assume | where in the protocol value |", "|---|---|---|"]
    for (rule, text), where in places.items():
        lines.append(f"| {rule} | {text} | {where[0]}{f' and {len(where) - 1} more' if where[1:] else ''} |")
    return "\n".join(lines) + "\n"
