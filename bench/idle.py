"""What an idle patient costs in the worker's memory: in screening, and in mid-adjuvant with all its facts."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from activities.recorder import Recorder
from bench.installation import Installation, until
from bench.recovery import all_read, recover_subjects, write_register
from bench.rig import Process, server
from bench.sides import Floor
from bench.tables import told
from domain.decider import trial_stream
from journal.store import Journal
from tests.server.past import CYCLE, TRIAL, Past, ago, in_adjuvant
from workflows.connection import connect

CYCLES = 6
"""Adjuvant cycles given: C4 to C9 of C4 to C15."""
LAST_DOSE_DAYS = 3
WARM = 10
"""Patients whose coming is not counted: what a worker loads once is loaded with them."""
CALM_SECONDS = 5


def in_mid_adjuvant(journal: Journal, recorder: Recorder) -> Past:
    """Give a subject who got C9 some days ago."""
    first_on = ago(LAST_DOSE_DAYS) - (CYCLES - 1) * CYCLE
    return in_adjuvant(journal, TRIAL, first_on, cycles=CYCLES, recorder=recorder).at_rest()


def in_screening(journal: Journal, recorder: Recorder) -> Past:
    """Give a subject who was enrolled some days ago."""
    return Past(journal, TRIAL, ago(LAST_DOSE_DAYS), recorder=recorder).at_rest()


async def measure(folder: Path, count: int) -> dict[str, Any]:
    """Let a few patients come, then many in screening, then many in mid-adjuvant; weigh the worker after each."""
    place = Installation(folder)
    recorder = Recorder(place.journal)
    write_register(recorder)
    steps: tuple[tuple[str, int, Callable[[Journal, Recorder], Past]], ...] = (
        ("warm", WARM, in_mid_adjuvant),
        ("screening", count, in_screening),
        ("mid-adjuvant", count, in_mid_adjuvant),
    )
    weights, facts, coming = [], [], 0
    with place.serving(), place.worker() as worker:
        worker.wait_for_line("worker ready")
        client = await connect(place.address)
        for name, number, write in steps:
            stored = [await asyncio.to_thread(write, place.journal, recorder) for _ in range(number)]
            facts.append(sum(past.journey.seq for past in stored) / number)
            await asyncio.to_thread(recover_subjects, place.environment)
            coming += number
            await until(partial(all_read, client, coming))
            await client.get_workflow_handle(trial_stream(TRIAL)).signal("wake")
            weights.append(await _weight(worker))
            told(f"{number} patients ({name}, {facts[-1]:.0f} facts each): worker {weights[-1] / 2**20:.0f} MB")
    screening, adjuvant = ((weights[at] - weights[at - 1]) / count / 1024 for at in (1, 2))
    return {
        "patients": count,
        "KB a patient in screening": screening,
        "facts in screening": facts[1],
        "KB a patient in mid-adjuvant": adjuvant,
        "facts in mid-adjuvant": facts[2],
        "KB a fact": (adjuvant - screening) / (facts[2] - facts[1]),
        "worker with few patients, MB": weights[0] / 2**20,
        **await _floor(folder, count),
    }


async def _floor(folder: Path, count: int) -> dict[str, Any]:
    """Weigh the floor's worker before and after so many bare journeys that wait for one message."""
    (place := folder / "floor").mkdir()
    process, address = server(place)
    with process:
        side = Floor(place, address, process)
        with side.worker:
            await side.open()
            weights = []
            for number in (WARM, count):
                await asyncio.gather(*(side.driver.idle(1) for _ in range(number)))
                weights.append(await _weight(side.worker))
            told(f"{count} patients (floor): worker {weights[-1] / 2**20:.0f} MB")
    return {
        "floor: KB a patient that waits for a message": (weights[1] - weights[0]) / count / 1024,
        "floor: worker with few patients, MB": weights[0] / 2**20,
    }


async def _weight(worker: Process) -> int:
    """Give the least resident memory over some calm seconds."""
    await asyncio.sleep(CALM_SECONDS)
    found, begun = [worker.resident_bytes()], time.monotonic()
    while time.monotonic() - begun < CALM_SECONDS:
        await asyncio.sleep(0.5)
        found.append(worker.resident_bytes())
    return min(found)
