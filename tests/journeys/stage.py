"""One subject in one time-skipping environment, with the real worker. Trial time is the environment's own time.

It plays the staff and the laboratory, and waits; it decides nothing and never writes to the journal.
"""

import asyncio
import json
import random
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, IndexedValueType, WorkflowTaskFailedCause
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Interceptor, WorkflowExecutionStatus, WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.adapters.sealed_list import permuted_blocks
from activities.contract import Answer
from demo import laboratory
from demo.documents import screening_document
from demo.laboratory_tests import SCREENING
from domain import catalogue, units
from domain.decider import PATIENT, patient_stream, trial_stream
from domain.protocol import Protocol
from domain.values import Clock, Sex
from journal.store import Journal, StoredFact
from settings import Settings
from tests.given import BEGINNING, SITE, START, TRIAL_ID, noon
from worker import THREADS, build, open_journal
from workflows.attributes import KEYS
from workflows.client import Submitted, TrialClient
from workflows.connection import CONVERTER

SERVER = Path(sys.executable).parent / "temporal-test-server"
STAFF = {
    "CRC1": "COORDINATOR",
    "INV1": "INVESTIGATOR",
    "SUR1": "SURGEON",
    "PAT1": "PATHOLOGIST",
    "SPO1": "SPONSOR",
}
PATIENCE_SECONDS = 20
OVERTAKEN = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
UNWELL = (EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED)


