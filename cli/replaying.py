"""The command that replays histories with this program: before a release, it says which runs the new program breaks."""

import asyncio
import gzip
import json
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from temporalio.client import WorkflowHistory

from activities.histories import ENDING
from activities.rebuild import Streams
from cli import access
from cli.main import DONE, MALFORMED, UNHEALTHY, UNREACHABLE, Failed
from settings import Settings
from workflows.connection import connect
from workflows.releasing import running
from workflows.replaying import replayed

LONGEST_REASON = 300


@dataclass(slots=True)
class Found:
    """What came of the histories of one place: how many there are, and why some failed, by name."""

    place: str
    histories: int
    failed: dict[str, str]


@click.command("replay")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--running", "of_running", is_flag=True, help="also the open run of every stream, as Temporal has it now")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def replay_command(folders: tuple[Path, ...], *, of_running: bool, as_json: bool) -> int:
    """Replay every history in FOLDERS (files *.json.gz, at any depth) with this program, as its worker would.

    Without FOLDERS: the installation's own folder of closed runs (TRIALPATH_HISTORY_FOLDER). The open end of a running
    history tests little: closed ones are the proof. Exit codes: 0 all replay clean, 1 one does not, 3 a folder holds no
    history, 4 Temporal or the journal cannot be reached.
    """
    known = access.settings()
    found = []
    for folder in folders or (() if of_running else (known.histories,)):
        files = sorted(file for file in folder.rglob(f"*{ENDING}") if not file.name.startswith("."))
        if not files:
            raise Failed(MALFORMED, f"{folder} holds no history: files that end in {ENDING} are expected")
        found.append(asyncio.run(_stored(folder, files)))
    if of_running:
        found.append(_running(known))
    clean = not any(row.failed for row in found)
    if as_json:
        click.echo(json.dumps({"clean": clean, "places": [asdict(row) for row in found]}))
        return DONE if clean else UNHEALTHY
    for row in found:
        for name, why in sorted(row.failed.items()):
            click.echo(f"FAILED {row.place}: {name}: {why}", err=True)
        click.echo(f"{row.place}: {row.histories} histories, {len(row.failed)} do not replay")
    return DONE if clean else UNHEALTHY


async def _stored(folder: Path, files: list[Path]) -> Found:
    found = Found(str(folder), len(files), {})

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for file in files:
            name = str(file.relative_to(folder))
            try:
                history = WorkflowHistory.from_json(name, gzip.decompress(file.read_bytes()).decode())
            except (OSError, EOFError, ValueError) as problem:
                found.failed[name] = f"it is no history, or not a whole one: {problem}"
                continue
            if history.events:
                yield history
            else:
                found.failed[name] = "it holds no event"

    await _replay(found, histories(), len(files))
    return found


def _running(known: Settings) -> Found:
    with closing(access.journal(known)) as store:
        heads = list(Streams(store).heads())
    found = Found("running", 0, {})

    async def histories() -> AsyncIterator[WorkflowHistory]:
        client = await connect()
        for stream in heads:
            if (run := await running(client, stream)) is not None:
                found.histories += 1
                yield await client.get_workflow_handle(stream, run_id=run.run_id).fetch_history()

    try:
        asyncio.run(_replay(found, histories(), len(heads)))
    except (RuntimeError, OSError) as problem:
        raise Failed(UNREACHABLE, f"cannot reach Temporal: {str(problem)[:300]}") from None
    return found


async def _replay(found: Found, histories: AsyncIterator[WorkflowHistory], of: int) -> None:
    columns = (TextColumn("{task.description}"), MofNCompleteColumn())
    with Progress(*columns, console=Console(file=sys.stderr), disable=not sys.stderr.isatty(), transient=True) as shown:
        task = shown.add_task(found.place, total=of)
        async for history, failure in replayed(histories):
            shown.advance(task)
            if failure:
                found.failed[history.workflow_id] = failure[:LONGEST_REASON]
