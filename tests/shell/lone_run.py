"""One run of a workflow without a server: what Temporal's core would hand it goes in, the commands it gives come out.

The workflow is the product's own, run as a worker runs it. Who uses this plays the core: it answers each command.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.bridge.proto.activity_result.activity_result_pb2 import ActivityResolution
from temporalio.bridge.proto.workflow_activation.workflow_activation_pb2 import (
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.bridge.proto.workflow_commands.workflow_commands_pb2 import WorkflowCommand
from temporalio.common import Priority, TypedSearchAttributes
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowInterceptorClassInput
from temporalio.workflow import Info, _Definition

from activities.contract import Answer, RecordRequest, Start, Step
from domain.values import Clock
from workflows.connection import CONVERTER
from workflows.identity import IdentityInterceptor, IdentityRunner
from workflows.patient_journey import PatientJourney

STREAM = "patient-NCT06978153-S001"
BEGAN = datetime(2025, 6, 2, 4, 0, tzinfo=UTC)
START = Start(stream=STREAM, clock=Clock.real())
RUN = "run-1"


def payload(value: object) -> Payload:
    """Give a value as it goes over the wire."""
    data = value if isinstance(value, str) else json.dumps(value)
    return Payload(metadata={"encoding": b"json/plain"}, data=data.encode())


def signal(name: str, value: object = None) -> WorkflowActivationJob:
    """Give a signal."""
    job = WorkflowActivationJob()
    job.signal_workflow.signal_name = name
    job.signal_workflow.identity = "somebody"
    if value is not None:
        job.signal_workflow.input.append(payload(value))
    return job


def update(name: str, update_id: str, value: object) -> WorkflowActivationJob:
    """Give an update."""
    job = WorkflowActivationJob()
    job.do_update.id = job.do_update.protocol_instance_id = job.do_update.meta.update_id = update_id
    job.do_update.name, job.do_update.run_validator = name, True
    job.do_update.meta.identity = "somebody"
    job.do_update.input.append(payload(value))
    return job


def fired(timer: WorkflowCommand) -> WorkflowActivationJob:
    """Give the firing of a timer."""
    job = WorkflowActivationJob()
    job.fire_timer.seq = timer.start_timer.seq
    return job


def cancel() -> WorkflowActivationJob:
    """Give a cancel request."""
    job = WorkflowActivationJob()
    job.cancel_workflow.reason = "by an operator"
    return job


def patched(patch: str) -> WorkflowActivationJob:
    """Give the news that the history holds the marker of a patch."""
    job = WorkflowActivationJob()
    job.notify_has_patch.patch_id = patch
    return job


def done(command: WorkflowCommand, value: str) -> WorkflowActivationJob:
    """Give the result of an activity, as JSON."""
    resolution = ActivityResolution()
    resolution.completed.result.CopyFrom(payload(value))
    return _resolved(command, resolution)


def failed(command: WorkflowCommand) -> WorkflowActivationJob:
    """Give the failure of an activity that is not tried again."""
    resolution = ActivityResolution()
    resolution.failed.failure.message = "by hand"
    resolution.failed.failure.activity_failure_info.activity_id = "1"
    resolution.failed.failure.cause.application_failure_info.type = "ByHand"
    return _resolved(command, resolution)


def cancelled(command: WorkflowCommand) -> WorkflowActivationJob:
    """Give the end of an activity that was cancelled."""
    resolution = ActivityResolution()
    resolution.cancelled.failure.canceled_failure_info.SetInParent()
    return _resolved(command, resolution)


def _resolved(command: WorkflowCommand, resolution: ActivityResolution) -> WorkflowActivationJob:
    job = WorkflowActivationJob()
    local = command.HasField("schedule_local_activity")
    job.resolve_activity.seq = command.schedule_local_activity.seq if local else command.schedule_activity.seq
    job.resolve_activity.is_local = local
    job.resolve_activity.result.CopyFrom(resolution)
    return job


def asked(command: WorkflowCommand) -> RecordRequest:
    """Give what `record` is asked, locally or not."""
    local = command.HasField("schedule_local_activity")
    activity = command.schedule_local_activity if local else command.schedule_activity
    assert activity.activity_type == "record"
    return RecordRequest.model_validate_json(activity.arguments[0].data)


def names(command: WorkflowCommand) -> list[str]:
    """Give the names of the messages that `record` is asked to take."""
    return [message.name for message in asked(command).messages]


def recorded(command: WorkflowCommand, **step: Any) -> WorkflowActivationJob:
    """Give the step of a `record`: every message is applied unless its answers are given."""
    answers = [Answer(submission_id=f"{number}", outcome="applied") for number, _ in enumerate(names(command))]
    made = Step.model_validate({"seq": 1, "facts": [], "answers": answers, **step})
    return done(command, made.model_dump_json())


@dataclass
class LoneRun:
    """A run. `now` is its server's time; `commands` is everything it has commanded."""

    start: Start = START
    now: datetime = BEGAN
    is_replaying: bool = False
    suggests_new_run: bool = False
    commands: list[WorkflowCommand] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the workflow, as a worker does."""
        inbound: Any = IdentityInterceptor().workflow_interceptor_class(WorkflowInterceptorClassInput({}))
        known = {"__temporal_assert_local_activity_valid": lambda _: None}
        details = WorkflowInstanceDetails(
            payload_converter_factory=CONVERTER.payload_converter_class,
            failure_converter_class=CONVERTER.failure_converter_class,
            interceptor_classes=[inbound],
            defn=_Definition.must_from_class(PatientJourney),
            info=self._info(),
            randomness_seed=1,
            extern_functions=known,
            disable_eager_activity_execution=False,
            worker_level_failure_exception_types=[],
            patch_activation_callback=None,
            last_completion_result=Payloads(),
            last_failure=None,
        )
        self._instance = asyncio.run(_made(details))

    def _info(self) -> Info:
        return Info(
            attempt=1, continued_run_id=None, cron_schedule=None, execution_timeout=None, first_execution_run_id=RUN,
            headers={}, namespace="default", original_execution_run_id=RUN, parent=None, root=None,
            priority=Priority.default, raw_memo={}, retry_policy=None, run_id=RUN, run_timeout=None,
            search_attributes={}, start_time=self.now, task_queue="trialpath", task_timeout=timedelta(seconds=3),
            typed_search_attributes=TypedSearchAttributes.empty, workflow_id=self.start.stream,
            workflow_start_time=self.now, workflow_type="PatientJourney",
        )  # fmt: skip

    def begin(self, *jobs: WorkflowActivationJob) -> list[WorkflowCommand]:
        """Begin the run, with what came together with its start. Give its commands."""
        job = WorkflowActivationJob()
        job.initialize_workflow.workflow_type = "PatientJourney"
        job.initialize_workflow.workflow_id = self.start.stream
        job.initialize_workflow.arguments.append(payload(self.start.model_dump_json()))
        return self.take(job, *jobs)

    def take(self, *jobs: WorkflowActivationJob) -> list[WorkflowCommand]:
        """Take one workflow task's news. Give the commands it leads to. Fails when the task fails."""
        activation = WorkflowActivation(run_id=RUN, is_replaying=self.is_replaying, history_length=10, jobs=jobs)
        activation.timestamp.FromDatetime(self.now.replace(tzinfo=None))
        activation.continue_as_new_suggested = self.suggests_new_run
        completion = self._instance.activate(activation)
        assert not completion.HasField("failed"), completion.failed.failure.message
        given = list(completion.successful.commands)
        self.commands += given
        return given


async def _made(details: WorkflowInstanceDetails) -> WorkflowInstance:
    """Make a workflow where a loop runs, as it must be."""
    return IdentityRunner().create_instance(details)


def kinds(commands: Sequence[WorkflowCommand]) -> list[str]:
    """Give what each command is."""
    return [str(command.WhichOneof("variant")) for command in commands]


def the(kind: str, commands: Sequence[WorkflowCommand]) -> WorkflowCommand:
    """Give the one command of a kind. Fails when there are none or several."""
    (found,) = each(kind, commands)
    return found


def each(kind: str, commands: Sequence[WorkflowCommand]) -> list[WorkflowCommand]:
    """Give the commands of a kind, in order."""
    return [command for command in commands if command.WhichOneof("variant") == kind]
