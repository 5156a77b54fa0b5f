"""The rows of the journal that `record` writes: a submission's, its facts', and the answer that they are read as."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from activities.contract import Answer
from domain.intake import Message, kind_of, message_text
from domain.submission import UNATTRIBUTED, Refused, Sender, Submission
from journal.chain import canonical
from journal.schema import storable
from journal.store import StoredFact

CORRECTION = "FactCorrected"
NOT_RETAINED = ""
"""The SHA-256 of a message that no history held when its journal was made again: any message with its id is it."""
PLACED = ("submission_id", "position", "hash", "channel", "identity")
FACTLESS = ("staff", "role", "occurred_at", "recorded_at", "stored_at")


def row_of(
    message: Message, submission_id: str, submission: Submission[Any] | None, refused: Refused | None, at: str
) -> dict[str, Any]:
    """Give the row of a submission, applied or refused, as it can be stored. `at`: the clinical clock, UTC."""
    sender = submission.sender if submission else Sender(staff=UNATTRIBUTED, role=UNATTRIBUTED)
    occurred_at = submission.occurred_at if submission else None
    row = {
        **message_columns(message),
        "submission_id": submission_id,
        "staff": sender.staff,
        "role": sender.role,
        "occurred_at": occurred_at.astimezone(UTC).isoformat() if occurred_at else None,
        "recorded_at": at,
        "stored_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "outcome": "refused" if refused else "applied",
        "reason": str(refused.reason) if refused else "",
        "rule": refused.rule if refused else "",
        "field": refused.field if refused else "",
        "detail": refused.detail if refused else "",
        "accepts": refused.accepts if refused else "",
    }
    return storable(row)


def message_columns(message: Message) -> dict[str, str]:
    """Give the columns of a submission's row that say what was sent, before they are made storable."""
    return {
        "channel": message.channel,
        "kind": kind_of(message),
        "identity": message.identity,
        "sha256": digest(message),
        "body": message_text(message),
    }


def told_nowhere_else(row: RowMapping | dict[str, Any]) -> str:
    """Give what of a submission's row no history would tell. With facts its sender and instants stand in them."""
    columns = PLACED if row["first_seq"] is not None else (*PLACED, *FACTLESS)
    return json.dumps({name: row[name] for name in columns}, separators=(",", ":"))


def stored_facts(row: dict[str, Any], facts: tuple[Any, ...], seq: int) -> list[StoredFact]:
    """Give the rows of facts that a submission led to, numbered on from `seq`."""
    return [
        StoredFact(
            seq=seq + number,
            submission_id=row["submission_id"],
            kind=fact.kind,
            staff=row["staff"],
            role=row["role"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            stored_at=row["stored_at"],
            body=canonical(fact.model_dump(mode="json")),
        )
        for number, fact in enumerate(facts, start=1)
    ]


def answer_of(row: RowMapping | dict[str, Any], facts: Sequence[StoredFact]) -> Answer:
    """Give the answer that a row and its facts tell; of corrections, what reads otherwise, before and after."""
    named = {name: row[name] for name in Answer.model_fields if name in row}
    changes = [row for fact in facts if fact.kind == CORRECTION for row in json.loads(fact.body).get("changes", ())]
    return Answer(**named, facts=[fact.kind for fact in facts], changes=changes)


def digest(message: Message) -> str:
    """Give the SHA-256 of what was sent: of its arguments, by their own."""
    return hashlib.sha256("|".join(argument.sha256 for argument in message.arguments).encode()).hexdigest()


def loggable(submission_id: str) -> str:
    """Give an id as it stands in a log line: a UUID as it is, and of what else a sender chose the digest alone."""
    try:
        return str(UUID(submission_id))
    except ValueError:
        return f"sha256:{hashlib.sha256(submission_id.encode()).hexdigest()[:16]}"
