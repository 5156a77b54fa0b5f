"""What tests of several folders share: a PostgreSQL server of their own. `make setup` brings it."""

from collections.abc import Iterator

import pytest

from bench.postgres import Cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: two at a time, a file of minutes at the end would leave the other one idle."""
    items.sort(key=lambda item: item.get_closest_marker("server") is None and "replay" not in item.path.parts)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server on a free port."""
    started = Cluster()
    yield started
    started.close()
