"""Starts a real server and a worker for a measurement, and tells what processor time they took."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Self

import psutil

SETTINGS = {
    "history.timerProcessorMaxTimeShift": '"5ms"',
    "history.timerProcessorMaxPollRPS": "1000",
    "history.transferProcessorMaxPollRPS": "1000",
}
ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """Ask for a free port."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _inherited() -> dict[str, str]:
    """Give this process's environment; but what Python compiled is kept, as it is wherever a program is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Process(AbstractContextManager["Process"]):
    """A process that is ready when a port answers or a line comes, and is gone at the end."""

    def __init__(self, command: list[str], *, log: Path, environment: dict[str, str] | None = None) -> None:
        """Start it."""
        self._log = log.open("w")
        self.started = time.monotonic()
        self.popen = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env={**_inherited(), **(environment or {}), "PYTHONPATH": str(ROOT)},
        )

    def wait_for_line(self, text: str) -> float:
        """Wait for a line, and give the seconds since the start. Raises RuntimeError when the process ends first."""
        for line in self.popen.stdout or ():
            if text in line:
                return time.monotonic() - self.started
        raise RuntimeError(f"it ended; see {self._log.name}")

    def processor_seconds(self) -> float:
        """Give the processor time taken so far."""
        return processor_seconds(self.popen.pid)

    def resident_bytes(self) -> int:
        """Give the resident memory."""
        return int(psutil.Process(self.popen.pid).memory_info().rss)

    def rest(self) -> None:
        """Stop it where it stands, until it may go on."""
        psutil.Process(self.popen.pid).suspend()

    def go_on(self) -> None:
        """Let it go on."""
        psutil.Process(self.popen.pid).resume()

    def kill(self) -> None:
        """End it at once, as a lost machine would."""
        self.popen.kill()
        self.popen.wait()
        self._log.close()

    def __enter__(self) -> Self:
        """Give the process."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.popen.terminate()
        self.popen.send_signal(signal.SIGCONT)  # one that rests does not hear the other signal
        try:
            self.popen.wait(15)
        except subprocess.TimeoutExpired:
            self.popen.kill()
        self._log.close()


def processor_seconds(pid: int) -> float:
    """Give the processor time a process has taken so far, with its children's, those that are gone included."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    own = times.user + times.system + getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            own += processor_seconds(child.pid)
    return float(own)


def server(folder: Path) -> tuple[Process, str]:
    """Start the real development server on a file, and give it with its address."""
    port = free_port()
    beside = Path(sys.executable).with_name("temporal")
    program = str(beside) if beside.exists() else shutil.which("temporal")
    if program is None:
        raise RuntimeError("the program `temporal` is missing: run `make setup`")
    flags = [word for name, value in SETTINGS.items() for word in ("--dynamic-config-value", f"{name}={value}")]
    command = [program, "server", "start-dev", "--port", str(port), "--headless", "--log-level", "error"]
    process = Process([*command, "--db-filename", str(folder / "temporal.db"), *flags], log=folder / "server.log")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"127.0.0.1:{port}"
        time.sleep(0.05)
    raise RuntimeError("the server did not start")
