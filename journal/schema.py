"""The tables of the journal. The migrations make them; this page lets the code name their columns."""

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("position", Integer, primary_key=True, autoincrement=True),
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
    UniqueConstraint("stream", "submission_id"),
)
FACTS = Table(
    "facts",
    METADATA,
    Column("position", Integer, primary_key=True, autoincrement=True),
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
    UniqueConstraint("stream", "seq"),
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
