"""The version of a journal's schema: brought up to date by its owner, and refused when newer than this program."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from journal.database import JournalUnusableError, is_postgresql, writing
from journal.schema import NEWEST

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_MAY_CREATE = "SELECT has_schema_privilege(current_user, 'public', 'CREATE')"


def migrate(engine: Engine) -> None:
    """Bring a schema to the newest version, in one transaction; several programs may try at once."""
    with engine.connect() as connection, connection.begin():
        if version(connection) == NEWEST:
            return
    with writing(engine) as connection:
        if is_postgresql(connection):
            connection.execute(text("SELECT pg_advisory_xact_lock(1414676816, 0)"))
        found = version(connection)
        if found == NEWEST:
            return
        _known(found)
        others = inspect(connection).get_table_names() if found is None else []
        if others:
            told = f"it holds tables that are no journal's ({', '.join(sorted(others)[:3])})"
            raise JournalUnusableError(f"{told}: nothing was changed; name an empty database, or a journal")
        if is_postgresql(connection) and not connection.execute(text(_MAY_CREATE)).scalar():
            check(connection)
        _upgrade(connection)


def version(connection: Connection) -> str | None:
    """Give the schema's version, or None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check(connection: Connection) -> None:
    """Raise JournalUnusableError unless the schema is the newest this program knows."""
    found = version(connection)
    _known(found)
    if found != NEWEST:
        told = "there is no journal yet" if found is None else f"the journal's schema is version {found}"
        raise JournalUnusableError(f"{told}, this program needs {NEWEST}: its owner runs `starter.py journal prepare`")


def _known(found: str | None) -> None:
    if found is not None and not (found.isdigit() and len(found) == len(NEWEST)):
        told = f"its schema is version {found[:40]!r}, which is none of a journal's"
        raise JournalUnusableError(f"{told}: nothing was changed; name an empty database, or a journal")
    if found is not None and found > NEWEST:
        told = f"the journal's schema is version {found}, newer than this program's {NEWEST}"
        raise JournalUnusableError(f"{told}: nothing was changed; use the newer release")


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - needed once, at the start of a worker

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
