"""How the commands read histories: from Temporal, from a folder of exported ones, or both."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from activities.histories import HistoryFolder
from cli.main import REFUSED, UNREACHABLE, Failed
from settings import Settings
from workflows.connection import connect
from workflows.rebuilding import Remembrance, Sources, contradicted, remember
from workflows.remembered import ContradictionError

folder_option = click.option(
    "--from-histories",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="a folder of exported histories of closed runs",
)


@dataclass(frozen=True, slots=True)
class Read:
    """What the histories tell, and which running workflows were asked and agree."""

    found: Remembrance
    agree: tuple[str, ...] = ()


def read(
    known: Settings, folder: Path | None, *, temporal: bool = True, stream: str | None = None, ask: bool = False
) -> Read:
    """Read all histories of a trial, or of one stream; ask running workflows too. Raises Failed."""
    try:
        return asyncio.run(_read(known, folder, temporal, stream, ask))
    except ContradictionError as problem:
        raise Failed(REFUSED, f"{problem}; nothing was written") from None
    except (RuntimeError, OSError) as problem:
        raise Failed(UNREACHABLE, f"cannot reach Temporal: {str(problem)[:300]}; nothing was written") from None


async def _read(known: Settings, folder: Path | None, temporal: bool, stream: str | None, ask: bool) -> Read:
    client = await connect() if temporal else None
    columns = (SpinnerColumn(), TextColumn("{task.completed} histories"))
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True) as shown:
        task = shown.add_task("histories", total=None)
        kept = HistoryFolder(folder) if folder else None
        sources = Sources(known.trial, client, kept, lambda runs: shown.update(task, completed=runs))
        found = await remember(sources, stream)
    if client is None or not ask:
        return Read(found)
    agree, against = await contradicted(client, list(found.streams.values()))
    return Read(Remembrance(found.streams, (*found.lost, *against)), tuple(agree))
