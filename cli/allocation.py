"""The commands on the sealed allocation list: its back-up, and its way back into a journal that was made again."""

from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import Connection

from activities.adapters import sealed_list_backup as backups
from activities.adapters.sealed_list_backup import NoBackupError, OnRecord, OtherListError
from cli import access
from cli.main import DONE, MALFORMED, REFUSED, UNREACHABLE, Failed
from journal import sealing
from journal.store import Journal
from journal.verify import Finding, Trouble


@click.group("allocation")
def allocation_command() -> None:
    """Back up the sealed allocation list, or put it back. Neither shows an arm; the key stays where it is."""


@allocation_command.command("backup")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="a new file; mode 0600")
def backup_command(out: Path) -> int:
    """Write the list as it is sealed to a file, checked against the published SHA-256. Keep the key elsewhere.

    The list is in no history on purpose: a lost journal is made again without it, and no slot opens until it is back.
    Exit codes: 0 written, 2 the list is missing or not the one on record, 4 without its key or the journal.
    """
    known = access.settings()
    store = access.journal(known)
    record = on_record(store, known.trial)
    with store.snapshot() as connection:
        sealed = backups.stored(connection, known.trial)
    if sealed is None:
        raise Failed(REFUSED, f"the allocation list of {known.trial} is not in this journal: `allocation restore FILE`")
    try:
        sealed.check(known.allocation_key, record)
        backups.write(sealed, out)
    except OtherListError as problem:
        raise Failed(REFUSED, f"no back-up was written: {problem}") from None
    except OSError as problem:
        raise Failed(UNREACHABLE, f"no back-up was written: {problem}") from None
    click.echo(f"{out}: {record.slots} sealed slots, SHA-256 {record.sha256}; key {known.allocation_key} is not in it")
    return DONE


@allocation_command.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_command(file: Path) -> int:
    """Put a list back from a back-up. It must be the one whose SHA-256 the register published, and open with its key.

    A slot that was drawn meanwhile opens by itself within seconds. The same call again changes nothing.
    Exit codes: 0 it is there, 2 it is not the list on record, 3 no back-up, 4 without its key or the journal.
    """
    known = access.settings()
    store = access.journal(known)
    record = on_record(store, known.trial)
    try:
        was_missing = backups.restore(store, backups.read(file), known.allocation_key, record)
    except NoBackupError as problem:
        raise Failed(MALFORMED, str(problem)) from None
    except OtherListError as problem:
        raise Failed(REFUSED, f"nothing was restored: {problem}") from None
    except OSError as problem:
        raise Failed(UNREACHABLE, f"nothing was restored: {problem}") from None
    done = "restored" if was_missing else "it is there already"
    click.echo(f"{done}: {record.slots} sealed slots, SHA-256 {record.sha256}, {len(record.drawn)} drawn")
    return DONE


def on_record(store: Journal, trial: str) -> OnRecord:
    """Give what the register says of its list. Raises Failed when no list was ever sealed."""
    register = access.register(store, trial)
    with store.snapshot() as connection:
        sealed = [told for told in sealing.on_record(connection) if told.trial == trial]
    if not sealed:
        raise Failed(REFUSED, f"no allocation list of {trial} was sealed yet: `starter.py open` does it")
    drawn = {allocation.slot: allocation.arm for allocation in register.allocations.values()}
    return OnRecord(trial, sealed[-1].sha256, sealed[-1].slots, drawn)


def opened(connection: Connection) -> Iterator[Finding]:
    """Open each sealed list in memory where its key is, and give those that are not the one on record."""
    key = access.settings().allocation_key
    for told in sealing.on_record(connection):
        sealed = backups.stored(connection, told.trial)
        if sealed is None:
            continue
        try:
            sealed.check(key, OnRecord(told.trial, told.sha256, told.slots, {}))
        except OSError as problem:
            click.echo(f"the allocation list was counted, not opened: {problem}", err=True)
        except OtherListError as other:
            yield Finding(Trouble.ALTERED, told.position, told.stream, told.row, f"the list on record: {other}")
