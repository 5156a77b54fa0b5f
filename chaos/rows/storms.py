"""Many commands on one subject while workers come and go, and while its run hands over again and again."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from temporalio.api.enums.v1 import EventType

from chaos.clinic import adverse_event
from chaos.load import Load
from chaos.report import at
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import enough
from domain.decider import patient_stream

QUICK, FULL = 200, 1000
"""Commands of a storm: the quick run has two minutes for all that the full one takes twenty for."""
AT_ONCE = 15
"""More than the ten updates that Temporal takes in flight."""
ONE, EACH = "one subject", "each subject"
WAYS = (ONE, EACH)
IDLE_SECONDS = 8.0
SLOWER = 2
"""How much longer others may wait in a storm, in their 99th percentile."""
MOST_UPDATES = 2000
"""What Temporal takes in one run; a run hands over before."""
UPDATE = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
SHORT = (sys.executable, "-m", "chaos.short_runs")
STORMY = Setting(own="storms", day_seconds=2.0)


async def storm(stage: Stage, trial: int) -> Fault:
    """Send many commands to one subject, or to all, and as many while one worker after the other is killed."""
    subjects, rig, way = await enough(stage), stage.rig, stage.way("F11", trial, WAYS)
    loop, stormed = asyncio.get_running_loop(), subjects[:1] if way == ONE else subjects
    others = [subject for subject in subjects if subject not in stormed]
    idle = await _times(stage, others, asyncio.create_task(asyncio.sleep(IDLE_SECONDS)))
    begun, half = loop.time(), _count(stage) // 2
    storming = asyncio.create_task(_all(stage, stormed, f"storm {trial}", half))
    busy = await _times(stage, others, storming)
    wrong = [*storming.result(), *slower(idle, busy)]
    killing = asyncio.create_task(_workers_go(stage, trial))
    wrong += await _all(stage, stormed, f"storm {trial} with kills", half)
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    await asyncio.gather(*(rig.up(worker) for worker in rig.workers if rig.state_of(worker) in ("", "Z")))
    updates = [await _updates(stage.load, subject) for subject in stormed]
    most, runs = max(max(counts) for counts in updates), max(map(len, updates))
    wrong += [] if most < MOST_UPDATES else [f"{most} updates in one run: it had to hand over before {MOST_UPDATES}"]
    evidence = f"2 x {half} commands in {loop.time() - begun:.0f} s, {AT_ONCE} at once, over {runs} runs, "
    evidence += f"at most {most} updates in one; others' p99 {_p99(idle)} before, {_p99(busy)} in the storm"
    hit = runs > 1 if way == ONE else len(stormed) > 1
    return Fault(f"storm on {way}, workers killed", hit, evidence, AT_ONCE, None, tuple(wrong), way)


def slower(idle: Sequence[float], busy: Sequence[float]) -> list[str]:
    """Say that others waited longer in a storm than they may: twice the 99th percentile of an idle installation."""
    before, within = at(sorted(idle), 0.99), at(sorted(busy), 0.99)
    if before is None or within is None or within < SLOWER * before:
        return []
    return [f"others' p99 is {within:.2f} s in the storm and {before:.2f} s without it: not below {SLOWER} times"]


def _p99(found: Sequence[float]) -> str:
    return f"{at(sorted(found), 0.99)} s of {len(found)} calls" if found else "of no call"


async def _times(stage: Stage, subjects: list[str], lasting: "asyncio.Task[Any]") -> list[float]:
    """Have subjects take one command after the other while something lasts; give the seconds of each."""
    loop, found = asyncio.get_running_loop(), list[float]()

    async def one(subject: str) -> None:
        while not lasting.done():
            begun = loop.time()
            await stage.load.report(subject, "beside")
            found.append(loop.time() - begun)

    await asyncio.gather(lasting, *(one(subject) for subject in subjects))
    return found


async def _all(stage: Stage, subjects: list[str], term: str, count: int) -> list[str]:
    """Send commands to one subject, or to several in equal parts."""
    gate, each = asyncio.Semaphore(AT_ONCE), count // len(subjects)
    found = await asyncio.gather(*(_send(stage, subject, term, each, gate) for subject in subjects))
    return [what for wrong in found for what in wrong]


async def hand_over_race(stage: Stage, trial: int) -> Fault:
    """Send many commands to a subject whose run hands over every few of them; kill the server on the way."""
    rig, subjects = stage.rig, await enough(stage)
    subject = subjects[0]
    await asyncio.gather(*(worker.stop() for worker in rig.workers))
    long_ones, rig.workers = rig.workers, [rig.worker(number, SHORT) for number in (1, 2)]
    for worker in rig.workers:
        await rig.up(worker)
    before = len(await _updates(stage.load, subject))
    storming = asyncio.create_task(_all(stage, [subject], f"race {trial}", _count(stage)))
    await asyncio.sleep(stage.chance("F17", trial).uniform(1, 3))
    await rig.temporal.kill()
    await rig.up(rig.temporal)
    wrong = await storming
    runs = len(await _updates(stage.load, subject)) - before
    await asyncio.gather(*(worker.stop() for worker in rig.workers))
    rig.workers = long_ones
    for worker in rig.workers:
        await rig.up(worker)
    seconds = await stage.load.probe(subjects)
    evidence = f"{_count(stage)} commands over {runs} hand-overs, the server killed in their midst"
    return Fault("hand-overs under a storm", runs >= _count(stage) // 50, evidence, AT_ONCE, seconds, tuple(wrong))


async def _send(stage: Stage, subject: str, term: str, count: int, gate: asyncio.Semaphore) -> list[str]:
    """Send commands; name those that the journal has not exactly once."""
    load, today = stage.load, stage.load.pace.today()

    async def one(number: int) -> None:
        async with gate:
            submitted = load.submitted(adverse_event(today, f"{term}/{number}"), subject)
            await load.calls.insist(subject, submitted, gateway=number % len(load.calls.gateways))

    await asyncio.gather(*(one(number) for number in range(count)))
    facts = await asyncio.to_thread(load.journal.facts, patient_stream(load.trial, subject))
    found = [fact.body for fact in facts if fact.kind == "AdverseEventReported" and f'"{term}/' in fact.body]
    lost = [] if len(found) == count else [f"{subject}: {count} commands sent, {len(found)} on record"]
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


async def _updates(load: Load, subject: str) -> list[int]:
    """Count the updates of each run of a subject's workflow, by following each run to the one before it."""
    client = load.calls.gateways[0].client
    stream, counts, run = patient_stream(load.trial, subject), list[int](), None
    while run != "":
        handle = client.get_workflow_handle(stream, run_id=run)
        events = [event async for event in handle.fetch_history_events()]
        run = events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        counts.append(sum(event.event_type == UPDATE for event in events))
    return counts


ROWS = (
    Row("F11", "storm on one subject or all, workers killed", 1, 30, storm, STORMY, full_seconds=90, ways=WAYS),
    Row("F17", "hand-overs under a storm, server killed", 1, 60, hand_over_race, STORMY, full_seconds=60),
)
