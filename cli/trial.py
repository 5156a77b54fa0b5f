"""The command that shows a whole trial at one look, for a monitor or the sponsor. It reads the journal alone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cli import access, time_travel
from cli.exporting import force_option, write_files
from cli.main import DONE, MALFORMED, Failed
from cli.output import console
from cli.reading import as_json_option
from exports.made_from import MadeFrom
from exports.overview_page import overview_html, overview_json
from read_models.overview import Overview, Point, overview
from read_models.store import read_trial
from read_models.trial import TrialRecord
from read_models.work_list import work_list

CELLS = 33
"""Widest bar of the curve: two subjects a cell for a target of 66."""


@click.command("trial")
@click.option("--as-of", metavar="DATE", help="what had happened by a date, corrections applied")
@click.option("--html", "path", type=click.Path(path_type=Path), help="write one self-contained page to this file")
@force_option
@as_json_option
def trial_command(as_of: str | None, path: Path | None, *, force: bool, as_json: bool) -> int:
    """Show the trial at one look: enrolment against plan, arms, screening, who is where, overdue, deviations, holds."""
    known = access.settings()
    store = access.journal(known)
    access.register(store, known.trial)
    read, now = read_trial(store, known.trial), datetime.now(UTC)
    trial, today = _as_of(read, as_of, read.date_of(read.register.clock.trial_time(now)))
    at = read.register.clock.trial_time(now)
    work = work_list(
        (record.journey for record in trial.subjects.values()),
        lambda site: site.date_of(at) if as_of is None else today,
    )
    shown = overview(trial, today, work)
    if path is not None:
        write_files([(path, overview_html(shown, MadeFrom(trial.heads, now)))], force=force, option="--html")
    if as_json:
        click.echo(overview_json(shown), nl=False)
    elif path is None:
        _print(console(), shown)
    return DONE


def _as_of(read: TrialRecord, asked: str | None, today: date) -> tuple[TrialRecord, date]:
    """Give the trial as of the date that was asked for, and that date. Raises Failed for one before it or to come."""
    if asked is None:
        return read, today
    on = time_travel.clinical_date(asked)
    if not read.opened_on <= on <= today:
        why = "lies in the future" if on > today else "is before the trial was opened"
        raise Failed(MALFORMED, f"--as-of {on} {why}; accepted: a date from {read.opened_on} to {today}")
    return read.as_of(on), on


def _print(out: Console, shown: Overview) -> None:
    plan, screening = shown.plan, shown.screening
    target_rule, date_rule = plan.rules
    out.print(
        f"[bold]{shown.trial} on {shown.today}[/bold]: {shown.randomized} of {plan.target} randomized, "
        f"{shown.planned_today} planned by now; enrolment {shown.enrolment}, dosing {shown.dosing}"
    )
    out.print(
        f"Plan: the straight line from 0 on {plan.opened_on}, when the trial was opened, to {plan.target} "
        f"({target_rule}) on {plan.last_first_dose_on}, the last possible C1D1 ({date_rule})."
    )
    out.print(_curve(shown))
    arms = [(row.arm, f"{row.randomized}/{row.cap}") for row in shown.arms]
    became = [
        ("screened", screening.screened),
        ("in screening", screening.in_screening),
        ("randomized", screening.randomized),
        ("screen failures", screening.screen_failures),
        ("left otherwise", screening.left_otherwise),
    ]
    tables = [_counts("arms", arms), _counts("screening", became), _counts("who is where", list(shown.phases.items()))]
    if screening.failed_by:
        tables.append(_counts("screen failures by rule", list(screening.failed_by.items())))
    out.print(Columns(tables, padding=(0, 3)))
    for part in (*_overdue(shown), *_deviations(shown), *_holds(shown), f"Notices: {shown.notices.told()}."):
        out.print(part)


def _counts(title: str, rows: "list[tuple[str, str]] | list[tuple[str, int]]") -> Table:
    table = Table(title=title, title_justify="left", show_header=False, min_width=len(title))
    table.add_column()
    table.add_column(justify="right")
    for name, count in rows:
        table.add_row(name, str(count))
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading)
    return table


def _curve(shown: Overview) -> Table:
    """Give the curve as one bar a month: randomized, and a mark where the plan is."""
    table = _table("enrolment", "by the end of", "planned", "randomized", "█ randomized, │ planned")
    for point in shown.curve:
        mark = " (today)" if point.on == shown.today else ""
        bar = Text(_bar(point, shown.plan.target), no_wrap=True, overflow="crop")
        randomized = "" if point.randomized is None else str(point.randomized)
        table.add_row(f"{point.on}{mark}", str(point.planned), randomized, bar)
    table.columns[1].justify = table.columns[2].justify = "right"
    return table


def _bar(point: Point, target: int) -> str:
    """Draw a point: half a cell is a subject where the target is 66; a larger count than the target is cut off."""
    halves = min(round((point.randomized or 0) * 2 * CELLS / target), 2 * CELLS)
    cells = list(("█" * (halves // 2) + "▌" * (halves % 2)).ljust(CELLS + 1))
    cells[min(int(point.planned * CELLS / target), CELLS)] = "│"
    return "".join(cells)


def _overdue(shown: Overview) -> Iterator[RenderableType]:
    late = shown.overdue
    if not late.acts:
        yield "Overdue: nothing."
        return
    title = f"overdue: {late.told()} (all: starter.py due)"
    table = _table(title, "by", "subject", "site", "what", "who")
    for row in late.oldest:
        table.add_row(str(row.by or "-"), row.subject, row.site, row.what, " / ".join(row.to))
    yield table


def _deviations(shown: Overview) -> Iterator[RenderableType]:
    if not shown.deviations:
        yield "Deviations: none."
        return
    every, important = (sum(getattr(row, name) for row in shown.deviations) for name in ("deviations", "important"))
    table = _table(f"deviations: {every}, {important} of them important", "rule", "deviations", "important", "subjects")
    for row in shown.deviations:
        table.add_row(row.rule, str(row.deviations), str(row.important), str(row.subjects))
    yield table


def _holds(shown: Overview) -> Iterator[RenderableType]:
    if not shown.holds:
        yield "Holds: none among the subjects on treatment."
        return
    table = _table("holds, of subjects on treatment", "subject", "site", "all dosing", "held", "discontinued")
    for row in shown.holds:
        stopped = "stopped, decision awaited" if row.dosing_stopped else ""
        table.add_row(row.subject, row.site, stopped, row.drugs_held or "", row.drugs_discontinued or "")
    yield table
