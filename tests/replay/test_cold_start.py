"""A worker that began with a task got a timer first and the commands beside it after; a replay gets them together.

Recorded under `kill -9` of workers: both subjects were stuck for good, their tasks failing at every replay.
"""

import json
from dataclasses import dataclass

import pytest

from activities.contract import Answer
from domain.intake import Message, argument_of, system_message
from tests.replay.recorded import HERE, failures
from workflows.identity import IdentityRunner
from workflows.recording import matched

COLD = sorted(f"cold/{path.name}" for path in (HERE / "histories/cold").glob("*.json.gz"))


@dataclass
class Waiting:
    """A message in an inbox."""

    message: Message


def command(submission_id: str) -> Waiting:
    """Give a whole submission that waits."""
    raw = json.dumps({"id": submission_id, "command": {"kind": "death"}}).encode()
    return Waiting(Message(channel="update", name="submit", arguments=(argument_of(raw),), id="update"))


def bare(name: str) -> Waiting:
    """Give a bare signal, whose id only its record knows."""
    return Waiting(Message(channel="signal", name=name, arguments=()))


def answer(submission_id: str) -> Answer:
    """Give an answer."""
    return Answer(submission_id=submission_id, outcome="applied")


TIME = Waiting(system_message("time_passed", {}, "time-0001"))
FIRST, SECOND, BARE, OTHER = command("first-0001"), command("second-0001"), bare("death"), bare("sign")


async def test_what_was_taken_apart_and_is_replayed_together_fits() -> None:
    """Two subjects, in the sandbox and as a worker runs them."""
    assert len(COLD) == 2
    assert await failures(COLD) == {}
    assert await failures(COLD, IdentityRunner()) == {}


@pytest.mark.parametrize(
    ("batch", "behind", "answers", "taken", "left"),
    [
        ([FIRST, SECOND], [], ["first-0001", "second-0001"], [FIRST, SECOND], []),
        ([FIRST, SECOND], [TIME], ["time-0001"], [TIME], [FIRST, SECOND]),
        ([FIRST, SECOND], [TIME, BARE], ["time-0001", "first-0001"], [TIME, FIRST], [SECOND, BARE]),
        ([FIRST], [], [], [], [FIRST]),
        ([BARE, FIRST], [], ["derived", "first-0001"], [BARE, FIRST], []),
        ([BARE, OTHER], [TIME], ["derived"], [BARE], [OTHER, TIME]),
        ([FIRST, command("first-0001")], [], ["first-0001", "derived"], [FIRST, command("first-0001")], []),
    ],
)
def test_each_answer_finds_its_message_and_the_others_wait_on(
    batch: list[Waiting], behind: list[Waiting], answers: list[str], taken: list[Waiting], left: list[Waiting]
) -> None:
    """By its id; a message whose id only the record knows has the place that is left. The others keep their order."""
    pairs, waiting = matched(batch, behind, [answer(submission_id) for submission_id in answers])

    assert [found for found, _ in pairs] == taken
    assert [told.submission_id for _, told in pairs] == answers
    assert waiting == left


def test_an_answer_for_which_nothing_waits_is_no_silent_loss() -> None:
    """The task fails, and is seen."""
    with pytest.raises(ValueError, match="nothing waits for the answer to time-0001"):
        matched([], [], [answer("time-0001")])
