"""The reference journey on all sides in one run: at each size, round after round, one side after the other."""

import asyncio
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.worker import Replayer

from bench import peer, protocol
from bench.figures import milliseconds, spread
from bench.journeys import GAP_SECONDS
from bench.postgres import Cluster
from bench.rig import SETTINGS, server
from bench.sides import PACE, Floor, Ours, Peer, Side
from bench.tables import told
from demo import laboratory
from workflows.connection import CONVERTER
from workflows.identity import IdentityInterceptor, IdentityRunner
from workflows.patient_journey import PatientJourney

BLOCK = 100
"""Commands timed on one side before it is the next one's turn."""
LIMIT_SECONDS = 900
"""A batch that takes longer is given up, and its side has no figure."""
FIGURES = (
    "journeys a second",
    "server CPU, s a journey",
    "worker CPU, s a journey",
    "driver CPU, s a journey",
    "stored a journey",
)


@dataclass
class Batch:
    """What one batch of journeys cost, in the order of `FIGURES`, and what stands stored of one in the middle."""

    figures: tuple[float, ...]
    kinds: Counter[str]


async def measure(folder: Path, sizes: tuple[int, ...], rounds: int, samples: int) -> dict[str, Any]:
    """Race the sides. The peer on PostgreSQL gets a cluster of its own."""
    protocol.register()
    laboratory.warm_up()
    with ExitStack() as open_now:
        cluster = Cluster()
        open_now.callback(cluster.close)
        process, address = server(folder)
        open_now.enter_context(process)
        ours, floor = Ours(folder, address, process), Floor(folder, address, process)
        sides: tuple[Side, ...] = (ours, floor, Peer(folder, None), Peer(folder, cluster))
        for side in sides:
            open_now.enter_context(side.worker)
            await side.open()
        async with ours.turn():
            first = await ours.journey()
        for side in sides[1:]:
            async with side.turn():
                await side.journey()
        raced = {str(size): await _raced(sides, size, rounds) for size in sizes}
        return {
            "settings": _settings(rounds),
            "rounds": {size: figures for size, (figures, _) in raced.items()},
            "kinds": {side.name: raced[str(sizes[0])][1].get(side.name, {}) for side in sides},
            "latency": await _latencies(sides, samples),
            "ready_s": {side.name: side.ready_seconds for side in sides},
            "replay_ms": await _replay_milliseconds(ours.client.client, first),
            "help_s": _help_seconds(),
        }


def _settings(rounds: int) -> dict[str, Any]:
    return {
        "rounds": rounds,
        "milliseconds a clinical day": PACE,
        "gap before a message, s": GAP_SECONDS,
        "Temporal server": " ".join(f"{key}={value}" for key, value in SETTINGS.items()),
        "DBOS looks every, s": peer.LOOK_SECONDS,
    }


async def _raced(
    sides: tuple[Side, ...], size: int, rounds: int
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, int]]]:
    """Give each side's figures over the rounds, and what its middle journey has stored by kind."""
    batches: dict[str, list[Batch]] = {side.name: [] for side in sides}
    failures: dict[str, str] = {}
    for number in range(rounds):
        for side in sides:
            if side.name in failures:
                continue
            try:
                async with side.turn():
                    batches[side.name].append(await _batch(side, size))
            except TimeoutError:
                failures[side.name] = f"given up after {LIMIT_SECONDS} s"
            told(f"{size} at once, round {number + 1} of {rounds}, {side.name}: {_line(batches[side.name])}")
    figures = {name: _over(found) for name, found in batches.items() if found}
    kinds = {name: dict(sorted(found[0].kinds.items())) for name, found in batches.items() if found}
    return figures | {name: {"failure": why} for name, why in failures.items()}, kinds


def _line(batches: list[Batch]) -> str:
    return f"{batches[-1].figures[0]:.2f} journeys a second" if batches else "none ended"


def _over(batches: list[Batch]) -> dict[str, Any]:
    columns = zip(*(batch.figures for batch in batches), strict=True)
    return {name: spread(values) for name, values in zip(FIGURES, columns, strict=True)}


async def _batch(side: Side, count: int) -> Batch:
    """Run so many journeys at once, and give what they cost."""
    server_before, worker_before = side.server_seconds(), side.worker.processor_seconds()
    driver_before, started = time.process_time(), time.monotonic()
    async with asyncio.timeout(LIMIT_SECONDS):
        names = await asyncio.gather(*(side.journey() for _ in range(count)))
    seconds = time.monotonic() - started
    server_cpu = (side.server_seconds() - server_before) / count
    worker_cpu = (side.worker.processor_seconds() - worker_before) / count
    driver_cpu = (time.process_time() - driver_before) / count
    counted = sorted([await side.stored(name) for name in names], key=Counter.total)
    middle = counted[len(counted) // 2]
    stored = statistics.median(kinds.total() for kinds in counted)
    return Batch((count / seconds, server_cpu, worker_cpu, driver_cpu, stored), middle)


async def _latencies(sides: tuple[Side, ...], samples: int) -> dict[str, dict[str, float]]:
    """Time commands one at a time, in blocks: a block on each side, and again."""
    found: dict[str, list[float]] = {side.name: [] for side in sides}
    for side in sides:
        async with side.turn():
            await side.prepare()
            await side.latencies(BLOCK // 2)
    for number in range(0, samples, BLOCK):
        for side in sides:
            async with side.turn():
                found[side.name] += await side.latencies(min(BLOCK, samples - number))
    return {name: milliseconds(taken) for name, taken in found.items()}


async def _replay_milliseconds(client: Client, stream: str) -> float:
    """Give the time to replay all runs of one journey."""
    histories = [
        await client.get_workflow_handle(stream, run_id=run.run_id).fetch_history()
        async for run in client.list_workflows(f"WorkflowId='{stream}'")
    ]
    replayer = Replayer(
        workflows=[PatientJourney],
        data_converter=CONVERTER,
        workflow_runner=IdentityRunner(),
        interceptors=[IdentityInterceptor()],
    )
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        for history in histories:
            await replayer.replay_workflow(history)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def _help_seconds() -> float:
    """Give the time of `starter.py --help`, the median of five."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([sys.executable, "starter.py", "--help"], check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
