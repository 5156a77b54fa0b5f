"""Starts the real Temporal development server and one worker, and stops what it started, and nothing else."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Self

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.service import RPCError

from demo.programs import LOOK_SECONDS, READY_SECONDS, ROOT, ProcessDied, Program, until_one_ends
from workflows.connection import connect

HOST = "127.0.0.1"
USUAL_PORTS = (7233, 8233)
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
        port, ui_port = (free_port(wish) for wish in ports or (0, 0))
        self.address = f"{HOST}:{port}"
        self.ui = f"http://{HOST}:{ui_port}"
        known = os.environ if environment is None else environment
        worker_environment = {**known, "TRIALPATH_DATA": str(self._data), "TEMPORAL_ADDRESS": self.address}
        command = server_command(self._data, port, ui_port, pragmas)
        self.server = Program("Temporal server", command, self._data / "temporal.log", os.environ)
        worker = [sys.executable, str(ROOT / "worker.py")]
        self.worker = Program("worker", worker, self._data / "worker.log", worker_environment)
        self._stack = AsyncExitStack()

    @property
    def workers(self) -> Sequence[Program]:
        """The one worker."""
        return (self.worker,)

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

    async def __aexit__(self, *_: object) -> None:
        """Stop the worker, then the server."""
        await self._stack.aclose()

    async def wait(self) -> None:
        """Wait until one of them ends by itself. Raises ProcessDied then."""
        await until_one_ends((self.server, self.worker))

    async def until_warm(self) -> None:
        """Wait until the worker has loaded all it needs and has woken what was behind."""
        await self.worker.until_printed('"worker.woke"')

    async def _working(self) -> None:
        await self.worker.until_printed("worker ready")

    async def _serving(self) -> None:
        await until_serving(self.server, self.address)


async def until_serving(server: Program, address: str) -> None:
    """Wait until a Temporal server does its work: it knows the namespace we shall use. Raises ProcessDied."""
    for _ in range(int(READY_SECONDS / LOOK_SECONDS)):
        server.check()
        if await answers(address) and await _has_namespace(address):
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise ProcessDied(f"Temporal server did not answer at {address} in time; log {server.log}")


def server_command(data: Path, port: int, ui_port: int, pragmas: Sequence[str]) -> list[str]:
    """Give the command of the development server on a file. Raises FileNotFoundError without its program."""
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


def free_port(wish: int) -> int:
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


def free_ports(count: int) -> list[int]:
    """Give so many free ports, no two the same."""
    taken: list[int] = []
    while len(taken) < count:
        port = free_port(0)
        taken += [port] if port not in taken else []
    return taken


async def answers(address: str) -> bool:
    """Say whether somebody takes connections at host:port."""
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
