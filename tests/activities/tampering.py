"""Ways to tamper with a journal's rows, as somebody could who owns the file: no trigger or constraint is in the way."""

import random
import sqlite3
from collections.abc import Callable
from typing import Any

TABLES = ("submissions", "facts")
Tampering = Callable[[sqlite3.Connection, random.Random], set[int]]
"""Changes rows, and gives the positions at which a verifier may rightly find it."""


def bare_copy(journal: sqlite3.Connection) -> sqlite3.Connection:
    """Copy the rows into memory, without triggers and constraints."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    for table in (*TABLES, "allocation_lists", "allocation_slots", "alembic_version"):
        cursor = journal.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own tables
        names = [column[0] for column in cursor.description]
        copy.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        copy.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", cursor)  # noqa: S608 - as above
    return copy


def positions(file: sqlite3.Connection) -> list[tuple[int, str]]:
    """Give each row's position and table, in order."""
    return sorted(
        (row[0], table)
        for table in TABLES
        for row in file.execute(f"SELECT position FROM {table}")  # noqa: S608 - our own tables
    )


def edit(file: sqlite3.Connection, chance: random.Random) -> set[int]:
    """Change one column of one row, any column but the position."""
    position, table = chance.choice(positions(file))
    row = _row(file, table, position)
    name = chance.choice([name for name in row if name != "position"])
    value = row[name]
    if value is None:
        changed: Any = chance.choice(["2026-01-01T00:00:00+00:00", 1])
    elif isinstance(value, int):
        changed = chance.choice([value + 1, value - 1, None])
    else:
        at = chance.randrange(len(value) + 1)
        changed = chance.choice(
            [value[:at] + "~" + value[at:], value[:at] + value[at + 1 :] if value[at:] else "", None]
        )
        changed = "~" if changed == value else changed
    file.execute(f"UPDATE {table} SET {name} = ? WHERE position = ?", (changed, position))  # noqa: S608 - our own names
    return {position}


def delete(file: sqlite3.Connection, chance: random.Random) -> set[int]:
    """Remove one to three rows that follow each other, none of them the last."""
    here = positions(file)
    first = chance.randrange(len(here) - 4)
    for position, table in here[first : first + chance.randint(1, 3)]:
        file.execute(f"DELETE FROM {table} WHERE position = ?", (position,))  # noqa: S608 - as above
    return {here[first][0]}


def swap(file: sqlite3.Connection, chance: random.Random) -> set[int]:
    """Let two rows change places."""
    (one, first), (other, second) = sorted(chance.sample(positions(file), 2))
    file.execute(f"UPDATE {first} SET position = -1 WHERE position = ?", (one,))  # noqa: S608 - as above
    file.execute(f"UPDATE {second} SET position = ? WHERE position = ?", (one, other))  # noqa: S608 - as above
    file.execute(f"UPDATE {first} SET position = ? WHERE position = -1", (other,))  # noqa: S608 - as above
    return {one}


def move(file: sqlite3.Connection, chance: random.Random) -> set[int]:
    """Let one row stand beyond the end."""
    here = positions(file)
    position, table = chance.choice(here[:-1])
    file.execute(f"UPDATE {table} SET position = ? WHERE position = ?", (here[-1][0] + 1, position))  # noqa: S608 - as above
    return {position}


def duplicate(file: sqlite3.Connection, chance: random.Random) -> set[int]:
    """Put a copy of a row in: at the same position, at another one, or at the end."""
    here = positions(file)
    position, table = chance.choice(here)
    target = chance.choice([position, chance.choice(here)[0], here[-1][0] + 1])
    _make_room(file, target, table, position)
    row = _row(file, table, position if position < target or target == position else position + 1)
    _insert(file, table, row | {"position": target})
    return {target, target + 1}


def insert(file: sqlite3.Connection, chance: random.Random) -> set[int]:
    """Put a row in that never was: at a position of its own or at the end, with a chain of its own or not."""
    here = positions(file)
    position, table = chance.choice(here)
    target = chance.choice([chance.choice(here)[0], here[-1][0] + 1])
    row = _row(file, table, position) | {"body": '{"kind":"Invented"}', "position": target}
    row |= {"chain": f"{chance.getrandbits(256):064x}"} if chance.random() < 0.5 else {}
    _make_room(file, target, "", 0)
    _insert(file, table, row)
    return {target}


def cut(file: sqlite3.Connection, chance: random.Random) -> set[int]:
    """Remove rows from the end."""
    here = positions(file)
    left = len(here) - chance.randint(1, 10)
    for table in TABLES:
        file.execute(f"DELETE FROM {table} WHERE position > ?", (left,))  # noqa: S608 - as above
    return {left + 1}


KINDS: tuple[Tampering, ...] = (edit, edit, edit, delete, swap, move, duplicate, insert, cut)


def _make_room(file: sqlite3.Connection, target: int, table: str, position: int) -> None:
    """Move rows from a position on up by one, unless the row itself is copied in its place."""
    if target == position and table:
        return
    for name in TABLES:
        file.execute(f"UPDATE {name} SET position = position + 1 WHERE position >= ?", (target,))  # noqa: S608 - as above


def _row(file: sqlite3.Connection, table: str, position: int) -> dict[str, Any]:
    cursor = file.execute(f"SELECT * FROM {table} WHERE position = ?", (position,))  # noqa: S608 - as above
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


def _insert(file: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    file.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608 - as above
