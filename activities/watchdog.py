"""The watchdog: holds every open stream of the journal against Temporal, repairs what is safe and reports the rest.

It asks Temporal of each stream by name, never for a list: lists come late. What looks wrong is looked at twice.
"""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities import measuring, telling
from activities.amended import Amendments
from activities.comparing import Described, Wrong, described, wrong
from activities.exporting import Exporter
from activities.ports import NoticeSink
from activities.rebuild import Known, Streams, Unreadable, begin
from activities.report import WATCH, Done, Finding, Report, WatchRequest
from domain.decider import trial_stream
from domain.patient.agenda import is_overdue
from domain.patient.journey import Journey

AT_ONCE = 10
SECOND_LOOK = 2.0
"""Seconds until what looks wrong is looked at again: a journal is read before Temporal is asked, and both go on."""
BEGINNING = 20
"""History events of a register that has only just begun: it may record its first fact in a moment."""
_log = structlog.stdlib.get_logger(__name__)


class Watchdog:
    """The activity of the watchdog's workflow."""

    def __init__(
        self,
        client: Client,
        streams: Streams,
        *,
        sink: NoticeSink,
        task_queue: str,
        exporter: Exporter,
        amendments: Amendments,
    ) -> None:
        """Watch these streams over a client, begin anew on a task queue, have what closed exported, ask for changes."""
        self._client = client
        self._streams = streams
        self._sink = sink
        self._task_queue = task_queue
        self._exporter = exporter
        self._amendments = amendments
        self._over: dict[str, int] = {}
        self._known: dict[str, Known] = {}
        self._running: dict[str, str] = {}
        """The run of each stream that ran at the last look."""

    @activity.defn(name=WATCH)
    async def watch(self, request: WatchRequest) -> Report:
        """Look at every open stream once, repair, tell, and report. Raises what the journal or Temporal raises."""
        begun, grace = time.monotonic(), timedelta(seconds=request.grace_seconds)
        heads = await asyncio.to_thread(self._streams.heads)
        watched = [stream for stream, head in heads.items() if self._over.get(stream) != head]
        first = await self._look(watched, grace, heads)
        suspects = [stream for stream, (_, problem) in first.items() if problem is not None]
        if suspects:
            await asyncio.sleep(min(SECOND_LOOK, request.grace_seconds))
        second = await self._look(suspects, grace, {})
        opened = sum(known is None or not known.is_over for known, _ in first.values())
        found = {
            stream: (known, problem)
            for stream, (known, problem) in second.items()
            if problem is not None and not _has_moved(first[stream][0], known)
        }
        findings = [*await self._without_journal(request.trial, heads), *await self._repaired(found, opened)]
        for stream in await self._amendments.look(self._known):
            await self._client.get_workflow_handle(stream).signal("wake")
        problem = await self._exporter.export(heads, self._running)
        try:
            await asyncio.to_thread(telling.watchdog_found, self._sink, findings, heads)
        except OSError as untold:
            problem = f"{problem} operations were not told: {untold}".strip()
        seconds = round(time.monotonic() - begun, 3)
        _log.info("watchdog.ran", streams=len(heads), open=opened, findings=len(findings), seconds=seconds)
        report = Report(
            at=datetime.now(UTC),
            streams=len(heads),
            open=opened,
            seconds=seconds,
            findings=tuple(findings),
            problem=problem,
        )
        states = [known.state for known in self._known.values()]
        measuring.watched(report, sum(isinstance(state, Journey) and is_overdue(state) for state in states))
        return report

    async def _look(
        self, streams: list[str], grace: timedelta, heads: dict[str, int]
    ) -> dict[str, tuple[Known | None, Wrong | None]]:
        """Hold streams against Temporal; those whose head is told and unchanged are not read again."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(stream: str) -> tuple[Known | None, Wrong | None]:
            async with gate:
                return await self._held_against(stream, grace, heads.get(stream))

        return dict(zip(streams, await asyncio.gather(*map(one, streams)), strict=True))

    async def _held_against(self, stream: str, grace: timedelta, head: int | None) -> tuple[Known | None, Wrong | None]:
        known = self._known.get(stream)
        if known is None or known.seq != head:
            try:
                known = await asyncio.to_thread(self._streams.look, stream)
            except Unreadable as problem:
                return None, Wrong("UNREADABLE", str(problem))
        if known.is_over:
            self._over[stream] = known.seq
            self._known.pop(stream, None)
            self._running.pop(stream, None)
            return known, None
        self._known[stream] = known
        return known, wrong(known, await self._described(stream), datetime.now(UTC), grace)

    async def _described(self, stream: str) -> Described | None:
        self._running.pop(stream, None)
        try:
            found = described(await self._client.get_workflow_handle(stream).describe())
        except RPCError as problem:
            if problem.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        if found.is_running:
            self._running[stream] = found.run_id
        return found

    async def _without_journal(self, trial: str, heads: dict[str, int]) -> list[Finding]:
        """Tell of a register that runs and of which the journal holds nothing: everybody waits for people then."""
        register = trial_stream(trial)
        if not trial or register in heads or (found := await self._described(register)) is None or not found.is_running:
            return []
        if found.history_length <= BEGINNING:
            return []
        detail = "its workflow runs and the journal holds nothing of it: lost, or the wrong one; see `journal rebuild`"
        return [Finding(stream=register, what="JOURNAL_LOST", detail=detail)]

    async def _repaired(self, found: dict[str, tuple[Known | None, Wrong]], opened: int) -> list[Finding]:
        """Repair what is safe. Where Temporal knows none of the streams at all it may be the wrong one: nothing is."""
        missing = [problem for _, problem in found.values() if problem.what == "MISSING"]
        if missing and len(missing) == opened:
            detail = f"Temporal knows none of {opened} open streams: lost, or the wrong one; then `starter.py recover`"
            return [Finding(stream="*", what="TEMPORAL_LOST", detail=detail)]
        return [await self._repair(stream, known, problem) for stream, (known, problem) in found.items()]

    async def _repair(self, stream: str, known: Known | None, problem: Wrong) -> Finding:
        done: Done = ""
        try:
            done = await self._done(stream, known, problem)
        except RPCError as failed:
            problem = replace(problem, detail=f"{problem.detail}; the repair failed: {failed.message[:200]}")
        return Finding(stream=stream, what=problem.what, detail=problem.detail, done=done)

    async def _done(self, stream: str, known: Known | None, problem: Wrong) -> Done:
        if known is not None and problem.what in ("MISSING", "ENDED"):
            await begin(self._client, self._task_queue, known.start)
            return "restarted"
        if problem.what in ("OVERDUE", "BEHIND"):
            await self._client.get_workflow_handle(stream).signal("wake")
            return "woken"
        if problem.what == "STUCK":
            await self._try_again(stream, problem.activity)
            return "retried"
        return ""

    async def _try_again(self, stream: str, activity_id: str) -> None:
        """Give up the try that nobody works on any more; one that only waited for its turn is begun anew."""
        handle = self._client.get_async_activity_handle(workflow_id=stream, run_id=None, activity_id=activity_id)
        try:
            await handle.fail(ApplicationError("its worker is gone, and so is the timer that would have told"))
        except RPCError as problem:
            if problem.status is not RPCStatusCode.NOT_FOUND:
                raise
            request = ResetActivityRequest(
                namespace=self._client.namespace,
                execution=WorkflowExecution(workflow_id=stream),
                identity="watchdog",
                id=activity_id,
            )
            await self._client.workflow_service.reset_activity(request)


def _has_moved(before: Known | None, now: Known | None) -> bool:
    """Say whether something was recorded between the two looks: then somebody is at work on the stream."""
    return before is not None and now is not None and before.seq != now.seq
