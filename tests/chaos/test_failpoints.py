"""Failpoints: how they are written, when they are hit, and that a hit is on the disk before it takes effect."""

import json
import signal
from pathlib import Path

import pytest

from chaos.failpoints import Failpoint, Failpoints, HitError, parse


@pytest.mark.parametrize(
    ("text", "failpoint"),
    [
        ("record.after", Failpoint("record.after", 1, "kill9")),
        ("record.after:3", Failpoint("record.after", 3, "kill9")),
        ("journal.before_commit:2:stop\n", Failpoint("journal.before_commit", 2, "stop")),
    ],
)
def test_a_failpoint_is_read_as_it_is_written(text: str, failpoint: Failpoint) -> None:
    """Number and action have defaults; what is read is written the same."""
    assert parse(text) == failpoint
    assert parse(str(failpoint)) == failpoint


@pytest.mark.parametrize("text", ["", ":1", "record.after:0", "record.after:x", "record.after:1:explode"])
def test_what_is_no_failpoint_is_refused_with_what_is_expected(text: str) -> None:
    """The message names the text and what would be right."""
    with pytest.raises(ValueError, match=r"failpoint '.*': (point:nth:action|action 'explode' is none of)"):
        parse(text)


def test_the_nth_time_is_hit_once_and_is_on_the_disk_first(tmp_path: Path) -> None:
    """An armed failpoint kills at the second time, by one worker, and its hit can be read when it does."""
    armed, hits, killed = tmp_path / "failpoint", tmp_path / "hits.jsonl", list[tuple[int, list[str]]]()
    points = Failpoints(
        armed=armed, hits=hits, kill=lambda _pid, how: killed.append((how, hits.read_text().splitlines()))
    )
    points.reached("record.after")
    armed.write_text("record.after:2:kill9")

    for point in ("record.after", "record.before", "record.after", "record.after"):
        points.reached(point)

    ((how, seen),) = killed
    assert how == signal.SIGKILL
    assert [json.loads(line)["failpoint"] for line in seen] == ["record.after:2:kill9"]
    assert not armed.exists()


def test_a_failpoint_of_the_environment_is_this_process_s_alone(tmp_path: Path) -> None:
    """It raises once what the world could raise, and then no more."""
    points = Failpoints(fixed=Failpoint("notice.before_send", 1, "raise"), hits=tmp_path / "hits.jsonl")

    with pytest.raises(HitError, match=r"notice\.before_send:1:raise"):
        points.reached("notice.before_send")

    points.reached("notice.before_send")
    assert len((tmp_path / "hits.jsonl").read_text().splitlines()) == 1
