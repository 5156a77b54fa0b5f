"""Every message that once did harm, kept as a file: what it was, what it did, and that it does so no more."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import temporalio.bridge.worker as bridge
from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion

from cli.main import main
from domain.intake import Message, argument_of, read
from domain.submission import Refused
from fuzz.messages import kinds
from tests.given import Story, when
from tests.stories import PHASES
from workflows.connection import CONVERTER
from workflows.identity import TRACE, stamping

CRASHERS = {
    path.stem: json.loads(path.read_text()) for path in sorted(Path(__file__).with_name("crashers").glob("*.json"))
}
ROOT = Path(__file__).parents[2]
NOBODY = "127.0.0.1:1"
_TIMES = re.compile(r"(.)\*(\d+)$")


def of(*doors: str) -> pytest.MarkDecorator:
    """Give the crashers that came by some doors."""
    chosen = {name: known for name, known in CRASHERS.items() if known["door"] in doors}
    return pytest.mark.parametrize("crasher", chosen.values(), ids=chosen)


def test_each_crasher_tells_its_story() -> None:
    """Class, channel, seed, versions, what it did; mended are those by a door with a test, here or in tests/server."""
    for known in CRASHERS.values():
        assert {"class", "channel", "seed", "versions", "was", "fixed"} <= set(known)
        assert known["fixed"] is (known["door"] != "open")
        assert known["door"] in ("record", "payload", "header", "words", "shell", "server", "open")


def long(text: str) -> str:
    """Give a text that ends in `x*1000` with so many of that sign."""
    return _TIMES.sub(lambda found: found[1] * int(found[2]), text)


def body_of(step: dict[str, Any], story: Story) -> bytes:
    """Give the bytes of a step; a fact is named by its kind, and a long value by how long it is."""
    if "raw" in step:
        return str(step["raw"]).encode()
    body = {name: long(value) if isinstance(value, str) else value for name, value in step["body"].items()}
    if isinstance(body.get("fact"), str):
        body["fact"] = next(seq for seq, fact in enumerate(story.facts, 1) if type(fact).__name__ == body["fact"])
    if "drugs" in step:
        body["drugs"] = [{"drug": f"A{number}"} for number in range(step["drugs"])]
    return json.dumps(body).encode()


def decided(message: Message, story: Story) -> Story:
    """Read a message and decide on it, as `record` does. Raises Refused."""
    command = read(message, "00000000-0000-4000-8000-000000000000", kinds(), {}).command
    return when(story, command, confirmed=True, reason="so it was").story


@of("record")
def test_what_harmed_a_journey_is_refused(crasher: dict[str, Any]) -> None:
    """Each of its messages, with its field named, before anything is decided on it."""
    story = PHASES[crasher["phase"]]()
    for step in crasher["steps"]:
        message = Message(channel="update", name=step["kind"], arguments=(argument_of(body_of(step, story)),))
        with pytest.raises(Refused) as refusal:
            decided(message, story)
        assert (refusal.value.reason, bool(refusal.value.field)) == (crasher["outcome"], True)
        assert refusal.value.accepts


@of("payload")
async def test_a_payload_that_says_it_lies_outside_is_bytes_like_any_other(crasher: dict[str, Any]) -> None:
    """A worker with a codec, and every replay, goes past it; what it holds is looked at by `record`."""
    activation = WorkflowActivation()
    sent = Payload(metadata={name: value.encode() for name, value in crasher["metadata"].items()}, data=b"{}")
    activation.jobs.add().signal_workflow.input.add().CopyFrom(sent)
    await bridge.decode_activation(activation, CONVERTER, decode_headers=False, storage_concurrency_limit=1)
    assert activation.jobs[0].signal_workflow.input[0] == sent


@of("header")
def test_a_header_that_carries_no_trace_is_taken_off(crasher: dict[str, Any]) -> None:
    """Of a signal and of an update; a real trace stays, and the sender's identity is stamped on."""
    junk = Payload(metadata={"encoding": crasher["encoding"].encode()}, data=crasher["data"].encode())
    real = Payload(metadata={"encoding": b"json/plain"}, data=b'{"traceparent": "00-0-1-01"}')
    activation = WorkflowActivation()
    for header in (junk, real):
        activation.jobs.add().signal_workflow.headers[TRACE].CopyFrom(header)
        activation.jobs.add().do_update.headers[TRACE].CopyFrom(header)
    stamping(lambda _: WorkflowActivationCompletion())(activation)
    signals, updates = activation.jobs[::2], activation.jobs[1::2]
    assert [TRACE in job.signal_workflow.headers for job in signals] == [False, True]
    assert [TRACE in job.do_update.headers for job in updates] == [False, True]
    assert all("trialpath-identity" in job.do_update.headers for job in updates)


@of("words")
def test_what_was_typed_ends_with_a_code_and_a_word(
    crasher: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No exception leaves the command line."""
    monkeypatch.setenv("TRIALPATH_DATA", str(tmp_path))
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOBODY)
    assert main([long(word) for word in crasher["words"]]) in crasher["codes"]
    assert capsys.readouterr().err


@of("shell")
def test_an_output_that_takes_nothing_is_no_fault(crasher: dict[str, Any], tmp_path: Path) -> None:
    """Closed, full, or with a reader that went away."""
    words = " ".join([sys.executable, str(ROOT / "starter.py"), *crasher["words"], crasher["how"]])
    env = {**os.environ, "TRIALPATH_DATA": str(tmp_path)}
    done = subprocess.run(
        ["/bin/bash", "-c", f"{words}; exit ${{PIPESTATUS[0]}}"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode in crasher["codes"], "Traceback" in done.stderr) == (True, False), done.stderr
