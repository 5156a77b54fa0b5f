"""The demonstration itself, small: a few participants whose ways are short."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.recorder import Recorder
from demo import faults
from demo.charts import Charts
from demo.run import run_demo
from domain.catalogue import latest
from domain.decider import trial_stream
from domain.values import Clock
from journal.store import Journal
from tests.server.past import opening, request, sent
from workflows.client import Submitted

PROTOCOL = latest("NCT06978153")

SHORT_WAYS = "321"
"""A seed whose first four randomized participants all leave treatment before the adjuvant cycles."""


@pytest.mark.server
async def test_a_small_demonstration_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four randomized participants go their whole way, nothing is wrong, and the counts add up to four."""
    code = await run_demo(seed=SHORT_WAYS, milliseconds_per_day=100, keep=False, data=tmp_path / "demo", participants=4)
    printed = capsys.readouterr().out
    assert code == 0, printed
    counts = [line.split("│")[3].strip() for line in printed.splitlines() if "COHORT_" in line and "│" in line]
    assert sum(int(count.removesuffix("/33")) for count in counts) == 4
    assert "Everything went as it should." in printed


@pytest.fixture
def charts(tmp_path: Path) -> Iterator[Charts]:
    """Charts over an empty journal."""
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.migrate()
    yield Charts(journal, PROTOCOL.trial)
    journal.close()


def test_a_trial_that_did_not_go_as_wanted_is_told(charts: Charts) -> None:
    """Missing participants and missing refusals are named."""
    submitted = Submitted("open_trial", opening(PROTOCOL.trial, Clock.real()), staff="SPO1", role="SPONSOR")
    Recorder(charts.journal).record(request(trial_stream(PROTOCOL.trial), 0, datetime.now(UTC), sent(submitted)))
    wrong = faults.in_the_journal(charts, PROTOCOL, 66, 1)
    assert "0 randomized, not 66" in wrong
    assert "COHORT_1: 0/33" in wrong
    assert "0 refusals, 1 expected: " in wrong


def test_a_trial_that_was_never_opened_is_told(charts: Charts) -> None:
    """There is nothing else to say about it."""
    assert faults.in_the_journal(charts, PROTOCOL, 66, 1) == ["the trial was never opened"]