class Stage:
    """Where one subject's journey is played."""

    def __init__(self, environment: WorkflowEnvironment, settings: Settings, journal: Journal, clock: Clock) -> None:
        """Play in this environment."""
        self._environment = environment
        self._settings = settings
        self._clock = clock
        self.journal = journal
        self.client = TrialClient(environment.client, TRIAL_ID, settings.task_queue, journal)
        self.subject = ""
        self._runs: dict[str, str] = {}

    @property
    def stream(self) -> str:
        """The subject's stream."""
        return patient_stream(TRIAL_ID, self.subject)

    async def open(self) -> None:
        """Open the trial and wait until its list is sealed."""
        staff = [{"staff": code, "roles": [role], "valid_from": "2025-01-01"} for code, role in STAFF.items()]
        fields: dict[str, Any] = {
            "trial": TRIAL_ID,
            "protocol_version": "1",
            "clock": self._clock.model_dump(mode="json"),
        }
        fields |= {"sites": [SITE.model_dump(mode="json")], "staff": staff}
        assert (await self.client.open_trial(fields, self._clock)).outcome == "applied"
        await self.recorded(trial_stream(TRIAL_ID), "AllocationListSealed")

    async def enroll(self, sex: Sex = "MALE") -> None:
        """Enrol a man or woman of 65 with consent and evidence of the start; this is the subject from now on."""
        fields: dict[str, Any] = {"site": SITE.code, "born_on": "1960-02-03", "sex": sex}
        fields["consent"] = {"signed_on": str(START), "version": "V1.0", "obtained_by": "INV1"}
        fields["evidence"] = screening_document(START)
        answer = await self.client.to_trial(Submitted("enroll", fields, staff="INV1"))
        assert answer.outcome == "applied", answer.sentence()
        self.subject = self.client.subject_of(answer)
        await self.settle()

    async def come(self, moment: datetime) -> None:
        """Let time skip to an instant of trial time. Not back."""
        now = self._clock.trial_time(await self._environment.get_current_time())
        if moment > now:
            await self._environment.sleep(moment - now)
        await self.settle()

    async def send(self, kind: str, staff: str, **fields: object) -> Answer:
        """Send a command, which must be applied, and wait for what it sets going."""
        answer = await self.client.to_subject(self.subject, Submitted(kind, fields, staff=staff))
        assert answer.outcome == "applied", answer.sentence()
        await self.settle()
        return answer

    async def act(self, kind: str, **fields: object) -> None:
        """Let the sponsor act on the whole trial, and wait until the subject has heard of it."""
        answer = await self.client.to_trial(Submitted(kind, fields, staff="SPO1"))
        assert answer.outcome == "applied", answer.sentence()
        await self.settle()

    def unsigned(self) -> list[int]:
        """Give the numbers of the subject's facts that await a signature."""
        journey = PATIENT.fold([PATIENT.fact.validate_json(fact.body) for fact in self.facts()])
        return sorted(journey.unsigned)

    async def cancel(self) -> None:
        """Ask Temporal to cancel the journey."""
        await self.handle.cancel()
        await self.recorded(self.stream, "CancellationAsked")

    def drop_labs(self, sampled_on: date, **changed: Any) -> None:
        """Drop a result set into the laboratory's folder; it counts from noon of the day of its sample."""
        at = noon(sampled_on)
        abnormal = {getattr(laboratory, name): Decimal(value) for name, value in changed.items()}
        bundle = laboratory.result_set(
            seed="journeys",
            subject=self.subject,
            collected_at=at,
            issued_at=at,
            sex="MALE",
            abnormal=abnormal,
            also=SCREENING,
        )
        laboratory.drop(self._settings.labs, f"{self.subject}-{sampled_on}", bundle)

    async def mute(self, until: datetime) -> None:
        """Let no notice be accepted up to an instant of trial time: a folder lies where their file was."""
        file, kept = self._settings.notices, self._settings.notices.with_name("kept")
        file.rename(kept)
        file.mkdir()
        await self._environment.sleep(until - self._clock.trial_time(await self._environment.get_current_time()))
        file.rmdir()
        kept.rename(file)

    @asynccontextmanager
    async def journal_away(self, seconds: float) -> AsyncIterator[None]:
        """Let another process hold the journal's database for so many seconds of real time, while this goes on."""
        with closing(sqlite3.connect(self._settings.data / "journal.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            let_go = asyncio.get_running_loop().call_later(seconds, other.execute, "ROLLBACK")
            try:
                yield
            finally:
                let_go.cancel()

    def facts(self, kind: str | None = None) -> list[StoredFact]:
        """Give the subject's facts, of one kind or all."""
        return [fact for fact in self.journal.facts(self.stream) if kind in (None, fact.kind)]

    async def settle(self) -> None:
        """Wait until the journey has seen its facts and every notice and question asked for has its answer."""
        await self._until(self._is_settled)

    async def _is_settled(self) -> bool:
        register = await self.client.client.get_workflow_handle(trial_stream(TRIAL_ID)).query("show")
        if register["open_intents"]:
            return False
        try:
            if not await self._is_running():
                return True
            seen = (await self.handle.query("show"))["facts"]
        except RPCError:
            return False
        stored = self.facts()
        asked = sum(fact.kind == "NoticeRequested" for fact in stored)
        told = sum(fact.kind in ("NoticeReached", "NoticeMissed") for fact in stored)
        wanted = sum(fact.kind == "AllocationRequested" for fact in stored)
        got = sum(fact.kind in ("Randomized", "AllocationRefused") for fact in stored)
        return bool(seen == len(stored)) and asked == told and wanted == got

    @property
    def handle(self) -> Any:
        """The subject's journey, whichever run is the latest."""
        return self.client.client.get_workflow_handle(self.stream)

    async def assert_over(self) -> None:
        """Fail unless the journey's workflow ends."""

        async def ended() -> bool:
            return not await self._is_running()

        await self._until(ended)

    async def histories(self) -> list[WorkflowHistory]:
        """Give the histories of all runs, in order: those that handed over, and those a late report started."""
        found: dict[str, WorkflowHistory] = {}
        for latest_run in (run for run, stream in self._runs.items() if stream == self.stream):
            chain, run = [], latest_run
            while run and run not in found:
                history = await self.history(self.stream, run)
                chain.append((run, history))
                run = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
            found |= reversed(chain)
        return list(found.values())

    async def history(self, stream: str, run: str | None = None) -> WorkflowHistory:
        """Give the history of a run, or of the latest."""
        return await self.client.client.get_workflow_handle(stream, run_id=run).fetch_history()

    async def assert_healthy(self) -> None:
        """Fail unless no task of the journey ever failed, but for an end that a timer overtook: it is tried again."""
        for history in await self.histories():
            unwell = [event for event in history.events if event.event_type in UNWELL]
            causes = [event.workflow_task_failed_event_attributes.cause for event in unwell]
            assert [cause for cause in causes if cause != OVERTAKEN] == []

    async def _is_running(self) -> bool:
        """Say whether the journey runs, and note its run. The client cannot read attributes this server has unset."""
        execution = WorkflowExecution(workflow_id=self.stream)
        client = self.client.client
        request = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
        info = (await client.workflow_service.describe_workflow_execution(request)).workflow_execution_info
        self._runs[info.execution.run_id] = self.stream
        return WorkflowExecutionStatus(info.status) is WorkflowExecutionStatus.RUNNING

    async def recorded(self, stream: str, kind: str) -> None:
        """Wait until a fact of a kind stands in a stream."""

        async def found() -> bool:
            return any(fact.kind == kind for fact in self.journal.facts(stream))

        await self._until(found)

    async def _until(self, look: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await look():  # noqa: ASYNC110 - what is awaited is in a database and on a server
                await asyncio.sleep(0.005)


@asynccontextmanager
async def stage(folder: Path, arm: str = "COHORT_1", interceptors: Sequence[Interceptor] = ()) -> AsyncIterator[Stage]:
    """Give a stage whose trial is open and whose first slot is of this arm. Client and worker get the interceptors."""
    settings = Settings(data=folder, demo_seed=_seed(arm))
    journal = open_journal(settings)
    units.load()  # as the worker does before it takes work
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(SERVER),
        data_converter=CONVERTER,
        identity="journeys",
        interceptors=interceptors,
    )
    async with environment:
        names = {name: IndexedValueType.ValueType(key.indexed_value_type) for name, key in KEYS.items()}
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=names)
        )
        clock = Clock(real_epoch=await environment.get_current_time(), trial_epoch=BEGINNING)
        with ThreadPoolExecutor(THREADS, "activity") as threads:
            async with build(environment.client, journal, settings, threads):
                made = Stage(environment, settings, journal, clock)
                await made.open()
                yield made
    journal.close()


@contextmanager
def protocol_is(changed: Protocol) -> Iterator[None]:
    """Let the catalogue hold a changed protocol under its trial and version, for a while."""
    key = changed.trial, changed.version
    before = catalogue.PROTOCOLS[key]
    catalogue.PROTOCOLS[key] = changed
    try:
        yield
    finally:
        catalogue.PROTOCOLS[key] = before


def _seed(arm: str) -> str:
    """Give a seed of the demonstration's list whose first slot is of an arm."""
    protocol = catalogue.latest(TRIAL_ID)
    arms = [(row.code, row.cap) for row in protocol.arms]
    sizes = protocol.allocation.block_sizes
    seeds = map(str, range(99))
    lists = ((seed, permuted_blocks(arms, sizes, random.Random(seed))) for seed in seeds)  # noqa: S311 - as worker.py
    return next(seed for seed, slots in lists if slots[0] == arm)


def body(fact: StoredFact) -> dict[str, Any]:
    """Give a stored fact's own fields."""
    read: dict[str, Any] = json.loads(fact.body)
    return read
