"""Replays every stored history as a worker runs it, and stops at the first that does not replay clean.

Started by `mutation edits` in a copy of the tree. It prints the history and why, and exits 1; or how many it replayed.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from temporalio.client import WorkflowHistory

from tests.replay.recorded import HERE, history, replayer
from workflows.identity import IdentityRunner

FOLDER = HERE / "histories"


def _names() -> list[str]:
    """Give the histories, those of the newest set first: what is noticed is noticed soon."""
    paths = sorted(FOLDER.rglob("*.json.gz"), key=lambda path: ("golden" not in path.parts, path))
    return [str(path.relative_to(FOLDER)) for path in paths if ".closed-" in path.name or ".open-" in path.name]


async def _main() -> int:
    logging.disable()
    names = _names()

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for name in names:
            yield history(name)

    count = 0
    async with replayer(IdentityRunner()).workflow_replay_iterator(histories()) as results:
        async for result in results:
            count += 1
            if result.replay_failure is not None:
                why = " ".join(str(result.replay_failure).split())
                print(f"{Path(result.history.workflow_id).name}: {why[:200]}")
                return 1
    print(f"{count} histories replayed clean")
    return 0 if count == len(names) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
