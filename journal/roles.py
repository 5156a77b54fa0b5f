"""Prepares a PostgreSQL database: the newest schema, and a role for the application that may read and add, no more."""

import re

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from journal.database import JournalUnusableError, is_postgresql, writing
from journal.schema import APPEND_ONLY

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def grant(engine: Engine, role: str) -> str:
    """Let a role read and add, and nothing else; make it when it is missing. Give a sentence on what was done.

    Raises JournalUnusableError when that cannot be done: another database, a bad name, a role that can do more.
    """
    if not is_postgresql(engine):
        raise JournalUnusableError("SQLite has no roles: the file's owner is its writer; leave --role out")
    if not _NAME.fullmatch(role):
        raise JournalUnusableError(f"{role!r} is no role's name; accepted: small letters, digits and _, at most 63")
    with writing(engine) as connection:
        made = _make(connection, role)
        for statement in (
            f"GRANT CONNECT ON DATABASE {_quoted(connection)} TO {role}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            f"REVOKE ALL ON SCHEMA public FROM {role}",
            f"GRANT USAGE ON SCHEMA public TO {role}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}, PUBLIC",
            f"GRANT SELECT ON alembic_version TO {role}",
            *[f"GRANT SELECT, INSERT ON {table.name} TO {role}" for table in APPEND_ONLY],
        ):
            connection.execute(text(statement))
    return f"role {role} {made}: it may read and add; give it a password with ALTER ROLE, or a certificate"


def _make(connection: Connection, role: str) -> str:
    found = connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
    owner = connection.execute(text("SELECT current_user")).scalar()
    if found or owner == role:
        raise JournalUnusableError(f"role {role} owns the journal or is a superuser: it could do more than add rows")
    if found is not None:
        return "was there"
    try:
        connection.execute(text(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"))
    except ProgrammingError:
        raise JournalUnusableError(f"{owner} may not make roles: a superuser runs CREATE ROLE {role} LOGIN") from None
    return "was made"


def _quoted(connection: Connection) -> str:
    return str(connection.execute(text("SELECT quote_ident(current_database())")).scalar())
