"""The disk is full: the journal says so, keeps all it acknowledged, and goes on when there is room."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.recorder import Recorder
from journal.store import Journal
from journal.verify import verify
from tests.server.bad import RASH
from tests.server.past import TRIAL, Past, ago, request, sent
from workflows.client import Submitted

ROOT = Path(__file__).parents[2]
SIZE = 1_000_000


@pytest.fixture
def url(path: Path) -> str:
    """The address of a journal in SQLite."""
    return f"sqlite:///{path}"


def test_a_full_disk_loses_nothing_that_was_acknowledged(trial: Journal, url: str) -> None:
    """A worker may write files of 1 MB: it is told, in words; what it had acknowledged is there; another goes on."""
    past = Past(trial, TRIAL, ago(2))
    command = [sys.executable, "tests/activities/filler.py", url, past.stream, str(SIZE)]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=True)
    acknowledged = [line for line in done.stdout.splitlines() if line.startswith("report-")]
    problem = done.stdout.splitlines()[-1]

    assert problem.startswith("waiting for the journal (sqlite ")
    assert any(words in problem for words in ("disk I/O error", "disk is full"))
    assert len(acknowledged) >= 10
    stored = [
        row["submission_id"] for row in trial.submissions(past.stream) if row["submission_id"].startswith("report-")
    ]
    assert stored == acknowledged
    report = Submitted("adverse_event", RASH, staff="INV1", id="report-after")
    assert Recorder(trial).record(request(past.stream, 0, datetime.now(UTC), sent(report))).answers[0].facts
    with trial.snapshot() as connection:
        assert verify(connection).findings == []
