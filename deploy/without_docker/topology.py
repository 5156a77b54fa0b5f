"""The composition's topology from packages, on one machine: each part a process on a free loopback port.

PostgreSQL for the journal, Temporal on a file, two workers with health pages, a mail server and the laboratory's FHIR
server. It starts, kills and stops what it started itself, and nothing else.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import httpx

from bench.postgres import Cluster
from demo.folder import demo_settings, environment_of
from demo.processes import HOST, QUICK, answers, free_ports, server_command, until_serving
from demo.programs import LOOK_SECONDS, READY_SECONDS, ROOT, ProcessDied, Program, until_one_ends
from deploy.without_docker.mail import notice_settings
from settings import Settings

ROLE = "trialpath"
DATABASE = "trialpath"
WORKERS = (1, 2)
JOB_SECONDS = 60
WATCHDOG_SECONDS = 10
SECONDS_TO_ASK = 2.0
T = TypeVar("T")


class Part:
    """A program of the topology, and how one sees that it is ready."""

    def __init__(self, program: Program, ready: Callable[[], Awaitable[None]]) -> None:
        """Describe a part; nothing runs yet."""
        self.name = program.name
        self.program = program
        self._ready = ready

    async def start(self) -> None:
        """Start it, and wait until it is ready. Raises ProcessDied."""
        await self.program.start()
        await self._ready()

    async def kill(self) -> None:
        """End it at once, as a lost machine would."""
        await self.program.kill()

    async def stop(self) -> None:
        """Ask it to end."""
        await self.program.stop()


class Database:
    """PostgreSQL as a part. What it holds stays in its folder."""

    name = "PostgreSQL"

    def __init__(self, cluster: Cluster) -> None:
        """Take a cluster that runs."""
        self.cluster = cluster

    async def start(self) -> None:
        """Start it, and wait until it takes connections. Raises RuntimeError."""
        await whole(self.cluster.start)

    async def kill(self) -> None:
        """End it at once, without a shutdown."""
        await whole(self.cluster.kill)

    async def stop(self) -> None:
        """Ask it to end."""
        await whole(self.cluster.stop)


class Topology:
    """All parts, running for as long as the block lasts."""

    def __init__(self, folder: Path, seed: str) -> None:
        """Keep everything in a folder. With a seed the allocation list follows from it, which a real clock forbids."""
        self._folder = folder.resolve()
        self._seed = seed
        self._stack = AsyncExitStack()
        temporal, ui, smtp, fhir, *pages = free_ports(4 + 2 * len(WORKERS))
        self.address, self.ui = f"{HOST}:{temporal}", f"http://{HOST}:{ui}"
        self.lab_url, self.smtp = f"http://{HOST}:{fhir}", f"{HOST}:{smtp}"
        self.mail, self.fhir_file = self._folder / "mail", self._folder / "fhir.jsonl"
        self._pages = [f"{HOST}:{port}" for port in pages]
        self._ports = temporal, ui, fhir

    @property
    def health_pages(self) -> list[str]:
        """The address of each worker's health page."""
        return [f"http://{self._pages[2 * number]}/health" for number in range(len(WORKERS))]

    @property
    def workers(self) -> Sequence[Program]:
        """The workers' programs."""
        return [part.program for part in self.worker_parts]

    @property
    def parts(self) -> list[Part]:
        """Every part that is a program of its own, in the order of their start."""
        return [self.mail_server, self.laboratory, self.temporal, *self.worker_parts]

    async def __aenter__(self) -> Self:
        """Start all parts and wait until each is ready. Raises ProcessDied, RuntimeError or OSError; none is left."""
        async with AsyncExitStack() as stack:
            self.database = Database(await made_cluster(self._folder / "postgresql"))
            stack.push_async_callback(self.database.stop)
            self._describe()
            await self._prepare()
            for part in self.parts:
                stack.push_async_callback(part.stop)
            await start_all((self.mail_server, self.laboratory, self.temporal), self.worker_parts)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all parts, the workers first."""
        await self._stack.aclose()

    async def wait(self) -> None:
        """Wait until a part ends by itself. Raises ProcessDied then."""
        await until_one_ends([part.program for part in self.parts])

    async def until_warm(self) -> None:
        """Wait until the workers have loaded all they need."""
        await asyncio.gather(*(worker.until_printed('"worker.woke"') for worker in self.workers))

    def environment(self, settings: Settings) -> dict[str, str]:
        """Give what a worker or the command line is started with."""
        others = {name: value for name, value in environment_of(settings).items() if not name.startswith("TEMPORAL_")}
        return others | {"TEMPORAL_ADDRESS": self.address}

    async def starter(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return await whole(partial(run, [sys.executable, "starter.py", *words], self.environment(self.settings)))

    def _describe(self) -> None:
        """Write the settings of the notices, and describe each program."""
        folder, (temporal, ui, fhir) = self._folder, self._ports
        notices = folder / "notices.toml"
        notices.write_text(notice_settings(self.smtp, f"{self.ui}/namespaces/default/workflows/{{workflow}}"))
        cluster = self.database.cluster
        wanted = {"journal_url": cluster.url(DATABASE, ROLE), "lab_url": self.lab_url, "notice_settings": notices}
        wanted |= {"watchdog_seconds": WATCHDOG_SECONDS, "demo_seed": f"demo-{self._seed}" if self._seed else ""}
        self.settings = demo_settings(folder, self._seed).model_copy(update=wanted)
        self._owner_url = cluster.database(DATABASE)
        others = {name: value for name, value in os.environ.items() if not name.startswith(("TRIALPATH_", "TEMPORAL_"))}
        python = sys.executable
        host = [python, str(Path(__file__).with_name("fhir_host.py")), str(fhir), str(self.fhir_file)]
        smtp = [python, "-m", "aiosmtpd", "-n", "-l", self.smtp, "-c", "aiosmtpd.handlers.Mailbox", str(self.mail)]
        server = Program("Temporal", server_command(folder, temporal, ui, QUICK), folder / "temporal.log", others)
        laboratory = Program("FHIR server", host, folder / "fhir.log", others | {"FHIR_SEQUENCE": "R4B"})
        mail = Program("mail server", smtp, folder / "smtp.log", others)
        self.temporal = Part(server, partial(until_serving, server, self.address))
        metadata = f"{self.lab_url}/metadata"
        self.laboratory = Part(laboratory, partial(until_holds, laboratory, partial(says_ok, metadata)))
        self.mail_server = Part(mail, partial(until_holds, mail, partial(answers, self.smtp)))
        self.worker_parts = [self._worker(number) for number in WORKERS]

    def _worker(self, number: int) -> Part:
        health, metrics = self._pages[2 * number - 2 : 2 * number]
        settings = self.settings.model_copy(update={"health_address": health, "metrics_address": metrics})
        log = self._folder / f"worker-{number}.log"
        program = Program(f"worker {number}", [sys.executable, "worker.py"], log, self.environment(settings))
        return Part(program, partial(program.until_printed, "worker ready"))

    async def _prepare(self) -> None:
        """Prepare the journal as its owner, for the workers' role, as the composition does. Raises RuntimeError."""
        owners = self.settings.model_copy(update={"journal_owner_url": self._owner_url})
        await prepare(self.database.cluster, self.environment(owners))


