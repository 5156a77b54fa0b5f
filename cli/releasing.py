"""The command that makes a version of the workers the current one, moves every stream to it, and goes back."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from activities.rebuild import Streams, Unreadable
from cli import access
from cli.main import DONE, MALFORMED, REFUSED, UNREACHABLE, Failed
from cli.output import console
from settings import Settings
from workflows.connection import connect
from workflows.releasing import Moved, NoReleaseError, Shown, Target, make_current, move, show
from workflows.versions import NoDeploymentsError

SHOWN = 10
"""Streams named that have not moved; the rest is counted."""


@click.command("release")
@click.argument("build", required=False)
@click.option("--back-to", metavar="BUILD", help="roll back: make this earlier build the current one again")
@click.option("--show", "only_show", is_flag=True, help="only show each version and how many streams run on it")
@click.option("--limit", "seconds", type=click.IntRange(min=1), default=300, show_default=True, help="seconds to wait")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def release_command(build: str | None, back_to: str | None, seconds: int, *, only_show: bool, as_json: bool) -> int:
    """Make BUILD (or TRIALPATH_BUILD) of the workers the current version, and move every running stream to it.

    Start its workers first, beside the old ones; run this with the program of BUILD, which is held against the journal.
    Idle subjects are woken, each hands over between two messages, and the old workers may stop when none is left.
    Recorded facts stay as they are. The same call again is safe.

    \b
    Exit codes:
      0  every stream runs on BUILD
      2  nothing was changed: no worker of BUILD, or the journal holds what this program cannot read;
         or BUILD is current, and streams have not moved within the limit
      3  no build was named
      4  Temporal or the journal cannot be reached, or this server knows no worker deployments
    """  # noqa: D301 - the escape is click's
    known = access.settings()
    named = [name for name in (build, back_to) if name]
    if len(named) + only_show > 1:
        raise Failed(MALFORMED, "accepted: BUILD, --back-to BUILD, or --show; one of them")
    chosen = named[0] if named else known.build
    if not chosen and not only_show:
        raise Failed(MALFORMED, "say which: `starter.py release BUILD`, or set TRIALPATH_BUILD")
    target = Target(known.task_queue, known.deployment, chosen)
    with closing(access.journal(known)) as store:
        streams = Streams(store)
        try:
            if only_show:
                _table(asyncio.run(_show(target, streams)), target, as_json=as_json)
                return DONE
            _refuse_unless_readable(streams, known, chosen)
            moved, after = asyncio.run(_release(target, streams, seconds))
        except NoReleaseError as problem:
            raise Failed(REFUSED, str(problem)) from None
        except NoDeploymentsError as problem:
            raise Failed(UNREACHABLE, str(problem)) from None
        except (RuntimeError, OSError) as problem:
            raise Failed(UNREACHABLE, f"cannot reach Temporal: {str(problem)[:300]}") from None
    _tell(moved, after, target, as_json=as_json)
    return REFUSED if moved.left else DONE


def _refuse_unless_readable(streams: Streams, known: Settings, build: str) -> None:
    """Refuse a release that could not read what is recorded: a fact kind of a later one, for example."""
    unread: dict[str, str] = {}
    for stream in streams.heads():
        try:
            streams.look(stream)
        except Unreadable as problem:
            unread[stream] = str(problem)
    for stream, why in unread.items():
        whose = "" if known.build in ("", build) else f"; it is {known.build}, run the program of {build} instead"
        more = f", and {len(unread) - 1} more streams" if len(unread) > 1 else ""
        raise NoReleaseError(f"this program cannot read {stream}{more}: {why}; nothing was changed{whose}")


async def _show(target: Target, streams: Streams) -> list[Shown]:
    return await show(await connect(), target.task_queue, target.deployment, streams.heads())


async def _release(target: Target, streams: Streams, seconds: float) -> tuple[Moved, list[Shown]]:
    client = await connect()
    begun = time.monotonic()
    before = await make_current(client, target)
    columns = (TextColumn("moved to {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), disable=not sys.stderr.isatty()) as progress:
        left = await move(client, target, streams.heads, seconds, _into(progress, target.build))
    taken = round(time.monotonic() - begun, 1)
    after = await show(client, target.task_queue, target.deployment, streams.heads())
    count = sum(row.streams for row in after)
    return Moved(before=before.current, streams=count, seconds=taken, left=left), after


def _into(progress: Progress, build: str) -> Callable[[int, int], None]:
    task = progress.add_task(build, total=None)
    return lambda done, of: progress.update(task, completed=done, total=of)


def _table(rows: list[Shown], target: Target, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"deployment": target.deployment, "versions": [asdict(row) for row in rows]}))
        return
    table = Table(title=f"Versions of {target.deployment}", title_justify="left")
    for heading in ("build", "status", "workers", "streams"):
        table.add_column(heading, justify="right" if heading in ("workers", "streams") else "left")
    for row in rows:
        streams = f"[red]{row.streams}[/red]" if row.streams and row.build and not row.workers else str(row.streams)
        table.add_row(row.build or "(none)", row.status, str(row.workers), streams)
    console().print(table)


def _tell(moved: Moved, after: list[Shown], target: Target, *, as_json: bool) -> None:
    idle = [row.build for row in after if row.build not in ("", target.build) and row.workers and not row.streams]
    if as_json:
        about = {"deployment": target.deployment, "build": target.build, "may_stop": idle}
        click.echo(json.dumps(about | asdict(moved) | {"versions": [asdict(row) for row in after]}))
        return
    _table(after, target, as_json=False)
    since = "it was so before" if moved.before == target.build else f"before: {moved.before or 'none'}"
    click.echo(f"{target.build} is current ({since}); looked at for {moved.seconds} s")
    for stream, why in list(moved.left.items())[:SHOWN]:
        click.echo(f"not moved: {stream}: {why}", err=True)
    if len(moved.left) > SHOWN:
        click.echo(f"not moved: {len(moved.left) - SHOWN} more", err=True)
    if moved.left:
        click.echo("keep the workers of the versions above, and call again; nothing is lost meanwhile", err=True)
    else:
        click.echo(f"all {moved.streams} running streams are on {target.build}")
    for build in idle:
        click.echo(f"no stream runs on {build} any more: its workers may be stopped")
