"""A file of JSON lines in which each key stands once, over restarts and beside other workers of the same machine."""

import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

_log = structlog.stdlib.get_logger(__name__)


class KeyedFile:
    """The file. A line that was cut short, as by a full disk, counts as never written."""

    def __init__(self, path: Path) -> None:
        """Append to this file."""
        self._path = path
        self._guard = threading.Lock()
        self._keys: set[str] = set()
        self._read_to = 0

    def has(self, key: str) -> bool:
        """Say whether a key stands in the file. Raises OSError."""
        with self._held() as descriptor:
            self._learn(descriptor)
            return key in self._keys

    def add(self, key: str, content: Mapping[str, Any]) -> bool:
        """Append a line unless its key stands there already; say whether it was new. Raises OSError."""
        line = json.dumps({"key": key, **content}, ensure_ascii=False)
        with self._held() as descriptor:
            self._learn(descriptor)
            if key in self._keys:
                return False
            _append(descriptor, f"{line}\n".encode())
            self._keys.add(key)
        return True

    def check(self) -> str:
        """Say why nothing can be added now; nothing when it can."""
        try:
            with self._held():
                return ""
        except OSError as problem:
            return f"{self._path} cannot be written: {problem.strerror or problem}"

    @contextmanager
    def _held(self) -> Iterator[int]:
        with self._guard:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file.fileno()

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
