"""A folder of histories, one compressed file for each run that has closed: Temporal deletes its own after a while.

They hold all that a run was told, names of participants' records among it: folder and files are for their owner alone.
"""

import gzip
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from temporalio.client import WorkflowHistory

from domain.decider import trial_of

ENDING = ".json.gz"


class UnreadableHistory(Exception):
    """A file is no history, or not a whole one."""


class HistoryFolder:
    """The folder. A file is whole or not there; the same run again writes nothing."""

    def __init__(self, path: Path) -> None:
        """Keep histories here. The folder is made when the first one comes."""
        self.path = path

    def file_of(self, stream: str, run_id: str) -> Path:
        """Name the file of a run."""
        return self.path / stream / f"{run_id}{ENDING}"

    def has(self, stream: str, run_id: str) -> bool:
        """Say whether a run is here."""
        return self.file_of(stream, run_id).exists()

    def keep(self, run_id: str, history: WorkflowHistory) -> Path:
        """Write a run's history. Raises OSError, as when the disk is full: then nothing is left behind."""
        file = self.file_of(history.workflow_id, run_id)
        if file.exists():
            return file
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(gzip.compress(history.to_json().encode(), mtime=0))
                opened.flush()
                os.fsync(opened.fileno())
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return file

    def runs(self, trial: str, stream: str | None = None) -> Iterator[tuple[str, str]]:
        """Give stream and run of each file of a trial, or of one stream of it."""
        for file in sorted(self.path.glob(f"{stream or '*'}/*{ENDING}")):
            if not file.name.startswith(".") and _is_of(trial, file.parent.name):
                yield file.parent.name, file.name.removesuffix(ENDING)

    def read(self, stream: str, run_id: str) -> WorkflowHistory:
        """Read a run's history. Raises UnreadableHistory."""
        file = self.file_of(stream, run_id)
        try:
            history = WorkflowHistory.from_json(stream, gzip.decompress(file.read_bytes()).decode())
        except (OSError, EOFError, ValueError) as problem:
            raise UnreadableHistory(f"{file} is no history, or not a whole one: {problem}") from None
        if not history.events:
            raise UnreadableHistory(f"{file} holds no event")
        return history


def _is_of(trial: str, stream: str) -> bool:
    try:
        return trial_of(stream) == trial
    except ValueError:
        return False
