"""The command that says whether the installation is well. Each line is one thing that was looked at."""

import asyncio
import json
from contextlib import closing
from dataclasses import asdict

import click
from rich.table import Table

from activities import checks
from activities.checks import Check
from cli import access
from cli.main import DONE, UNHEALTHY, Failed
from cli.output import console
from health_page import outside
from settings import Settings
from worker import laboratory_of, notice_sink
from workflows.connection import connect
from workflows.health import examine

LONGEST_SECONDS = 15


@click.command("health")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def health_command(*, as_json: bool) -> int:
    """Say whether journal, Temporal, workers and watchdog are well. Exit code 0: all are; 1: one is not."""
    known = access.settings()
    found = [_journal(known), *_outside(known), *_temporal(known)]
    well = all(check.ok for check in found)
    if as_json:
        rows = [asdict(check) | {"report": _report(check)} for check in found]
        click.echo(json.dumps({"healthy": well, "checks": rows}))
    else:
        table = Table(title=f"{known.trial}: {'well' if well else 'not well'}", title_justify="left")
        for heading in ("", "", "what was found"):
            table.add_column(heading, overflow="fold")
        for check in found:
            table.add_row(check.name, "[green]ok[/green]" if check.ok else "[red]RED[/red]", check.detail)
        console().print(table)
    return DONE if well else UNHEALTHY


def _report(check: Check) -> object:
    return check.report.model_dump(mode="json") if check.report else None


def _journal(known: Settings) -> Check:
    try:
        store = access.journal(known)
    except Failed as failed:
        return Check("journal", ok=False, detail=str(failed))
    with closing(store):
        return checks.journal(store, known.trial)


def _outside(known: Settings) -> list[Check]:
    """Look at disk, laboratory and notices as a worker with these settings would."""
    try:
        return [look() for look in outside(known, laboratory_of(known), notice_sink(known)).values()]
    except (RuntimeError, ValueError, OSError) as problem:
        return [Check("settings", ok=False, detail=str(problem))]


def _temporal(known: Settings) -> list[Check]:
    async def look() -> list[Check]:
        async with asyncio.timeout(LONGEST_SECONDS):
            return await examine(await connect(), known.trial, known.task_queue, known.versioned_as)

    try:
        return asyncio.run(look())
    except (RuntimeError, OSError) as problem:
        return [Check("temporal", ok=False, detail=f"cannot be reached: {str(problem)[:300]}")]
