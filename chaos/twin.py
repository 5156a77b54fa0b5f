"""Replays closed runs with the next release's shell, as workers without builds would: this must fail.

`python -m chaos.twin FOLDER` prints how many do not replay; exit code 1 when there is one.
"""

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from temporalio.client import WorkflowHistory

from tests.server.next_worker import put_in
from workflows.replaying import replayed

BROKEN = "TMPRL1100"
"""What the SDK says of a history that does not fit the code."""


async def failing(folder: Path) -> tuple[int, int]:
    """Count the histories of a folder, and those that the next release cannot replay."""

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for file in sorted(folder.glob("*/*.json.gz")):
            yield WorkflowHistory.from_json(file.parent.name, gzip.decompress(file.read_bytes()).decode())

    found = [why async for _, why in replayed(histories())]
    return len(found), sum(BROKEN in why for why in found)


if __name__ == "__main__":
    put_in()
    counted, failed = asyncio.run(failing(Path(sys.argv[1])))
    print(f"{failed} of {counted} histories do not replay")
    sys.exit(1 if failed else 0)
