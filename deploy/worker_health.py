"""Says whether a worker is well: by its health page where it serves one, else by when it last asked Temporal for work.

Exit code 0 or 1; it changes nothing.
"""

import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime

from temporalio.service import RPCError

from settings import Settings
from workflows.connection import connect
from workflows.health import pollers
from workflows.workers import OLDEST_POLL

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a container's page listens on; it is asked on loopback
SECONDS_TO_ANSWER = 10


async def last_poll(task_queue: str) -> datetime | None:
    """Give the instant a worker last polled a task queue, or None. Raises RuntimeError or RPCError out of reach."""
    return next(iter(await pollers(await connect(), task_queue)), None)


def by_page(address: str) -> int:
    """Ask a worker's own page, say what is red on it, and give the exit code. A worker that hangs does not answer."""
    host, _, port = address.rpartition(":")
    url = f"http://{'127.0.0.1' if host == EVERYWHERE else host}:{port}/health"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS_TO_ANSWER):
            return 0
    except urllib.error.HTTPError as answer:
        red = [f"{row['name']}: {row['detail']}" for row in json.load(answer)["checks"] if not row["ok"]]
        print("; ".join(red))
    except OSError as problem:
        print(f"no answer from {url}: {problem}")
    return 1


def main() -> int:
    """Look once and tell."""
    settings = Settings()
    return by_page(settings.health_address) if settings.health_address else by_polls(settings.task_queue)


def by_polls(task_queue: str) -> int:
    """Ask Temporal when a worker last polled, say so when that is long ago, and give the exit code."""
    try:
        polled_at = asyncio.run(last_poll(task_queue))
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
