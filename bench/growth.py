"""Growth: what changes from a hundred to ten thousand open patients on one machine."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from activities.recorder import Recorder
from bench.figures import in_turn, milliseconds
from bench.idle import CALM_SECONDS
from bench.installation import Installation, until
from bench.journeys import answered
from bench.recovery import all_read, recover_subjects, write_register, write_subjects
from bench.rig import ROOT, Process
from bench.tables import told
from domain.decider import patient_stream, trial_stream
from tests.server.past import TRIAL, ago, participant
from workflows.client import Submitted, TrialClient
from workflows.connection import connect

AT_ONCE = 8
ENROLLED = 50
"""The last patients of each size come through the front door, and are timed; those before through the journal."""
COMMANDS = 400
READS = 3
TO_READ_SECONDS = 3600


@dataclass(frozen=True)
class Growing:
    """A running installation that grows."""

    place: Installation
    sending: TrialClient
    worker: Process


async def measure(folder: Path, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Let an installation grow to each size in turn, and measure it there."""
    place = Installation(folder)
    recorder = Recorder(place.journal)
    write_register(recorder)
    found: dict[str, Any] = {}
    with place.serving(), place.worker() as worker:
        worker.wait_for_line("worker ready")
        client = await connect(place.address)
        growing = Growing(place, TrialClient(client, TRIAL, place.settings.task_queue, place.journal), worker)
        there = 0
        for size in sorted(sizes):
            came = await _fill(growing, recorder, there, size - ENROLLED)
            found[str(size)] = figures = came | await _at(growing, size)
            there = size
            told(f"{size} open: {figures['commands a second']:.0f} commands/s, worker {figures['worker, MB']:.0f} MB")
    return found


async def _fill(growing: Growing, recorder: Recorder, there: int, wanted: int) -> dict[str, Any]:
    """Write patients up to a number into the journal, and have them recovered."""
    begun = time.monotonic()
    await asyncio.to_thread(write_subjects, growing.place.journal, recorder, wanted - there)
    told(f"{wanted - there} patients written in {time.monotonic() - begun:.0f} s")
    begun = time.monotonic()
    await asyncio.to_thread(recover_subjects, growing.place.environment)
    command = time.monotonic() - begun
    await _all_read(growing, wanted)
    await growing.sending.wake(trial_stream(TRIAL))
    return {
        "recovered patients": wanted - there,
        "recover command, s": command,
        "until all had read their streams, s": time.monotonic() - begun,
    }


async def _all_read(growing: Growing, count: int) -> None:
    await until(partial(all_read, growing.sending.client, count), seconds=TO_READ_SECONDS, look_seconds=0.2)


async def _at(growing: Growing, size: int) -> dict[str, Any]:
    starts = await _at_once(ENROLLED, lambda _: _enroll(growing))
    await _all_read(growing, size)
    subjects = [stream.removeprefix(patient_stream(TRIAL, "")) for stream in growing.place.journal.heads()]
    subjects = sorted(subject for subject in subjects if subject != trial_stream(TRIAL))
    chosen = in_turn(subjects)
    taken: list[float] = []
    for _ in range(COMMANDS):
        begun = time.perf_counter()
        await _report(growing, next(chosen))
        taken.append(time.perf_counter() - begun)
    rate = await _at_once(COMMANDS, lambda _: _report(growing, next(chosen)))
    await asyncio.sleep(CALM_SECONDS)
    return {
        "starts a second": starts,
        "commands a second": rate,
        "command, ms": milliseconds(taken),
        "worker, MB": growing.worker.resident_bytes() / 2**20,
        "server, MB": growing.place.server.resident_bytes() / 2**20,
        "starter.py list, s": await _program(growing, "list"),
        "starter.py due, s": await _program(growing, "due"),
        "Temporal's own list, s": await _listed(growing),
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


async def _enroll(growing: Growing) -> None:
    """Enrol a patient, and wait until its journey has begun: it is in the journal then."""
    answer = await growing.sending.to_trial(Submitted("enroll", participant(ago(1)), staff="INV1"))
    if answer.outcome != "applied":
        raise RuntimeError(answer.sentence())
    stream = patient_stream(TRIAL, growing.sending.subject_of(answer))

    async def has_begun() -> bool:
        return bool(await asyncio.to_thread(growing.place.journal.facts, stream))

    await until(has_begun, look_seconds=0.01)


async def _report(growing: Growing, subject: str) -> None:
    fields = {"term": "nausea", "grade": 1, "serious": False, "onset_on": str(ago(1))}
    answer = await answered(growing.sending, subject, Submitted("adverse_event", fields, staff="INV1"))
    if answer.outcome != "applied":
        raise RuntimeError(f"{subject}: {answer.sentence()}")


async def _program(growing: Growing, *words: str) -> float:
    """Give the seconds of a command of ours, the median of a few."""

    def run() -> float:
        begun = time.perf_counter()
        command = [sys.executable, "starter.py", *words, "--json"]
        environment = {**os.environ, **growing.place.environment}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        return time.perf_counter() - begun

    return sorted([await asyncio.to_thread(run) for _ in range(READS)])[READS // 2]


async def _listed(growing: Growing) -> float:
    """Give the seconds in which Temporal lists every open patient, the median of a few."""
    taken = []
    for _ in range(READS):
        begun = time.perf_counter()
        query = 'WorkflowType = "PatientJourney" AND ExecutionStatus = "Running"'
        async for _row in growing.sending.client.list_workflows(query):
            pass
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[READS // 2]
