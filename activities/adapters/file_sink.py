"""Notices as JSON lines in a file, and on the log. The same key is written once, over restarts too."""

from datetime import datetime
from pathlib import Path

import structlog

from activities.adapters.keyed_file import KeyedFile
from activities.ports import Notice

_log = structlog.stdlib.get_logger(__name__)


class FileSink:
    """A file of notices, one JSON object a line."""

    name = "file"

    def __init__(self, path: Path) -> None:
        """Append to this file."""
        self._file = KeyedFile(path)

    def opens_at(self, notice: Notice, now: datetime) -> datetime:
        """Give the instant from which a notice may go out: now."""
        del notice  # a file is always open
        return now

    def check(self) -> str:
        """Say why the file cannot be written; nothing when it can."""
        return self._file.check()

    def has(self, notice: Notice) -> bool:
        """Say whether a notice stands in the file. Raises OSError."""
        return self._file.has(notice.key)

    def deliver(self, notice: Notice) -> None:
        """Append a notice unless its key stands in the file already. Raises OSError when it cannot be written."""
        content = {
            "at": notice.at.isoformat(),
            "subject": notice.subject,
            "notice": notice.notice,
            "to": list(notice.to),
            "text": notice.text,
            "urgent": notice.urgent,
        }
        if self._file.add(notice.key, content):
            _log.info("notice", key=notice.key, notice=notice.notice, to=list(notice.to), urgent=notice.urgent)
