"""What tests of the checker share: the rows of one good run."""

import pytest

from tests.chaos.evidence_folder import Row, told


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Row]]:
    """The rows of a good run. A test works on a copy."""
    return told(tmp_path_factory.mktemp("told"))
