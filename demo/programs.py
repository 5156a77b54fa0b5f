"""Child processes with their logs: started, waited for, stopped. What this starts, it can stop, and nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.05
LAST_LINES = 15


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

    async def kill(self) -> None:
        """End it at once, as a lost machine would."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

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


class Running(Protocol):
    """What a trial is played on: a Temporal server and workers that run already."""

    address: str
    ui: str

    @property
    def workers(self) -> Sequence[Program]:
        """The workers, whose logs are looked through at the end."""

    async def wait(self) -> None:
        """Wait until one of the programs ends by itself. Raises ProcessDied then."""

    async def until_warm(self) -> None:
        """Wait until the workers have loaded all they need."""


async def until_one_ends(programs: Sequence[Program]) -> None:
    """Wait until one of some programs ends by itself. Raises ProcessDied then."""
    waits = [asyncio.ensure_future(program.wait()) for program in programs]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        done.pop().result()
    finally:
        for wait in waits:
            wait.cancel()
