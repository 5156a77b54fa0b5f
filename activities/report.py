"""What the watchdog is asked and reports. It is data in histories: fields are only ever added, with defaults."""

from datetime import datetime, timedelta
from typing import Literal

from activities.contract import Plain

WATCH = "watch"
HEARTBEAT = timedelta(seconds=15)
"""A look of the watchdog that has not been heard of for so long has lost its worker."""
What = Literal[
    "MISSING", "ENDED", "WEDGED", "OVERDUE", "BEHIND", "STUCK", "NOBODY_ASKED", "UNREADABLE", "TEMPORAL_LOST",
    "JOURNAL_LOST",
]  # fmt: skip
Done = Literal["", "restarted", "woken", "retried"]


class WatchRequest(Plain):
    """What the watchdog is asked. The grace is trial time; see `activities.comparing.grace_of`."""

    grace_seconds: float
    trial: str = ""


class Finding(Plain):
    """One stream that is not as the journal says. `done`: what the watchdog did about it; empty: people are needed."""

    stream: str
    what: What
    detail: str
    done: Done = ""


class Report(Plain):
    """One run of the watchdog. `at` is real time at its end; `problem`: why it could not look or export."""

    at: datetime
    streams: int = 0
    open: int = 0
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()
    problem: str = ""

    @property
    def left(self) -> tuple[Finding, ...]:
        """What the watchdog could not put right itself."""
        return tuple(finding for finding in self.findings if not finding.done)
