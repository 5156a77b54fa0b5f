"""Back-up and restore of a sealed allocation list. The file holds it as it is sealed: without the key it is noise.

The list is in no history on purpose, so a journal that was made again from histories lacks it. The key has a back-up of
its own, elsewhere. Nothing here ever shows or returns an arm.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert, select

from activities.adapters.sealed_list import open_sealed, published_hash, read_key
from journal.schema import ALLOCATION_LISTS, ALLOCATION_SLOTS
from journal.store import Journal

FORMAT = "trialpath-allocation-1"


class NoBackupError(ValueError):
    """The file is no back-up of a list, or not a whole one."""


class OtherListError(Exception):
    """The list is not the one on record: nothing was restored."""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the register's facts say of its list: the published SHA-256, the length, and the arm of each drawn slot."""

    trial: str
    sha256: str
    slots: int
    drawn: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A list as it is stored."""

    trial: str
    sha256: str
    salt: bytes
    slots: tuple[bytes, ...]

    def check(self, key_file: Path, record: OnRecord) -> None:
        """Open it in memory, and raise OtherListError unless it is the one on record. Raises OSError without a key."""
        cipher = AESGCM(read_key(key_file))
        try:
            salt = open_sealed(cipher, self.salt, self.trial, 0)
            arms = [
                open_sealed(cipher, sealed, self.trial, number).decode().strip()
                for number, sealed in enumerate(self.slots, start=1)
            ]
        except (InvalidTag, TypeError):  # a blob that was made text is no blob any more
            raise OtherListError(f"it does not open with the key {key_file}: another key, or it was changed") from None
        if self.trial != record.trial:
            raise OtherListError(f"it is the list of {self.trial}, not of {record.trial}")
        given = published_hash(arms, salt)
        if (given, len(arms)) != (record.sha256, record.slots):
            expected = f"{record.slots} slots with SHA-256 {record.sha256}"
            raise OtherListError(f"the register published {expected}; this list has {len(arms)} with {given}")
        wrong = sorted(slot for slot, arm in record.drawn.items() if arm and arms[slot - 1 : slot] != [arm])
        if wrong:
            raise OtherListError(f"slots drawn already say otherwise: {', '.join(map(str, wrong))}")


def stored(connection: Connection, trial: str) -> Sealed | None:
    """Read a trial's list as it is stored; None when there is none."""
    row = connection.execute(select(ALLOCATION_LISTS).where(ALLOCATION_LISTS.c.trial == trial)).first()
    if row is None:
        return None
    query = select(ALLOCATION_SLOTS.c.sealed).where(ALLOCATION_SLOTS.c.trial == trial).order_by(ALLOCATION_SLOTS.c.slot)
    return Sealed(trial, row.sha256, row.sealed_salt, tuple(connection.execute(query).scalars()))


def write(sealed: Sealed, path: Path) -> None:
    """Write a back-up with mode 0600, whole or not at all, never over a file. Raises OSError."""
    content = {
        "format": FORMAT,
        "trial": sealed.trial,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": sealed.sha256,
        "sealed_salt": base64.b64encode(sealed.salt).decode(),
        "sealed": [base64.b64encode(slot).decode() for slot in sealed.slots],
    }
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if path.exists():
                raise FileExistsError(f"{path} exists already") from None
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> Sealed:
    """Read a back-up. Raises NoBackupError, OSError."""
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        _known(content["format"])
        slots = tuple(base64.b64decode(slot, validate=True) for slot in content["sealed"])
        salt = base64.b64decode(content["sealed_salt"], validate=True)
        return Sealed(str(content["trial"]), str(content["sha256"]), salt, slots)
    except (ValueError, KeyError, TypeError):
        raise NoBackupError(
            f"{path} is no back-up, or not a whole one; accepted: a file of `allocation backup`"
        ) from None


def _known(found: str) -> None:
    if found != FORMAT:
        raise ValueError(found)


def restore(journal: Journal, sealed: Sealed, key_file: Path, record: OnRecord) -> bool:
    """Put a list back, and say whether it was missing. Raises OtherListError, OSError; then nothing was written."""
    sealed.check(key_file, record)
    with journal.locked(record.trial) as held:
        here = stored(held.connection, record.trial)
        if here is not None:
            here.check(key_file, record)
            return False
        rows = [
            {"trial": record.trial, "slot": number, "sealed": slot} for number, slot in enumerate(sealed.slots, start=1)
        ]
        held.connection.execute(insert(ALLOCATION_SLOTS), rows)
        about = {"sha256": record.sha256, "slots": record.slots, "sealed_salt": sealed.salt}
        held.connection.execute(insert(ALLOCATION_LISTS).values(trial=record.trial, **about))
    return True
