"""The command that opens the trial, and the clock of a training."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from activities.contract import Answer
from cli import access
from cli.sending import run, told
from domain.catalogue import latest
from domain.values import FIRST_YEAR, LAST_YEAR, Clock
from workflows.client import TrialClient, opening_id

TEAM = (
    "CRC1=COORDINATOR",
    "INV1=INVESTIGATOR",
    "SUR1=SURGEON",
    "PAT1=PATHOLOGIST",
    "PHA1=PHARMACIST",
    "MON1=MONITOR",
    "SPO1=SPONSOR",
)


@click.command("open")
@click.option("--site", "sites", multiple=True, default=("TDH:Asia/Shanghai:8",), help="CODE[:TIME_ZONE[:DUE_HOUR]]")
@click.option("--staff", "staff", multiple=True, default=TEAM, help="CODE=ROLE[,ROLE], for example INV1=INVESTIGATOR")
@click.option("--ms-per-day", type=click.FloatRange(min=1), help="training only: one trial day lasts so many ms")
@click.option("--trial-date", help="training only: the trial's date at the start, for example 2025-06-02")
@click.option("--json", "as_json", is_flag=True, help="answer as JSON")
def open_command(
    sites: tuple[str, ...], staff: tuple[str, ...], ms_per_day: float | None, trial_date: str | None, as_json: bool
) -> int:
    """Open the trial: its sites, its staff with their roles, and the sealed allocation list."""
    known = access.settings()
    clock = training_clock(ms_per_day, trial_date)
    protocol = latest(known.trial)
    body = {
        "trial": protocol.trial,
        "protocol_version": protocol.version,
        "clock": clock.model_dump(mode="json"),
        "sites": [_site(text) for text in sites],
        "staff": [_delegation(text, clock) for text in staff],
    }

    async def act(client: TrialClient) -> Answer:
        return await client.open_trial(body, clock)

    return told(run(known, act, opening_id(known.trial)), "trial", as_json=as_json)


def training_clock(ms_per_day: float | None, trial_date: str | None) -> Clock:
    """Give the real clock, or one that starts at a date and runs at a pace. Raises UsageError."""
    if ms_per_day is None and trial_date is None:
        return Clock.real()
    now = datetime.now(UTC)
    if ms_per_day is not None:
        check_pace(ms_per_day, "--ms-per-day")
    try:
        epoch = datetime.fromisoformat(trial_date).replace(tzinfo=UTC) if trial_date else now
    except ValueError:
        raise click.UsageError(f"--trial-date {trial_date!r}: a date like 2025-06-02 is accepted") from None
    if not FIRST_YEAR <= epoch.year <= LAST_YEAR:
        raise click.UsageError(f"--trial-date {trial_date!r}: a year from {FIRST_YEAR} to {LAST_YEAR} is accepted")
    factor = timedelta(days=1) / timedelta(milliseconds=ms_per_day) if ms_per_day else 1.0
    return Clock(real_epoch=now, trial_epoch=epoch, factor=factor)


def check_pace(ms_per_day: float, option: str) -> None:
    """Raise UsageError for what is no length of a day: endless, no number, or longer than a day is."""
    longest = timedelta(days=1) / timedelta(milliseconds=1)
    if not 1 <= ms_per_day <= longest:
        raise click.UsageError(f"{option} {ms_per_day}: 1 to {longest:.0f} milliseconds are accepted")


def _site(text: str) -> dict[str, Any]:
    code, _, rest = text.partition(":")
    zone, _, hour = rest.partition(":")
    try:
        return {"code": code, **({"time_zone": zone} if zone else {}), **({"due_hour": int(hour)} if hour else {})}
    except ValueError:
        raise click.UsageError(
            f"--site {text!r}: CODE:TIME_ZONE:HOUR is accepted, for example TDH:Asia/Shanghai:8"
        ) from None


def _delegation(text: str, clock: Clock) -> dict[str, Any]:
    code, _, roles = text.partition("=")
    if not roles:
        raise click.UsageError(f"--staff {text!r}: CODE=ROLE is accepted, for example INV1=INVESTIGATOR")
    start = min(clock.trial_time(datetime.now(UTC)), datetime.now(UTC)).date()
    return {"staff": code, "roles": roles.split(","), "valid_from": str(start - timedelta(days=1))}
