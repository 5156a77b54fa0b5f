"""The command that brings a trial back after Temporal was lost: every open stream of the journal runs again."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from temporalio.client import Client

from activities.rebuild import Streams
from cli import access
from cli.main import DONE, REFUSED, UNREACHABLE, Failed
from cli.output import console
from domain.decider import trial_stream
from settings import Settings
from workflows.connection import connect
from workflows.health import pollers
from workflows.recovery import Recovered, recover
from workflows.setting_up import set_up

SHOWN = ("refused", "started", "would start", "running")
"""Which outcomes have a row each; streams that are over are counted."""


@click.command("recover")
@click.option("--dry-run", is_flag=True, help="only say what would be done")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def recover_command(*, dry_run: bool, as_json: bool) -> int:
    """Start the workflow of every open stream that has none, from the journal: after Temporal was lost.

    Each goes on where its record ends, by the trial's clock as recorded. Nothing is sent twice; what fell due meanwhile
    is acted on at once. What runs is left alone, what is over stays closed, and the same call again is safe.
    Exit codes: 0 done, 2 a stream could not be started, 4 Temporal or the journal cannot be reached.
    """
    known = access.settings()
    store = access.journal(known)
    access.facts(store, trial_stream(known.trial))
    try:
        found, where, working = asyncio.run(_recover(known, Streams(store), dry_run=dry_run))
    except (RuntimeError, OSError) as problem:
        hint = "the same call again is safe"
        raise Failed(UNREACHABLE, f"cannot reach Temporal: {str(problem)[:300]}; {hint}") from None
    counts = dict(Counter(row.outcome for row in found))
    if as_json:
        rows = [asdict(row) for row in found]
        click.echo(json.dumps({"temporal": where, "workers": working, "counts": counts, "streams": rows}, default=str))
    else:
        _show(found, where)
        click.echo(
            ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "the journal is empty"
        )
    if not working:
        click.echo(f"no worker asks for tasks of {known.task_queue}: nothing goes on until one is started", err=True)
    return REFUSED if "refused" in counts else DONE


async def _recover(known: Settings, streams: Streams, *, dry_run: bool) -> tuple[list[Recovered], str, int]:
    client = await connect()
    if not dry_run:
        await set_up(client, known)
    with Progress(console=Console(file=sys.stderr), disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task("streams", total=None)
        found = await recover(
            client,
            known.task_queue,
            streams,
            dry_run=dry_run,
            told=lambda done, of: progress.update(task, completed=done, total=of),
        )
    return found, _where(client), len(await pollers(client, known.task_queue))


def _where(client: Client) -> str:
    return f"{client.service_client.config.target_host}, namespace {client.namespace}"


def _show(found: list[Recovered], where: str) -> None:
    table = Table(title=f"Temporal at {where}", title_justify="left")
    for heading in ("stream", "what was done", "facts", "next due (trial time, UTC)", "open effects"):
        table.add_column(heading, overflow="fold")
    for row in sorted(found, key=lambda row: SHOWN.index(row.outcome) if row.outcome in SHOWN else len(SHOWN)):
        if row.outcome in SHOWN:
            done = f"[red]refused[/red]: {row.why}" if row.outcome == "refused" else row.outcome
            table.add_row(row.stream, done, str(row.facts), _due(row), ", ".join(row.effects))
    if table.row_count:
        console().print(table)


def _due(row: Recovered) -> str:
    if row.next_due_at is None:
        return ""
    late = "[red]passed[/red] " if row.passed else ""
    return f"{late}{row.next_due_at:%Y-%m-%d %H:%M} {row.next_due}"
