"""The sealed allocation list against the record: its fact in the chain tells its SHA-256 and its length.

The slots themselves are authenticated: one that was changed or moved does not open with the key.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from journal.rows import printable
from journal.schema import ALLOCATION_LISTS, ALLOCATION_SLOTS, FACTS
from journal.verify import Finding, Trouble

_SEALED = "AllocationListSealed"


class SealedFact(NamedTuple):
    """What the record says of a sealed list, and where: its trial, its published SHA-256, how many slots."""

    position: int
    stream: str
    trial: str
    sha256: str
    slots: int
    row: str


def on_record(connection: Connection) -> Iterator[SealedFact]:
    """Give what the record says of each sealed list. A fact that cannot be read is left out: verification names it."""
    query = select(FACTS.c.position, FACTS.c.stream, FACTS.c.seq, FACTS.c.body).where(FACTS.c.kind == _SEALED)
    for position, name, seq, body in connection.execute(query):
        try:
            told = json.loads(body)
            sha256, slots = told["sha256"], told["slots"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(sha256, str) and isinstance(slots, int):
            stream = printable(name)
            trial = stream.partition("-")[2]
            row = f"allocation list of {trial}, sealed by fact {seq}"
            yield SealedFact(position, stream, trial, sha256, slots, row)


def compare(connection: Connection) -> Iterator[Finding]:
    """Give each list that is not the one on record, or not whole."""
    lists = {row.trial: row for row in connection.execute(select(ALLOCATION_LISTS))}
    query = select(ALLOCATION_SLOTS.c.trial, func.count()).group_by(ALLOCATION_SLOTS.c.trial)
    counts = {row[0]: row[1] for row in connection.execute(query)}
    for told in on_record(connection):
        found, slots = lists.get(told.trial), counts.get(told.trial, 0)
        if found is None or slots < told.slots:
            expected = f"{told.slots} sealed slots; there are {slots if found else 0}"
            yield Finding(Trouble.MISSING, told.position, told.stream, told.row, expected)
        elif (found.sha256, found.slots, slots) != (told.sha256, told.slots, told.slots):
            expected = f"{told.slots} slots with SHA-256 {told.sha256}; the list says {found.slots}, {found.sha256}"
            yield Finding(Trouble.ALTERED, told.position, told.stream, told.row, expected)
