"""A journal that is lost, and one that its owner changed, in whichever database the installation's journal lies."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, inspect, select, text, update
from sqlalchemy.engine import make_url

from journal.chain import FACT_CONTENT, ORIGIN, SUBMISSION_CONTENT, hash_of, link
from journal.database import is_postgresql, writing
from journal.schema import APPEND_ONLY, FACTS, SUBMISSIONS
from journal.store import Journal
from tests.server.installation import Installation


def lose(place: Installation) -> None:
    """Delete the journal, as a lost disk would: its file, or its database, in whose place comes an empty one."""
    place.journal.close()
    if not place.settings.journal_url:
        for file in place.settings.data.glob("journal.db*"):
            file.unlink()
        return
    assert place.server.databases is not None
    name = make_url(place.settings.journal_url).database or ""
    place.server.databases.drop(name)
    place.server.databases.database(name)


def is_lost(place: Installation) -> bool:
    """Say whether nobody has made a journal in the place of the lost one: no file, no table."""
    if not place.settings.journal_url:
        return not (place.settings.data / "journal.db").exists()
    return inspect(place.journal.engine).get_table_names() == []


def tampered(place: Installation, to: Path, *changes: tuple[str, dict[str, Any]]) -> dict[str, str]:
    """Copy the journal, change it as its owner could, and chain every row anew; give the settings that read the copy.

    A change is a statement of SQL and its values by name. The folder is made, with the exported histories in it.
    """
    to.mkdir()
    databases = place.server.databases
    url = databases.database(f"tampered_{to.name}") if databases else f"sqlite:///{to / 'journal.db'}"
    with closing(Journal(url)) as copy:
        copy.migrate()
        with place.journal.snapshot() as here, writing(copy.engine) as there:
            for table in APPEND_ONLY:
                rows = [dict(row) for row in here.execute(select(table)).mappings()]
                assert rows or table not in (FACTS, SUBMISSIONS), f"nothing to copy from {table.name}"
                if rows:  # the sealed list is in no history: a journal that was made again may lack it
                    there.execute(insert(table), rows)
            _unguard(there)
            for statement, values in changes:
                assert there.execute(text(statement), values).rowcount >= 1
            _rechain(there)
    shutil.copytree(place.settings.histories, to / "histories")
    return {"TRIALPATH_DATA": str(to), "TRIALPATH_JOURNAL_URL": url}


def _unguard(connection: Connection) -> None:
    """Take away what keeps rows as they are, as the owner can."""
    if is_postgresql(connection):
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def _rechain(connection: Connection) -> None:
    """Give every row the hashes that fit what it says now."""
    columns = {SUBMISSIONS: SUBMISSION_CONTENT, FACTS: FACT_CONTENT}
    rows: list[tuple[int, Table, list[Any]]] = []
    for table, names in columns.items():
        found = connection.execute(select(table.c.position, *(table.c[name] for name in names)))
        rows += [(position, table, content) for position, *content in found]
    chain, ends = ORIGIN, dict[str, str]()
    for position, table, content in sorted(rows, key=lambda row: row[0]):
        previous = ends.get(content[0], ORIGIN)
        ends[content[0]] = row_hash = hash_of(table.name.removesuffix("s"), content, previous)
        chain = link(chain, row_hash)
        values = {"previous_hash": previous, "hash": row_hash, "chain": chain}
        connection.execute(update(table).where(table.c.position == position).values(values))
