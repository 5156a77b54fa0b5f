"""Memory and open handles of the workers over a row: they may swing, and must not grow.

A leak grows with what is done, so that the slope is held against the trial's days, not against the clock on the wall.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chaos.rig import Rig

EVERY_SECONDS = 1.0
WARM_UP_DAYS = 40.0
"""Days of the trial after a worker's start that are not looked at: it imports, connects and fills its caches."""
FEWEST_DAYS = 80.0
"""A slope over fewer days is no slope: one journey more in the cache would be one."""
TRIAL_DAYS = 730.0
"""Two years: as long as the soak of the design lasts, and longer than a worker runs between two releases."""
MEMORY_MB, HANDLES = 256.0, 128.0
"""What a worker may grow by in that time and still be called flat: a sixteenth of the 4 GB that two of them, a server
and a database share; an eighth of the 1,024 files that a process may have open."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one process held at one time: days of the trial, resident megabytes, open handles."""

    pid: int
    day: float
    memory_mb: float
    handles: int


async def watched(rig: Rig, day_seconds: float, found: list[Sample]) -> None:
    """Add samples of each worker until cancelled; they are kept in `footprint.jsonl`, too."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while True:
        day = (loop.time() - begun) / day_seconds
        seen = [one for worker in rig.workers if (one := look(worker.program.pid, day)) is not None]
        found += seen
        with (rig.folder / "footprint.jsonl").open("a") as log:
            log.writelines(f"{json.dumps(asdict(one))}\n" for one in seen)
        await asyncio.sleep(EVERY_SECONDS)


def look(pid: int, day: float) -> Sample | None:
    """Look at a process; None when it is gone."""
    process = Path(f"/proc/{pid}")
    with suppress(OSError, IndexError, ValueError):
        status = (process / "status").read_text()
        resident = status.partition("VmRSS:")[2].split()[0]
        return Sample(pid, day, int(resident) / 1024, len(list((process / "fd").iterdir())))
    return None


def warm(samples: Sequence[Sample]) -> dict[int, list[Sample]]:
    """Give the samples of each process that lived long enough, its warm-up left out."""
    by: dict[int, list[Sample]] = {}
    for one in samples:
        by.setdefault(one.pid, []).append(one)
    late = {pid: [one for one in rows if one.day - rows[0].day >= WARM_UP_DAYS] for pid, rows in by.items()}
    return {pid: rows for pid, rows in late.items() if rows and rows[-1].day - rows[0].day >= FEWEST_DAYS}


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Give the slope of the straight line through points, by least squares."""
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def growing(samples: Sequence[Sample]) -> list[str]:
    """Name the processes that would grow beyond the bounds in two years of the trial."""
    wrong = []
    for pid, rows in warm(samples).items():
        memory = slope([(one.day, one.memory_mb) for one in rows]) * TRIAL_DAYS
        handles = slope([(one.day, float(one.handles)) for one in rows]) * TRIAL_DAYS
        if memory > MEMORY_MB:
            wrong.append(f"worker {pid} grows by {memory:.0f} MB in two years of the trial, at most {MEMORY_MB:.0f}")
        if handles > HANDLES:
            wrong.append(f"worker {pid} grows by {handles:.0f} handles in two years, at most {HANDLES:.0f}")
    return wrong


def told(samples: Sequence[Sample]) -> str:
    """Give memory and handles of each process at its first and last sample, and of those long enough the growth."""
    if not samples:
        return "no worker was looked at"
    memory, handles = [one.memory_mb for one in samples], [one.handles for one in samples]
    text = f"workers held {min(memory):.0f} to {max(memory):.0f} MB and {min(handles)} to {max(handles)} handles"
    for pid, rows in warm(samples).items():
        grown = slope([(one.day, one.memory_mb) for one in rows]) * TRIAL_DAYS
        opened = slope([(one.day, float(one.handles)) for one in rows]) * TRIAL_DAYS
        days = rows[-1].day - rows[0].day
        text += f"; worker {pid} over {days:.0f} days: {grown:+.0f} MB and {opened:+.0f} handles in two years"
    return text if warm(samples) else f"{text}; none lived long enough to be judged"
