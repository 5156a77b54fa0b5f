"""The first schema: submissions, facts, the sealed allocation list; rows can be added, never changed or removed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TABLES = ("submissions", "facts", "allocation_lists", "allocation_slots")


def upgrade() -> None:
    """Make the tables and the triggers that keep them append-only."""
    _submissions()
    _facts()
    op.create_table(
        "allocation_lists",
        sa.Column("trial", sa.String(30), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("sealed_salt", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "allocation_slots",
        sa.Column("trial", sa.String(30), primary_key=True),
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name != "sqlite":
        return  # no journal of this version lies in PostgreSQL: 0002 makes the triggers there
    for table in _TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("stream", sa.String(60), nullable=False),
        sa.Column("submission_id", sa.String(240), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("staff", sa.String(40), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("identity", sa.String(200), nullable=False),
        sa.Column("occurred_at", sa.String(40)),
        sa.Column("recorded_at", sa.String(40), nullable=False),
        sa.Column("stored_at", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("field", sa.String(80), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("accepts", sa.Text, nullable=False),
        sa.Column("first_seq", sa.Integer),
        sa.Column("last_seq", sa.Integer),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("stream", "submission_id"),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("stream", sa.String(60), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("submission_id", sa.String(240), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("staff", sa.String(40), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("occurred_at", sa.String(40)),
        sa.Column("recorded_at", sa.String(40), nullable=False),
        sa.Column("stored_at", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("stream", "seq"),
    )
