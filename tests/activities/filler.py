"""Records reports of one subject until the disk is full, and prints each id that was acknowledged, then the problem.

It is a program of its own: the largest size of a file is its own limit. Arguments: journal URL, stream, bytes.
"""

import resource
import signal
import sys
from datetime import UTC, datetime

from activities.recorder import Recorder
from journal.store import Journal, JournalAway
from tests.server.bad import RASH
from tests.server.past import request, sent
from workflows.client import Submitted


def main() -> None:
    """Fill it."""
    address, stream, size = sys.argv[1:]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    recorder = Recorder(Journal(address))
    try:
        for number in range(10_000):
            report = Submitted("adverse_event", RASH | {"term": "x" * 180}, staff="INV1", id=f"report-{number:05d}")
            recorder.record(request(stream, 0, datetime.now(UTC), sent(report)))
            print(report.id, flush=True)  # noqa: T201 - it tells the test
    except JournalAway as problem:
        print(problem)  # noqa: T201 - as above


if __name__ == "__main__":
    main()
