"""The command that makes a lost journal again from histories."""

import getpass
import hashlib
import json
import os
import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli import access
from cli.main import DONE, MALFORMED, REFUSED, UNREACHABLE, Failed
from cli.output import console
from cli.remembering import Read, folder_option, read
from journal.rebuilding import Block, NotEmptyError, fill, refuse_unless_empty, submission
from journal.store import Journal, JournalAway, JournalUnusableError
from journal.verify import Trouble
from settings import Settings
from workflows.remembered import Lost

KIND, OPERATIONS = "journal_rebuilt", "OPERATIONS"


@click.command("rebuild")
@click.option("--from-temporal", is_flag=True, help="the histories that Temporal still has")
@folder_option
@click.option("--by", help="who does it, for the record; the operating system's user unless given")
@click.option("--dry-run", is_flag=True, help="only say what would be written and what is lost")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def rebuild_command(folder: Path | None, by: str | None, *, from_temporal: bool, dry_run: bool, as_json: bool) -> int:
    """Make a lost journal again, from running and retained histories, into an empty one. Stop the workers before.

    The folder of exported histories (TRIALPATH_HISTORY_FOLDER) is read too, where it is there.

    Every fact comes back as it was stored, and each submission with its answer, so that one sent again applies once.
    What no history tells is listed, stream by stream. All of it is written or nothing, and verified before the end;
    running workflows are asked for their facts where a worker answers. The journal notes who did it, and when.

    \b
    Exit codes:
      0   written; refusals and messages that no history tells any more are listed
      2   the journal holds rows, two histories contradict each other, or there is none; nothing was written
      4   Temporal or the journal cannot be reached; nothing was written
      11  written, and facts are lost, or may be: see the list
    """  # noqa: D301 - the escape is click's
    if not from_temporal and folder is None:
        raise Failed(MALFORMED, "say from what: --from-temporal, --from-histories FOLDER, or both")
    known = access.settings()
    folder = folder or (known.histories if known.histories.is_dir() else None)
    store = None if dry_run else _empty(known)
    told = read(known, folder, temporal=from_temporal, ask=True)
    if not told.found.streams:
        raise Failed(REFUSED, f"no history of {known.trial} was found: nothing was written")
    streams, lost = _streams(told), told.found.lost
    sources = [*(["Temporal"] if from_temporal else []), *([f"folder {folder}"] if folder else [])]
    rows = _written(store, told, _note(by or _user(), sources, streams, lost)) if store is not None else 0
    code = DONE if told.found.is_whole else int(Trouble.MISSING)
    if as_json:
        about = {"written": store is not None, "rows": rows, "asked": len(told.agree), "code": code}
        click.echo(json.dumps(about | {"streams": streams, "lost": [asdict(row) for row in lost]}))
        return code
    _show(streams, lost)
    click.echo(f"written: {rows} rows, sound" if store is not None else "nothing was written: a rehearsal")
    if from_temporal and not told.agree:
        click.echo("no worker answered: running workflows were not asked, their histories were read", err=True)
    return code


def _empty(known: Settings) -> Journal:
    """Give an empty journal with the newest schema. Raises Failed for one that holds rows."""
    try:
        known.data.mkdir(parents=True, exist_ok=True)
        with closing(Journal(known.journal_owner_url or known.url)) as owners:
            owners.migrate()
        store = Journal(known.url)
        with store.snapshot() as connection:
            refuse_unless_empty(connection)
    except NotEmptyError as problem:
        raise _not_empty(problem) from None
    except (JournalAway, JournalUnusableError) as problem:
        raise Failed(UNREACHABLE, f"the journal cannot be used: {problem}; nothing was written") from None
    return store


def _not_empty(problem: NotEmptyError) -> Failed:
    away = "move it away (all files of it; in PostgreSQL rename the database and make an empty one)"
    how = f"a damaged one: stop the workers, {away}, and call again"
    return Failed(REFUSED, f"the journal holds {problem}: only an empty one is filled, nothing was written; {how}")


def _written(store: Journal, told: Read, note: Block) -> int:
    try:
        return fill(store, {name: of.blocks for name, of in told.found.streams.items()}, note)
    except NotEmptyError as problem:
        raise _not_empty(problem) from None


def _user() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return f"user {os.getuid()}@{socket.gethostname()}"


def _note(by: str, sources: list[str], streams: list[dict[str, Any]], lost: Sequence[Lost]) -> Block:
    """Give the row that says that, when, by whom and from what this journal was made again, and what is lost."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    about = {"at": at, "by": by, "from": sources, "streams": streams, "lost": [asdict(row) for row in lost]}
    body = json.dumps(about, sort_keys=True)
    columns = {"submission_id": f"rebuild/{at}", "channel": "operator", "kind": KIND, "identity": by, "body": body}
    columns |= {"staff": OPERATIONS, "role": OPERATIONS, "recorded_at": at, "stored_at": at, "outcome": "applied"}
    return Block(submission(**columns, sha256=hashlib.sha256(body.encode()).hexdigest()))


def _streams(told: Read) -> list[dict[str, Any]]:
    return [
        {
            "stream": name,
            "runs": of.runs,
            "facts": len(of.facts),
            "submissions": len(of.blocks),
            "chain": of.chain,
            "held_against": "its workflow" if name in told.agree else "its histories",
        }
        for name, of in sorted(told.found.streams.items())
    ]


def _show(streams: list[dict[str, Any]], lost: Sequence[Lost]) -> None:
    table = Table(title=f"{len(streams)} streams", title_justify="left")
    for heading in ("stream", "runs", "facts", "submissions", "chain", "held against"):
        table.add_column(heading, overflow="fold")
    for row in streams:
        table.add_row(*map(str, row.values()))
    console().print(table)
    table = Table(title="What no history tells, or not for certain", title_justify="left")
    for heading in ("stream", "what", "detail"):
        table.add_column(heading, overflow="fold")
    for found in sorted(lost, key=lambda row: (not row.is_facts, row.stream)):
        table.add_row(found.stream, f"[red]{found.what}[/red]" if found.is_facts else found.what, found.detail)
    if table.row_count:
        console().print(table)
