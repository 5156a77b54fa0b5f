"""A workflow task that takes longer than the SDK's 2 s, as on a machine that stood still, ends by itself."""

import time
import uuid
from collections.abc import Iterator

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from tests.server.rig import Server
from workflows.identity import IdentityRunner

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
LASTS = 2.6
ends: list[str] = []
"""How each try ended: a workflow outside the sandbox may tell."""


@workflow.defn
class Slow:
    """Takes long in its first try."""

    @workflow.run
    async def run(self) -> int:
        """Take long, and give the number of tries."""
        until = time.monotonic() + (LASTS if not ends else 0)
        try:
            while time.monotonic() < until:
                time.sleep(0.01)  # noqa: ASYNC251 - the whole task is to take long
        except BaseException:
            ends.append("torn out")
            raise
        ends.append("went on")
        return len(ends)


@pytest.fixture(autouse=True)
def nothing_yet() -> Iterator[None]:
    """Each test begins with no try."""
    ends.clear()
    yield
    ends.clear()


@pytest.mark.parametrize(
    ("runner", "expected"),
    [(IdentityRunner(), ["went on", "went on"]), (UnsandboxedWorkflowRunner(), ["torn out", "went on"])],
    ids=["ours", "the SDK's"],
)
async def test_a_task_that_takes_long_is_not_torn_out_of_its_midst(
    server: Server, runner: WorkflowRunner, expected: list[str]
) -> None:
    """It goes on to its end, and the next try begins anew; the SDK's own runner throws an exception into it."""
    client = await Client.connect(server.address)
    queue = uuid.uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[Slow], workflow_runner=runner):
        tries = await client.execute_workflow("Slow", id=queue, task_queue=queue, result_type=int)

    assert (tries, ends) == (2, expected)
