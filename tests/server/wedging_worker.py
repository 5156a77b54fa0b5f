"""The real worker with a fault in its workflow code: the task of the stream that a file names fails. For tests only."""

import os
import sys
from pathlib import Path

import worker
from workflows import patient_journey
from workflows.interpreter import Interpreter

WEDGED = "TRIALPATH_TEST_WEDGE"


class FaultyInterpreter(Interpreter):
    """Keeps facts, or fails as a fault of ours would."""

    def _keep(self, facts: list[str]) -> None:
        note = Path(os.environ[WEDGED])
        if note.exists() and note.read_text() == self._start.stream:
            raise RuntimeError("a fault")
        super()._keep(facts)


if __name__ == "__main__":
    patient_journey.Interpreter = FaultyInterpreter  # type: ignore[attr-defined] # the one change to the real worker
    sys.exit(worker.main())
