"""The documentation of the read models in markdown, made from their tables."""

from sqlalchemy import Table

from read_models.columns import kind_of
from read_models.tables import TABLES, VERSION

HEAD = f"""# Read models

Tables for analysts, made from the journal by `starter.py models rebuild` and dropped whole when they are made again:
put nothing of your own among them. They live in a database of their own (`TRIALPATH_MODELS_URL`, by default
`read-models.db` in the data folder); in PostgreSQL in the schema `TRIALPATH_MODELS_SCHEMA` (`read_models`). The same
rows come as CSV or Parquet with `starter.py export tables`. Every date is the site's. Facts count as they read today,
with corrections applied.

Amounts and values are exact: NUMERIC in PostgreSQL, their digits as TEXT in SQLite (`CAST(value AS REAL)` to reckon).
No names, no birth dates. Columns marked "as staff wrote it" are free text.

Version {VERSION}. This page is made by `starter.py models schema`.
"""


def markdown() -> str:
    """Give the documentation of every table."""
    return HEAD + "".join(_section(table) for table in TABLES)


def _section(table: Table) -> str:
    lines = [
        f"\n## {table.name}",
        "",
        str(table.comment),
        "",
        "| column | type | | what it holds |",
        "|---|---|---|---|",
    ]
    for column in table.columns:
        key = "key" if column.primary_key else ""
        lines.append(f"| {column.name} | {kind_of(column)} | {key} | {column.comment} |")
    return "\n".join(lines) + "\n"
