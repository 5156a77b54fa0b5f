"""The journal over SQLAlchemy Core. One transaction per `record`; rows are added, never changed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, literal, select, union_all

from journal import database, roles, versions
from journal.chain import FACT_CONTENT, ORIGIN, SUBMISSION_CONTENT, hash_of, link
from journal.database import BUSY_MILLISECONDS, JournalAway, JournalBusy, JournalUnusableError
from journal.schema import FACTS, SUBMISSIONS

__all__ = ["Head", "Journal", "JournalAway", "JournalBusy", "JournalUnusableError", "StoredFact", "Stream"]


class StoredFact(NamedTuple):
    """A fact as stored. Instants are ISO 8601 in UTC; `recorded_at` is trial time, `stored_at` the machine's."""

    seq: int
    submission_id: str
    kind: str
    staff: str
    role: str
    occurred_at: str | None
    recorded_at: str
    stored_at: str
    body: str


class Head(NamedTuple):
    """The end of the journal and of one stream in it."""

    position: int
    chain: str
    hash: str


# Statements are made once: making one costs more than running it.
_FACTS_AFTER = (
    select(*[FACTS.c[name] for name in StoredFact._fields])
    .where(FACTS.c.stream == bindparam("of"), FACTS.c.seq > bindparam("after"))
    .order_by(FACTS.c.seq)
)
_SUBMISSION = select(SUBMISSIONS).where(
    SUBMISSIONS.c.stream == bindparam("of"), SUBMISSIONS.c.submission_id == bindparam("id")
)
_ADD_SUBMISSION, _ADD_FACTS = insert(SUBMISSIONS).inline(), insert(FACTS).inline()
_ENDS = union_all(
    *[
        select(
            select(literal(whole).label("whole"), table.c.position, table.c.chain, table.c.hash)
            .where(table.c.stream == bindparam("of") if not whole else table.c.position > 0)
            .order_by(order.desc())
            .limit(1)
            .subquery()
        )
        for whole, table, order in (
            (1, FACTS, FACTS.c.position),
            (1, SUBMISSIONS, SUBMISSIONS.c.position),
            (0, FACTS, FACTS.c.seq),
            (0, SUBMISSIONS, SUBMISSIONS.c.position),
        )
    ]
)


