"""A worker killed while it works: how soon does a new one answer what was under way, and everybody else?"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from bench import protocol
from bench.figures import in_turn, middle
from bench.goals import ACTIVITIES
from bench.installation import until
from bench.rig import server
from bench.sides import MESSAGES, Floor, Ours
from bench.tables import told
from demo import laboratory
from domain.decider import patient_stream

JOURNEYS = 16
"""Open patients whose reference journeys are under way when the worker is killed: timers, activities and messages."""
SENDERS = 8
"""Commands that are under way at the same time, to the other open patients."""
ASKED_AT_ONCE = 32
RUNS_BEFORE = 6.0
"""Seconds from the start of the journeys to the kill: they are in treatment then."""
PATIENCE = 300
FEW = 200
"""Open patients up to which a kill is repeated; with more it takes minutes to bring them up."""


@dataclass
class Crowd:
    """The open patients of one side, and how to speak to them."""

    side: Ours | Floor
    idle: list[str]
    """Workflow ids of those that wait."""
    say: Callable[[str], Awaitable[object]]
    journey: Callable[[], Coroutine[Any, Any, str]]
    query: str
    others: Callable[[], set[str]]
    """What the journeys have under way."""
    journeying: Callable[[], list[str]]
    """Workflow ids of the journeys."""
    under_way: set[str] = field(default_factory=set)
    stopped: bool = False
    sent: int = 0

    async def send(self, chosen: Iterator[str]) -> None:
        """Send one command after the other, each to the next patient."""
        while not self.stopped:
            workflow_id = next(chosen)
            self.sent += 1
            self.under_way.add(command := f"{workflow_id} {self.sent}")
            await self.say(workflow_id)
            self.under_way.discard(command)


async def measure(folder: Path, sizes: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """Kill the worker of each side with so many open patients, in turns, and give the seconds of the new one."""
    protocol.register()
    laboratory.warm_up()
    found: dict[str, Any] = {}
    for size in sizes:
        kills = []
        for number in range(rounds if size <= FEW else 1):
            (place := folder / f"{size}-{number}").mkdir(parents=True)
            kills.append(await _round(place, size))
        found[str(size)] = {side: middle([kill[side] for kill in kills]) for side in ("ours", "floor")}
    return found


async def _round(folder: Path, size: int) -> dict[str, dict[str, float]]:
    process, address = server(folder)
    with process, ExitStack() as open_now:
        ours, floor = Ours(folder, address, process), Floor(folder, address, process)
        for side in (ours, floor):
            open_now.callback(_stop, side)
            await side.open()
        async with ours.turn():
            killed = await _killed(await _ours(ours, size), size)
        _stop(ours)
        return {"ours": killed, "floor": await _killed(await _floor(floor, size), size)}


def _stop(side: Ours | Floor) -> None:
    side.worker.__exit__()


async def _ours(side: Ours, size: int) -> Crowd:
    enrolled = await asyncio.gather(*(side.enroll() for _ in range(size - JOURNEYS)))
    trial = side.client.trial
    drivers = []

    async def say(workflow_id: str) -> None:
        await side.report(workflow_id.removeprefix(patient_stream(trial, "")))

    async def journey() -> str:
        drivers.append(driver := side.driver())
        return await driver.run()

    return Crowd(
        side,
        [patient_stream(trial, subject) for subject in enrolled],
        say,
        journey,
        "show",
        lambda: {one for driver in drivers for one in driver.in_flight},
        lambda: [patient_stream(trial, driver.subject) for driver in drivers if driver.subject],
    )


async def _floor(side: Floor, size: int) -> Crowd:
    idle = [await side.driver.idle(MESSAGES) for _ in range(size - JOURNEYS)]

    async def say(workflow_id: str) -> None:
        await side.driver.say(workflow_id, "x")

    driver = side.driver
    return Crowd(
        side, idle, say, side.journey, "messages", lambda: set(driver.in_flight), lambda: list(driver.subjects)
    )


async def _killed(crowd: Crowd, size: int) -> dict[str, float]:
    """Let it work, kill the worker, start a new one, and wait until everything that was under way is answered."""
    chosen = in_turn(crowd.idle)
    journeys = [asyncio.create_task(crowd.journey()) for _ in range(JOURNEYS)]
    senders = [asyncio.create_task(crowd.send(chosen)) for _ in range(SENDERS)]
    await asyncio.sleep(RUNS_BEFORE)
    crowd.side.worker.kill()
    waiting, others = set(crowd.under_way), crowd.others()
    crowd.side.start_worker()

    async def all_answered() -> bool:
        return not (waiting & crowd.under_way or others & crowd.others())

    begun = time.monotonic()
    ready = asyncio.create_task(asyncio.to_thread(crowd.side.worker.wait_for_line, "worker ready"))
    lost = await _in_hand(crowd, crowd.journeying())
    number, tried_again = len(lost), asyncio.create_task(_tried_again(crowd, lost, begun))
    async with asyncio.timeout(PATIENCE):
        await until(all_answered, look_seconds=0.01)
        commands = time.monotonic() - begun
        await _all_answer(crowd)
        queries = time.monotonic() - begun
    crowd.stopped = True
    async with asyncio.timeout(3 * PATIENCE):
        await asyncio.gather(*senders, *journeys)
    found = {
        "seconds": commands,
        "and until all, asked then, had answered a query, s": queries,
        "worker ready, s": await ready,
        "commands under way at the kill": len(waiting) + len(others),
        ACTIVITIES: await tried_again,
        "activities under way at the kill": number,
        "commands sent in all": crowd.sent,
        "journeys under way, all ended": len(journeys),
    }
    told(
        f"{size} open, {crowd.side.name}: {found['seconds']:.1f} s, {found['commands under way at the kill']} under way"
    )
    return found


def _client(crowd: Crowd) -> Client:
    return crowd.side.client if isinstance(crowd.side, Floor) else crowd.side.client.client


async def _in_hand(crowd: Crowd, workflow_ids: Iterable[str]) -> set[tuple[str, str, int]]:
    """Give workflow, activity and try of what a worker of these has in hand, as Temporal knows it."""
    found = await asyncio.gather(*(_begun(_client(crowd).get_workflow_handle(one)) for one in workflow_ids))
    return {row for rows in found for row in rows}


async def _begun(handle: WorkflowHandle[Any, Any]) -> list[tuple[str, str, int]]:
    """Give what is in hand of one; nothing where it is only about to begin."""
    try:
        pending = (await handle.describe()).raw_description.pending_activities
    except RPCError as problem:
        if problem.status is not RPCStatusCode.NOT_FOUND:
            raise
        return []
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    return [(handle.id, row.activity_id, row.attempt) for row in pending if row.state == started]


async def _tried_again(crowd: Crowd, lost: set[tuple[str, str, int]], begun: float) -> float:
    """Give the seconds until the last of these tries is over, by its outcome or by its time-out."""
    seconds = 0.0
    while lost:
        lost &= await _in_hand(crowd, {workflow_id for workflow_id, _, _ in lost})
        seconds = time.monotonic() - begun
        await asyncio.sleep(0.05)
    return seconds


async def _all_answer(crowd: Crowd) -> None:
    """Ask every open patient, and ask again while there is nobody to answer."""
    client = _client(crowd)
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(workflow_id: str) -> None:
        async with gate:
            while True:
                try:
                    await client.get_workflow_handle(workflow_id).query(crowd.query)
                except RPCError:
                    await asyncio.sleep(0.05)
                else:
                    return

    await asyncio.gather(*(ask(workflow_id) for workflow_id in (*crowd.idle, *crowd.journeying())))
