"""An activity that takes longer than its silence may last beats by itself; one whose heartbeats stop is tried again."""

import asyncio
import logging
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


@activity.defn
async def hangs_once() -> int:
    """Hold up the loop in the first try, as a machine that stands still does; go on where Temporal may stop it."""
    if activity.info().attempt == 1:
        time.sleep(LASTS)  # noqa: ASYNC251 - the fault itself
        await asyncio.sleep(10 * LASTS)
    return activity.info().attempt


@workflow.defn
class Long:
    """Runs one activity."""

    @workflow.run
    async def run(self, name: str, tries_at_most: int = 1) -> int:
        """Run it."""
        tries: int = await workflow.execute_activity(
            name,
            result_type=int,
            start_to_close_timeout=timedelta(seconds=30),
            heartbeat_timeout=SILENCE,
            retry_policy=RetryPolicy(maximum_attempts=tries_at_most),
        )
        return tries


async def _play(server: Server, name: str, *interceptors: BeatingInterceptor, tries_at_most: int = 1) -> int:
    client = await Client.connect(server.address)
    queue = uuid.uuid4().hex
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            client,
            task_queue=queue,
            workflows=[Long],
            activities=[on_the_loop, in_a_thread, hangs_once],
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
            interceptors=interceptors,
        ):
            return await client.execute_workflow(Long.run, args=[name, tries_at_most], id=queue, task_queue=queue)


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


async def test_a_try_that_is_given_up_leaves_a_line_in_the_log_and_no_traceback(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """The machine stood still for longer than the silence: the next try ends it, and nothing looks like a fault."""
    with caplog.at_level(logging.INFO, "temporalio.activity"):
        assert await _play(server, "hangs_once", BeatingInterceptor(), tries_at_most=2) == 2

    assert [line.levelname for line in caplog.records if "attempt given up" in line.message] == ["INFO"]
    assert [line.message for line in caplog.records if line.exc_info] == []
