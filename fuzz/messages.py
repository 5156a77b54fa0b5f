"""A message as it goes over the wire, and the good commands that bad ones are made from."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypedDict, Unpack

from pydantic import BaseModel
from temporalio.api.common.v1 import Payload

from domain.catalogue import latest
from domain.decider import PATIENT
from domain.decider import TRIAL as REGISTER
from fuzz.mutating import Path, at, paths, written
from fuzz.odd import Json
from tests.laws.strategies import an_example
from tests.server.past import STAFF, TRIAL

FIRST_FIVE = 5
"""Arguments of which a message's digest is made: more are counted, not kept."""
_A_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
STAFF_OF = {role: staff for staff, role in STAFF.items()}
FINAL = ("stop_trial", "pause_enrolment", "end_delegation")
"""Kinds that nobody who may sends to the installation: there would be no more subjects, or nobody to send."""
OWN_WAY = ("open_trial",)
"""Kinds that are sent in no test: what they open is open."""


@dataclass(frozen=True)
class Odd:
    """One message: the class it is of, what is odd about it, its name, and its arguments as bytes with metadata."""

    group: str
    what: str
    kind: str
    arguments: tuple[bytes, ...]
    metadata: Mapping[str, bytes] = field(default_factory=lambda: {"encoding": b"json/plain"})
    headers: Mapping[str, Payload] = field(default_factory=dict)
    identity: str = "somebody"
    to_the_trial: bool = False

    @property
    def payloads(self) -> list[Payload]:
        """Give the arguments as Temporal carries them."""
        return [Payload(metadata=dict(self.metadata), data=raw) for raw in self.arguments]

    @property
    def digest(self) -> str:
        """Give the SHA-256 that stands in the row of this message: of its arguments' own."""
        each = (hashlib.sha256(raw).hexdigest() for raw in self.arguments[:FIRST_FIVE])
        return hashlib.sha256("|".join(each).encode()).hexdigest()

    @property
    def is_to_the_trial(self) -> bool:
        """Say whether it is one for the register."""
        return self.to_the_trial or (self.kind in REGISTER.people and self.kind not in PATIENT.people)


class More(TypedDict, total=False):
    """What else may be odd about a message."""

    metadata: Mapping[str, bytes]
    headers: Mapping[str, Payload]
    identity: str


def odd(group: str, what: str, kind: str, body: object, **more: Unpack[More]) -> Odd:
    """Give a message with one JSON argument; bytes go as they are."""
    return Odd(group, what, kind, (body if isinstance(body, bytes) else written(body),), **more)


def named(odd: Odd, number: int) -> Odd:
    """Give a message as a whole submission of somebody who may send it, confirmed, so that it is decided on too."""
    row = latest(TRIAL).permission(odd.kind)
    staff = STAFF_OF.get(row.roles[number % len(row.roles)] if row else "SPONSOR", "INV1")
    if odd.kind not in kinds() or odd.kind in FINAL or len(odd.arguments) != 1 or not odd.arguments[0].startswith(b"{"):
        return odd
    about = {"id": f"named-{number}-{odd.digest[:12]}", "staff": staff, "confirmed": True, "reason": "so it was"}
    command = written({"kind": odd.kind})[:-1] + (b", " if odd.arguments[0] != b"{}" else b"") + odd.arguments[0][1:]
    raw = written(about)[:-1] + b', "command": ' + command + b"}"
    return replace(odd, kind="submit", arguments=(raw,), to_the_trial=odd.is_to_the_trial)


def kinds() -> dict[str, type[BaseModel]]:
    """Give every kind of command that people may send, by kind."""
    return {kind: model for kind, model in {**REGISTER.people, **PATIENT.people}.items() if kind not in OWN_WAY}


def good(kind: str, on: date) -> dict[str, Json]:
    """Give fields that a kind takes, always the same, with their dates as of a date."""
    fields: dict[str, Json] = json.loads(an_example(kinds()[kind]).model_dump_json(exclude={"kind"}, exclude_none=True))
    return {name: _dated(value, on) for name, value in fields.items()}


def _dated(value: Json, on: date) -> Json:
    if isinstance(value, dict):
        return {name: _dated(inner, on) for name, inner in value.items()}
    if isinstance(value, list):
        return [_dated(inner, on) for inner in value]
    return f"{on}{value[10:]}" if isinstance(value, str) and _A_DATE.match(value) else value


def leaves(value: Json) -> list[Path]:
    """Give the path of every value inside a value that is no object and no list."""
    found = [(path, at(value, path)) for path in paths(value) if path]
    return [path for path, inner in found if not isinstance(inner, dict | list)]


def is_date(text: object) -> bool:
    """Say whether a JSON value is written as a date or an instant."""
    return isinstance(text, str) and _A_DATE.match(text) is not None
