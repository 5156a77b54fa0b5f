"""The Temporal programs alone, without our client: the commands of the README, as printed."""

import os
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.server.installation import Installation, install, until
from tests.server.past import TRIAL, ago, in_surgery_wait
from tests.server.rig import PROGRAMS, ROOT, Process, Server

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
SURGERY = """--workflow-id patient-NCT06978153-S001 --name surgery_done \
--input '{"performed_on":"<date>","resection":"R0"}'"""
COMMANDS = (
    f"temporal workflow signal {SURGERY}",
    f"temporal workflow update execute {SURGERY}",
    "temporal workflow query --workflow-id patient-NCT06978153-S001 --type show",
)
UP_SECONDS = 120


def printed() -> list[list[str]]:
    """Give the `temporal workflow` commands the README prints, as words."""
    lines = (ROOT / "README.md").read_text().replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.strip().startswith("temporal workflow ")]


def command(verb: str, date: str) -> list[str]:
    """Give a printed command's words after the program, with the date filled in."""
    words = next(words for words in printed() if words[2] == verb)
    return [word.replace("<date>", date) for word in words[1:]]


class Up:
    """`make up SEED=surgery`, running: the address and the date it printed."""

    def __init__(self, data: Path) -> None:
        """Start it and wait until S001 waits for surgery."""
        said = [sys.executable, str(ROOT / "starter.py"), "up", "--seed", "surgery"]
        self.process = Process(said, {"TRIALPATH_DATA": str(data)}, data / "up.log")
        lines = self.process.wait_for("S001 waits for surgery", UP_SECONDS)
        self.address = next(line for line in lines if line.startswith("Temporal")).split()[1]
        self.date = lines[-1].rsplit(" ", 1)[1]

    def temporal(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `temporal` program of the wheel against it."""
        whole = [str(PROGRAMS / "temporal"), *words]
        env = {**os.environ, "TEMPORAL_ADDRESS": self.address}
        return subprocess.run(whole, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """The installation of the README."""
    started = Up(tmp_path)
    yield started
    started.process.end()


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(server: Server, tmp_path: Path) -> AsyncIterator[Installation]:
    """A new installation in which S001 waits for surgery, on the real clock."""
    made = await install(server, "outside", tmp_path)
    made.start_worker()
    await made.open()
    assert await made.begin(in_surgery_wait(made.journal, TRIAL, ago(35))) == "S001"
    yield made
    made.end()


async def test_the_readme_prints_the_three_commands() -> None:
    """Each of them stands there on one line, or broken with backslashes."""
    shown = printed()

    for wanted in COMMANDS:
        assert any(set(shlex.split(wanted)) <= set(words) for words in shown), wanted


async def test_the_printed_signal_moves_the_seeded_s001_on(up: Up) -> None:
    """After `up --seed surgery`, with the date it prints; and Ctrl-C stops all it started."""
    done = up.temporal(*command("signal", up.date))

    async def in_evaluation() -> bool:
        shown = up.temporal(*command("query", ""))
        return '"phase":"EVALUATION"' in shown.stdout and '"resection":"R0"' in shown.stdout

    assert done.returncode == 0, done.stderr
    await until(in_evaluation)
    assert up.process.stop() == 0
    assert up.temporal(*command("query", "")).returncode != 0


async def test_the_printed_update_moves_s001_on_and_a_refused_one_says_why(clinic: Installation) -> None:
    """The answer names the facts; the same again as another submission is refused, with what is accepted."""
    done = clinic.temporal_cli(*command("update", str(ago(1))))
    again = clinic.temporal_cli(*command("update", str(ago(1))))
    shown = clinic.temporal_cli(*command("query", ""))

    assert done.returncode == 0, done.stderr
    assert "SurgeryPerformed" in done.stdout
    assert again.returncode != 0
    for told in ("CONTRADICTS", "field performed_on", "accepted:"):
        assert told in again.stderr
    assert "EVALUATION" in shown.stdout
    await clinic.assert_healthy("S001")
