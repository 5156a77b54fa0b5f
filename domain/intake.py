"""From a raw message to a submission, or to a refusal that names field, problem and what would be accepted.

Order of checks: size, encoding, JSON, schema. It never raises anything but Refused, whatever the bytes.
"""

import base64
import binascii
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError

from domain.raw_json import cleaned, parse_json
from domain.submission import SYSTEM, UNATTRIBUTED, Envelope, Reason, Refused, Sender, Submission
from domain.values import Frozen
from domain.written import check_written

LARGEST = 64 * 1024
UNKNOWN_KIND = "unknown"
IN_WORDS = {
    "bool": "true or false",
    "date": "a date, YYYY-MM-DD",
    "datetime": "an instant with its offset, YYYY-MM-DDTHH:MM+08:00",
    "AwareDatetime": "an instant with its offset, YYYY-MM-DDTHH:MM+08:00",
    "Decimal": "a number",
    "int": "a whole number",
    "str": "text",
}
"""What a type is called in a refusal."""
LARGEST_OWN = 512 * 1024
SUBMIT = "submit"
_ID = re.compile(r"^[A-Za-z0-9_.:/-]{8,200}$")
_NAMESPACE = uuid.UUID("6f3c1d2a-5b0e-5e0a-9d51-0697815300aa")


class Argument(Frozen):
    """One argument of a message as it came: its encoding, and its bytes in base64 (none when too large)."""

    encoding: str
    data: str
    size: int
    sha256: str


class Message(Frozen):
    """One message as it came in, whatever its worth."""

    channel: str = Field(description="update, signal or system")
    name: str
    arguments: tuple[Argument, ...]
    id: str = ""
    identity: str = ""


def derived_id(*parts: str) -> str:
    """Give the same UUID for the same parts, always."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def argument_of(raw: bytes, encoding: str = "json/plain", *, largest: int = LARGEST) -> Argument:
    """Wrap an argument's bytes; one that is too large is kept by size and SHA-256 only."""
    data = base64.b64encode(raw).decode() if len(raw) <= largest else ""
    return Argument(encoding=encoding, data=data, size=len(raw), sha256=hashlib.sha256(raw).hexdigest())


def system_message(kind: str, fields: Mapping[str, object], submission_id: str) -> Message:
    """Wrap a command of the product itself. What it carries of others' text is cleaned: it must not be lost for it."""
    raw = json.dumps(cleaned(fields), sort_keys=True).encode()
    argument = argument_of(raw, largest=LARGEST_OWN)
    return Message(channel="system", name=kind, arguments=(argument,), id=submission_id)


def message_text(message: Message) -> str:
    """Give what was sent as text for the record; a message too large by size and SHA-256."""
    shown = []
    for argument in message.arguments:
        if argument.size > _largest(message):
            shown.append(f"<{argument.size} bytes, sha256 {argument.sha256}>")
        else:
            shown.append(_bytes(argument).decode("utf-8", "backslashreplace").replace("\x00", "\\x00"))
    return "\n".join(shown)


def carried_id(message: Message) -> str | None:
    """Give the submission id a message brings: its own, the update's, or the one inside a whole submission."""
    if message.name == SUBMIT:
        try:
            found = _json(message)
        except Refused:
            found = None
        value = found.get("id") if isinstance(found, dict) else None
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
    return message.id or None


def kind_of(message: Message) -> str:
    """Give the kind for the record: the name, or what a whole submission names, as far as it can be read."""
    if message.name != SUBMIT:
        return message.name.replace("\x00", "")[:60]
    try:
        command = json.loads(message_text(message)).get("command", {})
        return str(command.get("kind", SUBMIT)).replace("\x00", "")[:60]
    except (ValueError, AttributeError, RecursionError):
        return SUBMIT


def known_kind(message: Message, *kinds: Mapping[str, type]) -> str:
    """Give the kind where there is one of that name. What a sender made up is shown nowhere but in the record."""
    kind = kind_of(message)
    return kind if any(kind in known for known in kinds) else UNKNOWN_KIND


def content_id(stream: str, message: Message) -> str:
    """Give the submission id of a message that brings none: the same for the same kind and content."""
    try:
        content = json.dumps(_json(message), sort_keys=True, ensure_ascii=True)
    except Refused:
        content = "|".join(argument.sha256 for argument in message.arguments)
    return derived_id(stream, message.name, content)


