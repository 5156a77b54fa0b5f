"""The commands on the journal itself: verify, anchor, key, prepare; rebuild and reconcile stand in their own modules.

Only `prepare` changes it (schema and roles), and `rebuild`, which fills an empty one.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli import access
from cli.allocation import opened
from cli.main import DONE, MALFORMED, REFUSED, UNREACHABLE, Failed
from cli.rebuilding import rebuild_command
from cli.reconciling import findings as held_against
from cli.reconciling import reconcile_command, reconciled
from journal import anchor as anchors
from journal import sealing
from journal.database import any_bytes
from journal.rows import count
from journal.store import Journal, JournalUnusableError
from journal.verify import Finding, Report, Trouble, damaged, verify

SHOWN = 20
"""Findings printed; the number of all of them is told. The first one's kind is the exit code."""
file_that_exists = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("journal")
def journal_command() -> None:
    """Verify the journal, anchor it, prepare its database; make a lost one again, hold it against Temporal."""


@journal_command.command("verify")
@click.option("--anchor", "anchor_file", type=file_that_exists, help="a signed head that was kept elsewhere")
@click.option("--public-key", type=file_that_exists, help="the public key it was signed with; needed with --anchor")
@click.option("--stream", help="only this stream, for example patient-NCT06978153-S001")
@click.option("--against-temporal", is_flag=True, help="hold every row against Temporal's histories too")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def verify_command(
    anchor_file: Path | None, public_key: Path | None, stream: str | None, *, against_temporal: bool, as_json: bool
) -> int:
    """Work every hash out again, and name each row that is not what or where it was.

    \b
    Exit codes:
      0   sound
      10  altered: a row says something else than when it was recorded, or was put in
      11  missing: a row or a number is not there
      12  reordered: rows stand in another order
      13  tail cut: rows at the end are missing (found with --anchor or --against-temporal)
      14  the anchor's signature is bad
      15  differs from Temporal's history (found with --against-temporal, see `journal reconcile`)
    """  # noqa: D301 - the escape is click's
    if (anchor_file is None) != (public_key is None):
        raise Failed(MALFORMED, "--anchor and --public-key go together")
    known = _anchor(anchor_file, public_key) if anchor_file and public_key else None
    if isinstance(known, Finding):
        return _told(Report(findings=[known]), [known], as_json=as_json)
    store = access.journal(access.settings())
    report, sealed = _verified(store, stream, _positions(known, stream))
    if stream is not None and not report.rows and stream not in (known.ends if known else ()):
        raise Failed(REFUSED, f"there is no stream {stream}; accepted: {', '.join(list(store.heads())[:5])}")
    findings = [*(report.findings if known is None else anchors.compare(known, report, stream)), *sealed]
    if against_temporal:
        try:
            findings += held_against(reconciled(access.settings(), store, stream, None))
        except (Failed, JournalUnusableError) as away:
            if not findings:
                raise
            click.echo(f"the journal alone was verified: {away}", err=True)
    return _told(report, findings, as_json=as_json)


@journal_command.command("anchor")
@click.option("--key", "key_file", type=file_that_exists, required=True, help="private key of `journal key`, mode 0600")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="file for the signed head; keep it elsewhere"
)
def anchor_command(key_file: Path, out: Path) -> int:
    """Verify the journal, and write its signed head to a file. A journal that is not sound gets none."""
    store = access.journal(access.settings())
    report, sealed = _verified(store, None, [])
    if report.findings or sealed:
        return _told(report, [*report.findings, *sealed], as_json=False)
    try:
        text = anchors.sign(report, key_file)
        with out.open("x") as file:
            file.write(text)
    except (OSError, anchors.BadAnchorError) as problem:
        raise Failed(MALFORMED, f"no anchor was written: {problem}") from None
    click.echo(f"{out}: position {report.position}, {len(report.ends)} streams, chain {report.chain}")
    return DONE


@journal_command.command("key")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="file for the private key, made with mode 0600"
)
def key_command(out: Path) -> int:
    """Make a pair of keys for anchors. The private one stays with who signs, the public one goes to who verifies."""
    try:
        public = anchors.make_key(out)
    except OSError as problem:
        raise Failed(MALFORMED, f"no key was made: {problem}") from None
    click.echo(f"private key {out} (mode 0600), public key {public}")
    return DONE


@journal_command.command("prepare")
@click.option(
    "--role", help="PostgreSQL: the worker's and the command line's role; made when missing, may read and add"
)
def prepare_command(role: str | None) -> int:
    """Bring the schema to this program's version, and let a role read and add, no more. The owner runs it.

    The owner's address is TRIALPATH_JOURNAL_OWNER_URL; worker and command line use TRIALPATH_JOURNAL_URL with the role.
    A password has its place in a file that PGPASSFILE names, never in an address.
    """
    known = access.settings()
    try:
        store = Journal(known.journal_owner_url or known.url)
        store.migrate()
        click.echo(f"{store.name}: the schema is this program's")
        if role is not None:
            click.echo(store.prepare(role))
    except JournalUnusableError as problem:
        raise Failed(UNREACHABLE, str(problem)) from None
    return DONE


journal_command.add_command(rebuild_command)
journal_command.add_command(reconcile_command)


def _anchor(file: Path, public_key: Path) -> anchors.Anchor | Finding:
    try:
        return anchors.read(file, public_key)
    except (anchors.BadAnchorError, OSError) as problem:
        raise Failed(MALFORMED, str(problem)) from None
    except anchors.BadSignatureError as problem:
        return Finding(Trouble.SIGNATURE_BAD, 0, "-", str(file), str(problem))


def _positions(known: anchors.Anchor | None, stream: str | None) -> list[int]:
    """Give the positions whose chain the report must keep, for the anchor to be compared."""
    if known is None:
        return []
    return [known.position] if stream is None else [known.ends[stream].position] if stream in known.ends else []


def _verified(store: Journal, stream: str | None, at: list[int]) -> tuple[Report, list[Finding]]:
    with store.snapshot() as connection, _progress(count(connection, stream)) as seen, any_bytes(connection):
        report = verify(connection, stream, at=at, seen=seen)
        return report, [] if stream else [*damaged(connection), *sealing.compare(connection), *opened(connection)]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("verifying"), MofNCompleteColumn(), TextColumn("rows,"), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("rows", total=total)
        yield lambda number: shown.update(task, completed=number)


def _told(report: Report, findings: list[Finding], *, as_json: bool) -> int:
    code = int(findings[0].trouble) if findings else DONE
    if as_json:
        listed = [asdict(finding) | {"trouble": finding.trouble.name.lower()} for finding in findings]
        about = {"rows": report.rows, "streams": len(report.ends), "position": report.position, "chain": report.chain}
        click.echo(json.dumps({"sound": not findings, "code": code} | about | {"findings": listed}))
        return code
    for finding in findings[:SHOWN]:
        what = finding.trouble.name.lower().replace("_", " ")
        click.echo(f"{what}: position {finding.position}, stream {finding.stream}, {finding.row}", err=True)
        click.echo(f"  expected: {finding.expected}", err=True)
    if len(findings) > SHOWN:
        click.echo(f"and {len(findings) - SHOWN} more", err=True)
    if not findings:
        click.echo(f"sound: {report.rows} rows in {len(report.ends)} streams, chain {report.chain}")
    return code
