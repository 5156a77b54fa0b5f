"""The two databases a journal can lie in, SQLite and PostgreSQL, and all in which they differ."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

BUSY_MILLISECONDS = 1000
IDLE_MILLISECONDS = 10_000
"""A writer that stands still in mid-transaction holds the journal's end. PostgreSQL ends it after so long."""
CONNECT_SECONDS = 5
POOL_OF_SQLITE = 60
POOL_OF_POSTGRESQL = 20
UNREADABLE = "a row cannot be read, its text is no UTF-8: run `starter.py journal verify`, which names it"
LOSES_WHAT_IT_SAID = "an acknowledged row could be lost with the power"
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15000}

_REFUSED_WHERE_READ_ONLY = "PRAGMA incremental_vacuum(1)"
"""Changes nothing in a journal, and needs to write all the same: BEGIN IMMEDIATE takes a read-only file like any."""
_LOCK_STREAM = text(
    "SELECT set_config('lock_timeout', :wait, true),"
    " set_config('idle_in_transaction_session_timeout', :idle, true), pg_advisory_xact_lock(:key)"
)
_LOCK_ORDER = text("SELECT pg_advisory_xact_lock(1414676816, 1)")


class JournalAway(OSError):
    """The journal's database does not answer, is full or read-only. Nothing was stored; trying again is right."""


class JournalBusy(JournalAway):
    """Another writer held the journal for too long; trying again is right."""


class JournalUnusableError(RuntimeError):
    """This program must not write to this journal: its address is wrong, its schema is newer, or it could lose rows."""


def engine_of(address: str) -> Engine:
    """Open a database, not yet connected. Raises JournalUnusableError for an address that is none."""
    url = _url(address)
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite+pysqlite")
        engine = create_engine(url, pool_size=POOL_OF_SQLITE, max_overflow=POOL_OF_SQLITE, hide_parameters=True)
        event.listen(engine, "do_connect", _before_connect)
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "checkout", _on_checkout)
        event.listen(engine, "begin", _on_begin)
        return engine
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=POOL_OF_POSTGRESQL,
        max_overflow=POOL_OF_POSTGRESQL,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "trialpath", **_KEEPALIVE},
    )


def named(engine: Engine) -> str:
    """Name a database for people: without user, password and options."""
    url = engine.url
    where = f"{url.host or 'localhost'}:{url.port or 5432}/{url.database}" if is_postgresql(engine) else url.database
    return f"{url.get_backend_name()} {where}"


def is_postgresql(bind: Engine | Connection) -> bool:
    """Say which of the two it is."""
    return bind.dialect.name == "postgresql"


def lock_stream(connection: Connection, stream: str) -> None:
    """Hold a stream until the transaction ends. SQLite's one writer holds them all already."""
    if is_postgresql(connection):
        key = int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8], "big", signed=True)
        connection.execute(_LOCK_STREAM, {"key": key, "wait": str(BUSY_MILLISECONDS), "idle": str(IDLE_MILLISECONDS)})


def lock_order(connection: Connection) -> None:
    """Hold the journal's end until the transaction ends, so that positions follow the order of commits."""
    if is_postgresql(connection):
        connection.execute(_LOCK_ORDER)


def freeze(connection: Connection) -> None:
    """Read one moment in this transaction, whatever is added meanwhile. SQLite's transactions do so by themselves."""
    if is_postgresql(connection):
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


