"""The allocation list, slot by slot under AES-GCM, with a key from a file of mode 0600. It never returns a future slot.

The published SHA-256 covers the list and a 32-byte random salt; the salt stays sealed until the trial closes.
"""

import hashlib
import os
import random
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert, select

from journal.schema import ALLOCATION_LISTS, ALLOCATION_SLOTS
from journal.store import Journal

NONCE_BYTES = 12
KEY_BYTES = 32
SALT_BYTES = 32
ARM_BYTES = 40


class JournalSealedList:
    """Sealed lists in the journal's database, outside every history."""

    def __init__(self, journal: Journal, key_file: Path, chance: random.Random | None = None) -> None:
        """Keep lists in this database. `chance` is for demonstrations; without it the list is truly random."""
        self._journal = journal
        self._key_file = key_file
        self._chance = chance or secrets.SystemRandom()
        self.demonstration = chance is not None

    def seal(self, trial: str, arms: Sequence[tuple[str, int]], block_sizes: Sequence[int]) -> tuple[int, str]:
        """Make and seal the list once; give its length and published SHA-256. Again: the same."""
        with self._journal.locked(trial) as stream:
            query = select(ALLOCATION_LISTS).where(ALLOCATION_LISTS.c.trial == trial)
            known = stream.connection.execute(query).first()
            if known is not None:
                return int(known.slots), str(known.sha256)
            if not self._key_file.exists():
                _make_key(self._key_file)
            cipher = AESGCM(read_key(self._key_file))
            slots = permuted_blocks(arms, block_sizes, self._chance)
            return len(slots), _store(stream.connection, cipher, trial, slots)

    def open_slot(self, trial: str, slot: int) -> str:
        """Give the arm of a slot. Raises LookupError when there is no such slot, OSError without the key."""
        query = select(ALLOCATION_SLOTS.c.sealed).where(
            ALLOCATION_SLOTS.c.trial == trial, ALLOCATION_SLOTS.c.slot == slot
        )
        with self._journal.snapshot() as connection:
            sealed = connection.execute(query).scalar()
            query = select(ALLOCATION_LISTS.c.slots).where(ALLOCATION_LISTS.c.trial == trial)
            if sealed is None and connection.execute(query).scalar() is None:
                away = f"the allocation list of {trial} is not in this journal"
                raise LookupError(f"{away}: slot {slot} waits for `starter.py allocation restore FILE`")
        if sealed is None:
            raise LookupError(f"trial {trial} has no slot {slot}")
        return open_sealed(AESGCM(read_key(self._key_file)), sealed, trial, slot).decode().strip()


def read_key(file: Path) -> bytes:
    """Read a list's key. Raises FileNotFoundError without it, PermissionError when others may read it."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise PermissionError(f"key file {file} has mode {mode:04o}; 0600 is required")
    return file.read_bytes()


def _store(connection: Connection, cipher: AESGCM, trial: str, slots: Sequence[str]) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    sha256 = published_hash(slots, salt)
    rows = [
        {"trial": trial, "slot": number, "sealed": _seal(cipher, arm.ljust(ARM_BYTES).encode(), trial, number)}
        for number, arm in enumerate(slots, start=1)
    ]
    connection.execute(insert(ALLOCATION_SLOTS), rows)
    row = {"trial": trial, "sha256": sha256, "slots": len(slots), "sealed_salt": _seal(cipher, salt, trial, 0)}
    connection.execute(insert(ALLOCATION_LISTS).values(**row))
    return sha256


def _make_key(path: Path) -> None:
    """Write a new key whole, or not at all; never over one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    finally:
        part.unlink()


def permuted_blocks(arms: Sequence[tuple[str, int]], block_sizes: Sequence[int], chance: random.Random) -> list[str]:
    """Give a list of permuted blocks of random size in which each arm has exactly its cap. Source: T1."""
    left = dict(arms)
    slots: list[str] = []
    while any(left.values()):
        largest = min(left.values()) * len(left)
        fitting = [size for size in block_sizes if size <= largest and size % len(left) == 0]
        if fitting:
            share = chance.choice(fitting) // len(left)
            block = [arm for arm in left for _ in range(share)]
        else:
            block = [arm for arm, count in left.items() for _ in range(count)]
        chance.shuffle(block)
        slots += block
        for arm in block:
            left[arm] -= 1
    return slots


def published_hash(slots: Sequence[str], salt: bytes) -> str:
    """Give the hash that is published when the list is sealed, and checked when the salt is revealed."""
    return hashlib.sha256(salt + "\n".join(slots).encode()).hexdigest()


def _seal(cipher: AESGCM, plain: bytes, trial: str, slot: int) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, f"{trial}/{slot}".encode())


def open_sealed(cipher: AESGCM, sealed: bytes, trial: str, slot: int) -> bytes:
    """Open a slot, or the salt (0). Raises InvalidTag with another key, in another place, or when it was changed."""
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], f"{trial}/{slot}".encode())
