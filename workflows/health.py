"""Says whether an installation is well: Temporal, its workers, and the watchdog's last run. It changes nothing."""

from datetime import UTC, datetime, timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, ScheduleDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.checks import Check
from activities.report import Report
from workflows import versions
from workflows.setting_up import schedule_id
from workflows.watch import Watch
from workflows.workers import FIRST_BEAT, OLDEST_BEAT, OLDEST_POLL, beating, polling

PERIODS = 2
SHOWN = 5
"""Findings named in one line; the rest is counted."""


async def examine(client: Client, trial: str, task_queue: str, deployment: str = "") -> list[Check]:
    """Look at namespace, workers, their versions where they have any, and watchdog.

    What cannot be asked is not well; nothing is raised for it.
    """
    released = [await versions.check(client, task_queue, deployment)] if deployment else []
    return [await _namespace(client), await _workers(client, task_queue), *released, await _watchdog(client, trial)]


async def _namespace(client: Client) -> Check:
    where = f"{client.service_client.config.target_host}, namespace {client.namespace}"
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as problem:
        return Check("temporal", ok=False, detail=f"{where}: {problem.message}")
    return Check("temporal", ok=True, detail=where)


async def pollers(client: Client, task_queue: str) -> list[datetime]:
    """Give when each worker last asked for workflow tasks, the latest first. Raises RPCError."""
    return sorted((row.last_access_time.ToDatetime(UTC) for row in await polling(client, task_queue)), reverse=True)


async def heartbeats(client: Client, task_queue: str) -> list[datetime] | None:
    """Give when each running worker last said that it lives, the latest first; None where the server keeps no such.

    Raises RPCError.
    """
    beats = await beating(client, task_queue)
    return None if beats is None else sorted((row.heartbeat_time.ToDatetime(UTC) for row in beats), reverse=True)


async def _workers(client: Client, task_queue: str) -> Check:
    try:
        beats = await heartbeats(client, task_queue)
        polled = await pollers(client, task_queue)
        if beats is not None:
            return _alive(beats, polled, task_queue)
    except RPCError as problem:
        return Check("workers", ok=False, detail=problem.message)
    alive = [at for at in polled if datetime.now(UTC) - at <= OLDEST_POLL]
    if alive:
        return Check("workers", ok=True, detail=f"{len(alive)} on {task_queue}, last asked for work {_ago(alive[0])}")
    last = f"the last one {_ago(polled[0])}" if polled else "and none has within minutes"
    return Check("workers", ok=False, detail=f"none asks for work on {task_queue}, {last}: start worker.py")


def _alive(beats: list[datetime], polled: list[datetime], task_queue: str) -> Check:
    """Say whether workers live by their heartbeats; one that has just begun is known by its first poll."""
    now = datetime.now(UTC)
    alive = [at for at in beats if now - at <= OLDEST_BEAT] or [at for at in polled if now - at <= FIRST_BEAT]
    if alive:
        return Check("workers", ok=True, detail=f"{len(alive)} on {task_queue}, last heard of {_ago(alive[0])}")
    last = f"last heard of one {_ago(beats[0])}" if beats else "and none has said that it runs"
    return Check("workers", ok=False, detail=f"none lives on {task_queue}, {last}: start worker.py")


async def _watchdog(client: Client, trial: str) -> Check:
    try:
        schedule = await client.get_schedule_handle(schedule_id(trial)).describe()
        report = await _last_report(client, schedule)
    except RPCError as problem:
        missing = problem.status is RPCStatusCode.NOT_FOUND
        detail = "it has no schedule: a worker's start makes it" if missing else problem.message
        return Check("watchdog", ok=False, detail=detail)
    if report is None:
        return Check("watchdog", ok=False, detail="no run of it has ended yet")
    period = max((row.every for row in schedule.schedule.spec.intervals), default=timedelta(0))
    looked = f"looked {_ago(report.at)} at {report.open} open of {report.streams} streams in {report.seconds} s"
    late = datetime.now(UTC) - report.at > PERIODS * period
    wrong = [
        *(["it is paused by hand"] if schedule.schedule.state.paused else []),
        *([f"its last run is older than {PERIODS} periods of {period.total_seconds():.0f} s"] if late else []),
        *([report.problem] if report.problem else []),
        *(f"{finding.stream} {finding.what}: {finding.detail}" for finding in report.left[:SHOWN]),
        *([f"{len(report.left) - SHOWN} more"] if len(report.left) > SHOWN else []),
    ]
    repaired = len(report.findings) - len(report.left)
    told = [looked, *([f"repaired {repaired}"] if repaired else []), *wrong]
    return Check("watchdog", ok=not wrong, detail="; ".join(told), report=report)


async def _last_report(client: Client, schedule: ScheduleDescription) -> Report | None:
    """Give the report of the latest run that ended well; the schedule itself names its runs."""
    for result in reversed(schedule.info.recent_actions):
        action = result.action
        handle = client.get_workflow_handle_for(
            Watch.run, getattr(action, "workflow_id", ""), run_id=getattr(action, "first_execution_run_id", None)
        )
        if (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED:
            return await handle.result()
    return None


def _ago(instant: datetime) -> str:
    return f"{(datetime.now(UTC) - instant).total_seconds():.0f} s ago"
