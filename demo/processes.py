"""Starts the real Temporal development server and one worker, and stops what it started, and nothing else."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.service import RPCError

from workflows.connection import connect

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
USUAL_PORTS = (7233, 8233)
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.05
LAST_LINES = 15
SERVER_SETTINGS = (
    'history.timerProcessorMaxTimeShift="5ms"',
    "history.timerProcessorMaxPollRPS=1000",
    "history.transferProcessorMaxPollRPS=1000",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)
"""The development server throttles its own queues; these let a fast clock keep its pace."""
DURABLE = ("journal_mode=wal", "synchronous=full")
"""Every acknowledged step is on disk. The server's own default, a rollback journal, costs half as much again."""
QUICK = ("journal_mode=wal", "synchronous=normal")
"""A killed process loses nothing; a power cut may lose the last steps."""


class ProcessDied(RuntimeError):
    """A program that must run has ended, or was not ready in time. The message names it, its log and its last lines."""


class Program:
    """A child process with its log. It has a session of its own, so that Ctrl-C reaches it through us alone."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """Describe a program; nothing runs yet."""
        self.name = name
        self.log = log
        self._command = command
        self._environment = dict(environment)
        self._from = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; what it prints is appended to its log."""
        with self.log.open("ab") as log:
            self._from = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environment,
                cwd=ROOT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, or 0 before the start."""
        return self._process.pid if self._process else 0

    def lines(self) -> list[str]:
        """Give what it printed since this start."""
        with self.log.open("rb") as log:
            log.seek(self._from)
            return log.read().decode("utf-8", "replace").splitlines()

    async def wait(self) -> None:
        """Wait until it ends by itself. Raises ProcessDied then."""
        if self._process is not None:
            code = await self._process.wait()
            raise self._died(f"ended with code {code}")

    async def until_printed(self, text: str) -> None:
        """Wait until a line holds a text. Raises ProcessDied when it ends first or takes too long."""
        for _ in range(int(READY_SECONDS / LOOK_SECONDS)):
            self.check()
            if any(text in line for line in self.lines()):
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise self._died(f"did not print {text!r} within {READY_SECONDS:.0f} s")

    def check(self) -> None:
        """Raise ProcessDied when it has ended."""
        code = self._process.returncode if self._process else None
        if code is not None:
            raise self._died(f"ended with code {code}")

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        if self._process is None or self._process.returncode is not None:
            return
        try:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            pass
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()
        await self._process.wait()

    def _died(self, how: str) -> ProcessDied:
        last = "\n".join(f"  {line[:300]}" for line in self.lines()[-LAST_LINES:])
        return ProcessDied(f"{self.name} {how}; log {self.log}; its last lines:\n{last or '  (none)'}")


class Embedded:
    """A running Temporal server with its UI and one worker, for as long as the block lasts."""

    def __init__(
        self,
        data: Path,
        *,
        environment: Mapping[str, str] | None = None,
        ports: tuple[int, int] | None = USUAL_PORTS,
        pragmas: Sequence[str] = DURABLE,
    ) -> None:
        """Keep all files in a folder. `ports`: gRPC and UI, each replaced by a free one when taken; None: free ones."""
        self._data = data.resolve()
        port, ui_port = (_free_port(wish) for wish in ports or (0, 0))
        self.address = f"{HOST}:{port}"
        self.ui = f"http://{HOST}:{ui_port}"
        known = os.environ if environment is None else environment
        worker_environment = {**known, "TRIALPATH_DATA": str(self._data), "TEMPORAL_ADDRESS": self.address}
        command = _server_command(self._data, port, ui_port, pragmas)
        self.server = Program("Temporal server", command, self._data / "temporal.log", os.environ)
        worker = [sys.executable, str(ROOT / "worker.py")]
        self.worker = Program("worker", worker, self._data / "worker.log", worker_environment)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start both and wait until each is ready. Raises ProcessDied or OSError, with nothing left running."""
        self._data.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:
            for program, ready in ((self.server, self._serving), (self.worker, self._working)):
                stack.push_async_callback(program.stop)
                await program.start()
                await ready()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the worker, then the server."""
        await self._stack.__aexit__(kind, problem, trace)

    async def wait(self) -> None:
        """Wait until one of them ends by itself. Raises ProcessDied then."""
        waits = [asyncio.ensure_future(program.wait()) for program in (self.server, self.worker)]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            for wait in waits:
                wait.cancel()

    async def until_warm(self) -> None:
        """Wait until the worker has loaded all it needs and has woken what was behind."""
        await self.worker.until_printed('"worker.woke"')

    async def _working(self) -> None:
        await self.worker.until_printed("worker ready")

    async def _serving(self) -> None:
        for _ in range(int(READY_SECONDS / LOOK_SECONDS)):
            self.server.check()
            if await _answers(self.address) and await _has_namespace(self.address):
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise ProcessDied(f"Temporal server did not answer at {self.address} in time; log {self.server.log}")


def _server_command(data: Path, port: int, ui_port: int, pragmas: Sequence[str]) -> list[str]:
    beside = Path(sys.executable).with_name("temporal")
    program = str(beside) if beside.exists() else shutil.which("temporal")
    if program is None:
        raise FileNotFoundError(f"program `temporal` is neither beside {sys.executable} nor on PATH")
    command = [program, "server", "start-dev", "--ip", HOST, "--port", str(port), "--ui-port", str(ui_port)]
    command += ["--db-filename", str(data / "temporal.db"), "--log-level", "warn"]
    for setting in SERVER_SETTINGS:
        command += ["--dynamic-config-value", setting]
    for pragma in pragmas:
        command += ["--sqlite-pragma", pragma]
    return command


def _free_port(wish: int) -> int:
    """Give the wished port when it is free, else any free one."""
    for port in (wish, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {HOST}")


async def _answers(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def _has_namespace(address: str) -> bool:
    """Say whether the server does its work: it knows the namespace we shall use."""
    try:
        client = await connect(address)
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except (RuntimeError, RPCError):
        return False
    return True
