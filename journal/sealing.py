"""The sealed allocation list against the record: its fact in the chain tells its SHA-256 and its length.

The slots themselves are authenticated: one that was changed or moved does not open with the key.
"""

import json
from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from journal.schema import ALLOCATION_LISTS, ALLOCATION_SLOTS, FACTS
from journal.verify import Finding, Trouble

_SEALED = "AllocationListSealed"


def compare(connection: Connection) -> Iterator[Finding]:
    """Give each list that is not the one on record, or not whole."""
    lists = {row.trial: row for row in connection.execute(select(ALLOCATION_LISTS))}
    query = select(ALLOCATION_SLOTS.c.trial, func.count()).group_by(ALLOCATION_SLOTS.c.trial)
    slots = {row[0]: row[1] for row in connection.execute(query)}
    facts = select(FACTS.c.position, FACTS.c.stream, FACTS.c.seq, FACTS.c.body).where(FACTS.c.kind == _SEALED)
    for position, stream, seq, body in connection.execute(facts):
        told, trial = json.loads(body), stream.partition("-")[2]
        found, row = lists.get(trial), f"allocation list of {trial}, sealed by fact {seq}"
        if found is None or slots.get(trial, 0) < told["slots"]:
            expected = f"{told['slots']} sealed slots; there are {slots.get(trial, 0) if found else 0}"
            yield Finding(Trouble.MISSING, position, stream, row, expected)
        elif (found.sha256, found.slots, slots[trial]) != (told["sha256"], told["slots"], told["slots"]):
            expected = (
                f"{told['slots']} slots with SHA-256 {told['sha256']}; the list says {found.slots}, {found.sha256}"
            )
            yield Finding(Trouble.ALTERED, position, stream, row, expected)
