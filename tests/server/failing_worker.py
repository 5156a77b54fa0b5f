"""The real worker, which kills itself once: right after the journal took a submission, or amid a notice. For tests.

The name stands in a file: whichever worker takes the file away is the one that dies.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from temporalio import activity

import worker
from activities.contract import RECORD, EffectRequest, Outcome, RecordRequest, Step
from activities.recorder import Recorder
from activities.world import World
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


class DyingWorld(World):
    """Dies in the middle of a notice when the death note says so."""

    @activity.defn(name="send_notice", no_thread_cancel_exception=True)
    def send_notice(self, request: EffectRequest) -> Outcome:
        """Send; the notice never leaves when the note names it."""
        note = Path(os.environ[DEATH_NOTE])
        with suppress(FileNotFoundError):
            if note.read_text() == request.payload["notice"]:
                note.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().send_notice(request)


if __name__ == "__main__":
    worker.Recorder = DyingRecorder  # type: ignore[attr-defined] # one of the two changes to the real worker
    worker.World = DyingWorld  # type: ignore[attr-defined] # the other
    sys.exit(worker.main())
