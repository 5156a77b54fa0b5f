"""`make bench`: each part measures one thing on real servers, prints it, and puts its figures into one file."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bench import (
    core,
    figures,
    goals,
    growth,
    idle,
    journal,
    moving,
    outside,
    races,
    readme,
    recovery,
    report,
    restart,
    skipping,
)
from bench.rig import ROOT
from bench.tables import figures_table, told
from observability import configure

FIGURES = ROOT / "docs" / "benchmarks" / "figures.json"
REPORT = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
ALL = ("core", "idle", "restart", "skipping", "journeys", "growth")
"""What `make bench` measures, in this order; the report comes last."""
Sizes = Mapping[str, Any]
PARTS: dict[str, tuple[Callable[[Path, Sizes], dict[str, Any]], Callable[[Any], Table]]] = {
    "core": (lambda _, size: core.measure(size["samples"], size["folds"]), core.table),
    "journal": (lambda _, size: journal.measure(size["appends"], size["rows"]), journal.table),
    "connections": (lambda at, size: outside.measure(at, size["notices"], size["notices"]), outside.table),
    "recover": (lambda at, size: asyncio.run(recovery.measure(at, size["opened"], size["ms"])), recovery.table),
    "move": (lambda at, size: asyncio.run(moving.measure(at, size["opened"])), moving.table),
    "journeys": (
        lambda at, size: asyncio.run(races.measure(at, size["at_once"], size["rounds"], size["samples"])),
        lambda found: figures_table("Reference journey", _flat(found["rounds"], found["latency"])),
    ),
    "idle": (
        lambda at, size: asyncio.run(idle.measure(at, size["idle"])),
        lambda found: figures_table("Idle patients", {"the worker": found}),
    ),
    "restart": (
        lambda at, size: asyncio.run(restart.measure(at, size["killed"], size["rounds"])),
        lambda found: figures_table("Worker killed", _flat(found)),
    ),
    "skipping": (
        lambda at, size: asyncio.run(skipping.measure(at, size["patients"], size["rounds"])),
        lambda found: figures_table("Real timers", {name: found[name] for name in ("ours", "floor")}),
    ),
    "growth": (
        lambda at, size: asyncio.run(growth.measure(at, size["sizes"])),
        lambda found: figures_table("Growth", {f"{name} open": _shown(row) for name, row in found.items()}),
    ),
}


def _numbers(_context: object, _option: object, value: str) -> tuple[int, ...]:
    """Read whole numbers with commas between."""
    try:
        return tuple(sorted({int(word) for word in value.split(",")}))
    except ValueError:
        raise click.BadParameter("whole numbers with commas between are expected, for example 100,1000") from None


@click.command()
@click.argument("part", type=click.Choice(["all", *PARTS, "report"]), default="all")
@click.option("--at-once", default="1,16,66", callback=_numbers, help="journeys: how many at once, the least first")
@click.option("--rounds", default=3, help="journeys: rounds at each of these; restart, skipping: rounds")
@click.option("--samples", default=2000, help="journeys: commands timed on each side; core: decisions")
@click.option("--idle", default=200, help="idle: patients of each kind")
@click.option("--killed", default="200,1000", callback=_numbers, help="restart: open patients, at least 32")
@click.option("--patients", default=66, help="skipping: patients of the trial")
@click.option("--sizes", default="100,1000,3000", callback=_numbers, help="growth: open patients, 100 or more")
@click.option("--folds", default=10_000, help="core: finished journeys folded")
@click.option("--appends", default=2000, help="journal: appends timed in each database")
@click.option("--rows", default=1_000_000, help="journal: rows verified")
@click.option("--notices", default=200, help="connections: notices mailed, and laboratory checks made, on each side")
@click.option("--open", "opened", default=1000, help="recover, move: open subjects")
@click.option(
    "--ms", default=400, help="recover: milliseconds a clinical day lasts in the trial whose Temporal is lost"
)
@click.option(
    "--json",
    "file",
    type=click.Path(path_type=Path),
    help=f"put the figures into this file, and take the report's from it; all and report: {FIGURES.relative_to(ROOT)}",
)
@click.option("--report", "target", default=REPORT, type=click.Path(path_type=Path), help="where the report goes")
def main(part: str, file: Path | None, target: Path, **size: object) -> None:
    """Measure one part, or all that stands in the report, and print the figures with their goals.

    `core`, `journal` and `connections` need no journey. `journeys`: the reference journey beside the bare Temporal
    floor and beside DBOS. `idle`: memory. `restart`: kill -9. `skipping`: real timers. `growth`: up to thousands of
    open patients. `recover`: Temporal lost. `move`: a release of the workers. `report`: docs/benchmarks.md, from the
    file of figures.
    """
    if part == "all":
        sys.exit(_all(file or FIGURES, target, [word for word in sys.argv[1:] if word != "all"]))
    if part == "report":
        found = figures.read(file or FIGURES)
        _report(found, target)
        Console(width=110).print(goals.table(goals.held(found)))
        return
    configure("ERROR")
    measure, table = PARTS[part]
    with tempfile.TemporaryDirectory(prefix="trialpath-bench-", ignore_cleanup_errors=True) as name:
        found = measure(Path(name), size)
    console = Console(width=110)
    console.print(table(found))
    if held := goals.held({part: found}, part):
        console.print(goals.table(held))
    if file is not None:
        figures.write(file, figures.merged(figures.read(file), part, found, figures.about()))


def _all(file: Path, target: Path, options: list[str]) -> int:
    """Run each part as a process of its own; give 1 when one failed. The report is made of what was measured."""
    failed = []
    for number, part in enumerate(ALL, 1):
        told(f"part {number} of {len(ALL)}: {part}")
        begun = time.monotonic()
        command = [sys.executable, "-m", "bench", part, *options, "--json", str(file)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(part)
        told(f"{part} took {time.monotonic() - begun:.0f} s{'; it FAILED' if part in failed else ''}")
    _report(found := figures.read(file), target)
    Console(width=110).print(goals.table(goals.held(found)))
    told(f"the report is {target}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _report(found: Sizes, target: Path) -> None:
    """Make the report; that of this repository has its figures in the README too."""
    report.make(found, target)
    if target == REPORT:
        readme.put(found, README)


def _flat(found: Sizes, also: Sizes | None = None) -> dict[str, dict[str, Any]]:
    """Give figures by size and side as rows of a table."""
    rows = {f"{size}, {side}": _shown(row) for size, sides in found.items() for side, row in sides.items()}
    return rows | {f"command, ms, {side}": _shown(row) for side, row in (also or {}).items()}


def _shown(row: Sizes) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(value, dict):
            shown[name] = value
        elif "median" in value:
            shown[name] = value["median"]
        else:
            shown |= {f"{name}, {share}": figure for share, figure in value.items()}
    return shown


if __name__ == "__main__":
    main()
