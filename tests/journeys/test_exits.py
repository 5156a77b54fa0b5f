"""Each exit a subject can take, on the real worker: the facts of the journal tell the way."""

from pathlib import Path

import pytest

from tests.journeys.scripts import SCRIPTS, Script, play
from tests.journeys.stage import Stage, body, stage


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_script_leads_to_its_exit(script: Script, tmp_path: Path) -> None:
    """The subject goes through exactly these epochs, ends as told, and no task of the journey fails on the way."""
    async with stage(tmp_path, script.arm) as played:
        await play(played, *script.acts)
        assert [body(fact)["epoch"] for fact in played.facts("EpochEntered")] == script.epochs.split()
        assert [body(fact)["reason"] for fact in played.facts("TreatmentEnded")] == script.treatment.split()
        assert [body(fact)["reason"] for fact in played.facts("StudyEnded")] == [script.study]
        if script.deviations != ("*",):
            _assert_deviations(played, script)
        await played.assert_healthy()
        await played.assert_over()


def _assert_deviations(played: Stage, script: Script) -> None:
    assert [body(fact)["item"] for fact in played.facts("DeviationRecorded")] == list(script.deviations)
