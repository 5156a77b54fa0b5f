"""Fills an empty journal with rows that were found elsewhere, chained in order. All of it in one transaction.

It takes what it is given: where the rows come from, and whether they are whole, is known by who calls.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, func, insert, select

from journal import database
from journal.chain import FACT_CONTENT, ORIGIN, SUBMISSION_CONTENT, hash_of, link
from journal.rows import AT_ONCE, count
from journal.schema import FACTS, SUBMISSIONS, storable
from journal.store import Journal, StoredFact
from journal.verify import verify

STREAM_OF_REBUILDS = "journal"
"""The stream that holds one submission for each time a journal was made again. It has no facts."""


class NotEmptyError(Exception):
    """The journal holds rows already: nothing was written."""


@dataclass(frozen=True, slots=True)
class Block:
    """A submission as its row says, without its stream, and the facts that came of it.

    `position` and `hash` are what they were in the journal that was lost, where that is known.
    """

    submission: Mapping[str, Any]
    facts: Sequence[StoredFact] = ()
    position: int | None = None
    hash: str = ""


class Chain:
    """The end of a journal that is being made: gives each row its place and its hashes."""

    def __init__(self) -> None:
        """Begin before the first row."""
        self.position, self.chain, self.ends = 0, ORIGIN, dict[str, str]()

    def rows(self, stream: str, block: Block) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the next rows as they are stored, each with its table."""
        yield "submission", self._next("submission", SUBMISSION_CONTENT, {"stream": stream, **block.submission})
        for fact in block.facts:
            yield "fact", self._next("fact", FACT_CONTENT, {"stream": stream, **fact._asdict()})

    def _next(self, table: str, columns: tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
        previous = self.ends.get(row["stream"], ORIGIN)
        row_hash = hash_of(table, [row[name] for name in columns], previous)
        self.position, self.chain, self.ends[row["stream"]] = self.position + 1, link(self.chain, row_hash), row_hash
        placed = {"position": self.position, "chain": self.chain}
        return row | placed | {"previous_hash": previous, "hash": row_hash}


def together(streams: Mapping[str, Sequence[Block]]) -> list[tuple[str, Block]]:
    """Give the blocks of all streams in one order: by their old positions where known, else by when they were stored.

    The blocks of one stream stay in their order, whatever the clocks of machines said.
    """
    return [(stream, block) for _, _, stream, block in heapq.merge(*_dated(streams), key=lambda row: row[:2])]


def _dated(streams: Mapping[str, Sequence[Block]]) -> Iterator[list[tuple[str, int, str, Block]]]:
    placed = sorted(
        (block.position, str(block.submission["stored_at"]))
        for blocks in streams.values()
        for block in blocks
        if block.position is not None
    )
    latest = dict(zip([row[0] for row in placed], accumulate((row[1] for row in placed), max), strict=True))
    for stream, blocks in sorted(streams.items()):
        rows: list[tuple[str, int, str, Block]] = []
        for block in blocks:
            at = latest.get(block.position or 0, str(block.submission["stored_at"]))
            before = rows[-1][:2] if rows else ("", 0)
            rows.append((*max((at, block.position or 0), before), stream, block))
        yield rows


def refuse_unless_empty(connection: Connection) -> None:
    """Raise NotEmptyError when the journal holds a row."""
    rows = count(connection)
    if rows:
        streams = connection.execute(select(func.count(FACTS.c.stream.distinct()))).scalar()
        raise NotEmptyError(f"{rows} rows of {streams} streams")


def fill(journal: Journal, streams: Mapping[str, Sequence[Block]], note: Block) -> int:
    """Write all blocks, at the end the note that says so, and verify it; give how many rows there are.

    One transaction: whoever records waits meanwhile. Raises NotEmptyError, JournalAway; then nothing was written.
    """
    with journal.locked(STREAM_OF_REBUILDS) as held:
        for stream in sorted(streams):
            database.lock_stream(held.connection, stream)
        database.lock_order(held.connection)
        refuse_unless_empty(held.connection)
        chain = Chain()
        waiting: dict[str, list[dict[str, Any]]] = {"submission": [], "fact": []}
        for stream, block in together(streams):
            _add(held.connection, waiting, chain.rows(stream, block))
        _add(held.connection, waiting, chain.rows(STREAM_OF_REBUILDS, note), at_once=1)
        report = verify(held.connection)
        if report.findings:
            raise RuntimeError(f"what was written does not verify: {report.findings[0]}; nothing was kept")
    return report.rows


def _add(
    connection: Connection,
    waiting: dict[str, list[dict[str, Any]]],
    rows: Iterable[tuple[str, dict[str, Any]]],
    at_once: int = AT_ONCE,
) -> None:
    for table, row in rows:
        waiting[table].append(row)
    if sum(map(len, waiting.values())) >= at_once:
        for name, target in (("submission", SUBMISSIONS), ("fact", FACTS)):
            if waiting[name]:
                connection.execute(insert(target), waiting[name])
            waiting[name] = []


def submission(**columns: object) -> dict[str, Any]:
    """Give a whole row of a submission from the columns that are known, as both databases take it."""
    empty: dict[str, Any] = dict.fromkeys(SUBMISSION_CONTENT[1:], "")
    return storable(empty | {"occurred_at": None, "first_seq": None, "last_seq": None} | columns)
