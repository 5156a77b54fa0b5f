"""Reads what was recorded out of histories: each step from its event, and by replay the messages it answered.

A step of a local activity stands in the history without what was asked: replaying the run asks it again. That needs
neither Temporal, nor a worker, nor a journal. A history that does not replay gives its steps all the same.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from activities.contract import RECORD, RecordRequest, Start, Step
from domain.intake import Message
from workflows.connection import CONVERTER
from workflows.identity import IdentityInterceptor, IdentityRunner
from workflows.patient_journey import PatientJourney
from workflows.retained import Run
from workflows.trial_register import TrialRegister

LOCAL = "core_local_activity"
ValueT = TypeVar("ValueT")
Messages = dict[str, dict[str, Message]]
"""The messages of each stream, by the id under which they were recorded."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a run's history tells: its input, and each recorded step with the real time of its event."""

    start: Start
    steps: tuple[tuple[datetime, Step], ...]


async def told(run: Run) -> Told:
    """Read a run's input and steps from its events. Raises what a payload raises that cannot be decoded."""
    started = run.events[0].workflow_execution_started_event_attributes
    start = await _decoded(started.input.payloads, Start)
    steps: list[tuple[datetime, Step]] = []
    scheduled: dict[int, str] = {}
    for event in run.events:
        found: Sequence[Payload] = ()
        if event.HasField("activity_task_scheduled_event_attributes"):
            scheduled[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
        elif event.HasField("activity_task_completed_event_attributes"):
            done = event.activity_task_completed_event_attributes
            found = done.result.payloads if scheduled.get(done.scheduled_event_id) == RECORD else ()
        elif event.HasField("marker_recorded_event_attributes"):
            marker = event.marker_recorded_event_attributes
            if marker.marker_name == LOCAL and _kind(marker.details["data"].payloads) == RECORD:
                found = marker.details["result"].payloads
        if found:
            steps.append((event.event_time.ToDatetime(UTC), await _decoded(found, Step)))
    return Told(start, tuple(steps))


def replayer(*listening: Interceptor) -> Replayer:
    """Give what replays runs as a worker of this program would."""
    return Replayer(
        workflows=[PatientJourney, TrialRegister],
        interceptors=[IdentityInterceptor(), *listening],
        workflow_runner=IdentityRunner(),
        data_converter=CONVERTER,
    )


async def replayed(histories: AsyncIterator[WorkflowHistory]) -> AsyncIterator[tuple[WorkflowHistory, str]]:
    """Replay histories; give each with what went wrong, or nothing."""
    async with replayer().workflow_replay_iterator(histories) as results:
        async for result in results:
            yield result.history, str(result.replay_failure or "")


async def messages(runs: Sequence[Run]) -> tuple[Messages, dict[str, str]]:
    """Replay runs; give the messages that were recorded, and why a run did not replay, by its id."""
    found: Messages = defaultdict(dict)
    failed: dict[str, str] = {}

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for run in runs:
            yield run.history

    async with replayer(_Listening(found)).workflow_replay_iterator(histories()) as results:
        async for result in results:
            if result.replay_failure is not None:
                failed[result.history.run_id] = str(result.replay_failure)[:200]
    return found, failed


async def _decoded(payloads: Sequence[Payload], kind: type[ValueT]) -> ValueT:
    values: list[ValueT] = await CONVERTER.decode(payloads, [kind])
    return values[0]


def _kind(payloads: Sequence[Payload]) -> str:
    return str(json.loads(payloads[0].data).get("activity_type", "")) if payloads else ""


class _Listening(Interceptor):
    """Notes each message that a replayed run hands to `record`, once its answer is known."""

    def __init__(self, found: Messages) -> None:
        self._found = found

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: ARG002 - Temporal's signature
    ) -> type[WorkflowInboundInterceptor]:
        found = self._found

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Outbound(outbound, found))

        return Inbound


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(self, following: WorkflowOutboundInterceptor, found: Messages) -> None:
        super().__init__(following)
        self._found = found

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        return self._heard(input, super().start_activity(input))

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        return self._heard(input, super().start_local_activity(input))

    def _heard(
        self, input: StartActivityInput | StartLocalActivityInput, handle: workflow.ActivityHandle[Any]
    ) -> workflow.ActivityHandle[Any]:
        if input.activity == RECORD:
            request: RecordRequest = input.args[0]
            known = self._found[request.stream]

            def note(done: "workflow.ActivityHandle[Any]") -> None:
                if not done.cancelled() and done.exception() is None:
                    for message, answer in zip(request.messages, done.result().answers, strict=True):
                        known.setdefault(answer.submission_id, message)

            handle.add_done_callback(note)
        return handle
