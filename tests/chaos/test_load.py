"""What the driver sends: now and then with when it happened, and twice under two names."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from activities.contract import Answer
from chaos.calls import Afresh, Calls
from chaos.clinic import Act, adverse_event
from chaos.load import BACKDATED_BY, BACKDATED_OFTEN, Load
from chaos.rig import Rig
from chaos.rows.repeats import is_same, otherwise
from demo.hospital import SITE
from demo.pace import Pace
from domain.values import Clock
from workflows.client import Submitted, TrialClient


class Gateway:
    """Answers each submission as it is told to."""

    trial = "T"

    def __init__(self, *details: str) -> None:
        """Answer with these details, one after the other."""
        self._details = list(details)

    async def to_subject(self, _subject: str, submitted: Submitted) -> Answer:
        """Give the next answer."""
        return Answer(submission_id=submitted.id, outcome="applied", detail=self._details.pop(0))


def load(seed: str = "7") -> Load:
    """Give staff without an installation, whose days last 1.5 s."""
    now = datetime.now(UTC)
    made = Load(cast("Rig", None), seed, day_seconds=1.5)
    made.pace = Pace(Clock(real_epoch=now, trial_epoch=now, factor=86_400 / 1.5), SITE)
    return made


def test_about_one_report_in_five_says_when_it_happened() -> None:
    """Never in the future, never before the report before it, never much earlier than it is sent."""
    staff, act = load(), adverse_event(SITE.date_of(datetime.now(UTC)), "rash")
    staff.submitted(act, "S001")
    told, last = 0, staff.pace.now()
    for _ in range(2000):
        sent = staff.submitted(act, "S001").occurred_at
        now = staff.pace.now()
        if sent is not None:
            told += 1
            at = datetime.fromisoformat(sent)
            assert at.tzinfo is not None
            assert max(last, now - BACKDATED_BY - timedelta(hours=12)) - timedelta(hours=1) <= at <= now
        last = now
    assert 0.7 * BACKDATED_OFTEN < told / 2000 < 1.3 * BACKDATED_OFTEN


def test_the_same_seed_dates_the_same_reports_back() -> None:
    """By subject and number of the report; another seed dates others back."""
    act = adverse_event(SITE.date_of(datetime.now(UTC)), "rash")

    def which(seed: str) -> list[bool]:
        staff = load(seed)
        return [staff.submitted(act, "S001").occurred_at is not None for _ in range(60)]

    assert which("7") == which("7")
    assert which("7") != which("8")


def test_what_happens_when_it_is_sent_is_not_dated_back() -> None:
    """A signature is made in that moment; of no subject, or unreadable, nothing is a report with an instant."""
    staff, sign = load(), Act("sign", "INVESTIGATOR", {"facts": [1], "meaning": "reviewed"})
    event = adverse_event(SITE.date_of(datetime.now(UTC)), "rash")
    assert {staff.submitted(sign, "S001").occurred_at for _ in range(100)} == {None}
    assert {staff.submitted(event).occurred_at for _ in range(100)} == {None}
    grade_9 = replace(event, fields={**event.fields, "grade": 9})
    assert {staff.submitted(grade_9, "S001").occurred_at for _ in range(100)} == {None}


async def test_a_call_is_logged_with_when_it_happened(tmp_path: Path) -> None:
    """Under the name under which it is sent; nothing where it was not."""
    calls = Calls(tmp_path / "calls.jsonl", [cast("TrialClient", Gateway("", ""))])
    for occurred_at in ("2026-01-02T08:00:00+00:00", None):
        await calls.call("S001", Submitted("adverse_event", {}, occurred_at=occurred_at))
    calls.close()
    rows: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert [row["occurred_at"] for row in rows] == ["2026-01-02T08:00:00+00:00", None]


async def test_a_command_said_afresh_is_the_same_to_the_journal_and_another_to_temporal(tmp_path: Path) -> None:
    """The message is the same to the last byte; an answer that differs in one is named."""
    submitted = Submitted("adverse_event", {"term": "rash"}, staff="INV1", role="INVESTIGATOR")
    afresh = Afresh.of(submitted)
    assert afresh.message() == submitted.message()
    assert afresh.id == submitted.id
    assert afresh.update_id != submitted.update_id
    calls = Calls(tmp_path / "calls.jsonl", [cast("TrialClient", Gateway("as it was", "as it was", "otherwise"))])
    first, again, other = [await calls.call("S001", one) for one in (submitted, afresh, afresh)]
    calls.close()
    assert is_same(first, again)
    assert not is_same(first, other)
    assert submitted.id in otherwise(first)
