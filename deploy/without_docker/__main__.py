"""Starts the composition's topology from packages on one machine, runs the demonstration through it, and compares.

Exit code 0: everything went as it should and all parts agree; 1: not; 4: it cannot start.
"""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from demo.board import console
from demo.cast import FULL, START, cast
from demo.folder import own_folder
from demo.run import Wanted, demonstrated, stop_on_signals, tell
from deploy.without_docker.agreement import compared, healths, stopped, table
from deploy.without_docker.desk import FhirDesk
from deploy.without_docker.killing import kill_each
from deploy.without_docker.topology import Topology

MILLISECONDS_PER_DAY = 1200.0
"""Slower than the demonstration alone: results are posted, searched and paged over HTTP, and notices are mails."""
WELL, NOT_WELL, CANNOT_START, INTERRUPTED = 0, 1, 4, 130


@click.command()
@click.option("--seed", default="1", help="the same seed gives the same trial")
@click.option("--ms", type=click.FloatRange(min=1), default=MILLISECONDS_PER_DAY, help="milliseconds of a clinical day")
@click.option("--participants", type=click.IntRange(1, FULL), default=FULL, help="randomized participants to reach")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="leave mid-trial on this clinical date")
@click.option("--kill", is_flag=True, help="instead: kill each part in turn, see health turn red, and nothing lost")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("data/without-docker"), help="for all it writes"
)
def main(*, seed: str, ms: float, participants: int, until: datetime | None, kill: bool, folder: Path) -> None:
    """Run the demonstration on PostgreSQL, Temporal, two workers, a mail server and a FHIR server; all on loopback."""
    if until is not None and until.date() <= START:
        raise click.BadParameter(f"the trial opens on {START}; a later date is expected", param_hint="--until")
    for name in [name for name in os.environ if name.startswith(("TRIALPATH_", "TEMPORAL_"))]:
        if name != "TRIALPATH_POSTGRESQL_PROGRAMS":
            del os.environ[name]
    wanted = Wanted(seed, tuple(cast(seed, participants)), ms, until.date() if until else None)
    try:
        code = asyncio.run(_run(wanted, folder, kill=kill))
    except (OSError, RuntimeError) as problem:
        click.echo(f"it cannot start: {problem}", err=True)
        code = CANNOT_START
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo("stopped; nothing of it runs any more", err=True)
        code = INTERRUPTED
    sys.exit(code)


async def _run(wanted: Wanted, folder: Path, *, kill: bool) -> int:
    out = console()
    stop_on_signals()
    with own_folder(folder) as own:
        out.print(f"Starting PostgreSQL, Temporal, two workers, mail and FHIR server in {own} ...", soft_wrap=True)
        async with Topology(own, "" if kill else wanted.seed) as topology:
            _where(out, topology)
            desk = FhirDesk(topology.lab_url)
            try:
                problems = await (kill_each if kill else _played)(out, topology, wanted, desk)
                rows = await healths(topology)
                await stopped(topology)
                rows = [*await compared(topology), *rows]
            finally:
                await desk.close()
    tell(out, problems)
    out.print(table(rows))
    return NOT_WELL if problems or not all(row.agrees for row in rows) else WELL


async def _played(out: Console, topology: Topology, wanted: Wanted, desk: FhirDesk) -> list[str]:
    return await demonstrated(out, topology, topology.settings, wanted, desk)


def _where(out: Console, topology: Topology) -> None:
    lines = {
        "UI": topology.ui,
        "Temporal": topology.address,
        "journal": topology.settings.url,
        "laboratory": topology.lab_url,
        "mail server": topology.smtp,
        **{f"worker {number}": page for number, page in enumerate(topology.health_pages, start=1)},
    }
    for name, address in lines.items():
        out.print(f"{name:12}{address}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
