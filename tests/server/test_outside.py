"""The Temporal programs alone, without our client: the commands of the README, run by a shell as they are printed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import RowMapping
from temporalio.client import Client

from domain.decider import patient_stream
from journal.store import Journal
from settings import Settings
from tests.server.installation import FAILED_TASK, until
from tests.server.past import TRIAL
from tests.server.rig import PROGRAMS, ROOT, Process

pytestmark = pytest.mark.server
SURGERY = """--workflow-id patient-NCT06978153-S001 --name surgery_done \
--input '{"performed_on":"<date>","resection":"R0"}'"""
COMMANDS = {
    "signal": f"temporal workflow signal {SURGERY}",
    "update": f"temporal workflow update execute {SURGERY}",
    "query": "temporal workflow query --workflow-id patient-NCT06978153-S001 --type show",
}
S001 = patient_stream(TRIAL, "S001")
UP_SECONDS = 120


class Up:
    """`make up SEED=surgery`, running: the address and the date it printed."""

    def __init__(self, data: Path) -> None:
        """Start it and wait until its server and worker run."""
        said = [sys.executable, str(ROOT / "starter.py"), "up", "--seed", "surgery"]
        self.process = Process(said, {"TRIALPATH_DATA": str(data)}, data / "up.log")
        self.address = self.process.wait_for("Temporal", UP_SECONDS)[-1].split()[1]
        self.date = ""
        self._data = data

    def seeded(self) -> None:
        """Wait until S001 waits for surgery."""
        self.date = self.process.wait_for("S001 waits for surgery", UP_SECONDS)[-1].rsplit(" ", 1)[1]

    def run(self, verb: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the README in a shell, with the `temporal` program of the wheel and the printed date."""
        path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "TEMPORAL_ADDRESS": self.address}
        line = ["bash", "-c", COMMANDS[verb].replace("<date>", self.date)]
        return subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)

    async def evaluated(self) -> bool:
        """Say whether the printed query shows S001 behind its surgery."""
        shown = self.run("query").stdout
        return '"phase":"EVALUATION"' in shown and '"resection":"R0"' in shown

    def refusals(self) -> list[RowMapping]:
        """Give what the journal has on refusals for S001."""
        journal = Journal(Settings(data=self._data).url)
        try:
            return [row for row in journal.submissions(S001) if row["outcome"] == "refused"]
        finally:
            journal.close()

    async def assert_healthy(self) -> None:
        """Fail unless no task of S001's journey ever failed."""
        client = await Client.connect(self.address)
        events = client.get_workflow_handle(S001).fetch_history_events()
        assert [event async for event in events if event.event_type == FAILED_TASK] == []


@pytest.fixture(scope="module")
def ups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Up]]:
    """An installation of the README for each command that moves S001 on, seeded side by side: seeding mostly waits."""
    started: dict[str, Up] = {}
    try:
        for verb in ("signal", "update"):
            started[verb] = Up(tmp_path_factory.mktemp(verb))
        for one in started.values():
            one.seeded()
        yield started
    finally:
        for one in started.values():
            one.process.end()


def _assert_refused(again: subprocess.CompletedProcess[str], up: Up) -> None:
    """Fail unless surgery told once more was refused to the sender, with what is accepted, and on record."""
    assert again.returncode != 0
    for told in ("CONTRADICTS", "field performed_on", "accepted:"):
        assert told in again.stderr
    assert [(row["kind"], row["reason"], row["staff"]) for row in up.refusals()] == [
        ("surgery_done", "CONTRADICTS", "UNATTRIBUTED")
    ]


@pytest.mark.parametrize("verb", COMMANDS)
def test_the_readme_prints_the_command(verb: str) -> None:
    """Each of them stands there on a line of its own."""
    assert COMMANDS[verb] in (ROOT / "README.md").read_text().splitlines()


async def test_the_printed_signal_moves_the_seeded_s001_on(ups: dict[str, Up]) -> None:
    """After `up --seed surgery`, with the date it prints; the update is then refused; Ctrl-C stops all it started."""
    up = ups["signal"]
    done = up.run("signal")
    assert done.returncode == 0, done.stderr
    await until(up.evaluated)
    assert up.refusals() == []

    _assert_refused(up.run("update"), up)
    await up.assert_healthy()
    assert up.process.stop() == 0
    assert up.run("query").returncode != 0


async def test_the_printed_update_moves_the_seeded_s001_on(ups: dict[str, Up]) -> None:
    """After `up --seed surgery`, with the date it prints: the answer names the facts; a second one is refused."""
    up = ups["update"]
    done = up.run("update")
    assert done.returncode == 0, done.stderr
    assert "SurgeryPerformed" in done.stdout
    assert await up.evaluated()

    _assert_refused(up.run("update"), up)
    await up.assert_healthy()
