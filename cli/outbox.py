"""Submission ids are kept in a file until answered: a call repeated after a lost answer applies nothing twice."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4


class Outbox:
    """The ids of submissions that have no answer yet, one file each."""

    def __init__(self, folder: Path) -> None:
        """Keep them in this folder."""
        self._folder = folder

    def id_for(self, *content: Any) -> str:  # noqa: ANN401 - any JSON value
        """Give the id of this content: the one kept when it was sent before without an answer, else a new one."""
        path = self._path(content)
        with suppress(OSError, ValueError, KeyError):
            return str(json.loads(path.read_text())["id"])
        self._folder.mkdir(parents=True, exist_ok=True)
        new = str(uuid4())
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"id": new}))
        part.replace(path)
        return new

    def answered(self, *content: Any) -> None:  # noqa: ANN401 - any JSON value
        """Forget the id: the answer has come."""
        self._path(content).unlink(missing_ok=True)

    def _path(self, content: tuple[Any, ...]) -> Path:
        text = json.dumps(content, sort_keys=True, default=str)
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
