"""A release: what it takes to wake every open subject and to move it to another version of the workers, and back."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.table import Table
from temporalio.client import Client

from bench.installation import Installation, until
from bench.recovery import all_read, write
from bench.rig import ROOT, Process
from workflows.connection import connect
from workflows.versions import deployment_of

FIRST, SECOND = "1.0", "2.0"


async def measure(folder: Path, open_subjects: int) -> dict[str, dict[str, Any]]:
    """Let so many subjects run on one version, move them all to a second one, and back."""
    place = Installation(folder, log_level="WARNING")
    await asyncio.to_thread(write, place.journal, open_subjects)
    found: dict[str, dict[str, Any]] = {}
    with place.serving():
        client = await connect(place.address)
        with place.worker(FIRST) as first, place.worker(SECOND) as second:
            for worker in (first, second):
                worker.wait_for_line("worker ready")
            await until(lambda: _known(client, place.settings.deployment))
            await asyncio.to_thread(_starter, place.environment, "release", FIRST)
            await asyncio.to_thread(_starter, place.environment, "recover")
            await until(lambda: all_read(client, open_subjects))
            for name, build in (("to the new version", SECOND), ("back to the old one", FIRST)):
                processes = (place.server, first, second)
                found[name] = await _moved(client, place.environment, build, processes)
    return found


async def _moved(
    client: Client, environment: dict[str, str], build: str, processes: tuple[Process, Process, Process]
) -> dict[str, Any]:
    before = [one.processor_seconds() for one in processes]
    begun = time.monotonic()
    told = await asyncio.to_thread(_starter, environment, "release", build)
    command = time.monotonic() - begun
    used = sum(one.processor_seconds() for one in processes) - sum(before)
    return {
        "streams moved": told["streams"] - len(told["left"]),
        "not moved": len(told["left"]),
        "from the first look until all had moved, s": told["seconds"],
        "the whole command, s": command,
        "streams a second": told["streams"] / told["seconds"],
        "processor time a stream, server + workers, ms": used / told["streams"] * 1000,
        "tasks that failed": (await client.count_workflows("TemporalReportedProblems IS NOT NULL")).count,
    }


def table(found: dict[str, dict[str, Any]]) -> Table:
    """Give the figures as a table."""
    shown = Table(title="A release: every open subject is woken and moves", title_justify="left")
    for heading in ("", "", "figure"):
        shown.add_column(heading, overflow="fold", justify="right" if heading == "figure" else "left")
    for what, figures in found.items():
        for name, value in figures.items():
            shown.add_row(what, name, f"{value:.2f}" if isinstance(value, float) else str(value))
        shown.add_section()
    return shown


async def _known(client: Client, deployment: str) -> bool:
    return len((await deployment_of(client, deployment)).builds) > 1


def _starter(environment: dict[str, str], *words: str) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "starter.py", *words, "--json"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if not run.stdout:
        raise RuntimeError(f"starter.py {' '.join(words)} ended with {run.returncode}: {run.stderr[-500:]}")
    told: dict[str, Any] = json.loads(run.stdout)
    return told
