"""`make bench`: the pure core, then the reference journey beside the bare Temporal floor, on one real server."""

import asyncio
import json
import platform
import statistics
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench import core, journal, moving, outside, protocol, recovery
from bench.measure import Floor, Ours, batch, help_seconds, percentile, replay_milliseconds
from bench.rig import SETTINGS, server
from demo import laboratory

ROUNDS = 3


@click.command()
@click.argument("part", type=click.Choice(["all", "connections", "core", "journal", "recover", "move"]), default="all")
@click.option("--at-once", default=16, help="journeys at once")
@click.option("--samples", default=2000, help="updates timed on each side")
@click.option("--idle", default=100, help="idle subjects for the memory figure")
@click.option("--folds", default=10_000, help="finished journeys folded for the core's rate")
@click.option("--appends", default=2000, help="appends timed in each database")
@click.option("--rows", default=1_000_000, help="rows of the journal that is verified")
@click.option("--notices", default=200, help="notices mailed, and laboratory checks made, on each side")
@click.option("--open", "opened", default=1000, help="open subjects to recover, or to move in a release")
@click.option("--ms", default=400, help="milliseconds a clinical day lasts in the trial whose Temporal is lost")
@click.option("--json", "file", type=click.Path(path_type=Path), help="write the figures to a file too")
def main(part: str, file: Path | None, **size: int) -> None:
    """Measure, and print the figures with their ratios to the floor.

    `core` and `journal`: what needs no Temporal server, alone. `connections`: mail, laboratory, and how soon a failure
    is seen. `recover`: many open subjects, and a whole trial whose Temporal is lost. `move`: a release of the workers
    and a rollback, with many open subjects.
    """
    found: dict[str, object] = {}
    if part in ("all", "core"):
        found["core"] = figures = core.measure(size["samples"], size["folds"])
        Console(width=110).print(core.table(figures))
    if part in ("all", "journal"):
        found["journal"] = stored = journal.measure(size["appends"], size["rows"])
        Console(width=110).print(journal.table(stored))
    with tempfile.TemporaryDirectory() as name:
        if part in ("all", "connections"):
            found["connections"] = told = outside.measure(Path(name), size["notices"], size["notices"])
            Console(width=110).print(outside.table(told))
        if part == "recover":
            found |= _recovery(Path(name), size)
        elif part == "move":
            found["move"] = moved = asyncio.run(moving.measure(Path(name), size["opened"]))
            Console(width=110).print(moving.table(moved))
        elif part == "all":
            found |= _journeys(Path(name), size)
    if file is not None:
        file.write_text(json.dumps(found, indent=1))


def _recovery(folder: Path, size: dict[str, int]) -> dict[str, object]:
    found = asyncio.run(recovery.measure(folder, size["opened"], size["ms"]))
    Console(width=110).print(recovery.table(found))
    return found


def _journeys(folder: Path, size: dict[str, int]) -> dict[str, object]:
    protocol.register()
    laboratory.warm_up()
    journeys = asyncio.run(_measure(folder, size["at_once"], size["samples"], size["idle"]))
    _show(journeys)
    return journeys


async def _measure(folder: Path, at_once: int, samples: int, idle: int) -> dict[str, object]:
    process, address = server(folder)
    with process:
        ours, floor = Ours(folder, address), Floor(folder, address)
        with ours.worker, floor.worker:
            await ours.open()
            await floor.open()
            first = await ours.journey()
            await floor.journey()
            single = {
                "ours": await batch(ours.journey, 1, process, ours.worker, ours.client.client),
                "floor": await batch(floor.journey, 1, process, floor.worker, floor.client),
            }
            rounds = []
            for _ in range(ROUNDS):
                rounds.append(await batch(ours.journey, at_once, process, ours.worker, ours.client.client))
                rounds.append(await batch(floor.journey, at_once, process, floor.worker, floor.client))
            found: dict[str, object] = {
                "machine": f"{platform.machine()}, Python {platform.python_version()}",
                "server settings": " ".join(f"{key}={value}" for key, value in SETTINGS.items()),
                "single": {side: vars(sample) for side, sample in single.items()},
                "rounds": {"ours": [vars(s) for s in rounds[::2]], "floor": [vars(s) for s in rounds[1::2]]},
            }
            found["replay_ms"] = await replay_milliseconds(ours.client.client, first)
            found["latency_ms"] = {
                side: {"p50": percentile(taken, 0.5) * 1000, "p99": percentile(taken, 0.99) * 1000}
                for side, taken in (("ours", await ours.latencies(samples)), ("floor", await floor.latencies(samples)))
            }
            found["memory_kb"] = await _memory(ours, idle, at_once)
            found["ready_s"] = ours.ready_seconds
            found["help_s"] = help_seconds()
    return found


async def _memory(ours: Ours, idle: int, at_once: int) -> dict[str, float]:
    """Give the growth of the worker per idle subject in screening, and per fact of a subject that went all the way."""
    before = ours.worker.resident_bytes()
    for _ in range(idle):
        await ours.enroll()
    await asyncio.sleep(2)
    after = ours.worker.resident_bytes()
    facts = sum(ours.journal.heads().values())
    await asyncio.gather(*(ours.journey() for _ in range(at_once)))
    grown = sum(ours.journal.heads().values()) - facts
    per_fact = (ours.worker.resident_bytes() - after) / grown
    return {"per idle subject": (after - before) / idle / 1024, "per fact": per_fact / 1024}


def _show(found: dict[str, object]) -> None:
    console = Console(width=110)
    console.print(f"{found['machine']}; server: {found['server settings']}")
    table = Table(title="Reference journey: cohort 1, 21 messages, 38 activities, 17 timers", title_justify="left")
    for heading in ("", "ours", "bare floor", "ratio"):
        table.add_column(heading, justify="left" if heading == "" else "right")
    single, rounds = found["single"], found["rounds"]
    if not isinstance(single, dict) or not isinstance(rounds, dict):
        raise TypeError(type(rounds))
    _row(table, "history events, one at a time", single["ours"]["events"], single["floor"]["events"])
    for label, name in (
        ("history events, many at once", "events"),
        ("journeys/s, many at once", "journeys_per_second"),
        ("server CPU s a journey", "server_cpu"),
        ("worker CPU s a journey", "worker_cpu"),
    ):
        middle = {side: statistics.median(sample[name] for sample in samples) for side, samples in rounds.items()}
        _row(table, label, middle["ours"], middle["floor"])
    latency = found["latency_ms"]
    if isinstance(latency, dict):
        for share in ("p50", "p99"):
            _row(table, f"update answered, {share} ms", latency["ours"][share], latency["floor"][share])
    console.print(table)
    console.print(f"replay of a finished journey {found['replay_ms']:.0f} ms")
    memory = found["memory_kb"]
    if isinstance(memory, dict):
        console.print(", ".join(f"memory {name} {value:.0f} KB" for name, value in memory.items()))
    console.print(f"worker ready {found['ready_s']:.1f} s, starter.py --help {found['help_s']:.2f} s")
    console.print(f"events by kind, one at a time: ours {single['ours']['kinds']}; floor {single['floor']['kinds']}")


def _row(table: Table, label: str, ours: float, floor: float) -> None:
    table.add_row(label, f"{ours:.2f}", f"{floor:.2f}", f"{ours / floor:.2f}")


if __name__ == "__main__":
    main()
