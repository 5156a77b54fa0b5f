"""A journal in SQLite that another process holds, or whose write-ahead log is lost or torn while nobody works on it."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from chaos.rows import ON_SQLITE, Fault, Row, Stage
from chaos.rows.common import command, enough, logged, recovered, until
from chaos.rows.restores import BEHIND, MISSING, backed_up, named, rebuilt
from demo.programs import ProcessDied

HELD, LOST, TORN = "held by another", "log lost", "log torn"
WAYS = (HELD, LOST, TORN)
LET_GO_SECONDS = 10.0
SAID_SECONDS = 15.0
"""How soon workers say what is wrong with the journal, once they are called."""
REMEDY = "journal rebuild"
"""What a worker that waits for lost facts names as the way out."""


async def file_held(stage: Stage, trial: int) -> Fault:
    """Hold the journal's file as another process would, or take its write-ahead log away as it is."""
    way = stage.way("F6", trial, WAYS)
    return await (_held(stage) if way == HELD else _damaged(stage, way))


async def _held(stage: Stage) -> Fault:
    rig, subjects = stage.rig, await enough(stage)
    since, in_flight = datetime.now(UTC).isoformat(), len(stage.load.open)
    with closing(sqlite3.connect(rig.folder / "journal.db", isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        calling = asyncio.create_task(stage.load.probe(subjects))
        await asyncio.sleep(stage.outage_seconds)
        waits = await asyncio.to_thread(logged, rig, "record.waits", since)
        unanswered = not calling.done()
        other.execute("ROLLBACK")
    seconds = await recovered(stage, subjects)
    await calling
    evidence = f"workers said {waits} times that they wait; commands unanswered meanwhile: {unanswered}"
    name = f"BEGIN EXCLUSIVE for {stage.outage_seconds:.0f} s"
    return Fault(name, waits > 0 and unanswered, evidence, in_flight, seconds, way=HELD)


async def _damaged(stage: Stage, way: str) -> Fault:
    """Kill the workers, lose their write-ahead log or half of it, start them: they say so, and are made whole again.

    Nobody folds the log into the file before: acknowledged rows are in the log alone, and are gone with it.
    """
    rig, load, subjects = stage.rig, stage.load, await enough(stage)
    for subject in subjects:
        await load.report(subject, "only in the log")
    await backed_up(stage)
    in_flight, heads = len(load.open), await asyncio.to_thread(load.journal.heads)
    load.hold()
    await until(lambda: _let_go(stage), LET_GO_SECONDS)
    await asyncio.gather(*(worker.kill() for worker in rig.workers))
    if await asyncio.to_thread(is_open, "journal.db"):
        load.go_on()
        return Fault(f"write-ahead {way}", hit=False, evidence="the driver itself holds the journal open", way=way)
    size = await asyncio.to_thread(_damage, rig.folder / "journal.db", torn=way == TORN)
    since, loop = datetime.now(UTC).isoformat(), asyncio.get_running_loop()
    begun = loop.time()
    said, calling = await _said(stage, subjects, since)
    await asyncio.gather(*(worker.kill() for worker in rig.workers))
    left = await asyncio.to_thread(_heads, stage)
    lost = sum(heads.values()) - sum(left.values())
    told, wrong = await named(stage, (BEHIND, MISSING), [])
    wrong += await rebuilt(stage)
    await asyncio.gather(*(rig.up(worker) for worker in rig.workers))
    load.go_on()
    await calling
    seconds = loop.time() - begun + await recovered(stage, subjects)
    wrong += [] if said else [f"{lost} facts are lost with the log, and no worker said so"]
    evidence = f"a log of {size} bytes, {way}: {lost} facts gone; said: {said[:160]!r}; {told}"
    return Fault(f"write-ahead {way}", size > 0 and lost > 0, evidence, in_flight, seconds, tuple(wrong), way)


async def _said(stage: Stage, subjects: list[str], since: str) -> tuple[str, "asyncio.Task[float]"]:
    """Start a worker and call: give its own clear words for what is wrong, and the calls, which wait."""
    rig, refused = stage.rig, ""
    calling, worker = asyncio.create_task(stage.load.probe(subjects)), rig.workers[0]
    try:
        await worker.start()
    except ProcessDied:
        refused = (worker.program.lines() or [""])[-1]

    def waits() -> str:
        return REMEDY if logged(rig, "record.waits", since, REMEDY) else ""

    return refused or await until(waits, SAID_SECONDS) or "", calling


def _let_go(stage: Stage) -> bool:
    """Close the driver's own connections: whoever closes the last one folds the log into the file."""
    stage.load.journal.engine.dispose()
    return not is_open("journal.db")


def is_open(name: str) -> bool:
    """Say whether this process has a file of such a name open."""
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if name in file.readlink().name:
                return True
    return False


def _heads(stage: Stage) -> dict[str, int]:
    """Give the head of each stream as the file has it now; none when it cannot be read at all."""
    try:
        return dict(stage.load.journal.heads())
    except OSError:
        return {}
    finally:
        stage.load.journal.engine.dispose()


def _damage(file: Path, *, torn: bool) -> int:
    """Take the log away, or its second half, and its index with it, as they are; give how long it was."""
    log = file.with_name(f"{file.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    command(*(("truncate", "-s", str(size // 2), str(log)) if torn else ("rm", "-f", str(log))))
    command("rm", "-f", str(file.with_name(f"{file.name}-shm")))
    return size


ROWS = (
    Row(
        "F6", "SQLite journal held by another, its log lost or torn", 4, 50, file_held, ON_SQLITE,
        seconds=30, full_seconds=45, ways=WAYS,
    ),
)  # fmt: skip
