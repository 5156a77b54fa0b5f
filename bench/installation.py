"""An installation of its own for one measurement: a data folder with a journal, a Temporal server, and its workers."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rig import Process, server
from journal.store import Journal
from settings import Settings

SELDOM = 7 * 24 * 3600
"""Seconds between two looks of a watchdog that is not to look meanwhile."""


class Installation:
    """What a measurement sets up. Its journal is there at once, its server while it serves."""

    server: Process
    address: str

    def __init__(self, folder: Path, *, log_level: str = "ERROR", watchdog_seconds: int = SELDOM) -> None:
        """Make its folder, and the tables of its journal."""
        self.settings = Settings(data=own_folder(folder / "data"), watchdog_seconds=watchdog_seconds)
        self.journal = Journal(self.settings.url)
        self.journal.migrate()
        self.environment = {
            "TRIALPATH_DATA": str(self.settings.data),
            "TRIALPATH_LOG_LEVEL": log_level,
            "TRIALPATH_WATCHDOG_SECONDS": str(watchdog_seconds),
        }
        self._folder = folder

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Have a server of its own; stop it and close the journal at the end."""
        self.server, self.address = server(self._folder)
        self.environment["TEMPORAL_ADDRESS"] = self.address
        with self.server:
            yield
        self.journal.close()

    def worker(self, build: str = "") -> Process:
        """Start a worker, of a version where one is named."""
        log = self._folder / f"worker{build and f'-{build}'}.log"
        versioned = {"TRIALPATH_BUILD": build} if build else {}
        return Process([sys.executable, "worker.py"], log=log, environment=self.environment | versioned)


def own_folder(folder: Path) -> Path:
    """Make a folder, and give it."""
    folder.mkdir(parents=True)
    return folder


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 600, look_seconds: float = 0.1) -> None:
    """Wait until something holds. Raises TimeoutError when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if await holds():
            return
        await asyncio.sleep(look_seconds)
    raise TimeoutError("it never came to hold")
