"""The command that holds the journal against Temporal's histories, and what it finds as `journal verify` tells it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from cli import access
from cli.main import DONE, REFUSED, Failed
from cli.output import console
from cli.remembering import folder_option, read
from journal.rebuilding import STREAM_OF_REBUILDS
from journal.rows import rows_of, streams
from journal.store import Journal
from journal.verify import Finding, Trouble
from settings import Settings
from workflows.reconciling import Compared, compare

NOTES = {
    "Temporal behind": "the workflow reads them when the watchdog wakes it; if nobody recorded them, ask who did",
    "in no history": "closed, and deleted after Temporal's retention: --from-histories reads the exported ones",
}
SHOWN, LONGEST = 20, 160


@click.command("reconcile")
@click.argument("stream", required=False)
@folder_option
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def reconcile_command(stream: str | None, folder: Path | None, *, as_json: bool) -> int:
    """Hold the journal against Temporal's histories, one STREAM or all: equal, behind or differing, by row.

    Histories that Temporal has deleted are read from the folder of exported ones. Nothing is changed.

    \b
    Exit codes:
      0   equal; or Temporal is behind, or has no history of a stream any more (both are told)
      11  rows are missing in the journal
      13  the journal is behind: rows are missing at a stream's end
      15  a row differs: stream, number, field and both values are named
    """  # noqa: D301 - the escape is click's
    known = access.settings()
    found = reconciled(known, access.journal(known), stream, folder)
    code = next((int(finding.trouble) for finding in findings(found)), DONE)
    if as_json:
        click.echo(json.dumps({"code": code, "streams": [asdict(row) for row in found]}, default=str))
    else:
        _show(found)
    return code


def reconciled(known: Settings, store: Journal, stream: str | None, folder: Path | None) -> list[Compared]:
    """Compare one stream or all: histories first, then the journal. Raises Failed."""
    kept = folder or (known.histories if known.histories.is_dir() else None)
    told = read(known, kept, stream=stream).found.streams
    with store.snapshot() as connection:
        here = set(streams(connection)) - {STREAM_OF_REBUILDS}
        names = sorted((here | set(told)) & ({stream} if stream else here | set(told)))
        if not names:
            raise Failed(REFUSED, f"there is no stream {stream}" if stream else "journal and Temporal are both empty")
        return [compare(name, rows_of(connection, name), told.get(name)) for name in names]


def findings(found: Sequence[Compared]) -> list[Finding]:
    """Give what is wrong as findings of a verification, what differs first."""
    wrong = list(_wrong(found))
    return sorted(wrong, key=lambda row: (row.trouble is not Trouble.DIFFERS_FROM_TEMPORAL, row.trouble, row.position))


def _wrong(found: Sequence[Compared]) -> Iterator[Finding]:
    for row in found:
        for each in row.differences:
            expected = f"{each.field} is {_short(each.history)} in Temporal's history, {_short(each.journal)} here"
            yield Finding(Trouble.DIFFERS_FROM_TEMPORAL, each.position, each.stream, each.row, expected)
        for name in row.missing:
            yield Finding(Trouble.MISSING, row.position, row.stream, name, "Temporal's history has it")
        for name in row.behind:
            yield Finding(Trouble.TAIL_CUT, row.position + 1, row.stream, name, "Temporal's history goes on to it")


def _show(found: Sequence[Compared]) -> None:
    table = Table(title=f"{len(found)} streams", title_justify="left")
    for heading in ("stream", "journal and Temporal", "facts", "rows held against", "which rows"):
        table.add_column(heading, overflow="fold")
    for row in found:
        which = [row.ahead] if row.ahead else [*row.missing, *row.behind][:SHOWN]
        colour = "red" if row.state in ("differs", "rows missing", "journal behind") else "green"
        table.add_row(row.stream, f"[{colour}]{row.state}[/]", str(row.facts), str(row.held), ", ".join(which))
    console().print(table)
    for note in sorted({row.state for row in found} & NOTES.keys()):
        click.echo(f"{note}: {NOTES[note]}")
    for each in [each for row in found for each in row.differences][:SHOWN]:
        click.echo(f"{each.stream}, {each.row}, {each.field}:", err=True)
        click.echo(f"  journal  {_short(each.journal)}\n  history  {_short(each.history)}", err=True)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
