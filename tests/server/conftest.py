"""One development server for all tests of this folder, and the installations they share."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.server.installation import Installation, install
from tests.server.rig import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The development server."""
    running = Server(tmp_path_factory.mktemp("server"))
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
