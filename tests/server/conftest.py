"""One development server for all tests of this folder, and the installations they share."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.server.installation import Installation, install
from tests.server.rig import Server


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The development server. With TRIALPATH_TESTS_ON=postgresql every installation's journal lies in PostgreSQL."""
    running = Server(tmp_path_factory.mktemp("server"))
    if os.environ.get("TRIALPATH_TESTS_ON") == "postgresql":
        running.databases = request.getfixturevalue("cluster")
    yield running
    running.end()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def place(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation with one worker and an open trial on the real clock."""
    made = await install(server, "default", tmp_path_factory.mktemp("place"))
    made.start_worker()
    await made.open()
    yield made
    made.end()
