"""Commands of the read models: rebuild them from the journal, and print what their tables hold."""

import json
from datetime import UTC, datetime
from time import monotonic

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from cli import access
from cli.main import DONE, MALFORMED, UNREACHABLE, Failed
from read_models.documentation import markdown
from read_models.store import NotOurs, rebuild, same_database, trial_rows
from settings import Settings


@click.group("models")
def models_command() -> None:
    """Tables for analysts, made from the journal and dropped whole when they are made again."""


@models_command.command("rebuild")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def rebuild_command(*, as_json: bool) -> int:
    """Drop the tables and make them anew from the journal, which stays untouched."""
    known = access.settings()
    started = monotonic()
    _check_url(known)
    store = access.journal(known)
    access.register(store, known.trial)
    rows = trial_rows(store, known.trial, datetime.now(UTC))
    shown = make_url(known.read_models_url).render_as_string(hide_password=True)
    try:
        rebuild(known.read_models_url, known.models_schema, rows)
    except NotOurs as not_ours:
        raise Failed(MALFORMED, f"setting TRIALPATH_MODELS_URL: {shown}: {not_ours}") from None
    except SQLAlchemyError as problem:
        cause = str(problem.__cause__ or problem).splitlines()[0]
        raise Failed(UNREACHABLE, f"the read models at {shown} cannot be written: {cause}") from None
    counts = {name: len(made) for name, made in rows.items()}
    if as_json:
        click.echo(json.dumps({"url": shown, "rows": counts, "seconds": round(monotonic() - started, 2)}))
        return DONE
    click.echo(f"{shown}: {sum(counts.values())} rows in {len(counts)} tables, {monotonic() - started:.1f} s")
    for name, count in counts.items():
        click.echo(f"  {name:16}{count}")
    return DONE


@models_command.command("schema")
def schema_command() -> int:
    """Print the documentation of every table, in markdown."""
    click.echo(markdown(), nl=False)
    return DONE


def _check_url(known: Settings) -> None:
    accepts = "a database URL, for example sqlite:///data/read-models.db"
    try:
        make_url(known.read_models_url).get_dialect()
    except (ArgumentError, NoSuchModuleError) as problem:
        raise Failed(MALFORMED, f"setting TRIALPATH_MODELS_URL: {problem}; accepted: {accepts}") from None
    if same_database(known.read_models_url, known.url):
        raise Failed(MALFORMED, "setting TRIALPATH_MODELS_URL: this is the journal; accepted: a database of its own")
