"""Growth: what changes from a hundred to ten thousand open patients on one machine."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activities.recorder import Recorder
from bench.figures import SEED, milliseconds
from bench.idle import CALM_SECONDS
from bench.journeys import answered
from bench.lost import own_folder
from bench.moving import SELDOM
from bench.recovery import all_read, recover_subjects, write_register, write_subjects
from bench.rig import ROOT, Process, server
from bench.tables import told
from domain.decider import patient_stream, trial_stream
from journal.store import Journal
from settings import Settings
from tests.server.past import TRIAL, ago, participant
from workflows.client import Submitted, TrialClient
from workflows.connection import connect

AT_ONCE = 8
ENROLLED = 50
"""The last patients of each size come through the front door, and are timed; those before through the journal."""
COMMANDS = 400
READS = 3
TO_READ_SECONDS = 3600


@dataclass
class Installation:
    """A running installation that grows."""

    settings: Settings
    environment: dict[str, str]
    journal: Journal
    sending: TrialClient
    worker: Process
    server: Process


async def measure(folder: Path, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Let an installation grow to each size in turn, and measure it there."""
    settings = Settings(data=own_folder(folder / "data"))
    journal = Journal(settings.url)
    journal.migrate()
    recorder = Recorder(journal)
    write_register(recorder)
    process, address = server(folder)
    environment = {
        "TRIALPATH_DATA": str(settings.data),
        "TRIALPATH_LOG_LEVEL": "ERROR",
        "TRIALPATH_WATCHDOG_SECONDS": str(SELDOM),
        "TEMPORAL_ADDRESS": address,
    }
    found: dict[str, Any] = {}
    with process, Process([sys.executable, "worker.py"], log=folder / "worker.log", environment=environment) as worker:
        worker.wait_for_line("worker ready")
        client = await connect(address)
        sending = TrialClient(client, TRIAL, settings.task_queue, journal)
        place = Installation(settings, environment, journal, sending, worker, process)
        there = 0
        for size in sorted(sizes):
            came = await _fill(place, recorder, there, size - ENROLLED)
            found[str(size)] = figures = came | await _at(place, size)
            there = size
            told(f"{size} open: {figures['commands a second']:.0f} commands/s, worker {figures['worker, MB']:.0f} MB")
    journal.close()
    return found


async def _fill(place: Installation, recorder: Recorder, there: int, wanted: int) -> dict[str, Any]:
    """Write patients up to a number into the journal, and have them recovered."""
    begun = time.monotonic()
    await asyncio.to_thread(write_subjects, place.journal, recorder, wanted - there)
    told(f"{wanted - there} patients written in {time.monotonic() - begun:.0f} s")
    begun = time.monotonic()
    await asyncio.to_thread(recover_subjects, place.environment)
    command = time.monotonic() - begun
    await _all_read(place, wanted)
    await place.sending.wake(trial_stream(TRIAL))
    return {
        "recovered patients": wanted - there,
        "recover command, s": command,
        "until all had read their streams, s": time.monotonic() - begun,
    }


async def _all_read(place: Installation, count: int) -> None:
    async with asyncio.timeout(TO_READ_SECONDS):
        while not await all_read(place.sending.client, count):  # noqa: ASYNC110 - they are listed by the server
            await asyncio.sleep(0.2)


async def _at(place: Installation, size: int) -> dict[str, Any]:
    chance = random.Random(SEED)  # noqa: S311 - which patient is spoken to
    starts = await _at_once(ENROLLED, lambda _: _enroll(place))
    await _all_read(place, size)
    subjects = [stream.removeprefix(patient_stream(TRIAL, "")) for stream in place.journal.heads()]
    subjects = sorted(subject for subject in subjects if subject != trial_stream(TRIAL))
    chosen = [chance.choice(subjects) for _ in range(2 * COMMANDS)]
    taken: list[float] = []

    async def timed(number: int) -> None:
        begun = time.perf_counter()
        await _report(place, chosen[number])
        taken.append(time.perf_counter() - begun)

    for number in range(COMMANDS):
        await timed(number)
    rate = await _at_once(COMMANDS, lambda number: _report(place, chosen[COMMANDS + number]))
    await asyncio.sleep(CALM_SECONDS)
    return {
        "starts a second": starts,
        "commands a second": rate,
        "command, ms": milliseconds(taken),
        "worker, MB": place.worker.resident_bytes() / 2**20,
        "server, MB": place.server.resident_bytes() / 2**20,
        "starter.py list, s": await _program(place, "list"),
        "starter.py due, s": await _program(place, "due"),
        "Temporal's own list, s": await _listed(place),
    }


async def _at_once(count: int, act: Callable[[int], Awaitable[None]]) -> float:
    """Give how many a second are done with some at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            await act(number)

    begun = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(count)))
    return count / (time.monotonic() - begun)


async def _enroll(place: Installation) -> None:
    """Enrol a patient, and wait until its journey has begun: it is in the journal then."""
    answer = await place.sending.to_trial(Submitted("enroll", participant(ago(1)), staff="INV1"))
    if answer.outcome != "applied":
        raise RuntimeError(answer.sentence())
    stream = patient_stream(TRIAL, place.sending.subject_of(answer))
    while not await asyncio.to_thread(place.journal.facts, stream):  # noqa: ASYNC110 - it is awaited in the journal
        await asyncio.sleep(0.01)


async def _report(place: Installation, subject: str) -> None:
    fields = {"term": "nausea", "grade": 1, "serious": False, "onset_on": str(ago(1))}
    answer = await answered(place.sending, subject, Submitted("adverse_event", fields, staff="INV1"))
    if answer.outcome != "applied":
        raise RuntimeError(f"{subject}: {answer.sentence()}")


async def _program(place: Installation, *words: str) -> float:
    """Give the seconds of a command of ours, the median of a few."""

    def run() -> float:
        begun = time.perf_counter()
        command = [sys.executable, "starter.py", *words, "--json"]
        environment = {**os.environ, **place.environment}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        return time.perf_counter() - begun

    return sorted([await asyncio.to_thread(run) for _ in range(READS)])[READS // 2]


async def _listed(place: Installation) -> float:
    """Give the seconds in which Temporal lists every open patient, the median of a few."""
    taken = []
    for _ in range(READS):
        begun = time.perf_counter()
        query = 'WorkflowType = "PatientJourney" AND ExecutionStatus = "Running"'
        async for _row in place.sending.client.list_workflows(query):
            pass
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[READS // 2]
