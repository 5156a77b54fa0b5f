"""The recorded histories and facts, and how they are replayed. It reads what `export` wrote and changes nothing."""

import base64
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory
from temporalio.worker import Interceptor, Replayer, UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.contract import RECORD, Start, Step, unpack
from workflows.connection import CONVERTER
from workflows.identity import IdentityInterceptor, IdentityRunner
from workflows.patient_journey import PatientJourney
from workflows.trial_register import TrialRegister

HERE = Path(__file__).parent
PASSED_THROUGH = ("domain", "activities.contract", "workflows.identity")
CLOSED = sorted(path.name for path in (HERE / "histories").glob("*.closed-*.json.gz"))
OLDER = sorted(
    f"{folder}/{path.name}"
    for folder in ("first", "second")
    for path in (HERE / "histories" / folder).glob("*.json.gz")
)
"""What earlier releases left behind: before the whole of the clinical rules, and before their review."""
OPEN = sorted(path.name for path in (HERE / "histories").glob("*.open-*.json.gz"))
SANDBOX = IdentityRunner(
    SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
)
"""A worker runs the shell without the sandbox: here it is held to what the sandbox allows."""
BARE = UnsandboxedWorkflowRunner()
"""Without the sandbox a test can change the interpreter; the sandbox would read it from its file again."""


def history(name: str) -> WorkflowHistory:
    """Give a recorded history."""
    return WorkflowHistory(name, History.FromString(_read(name)).events)


@cache
def _read(name: str) -> bytes:
    """Read a history's JSON once: that takes a hundred times as long as the bytes it is kept in from then on."""
    text = gzip.decompress((HERE / "histories" / name).read_bytes()).decode()
    return History(events=WorkflowHistory.from_json(name, text).events).SerializeToString()


def replayer(runner: WorkflowRunner = SANDBOX, *more: Interceptor) -> Replayer:
    """Replay as the worker would, with these interceptors beside its own."""
    return Replayer(
        workflows=[PatientJourney, TrialRegister],
        data_converter=CONVERTER,
        workflow_runner=runner,
        interceptors=[IdentityInterceptor(), *more],
    )


async def failure(name: str, runner: WorkflowRunner = SANDBOX) -> Exception | None:
    """Replay a history, and give what went wrong, if anything did."""
    return (await replayer(runner).replay_workflow(history(name), raise_on_replay_failure=False)).replay_failure


async def failures(names: list[str], runner: WorkflowRunner = SANDBOX, *more: Interceptor) -> dict[str, str]:
    """Give the histories that do not replay clean, with what went wrong; one worker replays them all."""

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for name in names:
            yield history(name)

    found, count = {}, 0
    async with replayer(runner, *more).workflow_replay_iterator(histories()) as results:
        async for result in results:
            count += 1
            if result.replay_failure is not None:
                found[result.history.workflow_id] = str(result.replay_failure)[:300]
    assert count == len(names)
    return found


def began(name: str) -> Start:
    """Give the input of the workflow of a history."""
    attributes = history(name).events[0].workflow_execution_started_event_attributes
    return Start.model_validate_json(attributes.input.payloads[0].data)


def carried(start: Start) -> list[str]:
    """Give the facts a run took over from the run before."""
    if start.carry is None:
        return []
    return zlib.decompress(base64.b64decode(start.carry.facts)).decode().splitlines()


def steps(name: str) -> Iterator[Step]:
    """Give every step that a history holds: the results of `record`, local or waiting for the journal."""
    waiting: set[int] = set()
    for event in history(name).events:
        if event.activity_task_scheduled_event_attributes.activity_type.name == RECORD:
            waiting.add(event.event_id)
        done = event.activity_task_completed_event_attributes
        details = event.marker_recorded_event_attributes.details
        found = [*details["result"].payloads] if "result" in details else []
        found += done.result.payloads if done.scheduled_event_id in waiting else []
        for payload in found:
            yield Step.model_validate_json(payload.data)


def stored() -> list[dict[str, Any]]:
    """Give the stored facts, one of every kind at least."""
    return [json.loads(line) for line in (HERE / "facts.jsonl").read_text().splitlines()]


def facts_in(step: Step) -> list[str]:
    """Give the facts of a step, packed or not."""
    return unpack(step.packed) if step.packed else step.facts
