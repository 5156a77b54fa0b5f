"""The next release, for tests only: rules of an amendment, and a shell that cannot replay what the real one left."""

import asyncio
import sys
from datetime import timedelta

from temporalio import workflow

import worker
from tests.replay.amendment import amendment
from workflows import patient_journey, trial_register
from workflows.interpreter import Interpreter


class NextInterpreter(Interpreter):
    """Begins each run with a timer more than the real one."""

    def _begin(self, **about: bool) -> None:
        if not self._effects and self._alarm is None:
            self._beside = asyncio.create_task(workflow.sleep(timedelta(days=365), summary="of the next release"))
        super()._begin(**about)


def put_in() -> None:
    """Let both workflows of this process run with it."""
    for module in (patient_journey, trial_register):
        vars(module)["Interpreter"] = NextInterpreter


if __name__ == "__main__":
    put_in()
    with amendment():
        sys.exit(worker.main())
