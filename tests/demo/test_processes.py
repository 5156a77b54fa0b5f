"""Server and worker as one block: ready when it begins, gone when it ends, whatever happens between."""

import os
from pathlib import Path

import psutil
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from demo.folder import demo_settings, environment_of
from demo.processes import Embedded
from demo.programs import ProcessDied
from workflows.connection import connect

pytestmark = pytest.mark.server


def children() -> set[int]:
    """Give the process ids of this process's children."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


async def test_both_serve_inside_the_block_and_are_gone_after_it(tmp_path: Path) -> None:
    """The server knows its namespace, the worker is ready, and nothing is left behind."""
    before = children()
    environment = environment_of(demo_settings(tmp_path, "1"))
    async with Embedded(tmp_path, environment=environment, ports=None) as running:
        client = await connect(running.address)
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
        assert any("worker ready" in line for line in running.worker.lines())
        assert len(children() - before) >= 2
    assert children() == before


async def test_a_start_that_fails_half_way_leaves_nothing_and_names_program_and_log(tmp_path: Path) -> None:
    """A worker that cannot start takes the server with it, and the error says where to look."""
    before = children()
    environment = {**os.environ, "TRIALPATH_LOG_LEVEL": "LOUD"}
    with pytest.raises(ProcessDied) as told:
        async with Embedded(tmp_path, environment=environment, ports=None):
            pytest.fail("it must not begin")
    assert "worker ended with code 4" in str(told.value)
    assert str(tmp_path / "worker.log") in str(told.value)
    assert "TRIALPATH_LOG_LEVEL" in str(told.value)
    assert children() == before


async def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    """Whoever waits for the block learns which program died."""
    environment = environment_of(demo_settings(tmp_path, "1"))
    async with Embedded(tmp_path, environment=environment, ports=None) as running:
        psutil.Process(running.worker.pid).kill()
        with pytest.raises(ProcessDied, match="worker ended with code -9"):
            await running.wait()
