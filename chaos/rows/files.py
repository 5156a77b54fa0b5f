"""A journal in SQLite that another process holds, and whose write-ahead log is removed while all are stopped."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from chaos.rows import ON_SQLITE, Fault, Row, Stage
from chaos.rows.common import enough, logged, recovered


async def file_held(stage: Stage, trial: int) -> Fault:
    """Hold the journal's file as another process would, or remove its write-ahead log while nobody works on it."""
    return await (_log_removed(stage) if trial % 2 else _held(stage))


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
    return Fault(name, waits > 0 and unanswered, evidence, in_flight, seconds)


async def _log_removed(stage: Stage) -> Fault:
    """Stop the workers in good order, fold the log into the file, and remove it."""
    rig, load, subjects = stage.rig, stage.load, await enough(stage)
    in_flight = len(load.open)
    load.hold()
    await asyncio.gather(*(worker.stop() for worker in rig.workers))
    size, existed = await asyncio.to_thread(_removed, rig.folder / "journal.db")
    load.journal.engine.dispose()
    await asyncio.gather(*(rig.up(worker) for worker in rig.workers))
    load.go_on()
    seconds = await recovered(stage, subjects)
    evidence = f"a log of {size} bytes was there: {existed}; removed with its index"
    return Fault("write-ahead log removed while stopped", existed, evidence, in_flight, seconds)


def _removed(file: Path) -> tuple[int, bool]:
    """Fold the log into the file, and remove it while it is still there."""
    log = file.with_name(f"{file.name}-wal")
    with closing(sqlite3.connect(file, isolation_level=None, timeout=10)) as reader:
        reader.execute("SELECT count(*) FROM facts").fetchone()
        size, existed = (log.stat().st_size, True) if log.exists() else (0, False)
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for name in ("-wal", "-shm"):
            file.with_name(f"{file.name}{name}").unlink(missing_ok=True)
    return size, existed


ROWS = (
    Row(
        "F6",
        "SQLite journal held by another, its log removed",
        4,
        50,
        file_held,
        ON_SQLITE,
        seconds=20,
        full_seconds=45,
    ),
)
