"""`starter.py models rebuild` from a journal in PostgreSQL into a database in PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, select, text

from bench.postgres import Cluster
from journal.store import Journal
from read_models.tables import TABLES
from tests.streams import journal_of

SUBJECTS = {"S001": "completed", "S002": "detours", "S003": "screen-failure"}
SCHEMA = "analysts"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def journal_url(cluster: Cluster) -> Iterator[str]:
    """The address of a journal of three subjects in PostgreSQL."""
    url = cluster.database("journal_of_models")
    journal_of(url, SUBJECTS).close()
    yield url
    cluster.drop("journal_of_models")


def cli(data: Path, command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command line over a data folder, as a process: its connections end with it."""
    whole = {**os.environ, "TRIALPATH_DATA": str(data), **settings}
    words = [sys.executable, "starter.py", *command.split()]
    return subprocess.run(words, cwd=ROOT, env=whole, capture_output=True, text=True, timeout=60, check=False)


def rows(url: str, schema: str | None) -> dict[str, list[Any]]:
    """Give every row of every table as the library reads it, sorted; without the instant of the making."""
    engine = create_engine(url)
    found = {}
    with engine.connect() as connection:
        mapped = connection.execution_options(schema_translate_map={None: schema})
        for table in TABLES:
            columns = [column for column in table.columns if column.name != "rebuilt_at"]
            found[table.name] = sorted(str([plain(value) for value in row]) for row in mapped.execute(select(*columns)))
    engine.dispose()
    return found


def plain(value: object) -> object:
    """Give an instant in UTC: PostgreSQL gives it in the zone of the session."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def test_the_tables_are_made_twice_and_are_those_of_sqlite(journal_url: str, cluster: Cluster, tmp_path: Path) -> None:
    """What somebody changed between is gone, the journal is untouched, and both databases hold the same."""
    models = cluster.database("models")
    about = {
        "TRIALPATH_JOURNAL_URL": journal_url,
        "TRIALPATH_MODELS_URL": models,
        "TRIALPATH_MODELS_SCHEMA": SCHEMA,
    }
    with closing(Journal(journal_url)) as journal:
        before = journal.head()
        first = cli(tmp_path, "models rebuild --json", **about)
        assert first.returncode == 0, first.stderr
        made = rows(models, SCHEMA)
        engine = create_engine(models)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM analysts.doses"))
            connection.execute(text("ALTER TABLE analysts.visits ADD COLUMN theirs INTEGER"))
        again = cli(tmp_path, "models rebuild --json", **about)
        assert again.returncode == 0, again.stderr
        assert journal.head() == before
    with engine.connect() as connection:
        assert inspect(connection).get_table_names(schema="public") == []
    engine.dispose()
    other = cli(tmp_path, "models rebuild", TRIALPATH_JOURNAL_URL=journal_url)

    assert other.returncode == 0, other.stderr
    assert rows(models, SCHEMA) == made == rows(f"sqlite:///{tmp_path / 'read-models.db'}", None)
    assert json.loads(again.stdout)["rows"] == {name: len(found) for name, found in made.items()}
    assert len(made["subjects"]) == 3
    assert made["doses"] != []


def test_the_journals_own_schema_is_left_alone(journal_url: str, tmp_path: Path) -> None:
    """The journal's tables are in it: one line says so, and they stay."""
    about = {"TRIALPATH_MODELS_URL": journal_url, "TRIALPATH_MODELS_SCHEMA": "public"}
    done = cli(tmp_path, "models rebuild", TRIALPATH_JOURNAL_URL=journal_url, **about)

    assert (done.returncode, done.stdout) == (3, "")
    assert "it holds other tables (" in done.stderr
    with closing(Journal(journal_url)) as journal:
        journal.check_version()
        assert len(journal.heads()) == 4
