"""`show --as-of`, `show --known-at` and `history`: what a subject was, by clinical date and by what was known."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.here import Here, here
from tests.given import day, noon
from tests.streams import journal_of

__all__ = ["here"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with one subject: surgery of day 44, corrected on day 46 to day 45, pathology R1 on day 50."""
    folder = tmp_path_factory.mktemp("data")
    journal_of(f"sqlite:///{folder / 'journal.db'}", {"S001": "detours"}).close()
    return folder


def shown(here: Here, data: Path, options: str) -> dict[str, Any]:
    """Give what `show --json` says with these options."""
    done = here(data, f"show S001 --json {options}")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_as_of_a_date_applies_the_correction(here: Here, data: Path) -> None:
    """The surgery was recorded on day 44 and corrected to day 45: as of day 44 there was none."""
    assert shown(here, data, f"--as-of {day(44)}")["resection"] is None
    as_of = shown(here, data, f"--as-of {day(45)}")
    assert (as_of["resection"], as_of["as_of"], as_of["known_at"]) == ("R0", str(day(45)), None)


def test_known_at_an_instant_leaves_later_facts_out(here: Here, data: Path) -> None:
    """At noon of day 45 the journal knew of a surgery on day 44 and of no correction."""
    known = noon(day(45)).isoformat().replace("+00:00", "Z")
    then = shown(here, data, f"--known-at {known}")
    assert then["resection"] == "R0"
    assert then["facts"] < shown(here, data, "")["facts"]


def test_both_together_ask_what_was_known_then_of_a_date(here: Here, data: Path) -> None:
    """On day 45 the surgery was held to have been on day 44; today it is known that there was none on that day."""
    known = noon(day(45)).isoformat().replace("+00:00", "Z")
    assert shown(here, data, f"--as-of {day(44)} --known-at {known}")["resection"] == "R0"
    text = here(data, f"show S001 --as-of {day(44)} --known-at {known}").stdout
    assert f"as of {day(44)}, as known at" in text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--as-of 2025-02-30", "is not a date; accepted: a date like"),
        ("--as-of 20250601", "is not a date; accepted: a date like"),
        ("--as-of 2025-06-01T00:00", "is not a date"),
        ("--as-of tomorrow", "is not a date"),
        ("--as-of 2024-01-01", "is before the consent and the registration; accepted: from 2025-06-02"),
        ("--as-of 2199-01-01", "lies in the future; accepted: a date from 2025-06-02 to "),
        ("--known-at 2025-06-10T12:00", "has no time zone; accepted: an instant with its offset"),
        ("--known-at 2025-06-10", "has no time zone"),
        ("--known-at noon", "is not an instant; accepted: an instant with its offset"),
        ("--known-at 2199-01-01T00:00Z", "lies in the future; accepted: up to "),
        ("--known-at 2025-01-01T00:00Z", "nothing was recorded yet; accepted: from 2025-06-02"),
    ],
)
def test_a_date_or_instant_there_is_nothing_to_show_of_is_told(
    here: Here, data: Path, options: str, expected: str
) -> None:
    """Exit code 3, one line, no traceback."""
    done = here(data, f"show S001 {options}")
    assert (done.returncode, done.stdout) == (3, "")
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_boundaries_of_the_dates_are_accepted(here: Here, data: Path) -> None:
    """The day of consent, and today; an instant of a moment ago."""
    today = datetime.now(UTC).date()
    for options in (f"--as-of {day(0)}", f"--as-of {today}", f"--known-at {_moment_ago()}"):
        assert shown(here, data, options)["subject"] == "S001"


def _moment_ago() -> str:
    return (datetime.now(UTC) - timedelta(seconds=1)).isoformat().replace("+00:00", "Z")


def test_history_shows_corrections_as_old_new_reason_and_who(here: Here, data: Path) -> None:
    """Each change of each correction; the fact that was corrected says so."""
    found = json.loads(here(data, "history S001 --json").stdout)["corrections"]
    first = found[0]
    change = {"what": f"surgery performed #{first['fact']}: performed_on", "old": str(day(44)), "new": str(day(45))}
    assert change in first["changes"]
    assert (first["of"], first["reason"], first["staff"], first["role"]) == (
        "SurgeryPerformed",
        "misread",
        "INV1",
        "INVESTIGATOR",
    )
    text = here(data, "history S001").stdout
    assert "Corrections" in text
    assert f"corrected by {first['seq']}:" in " ".join(text.split())
