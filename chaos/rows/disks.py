"""A disk that is full and is freed again: under Temporal's file, under the journal, under the logs."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from chaos.calls import Called
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import command, enough
from deploy.without_docker.topology import whole

LOGS = "the workers' logs"
WAYS = {"Temporal's file": "temporal.db", "the journal": "journal.db", LOGS: "worker-"}
RECOVERY_SECONDS = 5.0
ANSWER_SECONDS = 3.0
"""A command that has no answer by then waits."""
LONGEST_SECONDS = 8.0
"""How long commands are sent to a full disk: what is free within its files is used up by then."""
FULL_DISKS = Setting(database="sqlite", own="disks", alone=True)
SPARE_BYTES, BLOCK = 6_000_000, 65_536


async def full(stage: Stage, trial: int) -> Fault:
    """Put files on a small disk of their own, fill it, wait, free it; the files go back to where they were."""
    way, subjects = stage.way("F13", trial, tuple(WAYS)), await enough(stage)
    name = f"disk full under {way}"
    if os.geteuid():
        return Fault(name, hit=False, evidence="a file system can be mounted by root alone: run it as root")
    rig, disk = stage.rig, stage.rig.folder / f"disk-{trial}"
    await _stopped_around(stage, way, lambda: whole(lambda: _moved_onto(rig.folder, disk, WAYS[way])))
    try:
        await stage.load.probe(subjects)
        in_flight, loop = len(stage.load.open), asyncio.get_running_loop()
        refused = await whole(lambda: _filled(disk))
        filled = loop.time()
        waiting = await _until_unanswered(stage, subjects)
        waited = loop.time() - filled
        await asyncio.sleep(max(0.0, stage.outage_seconds - waited))
        free = os.statvfs(disk).f_bavail
        (disk / "filler").unlink()
        begun = loop.time()
        for part in rig.parts:
            if rig.state_of(part) in ("", "Z"):
                await rig.up(part)
        seconds = await stage.load.probe(subjects)
        seconds = max(seconds, loop.time() - begun)
        await asyncio.gather(*waiting)
    finally:
        (disk / "filler").unlink(missing_ok=True)
        await _stopped_around(stage, way, lambda: whole(lambda: _moved_back(rig.folder, disk, WAYS[way])))
    evidence = f"writing gives {refused}; {free} blocks free; a command waits after {waited:.0f} s: {bool(waiting)}"
    wrong = judged(way, waits=bool(waiting), seconds=seconds)
    return Fault(name, "No space left" in refused, evidence, in_flight, seconds, wrong, way)


def judged(way: str, *, waits: bool, seconds: float) -> tuple[str, ...]:
    """Say what is wrong: commands taken where they cannot be kept, not taken where they can, or a slow recovery."""
    wrong = [] if seconds < RECOVERY_SECONDS else [f"back {seconds:.1f} s after the disk was freed, not within 5"]
    if way == LOGS and waits:
        wrong.append("commands wait because the logs' disk is full: the record can be kept without them")
    if way != LOGS and not waits:
        wrong.append(f"commands were taken for {LONGEST_SECONDS:.0f} s although the disk under {way} is full")
    return tuple(wrong)


async def _until_unanswered(stage: Stage, subjects: list[str]) -> list["asyncio.Task[Called]"]:
    """Send commands until some wait, and give those: what fits into pages that are there is still written."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST_SECONDS
    while loop.time() < end:
        calling = [asyncio.create_task(stage.load.report(subject, "disk full")) for subject in subjects]
        _, waiting = await asyncio.wait(calling, timeout=ANSWER_SECONDS)
        if waiting:
            return list(waiting)
    return []


async def _stopped_around(stage: Stage, way: str, move: Callable[[], Awaitable[None]]) -> None:
    """Stop whoever has the files open, do something, and start them again."""
    rig = stage.rig
    parts = [rig.temporal] if way == "Temporal's file" else [*rig.workers]
    stage.load.hold()
    await asyncio.gather(*(part.stop() for part in parts))
    stage.load.journal.engine.dispose()
    await move()
    stage.load.journal.engine.dispose()
    for part in parts:
        await rig.up(part)
    stage.load.go_on()


def _moved_onto(folder: Path, disk: Path, start: str) -> None:
    """Mount a small disk and move files there; a link stays in the place of each. Raises RuntimeError."""
    disk.mkdir()
    files = [file for file in folder.glob(f"{start}*") if file.is_file()]
    size = sum(file.stat().st_size for file in files) + SPARE_BYTES
    command("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk))
    for file in files:
        command("mv", str(file), str(disk))
        if not file.name.endswith(("-wal", "-shm")):
            file.symlink_to(disk / file.name)


def _moved_back(folder: Path, disk: Path, start: str) -> None:
    """Move the files back and take the disk away."""
    for file in disk.glob(f"{start}*"):
        (folder / file.name).unlink(missing_ok=True)
        command("mv", str(file), str(folder))
    command("umount", str(disk))


def _filled(disk: Path) -> str:
    """Fill a disk to the last block; give what the system says then."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        for size in (BLOCK, 4096, 512):
            try:
                while True:
                    filler.write(b"\0" * size)
            except OSError as problem:
                said = str(problem)
    return said


ROWS = (
    Row(
        "F13",
        "disk full: server's file, journal, logs",
        3,
        60,
        full,
        FULL_DISKS,
        seconds=60,
        full_seconds=90,
        ways=tuple(WAYS),
    ),
)
