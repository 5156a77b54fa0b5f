"""Reads the rows of both tables in one order, as they are stored."""

import heapq
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, union

from journal.chain import FACT_CONTENT, SUBMISSION_CONTENT, hash_of
from journal.schema import FACTS, SUBMISSIONS

AT_ONCE = 5000
_TABLES = {"submission": (SUBMISSIONS, SUBMISSION_CONTENT), "fact": (FACTS, FACT_CONTENT)}
_ALL = {
    name: select(
        table.c.position, *[table.c[column] for column in (*content, "previous_hash", "hash", "chain")]
    ).order_by(table.c.position)
    for name, (table, content) in _TABLES.items()
}
_OF_ONE = {name: query.where(_TABLES[name][0].c.stream == bindparam("of")) for name, query in _ALL.items()}
_SEQ, _ID = FACT_CONTENT.index("seq"), SUBMISSION_CONTENT.index("submission_id")


class Row(NamedTuple):
    """A row of either table as it is stored; its content in the order of `journal.chain`."""

    position: int
    table: str
    content: tuple[Any, ...]
    previous: str
    hash: str
    chain: str

    @property
    def name(self) -> str:
        """Name it for people: the number of a fact, the id of a submission."""
        return printable(f"fact {self.content[_SEQ]}" if self.table == "fact" else f"submission {self.content[_ID]}")

    @property
    def stream(self) -> str:
        """Give its stream."""
        return printable(self.content[0])

    @property
    def seq(self) -> Any:  # noqa: ANN401 - a number, unless somebody put something else there
        """Give a fact's number; None for a submission."""
        return self.content[_SEQ] if self.table == "fact" else None

    @property
    def given(self) -> str:
        """Give the hash its columns give; none when somebody put a value there that is neither text nor a number."""
        try:
            return hash_of(self.table, self.content, self.previous)
        except TypeError:
            return "none"


def rows_of(connection: Connection, stream: str | None = None) -> Iterator[Row]:
    """Read the rows of the journal, or of one stream, in order of position."""
    connection = connection.execution_options(yield_per=AT_ONCE)
    return heapq.merge(*(_rows(connection, name, stream) for name in _TABLES), key=itemgetter(0))


def _rows(connection: Connection, name: str, stream: str | None) -> Iterator[Row]:
    found = connection.execute(_OF_ONE[name], {"of": stream}) if stream else connection.execute(_ALL[name])
    for position, *content, previous, row_hash, chain in found:
        place = position if isinstance(position, int) else 0
        yield Row(place, name, tuple(content), printable(previous), printable(row_hash), printable(chain))


def printable(value: object) -> str:
    """Give a stored value as text that can be encoded: a byte that was no UTF-8 is written as an escape."""
    return str(value).encode("utf-8", "backslashreplace").decode()


def streams(connection: Connection) -> list[str]:
    """Name every stream of the journal, also one that has refusals alone."""
    found = union(*(select(table.c.stream) for table, _ in _TABLES.values()))
    return sorted(str(name) for name in connection.execute(found).scalars())


def count(connection: Connection, stream: str | None = None) -> int:
    """Count the rows that a verification will read."""
    found = 0
    for table, _ in _TABLES.values():
        query = select(func.count()).select_from(table)
        found += connection.execute(query.where(table.c.stream == stream) if stream else query).scalar() or 0
    return found