def durability(connection: Connection) -> list[str]:
    """Give the settings under which an acknowledged row could be lost; none is right."""
    if is_postgresql(connection):
        names = ("fsync", "synchronous_commit", "full_page_writes")
        return [f"{name} is off" for name in names if connection.execute(text(f"SHOW {name}")).scalar() == "off"]
    level = connection.execute(text("PRAGMA synchronous")).scalar()
    return [] if isinstance(level, int) and level >= 2 else [f"synchronous is {level}"]  # noqa: PLR2004 - FULL


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that will write, and commit it at the end."""
    with engine.connect() as connection:
        connection.execution_options(trialpath_write=True)
        with connection.begin():
            yield connection


@contextmanager
def looking(engine: Engine) -> Iterator[Connection]:
    """Read with one statement, which sees one moment by itself: PostgreSQL needs no transaction around it."""
    with engine.connect() as connection:
        if is_postgresql(engine):
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
            return
        with connection.begin():
            yield connection


@contextmanager
def any_bytes(connection: Connection) -> Iterator[None]:
    """Read text as it lies in the file meanwhile: a byte that is no UTF-8 becomes a lone surrogate.

    Only SQLite holds such text. No row is hashed with a lone surrogate, so such a row never has its hash.
    """
    if is_postgresql(connection):
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.text_factory = _as_it_lies
    try:
        yield
    finally:
        driver.text_factory = str


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Raise JournalBusy or JournalAway, in the database's words, for what passes, or JournalUnusableError."""
    try:
        yield
    except PoolTimeoutError:
        raise JournalBusy(f"waiting for the journal ({named(engine)}): all its connections are taken") from None
    except (OperationalError, InterfaceError) as problem:
        words = " ".join(str(problem.orig).split())[:200]
        if words.startswith("Could not decode"):  # what follows there is the row's own text
            raise JournalUnusableError(f"{named(engine)}: {UNREADABLE}") from None
        held = any(sign in words for sign in ("lock timeout", "database is locked", "database table is locked"))
        kind = JournalBusy if held else JournalAway
        raise kind(f"waiting for the journal ({named(engine)}): {words}") from None
    except DBAPIError as problem:
        if type(problem) is DatabaseError:
            raise JournalUnusableError(f"{named(engine)} is no journal, or a damaged one: {problem.orig}") from None
        if problem.connection_invalidated:
            raise JournalAway(f"waiting for the journal ({named(engine)}): the connection broke off") from None
        raise


def _url(address: str) -> URL:
    accepted = "accepted: sqlite:///FILE or postgresql://USER@HOST:PORT/DATABASE"
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise JournalUnusableError(f"the journal's address cannot be read; {accepted}") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise JournalUnusableError(f"the journal cannot lie in {url.get_backend_name()!r}; {accepted}")
    if url.get_backend_name() == "sqlite":
        if url.host or url.port or url.username or url.password:
            raise JournalUnusableError(f"the journal's address names a host, SQLite has a file; {accepted}")
        if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
            raise JournalUnusableError(f"the journal's address names no file; {accepted}")
    return url


def _as_it_lies(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _before_connect(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
    """Open a file on a read-only medium as one that cannot change: a reader of WAL would make files beside it.

    Not while a log lies there that holds rows: they would not be seen.
    """
    if options.get("uri"):
        return
    file = Path(arguments[0]).resolve()
    with suppress(OSError):
        log = file.with_name(f"{file.name}-wal")
        if os.statvfs(file).f_flag & os.ST_RDONLY and not (log.exists() and log.stat().st_size):
            arguments[0], options["uri"] = f"{file.as_uri()}?mode=ro&immutable=1", True


def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _on_checkout(connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401 - as above, and its pool's
    """Use a connection only while its file is the one at its path: what goes to a deleted file is gone with it."""
    file = record.info.get("file")
    if file is None:
        file = record.info["file"] = connection.execute("PRAGMA database_list").fetchone()[2]
    try:
        here = Path(file).stat().st_ino if file else 0
    except FileNotFoundError:
        gone = "its file is gone; put it back, or see `starter.py journal rebuild --help`"
        raise JournalAway(f"waiting for the journal (sqlite {file}): {gone}") from None
    if record.info.setdefault("inode", here) != here:
        raise DisconnectionError


def _on_begin(connection: Connection) -> None:
    """Take the write lock at once for a write: SQLite has one writer, and a late lock cannot be waited for.

    Who writes first has the file written ahead from then on; who reads leaves the file as it is.
    """
    write = connection.get_execution_options().get("trialpath_write")
    if write and not connection.info.get("ahead"):
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql(_REFUSED_WHERE_READ_ONLY)
        connection.info["ahead"] = True
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
