"""Brings every open stream of the journal back to Temporal after Temporal was lost. Safe to repeat, and beside others.

Only Temporal's own answer to a start says whether a stream runs: two recoveries at once begin nothing twice.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.rebuild import Known, Streams, Unreadable, begin

AT_ONCE = 10
Outcome = Literal["started", "would start", "running", "over", "refused"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of one stream. `next_due_at` is trial time; `passed`: it came meanwhile, and is acted on at once."""

    stream: str
    outcome: Outcome
    facts: int
    next_due_at: datetime | None = None
    next_due: str = ""
    passed: bool = False
    effects: tuple[str, ...] = ()
    why: str = ""


async def recover(
    client: Client, task_queue: str, streams: Streams, *, dry_run: bool, told: Callable[[int, int], None]
) -> list[Recovered]:
    """Begin the workflow of each open stream that has none. Raises RPCError; what was begun by then goes on.

    Registers come first: subjects ask them. `told` hears how many of how many streams were looked at.
    """
    heads = await asyncio.to_thread(streams.heads)
    gate = asyncio.Semaphore(AT_ONCE)
    found: list[Recovered] = []

    async def one(stream: str) -> Recovered:
        async with gate:
            recovered = await _recovered(client, task_queue, streams, stream, dry_run=dry_run)
        found.append(recovered)
        told(len(found), len(heads))
        return recovered

    return list(await asyncio.gather(*(one(stream) for stream in heads)))


async def _recovered(client: Client, task_queue: str, streams: Streams, stream: str, *, dry_run: bool) -> Recovered:
    try:
        known = await asyncio.to_thread(streams.look, stream)
    except Unreadable as problem:
        return Recovered(stream, "refused", 0, why=str(problem))
    if known.is_over:
        return _told(known, "over")
    if dry_run:
        return _told(known, "running" if await is_running(client, stream) else "would start")
    return _told(known, "started" if await begin(client, task_queue, known.start) else "running")


def _told(known: Known, outcome: Outcome) -> Recovered:
    due = known.due
    if due is None:
        return Recovered(known.stream, outcome, known.seq, effects=known.effects)
    passed = known.start.clock.real_time(due.at) <= datetime.now(UTC)
    return Recovered(known.stream, outcome, known.seq, due.at, due.text, passed, known.effects)


async def is_running(client: Client, stream: str) -> bool:
    """Say whether a stream's workflow runs. Raises RPCError."""
    try:
        return (await client.get_workflow_handle(stream).describe()).status is WorkflowExecutionStatus.RUNNING
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
