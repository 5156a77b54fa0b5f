"""Verification: reads every row in order, works its hashes out again, and names each that is not where or what it was.

It proves that nothing before the end was changed, cut, swapped or inserted. Rows cut from the end, and a journal
written anew from some row on, need an anchor: see `journal.anchor`. It changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from sqlalchemy import Connection

from journal.chain import FACT_CONTENT, ORIGIN, SUBMISSION_CONTENT, link
from journal.rows import AT_ONCE, Row, rows_of

LOOKED_INTO = 5
"""Findings for which the whole journal is searched for where a row belongs; further ones are told without."""
_FACT_ID, _SUBMISSION_ID = FACT_CONTENT.index("submission_id"), SUBMISSION_CONTENT.index("submission_id")
_FIRST_SEQ, _LAST_SEQ = SUBMISSION_CONTENT.index("first_seq"), SUBMISSION_CONTENT.index("last_seq")


class Trouble(IntEnum):
    """What is wrong, as the exit code of `starter.py journal verify`."""

    ALTERED = 10
    MISSING = 11
    REORDERED = 12
    TAIL_CUT = 13
    SIGNATURE_BAD = 14
    DIFFERS_FROM_TEMPORAL = 15


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that is wrong, and what would be expected in its place."""

    trouble: Trouble
    position: int
    stream: str
    row: str
    expected: str


class End(NamedTuple):
    """The last row of a stream: its hash, its position, and the stream's highest fact number."""

    hash: str
    position: int
    seq: int


_NO_END = End(ORIGIN, 0, 0)


@dataclass(slots=True)
class Report:
    """What was read, and what was found wrong, in order."""

    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    position: int = 0
    chain: str = ORIGIN
    ends: dict[str, End] = field(default_factory=dict)
    chains: dict[int, str] = field(default_factory=dict)
    """The chain at each position that was asked for, and the hash of the row there."""
    hashes: dict[int, str] = field(default_factory=dict)


def verify(
    connection: Connection,
    stream: str | None = None,
    *,
    at: Iterable[int] = (),
    seen: Callable[[int], None] = lambda _: None,
) -> Report:
    """Verify the journal, or one stream by itself.

    `at` names positions whose chain the report shall keep; `seen` is told how many rows were read, now and then.
    """
    walk: Walk = Walk(lambda: rows_of(connection, stream), whole=stream is None, at=at)
    for number, row in enumerate(rows_of(connection, stream), start=1):
        walk.take(row)
        if number % AT_ONCE == 0:
            seen(number)
    walk.end()
    return walk.report


