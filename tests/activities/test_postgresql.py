"""What only PostgreSQL has: roles, a server that goes away, databases prepared by their owner."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from activities.recorder import Recorder
from bench.postgres import Cluster
from domain.decider import trial_stream
from domain.intake import Message, argument_of
from journal.schema import APPEND_ONLY
from journal.store import Journal, JournalAway, JournalBusy, JournalUnusableError
from tests.activities.test_journal import added
from tests.server.past import TRIAL, Past, ago, request

ROLE = "trialpath_app"
_numbers = count(1)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """The name of an empty database."""
    name = f"of_one_test_{next(_numbers)}"
    cluster.database(name)
    yield name
    cluster.drop(name)


@pytest.fixture
def url(in_postgresql: str) -> str:
    """The address of an empty journal in PostgreSQL."""
    return in_postgresql


@pytest.mark.parametrize(
    "statement",
    [
        *[f"UPDATE {table.name} SET {table.columns.keys()[1]} = {table.columns.keys()[1]}" for table in APPEND_ONLY],  # noqa: S608 - our own
        *[f"DELETE FROM {table.name}" for table in APPEND_ONLY],  # noqa: S608 - our own
        "TRUNCATE facts",
        "DROP TABLE facts",
        "ALTER TABLE facts DISABLE TRIGGER ALL",
        "DROP TRIGGER facts_append_only ON facts",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = '0999'",
        "CREATE TABLE public.another (x integer)",
    ],
)
def test_the_application_may_read_and_add_and_nothing_else(cluster: Cluster, trial: Journal, statement: str) -> None:
    """The role that `journal prepare` makes: the database refuses the rest before a trigger is asked."""
    trial.prepare(ROLE)
    with closing(Journal(cluster.url("journal", ROLE))) as application:
        application.migrate()
        application.check()
        past = Past(application, TRIAL, ago(2))

        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            application.engine.begin() as own,
        ):
            own.execute(text(statement))

        assert len(application.facts(past.stream)) == past.journey.seq


def test_a_role_that_could_do_more_is_refused(trial: Journal) -> None:
    """The owner, a superuser, and what is no name; preparing twice is preparing once."""
    with pytest.raises(JournalUnusableError, match="owns the journal or is a superuser"):
        trial.prepare("owner")
    with pytest.raises(JournalUnusableError, match="no role's name"):
        trial.prepare('x"; DROP TABLE facts')
    trial.prepare(ROLE)
    assert "was there" in trial.prepare(ROLE)


def test_a_schema_is_brought_up_to_date_by_its_owner_alone(cluster: Cluster, database: str) -> None:
    """The application's role finds an empty database, and says who has to do what."""
    with psycopg.connect(cluster.url("postgres")) as admin:
        admin.execute(
            f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$".encode()
        )
    with closing(Journal(cluster.url(database, ROLE))) as application:
        with pytest.raises(JournalUnusableError, match=r"its owner runs `starter.py journal prepare`"):
            application.migrate()
        with closing(Journal(cluster.url(database))) as owners:
            owners.migrate()
            owners.prepare(ROLE)
        application.migrate()
        application.check()


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_a_database_that_could_lose_what_it_said_is_not_used(cluster: Cluster, database: str, setting: str) -> None:
    """One of the three settings is off: the check at the start names it."""
    with closing(Journal(cluster.url(database))) as journal:
        journal.migrate()
        journal.check()
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
            admin.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            admin.execute("SELECT pg_reload_conf()")
            try:
                with pytest.raises(JournalUnusableError, match=f"{setting} is off: .*lost with the power"):
                    checked_until_told(journal)
            finally:
                admin.execute("ALTER SYSTEM RESET ALL")
                admin.execute("SELECT pg_reload_conf()")


def checked_until_told(journal: Journal) -> None:
    """Check until the server has read its settings again."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        journal.check()


def test_a_server_that_went_away_is_told_and_found_again(cluster: Cluster, trial: Journal) -> None:
    """Nothing is stored meanwhile; the same journal object goes on when the server is back."""
    before = trial.head()
    cluster.kill()
    try:
        with pytest.raises(JournalAway, match=r"waiting for the journal .postgresql 127.0.0.1:[0-9]+/journal.*refused"):
            added(trial, "stream-1", 1)
        with pytest.raises(JournalAway):
            trial.facts("stream-1")
    finally:
        cluster.start()

    added(trial, "stream-1", 1)
    assert trial.head().position == before.position + 1


def test_a_connection_cut_in_the_middle_leaves_nothing(cluster: Cluster, trial: Journal) -> None:
    """The server ends the session between two statements of one transaction."""
    before = trial.head()

    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:  # noqa: SIM117 - as below
        with pytest.raises(JournalAway), trial.locked("stream-1") as stream:  # noqa: PT012 - it breaks off inside
            pid = stream.connection.execute(text("SELECT pg_backend_pid()")).scalar()
            admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
            stream.facts_after(0)

    assert trial.head() == before
    added(trial, "stream-1", 1)


def test_another_stream_goes_on_while_one_is_held(trial: Journal) -> None:
    """Streams are locked one by one; the journal's end only from an append to its commit."""
    with trial.locked("stream-1"):
        assert added(trial, "stream-2", 1) == 0
    with trial.locked("stream-1") as one:
        one.append(dict(trial.submissions(trial_stream(TRIAL))[0]) | {"stream": "stream-1"}, [])
        with pytest.raises(JournalBusy), trial.locked("stream-2") as other:
            other.append({}, [])


def test_a_writer_that_stands_still_is_ended_and_the_others_go_on(
    trial: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is stopped in mid-transaction held the journal's end for as long as it stood: found by a fault."""
    monkeypatch.setattr("journal.database.IDLE_MILLISECONDS", 200)
    head = trial.head()

    with pytest.raises(JournalAway), trial.locked("stream-1") as still:  # noqa: PT012 - it breaks off inside
        still.append(dict(trial.submissions(trial_stream(TRIAL))[0]) | {"stream": "stream-1"}, [])
        assert added(trial, "stream-2", 1) == 0
        still.facts_after(0)

    assert trial.head().position == head.position + 1
    assert trial.submissions("stream-1") == []


def test_what_text_cannot_hold_is_recorded_all_the_same(trial: Journal) -> None:
    """PostgreSQL takes no zero in text and no lone surrogate: ids, kinds and names of senders come from outside."""
    raw = b'{"id": "\\u0000\\ud800-12345678", "staff": "X\\ud800", "command": {"kind": "x\\ud800\\u0000"}}'
    past = Past(trial, TRIAL, ago(2))
    for sent_id in ("u" * 900, "zero\x00zero", ""):
        about = {"channel": "update", "name": "submit", "id": sent_id, "identity": "i\x00" * 300}
        message = Message(arguments=(argument_of(raw),), **about)
        step = Recorder(trial).record(request(past.stream, past.journey.seq, datetime.now(UTC), message))
        assert step.answers[0].outcome == "refused"
