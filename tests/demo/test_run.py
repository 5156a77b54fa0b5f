"""The demonstration itself, small: a few participants whose ways are short."""

from pathlib import Path

import pytest

from demo import faults
from demo.charts import Charts
from demo.run import run_demo
from domain.catalogue import latest
from journal.store import Journal

SHORT_WAYS = "321"
"""A seed whose first four randomized participants all leave treatment before the adjuvant cycles."""


@pytest.mark.server
async def test_a_small_demonstration_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four randomized participants go their whole way, nothing is wrong, and the counts add up to four."""
    code = await run_demo(seed=SHORT_WAYS, milliseconds_per_day=150, keep=False, data=tmp_path / "demo", participants=4)
    printed = capsys.readouterr().out
    assert code == 0, printed
    counts = [line.split("│")[3].strip() for line in printed.splitlines() if "COHORT_" in line and "│" in line]
    assert sum(int(count.removesuffix("/33")) for count in counts) == 4
    assert "Everything went as it should." in printed


def test_a_trial_that_did_not_go_as_wanted_is_told(tmp_path: Path) -> None:
    """Missing participants and missing refusals are named."""
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.migrate()
    protocol = latest("NCT06978153")
    wrong = faults.in_the_journal(Charts(journal, protocol.trial), protocol, 66, 1)
    journal.close()
    assert "0 randomized, not 66" in wrong
    assert "COHORT_1: 0/33" in wrong
    assert "0 refusals, 1 expected: " in wrong
