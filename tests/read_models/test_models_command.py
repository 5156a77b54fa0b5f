"""`starter.py models`: the tables are dropped and made anew from the journal, and are as documented."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from journal.store import Journal
from read_models.documentation import markdown
from read_models.store import trial_rows
from read_models.tables import METADATA, TABLES
from tests.cli.here import Here, here
from tests.cli.test_commands import ROOT
from tests.given import TRIAL_ID
from tests.streams import journal_of, stored_stream

__all__ = ["here"]
SUBJECTS = {"S001": "completed", "S002": "completed-COHORT_2", "S003": "detours", "S004": "screen-failure"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a journal of four subjects."""
    folder = tmp_path_factory.mktemp("data")
    journal_of(f"sqlite:///{folder / 'journal.db'}", SUBJECTS).close()
    return folder


def test_the_tables_are_made_anew_and_the_journal_stays_untouched(here: Here, data: Path) -> None:
    """Twice gives the same rows, what somebody changed is gone, and no byte of the journal changes."""
    before = hashlib.sha256((data / "journal.db").read_bytes()).hexdigest()
    first = json.loads(here(data, "models rebuild --json").stdout)
    engine = create_engine(f"sqlite:///{data / 'read-models.db'}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM doses"))
    again = here(data, "models rebuild")
    assert again.returncode == 0, again.stderr
    with engine.connect() as connection:
        counts = {table.name: len(connection.execute(select(table)).all()) for table in TABLES}
        amounts = connection.execute(select(METADATA.tables["doses"].c.given_amount).limit(1)).scalar_one()
    engine.dispose()
    assert counts == first["rows"]
    assert (counts["subjects"], counts["enrolment"], counts["streams"], counts["about"]) == (4, 4, 5, 1)
    assert amounts == Decimal(1200)
    assert hashlib.sha256((data / "journal.db").read_bytes()).hexdigest() == before


def test_the_rows_say_how_far_each_stream_was_read(data: Path) -> None:
    """`streams` holds the last fact of each."""
    journal = Journal(f"sqlite:///{data / 'journal.db'}")
    made = trial_rows(journal, TRIAL_ID, datetime.now(UTC))
    journal.close()
    heads = {row["stream"]: row["seq"] for row in made["streams"]}
    assert heads[f"patient-{TRIAL_ID}-S003"] == len(stored_stream("detours"))
    assert made["about"][0]["facts"] == sum(heads.values())


def test_the_documentation_is_that_of_the_tables(here: Here, data: Path) -> None:
    """docs/read-models.md names every table and column of the database as it is made."""
    assert (ROOT / "docs/read-models.md").read_text() == markdown()
    here(data, "models rebuild")
    engine = create_engine(f"sqlite:///{data / 'read-models.db'}")
    found = inspect(engine)
    pages = markdown().split("\n## ")
    for page in pages[1:]:
        name, *lines = page.splitlines()
        documented = [line.split("|")[1].strip() for line in lines if line.startswith("| ")][1:]
        assert [column["name"] for column in found.get_columns(name)] == documented
    assert sorted(found.get_table_names()) == sorted(page.splitlines()[0] for page in pages[1:])
    engine.dispose()


def test_the_tables_suit_postgresql() -> None:
    """Decimals are NUMERIC there, instants have their zone."""
    schema = {None: "read_models"}
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # the library's own
    compiled = [CreateTable(table).compile(dialect=dialect, schema_translate_map=schema) for table in TABLES]
    made = "\n".join(str(one) for one in compiled)
    assert made.count("CREATE TABLE") == len(TABLES)
    assert "given_amount NUMERIC" in made
    assert "recorded_at TIMESTAMP WITH TIME ZONE" in made


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("sqlite:///{data}/journal.db", 3, "this is the journal; accepted: a database of its own"),
        ("nonsense", 3, "accepted: a database URL, for example sqlite:///"),
        ("nosuch://x", 3, "accepted: a database URL"),
        ("sqlite:///{data}/nowhere/models.db", 4, "cannot be written: unable to open database file"),
        ("sqlite:///{data}/other.db", 3, "it holds other tables (theirs): name an empty database"),
    ],
)
def test_a_wrong_database_is_told_and_left_alone(here: Here, data: Path, url: str, code: int, says: str) -> None:
    """One line, no traceback; another program's tables are not dropped."""
    engine = create_engine(f"sqlite:///{data / 'other.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS theirs (a INTEGER)"))
    done = here(data, "models rebuild", TRIALPATH_MODELS_URL=url.format(data=data))
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert inspect(engine).get_table_names() == ["theirs"]
    engine.dispose()
