"""One order over both tables, chained by SHA-256, and triggers in PostgreSQL too. What is there is chained as it is.

The tables are made anew, because positions change. How to hash stands here once more: a migration never changes.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import chain as together
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_AT_ONCE = 1000
_ORIGIN = "0" * 64
_POSITION = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SENT = (
    ("submission_id", sa.String(240), False),
    ("channel", sa.String(10), False),
    ("kind", sa.String(60), False),
    ("staff", sa.String(40), False),
    ("role", sa.String(40), False),
    ("identity", sa.String(200), False),
    ("occurred_at", sa.String(40), True),
    ("recorded_at", sa.String(40), False),
    ("stored_at", sa.String(40), False),
    ("outcome", sa.String(10), False),
    ("reason", sa.String(30), False),
    ("rule", sa.String(200), False),
    ("field", sa.String(80), False),
    ("detail", sa.Text, False),
    ("accepts", sa.Text, False),
    ("first_seq", sa.Integer, True),
    ("last_seq", sa.Integer, True),
    ("sha256", sa.String(64), False),
    ("body", sa.Text, False),
)
_HAPPENED = (
    ("seq", sa.Integer, False),
    ("submission_id", sa.String(240), False),
    ("kind", sa.String(60), False),
    ("staff", sa.String(40), False),
    ("role", sa.String(40), False),
    ("occurred_at", sa.String(40), True),
    ("recorded_at", sa.String(40), False),
    ("stored_at", sa.String(40), False),
    ("body", sa.Text, False),
)
_ONCE = {
    "submissions": ("submission_once", "stream", "submission_id"),
    "facts": ("fact_once", "stream", "seq"),
    "allocation_lists": ("", "trial"),
    "allocation_slots": ("", "trial", "slot"),
}


def upgrade() -> None:
    """Make both tables anew with the chain, copy what is there, and guard every table."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        for table in _ONCE:
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{verb}")
    for table, columns in (("submissions", _SENT), ("facts", _HAPPENED)):
        op.rename_table(table, f"{table}_before")
        _make(table, columns)
    _copy()
    for table in ("submissions", "facts"):
        op.drop_table(f"{table}_before")
    op.create_index("submissions_in_stream", "submissions", ["stream", "position"])
    op.create_index("submissions_by_id", "submissions", ["submission_id"])
    if sqlite:
        _guard_sqlite()
    else:
        _guard_postgresql()


def _make(table: str, columns: tuple[tuple[str, Any, bool], ...]) -> None:
    name, *once = _ONCE[table]
    op.create_table(
        table,
        sa.Column("position", _POSITION, autoincrement=False),
        sa.Column("stream", sa.String(60), nullable=False),
        *[sa.Column(column, kind, nullable=nullable) for column, kind, nullable in columns],
        *[sa.Column(column, sa.String(64), nullable=False) for column in ("previous_hash", "hash", "chain")],
        sa.PrimaryKeyConstraint("position", name=f"{table}_in_order"),
        sa.UniqueConstraint(*once, name=name),
    )


def _copy() -> None:
    """Copy each submission and the facts that came of it. Raises RuntimeError for a fact that came of none."""
    bind = op.get_bind()
    sent, happened = (sa.Table(name, sa.MetaData(), autoload_with=bind) for name in ("submissions", "facts"))
    position, chain, heads = 0, _ORIGIN, dict[str, str]()
    facts = together(_rows("facts_before", _HAPPENED), [None])
    fact = next(facts)
    chained: dict[str, list[dict[str, Any]]] = {"submission": [], "fact": []}
    for submission in _rows("submissions_before", _SENT):
        new: dict[str, list[dict[str, Any]]] = {"submission": [submission], "fact": []}
        last = submission["last_seq"] or 0
        while fact is not None and fact["stream"] == submission["stream"] and fact["seq"] <= last:
            new["fact"].append(fact)
            fact = next(facts)
        for name, rows in new.items():
            for row in rows:
                previous = heads.get(row["stream"], _ORIGIN)
                text = json.dumps([name, *row.values(), previous], ensure_ascii=False, separators=(",", ":"))
                row["hash"] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
                chain = hashlib.sha256((chain + row["hash"]).encode()).hexdigest()
                position += 1
                heads[row["stream"]] = row["hash"]
                row |= {"previous_hash": previous, "chain": chain, "position": position}
            chained[name] += rows
        if len(chained["submission"]) + len(chained["fact"]) >= _AT_ONCE:
            _insert(bind, sent, happened, chained)
    _insert(bind, sent, happened, chained)
    if fact is not None:
        raise RuntimeError(f"fact {fact['seq']} of {fact['stream']} came of no submission: the journal is damaged")


def _insert(bind: sa.Connection, sent: sa.Table, happened: sa.Table, chained: dict[str, list[dict[str, Any]]]) -> None:
    for table, rows in ((sent, chained["submission"]), (happened, chained["fact"])):
        if rows:
            bind.execute(sa.insert(table), rows)
            rows.clear()


def _rows(table: str, columns: tuple[tuple[str, Any, bool], ...]) -> Iterator[dict[str, Any]]:
    names = ["stream", *[name for name, _, _ in columns]]
    listed = sa.table(table, sa.column("position"), *[sa.column(name) for name in names])
    query = sa.select(*[listed.c[name] for name in names], listed.c.position).order_by(listed.c.position)
    after = 0
    while rows := list(op.get_bind().execute(query.where(listed.c.position > after).limit(_AT_ONCE))):
        for row in rows:
            yield dict(zip(names, row, strict=False))
        after = rows[-1].position


def _guard_sqlite() -> None:
    """Refuse what changes, removes or replaces: REPLACE removes a row without asking the trigger on DELETE."""
    for table, (_, *once) in _ONCE.items():
        taken = " AND ".join(f"{name} = NEW.{name}" for name in once)
        taken = f"position = NEW.position OR ({taken})" if table in ("submissions", "facts") else taken
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608 - our own names
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: UNIQUE {', '.join(once)}'); END"
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} {refuse}")


def _guard_postgresql() -> None:
    """Refuse what changes, removes or empties, whoever asks: the owner too."""
    op.execute(
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    for table in _ONCE:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
