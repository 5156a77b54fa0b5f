"""Failpoints: named places in a worker at which it dies, stops or fails when a file or its environment says so.

Each hit is on the disk before it takes effect, so that a trial can prove that its fault was hit.
"""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

Action = Literal["kill9", "stop", "raise"]
FIXED, ARMED, HITS = "CHAOS_FAILPOINT", "CHAOS_FAILPOINT_FILE", "CHAOS_HITS"
"""Environment: a failpoint for this process; the file that arms one for whichever worker comes first; where hits go."""
ATTEMPTS = "CHAOS_ATTEMPTS"
"""Environment: where each attempt of an activity goes."""


class HitError(OSError):
    """What a failpoint with `raise` raises: trouble of the world, which passes."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """At the `nth` time that a point is reached, do something."""

    point: str
    nth: int = 1
    action: Action = "kill9"

    def __str__(self) -> str:
        """Give it as it is written."""
        return f"{self.point}:{self.nth}:{self.action}"


def parse(text: str) -> Failpoint:
    """Read `point[:nth[:action]]`. Raises ValueError, saying what is expected."""
    point, _, rest = text.strip().partition(":")
    nth, _, action = rest.partition(":")
    if not point or (nth and not (nth.isdecimal() and int(nth) > 0)):
        raise ValueError(f"failpoint {text!r}: point:nth:action is expected, for example record.after:1:kill9")
    for known in get_args(Action):
        if action in (known, ""):
            return Failpoint(point, int(nth or 1), (action and known) or "kill9")
    raise ValueError(f"failpoint {text!r}: action {action!r} is none of {', '.join(get_args(Action))}")


class Failpoints:
    """The failpoints of one process. Safe to call from several threads."""

    def __init__(
        self,
        *,
        fixed: Failpoint | None = None,
        armed: Path | None = None,
        hits: Path | None = None,
        kill: Callable[[int, int], None] = os.kill,
    ) -> None:
        """Obey a failpoint of this process alone, and a file that arms one for all of them."""
        self._fixed = fixed
        self._armed = armed
        self._hits = hits
        self._kill = kill
        self._guard = threading.Lock()
        self._seen: Counter[tuple[str, int, str]] = Counter()

    @classmethod
    def of_environment(cls) -> "Failpoints":
        """Read them from the environment. Raises ValueError."""
        fixed, armed, hits = (os.environ.get(name) for name in (FIXED, ARMED, HITS))
        return cls(
            fixed=parse(fixed) if fixed else None,
            armed=Path(armed) if armed else None,
            hits=Path(hits) if hits else None,
        )

    def reached(self, point: str) -> None:
        """Say that a point is reached: nothing happens, or what is armed there. Raises HitError when that says so."""
        with self._guard:
            found = self._due(point)
            if found is None:
                return
            self._note(found)
        if found.action == "raise":
            raise HitError(f"failpoint {found}")
        self._kill(os.getpid(), signal.SIGKILL if found.action == "kill9" else signal.SIGSTOP)

    def _due(self, point: str) -> Failpoint | None:
        if self._fixed is not None and self._counts(self._fixed, point, 0):
            found, self._fixed = self._fixed, None
            return found
        if self._armed is None:
            return None
        try:
            about = self._armed.stat()
            armed = parse(self._armed.read_text())
            if self._counts(armed, point, about.st_mtime_ns):
                self._armed.rename(self._armed.with_name(f"{self._armed.name}.{os.getpid()}"))  # one worker gets it
                return armed
        except (FileNotFoundError, ValueError):
            return None
        return None

    def _counts(self, wanted: Failpoint, point: str, since: int) -> bool:
        if wanted.point != point:
            return False
        key = (str(wanted), since, point)
        self._seen[key] += 1
        return self._seen[key] >= wanted.nth

    def _note(self, found: Failpoint) -> None:
        if self._hits is None:
            return
        line = {"failpoint": str(found), "pid": os.getpid(), "at": datetime.now(UTC).isoformat()}
        descriptor = os.open(self._hits, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{json.dumps(line)}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
