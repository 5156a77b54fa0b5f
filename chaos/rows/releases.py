"""Old and new workers beside each other, a release in mid-flight and back, workers restarted one after the other."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from chaos.rig import WORKER
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import enough, is_gone, until
from deploy.without_docker.topology import Part, run, whole

FIRST, SECOND = "1.0", "2.0"
NEXT = (sys.executable, "-m", "tests.server.next_worker")
"""The next release: other rules, and a shell that cannot replay what this one left."""
TWIN = (sys.executable, "-m", "chaos.twin")
LIMIT_SECONDS = "40"
EXPORTED_SECONDS = 60.0
RELEASED = Setting(database="sqlite", own="releases")


async def two_builds(stage: Stage, trial: int) -> Fault:
    """Move all open streams to another build and back while staff go on; the twin without builds must fail."""
    rig, subjects, loop = stage.rig, await enough(stage), asyncio.get_running_loop()
    said = [] if trial else [await _versioned(stage)]
    in_flight, begun = len(stage.load.open), loop.time()
    await rig.workers[1].stop()
    rig.workers[1] = _of_build(stage, 2, SECOND, NEXT)
    await rig.up(rig.workers[1])
    async with _busy(stage, subjects):
        said.append(await _release(stage, SECOND))
        await rig.workers[1].kill()
        killed = is_gone(rig, rig.workers[1])
        await rig.up(rig.workers[1])
        said.append(await _release(stage, "--back-to", FIRST))
    await rig.workers[1].stop()
    rig.workers[1] = _of_build(stage, 2, FIRST)
    await rig.up(rig.workers[1])
    seconds = loop.time() - begun
    await stage.load.probe(subjects)
    twin = await _twin(stage)
    wrong = [what for what in said if not what.startswith("exit 0")] + ([] if twin else ["the twin replays: no bite"])
    evidence = f"{'; '.join(said)}; the new worker killed on the way: {killed}; {twin}"
    return Fault("another build in mid-flight, and back", bool(twin), evidence, in_flight, seconds, tuple(wrong))


async def rolling(stage: Stage, trial: int) -> Fault:
    """Stop one worker after the other with SIGTERM while staff call, and start each again, one of them mid-task."""
    rig, subjects = stage.rig, await enough(stage)
    if not trial and not _has_build(stage):
        await _versioned(stage)
    in_flight, codes = len(stage.load.open), []
    async with _busy(stage, subjects):
        for worker in rig.workers:
            await worker.stop()
            codes.append(is_gone(rig, worker))
            await rig.up(worker)
    seconds = await stage.load.probe(subjects)
    evidence = f"workers stopped one after the other: {codes}"
    return Fault("rolling restart by SIGTERM", all(codes), evidence, in_flight, seconds)


async def _versioned(stage: Stage) -> str:
    """Give the installation its first build, as the documentation of releases says: the same program, with a build."""
    rig = stage.rig
    await rig.workers[1].stop()
    rig.workers[1] = _of_build(stage, 2, FIRST)
    await rig.up(rig.workers[1])
    said = await _release(stage, FIRST)
    await rig.workers[0].stop()
    rig.workers[0] = _of_build(stage, 1, FIRST)
    await rig.up(rig.workers[0])
    return said


def _has_build(stage: Stage) -> bool:
    return all("-build" in worker.program.name for worker in stage.rig.workers)


def _of_build(stage: Stage, number: int, build: str, command: tuple[str, ...] = WORKER) -> Part:
    worker = stage.rig.worker(number, command, {"TRIALPATH_BUILD": build})
    worker.program.name = f"worker {number}-build {build}"
    return worker


async def _release(stage: Stage, *words: str) -> str:
    job = await stage.rig.starter("release", *words, "--limit", LIMIT_SECONDS, "--json")
    left = json.loads(job.stdout).get("left", {}) if job.stdout else {}
    return f"exit {job.returncode} of release {' '.join(words)}, {len(left)} left {job.stderr.strip()[-200:]}".strip()


@asynccontextmanager
async def _busy(stage: Stage, subjects: list[str]) -> AsyncIterator[None]:
    """Have two subjects take command after command for as long as the block lasts."""

    async def go_on() -> None:
        while True:
            await stage.load.probe(subjects[:2])

    calling = asyncio.create_task(go_on())
    try:
        yield
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)


async def _twin(stage: Stage) -> str:
    """Replay what this release left with the next one's shell, as without builds it would; give how it fails.

    The watchdog exports what closed, at its next look; the run of it that the kill met is tried again first.
    """
    folder = stage.rig.settings.histories
    await until(lambda: any(folder.glob("*/*.json.gz")), EXPORTED_SECONDS)
    job = await whole(partial(run, [*TWIN, str(stage.rig.settings.histories)], stage.rig.environment()))
    return "" if job.returncode == 0 else f"the twin without builds: {job.stdout.strip()[-160:]}"


ROWS = (
    Row("F14", "two builds at once, a release and back", 1, 60, two_builds, RELEASED, full_seconds=60),
    Row("F16", "rolling restart by SIGTERM", 2, 50, rolling, RELEASED, seconds=30, full_seconds=20),
)
