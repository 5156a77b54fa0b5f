"""Says whether a worker has asked Temporal for work within the last minutes. Exit code 0 or 1; it changes nothing."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from settings import Settings
from workflows.connection import connect

OLDEST = timedelta(seconds=130)
"""A poll lasts up to 60 s and is noted when it begins; two of them, and a little."""


async def last_poll(task_queue: str) -> datetime | None:
    """Give the instant a worker last polled a task queue, or None. Raises RuntimeError or RPCError out of reach."""
    client = await connect()
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    answer = await client.workflow_service.describe_task_queue(request)
    return max((poller.last_access_time.ToDatetime(UTC) for poller in answer.pollers), default=None)


def main() -> int:
    """Look once and tell."""
    try:
        polled_at = asyncio.run(last_poll(Settings().task_queue))
    except (RuntimeError, RPCError) as problem:
        print(f"Temporal is out of reach: {problem}")
        return 1
    if polled_at is None or datetime.now(UTC) - polled_at > OLDEST:
        print(f"no worker has polled since {polled_at or 'the start'}")
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads now and then abort an interpreter that tears itself down: sdk-python issue 300
