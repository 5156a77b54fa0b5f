"""What is held against the machine before a worker takes work: each setting that is right in itself may not be here."""

import os
from pathlib import Path

from domain.catalogue import UnknownTrialError, latest
from settings import PREFIX, Settings


class UnusableSettingError(RuntimeError):
    """A setting cannot be used here. The message names it, and says what is accepted."""


def make_folder(name: str, folder: Path) -> None:
    """Make a folder that a setting names, and hold that we may write in it. Raises UnusableSettingError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unusable(name, folder, problem.strerror or "it cannot be made") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(name, folder, "it may not be written")


def require_usable(settings: Settings) -> None:
    """Hold trial, folder of histories and place of the key against the machine. Raises UnusableSettingError."""
    try:
        latest(settings.trial)
    except UnknownTrialError as problem:
        raise UnusableSettingError(f"{PREFIX}TRIAL: {problem}") from None
    make_folder("HISTORY_FOLDER", settings.histories)
    if settings.key_file is not None and not settings.key_file.parent.is_dir():
        raise _unusable("KEY_FILE", settings.key_file, f"there is no folder {settings.key_file.parent}")


def _unusable(name: str, path: Path, why: str) -> UnusableSettingError:
    return UnusableSettingError(f"{PREFIX}{name} {path}: {why}; name one in which this user may write")
