"""Anchors: the journal's head, signed, to be kept elsewhere. They show rows cut from the end and a rewritten past."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from journal.chain import ORIGIN, canonical
from journal.verify import End, Finding, Report, Trouble

FORMAT = "trialpath-anchor-1"


class BadAnchorError(ValueError):
    """The file is no anchor or no key, or not a whole one."""


class BadSignatureError(Exception):
    """The anchor was not signed with this key, or was changed since."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of the journal at an instant: position, chain, and the end of each stream."""

    position: int
    chain: str
    made_at: str
    ends: dict[str, End]


def make_key(path: Path) -> Path:
    """Write a new private key with mode 0600 and the public one beside it, and give the public one's path.

    Both or none. Raises FileExistsError: a key is never written over.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    with ExitStack() as undone:
        for target, text, mode in (
            (path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600),
            (public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644),
        ):
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            undone.callback(target.unlink)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        undone.pop_all()
    return public


def sign(report: Report, key_file: Path) -> str:
    """Give the signed anchor of a verified journal. Raises PermissionError when others may read the key."""
    mode = stat.S_IMODE(key_file.stat().st_mode)
    if mode & 0o077:
        raise PermissionError(f"key file {key_file} has mode {mode:04o}; 0600 is required")
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
    except TypeError:
        locked = f"{key_file} is locked with a password, which nobody is asked for"
        raise BadAnchorError(f"{locked}; accepted: a key as `starter.py journal key` makes one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadAnchorError(f"{key_file} holds no private key; `starter.py journal key` makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadAnchorError(f"{key_file} holds no Ed25519 key; `starter.py journal key` makes one")
    head = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "position": report.position,
        "chain": report.chain,
        "streams": {stream: end._asdict() for stream, end in report.ends.items()},
    }
    return canonical(head | {"signature": key.sign(canonical(head).encode()).hex()}) + "\n"


def read(path: Path, public_key: Path) -> Anchor:
    """Read an anchor. Raises BadAnchorError for a file that is none, BadSignatureError for a changed one."""
    try:
        key = load_pem_public_key(public_key.read_bytes())
    except (ValueError, UnsupportedAlgorithm):
        raise BadAnchorError(f"{public_key} holds no public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadAnchorError(f"{public_key} holds no Ed25519 key")
    try:
        head = json.loads(path.read_text("utf-8"))
        signature = bytes.fromhex(head.pop("signature"))
        anchor = Anchor(
            position=int(head["position"]),
            chain=str(head["chain"]),
            made_at=str(head["made_at"]),
            ends={str(stream): End(**end) for stream, end in head["streams"].items()},
        )
        signed = canonical(head).encode()
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise BadAnchorError(f"{path} is no anchor, or not a whole one; accepted: a file of `journal anchor`") from None
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise BadSignatureError(
            f"the signature of {path} does not fit: another key, or the anchor was changed"
        ) from None
    return anchor


def compare(anchor: Anchor, report: Report, stream: str | None = None) -> list[Finding]:
    """Give all that is wrong: what the report found, and what the journal lacks or has otherwise than the anchor.

    A report of the whole journal must have kept the chain at the anchor's position, one of a stream the hash there.
    """
    if stream is not None:
        return _of_one(anchor.ends.get(stream, End(ORIGIN, 0, 0)), anchor.made_at, report, stream)
    if report.position < anchor.position:
        before = [finding for finding in report.findings if finding.position <= report.position]
        return [*before, *_cut(anchor, report)]
    if anchor.position and report.chains.get(anchor.position) != anchor.chain:
        expected = f"the chain at position {anchor.position} is {anchor.chain} (anchor of {anchor.made_at})"
        rewritten = Finding(Trouble.ALTERED, anchor.position, "?", "a row at or before it", expected)
        return [*report.findings, rewritten, *_rewritten(anchor, report)]
    return report.findings


def _of_one(end: End, made_at: str, report: Report, stream: str) -> list[Finding]:
    now = report.ends.get(stream, End(ORIGIN, 0, 0))
    if now.position < end.position:
        expected = f"{stream} goes to position {end.position}, fact {end.seq} (anchor of {made_at})"
        cut = Finding(Trouble.TAIL_CUT, now.position + 1, stream, f"after fact {now.seq}", expected)
        return [*[finding for finding in report.findings if finding.position <= now.position], cut]
    if end.position and report.hashes.get(end.position) != end.hash:
        expected = f"the row of {stream} at position {end.position} has hash {end.hash} (anchor of {made_at})"
        return [*report.findings, Finding(Trouble.ALTERED, end.position, stream, f"fact {end.seq} or before", expected)]
    return report.findings


def _cut(anchor: Anchor, report: Report) -> Iterator[Finding]:
    for stream, end in anchor.ends.items():
        now = report.ends.get(stream, End("", 0, 0))
        if now.position < end.position:
            expected = f"{stream} goes to position {end.position}, fact {end.seq} (anchor of {anchor.made_at})"
            name = f"after fact {now.seq}" if now.position else "all of it"
            yield Finding(Trouble.TAIL_CUT, report.position + 1, stream, name, expected)


def _rewritten(anchor: Anchor, report: Report) -> Iterator[Finding]:
    """Name the streams whose last row before the anchor is another one now; those that went on since cannot be told."""
    for stream, end in anchor.ends.items():
        now = report.ends.get(stream)
        if now is None:
            yield Finding(Trouble.MISSING, end.position, stream, "all of it", f"{stream} has {end.seq} facts")
        elif now.position <= anchor.position and now != end:
            expected = f"the last row of {stream} before the anchor has hash {end.hash}"
            yield Finding(Trouble.ALTERED, end.position, stream, f"fact {end.seq} or before", expected)
