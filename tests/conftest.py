"""What tests of several folders share: a PostgreSQL server of their own. `make setup` brings it."""

from collections.abc import Iterator

import pytest

from bench.postgres import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server on a free port."""
    started = Cluster()
    yield started
    started.close()
