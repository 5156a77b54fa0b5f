"""The tables of the journal. The migrations make them; this page lets the code name their columns.

`position` counts the rows of both tables together, without a gap, in the order of commits. `previous_hash` and `hash`
chain the rows of one stream, `chain` those of the whole journal: see `journal.chain`.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()
NEWEST = "0002"
POSITION = BigInteger().with_variant(Integer, "sqlite")

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=False),
    Column("stream", String(60), nullable=False),
    Column("submission_id", String(240), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("staff", String(40), nullable=False),
    Column("role", String(40), nullable=False),
    Column("identity", String(200), nullable=False),
    Column("occurred_at", String(40)),
    Column("recorded_at", String(40), nullable=False),
    Column("stored_at", String(40), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("rule", String(200), nullable=False),
    Column("field", String(80), nullable=False),
    Column("detail", Text, nullable=False),
    Column("accepts", Text, nullable=False),
    Column("first_seq", Integer),
    Column("last_seq", Integer),
    Column("sha256", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("chain", String(64), nullable=False),
    UniqueConstraint("stream", "submission_id", name="submission_once"),
    Index("submissions_in_stream", "stream", "position"),
    Index("submissions_by_id", "submission_id"),
)
FACTS = Table(
    "facts",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=False),
    Column("stream", String(60), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("submission_id", String(240), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("staff", String(40), nullable=False),
    Column("role", String(40), nullable=False),
    Column("occurred_at", String(40)),
    Column("recorded_at", String(40), nullable=False),
    Column("stored_at", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("chain", String(64), nullable=False),
    UniqueConstraint("stream", "seq", name="fact_once"),
)
ALLOCATION_LISTS = Table(
    "allocation_lists",
    METADATA,
    Column("trial", String(30), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("slots", Integer, nullable=False),
    Column("sealed_salt", LargeBinary, nullable=False),
)
ALLOCATION_SLOTS = Table(
    "allocation_slots",
    METADATA,
    Column("trial", String(30), primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
APPEND_ONLY = (SUBMISSIONS, FACTS, ALLOCATION_LISTS, ALLOCATION_SLOTS)
_LONGEST = {column.name: getattr(column.type, "length", None) for column in SUBMISSIONS.columns}


def storable(row: dict[str, Any]) -> dict[str, Any]:
    """Give a submission's row as both databases take it: no zeros, no lone surrogates, no longer than the column."""
    return {name: _text(value)[: _LONGEST[name]] if isinstance(value, str) else value for name, value in row.items()}


def _text(value: str) -> str:
    if "\x00" not in value and value.isascii():
        return value
    return value.replace("\x00", "").encode("utf-8", "backslashreplace").decode()
