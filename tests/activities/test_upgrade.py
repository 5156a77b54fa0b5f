"""A journal of the first schema is chained as it is: nothing of it changes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from activities.recorder import Recorder
from bench.postgres import Cluster
from journal.schema import METADATA
from journal.store import Journal, JournalUnusableError
from journal.verify import verify
from journal.versions import MIGRATIONS
from tests.second_verifier import verify as verify_again
from tests.server.bad import RASH
from tests.server.past import TRIAL, Past, ago, request, sent
from workflows.client import Submitted

CHAINED = ("position", "previous_hash", "hash", "chain")
TABLES = {*METADATA.tables, "alembic_version"}
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def old(trial: Journal, old_url: str) -> Rows:
    """The rows of a journal of the first schema: a trial and two subjects, whose submissions interleave."""
    pasts = [Past(trial, TRIAL, ago(2)) for _ in range(2)]
    for number in range(3):
        for past in pasts:
            past.said("adverse_event", ago(1), term=f"fever {number}", grade=1, serious=False, onset_on=str(ago(1)))
    rows = stored(trial)
    for fact in rows["facts"]:
        fact["body"] = fact["body"].replace(",", ", ")  # as an older release wrote it
    write_as_first(old_url, rows)
    return rows


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    yield cluster.database("old")
    cluster.drop("old")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the rows are made."""
    return f"sqlite:///{tmp_path / 'played.db'}"


def stored(journal: Journal) -> Rows:
    """Give all rows as the first schema had them, in order."""
    found: Rows = {}
    with journal.engine.connect() as connection:
        for table in ("submissions", "facts"):
            rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY position")).mappings()  # noqa: S608 - our own
            found[table] = [{name: value for name, value in row.items() if name not in CHAINED} for row in rows]
    return found


def write_as_first(url: str, rows: Rows) -> None:
    """Make the first schema, and write rows into it with positions of each table's own."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for table, listed in rows.items():
            names = list(listed[0])
            query = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"  # noqa: S608 - our own
            for row in listed:
                connection.execute(text(query), row)
    engine.dispose()


def test_what_was_recorded_before_is_chained_as_it_is(old: Rows, old_url: str) -> None:
    """Every column of every row is what it was; each submission is followed by its facts; the chain is sound."""
    with closing(Journal(old_url)) as journal:
        journal.migrate()
        journal.check()
        with journal.snapshot() as connection:
            report = verify(connection)

        assert stored(journal) == old
        assert report.findings == []
        assert report.position == report.rows == len(old["submissions"]) + len(old["facts"])
        assert set(inspect(journal.engine).get_table_names()) == TABLES
        with pytest.raises(IntegrityError, match="append-only"), journal.engine.begin() as connection:
            connection.execute(text("UPDATE facts SET body = body"))


def test_the_chain_goes_on_where_the_migration_left_it(old: Rows, old_url: str) -> None:
    """A subject of before reports once more; product and second verifier find all of it sound."""
    with closing(Journal(old_url)) as journal:
        journal.migrate()
        stream = old["facts"][-1]["stream"]
        report = sent(Submitted("adverse_event", RASH, staff="INV1"))
        answer = Recorder(journal).record(request(stream, 0, datetime.now(UTC), report)).answers[0]
        with journal.snapshot() as connection:
            found = verify(connection)

        assert (answer.outcome, found.findings) == ("applied", [])
        assert found.rows == len(old["submissions"]) + len(old["facts"]) + 2
    if old_url.startswith("sqlite"):
        with closing(sqlite3.connect(old_url.removeprefix("sqlite:///"))) as file:
            assert verify_again(file, (found.position, found.chain)) == (0, 0)


def test_a_damaged_journal_is_left_as_it_was(old: Rows, old_url: str) -> None:
    """A fact that no submission brought: the migration breaks off, and the first schema is still there."""
    with closing(Journal(old_url)) as journal:
        with journal.engine.begin() as connection:
            stray = old["facts"][-1] | {"seq": 999}
            names = ", ".join(stray)
            marks = ", ".join(f":{name}" for name in stray)
            connection.execute(text(f"INSERT INTO facts ({names}) VALUES ({marks})"), stray)  # noqa: S608 - our own

        with pytest.raises(RuntimeError, match=f"fact 999 of {stray['stream']} came of no submission"):
            journal.migrate()

        with pytest.raises(JournalUnusableError, match="schema is version 0001, this program needs"):
            journal.check_version()
        assert len(stored(journal)["facts"]) == len(old["facts"]) + 1
