"""One development server for all tests of this folder, and the installations they share."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from bench.postgres import Cluster
from tests.server.installation import Installation, install
from tests.server.rig import Server


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Cluster | None:
    """Where every installation's journal lies: in PostgreSQL with TRIALPATH_TESTS_ON=postgresql, else (None) in SQLite.

    Any other value of the variable fails each test, so that no run is taken for what it was not.
    """
    named = os.environ.get("TRIALPATH_TESTS_ON") or "sqlite"
    if named not in ("sqlite", "postgresql"):
        pytest.fail(f"TRIALPATH_TESTS_ON is {named!r}; accepted: sqlite, postgresql")
    if named == "sqlite":
        return None
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster


@pytest.fixture(scope="session")
def server(databases: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The development server."""
    running = Server(tmp_path_factory.mktemp("server"), databases)
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
