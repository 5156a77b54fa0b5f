"""The one real installation that bad input is sent to: a server, two workers, one of them with traces, and subjects."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from sqlalchemy import RowMapping
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from activities.recorder import Recorder
from domain.decider import decider_of
from tests.server.installation import Installation, install, stream_of
from tests.server.past import TRIAL, Past, ago, in_adjuvant, in_evaluation, in_surgery_wait
from tests.server.rig import Process, Server
from workflows.connection import CONVERTER

ANSWER_SECONDS = 20.0
START_SECONDS = 120
MOST_TRIES = 3
"""How often a workflow task may be tried: more of them, and its subject is stuck."""
WAITED = (b"journal.database.JournalBusy", b"journal.database.JournalAway")
"""How a log line ends that tells of a `record` which waits its turn at the journal: that is no fault."""
PASTS: Mapping[str, Callable[[Installation], Past] | None] = {
    "screening": None,
    "neoadjuvant": lambda place: Past(place.journal, TRIAL, ago(19)).randomized(ago(12), "COHORT_1").dosed(1, ago(8)),
    "surgery wait": lambda place: in_surgery_wait(place.journal, TRIAL, ago(30)),
    "evaluation": lambda place: in_evaluation(place.journal, TRIAL, ago(35)),
    "adjuvant": lambda place: in_adjuvant(place.journal, TRIAL, ago(10)),
}
"""The phases messages meet, and how a subject gets there; None: by an enrolment alone."""


class _Traces(BaseHTTPRequestHandler):
    """Takes what a worker exports, and keeps nothing."""

    def do_POST(self) -> None:
        """Take it."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Ground:
    """The installation, for as long as the block lasts."""

    def __init__(self, folder: Path) -> None:
        """Keep everything in a folder."""
        self._folder = folder
        self._seen: dict[Path, int] = {}
        self._started = 0

    async def __aenter__(self) -> Self:
        """Start it, with an open trial."""
        self._traces = ThreadingHTTPServer(("127.0.0.1", 0), _Traces)
        threading.Thread(target=self._traces.serve_forever, daemon=True).start()
        self._server = Server(self._folder)
        self.place = await install(self._server, "default", self._folder / "data")
        self.start_workers()
        await self.place.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all of it."""
        self.place.end()
        self._server.end()
        self._traces.shutdown()
        self._traces.server_close()

    def start_workers(self) -> None:
        """Start two workers: one with traces, and one that remembers few runs and so replays them."""
        self._start(TRIALPATH_TRACE_ADDRESS=f"http://127.0.0.1:{self._traces.server_port}/v1/traces")
        self._start(TRIALPATH_MAX_CACHED_WORKFLOWS="2")

    def _start(self, **env: str) -> None:
        self._started += 1
        log = self.place.settings.data / f"worker-{self._started}.log"
        worker = Process([sys.executable, "worker.py"], {**self.place.environment, **env}, log)
        self.place.workers.append(worker)
        worker.wait_for("worker ready", START_SECONDS)

    def replace_workers(self) -> None:
        """Kill the workers and start others, which remember nothing."""
        for worker in self.place.workers:
            worker.kill()
            worker.end()
        self.place.workers.clear()
        self.start_workers()

    async def subject(self, phase: str) -> str:
        """Give a new subject in a phase, whose journey runs."""
        past = PASTS[phase]
        if past is None:
            return await self.place.enroll()
        return await self.place.begin(await asyncio.to_thread(past, self.place))

    def rows(self, subject: str | None) -> list[RowMapping]:
        """Give every submission on record for a subject, or (None) for the register."""
        return self.place.journal.submissions(stream_of(subject))

    async def shown(self, subject: str | None) -> Any:  # noqa: ANN401 - JSON
        """Give what a journey, or (None) the register, shows of itself."""
        return await asyncio.wait_for(self.place.handle(subject).query("show"), ANSWER_SECONDS)

    def folded(self, subject: str | None) -> Any:  # noqa: ANN401 - JSON
        """Give what it must show: its facts on record, folded anew."""
        stream = stream_of(subject)
        shown = decider_of(stream).show(Recorder(self.place.journal).state(stream))
        return json.loads(CONVERTER.payload_converter.to_payloads([shown])[0].data)

    async def is_open(self, subject: str | None) -> bool:
        """Say whether a journey runs: an accepted message may have ended it, as a death does."""
        described = await self.place.handle(subject).describe()
        return described.status is WorkflowExecutionStatus.RUNNING

    async def trouble(self, subject: str | None) -> str:
        """Say what keeps a subject from answering; nothing when it answers, and the server sees no problem of it."""
        handle = self.place.handle(subject)
        try:
            await asyncio.wait_for(handle.query("show"), ANSWER_SECONDS)
            described = await handle.describe()
        except (RPCError, TimeoutError) as problem:
            return f"show: {type(problem).__name__} {problem}"
        if "TemporalReportedProblems" in described.raw_info.search_attributes.indexed_fields:
            return "the server reports a problem"
        pending = described.raw_description.pending_workflow_task
        waits = [str(activity.last_failure.message)[:200] for activity in described.raw_description.pending_activities
                 if activity.activity_type.name == "record" and activity.attempt > 1]  # fmt: skip
        return f"task tried {pending.attempt} times" if pending.attempt > MOST_TRIES else "; ".join(waits)

    def tracebacks(self) -> list[str]:
        """Give what the logs say of tracebacks since they were last asked."""
        found = []
        for log in (*self.place.settings.data.glob("*.log"), *self._folder.glob("*.log")):
            text = log.read_bytes()
            end = text.rfind(b"\n") + 1
            new, self._seen[log] = text[self._seen.get(log, 0) : end], end
            lines = [
                line for line in new.splitlines() if b"Traceback" in line and not any(word in line for word in WAITED)
            ]
            found += [f"{log.name}: {line[-2500:].decode(errors='replace')}" for line in lines]
        return found
