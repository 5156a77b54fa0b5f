"""Which workers live, as Temporal tells it: by their heartbeats, and by their questions for work. It only reads."""

from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType, WorkerStatus
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest, ListWorkersRequest
from temporalio.client import Client

OLDEST_POLL = timedelta(seconds=130)
"""A poll lasts up to 60 s and is noted when it begins; two of them, and a little."""
OLDEST_BEAT = timedelta(seconds=17)
"""Three heartbeats of a worker, and a little."""
FIRST_BEAT = timedelta(seconds=7)
"""A worker says that it lives so long after it began, at the latest; until then its first poll is what is known."""


async def beating(client: Client, task_queue: str) -> list[WorkerHeartbeat] | None:
    """Give the last heartbeat of each running worker; None where the server keeps no such. Raises RPCError."""
    answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    if not answer.namespace_info.capabilities.worker_heartbeats:
        return None
    listed = await client.workflow_service.list_workers(ListWorkersRequest(namespace=client.namespace, page_size=100))
    known = [row.worker_heartbeat for row in listed.workers_info]
    running = WorkerStatus.WORKER_STATUS_RUNNING
    return [row for row in known if row.task_queue == task_queue and row.status == running]


async def polling(client: Client, task_queue: str) -> list[PollerInfo]:
    """Give who has asked for workflow tasks in the last minutes. Raises RPCError."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    return list((await client.workflow_service.describe_task_queue(request)).pollers)
