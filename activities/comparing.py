"""Compares a stream as the journal has it with its workflow as Temporal describes it. It does nothing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus

from activities.contract import TASK_TIMEOUT
from activities.rebuild import Known
from activities.report import What
from domain.decider import decider_of
from domain.patient.asks import asks
from domain.patient.journey import Journey
from domain.values import Clock

PROBLEMS = "TemporalReportedProblems"
WEDGED_FROM = 5
"""Tries of one workflow task. A worker that died costs one; a task that fails for ever has more within a minute."""
LONGEST_WAIT = timedelta(minutes=5)
"""As long as a worker may need to come to a task when a thousand streams have begun anew."""
SHORTEST_GRACE = timedelta(seconds=5)
ALIKE = timedelta(seconds=1)
"""Two instants that are one: Temporal rounds."""


@dataclass(frozen=True, slots=True)
class Described:
    """What Temporal says of a workflow: one answer to one question, taken when it was asked."""

    status: str
    run_id: str
    problems: str = ""
    tries: int = 0
    task_since: datetime | None = None
    waiting_since: datetime | None = None
    """Since when a workflow task waits for a worker, or is at work: what it shows is about to change."""
    history_length: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)
    activities: tuple[tuple[str, str, datetime], ...] = ()
    """Each pending activity: id, type, and when it should have begun or ended at the latest."""
    build: str = ""
    """The version of the workers that its run is pinned to, by its last task; empty: none."""

    @property
    def is_running(self) -> bool:
        """Say whether it runs."""
        return self.status == WorkflowExecutionStatus.RUNNING.name


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a stream. `activity`: which one is stuck."""

    what: What
    detail: str
    activity: str = ""


def described(answer: WorkflowExecutionDescription) -> Described:
    """Read Temporal's answer."""
    raw = answer.raw_description
    attributes = {name: values[0] for name, values in answer.search_attributes.items() if values}
    problems = answer.search_attributes.get(PROBLEMS, ())
    task = raw.pending_workflow_task
    return Described(
        status=answer.status.name if answer.status else "UNKNOWN",
        run_id=answer.run_id,
        problems=", ".join(map(str, problems)),
        tries=task.attempt,
        task_since=_instant(task.started_time),
        waiting_since=_instant(task.original_scheduled_time) or _instant(task.scheduled_time),
        history_length=answer.history_length or 0,
        attributes=attributes,
        activities=tuple(
            (row.activity_id, row.activity_type.name, latest)
            for row in raw.pending_activities
            if (latest := _latest(row)) is not None
        ),
        build=raw.workflow_execution_info.versioning_info.deployment_version.build_id,
    )


def _latest(row: PendingActivityInfo) -> datetime | None:
    """Give the instant by which a pending activity should have begun, or have ended once it began."""
    if row.paused:
        return None
    if row.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED:
        return _instant(row.next_attempt_schedule_time) or _instant(row.scheduled_time)
    begun, silence = _instant(row.last_started_time), row.activity_options.heartbeat_timeout.ToTimedelta()
    if begun is None:
        return None
    longest = begun + row.activity_options.start_to_close_timeout.ToTimedelta()
    return min(longest, (_instant(row.last_heartbeat_time) or begun) + silence) if silence else longest


def _instant(stamp: Timestamp) -> datetime | None:
    return stamp.ToDatetime(UTC) if stamp.seconds else None


def grace_of(clock: Clock, since: datetime, grace: timedelta) -> timedelta:
    """Give the real time a due instant may be late by: the grace in trial time, but not below what machines need."""
    scaled = clock.real_time(since + grace) - clock.real_time(since)
    return max(scaled, min(grace, SHORTEST_GRACE))


def wrong(known: Known, found: Described | None, now: datetime, grace: timedelta) -> Wrong | None:
    """Say what is wrong with a stream that is open by the journal; None: it is as it should be. `now` is real time."""
    if found is None:
        return Wrong("MISSING", "open by the journal, and Temporal knows no run of it")
    if not found.is_running:
        return Wrong("ENDED", f"open by the journal, and its run ended: {found.status}")
    wedged = _wedged(found, now, grace)
    if wedged or found.waiting_since is not None:
        return wedged
    return _overdue(known, now, grace) or _stuck(found, now, grace) or _told(known, found)


def halted(found: Described, now: datetime, grace: timedelta) -> Wrong | None:
    """Say whether a run waits for a time-out that the server has lost; None: it goes, or may. `now` is real time."""
    return _wedged(found, now, grace) or _stuck(found, now, grace)


def _wedged(found: Described, now: datetime, grace: timedelta) -> Wrong | None:
    if found.problems or found.tries >= WEDGED_FROM:
        why = found.problems or "no reason given yet"
        return Wrong("WEDGED", f"its workflow task fails, try {found.tries}: {why}; see its history and deploy a fix")
    if found.task_since is not None and now - found.task_since > TASK_TIMEOUT + grace:
        begun = f"its workflow task began {_ago(now, found.task_since)} ago and was never given up"
        return Wrong("WEDGED", f"{begun}; terminate it, and the watchdog begins it anew from the journal")
    if found.waiting_since is not None and now - found.waiting_since > LONGEST_WAIT + grace:
        return Wrong("WEDGED", f"its workflow task waits for a worker since {_ago(now, found.waiting_since)}")
    return None


def _stuck(found: Described, now: datetime, grace: timedelta) -> Wrong | None:
    for activity_id, kind, latest in found.activities:
        if now - latest > grace:
            return Wrong("STUCK", f"{kind} should have gone on {_ago(now, latest)} ago", activity_id)
    return None


def _overdue(known: Known, now: datetime, grace: timedelta) -> Wrong | None:
    if known.due is None:
        return None
    come = known.start.clock.real_time(known.due.at)
    if now - come <= grace_of(known.start.clock, known.due.at, grace):
        return None
    return Wrong("OVERDUE", f"{known.due.key} came {_ago(now, come)} ago and nothing was recorded")


def _told(known: Known, found: Described) -> Wrong | None:
    if not _alike(dict(decider_of(known.stream).attributes(known.state)), found.attributes):
        return Wrong("BEHIND", "the journal is ahead of what its workflow shows")
    waits = known.due or known.effects or not isinstance(known.state, Journey) or asks(known.state)
    return None if waits or not known.seq else Wrong("NOBODY_ASKED", "nothing is due and nobody is asked for anything")


def _alike(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return all(_same(value, theirs.get(name)) for name, value in ours.items())


def _same(ours: object, theirs: object) -> bool:
    if isinstance(theirs, datetime) and isinstance(ours, str):
        return abs(datetime.fromisoformat(ours) - theirs) < ALIKE
    return ours == theirs


def _ago(now: datetime, since: datetime) -> str:
    return f"{(now - since).total_seconds():.0f} s"
