"""A journal on a file, as the worker opens it, and one in which the trial is open."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.recorder import Recorder
from domain.decider import trial_stream
from domain.values import Clock
from journal.store import Journal
from tests.server.past import TRIAL, opening, request, sent
from workflows.client import Submitted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the journal."""
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """A journal with the newest schema."""
    opened = Journal(f"sqlite:///{path}")
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
