"""Tables as CSV and Parquet, read back by DuckDB, which is not what wrote them."""

import csv
import hashlib
import json
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest

from exports.flat import csv_files, harmless, parquet_files
from read_models.rows import rows_of
from read_models.tables import TABLES
from tests.exports.made import DOCUMENTED, TERM, made, record
from tests.given import day

NUMBERS = {name: f"S{number:03}" for number, name in enumerate(DOCUMENTED, start=1)}


def rows() -> dict[str, list[dict[str, Any]]]:
    """Give the rows of several subjects."""
    found: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}
    for name, subject in NUMBERS.items():
        for table, its in rows_of(record(name, subject)).items():
            found[table] += its
    found["about"] = [{column.name: None for column in TABLES[0].columns} | {"trial": "=1+1", "facts": -5}]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both forms of every table."""
    made_in = tmp_path_factory.mktemp("tables")
    heads = made(*(record(name, subject) for name, subject in NUMBERS.items()))
    for form, files in (("csv", csv_files(rows(), heads)), ("parquet", parquet_files(rows(), heads))):
        (made_in / form).mkdir()
        for name, content in files:
            (made_in / form / name).write_bytes(content)
    return made_in


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_another_reader_finds_the_same_rows_in_both_forms(folder: Path, table: str) -> None:
    """As many rows, the same columns in the same order."""
    with duckdb.connect() as reader:
        from_csv = reader.read_csv(str(folder / f"csv/{table}.csv"), all_varchar=True, header=True)
        from_parquet = reader.read_parquet(str(folder / f"parquet/{table}.parquet"))
        assert from_csv.columns == from_parquet.columns
        assert from_csv.shape[0] == from_parquet.shape[0] == len(rows()[table])


def test_parquet_keeps_types_and_values(folder: Path) -> None:
    """Dates are dates, amounts exact decimals, instants have their zone, truth is truth."""
    with duckdb.connect() as reader:
        reader.execute("SET TimeZone = 'UTC'")
        where = f"FROM '{folder}/parquet/doses.parquet' WHERE subject = 'S001' AND dose LIKE 'C1D1 ETOPOSIDE%'"
        found = reader.sql(f"SELECT given_on, planned_amount, given_amount, day {where}").fetchall()
        assert found == [(day(7), Decimal(182), Decimal(182), 1)]
        kinds = dict(
            reader.sql(f"SELECT column_name, column_type FROM (DESCRIBE FROM '{folder}/parquet/deviations.parquet')")  # noqa: S608 - a folder of this test
            .fetchall()
        )  # fmt: skip
    assert kinds["recorded_at"] == "TIMESTAMP WITH TIME ZONE"
    assert (kinds["important"], kinds["expected_from"], kinds["days_off"]) == ("BOOLEAN", "DATE", "BIGINT")


def test_every_value_of_parquet_is_that_of_the_row(folder: Path) -> None:
    """Every laboratory value, to its last digit."""
    with duckdb.connect() as reader:
        query = f"SELECT subject, seq, number, value, upper_limit FROM '{folder}/parquet/laboratory.parquet'"  # noqa: S608 - a folder of this test
        found = {tuple(row[:3]): row[3:] for row in reader.sql(query).fetchall()}
    for row in rows()["laboratory"]:
        value, upper = found[row["subject"], row["seq"], row["number"]]
        assert abs(value - row["value"]) <= Decimal("1E-12")
        assert (upper is None) == (row["upper_limit"] is None)


def test_csv_shows_chinese_and_neutralises_formulas(folder: Path) -> None:
    """A reason that begins with =cmd() does not run in a spreadsheet; a negative number stays a number."""
    text = (folder / "csv/about.csv").read_bytes().decode("utf-8-sig")
    (about,) = csv.DictReader(StringIO(text))
    assert (about["trial"], about["facts"]) == ("'=1+1", "-5")
    events = (folder / "csv/adverse_events.csv").read_bytes()
    assert events.startswith(b"\xef\xbb\xbf")
    assert TERM in events.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("\uff1dcmd()", "'\uff1dcmd()"),
        ("a=1", "a=1"),
        ("", ""),
        ("R0", "R0"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str, expected: str) -> None:
    """And nothing else is changed."""
    assert harmless(text) == expected


def test_no_cell_of_any_csv_begins_a_formula(folder: Path) -> None:
    """Whatever staff wrote: the columns of text hold none, in any table."""
    for table in TABLES:
        texts = [name for name, column in table.columns.items() if str(column.type).startswith(("VARCHAR", "TEXT"))]
        with (folder / f"csv/{table.name}.csv").open(encoding="utf-8-sig", newline="") as file:
            found = [row[name] for row in csv.DictReader(file) for name in texts]
        assert [cell for cell in found if cell.lstrip().startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_files_come_with_their_sums_and_what_they_were_made_from(folder: Path, form: str) -> None:
    """One SHA-256 a file; each stream with its last fact."""
    about = json.loads((folder / form / "made_from.json").read_text())
    names = {path.name for path in (folder / form).iterdir()} - {"made_from.json"}
    assert set(about["sha256"]) == names
    for name, expected in about["sha256"].items():
        assert hashlib.sha256((folder / form / name).read_bytes()).hexdigest() == expected
    assert about["made_from"]["streams"][0]["seq"] == record("completed").head.seq


def test_parquet_carries_what_it_was_made_from(folder: Path) -> None:
    """In the metadata of each file."""
    with duckdb.connect() as reader:
        query = f"SELECT value FROM parquet_kv_metadata('{folder}/parquet/subjects.parquet') WHERE key = 'made_from'"  # noqa: S608 - a folder of this test
        ((value,),) = reader.sql(query).fetchall()
    assert json.loads(value)["made_at"] == "2026-11-23T04:00:00+00:00"


def test_no_table_holds_a_birth_date() -> None:
    """Identity stays outside."""
    assert date(1960, 2, 3) not in {
        value for made_rows in rows().values() for row in made_rows for value in row.values()
    }
