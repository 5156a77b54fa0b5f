"""The facts that a run keeps as stored: for questions, its hand-over, and corrections that count from the beginning."""

import zlib
from collections.abc import Sequence

LOOSE = 16
"""Lines that are kept as they are; more are packed, to a seventh. A subject has hundreds, for years."""


class KeptLines:
    """JSON lines in order. They are only ever added to."""

    def __init__(self) -> None:
        """Keep none."""
        self._packed: list[bytes] = []
        self._loose: list[str] = []
        self._count = 0

    def __len__(self) -> int:
        """Give how many there are."""
        return self._count

    def add(self, lines: Sequence[str]) -> None:
        """Keep more of them."""
        self._loose += lines
        self._count += len(lines)
        if len(self._loose) >= LOOSE:
            self._packed.append(zlib.compress("\n".join(self._loose).encode()))
            self._loose = []

    def every(self) -> list[str]:
        """Give all of them."""
        packed = [line for block in self._packed for line in zlib.decompress(block).decode().split("\n")]
        return packed + self._loose
