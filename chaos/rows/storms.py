"""Many commands on one subject while workers come and go, and while its run hands over again and again."""

import asyncio
import sys

from chaos.clinic import adverse_event
from chaos.load import Load
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import enough
from domain.decider import patient_stream

QUICK, FULL = 200, 1000
"""Commands of a storm: the quick run has two minutes for all that the full one takes twenty for."""
AT_ONCE = 15
"""More than the ten updates that Temporal takes in flight."""
SHORT = (sys.executable, "-m", "chaos.short_runs")
STORMY = Setting(own="storms and clocks", day_seconds=2.0)


async def storm(stage: Stage, trial: int) -> Fault:
    """Send many commands to one subject while one worker after the other is killed and comes back."""
    subjects, rig = await enough(stage), stage.rig
    subject, others = subjects[0], subjects[1:]
    idle = await stage.load.probe(others)
    killing = asyncio.create_task(_workers_go(stage, trial))
    begun = asyncio.get_running_loop().time()
    storming = asyncio.create_task(_send(stage, subject, f"storm {trial}"))
    busy = await stage.load.probe(others)
    wrong = await storming
    seconds = asyncio.get_running_loop().time() - begun
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    await asyncio.gather(*(rig.up(worker) for worker in rig.workers if rig.state_of(worker) in ("", "Z")))
    runs = await _runs(stage.load, subject)
    evidence = f"{_count(stage)} commands in {seconds:.0f} s, {AT_ONCE} at once, over {runs} runs; "
    evidence += f"{len(others)} others answered after {idle:.2f} s before it and {busy:.2f} s in it"
    return Fault("storm on one subject, workers killed", runs > 1, evidence, AT_ONCE, None, tuple(wrong))


async def hand_over_race(stage: Stage, trial: int) -> Fault:
    """Send many commands to a subject whose run hands over every few of them; kill the server on the way."""
    rig, subjects = stage.rig, await enough(stage)
    subject = subjects[0]
    await asyncio.gather(*(worker.stop() for worker in rig.workers))
    long_ones, rig.workers = rig.workers, [rig.worker(number, SHORT) for number in (1, 2)]
    for worker in rig.workers:
        await rig.up(worker)
    before = await _runs(stage.load, subject)
    storming = asyncio.create_task(_send(stage, subject, f"race {trial}"))
    await asyncio.sleep(stage.chance("F17", trial).uniform(1, 3))
    await rig.temporal.kill()
    await rig.up(rig.temporal)
    wrong = await storming
    runs = await _runs(stage.load, subject) - before
    await asyncio.gather(*(worker.stop() for worker in rig.workers))
    rig.workers = long_ones
    for worker in rig.workers:
        await rig.up(worker)
    seconds = await stage.load.probe(subjects)
    evidence = f"{_count(stage)} commands over {runs} hand-overs, the server killed in their midst"
    return Fault("hand-overs under a storm", runs >= _count(stage) // 50, evidence, AT_ONCE, seconds, tuple(wrong))


async def _send(stage: Stage, subject: str, term: str) -> list[str]:
    """Send the commands; name those that the journal has not exactly once."""
    load, gate = stage.load, asyncio.Semaphore(AT_ONCE)
    today = load.pace.today()

    async def one(number: int) -> None:
        async with gate:
            submitted = load.submitted(adverse_event(today, f"{term}/{number}"))
            await load.calls.insist(subject, submitted, gateway=number % len(load.calls.gateways))

    await asyncio.gather(*(one(number) for number in range(_count(stage))))
    facts = await asyncio.to_thread(load.journal.facts, patient_stream(load.trial, subject))
    found = [fact.body for fact in facts if fact.kind == "AdverseEventReported" and f'"{term}/' in fact.body]
    lost = [] if len(found) == _count(stage) else [f"{subject}: {_count(stage)} commands sent, {len(found)} on record"]
    return lost + ([] if len(set(found)) == len(found) else [f"{subject}: commands stand twice on record"])


def _count(stage: Stage) -> int:
    return FULL if stage.full else QUICK


async def _workers_go(stage: Stage, trial: int) -> None:
    """Kill one worker after the other, and bring each back."""
    rig, chance = stage.rig, stage.chance("F11", trial)
    while True:
        for worker in rig.workers:
            await asyncio.sleep(chance.uniform(1, 3))
            await worker.kill()
            await asyncio.sleep(chance.uniform(0, 1))
            await rig.up(worker)


async def _runs(load: Load, subject: str) -> int:
    """Count the runs of a subject's workflow by following each to the one before it."""
    client = load.calls.gateways[0].client
    stream, count, run = patient_stream(load.trial, subject), 0, None
    while run != "":
        handle = client.get_workflow_handle(stream, run_id=run)
        first = await anext(aiter(handle.fetch_history_events(page_size=1)))
        run, count = first.workflow_execution_started_event_attributes.continued_execution_run_id, count + 1
    return count


ROWS = (
    Row("F11", "storm on one subject, workers killed", 1, 30, storm, STORMY, full_seconds=90),
    Row("F17", "hand-overs under a storm, server killed", 1, 60, hand_over_race, STORMY, full_seconds=60),
)
