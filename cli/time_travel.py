"""A subject as it stood: as of a clinical date (--as-of), as the journal knew it (--known-at), or both."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import takewhile

from cli import access
from cli.main import MALFORMED, Failed
from domain.decider import PATIENT
from domain.patient.clinical_time import Said, as_of, begins_on
from domain.patient.journey import Journey
from journal.store import StoredFact

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AN_INSTANT = "an instant with its offset, for example 2025-09-01T12:00+08:00 or 2025-09-01T04:00Z"


@dataclass(frozen=True, slots=True)
class When:
    """The date and the instant that were asked for."""

    as_of: date | None = None
    known_at: datetime | None = None

    def __str__(self) -> str:
        """Give what a title says of it."""
        known = f", as known at {self.known_at.isoformat()}" if self.known_at else ""
        return (f", as of {self.as_of}" if self.as_of else "") + known

    def told(self) -> dict[str, str | None]:
        """Give what JSON says of it: nothing when nothing was asked for."""
        if self.as_of is None and self.known_at is None:
            return {}
        known = self.known_at.isoformat() if self.known_at else None
        return {"as_of": str(self.as_of) if self.as_of else None, "known_at": known}


def journey(rows: list[StoredFact], on: str | None, at: str | None) -> tuple[Journey, When]:
    """Fold a subject's stored facts as they stood. Raises Failed for a date or instant there is nothing to show of."""
    when = When(clinical_date(on) if on is not None else None, _instant(at) if at is not None else None)
    newest = access.folded(rows)
    now = newest.clock.trial_time(datetime.now(UTC))
    if when.known_at is not None:
        rows = _known(rows, when.known_at, now)
        newest = access.folded(rows)
    if when.as_of is None:
        return newest, when
    today, record = newest.site.date_of(now), said(rows)
    first = begins_on(record)
    if when.as_of > today:
        raise Failed(MALFORMED, f"--as-of {when.as_of} lies in the future; accepted: a date from {first} to {today}")
    if when.as_of < first:
        raise Failed(
            MALFORMED, f"--as-of {when.as_of} is before the consent and the registration; accepted: from {first}"
        )
    return as_of(record, when.as_of), when


def said(rows: list[StoredFact]) -> list[Said]:
    """Give stored facts as the core reads them: each with its submission and the instant that is about."""
    return [
        Said(
            PATIENT.read(row.body),
            row.submission_id,
            datetime.fromisoformat(row.occurred_at or row.recorded_at),
        )
        for row in rows
    ]


def clinical_date(text: str) -> date:
    """Read the date that was asked for. Raises Failed for what is none."""
    with suppress(ValueError):
        if DATE.fullmatch(text):
            return date.fromisoformat(text)
    raise Failed(MALFORMED, f"--as-of {text!r} is not a date; accepted: a date like 2025-09-01")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(MALFORMED, f"--known-at {text!r} is not an instant; accepted: {AN_INSTANT}") from None
    if found.tzinfo is None:
        raise Failed(MALFORMED, f"--known-at {text!r} has no time zone; accepted: {AN_INSTANT}")
    return found


def _known(rows: list[StoredFact], at: datetime, now: datetime) -> list[StoredFact]:
    first = rows[0].recorded_at
    if at > now:
        raise Failed(MALFORMED, f"--known-at {at.isoformat()} lies in the future; accepted: up to {_shown(now)}")
    found = list(takewhile(lambda row: datetime.fromisoformat(row.recorded_at) <= at, rows))
    if not found:
        raise Failed(MALFORMED, f"--known-at {at.isoformat()}: nothing was recorded yet; accepted: from {first}")
    return found


def _shown(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds")
