"""A trial from its opening on while a monkey breaks one part after another, every few seconds."""

import asyncio
from collections import Counter
from dataclasses import replace

from chaos.rows import Fault, Row, Setting, Stage, footprint
from chaos.rows.common import enough
from chaos.rows.footprint import Sample, watched
from deploy.without_docker.topology import Database, Part

QUICK_SECONDS, FULL_SECONDS = 75.0, 1500.0
SETTING = Setting(day_seconds=0.6, subjects=10, most=10, pause=0.8, own="soak", alone=True)


async def soak(stage: Stage, trial: int) -> Fault:
    """Break a part every 0.5 to 4 s until every study has ended, or the time is over.

    The last worker is only frozen: it lives for the whole row.
    """
    rig, chance, loop = stage.rig, stage.chance("F24", trial), asyncio.get_running_loop()
    await enough(stage)
    begun, done = loop.time(), Counter[str]()
    lasting = FULL_SECONDS if stage.full else QUICK_SECONDS
    finished = asyncio.ensure_future(stage.load.finished())
    parts: list[Part | Database] = [*rig.parts, *([rig.database] if rig.database else [])]
    held = list[Sample]()
    watching = asyncio.create_task(watched(rig, stage.load.day_seconds, held))
    while not finished.done() and loop.time() - begun < lasting:
        await asyncio.sleep(chance.uniform(0.5, 4))
        part, how = chance.choice(parts), chance.choice(("killed", "killed", "stopped", "frozen"))
        if part is rig.workers[-1]:
            how = "frozen"
        if how == "frozen" and isinstance(part, Part):
            rig.freeze(part)
            await asyncio.sleep(chance.uniform(0.5, 4))
            rig.thaw(part)
        else:
            await (part.stop() if how == "stopped" else part.kill())
            await rig.up(part)
        done[f"{part.name} {how}"] += 1
    ended = finished.done()
    finished.cancel()
    watching.cancel()
    in_flight = len(stage.load.open)
    seconds = await stage.load.probe(stage.load.some(5))
    register = stage.load.charts.register()
    arms = "+".join(str(count) for count in register.arm_counts().values())
    if stage.full and ended:
        stage.expect |= {"ended": True}
    what = ", ".join(f"{name} {count}" for name, count in sorted(done.items()))
    days = (loop.time() - begun) / stage.load.day_seconds
    evidence = f"{done.total()} faults ({what}) over {days:.0f} days of trial; randomized {arms}; all ended: {ended}; "
    evidence += footprint.told(held)
    wrong = tuple(footprint.growing(held))
    return Fault("monkey over all processes", done.total() > 0, evidence, in_flight, seconds, wrong)


ROWS = (
    Row("F24", "monkey over all, journal in PostgreSQL", 1, 5, soak, SETTING, full_seconds=1700, fresh=True),
    Row(
        "F24S", "monkey over all, journal in SQLite", 0, 5, soak, replace(SETTING, database="sqlite"),
        full_seconds=1700, fresh=True,
    ),
)  # fmt: skip
