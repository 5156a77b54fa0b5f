"""One installation: a namespace of the server, a data folder with its journal, a client, and its workers."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import RowMapping
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError

from activities.contract import Answer
from bench.postgres import Cluster
from domain.decider import patient_stream, trial_stream
from domain.values import Clock
from journal.store import Journal, StoredFact
from settings import Settings
from tests.server.past import TRIAL, Past, ago, opening, participant
from tests.server.rig import PROGRAMS, ROOT, Process, Server
from workflows.client import Submitted, TrialClient
from workflows.connection import CONVERTER

SELDOM = str(7 * 24 * 3600)
"""Subjects of these tests have a past in the journal and often no workflow, on purpose: the watchdog would begin it."""
FAILED_TASK = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
FoundT = TypeVar("FoundT")
_numbers = count(1)


class Installation:
    """Where one trial runs."""

    def __init__(self, server: Server, namespace: str, data: Path, client: Client, journal_url: str = "") -> None:
        """Serve this namespace from this folder, and from a database of its own or (without a URL) a file there."""
        self.server = server
        self.namespace = namespace
        self.settings = Settings(data=data, journal_url=journal_url)
        self.temporal = client
        self.journal = Journal(self.settings.url)
        self.trial = TrialClient(client, TRIAL, self.settings.task_queue, self.journal)
        self.workers: list[Process] = []
        self.extra: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What a worker or the command line needs to know."""
        return {
            "PYTHONPATH": str(ROOT),
            "TRIALPATH_DATA": str(self.settings.data),
            "TRIALPATH_JOURNAL_URL": self.settings.journal_url,
            "TRIALPATH_LOG_LEVEL": "WARNING",
            "TRIALPATH_WATCHDOG_SECONDS": SELDOM,
            "TEMPORAL_ADDRESS": self.server.address,
            "TEMPORAL_NAMESPACE": self.namespace,
            **self.extra,
        }

    def start_worker(self, program: str = "worker.py", **env: str) -> Process:
        """Start a worker process and wait until it is ready."""
        log = self.settings.data / f"worker-{len(self.workers)}.log"
        worker = Process([sys.executable, program], {**self.environment, **env}, log)
        self.workers.append(worker)
        worker.wait_for("worker ready")
        return worker

    async def open(self, clock: Clock | None = None) -> Answer:
        """Open the trial with one site and a team, and wait for its sealed list: then the register is at rest.

        A past that is written while the register still records would be begun in its midst.
        """
        known = clock or Clock.real()
        answer = await self.trial.open_trial(opening(TRIAL, known), known)
        register = self.temporal.get_workflow_handle(trial_stream(TRIAL))

        async def at_rest() -> bool:
            return bool((await register.query("show"))["open_intents"] == 0)

        await until(at_rest)
        return answer

    async def enroll(self) -> str:
        """Enrol a subject with consent and evidence through the register; give its number once its journey runs."""
        answer = await self.trial.to_trial(Submitted("enroll", participant(ago(0)), staff="INV1"))
        assert answer.outcome == "applied", answer.sentence()
        subject = self.trial.subject_of(answer)
        await self.seen(subject, 1)
        return subject

    async def begin(self, past: Past) -> str:
        """Let the journey of a subject with a past run: the register is woken, starts it, and it reads its stream."""
        await self.trial.wake(trial_stream(TRIAL))
        await self.seen(past.number, past.journey.seq)
        return past.number

    async def seen(self, subject: str, seq: int) -> None:
        """Wait until a subject's journey has seen a fact number."""

        async def reached() -> bool:
            try:
                shown = await self.handle(subject).query("show")
            except RPCError:
                return False
            return bool(shown["facts"] >= seq)

        await until(reached)

    def handle(self, subject: str | None) -> WorkflowHandle[Any, Any]:
        """Give the handle of a subject's journey, whichever run is the latest, or (None) of the register."""
        return self.temporal.get_workflow_handle(stream_of(subject))

    async def send(self, subject: str, kind: str, staff: str | None = "INV1", **fields: object) -> Answer:
        """Send a command for a subject through the client library."""
        return await self.trial.to_subject(subject, Submitted(kind, fields, staff=staff))

    def facts(self, subject: str, kind: str | None = None) -> list[StoredFact]:
        """Give a subject's facts from the journal, of one kind or all."""
        facts = self.journal.facts(patient_stream(TRIAL, subject))
        return [fact for fact in facts if kind is None or fact.kind == kind]

    def refusals(self, subject: str | None) -> list[RowMapping]:
        """Give the refusals on record for a subject, or (None) for the register."""
        return [row for row in self.journal.submissions(stream_of(subject)) if row["outcome"] == "refused"]

    async def refused(self, subject: str | None) -> RowMapping:
        """Wait for the first refusal on record and give it."""
        found = await until(lambda: ready(self.refusals(subject)))
        return found[0]

    async def assert_healthy(self, subject: str | None) -> None:
        """Fail unless journey or (None) register runs, no task of it ever failed, and the server sees no problem."""
        handle = self.handle(subject)
        described = await handle.describe()
        assert described.status is WorkflowExecutionStatus.RUNNING
        assert "TemporalReportedProblems" not in described.raw_info.search_attributes.indexed_fields
        failed = [event async for event in handle.fetch_history_events() if event.event_type == FAILED_TASK]
        assert failed == []

    async def assert_takes(self, subject: str, term: str) -> None:
        """Fail unless a good command that is sent now is applied."""
        fields = {"term": term, "grade": 1, "serious": False, "onset_on": str(ago(1))}
        answer = await self.send(subject, "adverse_event", "INV1", **fields)
        assert (answer.outcome, answer.facts) == ("applied", ["AdverseEventReported"])

    def cli(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return self._run([sys.executable, str(ROOT / "starter.py"), *words], env)

    def temporal_cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `temporal` program of the wheel."""
        return self._run([str(PROGRAMS / "temporal"), *words], {})

    def _run(self, command: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        whole = {**os.environ, **self.environment, **env}
        return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, text=True, timeout=60, check=False)

    def end(self) -> None:
        """Stop the workers and close the journal."""
        for worker in self.workers:
            worker.end()
        self.journal.close()


def stream_of(subject: str | None) -> str:
    """Give the stream of a subject, or (None) of the register."""
    return trial_stream(TRIAL) if subject is None else patient_stream(TRIAL, subject)


async def _connected(address: str, namespace: str) -> Client:
    """Connect to a server that has just started: its port is open a moment before it is healthy."""
    until_then = asyncio.get_running_loop().time() + 20
    while True:
        try:
            return await Client.connect(address, namespace=namespace, data_converter=CONVERTER)
        except RuntimeError:
            if asyncio.get_running_loop().time() > until_then:
                raise
            await asyncio.sleep(0.1)


async def install(server: Server, namespace: str, data: Path, journal_url: str = "") -> Installation:
    """Make an installation without a worker yet; where the server names databases, its journal gets one of its own."""
    client = await _connected(server.address, namespace)
    data.mkdir(parents=True, exist_ok=True)
    if server.databases is not None and not journal_url:
        journal_url = server.databases.database(f"installation_{namespace}_{next(_numbers)}")
    return Installation(server, namespace, data, client, journal_url)


@asynccontextmanager
async def own_installation(
    folders: pytest.TempPathFactory,
    databases: Cluster | None,
    env: Mapping[str, str] | None = None,
    clock: Callable[[], Clock] = Clock.real,
) -> AsyncIterator[Installation]:
    """Give an installation on a server of its own, which may be lost. It has a worker and an open trial.

    Its journal lies in a database of its own, or (None) in SQLite.
    """
    server = Server(folders.mktemp("own-server"), databases)
    place = await install(server, "default", folders.mktemp("own"))
    place.extra = dict(env or {})
    try:
        place.start_worker()
        await place.open(clock())
        await until(lambda: ready(place.journal.facts(trial_stream(TRIAL))[-1].kind == "AllocationListSealed"))
        yield place
    finally:
        place.end()
        server.end()


async def until(look: Callable[[], Awaitable[FoundT]], within: timedelta = timedelta(seconds=20)) -> FoundT:
    """Look again and again until something true is found, and give it. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within.total_seconds()
    while loop.time() < end:
        found = await look()
        if found:
            return found
        await asyncio.sleep(0.03)
    raise TimeoutError("it never became true")


async def ready(found: FoundT) -> FoundT:
    """Give what was found already, for `until`."""
    return found
