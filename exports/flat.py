"""The trial's tables as CSV and Parquet: the rows of the read models, each table one file."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from io import BytesIO, StringIO
from typing import Any

from exports.made_from import MadeFrom
from exports.text import json_text
from read_models.columns import kind_of
from read_models.tables import TABLES

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, full-width signs among them."""
DIGITS = 38
PLACES = 12
"""Decimals of Parquet: digits in all, and behind the point."""
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def csv_files(rows: Rows, made: MadeFrom) -> Iterator[tuple[str, bytes]]:
    """Give each table as a CSV file by its name, and at last what they were made from.

    UTF-8 with a byte order mark, so that spreadsheets show Chinese; RFC 4180 otherwise. A text that a spreadsheet would
    run as a formula begins with an apostrophe.
    """
    files = [(f"{name}.csv", _csv(columns, rows[name])) for name, columns in _tables()]
    yield from files
    yield _manifest(files, made)


def parquet_files(rows: Rows, made: MadeFrom) -> Iterator[tuple[str, bytes]]:
    """Give each table as a Parquet file by its name, typed, and at last what they were made from."""
    files = [(f"{name}.parquet", _parquet(columns, rows[name], made)) for name, columns in _tables()]
    yield from files
    yield _manifest(files, made)


def _tables() -> Iterator[tuple[str, dict[str, str]]]:
    """Give each table's name, and its columns with their types."""
    for table in TABLES:
        yield table.name, {column.name: kind_of(column) for column in table.columns}


def _csv(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([[_cell(row[name], kind) for name, kind in columns.items()] for row in rows])
    return file.getvalue().encode("utf-8-sig")


def _cell(value: Any, kind: str) -> str:  # noqa: ANN401 - any value of a row
    if value is None:
        return ""
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "decimal":
        return f"{value:f}"
    if kind in ("instant", "date"):
        return str(value.isoformat())
    return harmless(str(value)) if kind == "text" else str(value)


def harmless(text: str) -> str:
    """Give a text that no spreadsheet runs: what begins like a formula, also behind blanks, gets an apostrophe."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def _parquet(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], made: MadeFrom) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and needed here alone
    from pyarrow import parquet  # noqa: PLC0415 - as above

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "instant": pa.timestamp("us", tz="UTC"),
        "decimal": pa.decimal128(DIGITS, PLACES),
    }
    schema = pa.schema(
        [pa.field(name, types[kind]) for name, kind in columns.items()],
        metadata={"made_from": json_text(made.as_json())},
    )
    arrays = [
        pa.array([_exact(row[name]) if kind == "decimal" else row[name] for row in rows], type=types[kind])
        for name, kind in columns.items()
    ]
    file = BytesIO()
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), file)
    return file.getvalue()


def _exact(value: Decimal | None) -> Decimal | None:
    """Give a decimal with as many places as the file holds; a conversion of units can leave more."""
    places = Decimal(1).scaleb(-PLACES)
    return value.quantize(places, rounding=ROUND_HALF_EVEN).normalize() if value is not None else None


def _manifest(files: Sequence[tuple[str, bytes]], made: MadeFrom) -> tuple[str, bytes]:
    """Name each file with its SHA-256, and what all were made from."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files}
    return "made_from.json", json_text({"sha256": sums, "made_from": made.as_json()}).encode()
