"""The sides of a comparison: ours, the bare Temporal floor, and a peer. Each has a worker process and does journeys."""

import asyncio
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dbos import DBOSClient
from sqlalchemy import create_engine, text
from temporalio.client import Client

from bench.bare import BareDriver, FloorDriver, PeerDriver
from bench.events import ROWS, STEPS, events_of
from bench.journeys import JournalWatch, OurDriver, answered, bench_clock, open_bench_trial
from bench.postgres import Cluster
from bench.rig import Process
from journal.store import Journal
from workflows.client import Submitted, TrialClient
from workflows.connection import connect

PACE = 8.0
"""Milliseconds a clinical day lasts: all sides' timers are that long."""
SUBJECTS_FOR_LATENCY = 16
MESSAGES = 1_000
"""What a bare journey that only takes messages waits for: more than it gets. Its start names each of them."""


class Side(ABC):
    """One side under measurement."""

    name: str
    worker: Process
    ready_seconds: float

    @abstractmethod
    async def open(self) -> None:
        """Connect the driver, and prepare the subjects that commands are timed on."""

    @abstractmethod
    async def journey(self) -> str:
        """Play one reference journey and give its id."""

    @abstractmethod
    async def command(self, number: int) -> None:
        """Send one command and wait until it is acknowledged."""

    @abstractmethod
    async def prepare(self) -> None:
        """Begin the subjects to which commands go."""

    @abstractmethod
    async def stored(self, journey: str) -> Counter[str]:
        """Count what stands stored of a journey by kind: events of its history, or rows."""

    @abstractmethod
    def server_seconds(self) -> float:
        """Give the processor time its server has taken so far."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Be the side that is measured: what it does of its own accord rests until its next turn."""
        yield

    async def latencies(self, samples: int) -> list[float]:
        """Give the seconds from sending a command to its answer, one at a time."""
        found = []
        for number in range(samples):
            started = time.perf_counter()
            await self.command(number)
            found.append(time.perf_counter() - started)
        return found


class Ours(Side):
    """Our product: a worker, a trial and a watch on the journal."""

    name = "ours"

    def __init__(self, folder: Path, address: str, server: Process) -> None:
        """Start the worker."""
        self.folder = folder / "ours"
        self._log, self._address, self._server = folder / "ours.log", address, server
        self.start_worker()
        self.ready_seconds = self.worker.wait_for_line("worker ready")
        self.journal = Journal(f"sqlite:///{self.folder / 'journal.db'}")
        self._subjects: list[str] = []

    def start_worker(self) -> None:
        """Start a worker; whoever needs it ready waits."""
        environment = {
            "TRIALPATH_DATA": str(self.folder),
            "TEMPORAL_ADDRESS": self._address,
            "TRIALPATH_LOG_LEVEL": "ERROR",
        }
        self.worker = Process([sys.executable, "-m", "bench.worker"], log=self._log, environment=environment)

    async def open(self) -> None:
        """Open the trial."""
        self.client = TrialClient(await connect(self._address), "NCT06978153", "trialpath", self.journal)
        self.clock = bench_clock(PACE)
        await open_bench_trial(self.client, self.clock)
        self.watch = JournalWatch(self.folder / "journal.db")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Follow the journal meanwhile."""
        watching = asyncio.create_task(self.watch.run())
        try:
            yield
        finally:
            watching.cancel()

    def driver(self) -> OurDriver:
        """Give a driver of one subject."""
        return OurDriver(self.client, self.watch, self.clock, self.folder / "lab")

    async def journey(self) -> str:
        """Play one reference journey, and give its stream."""
        return await self.driver().run()

    async def enroll(self) -> str:
        """Enrol one subject who then waits in screening, with its results in; give its number."""
        driver = self.driver()
        await driver.screened()
        return driver.subject

    async def prepare(self) -> None:
        """Enrol."""
        self._subjects = [await self.enroll() for _ in range(SUBJECTS_FOR_LATENCY)]

    async def command(self, number: int) -> None:
        """Report an adverse event."""
        await self.report(self._subjects[number % SUBJECTS_FOR_LATENCY])

    async def report(self, subject: str) -> None:
        """Report an adverse event of a subject. Raises RuntimeError when it is refused."""
        fields = {"term": "nausea", "grade": 1, "serious": False, "onset_on": "2025-06-02"}
        answer = await answered(self.client, subject, Submitted("adverse_event", fields, staff="INV1"))
        if answer.outcome != "applied":
            raise RuntimeError(answer.sentence())

    async def stored(self, journey: str) -> Counter[str]:
        """Count history events."""
        return await events_of(self.client.client, journey)

    def server_seconds(self) -> float:
        """Give Temporal's processor time."""
        return self._server.processor_seconds()


