"""Temporal is lost: what bringing a thousand subjects back costs, and whether a whole trial ends as it should."""

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.table import Table
from temporalio.client import Client

from activities.recorder import Recorder
from activities.report import Report
from bench.installation import Installation, until
from bench.lost import lost_half_way
from bench.rig import ROOT, Process
from bench.tables import figures_table
from domain.decider import trial_stream
from domain.values import Clock
from journal.store import Journal
from settings import Settings
from tests.server.past import TRIAL, Past, ago, in_surgery_wait, opening, request, sent
from workflows.client import Submitted
from workflows.connection import connect
from workflows.health import examine

LATER = 50
"""One in so many of the open subjects waits for surgery, with the facts of three cycles; the rest is in screening."""
FEW = 66
PERIOD = 5
WARM, RUNS = 2, 5


async def measure(folder: Path, open_subjects: int, milliseconds_per_day: int) -> dict[str, Any]:
    """Measure both."""
    return {
        f"{FEW} open subjects": await many(folder / "few", FEW),
        f"{open_subjects} open subjects": await many(folder / "many", open_subjects),
        "a trial of 66, Temporal lost half-way": await lost_half_way(folder / "trial", milliseconds_per_day),
    }


def table(found: dict[str, Any]) -> Table:
    """Give the figures as a table."""
    return figures_table("Temporal lost, its file deleted", found)


async def many(folder: Path, count: int) -> dict[str, Any]:
    """Bring so many open subjects back on an empty server, and let the watchdog look at them."""
    place = Installation(folder, log_level="WARNING", watchdog_seconds=PERIOD)
    facts = await asyncio.to_thread(write, place.journal, count)
    with place.serving():
        client = await connect(place.address)
        begun = time.monotonic()
        told = await asyncio.to_thread(recover_subjects, place.environment)
        command = time.monotonic() - begun
        begun = time.monotonic()
        with place.worker() as worker:
            worker.wait_for_line("worker ready")
            await until(lambda: all_read(client, count))
            caught_up = time.monotonic() - begun
            report, processor = await _watched(client, place.settings, worker, place.server)
    return {
        "facts in the journal": facts,
        "started": told["counts"].get("started", 0),
        "recover command, s": command,
        "until all had read their streams, s": caught_up,
        "one run of the watchdog, s": report.seconds,
        "streams it looked at": report.open,
        "findings": len(report.findings),
        "processor time a run, server + worker, s": processor,
    }


def write(journal: Journal, count: int) -> int:
    """Write a register and so many open subjects through `record`."""
    recorder = Recorder(journal)
    write_register(recorder)
    write_subjects(journal, recorder, count)
    return sum(journal.heads().values())


def write_register(recorder: Recorder) -> None:
    """Write a register, opened long ago."""
    at = datetime.now(UTC) - timedelta(days=999)
    opened = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
    recorder.record(request(trial_stream(TRIAL), 0, at, sent(opened)))


def write_subjects(journal: Journal, recorder: Recorder, count: int) -> None:
    """Write so many open subjects, of which no workflow knows."""
    for number in range(count):
        if number % LATER:
            Past(journal, TRIAL, ago(3), recorder=recorder).at_rest()
        else:
            in_surgery_wait(journal, TRIAL, ago(30), recorder=recorder).at_rest()


def recover_subjects(environment: dict[str, str]) -> dict[str, Any]:
    """Run `starter.py recover`, and give what it tells."""
    run = subprocess.run(
        [sys.executable, "starter.py", "recover", "--json"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(run.stdout)
    return told


async def _watched(
    client: Client, settings: Settings, worker: Process, server_process: Process
) -> tuple[Report, float]:
    """Let the watchdog look a few times, and give its last report and the processor time one run takes in all."""
    found: list[Report] = []

    async def looked() -> bool:
        report = (await examine(client, settings.trial, settings.task_queue))[-1].report
        if report is not None and report not in found:
            found.append(report)
        return len(found) > WARM

    await until(looked)
    before = worker.processor_seconds() + server_process.processor_seconds()
    first = len(found)
    begun = time.monotonic()
    while time.monotonic() - begun < RUNS * PERIOD:
        await looked()
        await asyncio.sleep(1)
    taken = worker.processor_seconds() + server_process.processor_seconds() - before
    return found[-1], taken / max(len(found) - first, 1)


async def all_read(client: Client, count: int) -> bool:
    """Say whether so many subjects have read their streams and show when they are due next."""
    return (await client.count_workflows("NextDue IS NOT NULL")).count >= count
