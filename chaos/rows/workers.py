"""Workers that are killed in an activity or in a workflow task, and workers that stand still and come back."""

import asyncio
import json

import httpx

from chaos.rows import Fault, Row, Stage
from chaos.rows.common import enough, is_gone, recovered, until, until_hit

IN_ACTIVITY = (
    "journal.after_commit",
    "notice.after_send",
    "record.before",
    "random",
    "send_notice.after",
    "journal.before_commit",
    "record.after",
    "notice.before_send",
    "send_notice.before",
)
IN_WORKFLOW = ("workflow.task", "workflow.replay", "workflow.completion")
RED_SECONDS = 30.0


async def killed_in_activity(stage: Stage, trial: int) -> Fault:
    """Kill a worker at a point of an activity, or at any time; start it again."""
    point = IN_ACTIVITY[trial % len(IN_ACTIVITY)]
    return await _killed(stage, point, stage.chance("F1", trial).randint(1, 3), "F1", trial)


async def killed_in_workflow(stage: Stage, trial: int) -> Fault:
    """Kill a worker in a workflow task; for a replay both are killed first, so that the next one remembers nothing."""
    point, chance = IN_WORKFLOW[trial % len(IN_WORKFLOW)], stage.chance("F2", trial)
    if point != "workflow.replay":
        return await _killed(stage, point, chance.randint(1, 8), "F2", trial)
    await enough(stage)
    await asyncio.gather(*(worker.kill() for worker in stage.rig.workers))
    first, second = chance.sample(stage.rig.workers, 2)
    await stage.rig.up(first)
    try:
        return await _killed(stage, point, chance.randint(1, 20), "F2", trial)
    finally:
        await stage.rig.up(second)


async def _killed(stage: Stage, point: str, nth: int, row: str, trial: int) -> Fault:
    rig, subjects = stage.rig, await enough(stage)
    before, chance = len(rig.hits()), stage.chance(row, trial)
    if point == "random":
        await asyncio.sleep(chance.uniform(0, 1.5))
        worker, evidence = chance.choice(rig.workers), "killed by the driver"
        await worker.kill()
    else:
        rig.arm(f"{point}:{nth}:kill9")
        told = asyncio.create_task(_told(stage, subjects, serious="notice" in point))
        hit = await until_hit(rig, before)
        found = rig.worker_of(hit["pid"]) if hit else None
        if hit is None or found is None:
            await told
            return Fault(f"kill -9 at {point}", hit=False, evidence="nobody came there", in_flight=len(stage.load.open))
        worker, evidence = found, json.dumps(hit)
        await until(lambda: is_gone(rig, worker), 5)
    gone, in_flight = is_gone(rig, worker), len(stage.load.open)
    seconds = await recovered(stage, subjects, lambda: rig.up(worker))
    if point != "random":
        await told
    return Fault(f"kill -9 at {point}, {nth}", gone, f"{evidence}; process gone: {gone}", in_flight, seconds)


async def _told(stage: Stage, subjects: list[str], *, serious: bool) -> None:
    """Give the workers what they must come through: reports, and notices where a notice's point is wanted."""
    await asyncio.gather(*(stage.load.report(subject, "prompt", serious=serious) for subject in subjects[:3]))


async def stood_still(stage: Stage, trial: int) -> Fault:
    """Stop a worker for a while at the end of a task, or both of them, and let them go on: late completions come."""
    rig, subjects = stage.rig, await enough(stage)
    if trial % 3 == 1:
        return await _both_still(stage, subjects)
    point = ("workflow.completion", "", "record.after")[trial % 3]
    before, loop = len(rig.hits()), asyncio.get_running_loop()
    rig.arm(f"{point}:{stage.chance('F20', trial).randint(1, 4)}:stop")
    told = asyncio.create_task(_told(stage, subjects, serious=False))
    hit = await until_hit(rig, before)
    worker = rig.worker_of(hit["pid"]) if hit else None
    if hit is None or worker is None:
        await told
        return Fault(f"SIGSTOP at {point}", hit=False, evidence="nobody came there")
    still = await until(lambda: rig.state_of(worker) == "T", 5)
    begun = loop.time()
    seconds = await stage.load.probe(subjects)
    await asyncio.sleep(max(0.0, stage.outage_seconds - (loop.time() - begun)))
    rig.thaw(worker)
    await stage.load.probe(subjects)
    await told
    evidence = f"{json.dumps(hit)}; state T: {bool(still)}; answered meanwhile by the other worker"
    return Fault(f"SIGSTOP at {point}, then SIGCONT", bool(still), evidence, len(stage.load.open), seconds)


async def _both_still(stage: Stage, subjects: list[str]) -> Fault:
    """Stop both workers: health must turn red within 30 s, as the command line tells it."""
    rig, loop = stage.rig, asyncio.get_running_loop()
    for worker in rig.workers:
        rig.freeze(worker)
    begun, red = loop.time(), ""
    try:
        while not red and loop.time() - begun < 2 * RED_SECONDS:
            answer = await rig.starter("health", "--json")
            checks = json.loads(answer.stdout)["checks"] if answer.stdout else []
            red = next((row["detail"] for row in checks if row["name"] == "workers" and not row["ok"]), "")
            red_after = loop.time() - begun
        still = all(rig.state_of(worker) == "T" for worker in rig.workers)
        page = await _page(rig.health_pages[0])
    finally:
        for worker in rig.workers:
            rig.thaw(worker)
    seconds = await recovered(stage, subjects)
    late = () if red and red_after <= RED_SECONDS else (f"health was not red within {RED_SECONDS:.0f} s",)
    evidence = f"state T: {still}; red after {red_after:.1f} s: {red[:120]}; health page: {page}"
    return Fault("SIGSTOP of both workers until health is red", still, evidence, len(stage.load.open), seconds, late)


async def _page(url: str) -> str:
    """Say what a health page answers."""
    async with httpx.AsyncClient(timeout=1, trust_env=False) as client:
        try:
            return str((await client.get(url)).status_code)
        except httpx.HTTPError:
            return "no answer"


ROWS = (
    Row("F1", "worker kill -9 in an activity", 30, 400, killed_in_activity, seconds=45, full_seconds=8),
    Row(
        "F2", "worker kill -9 in a workflow task, in a replay", 20, 300, killed_in_workflow, seconds=25, full_seconds=9
    ),
    Row("F20", "worker stands still, then goes on", 3, 40, stood_still, seconds=35, full_seconds=70),
)
