"""Replays the golden histories as a worker runs them, and stops at the first that does not replay clean.

Started by `mutation edits` in a copy of the tree. It prints the history and why, and exits 1; or how many it replayed.
"""

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from temporalio.client import WorkflowHistory

from tests.replay import corpus
from tests.replay.recorded import history, replayer
from workflows.identity import IdentityRunner

_MESSAGE = re.compile(r'message: "((?:[^"\\]|\\.){1,200})')
"""Where Temporal's core says why, inside what it tells of a failure."""


async def _main() -> int:
    logging.disable()
    names = [run for release in corpus.RELEASES for row in corpus.manifest(release) for run in row.runs]

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for name in names:
            yield history(name)

    count = 0
    async with replayer(IdentityRunner()).workflow_replay_iterator(histories()) as results:
        async for result in results:
            count += 1
            if result.replay_failure is not None:
                said = str(result.replay_failure)
                why = _MESSAGE.search(said)
                print(f"{Path(result.history.workflow_id).name}: {why[1] if why else said[:200]!r}")
                return 1
    print(f"{count} histories replayed clean")
    return 0 if count == len(names) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
