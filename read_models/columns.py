"""The columns of the read models: their types in each database, and the words that name these types."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Column, Date, Dialect, Integer, Numeric, String, Text
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

SUBJECT_NUMBER = "subject number"


class Exact(TypeDecorator[Decimal]):
    """A decimal number without loss: NUMERIC in PostgreSQL, its digits as text in SQLite, which has no decimals."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the column's type in a database."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the database takes it
        """Give the value as the database takes it."""
        return value if value is None or dialect.name == "postgresql" else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002 - as the library calls it
        """Give the value as it was."""
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An instant: TIMESTAMP WITH TIME ZONE in PostgreSQL, ISO 8601 in UTC as text in SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the column's type in a database."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the database takes it
        """Give the value as the database takes it."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - as the library calls it
        """Give the value as it was."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


def text(name: str, says: str, *, key: bool = False, length: int | None = 80) -> Column[Any]:
    """Give a column of text."""
    return Column(name, String(length) if length else Text(), primary_key=key, nullable=not key, comment=says)


def number(name: str, says: str, *, key: bool = False) -> Column[Any]:
    """Give a column of whole numbers."""
    return Column(name, Integer, primary_key=key, nullable=not key, autoincrement=False, comment=says)


def date(name: str, says: str) -> Column[Any]:
    """Give a column of dates at the site."""
    return Column(name, Date, comment=says)


def flag(name: str, says: str) -> Column[Any]:
    """Give a column of yes or no."""
    return Column(name, Boolean(create_constraint=False), comment=says)


def exact(name: str, says: str) -> Column[Any]:
    """Give a column of exact decimals."""
    return Column(name, Exact, comment=says)


def at(name: str, says: str) -> Column[Any]:
    """Give a column of instants."""
    return Column(name, Instant, comment=says)


def subject() -> Column[Any]:
    """Give the column of the subject number."""
    return text("subject", SUBJECT_NUMBER, key=True, length=10)


def seq(says: str = "number of the fact in the subject's stream", *, key: bool = True) -> Column[Any]:
    """Give the column of a fact's number."""
    return number("seq", says, key=key)


def kind_of(column: Column[Any]) -> str:
    """Name the type of a column."""
    kinds: dict[type, str] = {
        Exact: "decimal",
        Instant: "instant",
        Integer: "integer",
        Date: "date",
        Boolean: "boolean",
    }
    return kinds.get(type(column.type), "text")
