"""The real worker, which kills itself once, right after the journal took a named submission. For tests only.

The name stands in a file: whichever worker takes the file away is the one that dies.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from temporalio import activity

import worker
from activities.contract import RECORD, RecordRequest, Step
from activities.recorder import Recorder
from domain.intake import carried_id

DEATH_NOTE = "TRIALPATH_TEST_DIE_AFTER"


class DyingRecorder(Recorder):
    """Records, and then dies when the death note names a submission it took."""

    @activity.defn(name=RECORD, no_thread_cancel_exception=True)
    def record(self, request: RecordRequest) -> Step:
        """Record; the answer never leaves the process when this is the named submission."""
        step = super().record(request)
        note = Path(os.environ[DEATH_NOTE])
        with suppress(FileNotFoundError):
            if note.read_text() in [carried_id(message) for message in request.messages]:
                note.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        return step


if __name__ == "__main__":
    worker.Recorder = DyingRecorder  # type: ignore[attr-defined] # the one change to the real worker
    sys.exit(worker.main())
