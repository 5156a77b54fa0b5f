"""Notices as JSON lines in a file, and on the log. The same key is written once, over restarts too."""

import errno
import fcntl
import json
import os
import threading
from pathlib import Path

import structlog

from activities.ports import Notice

_log = structlog.stdlib.get_logger(__name__)


class FileSink:
    """A file of notices, one JSON object a line."""

    name = "file"

    def __init__(self, path: Path) -> None:
        """Append to this file."""
        self._path = path
        self._guard = threading.Lock()
        self._keys: set[str] = set()
        self._read_to = 0

    def deliver(self, notice: Notice) -> None:
        """Append a notice unless its key stands in the file already. Raises OSError when it cannot be written."""
        line = json.dumps(
            {
                "key": notice.key,
                "at": notice.at.isoformat(),
                "subject": notice.subject,
                "notice": notice.notice,
                "to": list(notice.to),
                "text": notice.text,
                "urgent": notice.urgent,
            }
        )
        with self._guard:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._learn(file.fileno())
                if notice.key in self._keys:
                    return
                _append(file.fileno(), f"{line}\n".encode())
                self._keys.add(notice.key)
        _log.info("notice", key=notice.key, notice=notice.notice, to=list(notice.to), urgent=notice.urgent)

    def _learn(self, descriptor: int) -> None:
        """Read the keys that this or another worker wrote since the last look."""
        size = os.fstat(descriptor).st_size
        if size < self._read_to:
            self._read_to = 0
        new = os.pread(descriptor, size - self._read_to, self._read_to)
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        self._keys |= {key for line in whole.splitlines() if (key := _key(line))}


def _append(descriptor: int, line: bytes) -> None:
    """Append a line, on a line of its own even after one that was cut short. Raises OSError when it is cut short."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) != len(line):
        raise OSError(errno.ENOSPC, "the notice was cut short")
    os.fsync(descriptor)


def _key(line: bytes) -> str | None:
    """Give the key of a line. One that is no notice, as after a full disk, has none."""
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError, TypeError):
        _log.warning("notice.unreadable_line", size=len(line))
        return None
