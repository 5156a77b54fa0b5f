"""Prepares a namespace of Temporal: search attributes and the watchdog's schedule. Each is made once, and kept so."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecution,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleIntervalSpec,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from activities.comparing import described, halted
from activities.contract import TASK_TIMEOUT
from activities.report import WatchRequest
from workflows.search_attributes import UnregisteredError, register
from workflows.versions import deployment_of

SHORTEST_CATCH_UP = timedelta(seconds=10)
SHORTEST_LATE = timedelta(seconds=1)
_log = structlog.stdlib.get_logger(__name__)


class Plan(Protocol):
    """How the watchdog of a trial goes: how often, and how late a due instant may be (trial time). The settings say."""

    @property
    def trial(self) -> str: ...  # noqa: D102 - its name says it
    @property
    def task_queue(self) -> str: ...  # noqa: D102 - its name says it
    @property
    def watchdog_seconds(self) -> int: ...  # noqa: D102 - its name says it
    @property
    def watchdog_grace_seconds(self) -> float: ...  # noqa: D102 - its name says it
    @property
    def versioned_as(self) -> str: ...  # noqa: D102 - the worker deployment; empty for workers without versions


def schedule_id(trial: str) -> str:
    """Name the watchdog's schedule."""
    return f"watchdog-{trial}"


async def set_up(client: Client, plan: Plan) -> None:
    """Prepare the namespace. Raises UnregisteredError, RPCError: without search attributes every task fails.

    Raises NoDeploymentsError for versioned workers on a server that would give them nothing to do.
    """
    if plan.versioned_as:
        await deployment_of(client, plan.versioned_as)
    await register(client)
    await schedule_watchdog(client, plan)


async def keep(client: Client, plan: Plan) -> None:
    """Make again, twice a period, what is missing or stands still. Until cancelled.

    Temporal may be lost while the worker lives; and a schedule whose own timer was lost never runs again by itself.
    """
    while True:
        await asyncio.sleep(plan.watchdog_seconds / 2)
        try:
            await register(client)
            await _kept(client, plan)
        except (RPCError, UnregisteredError) as problem:
            _log.warning("set_up.failed", problem=str(problem)[:300])


async def schedule_watchdog(client: Client, plan: Plan) -> None:
    """Make the schedule, or change it to the plan. A worker goes on without one, and `health` says so.

    A schedule that is paused by hand stays paused, and `health` says that too.
    """
    wanted = _wanted(plan)

    async def changed(now: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = now.description.schedule.state
        return ScheduleUpdate(wanted)

    try:
        if not await _made(client, plan):
            await client.get_schedule_handle(schedule_id(plan.trial)).update(changed)
    except RPCError as problem:  # the time-skipping server has no schedules; another may forbid them
        _log.warning("watchdog.not_scheduled", problem=problem.message[:300])


async def _kept(client: Client, plan: Plan) -> None:
    """Make a schedule that is missing, and make one anew that stands still: no change to it brings its timer back.

    A run that will never end is ended first: no other begins beside it.
    """
    if await _made(client, plan):
        return
    handle = client.get_schedule_handle(schedule_id(plan.trial))
    schedule = await handle.describe()
    ended = [await _ended(client, action, plan) for action in schedule.info.running_actions]
    if all(ended) and _stands_still(schedule, plan):
        _log.warning("watchdog.stood_still", schedule=schedule_id(plan.trial))
        await handle.delete()
        await _made(client, plan)


async def _ended(client: Client, action: ScheduleActionExecution, plan: Plan) -> bool:
    """Terminate a run that has lost its timers on its way, and say whether none runs there any more."""
    if not isinstance(action, ScheduleActionExecutionStartWorkflow):
        return True
    run = client.get_workflow_handle(action.workflow_id, run_id=action.first_execution_run_id)
    found = described(await run.describe())
    if not found.is_running:
        return True
    halt = halted(found, datetime.now(UTC), timedelta(seconds=plan.watchdog_grace_seconds))
    if halt is None:
        return False
    _log.warning("watchdog.run_halted", run=action.workflow_id, what=halt.what, detail=halt.detail)
    await run.terminate(reason=halt.detail)
    return True


def _stands_still(schedule: ScheduleDescription, plan: Plan) -> bool:
    """Say whether the next run should have begun. A schedule that goes moves it on as soon as it has come."""
    late = max(timedelta(seconds=plan.watchdog_seconds) / 4, SHORTEST_LATE)
    upcoming = schedule.info.next_action_times
    return not schedule.schedule.state.paused and bool(upcoming) and upcoming[0] + late < datetime.now(UTC)


async def _made(client: Client, plan: Plan) -> bool:
    """Make the schedule, and say whether it was missing. Its first run is at once. Raises RPCError."""
    try:
        await client.create_schedule(schedule_id(plan.trial), _wanted(plan), trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        return False
    return True


def _wanted(plan: Plan) -> Schedule:
    period = timedelta(seconds=plan.watchdog_seconds)
    return Schedule(
        action=ScheduleActionStartWorkflow(
            "Watchdog",
            WatchRequest(grace_seconds=plan.watchdog_grace_seconds, trial=plan.trial),
            id=schedule_id(plan.trial),
            task_queue=plan.task_queue,
            task_timeout=TASK_TIMEOUT,
            static_summary=f"Watchdog of {plan.trial}",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=period)]),
        policy=SchedulePolicy(catchup_window=max(period, SHORTEST_CATCH_UP)),
    )
