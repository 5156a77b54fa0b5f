"""Calendar feeds, read back by a parser: the same entries, moved; nothing about a person."""

from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from domain.decider import patient_stream
from exports.calendar import calendar, dated_entries
from journal.store import StoredFact
from read_models.record import SubjectRecord, record_of
from tests.given import TRIAL_ID
from tests.streams import NAMES, stored_stream


def record(rows: tuple[StoredFact, ...]) -> SubjectRecord:
    """Read a stream of S001."""
    return record_of(patient_stream(TRIAL_ID, "S001"), rows)


def events(feed: bytes) -> dict[str, Any]:
    """Read a feed back: its events by UID, each UID once."""
    found = list(Calendar.from_ical(feed).walk("VEVENT"))
    by_uid = {str(event["UID"]): event for event in found}
    assert len(by_uid) == len(found)
    return by_uid


def shown(event: Any) -> tuple[str, Any, Any, str]:
    """Give what a calendar shows of an event."""
    return str(event["SUMMARY"]), event["DTSTART"].dt, event["DTEND"].dt, str(event["STATUS"])


def test_a_visit_a_surgery_and_a_deadline_as_a_calendar_shows_them() -> None:
    """C1D1 was given, the surgery done; a report of 24 h is an hour before its deadline, and off once it was made."""
    found = {
        uid.split("@")[0]: event for uid, event in events(calendar([record(stored_stream("detours"))], "S001")).items()
    }

    on = date(2025, 6, 11)
    assert shown(found["S001-C1D1"]) == ("S001 C1D1 (done)", on, on + timedelta(days=1), "CONFIRMED")
    assert shown(found["S001-SURGERY"])[0] == "S001 Surgery (done)"
    report = found["S001-REPORT-56-SAE_SPONSOR"]
    assert shown(report)[0::3] == ("S001 SAE: report to SPONSOR due", "CANCELLED")
    assert report["DTEND"].dt - report["DTSTART"].dt == timedelta(hours=1)


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_that_changes_raises_its_sequence_and_keeps_its_uid(name: str) -> None:
    """Each feed of a longer record holds every UID of a shorter one; what differs has a higher SEQUENCE."""
    rows = stored_stream(name)
    before: dict[str, Any] = {}
    for end in range(1, len(rows) + 1, max(len(rows) // 6, 5)):
        now = events(calendar([record(rows[:end])], "S001"))
        for uid, event in before.items():
            moved = shown(now[uid]) != shown(event) or now[uid].get("DESCRIPTION") != event.get("DESCRIPTION")
            assert (now[uid]["SEQUENCE"] > event["SEQUENCE"]) == (now[uid]["SEQUENCE"] != event["SEQUENCE"])
            if moved:
                assert now[uid]["SEQUENCE"] > event["SEQUENCE"], (uid, end)
        before = now


@pytest.mark.parametrize("name", ["completed", "detours", "withdrawn-from-treatment", "screen-failure"])
def test_a_feed_made_again_is_the_same_and_holds_nothing_about_a_person(name: str) -> None:
    """The birth date, the sex and what staff wrote are nowhere in it."""
    known = record(stored_stream(name))
    feed = calendar([known], "S001")

    assert calendar([known], "S001") == feed
    text = feed.decode().replace("\r\n ", "")
    assert str(known.journey.born_on).replace("-", "") not in text.replace("-", "")
    assert known.journey.sex not in text


def test_whoever_left_treatment_has_no_visit_ahead() -> None:
    """The next cycle is off; the follow-up contact stands."""
    entries = dated_entries(record(stored_stream("withdrawn-from-treatment")))
    ahead = {uid.split("@")[0] for uid, row in entries.items() if not row.is_off and not row.entry.is_done}
    assert not [uid for uid in ahead if "D1" in uid]
