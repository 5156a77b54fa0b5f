"""The journal's file: rows are added and never changed, written through to the disk, and read while it is written."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from activities.recorder import Recorder
from domain.decider import trial_stream
from journal.schema import APPEND_ONLY, FACTS, METADATA, SUBMISSIONS
from journal.store import Journal
from tests.server.past import TRIAL, Past, ago

TABLES = [table.name for table in APPEND_ONLY]
STREAM = trial_stream(TRIAL)


@contextmanager
def foreign(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file as some other program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def full(trial: Journal) -> Journal:
    """A journal with rows in every table."""
    Past(trial, TRIAL, ago(2))
    with trial.engine.begin() as connection:
        connection.execute(text("INSERT INTO allocation_lists VALUES ('T', 'h', 1, x'00')"))
        connection.execute(text("INSERT INTO allocation_slots VALUES ('T', 1, x'00')"))
    return trial


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid + 1000", "DELETE FROM {}"])
@pytest.mark.usefixtures("full")
def test_no_program_can_change_or_remove_a_row(path: Path, table: str, change: str) -> None:
    """The file itself refuses, whoever opens it."""
    with foreign(path) as connection:
        (before,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own table
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change.format(table))
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (before,)  # noqa: S608 - as above

    assert before > 0


def test_a_fact_number_and_a_submission_id_are_taken_once(full: Journal) -> None:
    """A second row of the same number or id is refused, whatever it says."""
    with full.engine.connect() as connection:
        fact = dict(connection.execute(select(FACTS)).mappings().first() or {})
        submission = dict(connection.execute(select(SUBMISSIONS)).mappings().first() or {})
    del fact["position"], submission["position"]

    with pytest.raises(IntegrityError, match="UNIQUE"), full.engine.begin() as connection:
        connection.execute(FACTS.insert().values(fact | {"submission_id": "another", "body": "{}"}))
    with pytest.raises(IntegrityError, match="UNIQUE"), full.engine.begin() as connection:
        connection.execute(SUBMISSIONS.insert().values(submission | {"body": "{}"}))


def test_the_migrations_make_the_schema_the_code_names(journal: Journal) -> None:
    """From an empty file: every table and column; once more changes nothing."""
    journal.migrate()

    found = inspect(journal.engine)
    made = {name: {column["name"] for column in found.get_columns(name)} for name in found.get_table_names()}
    assert made.pop("alembic_version") == {"version_num"}
    assert made == {table.name: {column.name for column in table.columns} for table in METADATA.tables.values()}


def test_two_workers_that_start_at_once_make_one_schema(path: Path) -> None:
    """Each migrates an empty file; both find it done."""
    problems: list[BaseException] = []
    gate = threading.Barrier(2)

    def start() -> None:
        journal = Journal(f"sqlite:///{path}")
        gate.wait()
        try:
            journal.migrate()
        except Exception as problem:  # noqa: BLE001 - told by the assertion, whatever it is
            problems.append(problem)
        journal.close()

    workers = [threading.Thread(target=start) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert problems == []


def test_every_connection_writes_ahead_and_through_to_the_disk(journal: Journal) -> None:
    """WAL, and synchronous FULL: an acknowledged row outlives the power."""
    with journal.engine.connect() as first, journal.engine.connect() as second:
        for connection in (first, second):
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_locked_journal_can_be_read_and_tells_the_writer(trial: Journal, path: Path) -> None:
    """Another process holds the write lock: readers see what is there, a writer gets an error within seconds."""
    with foreign(path) as holder:
        holder.execute("BEGIN EXCLUSIVE")

        assert trial.heads() == {STREAM: len(trial.facts(STREAM))}
        with pytest.raises(OperationalError, match="locked"), trial.locked(STREAM):
            pytest.fail("the lock was given twice")


def test_a_transaction_that_breaks_off_leaves_nothing(trial: Journal) -> None:
    """The second fact has a number that is taken: neither the submission nor the first one stays."""
    before = trial.submissions(STREAM), trial.facts(STREAM)
    row = {name: value for name, value in before[0][0].items() if name not in ("position", "stream")}

    broken = [before[1][0]._replace(seq=99), before[1][0]]
    with pytest.raises(IntegrityError, match="UNIQUE"), trial.locked(STREAM) as stream:
        stream.append(row | {"submission_id": "broken-off"}, broken)

    assert (trial.submissions(STREAM), trial.facts(STREAM)) == before


def test_the_facts_beyond_a_number_come_in_order(trial: Journal) -> None:
    """And the head of each stream is its highest number."""
    register = Recorder(trial).state(STREAM)

    assert [fact.seq for fact in trial.facts(STREAM)] == list(range(1, register.seq + 1))
    assert [fact.seq for fact in trial.facts(STREAM, register.seq - 2)] == [register.seq - 1, register.seq]
    assert trial.heads() == {STREAM: register.seq}
