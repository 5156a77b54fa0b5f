"""Wakes streams whose journal is ahead of their workflow. It compares, and sends a signal; it changes nothing."""

import asyncio
import time
from typing import Final

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from journal.store import Journal

REST = 1.0
"""Times as long as the last question took: one after the other, with rests. Each has a new worker replay a run, beside
what people wait for: a command, a timer, an outcome."""
PENDING: Final = "pending_workflow_task"
"""A workflow whose task waits for a worker reads the journal in it. It must not be asked before: a question to a worker
that does not know the run yet has it act on what came since, a timer that fired, apart from the commands that came with
it. A later replay takes both at once, commands first, and does not fit any more."""
_log = structlog.stdlib.get_logger(__name__)


async def wake_those_behind(client: Client, journal: Journal) -> list[str]:
    """Wake each running workflow that has not seen all its facts, and give their names."""
    heads, woken = await asyncio.to_thread(journal.heads), []
    for stream, head in heads.items():
        begun = time.monotonic()
        if await _wake(client, stream, head):
            woken.append(stream)
        await asyncio.sleep((time.monotonic() - begun) * REST)
    _log.info("worker.woke", streams=len(heads), woken=len(woken))
    return woken


async def _wake(client: Client, stream: str, head: int) -> bool:
    handle = client.get_workflow_handle(stream)
    try:
        about = await handle.describe()
        if about.status is not WorkflowExecutionStatus.RUNNING or about.raw_description.HasField(PENDING):
            return False
        seen = (await handle.query("show"))["facts"]
        if seen >= head:
            return False
        await handle.signal("wake")
    except RPCError as problem:
        _log.warning("worker.not_woken", stream=stream, problem=problem.message)
        return False
    return True