class Walk:
    """A walk over rows in order. For a whole journal rows are linked by `chain`, for one stream by `previous_hash`."""

    def __init__(self, again: Callable[[], Iterable[Row]], *, whole: bool, at: Iterable[int] = ()) -> None:
        """`again` gives all rows once more, to look for where one belongs."""
        self.report = Report()
        self._again = again
        self._whole = whole
        self._at = set(at)
        self._after: set[str] | None = {ORIGIN}
        """The links a next row may follow: one when all is well, several or (None) any after something was wrong."""
        self._block: tuple[str, str, int, int] = ("", "", 1, 0)
        """The latest submission: its stream and id, the next and the last fact that came of it."""

    def take(self, row: Row) -> None:
        """Look at the next row."""
        report, stream = self.report, row.stream
        end = report.ends.get(stream, _NO_END)
        gap = self._whole and row.position > report.position + 1
        if gap:
            self._missing(row)
        intact = row.given == row.hash
        place = row.position == report.position + 1 or gap or not self._whole
        linked = self._after is None or self._follows_one(self._after, row)
        if intact and linked and place:
            self._after = {row.chain if self._whole else row.hash}
            if not report.findings:
                self._numbered(row, end)
        else:
            self._wrong(row, end, intact=intact)
        seq = row.seq if isinstance(row.seq, int) else end.seq
        report.ends[stream] = End(row.hash, row.position, seq)
        report.rows += 1
        report.position, report.chain = max(row.position, report.position), row.chain
        if row.position in self._at:
            report.chains[row.position], report.hashes[row.position] = row.chain, row.hash

    def end(self) -> None:
        """Look at what should have come after the last row."""
        stream, _, next_seq, last = self._block
        if not self.report.findings and next_seq <= last:
            expected = f"facts {next_seq} to {last} of {stream}, which its submission brought, stand at the end"
            self._found(Trouble.MISSING, self.report.position + 1, stream, f"fact {next_seq}", expected)

    def _follows_one(self, links: Iterable[str], row: Row) -> bool:
        if self._whole:
            return row.chain in [link(before, row.hash) for before in links]
        return row.previous in links

    def _follows(self, before: str, row: Row) -> bool:
        return link(before, row.hash) == row.chain if self._whole else row.previous == before

    def _numbered(self, row: Row, end: End) -> None:
        """Find numbers that a writer who chained rightly got wrong."""
        stream, submission_id, next_seq, last = self._block
        if row.previous != end.hash:
            expected = f"the hash of its stream's row before is {end.hash}, not {row.previous}"
            self._found(Trouble.REORDERED, row.position, row.stream, row.name, expected)
        elif row.table == "submission":
            if next_seq <= last:
                expected = f"fact {next_seq} of {stream} stands here"
                self._found(Trouble.MISSING, row.position, stream, f"fact {next_seq}", expected)
            first, last = row.content[_FIRST_SEQ] or 1, row.content[_LAST_SEQ] or 0
            self._block = (row.stream, row.content[_SUBMISSION_ID], first, last)
        elif row.seq != end.seq + 1 or row.seq != next_seq or row.content[_FACT_ID] != submission_id:
            wanted = f"fact {end.seq + 1}" if row.seq != end.seq + 1 else f"fact {next_seq} of {submission_id}"
            self._found(Trouble.MISSING, row.position, row.stream, wanted, f"{wanted} stands here, not {row.name}")
        else:
            self._block = (stream, submission_id, next_seq + 1, last)

    def _missing(self, row: Row) -> None:
        """Tell of positions without a row, as far as the rows around them say what stood there."""
        position = self.report.position + 1
        stream, _, next_seq, last = self._block
        elsewhere = self._belongs_here()
        if elsewhere is not None:
            expected = f"{elsewhere.name} of {elsewhere.stream} stands here, not at position {elsewhere.position}"
            self._found(Trouble.REORDERED, position, elsewhere.stream, elsewhere.name, expected)
        else:
            if next_seq <= last:
                name = f"fact {next_seq}"
            else:
                stream, name = row.stream if row.table == "fact" else "?", "a submission"
                name = f"submission {row.content[_FACT_ID]}" if row.table == "fact" else name
            until = f" to {row.position - 1}" if row.position > position + 1 else ""
            self._found(
                Trouble.MISSING, position, stream, name, f"rows stand at position {position}{until}; there are none"
            )
        self._after = None

    def _wrong(self, row: Row, end: End, *, intact: bool) -> None:
        stream, known = row.stream, self._after or set()
        given = row.given
        after = {row.chain, *[link(before, row.hash) for before in known]} if self._whole else {row.hash, given}
        if not intact:
            expected = f"its columns give hash {given}, it says {row.hash}"
            self._found(Trouble.ALTERED, row.position, stream, row.name, expected)
        else:
            here, follows, copies = self._search(row)
            what = f"{here.name} of {here.stream}, now at position {here.position}" if here else "another row"
            if copies > 1:
                self._found(Trouble.ALTERED, row.position, stream, row.name, f"{what} stands here; this row is a copy")
            elif follows:
                self._found(Trouble.REORDERED, row.position, stream, row.name, f"{what} stands here")
            elif here:
                self._found(Trouble.ALTERED, row.position, stream, row.name, f"{what} stands here; this row was put in")
            elif not self._whole:
                jump = row.table == "fact" and row.seq != end.seq + 1
                name = f"fact {end.seq + 1}" if jump else f"a row before {row.name}"
                expected = f"the row of {stream} whose hash is {row.previous} stands before {row.name}"
                self._found(Trouble.MISSING, row.position, stream, name, expected)
            else:
                expected = "the chain says " + " or ".join(sorted(link(before, row.hash) for before in known))
                self._found(Trouble.ALTERED, row.position, stream, row.name, f"{expected}; this row says {row.chain}")
            if here:
                after.add(here.chain if self._whole else here.hash)
        self._after = after

    def _belongs_here(self) -> Row | None:
        if self._after is None or len(self.report.findings) >= LOOKED_INTO:
            return None
        return next((row for row in self._again() if self._follows_one(self._after, row)), None)

    def _search(self, row: Row) -> tuple[Row | None, bool, int]:
        """Give the row that belongs here, whether this one follows another row, and how often it is there."""
        if len(self.report.findings) >= LOOKED_INTO:
            return None, False, 1
        here, copies = None, 0
        follows = self._follows(ORIGIN, row)
        for other in self._again():
            copies += other.hash == row.hash
            follows = follows or self._follows(other.chain if self._whole else other.hash, row)
            if here is None and self._after and self._follows_one(self._after, other):
                here = other
        return here, follows, copies

    def _found(self, trouble: Trouble, position: int, stream: str, row: str, expected: str) -> None:
        self.report.findings.append(Finding(trouble, position, stream, row, expected))


def damaged(connection: Connection) -> Iterator[Finding]:
    """Give what SQLite finds wrong in its own file, an index that hides rows among it. PostgreSQL has checksums."""
    if connection.dialect.name == "sqlite":
        for (words,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
            if words != "ok":
                yield Finding(Trouble.ALTERED, 0, "-", "the database's file", f"a sound file; SQLite says: {words}")
