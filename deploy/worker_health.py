"""Says whether a worker has asked Temporal for work within the last minutes. Exit code 0 or 1; it changes nothing."""

import asyncio
import os
import sys
from datetime import UTC, datetime

from temporalio.service import RPCError

from settings import Settings
from workflows.connection import connect
from workflows.health import pollers
from workflows.workers import OLDEST_POLL


async def last_poll(task_queue: str) -> datetime | None:
    """Give the instant a worker last polled a task queue, or None. Raises RuntimeError or RPCError out of reach."""
    return next(iter(await pollers(await connect(), task_queue)), None)


def main() -> int:
    """Look once and tell."""
    try:
        polled_at = asyncio.run(last_poll(Settings().task_queue))
    except (RuntimeError, RPCError) as problem:
        print(f"Temporal is out of reach: {problem}")
        return 1
    if polled_at is None or datetime.now(UTC) - polled_at > OLDEST_POLL:
        print(f"no worker has polled since {polled_at or 'the start'}")
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads now and then abort an interpreter that tears itself down: sdk-python issue 300
