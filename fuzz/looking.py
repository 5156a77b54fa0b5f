"""What the record must say of messages that were sent: a row for each, and in each refusal enough to mend it."""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping

from cli.main import DONE, MALFORMED, REFUSED, UNREACHABLE
from domain.intake import Message, argument_of, kind_of
from domain.submission import Reason
from fuzz.messages import FIRST_FIVE, Odd
from journal.schema import storable

BY_HAND = "fuzz-"
"""How the id of a submission begins that the command line sends: its rows are no other message's."""
WITH_A_FIELD = (
    Reason.MALFORMED,
    Reason.UNKNOWN_KIND,
    Reason.TOO_LARGE,
    Reason.UNKNOWN_STAFF,
    Reason.UNKNOWN_SUBJECT,
    Reason.FUTURE,
    Reason.IMPOSSIBLE,
    Reason.CONFIRM,
)
"""Reasons that lie in one field, which the refusal must name. The others speak of the subject or of the sender."""
Row = RowMapping | Mapping[str, Any]


def alike(odd: Odd) -> tuple[str, bytes, str]:
    """Give what an installation may take for the same message: its name, its encoding, and what its JSON says."""
    try:
        content = json.dumps([json.loads(raw) for raw in odd.arguments], sort_keys=True)
    except (ValueError, RecursionError):
        content = odd.digest
    return odd.kind, odd.metadata.get("encoding", b""), content


def place_of(odd: Odd) -> tuple[str, str]:
    """Give the kind and the SHA-256 that stand in the row of a message."""
    encoding = odd.metadata.get("encoding", b"").decode("ascii", "replace")
    arguments = tuple(argument_of(raw, encoding) for raw in odd.arguments[:FIRST_FIVE])
    kind: str = storable({"kind": kind_of(Message(channel="update", name=odd.kind, arguments=arguments))})["kind"]
    return kind, odd.digest


def matched(sent: Sequence[Odd], rows: Iterable[Row], channel: str, beyond: int) -> list[Row | None]:
    """Give each message a row of its own: of its channel, beyond a position, with its kind and SHA-256."""
    left: dict[tuple[str, str], deque[Row]] = defaultdict(deque)
    for row in rows:
        by_hand = str(row["submission_id"]).startswith(BY_HAND)
        if row["channel"] == channel and row["position"] > beyond and not by_hand:
            left[str(row["kind"]), str(row["sha256"])].append(row)
    return [left[place].popleft() if left[place] else None for place in map(place_of, sent)]


def lacking(row: Row) -> str:
    """Say what a refusal fails to tell its sender, or what it did although it refused. Nothing: it is a good one."""
    if row["reason"] not in list(Reason):
        return f"no such reason: {row['reason']!r}"
    missing = [] if row["detail"] else ["what is wrong"]
    if row["reason"] in WITH_A_FIELD and not row["field"]:
        missing.append("the field")
    if not row["accepts"]:
        missing.append("what would be accepted")
    if row["first_seq"] is not None:
        missing.append("that it left facts")
    return f"{row['reason']} does not tell {', '.join(missing)}" if missing else ""


def due_code(row: Row) -> int:
    """Give the exit code that goes with a row: applied, refused by a rule, or malformed."""
    if row["outcome"] == "applied":
        return DONE
    return MALFORMED if Reason(row["reason"]).is_malformed else REFUSED


def typed_in_vain(code: int, printed: str, row: Row | None) -> tuple[str, str]:
    """Say what is wrong with the end of `send`: an outcome and why. Two empty words: code, print and record agree.

    Without a row it must have refused by itself, with its reason printed; an answer tells that there is a row.
    """
    if row is None:
        by_itself = code in (MALFORMED, UNREACHABLE) and printed.strip() and ": refused: " not in printed
        return ("", "") if by_itself else ("dropped", f"exit {code}, and no row")
    if code == UNREACHABLE:
        return "", ""
    if code != due_code(row):
        return "wrong", f"exit {code}; the row, {row['outcome']} {row['reason']}, asks for {due_code(row)}"
    if row["outcome"] == "refused" and row["reason"] not in printed:
        return "wrong", f"the row says {row['reason']}, which was not printed"
    return "", ""
