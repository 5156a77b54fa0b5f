"""Which trials to run: the quick numbers, or a part of the full ones that fits into an hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chaos.rows import Row

PART_SECONDS = 3300.0
"""What a part of the full run takes at most, by estimate: an hour less its start and its checks."""


@dataclass(frozen=True, slots=True)
class Task:
    """Trials of a row: from the first on, before the last. `seconds`: no trial begins later than so."""

    row: Row
    first: int
    last: int
    seconds: float | None = None


def quick(rows: Sequence[Row], trials: int | None = None) -> list[Task]:
    """Give the quick run: as many trials of each row as fit into its seconds; exactly `trials` where that is given."""
    return [
        Task(row, 0, row.trials if trials is None else trials, row.seconds if trials is None else None)
        for row in rows
        if row.trials or trials
    ]


def full(rows: Sequence[Row]) -> list[list[Task]]:
    """Give the parts of the full run, each of at most an hour by estimate. Every trial is in exactly one of them."""
    parts: list[list[Task]] = []
    left = 0.0
    for row in rows:
        for first, last in _pieces(row):
            takes = (last - first) * row.full_seconds
            if not parts or takes > left:
                parts.append([])
                left = PART_SECONDS
            parts[-1].append(Task(row, first, last))
            left -= takes
    return parts


def _pieces(row: Row) -> Iterator[tuple[int, int]]:
    """Cut a row's trials into pieces that fit into a part."""
    most = max(1, int(PART_SECONDS / row.full_seconds))
    for first in range(0, row.trials_full, most):
        yield first, min(first + most, row.trials_full)
