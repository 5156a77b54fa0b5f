"""The demonstration itself, small: a few participants whose ways are short."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from activities.recorder import Recorder
from demo import faults
from demo.charts import Charts
from demo.folder import demo_settings, environment_of
from demo.processes import Embedded
from demo.programs import ROOT
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


@pytest.mark.server
async def test_a_trial_left_half_way_comes_back_after_temporal_was_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Staff leave, Temporal's file is deleted: `recover` on an empty server tells the same next due."""
    data, left_on = tmp_path / "demo", date(2025, 9, 1)
    code = await run_demo(
        seed=SHORT_WAYS, milliseconds_per_day=60, keep=False, data=data, participants=4, until=left_on
    )
    printed = capsys.readouterr().out
    assert code == 0, printed
    told = {row[1]: row[3] for line in printed.splitlines() if (row := [cell.strip() for cell in line.split("│")])[1:2]
            and row[1].startswith("S0")}  # fmt: skip
    assert len(told) >= 4, printed
    for file in data.glob("temporal.db*"):
        file.unlink()
    environment = dict(environment_of(demo_settings(data, SHORT_WAYS)))
    async with Embedded(data, environment=environment, ports=None) as running:
        recovered = await asyncio.create_subprocess_exec(
            sys.executable, "starter.py", "recover", "--json", cwd=ROOT,
            env=environment | {"TEMPORAL_ADDRESS": running.address}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        answer = json.loads((await recovered.communicate())[0])
    rows = {row["stream"].rsplit("-", 1)[1]: row for row in answer["streams"] if row["outcome"] == "started"}
    due = {subject: f"{row['next_due_at']} {row['next_due']}" for subject, row in rows.items() if subject in told}
    assert {subject: f"{text[:16]} {text[26:]}" for subject, text in due.items()} == told


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
