"""Notices in a file: the same key once, over restarts, over processes, and after a line was cut short."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.adapters.file_sink import FileSink
from activities.ports import Notice

NOTICE = Notice(
    key="patient-NCT06978153-S001/7",
    subject="S001",
    notice="SURGERY_REMINDER",
    to=("INVESTIGATOR", "SURGEON"),
    text="surgery window opens 2025-09-01",
    urgent=False,
    at=datetime(2025, 9, 1, tzinfo=UTC),
)
DELIVER = """
import sys
from dataclasses import replace
from pathlib import Path
from activities.adapters.file_sink import FileSink
from tests.activities.test_file_sink import NOTICE
sink = FileSink(Path(sys.argv[1]))
for number in range(100):
    sink.deliver(replace(NOTICE, key=f"key/{number}"))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of notices, in a folder that is not there yet."""
    return tmp_path / "out" / "notices.jsonl"


def keys(file: Path) -> list[str]:
    """Give the keys in the file, in order."""
    return [json.loads(line)["key"] for line in file.read_text().splitlines()]


def test_a_notice_is_one_line_with_all_it_says(file: Path) -> None:
    """Key, instant, subject, notice, whom to tell, text and urgency."""
    FileSink(file).deliver(NOTICE)

    assert json.loads(file.read_text()) == {
        "key": NOTICE.key,
        "at": "2025-09-01T00:00:00+00:00",
        "subject": "S001",
        "notice": "SURGERY_REMINDER",
        "to": ["INVESTIGATOR", "SURGEON"],
        "text": "surgery window opens 2025-09-01",
        "urgent": False,
    }


def test_the_same_key_counts_once_also_after_a_restart(file: Path) -> None:
    """Sent twice by one worker and again by the next one: one line."""
    sink = FileSink(file)
    sink.deliver(NOTICE)
    sink.deliver(NOTICE)
    FileSink(file).deliver(NOTICE)

    assert keys(file) == [NOTICE.key]


def test_two_sinks_on_one_file_see_each_others_lines(file: Path) -> None:
    """Two workers that run side by side."""
    first, second = FileSink(file), FileSink(file)

    for sink, number in ((first, 1), (second, 1), (second, 2), (first, 2), (first, 3)):
        sink.deliver(replace(NOTICE, key=f"key/{number}"))

    assert keys(file) == ["key/1", "key/2", "key/3"]


def test_two_processes_at_once_write_every_key_once(file: Path) -> None:
    """A hundred keys each, the same ones, at the same time."""
    both = [subprocess.Popen([sys.executable, "-c", DELIVER, str(file)]) for _ in range(2)]
    codes = [process.wait(60) for process in both]

    assert codes == [0, 0]
    assert sorted(keys(file)) == sorted(f"key/{number}" for number in range(100))


def test_a_line_cut_short_is_passed_over_and_the_next_stands_alone(file: Path) -> None:
    """As a full disk leaves it: its notice was not delivered, so it comes again, whole."""
    file.parent.mkdir()
    file.write_text('{"key": "patient-NCT069')

    FileSink(file).deliver(NOTICE)
    FileSink(file).deliver(NOTICE)

    assert [json.loads(line)["key"] for line in file.read_text().splitlines()[1:]] == [NOTICE.key]


def test_a_file_taken_away_is_begun_anew_without_repeating(file: Path) -> None:
    """Someone archives the file while the worker runs: later notices go to a new one."""
    sink = FileSink(file)
    sink.deliver(NOTICE)
    file.rename(file.with_suffix(".old"))

    sink.deliver(NOTICE)
    sink.deliver(replace(NOTICE, key="key/2"))

    assert keys(file) == ["key/2"]


def test_a_file_that_cannot_be_written_is_an_error_for_the_retry(tmp_path: Path) -> None:
    """The activity tries again; nothing is taken for delivered."""
    (tmp_path / "notices.jsonl").mkdir()

    with pytest.raises(IsADirectoryError):
        FileSink(tmp_path / "notices.jsonl").deliver(NOTICE)
