"""What the tests of the laboratory's server share."""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from activities.adapters.fhir_access import Access
from activities.adapters.fhir_server import FhirServer
from tests.laboratory.hostile import Hostile, serving


class Opens(Protocol):
    """Opens the laboratory at the hostile server, or at another address."""

    def __call__(self, url: str = "", **settings: Any) -> FhirServer:
        """Open it with these settings."""


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    """A server that does whatever the test wants."""
    with serving() as server:
        yield server


@pytest.fixture
def opened(hostile: Hostile) -> Opens:
    """Opens the laboratory, with little patience."""

    def opens(url: str = "", **settings: Any) -> FhirServer:
        patience: dict[str, Any] = {"connect_seconds": 1, "read_seconds": 1, "whole_seconds": 3}
        return FhirServer(Access(url=url or hostile.url, **patience | settings))

    return opens
