"""A whole trial with real timers: days are days, on the server that skips time while everybody is quiet.

Time stands while anybody acts: a skip under way would let the others' tasks expire.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.world import LAB_POLL
from bench import protocol
from bench.bare import FloorDriver
from bench.figures import middle
from bench.journeys import STAGES, JournalWatch, OurDriver, Watched, open_bench_trial
from bench.rig import Process
from bench.tables import told
from demo import laboratory
from domain.decider import patient_stream
from domain.values import Clock
from journal.store import Journal
from workflows.attributes import KEYS
from workflows.client import TrialClient
from workflows.connection import CONVERTER

SERVER = Path(sys.executable).parent / "temporal-test-server"
DAY_MILLISECONDS = 86_400_000.0
FIRST_DAY = datetime(2025, 6, 2, 1, tzinfo=UTC)
ON_TIME = timedelta(seconds=1)
LOOK_SECONDS = 0.02
WORKERS = 2
"""Workers of ours, as a site runs it (docker-compose.yml)."""


async def measure(folder: Path, patients: int, rounds: int) -> dict[str, Any]:
    """Play so many reference journeys at once by the real calendar, ours and the floor's in turns, on new servers.

    Unit: seconds on the wall.
    """
    protocol.register()
    laboratory.warm_up()
    sides = {"ours": _ours, "floor": _floor}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for number, (name, play) in itertools.product(range(rounds), sides.items()):
        (place := folder / str(number)).mkdir(exist_ok=True)
        environment = await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=str(SERVER), data_converter=CONVERTER, identity="bench"
        )
        async with environment:
            with environment.auto_time_skipping_disabled():
                found[name].append(await play(environment, place, patients))
        told(f"{patients} patients by real timers, {name}: {found[name][-1]['seconds']:.1f} s")
    return {"patients": patients, **{name: middle(played) for name, played in found.items()}}


def _address(environment: WorkflowEnvironment) -> str:
    return str(environment.client.service_client.config.target_host)


class Mover:
    """Moves the time of the server to the next instant at which something is due, whenever all are quiet."""

    def __init__(self, environment: WorkflowEnvironment, journal: Journal, begun: datetime, clock: Clock) -> None:
        """Move the time of this server."""
        self._environment = environment
        self._client: Client = environment.client
        self._journal = journal
        self._clock = clock
        self._known: dict[str, tuple[int, datetime | None, bool]] = {}
        self.now = begun
        self.moves = 0

    def time(self) -> datetime:
        """Give the server's time, as it is when asked."""
        return self.now

    async def run(self, watch: JournalWatch, prefix: str, patients: int) -> None:
        """Move time until cancelled."""
        while True:
            subjects = {stream: one for stream, one in watch.subjects.items() if stream.startswith(prefix)}
            if len(subjects) < patients or not await self._are_quiet(subjects, lambda: watch.seen):
                await asyncio.sleep(LOOK_SECONDS)
                continue
            dues = [due for stream, (_, due, _) in self._known.items() if due and subjects[stream].waiting_for]
            asked = any(open_ for _, _, open_ in self._known.values())
            next_poll = self._clock.trial_time(self.now) + LAB_POLL + ON_TIME
            until = min([*dues, next_poll] if asked or not dues else dues)
            wait = max(self._clock.real_time(until) - self.now, ON_TIME)
            self.now += wait  # whoever acts meanwhile acts then
            await self._environment.sleep(wait)
            self.now = await self._environment.get_current_time()
            self.moves += 1
            self._known = {stream: row for stream, row in self._known.items() if not self._is_stale(row)}

    def _is_stale(self, row: tuple[int, datetime | None, bool]) -> bool:
        _, due, is_open = row
        return is_open or (due is not None and self._clock.real_time(due) <= self.now)

    async def _are_quiet(self, subjects: dict[str, Watched], seen: Callable[[], int]) -> bool:
        """Say whether every journey waits for time alone: those that recorded since are looked at again."""
        if any(not one.waiting_for or one.changed.is_set() for one in subjects.values() if not one.over):
            return False
        heads = await asyncio.to_thread(self._journal.heads)
        if seen() < sum(heads.values()) or not subjects.keys() <= heads.keys():
            return False
        moved = [stream for stream in subjects if self._known.get(stream, (0, None, False))[0] != heads[stream]]
        quiet = await asyncio.gather(*(self._look(stream, heads[stream]) for stream in moved))
        return all(quiet)

    async def _look(self, stream: str, head: int) -> bool:
        """Note what a journey waits for; say whether it waits."""
        try:
            shown = await self._client.get_workflow_handle(stream).query("show")
        except RPCError:
            return False
        due = datetime.fromisoformat(shown["next_due"]["at"]) if shown["next_due"] else None
        if shown["facts"] != head or (due is not None and self._clock.real_time(due) <= self.now):
            return False
        is_open = bool(shown["open_intents"])
        if is_open and not await self._pauses(stream):
            return False
        self._known[stream] = head, due, is_open
        return True

    async def _pauses(self, stream: str) -> bool:
        """Say whether each of a journey's activities failed once and waits for its next try.

        This server shows a try that waits as started, so its state says nothing.
        """
        request = DescribeWorkflowExecutionRequest(
            namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=stream)
        )
        described = await self._client.workflow_service.describe_workflow_execution(request)
        return all(one.attempt > 1 and one.HasField("last_failure") for one in described.pending_activities)


