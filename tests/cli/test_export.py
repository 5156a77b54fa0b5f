"""`starter.py export`: which files come of it, and what is told when one cannot be written."""

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.cli.here import Here, here
from tests.streams import journal_of, stored_stream

__all__ = ["here"]
SUBJECTS = {"S001": "completed", "S002": "detours", "S003": "screen-failure"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a journal of three subjects."""
    folder = tmp_path_factory.mktemp("data")
    journal_of(f"sqlite:///{folder / 'journal.db'}", SUBJECTS).close()
    return folder


@pytest.mark.parametrize(
    ("command", "begins"),
    [
        ("dossier S002", b"%PDF"),
        ("dossier S003 --format json", b"{"),
        ("fhir S001", b"{"),
        ("odm S001 S002 S003", b"<?xml"),
    ],
)
def test_a_document_is_written_once_and_overwritten_by_force(
    here: Here, data: Path, tmp_path: Path, command: str, begins: bytes
) -> None:
    """A second time without --force is exit code 3 and leaves the file; --force writes it anew."""
    path = tmp_path / "new folder" / "document"
    to = f"export {command} --to {path}".replace("new folder", "new")
    path = Path(str(path).replace("new folder", "new"))
    done = here(data, to)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_bytes().startswith(begins)
    path.write_text("mine")
    again = here(data, to)
    assert (again.returncode, path.read_text()) == (3, "mine")
    assert "is there already; accepted: another --to, or --force" in again.stderr
    assert here(data, f"{to} --force").returncode == 0
    assert path.read_bytes().startswith(begins)
    assert [one.name for one in path.parent.iterdir()] == ["document"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_tables_are_a_folder_of_files(here: Here, data: Path, tmp_path: Path, form: str) -> None:
    """One file a table, and what they were made from. One that is there already stops all."""
    done = here(data, f"export tables --format {form} --to {tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {f"subjects.{form}", f"doses.{form}", f"enrolment.{form}", "made_from.json"} <= names
    streams = json.loads((tmp_path / "out/made_from.json").read_text())["made_from"]["streams"]
    assert {row["seq"] for row in streams} >= {len(stored_stream(name)) for name in SUBJECTS.values()}
    (tmp_path / "out/made_from.json").unlink()
    assert here(data, f"export tables --format {form} --to {tmp_path / 'out'}").returncode == 3


def test_the_dossier_names_the_head_of_the_journal(here: Here, data: Path, tmp_path: Path) -> None:
    """On its last page."""
    assert here(data, f"export dossier S003 --to {tmp_path / 'd.pdf'}").returncode == 0
    text = PdfReader(tmp_path / "d.pdf").pages[-1].extract_text()
    assert f"facts 1 to {len(stored_stream('screen-failure'))}" in text


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("export dossier S999", 2, "UNKNOWN_SUBJECT: there is no subject S999; accepted: S001 to S003"),
        ("export odm S001 S999", 2, "UNKNOWN_SUBJECT"),
        ("export odm", 3, "Missing argument"),
        ("export dossier S001 --format docx", 3, "'docx' is not one of 'pdf', 'json'"),
        ("export dossier S001 --font {here}/nothing.ttf", 3, "accepted: a TrueType font file"),
        ("export fhir S001 --to {here}/file/below.json", 4, "cannot be written: "),
        ("export fhir S001 --to {here} --force", 4, "cannot be written: "),
    ],
)
def test_what_cannot_be_written_is_told(
    here: Here, data: Path, tmp_path: Path, command: str, code: int, says: str
) -> None:
    """No traceback, and nothing is left behind."""
    (tmp_path / "file").write_text("a file")
    done = here(data, command.format(here=tmp_path))
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_a_journal_nothing_is_written(here: Here, tmp_path: Path) -> None:
    """Exit code 4, and how to get one."""
    done = here(tmp_path, f"export fhir S001 --to {tmp_path / 'x.json'}")
    assert (done.returncode, list(tmp_path.iterdir())) == (4, [])
    assert "there is no journal at" in done.stderr


def test_a_calendar_of_a_subject_and_of_a_site(here: Here, data: Path, tmp_path: Path) -> None:
    """Written again it replaces the file of that name: a program that subscribed to it sees the new dates."""
    one, all_of_them = tmp_path / "S001.ics", tmp_path / "site.ics"
    for _ in range(2):
        assert here(data, f"calendar S001 --to {one}").returncode == 0
        done = here(data, f"calendar --site TDH --to {all_of_them}")
        assert done.returncode == 0, done.stderr
    assert one.read_text().startswith("BEGIN:VCALENDAR")
    assert {subject for subject in SUBJECTS if f"UID:{subject}-" in all_of_them.read_text()} == set(SUBJECTS)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("calendar", 3, "a subject or --site is expected, one of them"),
        ("calendar S001 --site TDH", 3, "a subject or --site is expected, one of them"),
        ("calendar --site NOWHERE", 3, "site NOWHERE is not open; accepted: TDH"),
        ("calendar S999", 2, "there is no subject S999"),
    ],
)
def test_a_calendar_of_nobody_is_refused(here: Here, data: Path, words: str, code: int, told: str) -> None:
    """With what would be accepted."""
    done = here(data, words)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
