"""Bad messages: how each goes over update, signal and command line, and what its sender must be told."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from tests.server.past import ago, today

RASH: dict[str, Any] = {"term": "rash", "grade": 1, "serious": False, "onset_on": str(ago(2))}
LATER = str(today() + timedelta(days=2))
EVALUATION = {"kind": "adjuvant_evaluation", "evaluated_on": str(ago(2)), "fit": True}
LONG = "x" * 100_000


def value(raw: bytes, encoding: str = "json/plain") -> RawValue:
    """Give bytes as they would go over the wire."""
    return RawValue(Payload(metadata={"encoding": encoding.encode()}, data=raw))


def as_json(fields: object) -> RawValue:
    """Give any value as JSON on the wire."""
    return value(json.dumps(fields).encode())


def words(fields: dict[str, Any]) -> tuple[str, ...]:
    """Give fields as they are typed on the command line."""
    pairs = ((f"--{name.replace('_', '-')}", str(said).replace("False", "false")) for name, said in fields.items())
    return tuple(word for pair in pairs for word in pair)


@dataclass(frozen=True)
class Bad:
    """A bad message. `typed` is what a user types after `send SUBJECT`, `file` what stands in the file they name."""

    name: str
    kind: str
    arguments: tuple[RawValue, ...]
    typed: tuple[str, ...]
    reason: str
    field: str
    rule: str = ""
    file: bytes | None = None
    typed_field: str = ""
    code: int = 3

    def command_line(self, folder: Path) -> tuple[str, ...]:
        """Give what a user types after `send SUBJECT`."""
        if self.file is None:
            return self.typed
        path = folder / "fields.json"
        path.write_bytes(self.file)
        return (*self.typed, "--file", str(path))


def _rash(name: str, reason: str, wrong: str, code: int, **change: object) -> Bad:
    """Give an adverse event with something changed; None leaves a field out."""
    fields = {key: said for key, said in (RASH | change).items() if said is not None}
    return Bad(
        name=name,
        kind="adverse_event",
        arguments=(as_json(fields),),
        typed=("adverse_event", *words(fields)),
        reason=reason,
        field=wrong,
        code=code,
    )


def _shape(
    name: str, *arguments: RawValue, typed: tuple[str, ...] = (), typed_field: str = "argument", **how: Any
) -> Bad:
    """Give an adverse event whose very shape is wrong."""
    return Bad(
        name=name,
        kind="adverse_event",
        arguments=arguments,
        typed=("adverse_event", *typed),
        reason="MALFORMED",
        field="argument",
        typed_field=typed_field,
        **how,
    )


BAD = (
    _rash("wrong type", "MALFORMED", "grade", 3, grade="two"),
    _rash("missing field", "MALFORMED", "grade", 3, grade=None),
    _rash("unknown field", "MALFORMED", "colour", 3, colour="red"),
    _rash("future date", "FUTURE", "onset_on", 2, onset_on=LATER),
    _rash("date before birth", "IMPOSSIBLE", "onset_on", 2, onset_on="1950-01-01"),
    _rash("100 KB text", "TOO_LARGE", "argument", 3, term=LONG),
    _shape("null", as_json(None), file=b"null"),
    _shape("no argument", typed_field="term"),
    _shape("two arguments", as_json(RASH), as_json(RASH), typed=(*words(RASH), "rash")),
    _shape("broken JSON", value(b'{"term": "rash"'), file=b'{"term": "rash"'),
    _shape("wrong encoding", value(json.dumps(RASH).encode(), "binary/plain"), file=b'{"term": "r\xe9sh"}'),
    _shape("kept outside", value(json.dumps(RASH).encode(), "json/external-storage-reference"), file=b"[]"),
    Bad(
        "unknown name",
        "dose_taken",
        (as_json({"cycle": "C1"}),),
        ("dose_taken", "--cycle", "C1"),
        "UNKNOWN_KIND",
        "kind",
    ),
    Bad(
        "wrong phase",
        "submit",
        (as_json({"id": "wrong-phase-1", "staff": "INV1", "command": EVALUATION}),),
        ("adjuvant_evaluation", "--evaluated-on", str(ago(2)), "--fit", "true", "--staff", "INV1"),
        "PHASE",
        "",
        rule="T5",
        code=2,
    ),
)


def _forged(kind: str, **fields: object) -> tuple[str, RawValue]:
    """Give a command of the product itself, sent under its own name."""
    return kind, as_json(fields)


def _as_system(command: dict[str, object]) -> tuple[str, RawValue]:
    """Give a whole submission that claims to come from the product itself."""
    return "submit", as_json(
        {"id": f"forged-{command['kind']}", "staff": "SYSTEM", "role": "SYSTEM", "command": command}
    )


FORGED = {
    "time_passed": _forged("time_passed"),
    "cancel_requested": _forged("cancel_requested"),
    "slot_allocated": _forged("slot_allocated", slot=1, arm="COHORT_1", randomized_on=str(ago(2))),
    "labs_reported": _forged("labs_reported", order=4, results=[], complete=True),
    "time_passed as SYSTEM": _as_system({"kind": "time_passed"}),
    "slot_allocated as SYSTEM": _as_system(
        {"kind": "slot_allocated", "slot": 1, "arm": "COHORT_1", "randomized_on": str(ago(2))}
    ),
    "adverse_event as SYSTEM": _as_system({"kind": "adverse_event", **RASH}),
}
"""What only the product itself may say: name of the message and its argument."""