async def _ours(environment: WorkflowEnvironment, folder: Path, patients: int) -> dict[str, float]:
    names = {name: IndexedValueType.ValueType(key.indexed_value_type) for name, key in KEYS.items()}
    await environment.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=names)
    )
    data = folder / "ours"
    command = [sys.executable, "-m", "bench.skipping_worker", _address(environment), str(data)]
    with ExitStack() as open_now:
        workers = []
        for number in range(WORKERS):
            workers.append(open_now.enter_context(Process(command, log=folder / f"ours-{number}.log")))
            workers[-1].wait_for_line("worker ready")
        journal = Journal(f"sqlite:///{data / 'journal.db'}")
        began = await environment.get_current_time()
        clock = Clock(real_epoch=began, trial_epoch=FIRST_DAY)
        client = TrialClient(environment.client, "NCT06978153", "trialpath", journal)
        await open_bench_trial(client, clock)
        watch = JournalWatch(data / "journal.db")
        mover = Mover(environment, journal, began, clock)
        drivers = [OurDriver(client, watch, clock, data / "lab", mover.time) for _ in range(patients)]
        started, used = time.monotonic(), _seconds_of(workers)
        beside = [
            asyncio.create_task(watch.run()),
            asyncio.create_task(mover.run(watch, patient_stream(client.trial, ""), patients)),
        ]
        playing = asyncio.create_task(_all(drivers))
        done, _ = await asyncio.wait([playing, *beside], return_when=asyncio.FIRST_COMPLETED)
        for task in (playing, *beside):
            task.cancel()
        for task in done:
            await task
        seconds = time.monotonic() - started
        return {
            "seconds": seconds,
            "days of trial time": (mover.now - began) / timedelta(days=1),
            "times the clock was moved": mover.moves,
            "facts": sum(journal.heads().values()),
            "workers": len(workers),
            "worker CPU, s": _seconds_of(workers) - used,
        }


def _seconds_of(workers: list[Process]) -> float:
    return sum(worker.processor_seconds() for worker in workers)


async def _all(drivers: list[OurDriver]) -> None:
    await asyncio.gather(*(driver.run() for driver in drivers))


async def _floor(environment: WorkflowEnvironment, folder: Path, patients: int) -> dict[str, float]:
    """All stand at the same stage, so that time moves by the stage's timer."""
    command = [sys.executable, "-m", "bench.floor", _address(environment)]
    with Process(command, log=folder / "floor.log") as worker:
        worker.wait_for_line("worker ready")
        driver = FloorDriver(environment.client, DAY_MILLISECONDS)
        ears = await driver.listen()
        names = [f"bare-{number}" for number in range(patients)]
        driver.subjects = {name: Watched() for name in names}
        began = await environment.get_current_time()
        started, used = time.monotonic(), worker.processor_seconds()
        await asyncio.gather(*(driver.begin(name, STAGES) for name in names))
        moves = 0
        for number, stage in enumerate(STAGES):
            if stage["timer_days"]:
                await asyncio.gather(
                    *(environment.client.get_workflow_handle(name).query("messages") for name in names)
                )
                await environment.sleep(timedelta(days=stage["timer_days"]) + ON_TIME)
                moves += 1
            await asyncio.gather(*(driver.subjects[name].until(*_of(number)) for name in names))
            for message in stage["messages"]:
                await asyncio.gather(*map(partial(driver.say, message=message), names))
        now = await environment.get_current_time()
        await asyncio.gather(*(driver.ended(name) for name in names))
        seconds = time.monotonic() - started
        ears.close()
        return {
            "seconds": seconds,
            "days of trial time": (now - began) / timedelta(days=1),
            "times the clock was moved": moves,
            "workers": 1,
            "worker CPU, s": worker.processor_seconds() - used,
        }


def _of(number: int) -> tuple[str, int]:
    """Give what a driver waits for in a stage: so many activities."""
    return str(number), STAGES[number]["activities"] + STAGES[number]["then"]