class Stream:
    """One stream inside one transaction; it is held when the transaction may append."""

    def __init__(self, connection: Connection, name: str) -> None:
        """Work on a stream of this name."""
        self.connection = connection
        self.name = name
        self._head: Head | None = None

    def facts_after(self, seq: int) -> list[StoredFact]:
        """Give the facts beyond a number, in order."""
        return _facts(self.connection, self.name, seq)

    def facts_of(self, stream: str, seq: int) -> list[StoredFact]:
        """Give the facts of another stream beyond a number, as this transaction sees them."""
        return _facts(self.connection, stream, seq)

    def submission(self, submission_id: str) -> RowMapping | None:
        """Give the row of a submission, or None."""
        return self.connection.execute(_SUBMISSION, {"of": self.name, "id": submission_id}).mappings().first()

    def append(self, submission: dict[str, Any], facts: list[StoredFact]) -> dict[str, Any]:
        """Add a submission and the facts that came of it, chained to what stands before; give the submission's row."""
        if self._head is None:
            database.lock_order(self.connection)
            self._head = _head(self.connection, self.name)
        chained = self._chained("submission", SUBMISSION_CONTENT, submission)
        self.connection.execute(_ADD_SUBMISSION, chained)
        if facts:
            rows = [self._chained("fact", FACT_CONTENT, fact._asdict()) for fact in facts]
            self.connection.execute(_ADD_FACTS, rows)
        return chained

    def _chained(self, table: str, columns: tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
        row = {"stream": self.name, **row}
        position, chain, previous = self._head or _head(self.connection, self.name)
        row_hash = hash_of(table, [row[name] for name in columns], previous)
        self._head = Head(position + 1, link(chain, row_hash), row_hash)
        return row | {
            "previous_hash": previous,
            "hash": row_hash,
            "chain": self._head.chain,
            "position": self._head.position,
        }


class Journal:
    """An open journal."""

    def __init__(self, url: str) -> None:
        """Open the journal at a database URL. Nothing is created: see `migrate`."""
        self.engine = database.engine_of(url)
        self._turn = threading.Lock() if not database.is_postgresql(self.engine) else None

    @property
    def name(self) -> str:
        """Name the database for people, without user and password."""
        return database.named(self.engine)

    def migrate(self) -> None:
        """Bring the schema to the newest version. Raises JournalUnusableError for one newer than this program."""
        with database.told(self.engine):
            versions.migrate(self.engine)

    def prepare(self, role: str) -> str:
        """Let a role read and add and nothing else, in PostgreSQL; tell what was done. Raises JournalUnusableError."""
        with database.told(self.engine):
            return roles.grant(self.engine, role)

    def check_version(self) -> None:
        """Raise JournalUnusableError unless the schema is the newest this program knows."""
        with self.snapshot() as connection:
            versions.check(connection)

    def check(self) -> None:
        """Raise JournalUnusableError unless the schema is this program's and what is acknowledged lasts."""
        with self.snapshot() as connection:
            versions.check(connection)
            weak = database.durability(connection)
        if weak:
            told = f"{self.name}: {', '.join(weak)}: {database.LOSES_WHAT_IT_SAID}"
            raise JournalUnusableError(told)

    @contextmanager
    def locked(self, stream: str) -> Iterator[Stream]:
        """Hold a stream alone for one transaction, which commits at the end.

        Raises JournalBusy when another holds it too long, JournalAway when the database does not answer; either way
        nothing was stored, or the commit's answer was lost. SQLite has one writer: the threads of one process take
        turns here, in order, where its own waiting would be by chance.
        """
        if self._turn is not None and not self._turn.acquire(timeout=BUSY_MILLISECONDS / 1000):
            raise JournalBusy(f"waiting for the journal ({self.name}): other threads write")
        try:
            with database.told(self.engine), database.writing(self.engine) as connection:
                database.lock_stream(connection, stream)
                yield Stream(connection, stream)
        finally:
            if self._turn is not None:
                self._turn.release()

    @contextmanager
    def reading(self, stream: str) -> Iterator[Stream]:
        """Read a stream as it is at one moment, without holding it."""
        with self.snapshot() as connection:
            yield Stream(connection, stream)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read the whole journal as it is at one moment. Raises JournalAway."""
        with database.told(self.engine), self.engine.connect() as connection, connection.begin():
            database.freeze(connection)
            yield connection

    def facts(self, stream: str, after: int = 0) -> list[StoredFact]:
        """Give the facts of a stream beyond a number, in order."""
        with database.told(self.engine), database.looking(self.engine) as connection:
            return _facts(connection, stream, after)

    def submissions(self, stream: str) -> list[RowMapping]:
        """Give the submissions of a stream, in order, refusals among them."""
        query = select(SUBMISSIONS).where(SUBMISSIONS.c.stream == stream).order_by(SUBMISSIONS.c.position)
        with database.told(self.engine), database.looking(self.engine) as connection:
            return list(connection.execute(query).mappings())

    def submission(self, submission_id: str) -> list[RowMapping]:
        """Give the rows of a submission id, one for each stream that took it; none when it never arrived."""
        query = select(SUBMISSIONS).where(SUBMISSIONS.c.submission_id == submission_id).order_by(SUBMISSIONS.c.position)
        with database.told(self.engine), database.looking(self.engine) as connection:
            return list(connection.execute(query).mappings())

    def heads(self) -> dict[str, int]:
        """Give each stream's highest fact number."""
        query = select(FACTS.c.stream, func.max(FACTS.c.seq)).group_by(FACTS.c.stream)
        with database.told(self.engine), database.looking(self.engine) as connection:
            return {str(row[0]): int(row[1]) for row in sorted(connection.execute(query))}

    def head(self, stream: str = "") -> Head:
        """Give the end of the journal and of a stream."""
        with database.told(self.engine), database.looking(self.engine) as connection:
            return _head(connection, stream)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _facts(connection: Connection, stream: str, after: int) -> list[StoredFact]:
    """Give the facts beyond a number. Raises JournalUnusableError for a hole: nothing is decided on half a stream."""
    found = [StoredFact(*row) for row in connection.execute(_FACTS_AFTER, {"of": stream, "after": after})]
    if found and (found[0].seq, found[-1].seq) != (after + 1, after + len(found)):
        raise JournalUnusableError(f"a fact of {stream} beyond {after} is not there: run `starter.py journal verify`")
    return found


def _head(connection: Connection, stream: str) -> Head:
    """Give the last position and chain of the journal, and the last hash of a stream."""
    position, chain, latest, previous = 0, ORIGIN, 0, ORIGIN
    for whole, at, row_chain, row_hash in connection.execute(_ENDS, {"of": stream}):
        if whole and at > position:
            position, chain = at, row_chain
        elif not whole and at > latest:
            latest, previous = at, row_hash
    return Head(position, chain, previous)
