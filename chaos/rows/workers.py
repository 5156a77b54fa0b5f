"""Workers that are killed in an activity or in a workflow task, and workers that stand still and come back."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from chaos.modes import WELL
from chaos.rows import Fault, Row, Stage
from chaos.rows.common import enough, is_gone, lines, recovered, until, until_hit

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
BOTH = "both workers"
STILL = ("workflow.completion", BOTH, "record.after")
AFTER_EFFECT = ("journal.after_commit", "record.after", "notice.after_send")
"""Who is killed there has done its work, and not told: it is done again."""
RED_SECONDS = 30.0
REFUSED_SECONDS = 10.0
"""How soon a worker that goes on completes what it was at."""


async def killed_in_activity(stage: Stage, trial: int) -> Fault:
    """Kill a worker at a point of an activity, or at any time; start it again."""
    point = stage.way("F1", trial, IN_ACTIVITY)
    return await _killed(stage, point, stage.chance("F1", trial).randint(1, 3), "F1", trial)


async def killed_in_workflow(stage: Stage, trial: int) -> Fault:
    """Kill a worker in a workflow task; for a replay both are killed first, so that the next one remembers nothing."""
    point, chance = stage.way("F2", trial, IN_WORKFLOW), stage.chance("F2", trial)
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
            return Fault(
                f"kill -9 at {point}",
                hit=False,
                evidence="nobody came there",
                in_flight=len(stage.load.open),
                way=point,
            )
        worker, evidence = found, json.dumps(hit)
        await until(lambda: is_gone(rig, worker), 5)
    gone, in_flight = is_gone(rig, worker), len(stage.load.open)
    seconds = await recovered(stage, subjects, lambda: rig.up(worker))
    if point != "random":
        await told
    evidence += f"; process gone: {gone}"
    return Fault(f"kill -9 at {point}, {nth}", gone, evidence, in_flight, seconds, way=point)


async def attempted_again(stage: Stage) -> list[str]:
    """Say that no work was attempted more often than it took effect, where some kill fell after an effect."""
    killed = {row["pid"] for row in stage.rig.hits() if row["failpoint"].partition(":")[0] in AFTER_EFFECT}
    done = {fact.submission_id for name in stage.load.journal.heads() for fact in stage.load.journal.facts(name)}
    mails = Counter((row["key"], *row["to"]) for row in lines(stage.rig.folder / "mail.jsonl") if row["mode"] == WELL)
    again = repeated(lines(stage.rig.attempts_file), killed, done)
    again |= {key for (key, *_), times in mails.items() if times > 1}
    return [] if again or not killed else ["no work was attempted more often than it took effect: no kill fell between"]


def repeated(attempts: Iterable[dict[str, Any]], killed: set[int], done: set[str]) -> set[str]:
    """Give what stands on record once and was attempted by a worker that was killed and by another one."""
    by: dict[str, set[int]] = {}
    for row in attempts:
        for key in row["keys"]:
            by.setdefault(key, set()).add(row["pid"])
    return {key for key, pids in by.items() if key in done and pids & killed and pids - killed}


async def _told(stage: Stage, subjects: list[str], *, serious: bool) -> None:
    """Give the workers what they must come through: reports, and notices where a notice's point is wanted."""
    await asyncio.gather(*(stage.load.report(subject, "prompt", serious=serious) for subject in subjects[:3]))


async def stood_still(stage: Stage, trial: int) -> Fault:
    """Stop a worker for a while at the end of a task, or both of them, and let them go on: late completions come."""
    rig, subjects = stage.rig, await enough(stage)
    point = stage.way("F20", trial, STILL)
    if point == BOTH:
        return await _both_still(stage, subjects)
    before, loop = len(rig.hits()), asyncio.get_running_loop()
    rig.arm(f"{point}:{stage.chance('F20', trial).randint(1, 4)}:stop")
    told = asyncio.create_task(_told(stage, subjects, serious=False))
    hit = await until_hit(rig, before)
    worker = rig.worker_of(hit["pid"]) if hit else None
    if hit is None or worker is None:
        await told
        return Fault(f"SIGSTOP at {point}", hit=False, evidence="nobody came there", way=point)
    still = await until(lambda: rig.state_of(worker) == "T", 5)
    begun = loop.time()
    seconds = await stage.load.probe(subjects)
    await asyncio.sleep(max(0.0, stage.outage_seconds - (loop.time() - begun)))
    said = worker.program.log.stat().st_size
    rig.thaw(worker)
    refused = await until(lambda: is_refused(worker.program.log, said), REFUSED_SECONDS)
    await stage.load.probe(subjects)
    await told
    late = () if refused else (f"{worker.name} went on after its task was another's, and was not refused",)
    evidence = f"{json.dumps(hit)}; state T: {bool(still)}; answered meanwhile by the other worker; "
    evidence += f"late completion refused: {bool(refused)}"
    name = f"SIGSTOP at {point}, then SIGCONT"
    return Fault(name, bool(still), evidence, len(stage.load.open), seconds, late, point)


def is_refused(log: Path, said: int) -> bool:
    """Say whether a worker's log tells, beyond so many bytes, that Temporal refused what it completed."""
    with log.open("rb") as file:
        file.seek(said)
        return any(b"not found" in line.lower() and b"complet" in line.lower() for line in file)


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
    in_flight = len(stage.load.open)
    return Fault("SIGSTOP of both workers until health is red", still, evidence, in_flight, seconds, late, BOTH)


async def _page(url: str) -> str:
    """Say what a health page answers."""
    async with httpx.AsyncClient(timeout=1, trust_env=False) as client:
        try:
            return str((await client.get(url)).status_code)
        except httpx.HTTPError:
            return "no answer"


ROWS = (
    Row(
        "F1", "worker kill -9 in an activity", 30, 400, killed_in_activity, seconds=45, full_seconds=8,
        ways=IN_ACTIVITY, after=attempted_again,
    ),
    Row(
        "F2", "worker kill -9 in a workflow task, in a replay", 20, 300, killed_in_workflow, seconds=25, full_seconds=9,
        ways=IN_WORKFLOW,
    ),
    Row("F20", "worker stands still, then goes on", 3, 40, stood_still, seconds=35, full_seconds=70, ways=STILL),
)  # fmt: skip
