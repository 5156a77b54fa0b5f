"""One installation to break: Temporal on a file, a journal, two workers with failpoints, a mail server, a laboratory.

Each part is a process of its own on a free loopback port. It starts, kills and stops what it started, and nothing else.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

from temporalio.client import Client
from temporalio.runtime import Runtime

from chaos import failpoints
from chaos.modes import Modes
from demo.folder import demo_settings, environment_of
from demo.processes import HOST, QUICK, answers, free_ports, server_command, until_serving
from demo.programs import ProcessDied, Program
from deploy.without_docker.mail import notice_settings
from deploy.without_docker.topology import (
    DATABASE,
    ROLE,
    Database,
    Part,
    made_cluster,
    prepare,
    run,
    says_ok,
    start_all,
    until_holds,
    whole,
)
from journal.store import Journal
from observability import runtime
from settings import Settings
from workflows.connection import connect

WORKERS = 2
WORKER = (sys.executable, "-m", "chaos.worker")
WATCHDOG_SECONDS = 5
LONGEST_START_SECONDS = 120.0


class Rig:
    """All parts, running for as long as the block lasts. Parts may be killed, stopped, frozen and started in it."""

    def __init__(
        self,
        folder: Path,
        database: Literal["postgresql", "sqlite"] = "postgresql",
        *,
        changed: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Keep everything in a folder. `changed` are settings of the product, `environment` more for each worker."""
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._kind = database
        self._environment = dict(environment or {})
        self._stack = AsyncExitStack()
        self._temporal, self._ui, smtp, fhir, *self._pages = free_ports(4 + 2 * WORKERS)
        self.address = f"{HOST}:{self._temporal}"
        self.smtp, self._fhir = f"{HOST}:{smtp}", fhir
        wanted: dict[str, Any] = {
            "lab_url": f"http://{HOST}:{fhir}/fhir",
            "notice_settings": self.folder / "notices.toml",
            "watchdog_seconds": WATCHDOG_SECONDS,
            "demo_seed": "",
        }
        self.settings = demo_settings(self.folder, "").model_copy(update=wanted | dict(changed or {}))
        self.armed, self.hits_file = self.folder / "failpoint", self.folder / "hits.jsonl"
        self.attempts_file = self.folder / "attempts.jsonl"
        self.lab, self.mail = self.folder / "lab", self.folder / "mail"
        self.lab_modes, self.mail_modes = Modes(self.lab / "modes"), Modes(self.folder / "mail-modes")
        self.database: Database | None = None
        self._runtime: Runtime | None = None

    @property
    def file(self) -> Path:
        """Temporal's file."""
        return self.folder / "temporal.db"

    @property
    def health_pages(self) -> list[str]:
        """The address of each worker's health page."""
        return [f"http://{HOST}:{self._pages[2 * number]}/health" for number in range(WORKERS)]

    @property
    def parts(self) -> list[Part]:
        """Every part that is a program of its own, in the order of their start."""
        return [self.mail_server, self.laboratory, self.temporal, *self.workers]

    async def __aenter__(self) -> Self:
        """Start all parts and wait until each is ready. Raises ProcessDied, RuntimeError or OSError; none is left."""
        async with AsyncExitStack() as stack:
            if self._kind == "postgresql":
                self.database = Database(await made_cluster(self.folder / "postgresql"))
                stack.push_async_callback(self.database.stop)
                await self._prepare(self.database)
            self._describe()
            for part in self.parts:
                stack.push_async_callback(self._ended, part)
            await start_all((self.mail_server, self.laboratory, self.temporal), self.workers)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all parts, the workers first."""
        await self._stack.aclose()

    def worker(
        self, number: int, command: Sequence[str] = WORKER, environment: Mapping[str, str] | None = None
    ) -> Part:
        """Describe a worker; `workers` may be given another one. Numbers from 1; it is not started."""
        health, metrics = (f"{HOST}:{port}" for port in self._pages[2 * number - 2 : 2 * number])
        settings = self.settings.model_copy(update={"health_address": health, "metrics_address": metrics})
        ours = {failpoints.ARMED: str(self.armed), failpoints.HITS: str(self.hits_file)}
        ours[failpoints.ATTEMPTS] = str(self.attempts_file)
        more = {**ours, **self._environment, **(environment or {})}
        log = self.folder / f"worker-{number}.log"
        program = Program(f"worker {number}", command, log, self.environment(settings) | more)
        return Part(program, partial(program.until_printed, "worker ready"))

    def environment(self, settings: Settings | None = None) -> dict[str, str]:
        """Give what a worker or the command line is started with; by the rig's own settings unless others are given."""
        whose = environment_of(settings or self.settings)
        return {name: value for name, value in whose.items() if not name.startswith("TEMPORAL_")} | {
            "TEMPORAL_ADDRESS": self.address
        }

    async def starter(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return await whole(partial(run, [sys.executable, "starter.py", *words], self.environment()))

    async def client(self) -> Client:
        """Give a connection of its own to Temporal."""
        self._runtime = self._runtime or runtime("")
        return await connect(self.address, self._runtime)

    def journal(self) -> Journal:
        """Open the journal as the workers do."""
        return Journal(self.settings.url)

    async def up(self, part: Part | Database) -> None:
        """Start a part, again and again as a supervisor would until it stays. Raises ProcessDied after two minutes."""
        deadline = asyncio.get_running_loop().time() + LONGEST_START_SECONDS
        while True:
            try:
                await part.start()
            except (ProcessDied, RuntimeError):
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await part.kill()
            else:
                return

    def freeze(self, part: Part) -> None:
        """Stop a process where it is (SIGSTOP); it keeps its connections."""
        os.kill(part.program.pid, signal.SIGSTOP)

    def thaw(self, part: Part) -> None:
        """Let a stopped process go on (SIGCONT)."""
        with suppress(ProcessLookupError):
            os.kill(part.program.pid, signal.SIGCONT)

    def state_of(self, part: Part) -> str:
        """Give the state letter of a process (T: stopped); nothing when it is gone."""
        try:
            return Path(f"/proc/{part.program.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def arm(self, failpoint: str) -> None:
        """Arm a failpoint for whichever worker reaches it first. Raises ValueError for one that is none."""
        part = self.armed.with_suffix(".part")
        part.write_text(str(failpoints.parse(failpoint)))
        part.replace(self.armed)

    def disarm(self) -> None:
        """Take away a failpoint that nobody reached."""
        self.armed.unlink(missing_ok=True)

    def hits(self) -> list[dict[str, Any]]:
        """Give every hit so far: failpoint, pid, at."""
        with suppress(FileNotFoundError):
            return [json.loads(line) for line in self.hits_file.read_text().splitlines()]
        return []

    def worker_of(self, pid: int) -> Part | None:
        """Give the worker with a process id."""
        return next((worker for worker in self.workers if worker.program.pid == pid), None)

    async def _ended(self, part: Part) -> None:
        if part.program.pid:
            self.thaw(part)
        await part.stop()

    def _describe(self) -> None:
        """Write the settings of the notices, and describe each program."""
        link = f"http://{HOST}:{self._ui}/namespaces/default/workflows/{{workflow}}"
        (self.folder / "notices.toml").write_text(notice_settings(self.smtp, link))
        others = {name: value for name, value in os.environ.items() if not name.startswith(("TRIALPATH_", "TEMPORAL_"))}
        python, folder = sys.executable, self.folder
        smtp = [python, "-m", "chaos.mail_server", self.smtp.partition(":")[2], str(folder)]
        fhir = [python, "-m", "chaos.laboratory", str(self._fhir), str(self.lab)]
        command = server_command(folder, self._temporal, self._ui, QUICK)
        server = Program("Temporal", command, folder / "temporal.log", others)
        mail = Program("mail server", smtp, folder / "smtp.log", others)
        lab = Program("laboratory", fhir, folder / "fhir.log", others)
        self.temporal = Part(server, partial(until_serving, server, self.address))
        self.mail_server = Part(mail, partial(until_holds, mail, partial(answers, self.smtp)))
        metadata = f"{self.settings.lab_url}/metadata"
        self.laboratory = Part(lab, partial(until_holds, lab, partial(says_ok, metadata)))
        self.workers = [self.worker(number) for number in range(1, WORKERS + 1)]

    async def _prepare(self, database: Database) -> None:
        """Prepare the journal as its owner, for the workers' role, as a deployment does. Raises RuntimeError."""
        owner_url = database.cluster.database(DATABASE)
        self.settings = self.settings.model_copy(update={"journal_url": database.cluster.url(DATABASE, ROLE)})
        owners = self.settings.model_copy(update={"journal_owner_url": owner_url})
        await prepare(database.cluster, self.environment(owners))
