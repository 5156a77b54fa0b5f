"""What the watchdog makes of a stream by the journal and its workflow by Temporal; and its grace."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.comparing import WEDGED_FROM, Described, grace_of, wrong
from activities.contract import TASK_TIMEOUT, Start
from activities.rebuild import Known, Streams, Unreadable, clock_of
from domain.catalogue import PROTOCOLS
from domain.decider import PATIENT, TRIAL, Due, patient_stream, trial_stream
from domain.values import Clock
from journal.store import Journal
from tests.server.past import TRIAL as TRIAL_ID
from tests.server.past import Past, ago

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GRACE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
QUICK = Clock(real_epoch=NOW, trial_epoch=NOW, factor=timedelta(days=1) / timedelta(milliseconds=200))


@pytest.fixture
def known(trial: Journal) -> Known:
    """A subject in screening, as the journal has it, with nothing due before a far day."""
    past = Past(trial, TRIAL_ID, ago(2))
    found = Streams(trial).look(past.stream)
    assert found.due is not None
    return replace(found, due=Due(NOW + timedelta(days=3), "window closes", "OVERDUE/SCREENING"))


def running(known: Known, **changed: Any) -> Described:
    """Give what Temporal says of a workflow that is as it should be."""
    shown = dict(PATIENT.attributes(known.state))
    due = shown["NextDue"]
    attributes = shown | {"NextDue": datetime.fromisoformat(str(due)).replace(microsecond=1) if due else None}
    return replace(Described("RUNNING", "run", attributes=attributes), **changed)


def what(known: Known, found: Described | None, now: datetime = NOW) -> str:
    """Name what is wrong, or nothing."""
    problem = wrong(known, found, now, GRACE)
    return problem.what if problem else ""


def test_a_stream_that_is_as_the_journal_says_gives_nothing(known: Known) -> None:
    """Temporal rounds instants; that is no difference."""
    assert what(known, running(known)) == ""


@pytest.mark.parametrize("status", ["TERMINATED", "FAILED", "TIMED_OUT", "CANCELED", "COMPLETED"])
def test_a_run_that_ended_though_the_stream_is_open_is_found(known: Known, status: str) -> None:
    """However it ended."""
    assert what(known, running(known, status=status)) == "ENDED"


def test_a_stream_without_a_run_is_missing(known: Known) -> None:
    """Temporal knows no run of that name."""
    assert what(known, None) == "MISSING"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"tries": WEDGED_FROM - 1}, ""),
        ({"tries": WEDGED_FROM}, "WEDGED"),
        ({"problems": "category=WorkflowTaskFailed"}, "WEDGED"),
        ({"task_since": NOW - GRACE - TASK_TIMEOUT}, ""),
        ({"task_since": NOW - GRACE - TASK_TIMEOUT - SECOND}, "WEDGED"),
        ({"activities": (("5", "fetch_labs", NOW - GRACE),)}, ""),
        ({"activities": (("5", "fetch_labs", NOW - GRACE - SECOND),)}, "STUCK"),
    ],
)
def test_a_task_that_fails_or_stands_still_is_found(known: Known, changed: dict[str, Any], expected: str) -> None:
    """By the number of its tries, by Temporal's own word, or by the time since it should have gone on."""
    assert what(known, running(known, **changed)) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(-1, ""), (30, ""), (31, "OVERDUE")])
def test_a_due_instant_is_overdue_only_beyond_the_grace(known: Known, seconds: int, expected: str) -> None:
    """Before it, at the end of the grace, and after."""
    late = replace(known, due=Due(NOW - seconds * SECOND, "window closes", "OVERDUE/SCREENING"))
    assert what(late, running(known)) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(0, ""), (330, ""), (331, "WEDGED")])
def test_a_stream_whose_task_waits_for_a_worker_is_left_to_it(known: Known, seconds: int, expected: str) -> None:
    """What it shows is about to change; only one that no worker takes for minutes is told."""
    late = replace(known, due=Due(NOW - timedelta(hours=1), "window closes", "OVERDUE/SCREENING"))
    assert what(late, running(known, attributes={}, waiting_since=NOW - seconds * SECOND)) == expected


def test_the_grace_is_trial_time_but_never_too_short_for_machines() -> None:
    """In production 30 s; on a clock on which that is no time at all, 5 s of real time; a shorter one is itself."""
    slow = Clock(real_epoch=NOW, trial_epoch=NOW, factor=2)
    assert grace_of(Clock.real(), NOW, GRACE) == GRACE
    assert grace_of(slow, NOW, GRACE) == GRACE / 2
    assert grace_of(QUICK, NOW, GRACE) == timedelta(seconds=5)
    assert grace_of(QUICK, NOW, 2 * SECOND) == 2 * SECOND


def test_a_workflow_that_shows_another_state_is_behind(known: Known) -> None:
    """One attribute is enough."""
    shown = running(known).attributes
    assert what(known, running(known, attributes=shown | {"Epoch": "SURGERY"})) == "BEHIND"
    assert what(known, running(known, attributes={})) == "BEHIND"


def test_a_subject_nobody_is_asked_about_is_found() -> None:
    """Nothing due, no open effect, no ask: that must never be, so it is looked for."""
    state = PATIENT.initial
    alone = Known(patient_stream(TRIAL_ID, "S001"), 3, state, Start(stream="x", clock=QUICK), None, (), is_over=False)
    assert what(alone, Described("RUNNING", "run", attributes=dict(PATIENT.attributes(state)))) == "NOBODY_ASKED"
    register = replace(alone, stream=trial_stream(TRIAL_ID), state=TRIAL.initial)
    assert what(register, Described("RUNNING", "run", attributes=dict(TRIAL.attributes(TRIAL.initial)))) == ""


def test_a_stream_begins_by_the_clock_of_its_first_facts(trial: Journal) -> None:
    """Register and subject hold it both; the register comes first."""
    past = Past(trial, TRIAL_ID, ago(2))
    streams = Streams(trial)
    assert list(streams.heads()) == [trial_stream(TRIAL_ID), past.stream]
    assert streams.look(past.stream).start == Start(stream=past.stream, clock=Clock.real())
    assert clock_of(trial.facts(past.stream)) == Clock.real()
    assert clock_of(trial.facts(past.stream, 1)) is None


def test_a_stream_without_a_clock_is_not_begun(trial: Journal) -> None:
    """No other clock will do: it would shift every date."""
    with pytest.raises(Unreadable, match="which clock"):
        Streams(trial).look(patient_stream(TRIAL_ID, "S999"))


def test_a_stream_of_a_protocol_this_release_has_not_is_not_begun(
    trial: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason says what would help."""
    past = Past(trial, TRIAL_ID, ago(2))
    monkeypatch.delitem(PROTOCOLS, (TRIAL_ID, "1"))
    with pytest.raises(Unreadable, match=f"{TRIAL_ID} version 1 is not in this release's catalogue"):
        Streams(trial).look(past.stream)
