"""Submission ids are kept in a file until answered: a call repeated after a lost answer applies nothing twice."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from cli.main import UNREACHABLE, Failed


class Outbox:
    """The ids of submissions that have no answer yet, one file each."""

    def __init__(self, folder: Path) -> None:
        """Keep them in this folder."""
        self._folder = folder

    def id_for(self, *content: Any) -> str:  # noqa: ANN401 - any JSON value
        """Give the id of this content: the one kept when it was sent before without an answer, else a new one.

        Raises Failed when a new one cannot be kept, on a read-only or full disk: then nothing is to be sent.
        """
        path = self._path(content)
        known = _kept(path)
        if known is not None:
            return known
        new = str(uuid4())
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"id": new}))
            part.replace(path)
        except OSError as problem:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            why = f"its id cannot be kept in {self._folder} ({problem.strerror or problem})"
            how = "make that folder writable, with room on its disk, and call again"
            raise Failed(UNREACHABLE, f"the submission was not sent: {why}; {how}") from None
        return new

    def answered(self, submission_id: str, *content: Any) -> None:  # noqa: ANN401 - any JSON value
        """Forget the id: its answer has come. Where the disk does not let it, say what that means.

        Another id is kept: whether that call was applied is still not known.
        """
        path = self._path(content)
        if _kept(path) not in (None, submission_id):
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as problem:
            if path.exists():
                means = "until that file is deleted the same call again is taken for this one"
                click.echo(f"{path} cannot be deleted ({problem.strerror or problem}): {means}", err=True)

    def _path(self, content: tuple[Any, ...]) -> Path:
        text = json.dumps(content, sort_keys=True, default=str)
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def _kept(path: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(path.read_text())["id"])
    return None