class _Bare(Side):
    """What floor and peer have in common."""

    driver: BareDriver

    async def journey(self) -> str:
        """Drive one bare journey."""
        return await self.driver.run()

    async def prepare(self) -> None:
        """Begin journeys that only wait for messages."""
        self._waiting = [await self.driver.idle(MESSAGES) for _ in range(SUBJECTS_FOR_LATENCY)]

    async def command(self, number: int) -> None:
        """Send a message."""
        await self.driver.say(self._waiting[number % SUBJECTS_FOR_LATENCY], "x")


class Floor(_Bare):
    """The bare Temporal floor."""

    name = "floor"

    def __init__(self, folder: Path, address: str, server: Process) -> None:
        """Start its worker."""
        self._log, self._address, self._server = folder / "floor.log", address, server
        self.start_worker()
        self.ready_seconds = self.worker.wait_for_line("worker ready")

    def start_worker(self) -> None:
        """Start a worker; whoever needs it ready waits."""
        self.worker = Process([sys.executable, "-m", "bench.floor", self._address], log=self._log)

    async def open(self) -> None:
        """Connect the driver."""
        self.client = await Client.connect(self._address)
        self.driver = FloorDriver(self.client, PACE)
        self.ears = await self.driver.listen()

    async def stored(self, journey: str) -> Counter[str]:
        """Count history events."""
        return await events_of(self.client, journey)

    def server_seconds(self) -> float:
        """Give Temporal's processor time."""
        return self._server.processor_seconds()


class Peer(_Bare):
    """DBOS Transact on SQLite, or on a PostgreSQL server."""

    def __init__(self, folder: Path, cluster: Cluster | None) -> None:
        """Start its worker, which makes its tables."""
        self.name = "DBOS on PostgreSQL" if cluster else "DBOS on SQLite"
        self._cluster = cluster
        self._url = cluster.database("peer") if cluster else f"sqlite:///{folder / 'peer.db'}"
        log = folder / f"peer-{'postgresql' if cluster else 'sqlite'}.log"
        self.worker = Process([sys.executable, "-m", "bench.peer", self._url], log=log)
        self.ready_seconds = self.worker.wait_for_line("worker ready")

    async def open(self) -> None:
        """Connect the driver."""
        client = await asyncio.to_thread(DBOSClient, system_database_url=self._url)
        self.driver = PeerDriver(client, PACE)
        self.ears = await self.driver.listen()
        self._engine = create_engine(self._url.replace("postgresql://", "postgresql+psycopg://"))
        self.worker.rest()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Let its worker go on meanwhile: it looks for work all the time."""
        self.worker.go_on()
        try:
            yield
        finally:
            self.worker.rest()

    async def stored(self, journey: str) -> Counter[str]:
        """Count rows by what they are."""
        return await asyncio.to_thread(self._rows, journey)

    def _rows(self, journey: str) -> Counter[str]:
        schema = "dbos." if self._cluster else ""
        with self._engine.connect() as connection:
            found = Counter(
                {
                    kind: int(connection.execute(text(query.format(schema)), {"id": journey}).scalar() or 0)
                    for kind, query in ROWS.items()
                }
            )
            found.update({row[0]: row[1] for row in connection.execute(text(STEPS.format(schema)), {"id": journey})})
        return found

    def server_seconds(self) -> float:
        """Give PostgreSQL's processor time; SQLite has no server."""
        return self._cluster.processor_seconds() if self._cluster else 0.0
