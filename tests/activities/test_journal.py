"""The journal in both databases: rows are added, never changed, in one order without gaps."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, NullPool, create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError

from activities.recorder import Recorder
from bench.postgres import Cluster
from domain.decider import trial_stream
from journal.schema import APPEND_ONLY, FACTS, METADATA, SUBMISSIONS
from journal.store import Journal, JournalAway, JournalBusy, JournalUnusableError
from journal.verify import verify
from tests.server.past import TRIAL, Past, ago

TABLES = [table.name for table in APPEND_ONLY]
STREAM = trial_stream(TRIAL)


@pytest.fixture
def foreign(url: str) -> Iterator[Engine]:
    """The same database as some other program opens it."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def full(trial: Journal) -> Journal:
    """A journal with rows in every table."""
    Past(trial, TRIAL, ago(2))
    with trial.engine.connect() as connection, connection.begin():
        sealed = {"bytes": b"\x00"}
        connection.execute(text("INSERT INTO allocation_lists VALUES ('T', 'h', 1, :bytes)"), sealed)
        connection.execute(text("INSERT INTO allocation_slots VALUES ('T', 1, :bytes)"), sealed)
    return trial


def rows_in(engine: Engine, table: str) -> list[tuple[object, ...]]:
    """Give all rows of a table."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]  # noqa: S608 - our own


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {table} SET {name} = {name}",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ],
)
@pytest.mark.usefixtures("full")
def test_no_program_can_change_replace_or_remove_a_row(foreign: Engine, table: str, change: str) -> None:
    """The database itself refuses, whoever opens it: in PostgreSQL its owner too."""
    only = {"TRUNCATE": "postgresql", "INSERT": "sqlite"}.get(change.split(maxsplit=1)[0], foreign.dialect.name)
    if only != foreign.dialect.name:
        return
    before = rows_in(foreign, table)
    name = "trial" if table.startswith("allocation") else "stream"

    with pytest.raises(IntegrityError, match="append-only"), foreign.begin() as connection:
        connection.execute(text(change.format(table=table, name=name)))

    assert rows_in(foreign, table) == before != []


def test_a_fact_number_and_a_submission_id_are_taken_once(full: Journal) -> None:
    """A second row of the same number, id or position is refused, whatever it says."""
    with full.engine.connect() as connection:
        fact = dict(connection.execute(select(FACTS)).mappings().first() or {})
        submission = dict(connection.execute(select(SUBMISSIONS)).mappings().first() or {})

    for table, row in (
        (FACTS, fact | {"submission_id": "another", "body": "{}", "position": 999}),
        (FACTS, fact | {"seq": 999}),
        (SUBMISSIONS, submission | {"body": "{}", "position": 999}),
        (SUBMISSIONS, submission | {"submission_id": "another"}),
    ):
        with pytest.raises(IntegrityError, match=r"(?i)unique"), full.engine.begin() as connection:
            connection.execute(table.insert().values(row))


def test_the_migrations_make_the_schema_the_code_names(journal: Journal) -> None:
    """Every table, column and index; migrating once more changes nothing."""
    journal.migrate()

    with journal.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert differences == []


def test_a_locked_journal_can_be_read_and_tells_the_writer(trial: Journal, open_again: Callable[[], Journal]) -> None:
    """Another worker holds the stream: readers see what is there, a writer is told within seconds what it waits for."""
    with open_again().locked(STREAM):
        assert trial.heads() == {STREAM: len(trial.facts(STREAM))}
        with pytest.raises(JournalBusy, match=r"waiting for the journal.*(locked|lock timeout)"), trial.locked(STREAM):
            pytest.fail("the lock was given twice")


def test_a_transaction_that_breaks_off_leaves_nothing(trial: Journal) -> None:
    """The second fact has a number that is taken: neither the submission nor the first one stays."""
    before = trial.submissions(STREAM), trial.facts(STREAM), trial.head(STREAM)
    kept = ("position", "stream", "previous_hash", "hash", "chain")
    row = {name: value for name, value in before[0][0].items() if name not in kept}

    broken = [before[1][0]._replace(seq=99), before[1][0]]
    with pytest.raises(IntegrityError, match=r"(?i)unique"), trial.locked(STREAM) as stream:
        stream.append(row | {"submission_id": "broken-off"}, broken)

    assert (trial.submissions(STREAM), trial.facts(STREAM), trial.head(STREAM)) == before


def test_the_facts_beyond_a_number_come_in_order(trial: Journal) -> None:
    """And the head of each stream is its highest number."""
    register = Recorder(trial).state(STREAM)

    assert [fact.seq for fact in trial.facts(STREAM)] == list(range(1, register.seq + 1))
    assert [fact.seq for fact in trial.facts(STREAM, register.seq - 2)] == [register.seq - 1, register.seq]
    assert trial.heads() == {STREAM: register.seq}


def added(journal: Journal, stream: str, number: int) -> int:
    """Add a submission without facts to a stream, patiently, and give how often the journal was busy."""
    row = dict.fromkeys(("channel", "kind", "staff", "role", "identity", "reason", "rule", "field", "detail"), "x")
    row |= dict.fromkeys(("recorded_at", "stored_at", "outcome", "accepts", "sha256", "body"), "y")
    for busy in range(100):
        try:
            with journal.locked(stream) as held:
                about = {
                    "submission_id": f"{stream}-{number}",
                    "occurred_at": None,
                    "first_seq": None,
                    "last_seq": None,
                }
                held.append(row | about, [])
        except JournalBusy:
            continue
        return busy
    raise TimeoutError(stream)


def test_positions_have_no_gap_at_any_moment(journal: Journal, open_again: Callable[[], Journal]) -> None:
    """Six streams over two workers at once: the order of positions is the order of commits, and the chain is sound."""
    workers, streams = [journal, open_again()], [f"stream-{number}" for number in range(6)]
    seen: list[tuple[int, int]] = []
    over = threading.Event()

    def watch() -> None:
        with open_again().engine.connect() as connection:
            while not over.is_set():
                with connection.begin():
                    count, last = connection.execute(text("SELECT count(*), max(position) FROM submissions")).one()
                seen.append((count, last or 0))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(6) as threads:
        jobs = [
            threads.submit(added, workers[place % 2], stream, number)
            for number in range(12)
            for place, stream in enumerate(streams)
        ]
        for job in jobs:
            job.result()
    over.set()
    watcher.join()

    assert [(count, last) for count, last in seen if count != last] == []
    with journal.snapshot() as connection:
        report = verify(connection)
    assert (report.findings, report.rows, report.position, len(report.ends)) == ([], 72, 72, 6)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (("CREATE TABLE invoices (number INTEGER)",), "tables that are no journal's (invoices)"),
        (
            ("CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('9b1deb4d3b7d')"),
            "version '9b1deb4d3b7d', which is none of a journal's",
        ),
    ],
    ids=["other tables", "another program's versions"],
)
@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_a_database_of_something_else_is_left_alone(
    request: pytest.FixtureRequest, tmp_path: Path, made: tuple[str, ...], told: str, where: str
) -> None:
    """No table is added to it, and the words name what is there."""
    url = f"sqlite:///{tmp_path / 'other.db'}"
    if where == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.database(f"other_{len(made)}")
    with closing(Journal(url)) as journal:
        with journal.engine.begin() as connection:
            connection.execution_options(trialpath_write=True)
            for statement in made:
                connection.execute(text(statement))
            before = sorted(inspect(connection).get_table_names())

        with pytest.raises(JournalUnusableError, match=re.escape(told)):
            journal.migrate()

        assert sorted(inspect(journal.engine).get_table_names()) == before


def test_a_journal_of_a_newer_schema_is_refused_and_left_alone(
    trial: Journal, open_again: Callable[[], Journal]
) -> None:
    """An older program neither migrates nor uses it, and says which version it found."""
    with trial.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    older = open_again()

    try:
        for act in (older.migrate, older.check, older.check_version):
            with pytest.raises(JournalUnusableError, match="version 0999, newer than this program's"):
                act()
    finally:
        with trial.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    assert older.facts(STREAM) == trial.facts(STREAM)


def test_a_journal_that_was_checked_is_the_newest_and_durable(journal: Journal) -> None:
    """As the worker checks it at its start."""
    journal.check()


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


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_every_connection_to_a_file_writes_ahead_and_through_to_the_disk(journal: Journal) -> None:
    """WAL, and synchronous FULL: an acknowledged row outlives the power."""
    with journal.engine.connect() as first, journal.engine.connect() as second:
        for connection in (first, second):
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_only_a_writer_makes_a_file_write_ahead(trial: Journal, path: Path) -> None:
    """A copy that keeps no log is read as it is, byte for byte; the first write brings the log."""
    trial.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    before = path.read_bytes()

    with closing(Journal(f"sqlite:///{path}")) as again:
        again.check()
        assert again.facts(STREAM)
        assert path.read_bytes() == before
        added(again, STREAM, 1)
        with again.engine.connect() as connection:
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_file_that_another_program_locks_is_waited_for(trial: Journal, path: Path) -> None:
    """Another process holds the write lock: readers go on, a writer is told."""
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")

        assert trial.heads() == {STREAM: len(trial.facts(STREAM))}
        with pytest.raises(JournalBusy, match=r"waiting for the journal.*locked"), trial.locked(STREAM):
            pytest.fail("the lock was given twice")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_read_only_file_can_be_read_and_tells_the_writer(trial: Journal, path: Path) -> None:
    """Nothing is stored, and the message says why."""
    with closing(Journal(f"sqlite:///file:{path}?mode=ro&uri=true")) as read_only:
        assert read_only.facts(STREAM) == trial.facts(STREAM)
        with pytest.raises(JournalAway, match="readonly database"):
            added(read_only, STREAM, 1)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "there is no journal yet"), (b"not a database, and long" * 99, "is no journal")]
)
def test_a_file_that_is_no_journal_is_told(path: Path, content: bytes, words: str) -> None:
    """An empty one, and one of another program, which is left as it is."""
    path.write_bytes(content)

    with closing(Journal(f"sqlite:///{path}")) as journal:
        for act in (journal.check, journal.check_version):
            with pytest.raises(JournalUnusableError, match=words):
                act()

    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]
