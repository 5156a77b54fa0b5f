"""Breaks an installation in every way of the fault matrix and says what came of it.

Exit code 0: nothing was violated and every row's fault was hit; 1: not; 2: asked for what there is not.
"""

import asyncio
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from chaos import report
from chaos.driver import Driver
from chaos.plan import Task, full, quick
from chaos.rows import Row
from chaos.rows.table import ROWS
from demo.run import stop_on_signals
from observability import configure

SHOWN = 40
LANES = 2
"""Installations beside each other in the quick run: most of a trial is waiting."""
WELL, NOT_WELL, INTERRUPTED = 0, 1, 130


@click.command()
@click.option("--seed", default="", help="every choice follows from it; without one it is drawn, and printed")
@click.option("--rows", "wanted", default="", help="only these rows, for example F1,F3")
@click.option("--trials", type=click.IntRange(1), help="so many trials of each row")
@click.option("--trial", type=click.IntRange(0), help="only the trial of this number, to repeat it")
@click.option("--full", "whole", is_flag=True, help="release evidence: all trials, outages of a minute; in parts")
@click.option("--part", type=click.IntRange(1), help="which part of --full; without it they are listed")
@click.option("--json", "file", type=click.Path(path_type=Path), help="write everything here too")
@click.option("--folder", type=click.Path(path_type=Path), help="keep everything here; an empty or new folder")
def main(  # noqa: PLR0913 - one for each option
    *,
    seed: str,
    wanted: str,
    trials: int | None,
    trial: int | None,
    whole: bool,
    part: int | None,
    file: Path | None,
    folder: Path | None,
) -> None:
    """Run the fault matrix: the quick numbers in about ten minutes, or a part of the full ones."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    tasks = _tasks(_rows(wanted), trials, trial, part, whole=whole)
    if not tasks:
        _show_parts(console, _rows(wanted))
        return
    for name in [name for name in os.environ if name.startswith(("TRIALPATH_", "TEMPORAL_"))]:
        if name != "TRIALPATH_POSTGRESQL_PROGRAMS":
            del os.environ[name]
    seed = seed or secrets.token_hex(4)
    base = (folder or Path(tempfile.mkdtemp(prefix="trialpath-chaos-"))).resolve()
    base.mkdir(parents=True, exist_ok=True)
    base.chmod(0o755)
    if any(base.iterdir()):
        raise click.BadParameter(f"{base} is not empty", param_hint="--folder")
    configure("ERROR")
    console.print(f"seed {seed}; everything is kept in {base}", soft_wrap=True, highlight=False)
    driver = Driver(
        base, seed, full=whole, say=lambda text: console.print(text, soft_wrap=True, highlight=False, markup=False)
    )
    try:
        outcome = asyncio.run(_run(driver, tasks, lanes=1 if whole else LANES))
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo("stopped; nothing of it runs any more", err=True)
        sys.exit(INTERRUPTED)
    _tell(console, outcome)
    if file is not None:
        file.write_text(json.dumps(outcome.as_json(), indent=1) + "\n")
    sys.exit(WELL if outcome.is_good else NOT_WELL)


async def _run(driver: Driver, tasks: list[Task], lanes: int) -> report.Outcome:
    stop_on_signals()
    return await driver.run(tasks, lanes)


def _rows(wanted: str) -> list[Row]:
    """Give the rows that are asked for. Raises BadParameter for one that is none."""
    names = [name.strip().upper() for name in wanted.split(",") if name.strip()]
    known = {row.id: row for row in ROWS}
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{name} is no row; rows are {', '.join(known)}", param_hint="--rows")
    return [row for row in ROWS if not names or row.id in names]


def _tasks(rows: list[Row], trials: int | None, trial: int | None, part: int | None, *, whole: bool) -> list[Task]:
    """Give what to run; nothing when the parts of the full run are to be listed."""
    if trial is not None:
        return [Task(row, trial, trial + 1) for row in rows]
    if not whole:
        return quick(rows, trials)
    if part is None:
        return []
    parts = full(rows)
    if part > len(parts):
        raise click.BadParameter(f"there are {len(parts)} parts", param_hint="--part")
    return parts[part - 1]


def _show_parts(console: Console, rows: list[Row]) -> None:
    for number, tasks in enumerate(full(rows), start=1):
        told = ", ".join(f"{task.row.id} trials {task.first} to {task.last - 1}" for task in tasks)
        minutes = sum((task.last - task.first) * task.row.full_seconds for task in tasks) / 60
        console.print(f"part {number}: {told}; about {minutes:.0f} minutes", soft_wrap=True, highlight=False)


def _tell(console: Console, outcome: report.Outcome) -> None:
    console.print(report.table(outcome))
    console.print(report.totals(outcome.counts), soft_wrap=True, highlight=False)
    for violation in outcome.violations[:SHOWN]:
        text = f"VIOLATION seed {violation.seed}, {violation.row}, step {violation.step}: {violation.what}"
        console.print(text, style="red", soft_wrap=True, highlight=False, markup=False)
    if len(outcome.violations) > SHOWN:
        console.print(f"... and {len(outcome.violations) - SHOWN} more violations")
    for name in outcome.never_hit:
        console.print(f"{name}: its fault was never hit", style="red")
    for note in outcome.notes:
        console.print(f"note: {note}")
    told = "nothing was violated" if outcome.is_good else "NOT WELL"
    console.print(f"{told}; seed {outcome.seed}, {outcome.seconds:.0f} s")


if __name__ == "__main__":
    main()
