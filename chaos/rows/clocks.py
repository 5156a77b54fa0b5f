"""Workers whose clocks are wrong: behind, ahead, set back on the way, on a leap day, in another zone.

The Temporal server is a program of Go, which asks the kernel itself: its clock cannot be changed this way.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import enough
from domain.decider import patient_stream

CLOCKS = Setting(own="clocks", day_seconds=2.0, alone=True)
"""The library that turns clocks makes a worker slow: it has the machine for itself."""
WAYS = {
    "an hour behind": "-1h",
    "a day ahead": "+1d",
    "400 days ahead": "+400d",
    "set back on the way": "+1d",
    "leap day": "@2028-02-29 11:59:00",
    "zone +08:00": "+0",
}
SET_BACK = "-2h"
PLACES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
)
WHEEL = "vendor/libfaketime/src/libfaketime.so.1"
LITTLE = timedelta(minutes=30)


def library() -> Path | None:
    """Give the library that lies about the time: of the system, else of the Python package."""
    spec = find_spec("libfaketime")
    wheel = [Path(spec.origin).parent / WHEEL] if spec is not None and spec.origin else []
    return next((path for path in (*map(Path, PLACES), *wheel) if path.exists()), None)


async def wrong_clock(stage: Stage, trial: int) -> Fault:
    """Give both workers a wrong clock, have subjects take commands, and put the clocks right again."""
    way, subjects, found = stage.way("F12", trial, tuple(WAYS)), await enough(stage), library()
    name = f"workers' clocks: {way}"
    if found is None:
        return Fault(name, hit=False, evidence="there is no libfaketime: install the requirements for development")
    rig, file = stage.rig, stage.rig.folder / "clock"
    file.write_text(f"{WAYS[way]}\n")
    lies = {"LD_PRELOAD": str(found), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": "1"}
    lies |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
    zone = {"TZ": "Asia/Shanghai"} if way.startswith("zone") else {}
    right, in_flight = rig.workers, len(stage.load.open)
    await asyncio.gather(*(worker.stop() for worker in right))
    rig.workers = [rig.worker(number, environment=zone or lies) for number in (1, 2)]
    try:
        for worker in rig.workers:
            await rig.up(worker)
        await stage.load.probe(subjects)
        if way == "set back on the way":
            file.write_text(f"{SET_BACK}\n")
            await stage.load.probe(subjects)
        await asyncio.sleep(stage.outage_seconds / 2)
        off = await asyncio.to_thread(_off, stage, subjects[0])
        maps = Path(f"/proc/{rig.workers[0].program.pid}/environ").read_bytes()
    finally:
        await asyncio.gather(*(worker.stop() for worker in rig.workers))
        rig.workers = right
        for worker in rig.workers:
            await rig.up(worker)
    seconds = await stage.load.probe(subjects)
    hit = b"TZ=Asia/Shanghai" in maps if zone else abs(off) > LITTLE
    evidence = f"the newest fact of {subjects[0]} was stored {off} from the true time"
    return Fault(name, hit, evidence, in_flight, seconds, way=way)


def _off(stage: Stage, subject: str) -> timedelta:
    """Say how wrong the instant is at which the newest fact says that it was stored."""
    newest = stage.load.journal.facts(patient_stream(stage.load.trial, subject))[-1]
    return timedelta(seconds=round((datetime.fromisoformat(newest.stored_at) - datetime.now(UTC)).total_seconds()))


ROWS = (
    Row(
        "F12", "workers' clocks are wrong", 3, 60, wrong_clock, CLOCKS, seconds=30, full_seconds=60, ways=tuple(WAYS)
    ),
)  # fmt: skip