async def start_all(parts: Sequence[Part], workers: Sequence[Part]) -> None:
    """Start parts beside each other, then the workers in turn: the first one sets Temporal up. Raises ProcessDied."""
    await asyncio.gather(*(part.start() for part in parts))
    for worker in workers:
        await worker.start()


async def prepare(cluster: Cluster, environment: dict[str, str]) -> None:
    """Prepare the journal for the workers' role, which may then log in. The environment is the owner's.

    Raises RuntimeError.
    """
    job = await whole(partial(run, [sys.executable, "starter.py", "journal", "prepare", "--role", ROLE], environment))
    if job.returncode:
        raise RuntimeError(f"the journal cannot be prepared: {job.stderr[-500:]}")
    await whole(partial(cluster.admin, f"ALTER ROLE {ROLE} LOGIN"))


async def whole(call: Callable[[], T]) -> T:
    """Run a blocking call beside; who is cancelled meanwhile waits until it is over, so that nothing is left of it."""
    running = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise


async def made_cluster(folder: Path) -> Cluster:
    """Make a cluster; one that was still being made when we were cancelled is stopped. Raises RuntimeError, OSError."""
    made: list[Cluster] = []
    try:
        await whole(lambda: made.append(Cluster(folder)))
    except asyncio.CancelledError:
        for cluster in made:
            cluster.stop()
        raise
    return made[0]


def run(command: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a job to its end, in a session of its own."""
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=JOB_SECONDS, check=False,
        start_new_session=True,
    )  # fmt: skip


async def until_holds(program: Program, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds of a program that must run. Raises ProcessDied."""
    for _ in range(int(READY_SECONDS / LOOK_SECONDS)):
        program.check()
        if await holds():
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise ProcessDied(f"{program.name} was not ready within {READY_SECONDS:.0f} s; log {program.log}")


async def says_ok(url: str) -> bool:
    """Say whether an address answers that all is well."""
    async with httpx.AsyncClient(timeout=SECONDS_TO_ASK, trust_env=False) as client:
        with suppress(httpx.HTTPError):
            return (await client.get(url)).status_code == httpx.codes.OK
    return False
