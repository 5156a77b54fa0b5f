"""Exports the history of each run that has closed, before Temporal's retention takes it. The watchdog calls it.

A workflow cannot export its own last event, so it is done from outside. Which runs there are is asked in two ways: each
run names the one that handed over to it, and Temporal lists what closed; lists come late, so an hour is asked twice.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from activities.histories import HistoryFolder
from domain.decider import trial_of

ONCE_MORE = timedelta(hours=1)
MOST = 25
"""Histories that one look exports at most: making JSON of one takes 40 ms. The rest waits for the next look."""
CLOSED = "WorkflowType IN ('PatientJourney', 'TrialRegister') AND ExecutionStatus != 'Running'"
_log = structlog.stdlib.get_logger(__name__)


class Exporter:
    """Knows which streams have nothing left to export. What it forgets in a restart it finds in the folder."""

    def __init__(self, client: Client, folder: HistoryFolder) -> None:
        """Export to this folder."""
        self._client = client
        self._folder = folder
        self._latest: dict[str, str] = {}
        """The run of each stream before which all were exported."""
        self._over: dict[str, int] = {}
        """The number of facts with which a stream's last run was exported."""
        self._listed_to: datetime | None = None

    async def export(self, heads: Mapping[str, int], running: Mapping[str, str]) -> str:
        """Export what closed; give what stopped it, or nothing. `running` holds each running stream's run."""
        try:
            return await self._export(heads, running)
        except OSError as problem:
            _log.warning("histories.not_exported", folder=str(self._folder.path), problem=str(problem))
            return f"histories cannot be exported to {self._folder.path}: {problem}; tried again at the next look"
        except RPCError as problem:
            _log.warning("histories.not_exported", problem=problem.message[:300])
            return f"histories were not exported: {problem.message[:200]}"

    async def _export(self, heads: Mapping[str, int], running: Mapping[str, str]) -> str:
        begun, kept = datetime.now(UTC), 0
        for stream, head in heads.items():
            run_id, is_closed = running.get(stream, ""), False
            if not run_id and self._over.get(stream) != head:
                run_id, is_closed = await self._described(stream)
            if run_id and (is_closed or self._latest.get(stream) != run_id):
                missing = await self._missing(stream, run_id, is_closed=is_closed)
                room = MOST - kept
                kept += await self._keep(stream, missing[:room])
                if len(missing) <= room:
                    self._latest[stream] = run_id
                    if is_closed:
                        self._over[stream] = head
        listed = await self._listed(MOST - kept)
        if listed is not None:
            kept, self._listed_to = kept + listed, begun
        if kept:
            _log.info("histories.exported", folder=str(self._folder.path), runs=kept)
        return ""

    async def _described(self, stream: str) -> tuple[str, bool]:
        try:
            found = await self._client.get_workflow_handle(stream).describe()
        except RPCError as problem:
            if problem.status is RPCStatusCode.NOT_FOUND:
                return "", False
            raise
        return found.run_id, found.status is not WorkflowExecutionStatus.RUNNING

    async def _missing(self, stream: str, run_id: str, *, is_closed: bool) -> list[str]:
        """Give the closed runs that handed over to each other up to this one and are not in the folder yet."""
        missing, seen = [], run_id
        while seen and not self._folder.has(stream, seen):
            if seen != run_id or is_closed:
                missing.append(seen)
            seen = await self._before(stream, seen)
        return missing

    async def _before(self, stream: str, run_id: str) -> str:
        events = self._client.get_workflow_handle(stream, run_id=run_id).fetch_history_events(page_size=1)
        try:
            async for event in events:
                return event.workflow_execution_started_event_attributes.continued_execution_run_id
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:
                raise
        return ""

    async def _listed(self, most: int) -> int | None:
        """Export what Temporal lists as closed since the last look; None when some of it must wait."""
        since = f" AND CloseTime > '{(self._listed_to - ONCE_MORE).isoformat()}'" if self._listed_to else ""
        kept = 0
        async for row in self._client.list_workflows(CLOSED + since):
            if _is_stream(row.id) and not self._folder.has(row.id, row.run_id):
                if kept >= most:
                    return None
                kept += await self._keep(row.id, [row.run_id])
        return kept

    async def _keep(self, stream: str, runs: list[str]) -> int:
        kept = 0
        for run_id in runs:
            history = await self._history(stream, run_id)
            if history is None:
                _log.warning("history.gone", stream=stream, run=run_id)
            else:
                await asyncio.to_thread(self._folder.keep, run_id, history)
                kept += 1
        return kept

    async def _history(self, stream: str, run_id: str) -> WorkflowHistory | None:
        try:
            return await self._client.get_workflow_handle(stream, run_id=run_id).fetch_history()
        except RPCError as problem:
            if problem.status is RPCStatusCode.NOT_FOUND:
                return None
            raise


def _is_stream(name: str) -> bool:
    try:
        return bool(trial_of(name))
    except ValueError:
        return False
