"""What passes between workflows and activities. It is data in histories: fields are only ever added, with defaults."""

import base64
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from domain.intake import Message
from domain.values import Clock

RECORD = "record"
TASK_TIMEOUT = timedelta(seconds=3)
"""How soon the task of a worker that died is given to another. Every start of a workflow names it.

A worker must replay its longest run (`LONG_RUN`) in that time beside as many others as it takes at once (worker.py).
"""


def pack(lines: Sequence[str]) -> str:
    """Give JSON lines as base64 of zlib: a long stream would not fit into an event of Temporal's as it stands."""
    return base64.b64encode(zlib.compress("\n".join(lines).encode())).decode()


def unpack(text: str) -> list[str]:
    """Give packed JSON lines back."""
    return zlib.decompress(base64.b64decode(text)).decode().splitlines()


class Plain(BaseModel):
    """A value of the contract. Unknown fields are ignored, so that an older worker can read a newer history."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RecordRequest(Plain):
    """What `record` is asked: take these messages, in order, at this instant of trial time.

    The run tells its chapter and how many history events it has, so that a step can tell it to hand over.
    """

    stream: str
    seq: int
    at: datetime
    messages: list[Message]
    chapter: str = ""
    events: int = 0


class Answer(Plain):
    """What a sender is told."""

    submission_id: str
    outcome: Literal["applied", "refused"]
    facts: list[str] = []
    first_seq: int | None = None
    last_seq: int | None = None
    reason: str = ""
    rule: str = ""
    field: str = ""
    detail: str = ""
    accepts: str = ""
    changes: list[dict[str, str]] = []
    """Of a correction: what it changed, each with what, before and after."""

    def told(self) -> dict[str, Any]:
        """Give the answer without its empty fields."""
        return self.model_dump(exclude_defaults=True)

    def sentence(self) -> str:
        """Give the refusal as one sentence: reason, field, rule, and what would be accepted."""
        parts = [f"{self.reason}: {self.detail}"]
        parts += [f"field {self.field}"] if self.field else []
        parts += [f"rule {self.rule}"] if self.rule else []
        parts += [f"accepted: {self.accepts}"] if self.accepts else []
        return "; ".join(parts)


class Effect(Plain):
    """An outside effect to carry out. `key` (stream/seq) makes it count once."""

    key: str
    seq: int
    activity: str
    summary: str
    payload: dict[str, Any]
    start_to_close_seconds: int = 60
    longest_pause_seconds: int = 60


class DueStep(Plain):
    """The next due instant, in trial time."""

    at: datetime
    text: str
    key: str


class Step(Plain):
    """What `record` decided. The workflow keeps the facts, starts the effects, shows the attributes and waits.

    Facts that are many come packed instead, as when a run reads its whole stream from the journal. `rows` holds, for
    each answer as JSON, what of the submission's row stands nowhere else: a lost journal is made again from it.
    """

    seq: int
    facts: list[str]
    answers: list[Answer]
    packed: str = ""
    due: DueStep | None = None
    effects: list[Effect] = []
    attributes: dict[str, Any] = {}
    chapter: str = ""
    hand_over: bool = False
    over: bool = False
    rows: list[str] = []


class EffectRequest(Plain):
    """What an effect's activity is asked."""

    stream: str
    key: str
    seq: int
    at: datetime
    clock: Clock
    payload: dict[str, Any]


class Outcome(Plain):
    """What came of an effect: a command of the product itself."""

    kind: str
    fields: dict[str, Any]


class Carry(Plain):
    """What a run hands to the next: the stream's facts (base64 of zlib of JSON lines) and the last step."""

    facts: str
    step: Step


class Start(Plain):
    """A workflow's input. A run without `carry` reads its stream from the journal."""

    stream: str
    clock: Clock
    first: Message | None = None
    carry: Carry | None = None
