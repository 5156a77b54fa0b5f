"""The processes of these tests: one development server, and workers.

It starts, kills and stops what it started itself, and nothing else.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bench.postgres import Cluster

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
NAMESPACES = ("default", "crash", "outage", "register", "postgresql", "releases")
SWIFT = (
    'history.timerProcessorMaxTimeShift="5ms"',
    "history.timerProcessorMaxPollRPS=1000",
    "history.transferProcessorMaxPollRPS=1000",
)
"""Takes the development server's own throttle off: it is the same server, only not slowed down."""

START_SECONDS = 30


class Process:
    """A process of the rig."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        """Start it; what it says on standard error goes to the log."""
        with log.open("ab") as errors:
            self._popen = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )
        self._log = log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        """Say whether it still runs."""
        return self._popen.poll() is None

    def wait_for(self, start: str, seconds: float = START_SECONDS) -> list[str]:
        """Wait until it prints a line with this start; give all it printed. Raises RuntimeError when it does not."""
        assert self._popen.stdout is not None
        said: list[str] = []
        until = time.monotonic() + seconds
        while not (said and said[-1].startswith(start)):
            ready, _, _ = select.select([self._popen.stdout], [], [], max(until - time.monotonic(), 0))
            line = self._popen.stdout.readline().decode() if ready else ""
            if not line:
                raise RuntimeError(f"said {said}, not {start!r}: {self._log.read_text()[-2000:]}")
            said.append(line.rstrip("\n"))
        return said

    def kill(self) -> None:
        """Kill it at once, as a lost machine would."""
        self._popen.kill()
        self._popen.wait()

    def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        self._popen.send_signal(signal.SIGTERM)
        return self._popen.wait(START_SECONDS)

    def end(self) -> None:
        """End it, however; give its pipe back."""
        with suppress(subprocess.TimeoutExpired):
            if self.is_running:
                self.stop()
        self._popen.kill()
        self._popen.wait()
        assert self._popen.stdout is not None
        self._popen.stdout.close()


class Server:
    """The development server on a file, on a free port."""

    def __init__(self, folder: Path, databases: Cluster | None = None) -> None:
        """Keep its file and log in this folder."""
        self._folder = folder
        self.databases = databases
        """Where installations have their journals; none: in SQLite, in their data folders."""
        self.port = free_port()
        self._process = self._start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def _start(self) -> Process:
        command = [str(PROGRAMS / "temporal"), "server", "start-dev", "--headless", "--log-level", "error"]
        command += ["--ip", "127.0.0.1", "--port", str(self.port), "--db-filename", str(self._folder / "temporal.db")]
        for namespace in NAMESPACES:
            command += ["--namespace", namespace]
        for value in SWIFT:
            command += ["--dynamic-config-value", value]
        process = Process(command, {}, self._folder / "server.log")
        self._wait()
        return process

    def _wait(self) -> None:
        """Wait until it is healthy: its port is open a moment before."""
        until = time.monotonic() + START_SECONDS
        asked = [str(PROGRAMS / "temporal"), "operator", "cluster", "health", "--address", self.address]
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the development server is not healthy")

    def kill_and_restart(self) -> None:
        """Kill it as a lost machine would, and start it again on the same file and port."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """Kill it as a lost machine would."""
        self._process.kill()
        self._process.end()

    def start(self) -> None:
        """Start it again on the same file and port."""
        self._process = self._start()

    def start_empty(self) -> None:
        """Start it again on the same port, after its file was lost."""
        for file in self._folder.glob("temporal.db*"):
            file.unlink()
        self.start()

    @property
    def file(self) -> Path:
        """Its SQLite file."""
        return self._folder / "temporal.db"

    def end(self) -> None:
        """Stop it."""
        self._process.end()


def free_port() -> int:
    """Give a port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
