"""The Temporal programs alone, without our client: the commands of the README, as printed."""

import shlex
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.server.installation import Installation, install, ready, until
from tests.server.past import TRIAL, ago, in_surgery_wait
from tests.server.rig import ROOT, Server

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
README = ROOT / "README.md"
SURGERY = """--workflow-id patient-NCT06978153-S001 --name surgery_done \
--input '{"performed_on":"<date>","resection":"R0"}'"""
COMMANDS = {
    "signal": f"temporal workflow signal {SURGERY}",
    "update": f"temporal workflow update execute {SURGERY}",
    "query": "temporal workflow query --workflow-id patient-NCT06978153-S001 --type show",
}


def printed() -> list[list[str]]:
    """Give the `temporal workflow` commands the README prints, as words."""
    text = README.read_text().replace("\\\n", " ") if README.exists() else "\n".join(COMMANDS.values())
    return [shlex.split(line) for line in text.splitlines() if line.strip().startswith("temporal workflow ")]


def command(verb: str, date: str) -> list[str]:
    """Give a printed command's words after the program, with the date filled in."""
    words = next(words for words in printed() if words[2] == verb)
    return [word.replace("<date>", date) for word in words[1:]]


@pytest_asyncio.fixture(loop_scope="session", params=["outside-1", "outside-2"])
async def clinic(
    server: Server, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Installation]:
    """A new installation in which S001 waits for surgery."""
    made = await install(server, request.param, tmp_path_factory.mktemp(request.param))
    made.start_worker()
    await made.open()
    assert await made.begin(in_surgery_wait(made.journal, TRIAL, ago(35))) == "S001"
    yield made
    made.end()


@pytest.mark.skipif(not README.exists(), reason="the README is not written yet")
def test_the_readme_prints_the_three_commands() -> None:
    """Each of them stands there on one line, or broken with backslashes."""
    shown = printed()

    for wanted in COMMANDS.values():
        assert any(set(shlex.split(wanted)) <= set(words) for words in shown), wanted


@pytest.mark.parametrize("clinic", ["outside-1"], indirect=True)
async def test_the_printed_signal_moves_s001_on(clinic: Installation) -> None:
    """The surgery is on record as unattributed, and the printed query shows the evaluation."""
    done = clinic.temporal_cli(*command("signal", str(ago(1))))

    assert done.returncode == 0, done.stderr
    await until(lambda: ready(clinic.facts("S001", "SurgeryPerformed")))
    await clinic.seen("S001", clinic.facts("S001")[-1].seq)
    shown = clinic.temporal_cli(*command("query", ""))
    assert "EVALUATION" in shown.stdout
    await clinic.assert_takes("S001", "rash after all")
    await clinic.assert_healthy("S001")


@pytest.mark.parametrize("clinic", ["outside-2"], indirect=True)
async def test_the_printed_update_moves_s001_on_and_a_refused_one_says_why(clinic: Installation) -> None:
    """The answer names the fact numbers; the same again as another submission is refused, with what is accepted."""
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
