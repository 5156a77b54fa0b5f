"""Prepares a namespace of Temporal: search attributes and the watchdog's schedule. Each is made once, and kept so."""

import asyncio
from datetime import timedelta
from typing import Protocol

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from activities.contract import TASK_TIMEOUT
from activities.report import WatchRequest
from workflows.search_attributes import register

SHORTEST_CATCH_UP = timedelta(seconds=10)
_log = structlog.stdlib.get_logger(__name__)


class Plan(Protocol):
    """How the watchdog of a trial goes: how often, and how late a due instant may be (trial time). The settings say."""

    @property
    def trial(self) -> str: ...  # noqa: D102
    @property
    def task_queue(self) -> str: ...  # noqa: D102
    @property
    def watchdog_seconds(self) -> int: ...  # noqa: D102
    @property
    def watchdog_grace_seconds(self) -> float: ...  # noqa: D102


def schedule_id(trial: str) -> str:
    """Name the watchdog's schedule."""
    return f"watchdog-{trial}"


async def set_up(client: Client, plan: Plan) -> None:
    """Prepare the namespace. Raises RPCError when it refuses the search attributes: without them every task fails."""
    await register(client)
    await schedule_watchdog(client, plan)


async def keep(client: Client, plan: Plan) -> None:
    """Make again, from time to time, what is missing: Temporal may be lost while the worker lives. Until cancelled."""
    while True:
        await asyncio.sleep(plan.watchdog_seconds)
        try:
            await register(client)
        except RPCError as problem:
            _log.warning("set_up.failed", problem=problem.message[:300])
        else:
            await schedule_watchdog(client, plan, change=False)


async def schedule_watchdog(client: Client, plan: Plan, *, change: bool = True) -> None:
    """Make the schedule, or `change` it to the plan. A worker goes on without one, and `health` says so.

    A schedule that is paused by hand stays paused, and `health` says that too.
    """
    wanted = _wanted(plan)

    async def changed(now: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = now.description.schedule.state
        return ScheduleUpdate(wanted)

    try:
        try:
            await client.create_schedule(schedule_id(plan.trial), wanted, trigger_immediately=True)
        except ScheduleAlreadyRunningError:
            if change:
                await client.get_schedule_handle(schedule_id(plan.trial)).update(changed)
    except RPCError as problem:  # the time-skipping server has no schedules; another may forbid them
        _log.warning("watchdog.not_scheduled", problem=problem.message[:300])


def _wanted(plan: Plan) -> Schedule:
    period = timedelta(seconds=plan.watchdog_seconds)
    return Schedule(
        action=ScheduleActionStartWorkflow(
            "Watchdog",
            WatchRequest(grace_seconds=plan.watchdog_grace_seconds),
            id=schedule_id(plan.trial),
            task_queue=plan.task_queue,
            task_timeout=TASK_TIMEOUT,
            static_summary=f"Watchdog of {plan.trial}",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=period)]),
        policy=SchedulePolicy(catchup_window=max(period, SHORTEST_CATCH_UP)),
    )
