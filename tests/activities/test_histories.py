"""The folder of exported histories: whole files or none, for their owner alone, written once."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from activities.histories import HistoryFolder, UnreadableHistory

STREAM = "patient-NCT06978153-S001"
TRIAL = "NCT06978153"


@pytest.fixture
def folder(tmp_path: Path) -> HistoryFolder:
    """A folder that is not there yet."""
    return HistoryFolder(tmp_path / "histories")


def history(events: int = 3) -> WorkflowHistory:
    """Give a history of so many events."""
    return WorkflowHistory(STREAM, [HistoryEvent(event_id=number) for number in range(1, events + 1)])


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let files of this process have no more than so many bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_history_comes_back_as_it_was(folder: HistoryFolder) -> None:
    """Under stream and run, for its owner alone."""
    file = folder.keep("run-1", history())

    assert list(folder.runs(TRIAL)) == [(STREAM, "run-1")]
    assert folder.read(STREAM, "run-1").to_json() == history().to_json()
    assert [path.stat().st_mode & 0o777 for path in (file.parent, file)] == [0o700, 0o600]


def test_the_same_run_again_writes_nothing(folder: HistoryFolder) -> None:
    """The first one stays, byte for byte."""
    file = folder.keep("run-1", history())
    before = (file.read_bytes(), file.stat().st_mtime_ns)

    assert folder.keep("run-1", history(9)) == file
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_full_disk_leaves_nothing_and_there_is_room_later(folder: HistoryFolder) -> None:
    """No half file is ever found; the next try writes it."""
    with full_disk(20), pytest.raises(OSError, match="large"):
        folder.keep("run-1", history())

    assert [path for path in folder.path.rglob("*") if path.is_file()] == []
    assert not folder.has(STREAM, "run-1")
    folder.keep("run-1", history())
    assert folder.has(STREAM, "run-1")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x1f\x8b cut short"])
def test_a_file_that_is_no_history_is_named(folder: HistoryFolder, content: bytes) -> None:
    """Empty, not compressed, or cut short: the file is named, and nothing else is believed of it."""
    file = folder.keep("run-1", history())
    file.write_bytes(content or file.read_bytes()[:-12])

    with pytest.raises(UnreadableHistory, match=r"run-1\.json\.gz"):
        folder.read(STREAM, "run-1")


def test_only_the_trials_own_streams_are_found(folder: HistoryFolder) -> None:
    """Another trial's, another folder's and half files are none of them."""
    folder.keep("run-1", history())
    for name in ("patient-OTHER-S001", "notes"):
        (folder.path / name).mkdir()
        (folder.path / name / "run-2.json.gz").touch()
    (folder.path / STREAM / ".run-3.json.gz.ab12").touch()

    assert list(folder.runs(TRIAL)) == [(STREAM, "run-1")]
    assert list(folder.runs(TRIAL, f"trial-{TRIAL}")) == []
