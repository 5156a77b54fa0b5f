"""Commands that write documents: a subject's dossier, FHIR bundle or ODM, the trial's tables. They change no record.

A document is written beside its place and moved there whole. What is there already stays, unless --force is given.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from cli import access
from cli.main import DONE, MALFORMED, UNREACHABLE, Failed
from domain.decider import patient_stream
from exports.made_from import MadeFrom
from journal.store import Journal
from read_models.record import Head, SubjectRecord, record_of
from read_models.store import hashes_of, trial_rows
from settings import Settings

force_option = click.option("--force", is_flag=True, help="overwrite what is there already")
to_file = click.option("--to", "path", type=click.Path(path_type=Path), help="file to write")


@click.group("export")
def export_command() -> None:
    """Write a subject's dossier, FHIR bundle or ODM, or the trial's tables. Each ends with what it was made from."""


@export_command.command("dossier")
@click.argument("subject")
@click.option("--format", "form", type=click.Choice(["pdf", "json"]), default="pdf", show_default=True)
@click.option("--font", type=click.Path(path_type=Path), help="TrueType font to embed for Chinese text in the PDF")
@to_file
@force_option
def dossier_command(subject: str, form: str, font: Path | None, path: Path | None, *, force: bool) -> int:
    """Write a subject's dossier: facts, verdicts with evidence, doses, deviations, signatures, hash."""
    record = _record(*_journal(), subject)
    made = _made(record.head)
    if form == "json":
        from exports.dossier import dossier_json  # noqa: PLC0415 - each format loads its own library

        content = dossier_json(record, made)
    else:
        from exports.dossier_pdf import dossier_pdf  # noqa: PLC0415 - as above
        from exports.paper import UnusableFont  # noqa: PLC0415 - as above

        try:
            content = dossier_pdf(record, made, str(font) if font else "")
        except UnusableFont as unusable:
            raise Failed(MALFORMED, f"--font {font}: {unusable}") from None
    return write_files([(path or Path(f"{subject}-dossier.{form}"), content)], force=force)


@export_command.command("fhir")
@click.argument("subject")
@to_file
@force_option
def fhir_command(subject: str, path: Path | None, *, force: bool) -> int:
    """Write a subject as a FHIR R4 bundle."""
    from exports.fhir import fhir_json  # noqa: PLC0415 - as above

    record = _record(*_journal(), subject)
    return write_files([(path or Path(f"{subject}-fhir.json"), fhir_json(record, _made(record.head)))], force=force)


@export_command.command("odm")
@click.argument("subjects", nargs=-1, required=True)
@to_file
@force_option
def odm_command(subjects: tuple[str, ...], path: Path | None, *, force: bool) -> int:
    """Write the data of one or more subjects, with its metadata, as CDISC ODM 1.3.2."""
    from exports.odm import odm  # noqa: PLC0415 - as above

    known, store = _journal()
    records = [_record(known, store, subject) for subject in dict.fromkeys(subjects)]
    content = odm(records, _made(*(record.head for record in records)))
    return write_files([(path or Path(f"{'-'.join(dict.fromkeys(subjects))[:80]}-odm.xml"), content)], force=force)


@click.command("calendar")
@click.argument("subject", required=False)
@click.option("--site", help="site code: every subject of the site, for example TDH")
@to_file
@force_option
def calendar_command(subject: str | None, site: str | None, path: Path | None, *, force: bool) -> int:
    """Write the visits, windows and deadlines of a subject, or of a site (--site), as an iCalendar feed.

    Written again to the same file it updates the same entries: a calendar program that subscribed to it moves them.
    """
    from exports.calendar import calendar  # noqa: PLC0415 - as above

    if (subject is None) == (site is None):
        raise Failed(MALFORMED, "a subject or --site is expected, one of them")
    known, store = _journal()
    if subject is not None:
        records, name = [_record(known, store, subject)], subject
    else:
        register = access.register(store, known.trial)
        if site not in register.sites:
            raise Failed(MALFORMED, f"site {site} is not open; accepted: {', '.join(sorted(register.sites))}")
        every = (_record(known, store, each) for each in sorted(register.subjects)
                 if store.facts(patient_stream(known.trial, each)))  # fmt: skip
        records, name = [record for record in every if record.journey.site.code == site], str(site)
    content = calendar(records, f"{known.trial} {name}")
    return write_files([(path or Path(f"{name}.ics"), content)], force=force or path is not None)


@export_command.command("tables")
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--to", "folder", type=click.Path(path_type=Path), default=Path("tables"), show_default=True)
@force_option
def tables_command(form: str, folder: Path, *, force: bool) -> int:
    """Write the trial's tables, one file each: those of the read models (docs/read-models.md)."""
    from exports import flat  # noqa: PLC0415 - as above

    known, store = _journal()
    access.register(store, known.trial)
    rows = trial_rows(store, known.trial, datetime.now(UTC))
    made = _made(*(Head(row["stream"], row["seq"], row["hash"]) for row in rows["streams"]))
    files = flat.csv_files(rows, made) if form == "csv" else flat.parquet_files(rows, made)
    return write_files([(folder / name, content) for name, content in files], force=force)


def _journal() -> tuple[Settings, Journal]:
    known = access.settings()
    return known, access.journal(known)


def _record(known: Settings, store: Journal, subject: str) -> SubjectRecord:
    rows, stream = access.subject_facts(store, known.trial, subject), patient_stream(known.trial, subject)
    return record_of(stream, rows, hashes_of(store, stream))


def _made(*heads: Head) -> MadeFrom:
    return MadeFrom(heads, datetime.now(UTC))


def write_files(files: Iterable[tuple[Path, bytes]], *, force: bool, option: str = "--to") -> int:
    """Write files. Raises Failed when one is there already, or cannot be written; then none was changed."""
    made = list(files)
    there = next((path for path, _ in made if path.exists() and not force), None)
    if there is not None:
        raise Failed(MALFORMED, f"{there} is there already; accepted: another {option}, or --force to overwrite it")
    parts: list[Path] = []
    try:
        for path, content in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(f"{path} is a folder")
            parts.append(path.with_name(f".{path.name}.{os.getpid()}.part"))
            parts[-1].write_bytes(content)
        for part, (path, _) in zip(parts, made, strict=True):
            part.replace(path)
    except OSError as problem:
        for part in parts:
            part.unlink(missing_ok=True)
        why = problem.strerror or str(problem)
        raise Failed(UNREACHABLE, f"{problem.filename or made[0][0]} cannot be written: {why}") from None
    for path, content in made:
        click.echo(f"{path}  {len(content)} bytes")
    return DONE
