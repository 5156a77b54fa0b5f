"""The measurements: each runs against a real server and gives plain figures. Nothing here asserts a time."""

import asyncio
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Replayer

from bench.floor import QUEUE, BareJourney
from bench.journeys import FloorDriver, JournalWatch, OurDriver, bench_clock, open_bench_trial
from bench.rig import Process
from journal.store import Journal
from workflows.client import Submitted, TrialClient
from workflows.connection import CONVERTER, connect
from workflows.identity import IdentityInterceptor, IdentityRunner
from workflows.patient_journey import PatientJourney

PACE = 8.0
"""Milliseconds a clinical day lasts: both sides' timers are that long."""
SUBJECTS_FOR_LATENCY = 16


@dataclass
class Sample:
    """One measured batch of journeys."""

    journeys_per_second: float
    server_cpu: float
    worker_cpu: float
    events: int
    kinds: dict[str, int]


async def batch(
    driver: Callable[[], Awaitable[str]], count: int, server: Process, worker: Process, client: Client
) -> Sample:
    """Run so many journeys at once, and give what they cost."""
    server_before, worker_before, started = server.processor_seconds(), worker.processor_seconds(), time.monotonic()
    names = await asyncio.gather(*(driver() for _ in range(count)))
    seconds = time.monotonic() - started
    server_cpu = (server.processor_seconds() - server_before) / count
    worker_cpu = (worker.processor_seconds() - worker_before) / count
    counted = [await events_of(client, name) for name in names]
    events = round(statistics.median(sum(kinds.values()) for kinds in counted))
    middle = min(counted, key=lambda kinds: abs(sum(kinds.values()) - events))
    return Sample(count / seconds, server_cpu, worker_cpu, events, dict(middle))


class Ours:
    """Our product under measurement: a worker, a trial and a watch on the journal."""

    def __init__(self, folder: Path, address: str) -> None:
        """Start the worker."""
        self.folder = folder / "ours"
        environment = {
            "TRIALPATH_DATA": str(self.folder),
            "TEMPORAL_ADDRESS": address,
            "TRIALPATH_LOG_LEVEL": "ERROR",
        }
        self._address = address
        self.worker = Process([sys.executable, "-m", "bench.worker"], log=folder / "ours.log", environment=environment)
        self.ready_seconds = self.worker.wait_for_line("worker ready")
        self.journal = Journal(f"sqlite:///{self.folder / 'journal.db'}")

    async def open(self) -> None:
        """Open the trial and follow the journal."""
        client = await connect(self._address)
        self.client = TrialClient(client, "NCT06978153", "trialpath", self.journal)
        self.clock = bench_clock(PACE)
        await open_bench_trial(self.client, self.clock)
        self.watch = JournalWatch(self.journal)
        self.watching = asyncio.create_task(self.watch.run())

    async def journey(self) -> str:
        """Play one reference journey."""
        return await OurDriver(self.client, self.watch, self.clock, self.folder / "lab").run()

    async def enroll(self) -> str:
        """Enrol one subject who then waits in screening, with its results in."""
        driver = OurDriver(self.client, self.watch, self.clock, self.folder / "lab")
        await driver.screened()
        return driver.subject

    async def latencies(self, samples: int) -> list[float]:
        """Give the seconds from sending a command to its answer, one at a time."""
        subjects = [await self.enroll() for _ in range(SUBJECTS_FOR_LATENCY)]
        fields = {"term": "nausea", "grade": 1, "serious": False, "onset_on": "2025-06-02"}
        found = []
        for number in range(samples):
            subject = subjects[number % len(subjects)]
            started = time.perf_counter()
            answer = await self.client.to_subject(subject, Submitted("adverse_event", fields, staff="INV1"))
            found.append(time.perf_counter() - started)
            if answer.outcome != "applied":
                raise RuntimeError(answer.sentence())
        return found


class Floor:
    """The bare floor under measurement."""

    def __init__(self, folder: Path, address: str) -> None:
        """Start its worker."""
        self.worker = Process([sys.executable, "-m", "bench.floor", address], log=folder / "floor.log")
        self.ready_seconds = self.worker.wait_for_line("worker ready")
        self._address = address

    async def open(self) -> None:
        """Connect the driver."""
        self.client = await Client.connect(self._address)
        self._driver = FloorDriver(self.client, PACE)
        self._ears = await self._driver.listen()

    async def journey(self) -> str:
        """Drive one bare journey."""
        return await self._driver.run()

    async def latencies(self, samples: int) -> list[float]:
        """Give the seconds of bare updates, one at a time."""
        stages = [{"timer_days": 0, "activities": 0, "then": 0, "messages": ["x"] * (samples + 1)}]
        handles = [
            await self.client.start_workflow(
                BareJourney.run,
                args=[stages, PACE, 1],
                id=f"bare-latency-{number}",
                task_queue=QUEUE,
                task_timeout=timedelta(seconds=2),
            )
            for number in range(SUBJECTS_FOR_LATENCY)
        ]
        found = []
        for number in range(samples):
            started = time.perf_counter()
            await handles[number % len(handles)].execute_update(BareJourney.message, "x")
            found.append(time.perf_counter() - started)
        return found


async def events_of(client: Client, workflow_id: str) -> Counter[str]:
    """Count a workflow's events by kind over all its runs."""
    counts: Counter[str] = Counter()
    async for run in client.list_workflows(f"WorkflowId='{workflow_id}'"):
        history = await client.get_workflow_handle(workflow_id, run_id=run.run_id).fetch_history()
        counts.update(str(event.WhichOneof("attributes")).removesuffix("_event_attributes") for event in history.events)
    return counts


async def replay_milliseconds(client: Client, stream: str) -> float:
    """Give the time to replay all runs of one journey."""
    histories = [
        await client.get_workflow_handle(stream, run_id=run.run_id).fetch_history()
        async for run in client.list_workflows(f"WorkflowId='{stream}'")
    ]
    replayer = Replayer(
        workflows=[PatientJourney],
        data_converter=CONVERTER,
        workflow_runner=IdentityRunner(),
        interceptors=[IdentityInterceptor()],
    )
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        for history in histories:
            await replayer.replay_workflow(history)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def help_seconds() -> float:
    """Give the time of `starter.py --help`, the median of five."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([sys.executable, "starter.py", "--help"], check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def percentile(values: list[float], share: float) -> float:
    """Give the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