def read(
    message: Message, submission_id: str, people: Mapping[str, type], system: Mapping[str, type]
) -> Submission[Any]:
    """Read a message as a submission of one of these kinds. Raises Refused."""
    body = _json(message)
    if message.name != SUBMIT:
        command = _command(message.name, body, people, system)
        if message.channel != "system":
            check_written(command, body, "")
        sender = Sender(staff=SYSTEM, role=SYSTEM) if message.channel == "system" else _nobody(message)
        return Submission(id=submission_id, sender=sender, command=command)
    envelope = _validated(Envelope, body)
    check_written(envelope, body, "")
    kind = envelope.command.get("kind")
    if not isinstance(kind, str):
        raise Refused(Reason.MALFORMED, "the command names no kind", field="command.kind", accepts=", ".join(people))
    fields = {name: value for name, value in envelope.command.items() if name != "kind"}
    command = _command(kind, fields, people, system)
    check_written(command, fields, "")
    return Submission(
        id=submission_id,
        sender=_sender(envelope, message),
        command=command,
        occurred_at=envelope.occurred_at,
        reason=envelope.reason,
        confirmed=envelope.confirmed,
        signature=envelope.signature,
    )


def _sender(envelope: Envelope, message: Message) -> Sender:
    if envelope.staff is None or UNATTRIBUTED in (envelope.staff, envelope.role):
        return _nobody(message)
    return Sender(staff=envelope.staff, role=envelope.role or "", identity=message.identity)


def _nobody(message: Message) -> Sender:
    return Sender(staff=UNATTRIBUTED, role=UNATTRIBUTED, identity=message.identity)


def _command(kind: str, fields: object, people: Mapping[str, type], system: Mapping[str, type]) -> BaseModel:
    model = people.get(kind) or system.get(kind)
    if model is None:
        raise Refused(Reason.UNKNOWN_KIND, f"unknown command {kind[:60]!r}", field="kind", accepts=", ".join(people))
    command: BaseModel = _validated(model, fields)
    return command


def _largest(message: Message) -> int:
    return LARGEST_OWN if message.channel == "system" else LARGEST


def _bytes(argument: Argument) -> bytes:
    try:
        return base64.b64decode(argument.data, validate=True)
    except binascii.Error:
        return b""


def _json(message: Message) -> object:
    if len(message.arguments) != 1:
        detail = f"{len(message.arguments)} arguments came, one is expected"
        raise Refused(Reason.MALFORMED, detail, field="argument", accepts="one JSON object")
    argument = message.arguments[0]
    largest = _largest(message)
    if argument.size > largest:
        detail = f"{argument.size} bytes, at most {largest} are taken"
        raise Refused(Reason.TOO_LARGE, detail, field="argument", accepts=f"up to {largest} bytes")
    if argument.encoding != "json/plain":
        detail = f"encoding {argument.encoding[:40]!r}"
        raise Refused(Reason.MALFORMED, detail, field="argument", accepts="one JSON object (json/plain)")
    return parse_json(_bytes(argument))


def _validated(model: Any, fields: object) -> Any:  # noqa: ANN401 - any command model
    """Validate in strict JSON mode, so that no type is coerced. Raises Refused naming the first wrong field."""
    try:
        return model.model_validate_json(json.dumps(fields), strict=True)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
    name = ".".join(map(str, first["loc"]))[:80] or "argument"
    raise Refused(Reason.MALFORMED, f"{name}: {first['msg']}", field=name, accepts=_accepts(model, first["loc"]))


def _accepts(model: Any, location: tuple[int | str, ...]) -> str:  # noqa: ANN401 - any command model
    """Say what a field takes: its description, else its type; for an unknown field the known ones."""
    field = model.model_fields.get(location[0]) if location else None
    if field is None:
        return "fields: " + ", ".join(name for name in model.model_fields if name != "kind")
    return field.description or takes(field.annotation)


def takes(annotation: object) -> str:
    """Say in words what a field of a type takes; what may be left out is told by what it is when given."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is Annotated:
        return takes(parts[0])
    if parts and all(isinstance(part, str) for part in parts):
        return " or ".join(map(str, parts))
    if get_origin(annotation) in (tuple, list):
        return f"a list: {takes(parts[0])}"
    if parts:
        return " or ".join(map(takes, parts))
    name = getattr(annotation, "__name__", str(annotation))
    return IN_WORDS.get(name, name)
