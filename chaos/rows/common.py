"""What trials share: waiting for a hit, seeing that a process is gone, and reading what the programs logged."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from chaos.rig import Rig
from chaos.rows import Stage
from deploy.without_docker.topology import Part, run

LOOK_SECONDS = 0.1
ENOUGH = 5
"""Subjects in flight that a trial wants, and that must each take a command afterwards."""
T = TypeVar("T")


async def until(look: Callable[[], T], seconds: float) -> T | None:
    """Look again and again until something true is found, and give it; None after so many seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        found = await asyncio.to_thread(look)
        if found:
            return found
        await asyncio.sleep(LOOK_SECONDS)
    return None


async def enough(stage: Stage, count: int = ENOUGH) -> list[str]:
    """Wait until so many subjects are in flight, and give as many. Raises TimeoutError when they do not come."""
    found = await until(lambda: len(stage.load.some(count)) == count, 90)
    if not found:
        raise TimeoutError(f"only {len(stage.load.some(count))} subjects in flight")
    return stage.load.some(count)


async def until_hit(rig: Rig, before: int, seconds: float = 20.0) -> dict[str, Any] | None:
    """Wait for a failpoint's hit beyond so many; disarm and give None when none came."""
    found = await until(lambda: rig.hits()[before:], seconds)
    if found:
        return found[0]
    rig.disarm()
    return None


def is_gone(rig: Rig, part: Part) -> bool:
    """Say whether a part's process has ended."""
    return rig.state_of(part) in ("", "Z")


async def recovered(stage: Stage, subjects: list[str], back: Callable[[], Awaitable[None]] | None = None) -> float:
    """Bring back what is away, beside; give the seconds until each of these subjects took a new command."""
    coming = asyncio.ensure_future(back()) if back is not None else None
    try:
        return await stage.load.probe(subjects, coming)
    finally:
        if coming is not None:
            await coming


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """Give the JSON objects of a file's lines; what is none is passed over."""
    try:
        text = file.read_text(errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        with suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict):
                yield row


def logged(rig: Rig, event: str, since: str, word: str = "") -> int:
    """Count what the workers logged of an event since an instant (UTC, ISO), of lines with a word in them."""
    rows = (row for file in rig.folder.glob("worker-*.log") for row in lines(file))
    return sum(
        str(row.get("event", "")) == event and str(row.get("timestamp", "")) >= since and word in json.dumps(row)
        for row in rows
    )


def command(*words: str) -> None:
    """Run a program of the system's. Raises RuntimeError with what it says.

    A file that SQLite has open here is touched by other processes alone: whoever closes it in this one, a copying
    function too, takes SQLite's locks away.
    """
    job = run(list(words), dict(os.environ))
    if job.returncode:
        raise RuntimeError(f"{' '.join(words)}: {job.stderr.strip()}")
