"""An activity that takes longer than its silence may last beats by itself; one whose heartbeats stop is tried again."""

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from temporalio import activity, exceptions, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.beating import BeatingInterceptor
from tests.server.rig import Server

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
SILENCE = timedelta(seconds=1)
LASTS = 2.5


@activity.defn
async def on_the_loop() -> int:
    """Take longer than the silence, and give the try."""
    await asyncio.sleep(LASTS)
    return activity.info().attempt


@activity.defn(no_thread_cancel_exception=True)
def in_a_thread() -> int:
    """Take longer than the silence in a thread, and give the try."""
    time.sleep(LASTS)
    return activity.info().attempt


@workflow.defn
class Long:
    """Runs one activity, once."""

    @workflow.run
    async def run(self, name: str) -> int:
        """Run it."""
        tries: int = await workflow.execute_activity(
            name,
            result_type=int,
            start_to_close_timeout=timedelta(seconds=30),
            heartbeat_timeout=SILENCE,
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
        return tries


async def _play(server: Server, name: str, *interceptors: BeatingInterceptor) -> int:
    client = await Client.connect(server.address)
    queue = uuid.uuid4().hex
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            client,
            task_queue=queue,
            workflows=[Long],
            activities=[on_the_loop, in_a_thread],
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
            interceptors=interceptors,
        ):
            return await client.execute_workflow(Long.run, name, id=queue, task_queue=queue)


@pytest.mark.parametrize("name", ["on_the_loop", "in_a_thread"])
async def test_a_long_activity_beats_wherever_it_runs(server: Server, name: str) -> None:
    """It ends in its first try."""
    assert await _play(server, name, BeatingInterceptor()) == 1


@pytest.mark.parametrize("name", ["on_the_loop", "in_a_thread"])
async def test_one_that_is_silent_is_given_up(server: Server, name: str) -> None:
    """Without the interceptor the silence is what ends it."""
    with pytest.raises(WorkflowFailureError) as failed:
        await _play(server, name)

    assert isinstance(failed.value.cause, exceptions.ActivityError)
    assert isinstance(failed.value.cause.cause, exceptions.TimeoutError)
    assert failed.value.cause.cause.type == exceptions.TimeoutType.HEARTBEAT
