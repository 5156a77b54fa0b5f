"""A journal as the worker opens it, in SQLite and in PostgreSQL, and one in which the trial is open."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.recorder import Recorder
from bench.postgres import Cluster
from domain.decider import trial_stream
from domain.values import Clock
from journal.schema import APPEND_ONLY
from journal.store import Journal
from tests.server.past import TRIAL, opening, request, sent
from workflows.client import Submitted


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the newest schema: migrating once is enough."""
    file = tmp_path_factory.mktemp("template") / "journal.db"
    made = Journal(f"sqlite:///{file}")
    made.migrate()
    made.close()
    return file


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """The address of a PostgreSQL database with the newest schema."""
    made = Journal(cluster.database("journal"))
    made.migrate()
    made.close()
    return cluster.url("journal")


@pytest.fixture
def in_postgresql(cluster: Cluster, migrated: str) -> Iterator[str]:
    """The address of an empty journal in PostgreSQL."""
    yield migrated
    cluster.empty("journal", [table.name for table in APPEND_ONLY])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the journal in SQLite."""
    return tmp_path / "journal.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, path: Path, template: Path) -> str:
    """The address of an empty journal with the newest schema, in a file or in PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(template, path)
        return f"sqlite:///{path}"
    address: str = request.getfixturevalue("in_postgresql")
    return address


@pytest.fixture
def open_again(url: str) -> Iterator[Callable[[], Journal]]:
    """Opens the same journal once more, as another worker does."""
    opened: list[Journal] = []

    def another() -> Journal:
        opened.append(Journal(url))
        return opened[-1]

    yield another
    for one in opened:
        one.close()


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    """A journal with the newest schema."""
    opened = Journal(url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def trial(journal: Journal) -> Journal:
    """A journal in which the trial is open."""
    submitted = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
    asked = request(trial_stream(TRIAL), 0, datetime.now(UTC), sent(submitted))
    assert Recorder(journal).record(asked).answers[0].outcome == "applied"
    return journal
