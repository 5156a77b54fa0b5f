"""The worker with failpoints, whose runs hand over every few commands: only for the race of hand-overs."""

import runpy

from activities import recorder

EVENTS = 120
"""History events after which a run hands over: about 20 commands."""

if __name__ == "__main__":
    recorder.SHORT_RUN = recorder.LONG_RUN = EVENTS
    runpy.run_module("chaos.worker", run_name="__main__")
