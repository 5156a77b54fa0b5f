"""The journal over SQLAlchemy Core. One transaction per `record`; rows are added, never changed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, RowMapping, bindparam, create_engine, event, func, insert, select

from journal.schema import FACTS, SUBMISSIONS

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MILLISECONDS = 1000
POOL = 60


class JournalBusy(OSError):  # noqa: N818 - what is true, and it passes
    """Another writer held the journal for too long; trying again is right."""


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


# Statements are made once: making one costs more than running it.
_FACTS_AFTER = (
    select(*[FACTS.c[name] for name in StoredFact._fields])
    .where(FACTS.c.stream == bindparam("of"), FACTS.c.seq > bindparam("after"))
    .order_by(FACTS.c.seq)
)
_SUBMISSION = select(SUBMISSIONS).where(
    SUBMISSIONS.c.stream == bindparam("of"), SUBMISSIONS.c.submission_id == bindparam("id")
)
_ADD_SUBMISSION, _ADD_FACTS = insert(SUBMISSIONS).inline(), insert(FACTS)


class Stream:
    """One locked stream inside one transaction."""

    def __init__(self, connection: Connection, name: str) -> None:
        """Work on a stream of this name."""
        self.connection = connection
        self.name = name

    def facts_after(self, seq: int) -> list[StoredFact]:
        """Give the facts beyond a number, in order."""
        return _facts(self.connection, self.name, seq)

    def facts_of(self, stream: str, seq: int) -> list[StoredFact]:
        """Give the facts of another stream beyond a number, as this transaction sees them."""
        return _facts(self.connection, stream, seq)

    def submission(self, submission_id: str) -> RowMapping | None:
        """Give the row of a submission, or None."""
        return self.connection.execute(_SUBMISSION, {"of": self.name, "id": submission_id}).mappings().first()

    def append(self, submission: dict[str, Any], facts: list[StoredFact]) -> None:
        """Add a submission and the facts that came of it."""
        self.connection.execute(_ADD_SUBMISSION, {"stream": self.name, **submission})
        if facts:
            self.connection.execute(_ADD_FACTS, [{"stream": self.name, **fact._asdict()} for fact in facts])


class Journal:
    """An open journal."""

    def __init__(self, url: str) -> None:
        """Open the journal at a database URL. Nothing is created: see `migrate`."""
        self.engine = _engine(url)
        self._turn = threading.Lock()

    def migrate(self) -> None:
        """Bring the schema to the newest version."""
        from alembic import command  # noqa: PLC0415 - needed once, at the start of a worker
        from alembic.config import Config  # noqa: PLC0415 - as above

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        write = self.engine.connect().execution_options(trialpath_write=True)
        with write as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def locked(self, stream: str) -> Iterator[Stream]:
        """Hold a stream alone for one transaction, which commits at the end.

        Raises OperationalError or JournalBusy when another holds it too long. SQLite has one writer: the threads of
        one process take turns here, in order, where its own waiting would be by chance.
        """
        if not self._turn.acquire(timeout=BUSY_MILLISECONDS / 1000):
            raise JournalBusy("the journal is busy")
        try:
            with self.engine.connect().execution_options(trialpath_write=True) as connection, connection.begin():
                yield Stream(connection, stream)
        finally:
            self._turn.release()

    @contextmanager
    def reading(self, stream: str) -> Iterator[Stream]:
        """Read a stream in one transaction, without holding it."""
        with self.engine.connect() as connection, connection.begin():
            yield Stream(connection, stream)

    def facts(self, stream: str, after: int = 0) -> list[StoredFact]:
        """Give the facts of a stream beyond a number, in order."""
        with self.engine.connect() as connection:
            return _facts(connection, stream, after)

    def submissions(self, stream: str) -> list[RowMapping]:
        """Give the submissions of a stream, in order, refusals among them."""
        query = select(SUBMISSIONS).where(SUBMISSIONS.c.stream == stream).order_by(SUBMISSIONS.c.position)
        with self.engine.connect() as connection:
            return list(connection.execute(query).mappings())

    def heads(self) -> dict[str, int]:
        """Give each stream's highest fact number."""
        query = select(FACTS.c.stream, func.max(FACTS.c.seq)).group_by(FACTS.c.stream).order_by(FACTS.c.stream)
        with self.engine.connect() as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query)}

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _facts(connection: Connection, stream: str, after: int) -> list[StoredFact]:
    return [StoredFact(*row) for row in connection.execute(_FACTS_AFTER, {"of": stream, "after": after})]


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_size=POOL, max_overflow=POOL)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MILLISECONDS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    """Take the write lock at once for a write: SQLite has one writer, and a late lock cannot be waited for."""
    write = connection.get_execution_options().get("trialpath_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
