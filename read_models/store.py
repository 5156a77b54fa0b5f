"""Makes the read models anew from the journal, in one transaction: a reader sees the old tables or the new, whole."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import make_url

from domain.decider import TRIAL, patient_stream, trial_stream
from domain.trial.register import Register
from journal.schema import FACTS
from journal.store import Journal
from read_models.record import Head, head_of, record_of
from read_models.rows import BY_TABLE
from read_models.tables import METADATA, TABLES, VERSION
from read_models.trial import TrialRecord, tables_of

BATCH = 500


class NotOurs(ValueError):
    """The database is not one the read models may be made in."""


def read_trial(journal: Journal, trial: str) -> TrialRecord:
    """Read and fold the trial's register and every subject that has begun."""
    rows = journal.facts(trial_stream(trial))
    register: Register = TRIAL.fold([TRIAL.read(row.body) for row in rows])
    head = head_of(trial_stream(trial), rows, hashes_of(journal, trial_stream(trial)))
    begun = journal.heads()
    streams = {subject: patient_stream(trial, subject) for subject in register.subjects}
    subjects = {
        subject: record_of(stream, journal.facts(stream), hashes_of(journal, stream))
        for subject, stream in streams.items()
        if stream in begun
    }
    return TrialRecord(tuple(rows), register, head, subjects)


def trial_rows(journal: Journal, trial: str, at: datetime) -> dict[str, list[dict[str, Any]]]:
    """Give every row of every table, read from the journal now. `at` is the instant of the making."""
    read = read_trial(journal, trial)
    found = {table.name: list[dict[str, Any]]() for table in TABLES} | tables_of(read, BY_TABLE)
    found["streams"] = [{"stream": head.stream, "seq": head.seq, "hash": head.hash} for head in read.heads]
    found["about"] = [_about(trial, at, read.heads)]
    return found


def hashes_of(journal: Journal, stream: str) -> dict[int, str]:
    """Give the hash of each fact of a stream by its number; none where the journal keeps no chain."""
    column = FACTS.columns.get("hash")
    if column is None:
        return {}
    with journal.snapshot() as connection:
        return {
            row[0]: row[1] for row in connection.execute(select(FACTS.c.seq, column).where(FACTS.c.stream == stream))
        }


def _about(trial: str, at: datetime, heads: Sequence[Head]) -> dict[str, Any]:
    facts = sum(head.seq for head in heads)
    return {"trial": trial, "version": VERSION, "rebuilt_at": at, "streams": len(heads), "facts": facts}


def rebuild(url: str, schema: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Drop the tables and make them with these rows. Raises NotOurs when something else lives there."""
    with _writing(url, schema) as connection:
        _check(connection, schema)
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
        for table in TABLES:
            made = rows[table.name]
            for start in range(0, len(made), BATCH):
                connection.execute(insert(table), made[start : start + BATCH])


@contextmanager
def _writing(url: str, schema: str) -> Iterator[Connection]:
    """Open one transaction in which tables can be dropped and made too."""
    engine = create_engine(url)
    server = engine.dialect.name == "postgresql"
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.connect() as connection:
            mapped = connection.execution_options(schema_translate_map={None: schema if server else None})
            with mapped.begin():
                if server:
                    quoted = connection.dialect.identifier_preparer.quote_schema(schema)
                    mapped.execute(text(f"CREATE SCHEMA IF NOT EXISTS {quoted}"))
                yield mapped
    finally:
        engine.dispose()


def _check(connection: Connection, schema: str) -> None:
    """Raise NotOurs when the database holds tables, and they are not read models."""
    server = connection.dialect.name == "postgresql"
    known = set(inspect(connection).get_table_names(schema=schema if server else None))
    if known and "about" not in known:
        named = ", ".join(sorted(known)[:3])
        raise NotOurs(f"it holds other tables ({named}): name an empty database or schema")


def same_database(url: str, other: str) -> bool:
    """Say whether two URLs name the same SQLite file."""
    one, two = make_url(url), make_url(other)
    return one.get_backend_name() == two.get_backend_name() == "sqlite" and one.database == two.database
