"""Finds the runs of a trial whose histories are still there: in Temporal, or in a folder of exported ones.

Temporal's lists come late. So each stream is asked for by name, and each run for the one before it, as well.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from activities.histories import HistoryFolder, UnreadableHistory
from domain.decider import trial_of

AT_ONCE = 10
TYPES = "WorkflowType IN ('PatientJourney', 'TrialRegister')"
_ENDS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed out",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "handed over",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a stream's workflow with its history."""

    stream: str
    run_id: str
    history: WorkflowHistory

    @property
    def events(self) -> Sequence[HistoryEvent]:
        """Its events, in order."""
        return self.history.events

    @property
    def began(self) -> datetime:
        """When it began, in real time."""
        return self.events[0].event_time.ToDatetime(UTC)

    @property
    def ended(self) -> datetime:
        """When its last event was written, in real time."""
        return self.events[-1].event_time.ToDatetime(UTC)

    @property
    def before(self) -> str:
        """Give the run that handed over to it, or nothing."""
        return self.events[0].workflow_execution_started_event_attributes.continued_execution_run_id

    @property
    def after(self) -> str:
        """Give the run that it handed over to, or nothing."""
        return self.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id

    @property
    def end(self) -> str:
        """Say how it ended; nothing while it runs."""
        return _ENDS.get(self.events[-1].event_type, "")


RowT = TypeVar("RowT")
Runs = dict[tuple[str, str], Run]


class Retained:
    """The runs found so far, from either place or both; a run found twice counts once."""

    def __init__(self, trial: str, told: Callable[[int], None] = lambda _: None) -> None:
        """Find the runs of a trial; `told` hears how many there are."""
        self.trial = trial
        self.runs: Runs = {}
        self.unreadable: list[str] = []
        self._gone: set[tuple[str, str]] = set()
        self._told = told

    def of(self, stream: str) -> list[Run]:
        """Give the runs of a stream, the oldest first."""
        return sorted((run for run in self.runs.values() if run.stream == stream), key=lambda run: run.began)

    @property
    def streams(self) -> list[str]:
        """The streams of which a run is there."""
        return sorted({stream for stream, _ in self.runs})

    def add_folder(self, folder: HistoryFolder, stream: str | None = None) -> None:
        """Add what lies in a folder. A file that cannot be read is told of, and left out."""
        for name, run_id in folder.runs(self.trial, stream):
            if (name, run_id) not in self.runs:
                try:
                    self._add(Run(name, run_id, folder.read(name, run_id)))
                except UnreadableHistory as problem:
                    self.unreadable.append(str(problem))

    async def add_listed(self, client: Client, stream: str | None = None) -> None:
        """Add every run that Temporal lists, of all streams or one. Raises RPCError."""
        query = TYPES if stream is None else f"WorkflowId = '{stream}'"
        listed = [(row.id, row.run_id) async for row in client.list_workflows(query) if self._is_ours(row.id)]
        await self._fetch(client, listed)

    async def add_named(self, client: Client, streams: Iterable[str]) -> None:
        """Add the latest run of each stream, and every one that handed over to it. Raises RPCError."""
        for names in _some(sorted(set(streams))):
            latest = await asyncio.gather(*(_latest(client, name) for name in names))
            await self._fetch(client, [(name, run) for name, run in zip(names, latest, strict=True) if run])
        while missing := [
            (run.stream, run.before)
            for run in self.runs.values()
            if run.before and (run.stream, run.before) not in self.runs.keys() | self._gone
        ]:
            await self._fetch(client, missing)

    def _is_ours(self, stream: str) -> bool:
        try:
            return trial_of(stream) == self.trial
        except ValueError:
            return False

    async def _fetch(self, client: Client, wanted: list[tuple[str, str]]) -> None:
        for some in _some([row for row in wanted if row not in self.runs]):
            found = await asyncio.gather(*(_history(client, *row) for row in some))
            for row, history in zip(some, found, strict=True):
                if history is None:
                    self._gone.add(row)
                else:
                    self._add(Run(*row, history))

    def _add(self, run: Run) -> None:
        self.runs[run.stream, run.run_id] = run
        self._told(len(self.runs))


def _some(rows: Sequence[RowT]) -> Iterator[Sequence[RowT]]:
    for begin in range(0, len(rows), AT_ONCE):
        yield rows[begin : begin + AT_ONCE]


async def _latest(client: Client, stream: str) -> str:
    """Give the latest run of a stream; nothing when Temporal knows none."""
    try:
        return (await client.get_workflow_handle(stream).describe()).run_id
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            return ""
        raise


async def _history(client: Client, stream: str, run_id: str) -> WorkflowHistory | None:
    """Fetch a run's history; None when Temporal has deleted it."""
    try:
        return await client.get_workflow_handle(stream, run_id=run_id).fetch_history()
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
