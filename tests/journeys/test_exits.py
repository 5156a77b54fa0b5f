"""Each exit a subject can take, in each arm, on the real worker: the facts of the journal tell the way."""

from pathlib import Path

import pytest

from tests.journeys.scripts import SCRIPTS, Script, play
from tests.journeys.stage import Stage, body, stage

PLAYS = [
    pytest.param(script, arm, id=f"{script.name}-{arm}" if script.is_randomized else script.name)
    for script in SCRIPTS
    for arm in script.arms
]


@pytest.mark.parametrize(("script", "arm"), PLAYS)
async def test_script_leads_to_its_exit(script: Script, arm: str, tmp_path: Path) -> None:
    """The subject gets the arm, goes through exactly these epochs, ends as told, and no task fails on the way."""
    async with stage(tmp_path, arm) as played:
        await play(played, *script.acts)
        assert [body(fact)["arm"] for fact in played.facts("Randomized")] == [arm] * script.is_randomized
        assert [body(fact)["epoch"] for fact in played.facts("EpochEntered")] == script.epochs.split()
        assert [body(fact)["reason"] for fact in played.facts("TreatmentEnded")] == script.treatment.split()
        assert [body(fact)["reason"] for fact in played.facts("StudyEnded")] == script.study.split()
        if script.deviations != ("*",):
            _assert_deviations(played, script)
        await played.assert_healthy()
        await played.assert_over()


def _assert_deviations(played: Stage, script: Script) -> None:
    assert [body(fact)["item"] for fact in played.facts("DeviationRecorded")] == list(script.deviations)
