"""The watchdog on a real server: what is ended, lost or wedged is found by the journal, repaired or told."""

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from activities.rebuild import clock_of
from activities.report import Finding, Report
from bench.postgres import Cluster
from domain.decider import patient_stream
from domain.values import Clock
from tests.server.bad import RASH
from tests.server.failing_worker import DEATH_NOTE
from tests.server.installation import Installation, own_installation, ready, until
from tests.server.past import TRIAL, Past, ago, in_surgery_wait
from tests.server.wedging_worker import WEDGED
from workflows.setting_up import schedule_id
from workflows.watch import Watch

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
PERIOD, GRACE = 3, 2
EVERY = {"TRIALPATH_WATCHDOG_SECONDS": str(PERIOD), "TRIALPATH_WATCHDOG_GRACE_SECONDS": str(GRACE)}
PATIENCE = timedelta(seconds=40)


@dataclass(frozen=True)
class Watched:
    """An installation under a watchdog that looks often, with subjects at several points of their way."""

    place: Installation
    subjects: list[str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None) -> AsyncIterator[Watched]:
    """Three subjects with a past, and the register."""
    async with own_installation(tmp_path_factory, databases, EVERY) as place:
        place.workers[0].stop()
        pasts = [
            in_surgery_wait(place.journal, TRIAL, ago(30)),
            Past(place.journal, TRIAL, ago(9)).randomized(ago(5), "COHORT_2"),
            Past(place.journal, TRIAL, ago(2)),
        ]
        note = place.settings.data / "wedged"
        place.start_worker("tests/server/wedging_worker.py", **{WEDGED: str(note)})
        yield Watched(place, [await place.begin(past) for past in pasts])


async def reports(place: Installation) -> list[Report]:
    """Give the reports of the last ten runs that ended, the latest first; none while there is no schedule."""
    try:
        schedule = await place.temporal.get_schedule_handle(schedule_id(TRIAL)).describe()
    except RPCError:
        return []
    found = []
    for result in reversed(schedule.info.recent_actions):
        action: Any = result.action
        handle = place.temporal.get_workflow_handle_for(
            Watch.run, action.workflow_id, run_id=action.first_execution_run_id
        )
        if (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED:
            found.append(await handle.result())
    return found


async def finding(place: Installation, stream: str, what: str, since: datetime) -> Finding:
    """Wait until a run of the watchdog reports something of a stream, and give it."""

    async def look() -> list[Finding]:
        recent = [report for report in await reports(place) if report.at > since]
        found = [finding for report in recent for finding in report.findings]
        return [finding for finding in found if (finding.stream, finding.what) == (stream, what)]

    return (await until(look, PATIENCE))[0]


async def quiet(place: Installation) -> Report:
    """Wait until a run that began from now on finds nothing, and give its report."""
    since = datetime.now(UTC)

    async def look() -> list[Report]:
        recent = [report for report in await reports(place) if report.at - timedelta(seconds=report.seconds) > since]
        return [report for report in recent if not report.findings and not report.problem]

    return (await until(look, PATIENCE))[0]


async def test_a_healthy_installation_gives_an_empty_report(watched: Watched) -> None:
    """Four open streams are looked at, nothing is found, and `health` is green."""
    report = await quiet(watched.place)
    health = await asyncio.to_thread(watched.place.cli, "health", "--json")

    assert (report.streams, report.open, report.problem) == (4, 4, "")
    assert health.returncode == 0, health.stdout
    told = json.loads(health.stdout)
    assert [check["name"] for check in told["checks"]] == [
        "journal", "disk", "laboratory", "notices", "temporal", "workers", "watchdog",
    ]  # fmt: skip
    assert told["checks"][-1]["report"]["findings"] == []


async def test_a_run_of_the_watchdog_is_short(watched: Watched) -> None:
    """One activity: its history stays small for ever."""
    schedule = await watched.place.temporal.get_schedule_handle(schedule_id(TRIAL)).describe()
    last: Any = schedule.info.recent_actions[0].action
    described = await watched.place.temporal.get_workflow_handle(last.workflow_id).describe()
    assert described.status is WorkflowExecutionStatus.COMPLETED
    assert (described.history_length or 0) <= 11


async def test_a_terminated_journey_is_begun_anew_from_the_journal(watched: Watched) -> None:
    """An operator terminated it: it is back within two periods, with all its facts and the same next due."""
    place, subject = watched.place, watched.subjects[0]
    before = await place.handle(subject).query("show")
    since, loop = datetime.now(UTC), asyncio.get_running_loop()
    begun = loop.time()

    await place.handle(subject).terminate("an operator's mistake")

    found = await finding(place, patient_stream(TRIAL, subject), "ENDED", since)
    assert found.done == "restarted"
    assert "TERMINATED" in found.detail
    assert loop.time() - begun < 2 * PERIOD + 3 * GRACE
    await place.seen(subject, before["facts"])
    assert await place.handle(subject).query("show") == before
    await place.assert_takes(subject, "rash after all")
    await place.assert_healthy(subject)


async def test_a_deleted_journey_is_begun_anew_from_the_journal(watched: Watched) -> None:
    """Temporal knows nothing of it any more."""
    place, subject = watched.place, watched.subjects[1]
    stream, since = patient_stream(TRIAL, subject), datetime.now(UTC)
    execution = WorkflowExecution(workflow_id=stream)
    request = DeleteWorkflowExecutionRequest(namespace=place.namespace, workflow_execution=execution)

    await place.temporal.workflow_service.delete_workflow_execution(request)

    found = await finding(place, stream, "MISSING", since)
    assert found.done == "restarted"
    await place.seen(subject, len(place.facts(subject)))


async def test_a_wedged_journey_is_reported_and_left_alone(watched: Watched) -> None:
    """A fault in our code: the run goes on failing, people are told once, `health` is red; a fix heals it."""
    place, subject = watched.place, watched.subjects[2]
    stream, since = patient_stream(TRIAL, subject), datetime.now(UTC)
    note = place.settings.data / "wedged"
    run_id = (await place.handle(subject).describe()).run_id
    note.write_text(stream)
    await place.handle(subject).signal("adverse_event", RASH)

    found = await finding(place, stream, "WEDGED", since)
    health = await asyncio.to_thread(place.cli, "health")

    assert found.done == ""
    assert health.returncode == 1
    assert stream in health.stdout.replace("\n", "")
    notices = [json.loads(line) for line in place.settings.notices.read_text().splitlines()]
    told = [notice for notice in notices if notice["notice"] == "WATCHDOG"]
    assert {(notice["subject"], tuple(notice["to"])) for notice in told} == {(subject, ("OPERATIONS",))}
    note.unlink()
    await until(lambda: ready(place.facts(subject, "AdverseEventReported")), PATIENCE)
    assert (await place.handle(subject).describe()).run_id == run_id
    await quiet(place)


async def test_a_watchdog_that_does_not_run_turns_health_red(watched: Watched) -> None:
    """Its worker is away for more than two periods; the next worker changes the schedule to its own settings."""
    place = watched.place
    for worker in place.workers:
        if worker.is_running:
            worker.stop()
    latest = (await reports(place))[0].at
    await until(lambda: ready(datetime.now(UTC) - latest > timedelta(seconds=2 * PERIOD + 1)), PATIENCE)

    health = await asyncio.to_thread(place.cli, "health")
    place.start_worker(TRIALPATH_WATCHDOG_SECONDS="2")
    await quiet(place)
    again = await asyncio.to_thread(place.cli, "health")

    assert health.returncode == 1
    assert "older than 2 periods" in " ".join(health.stdout.replace("│", " ").split())
    assert again.returncode == 0, again.stdout
    schedule = await place.temporal.get_schedule_handle(schedule_id(TRIAL)).describe()
    assert [row.every for row in schedule.schedule.spec.intervals] == [timedelta(seconds=2)]


async def test_health_is_red_when_temporal_is_away(watched: Watched) -> None:
    """It says so, and does not hang."""
    health = await asyncio.to_thread(watched.place.cli, "health", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert health.returncode == 1
    assert "cannot be reached" in health.stdout


async def test_an_empty_temporal_is_set_up_by_the_living_worker_and_left_to_people(
    tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None
) -> None:
    """Its file was lost while the worker lived: attributes and schedule come back, and nothing is begun unasked.

    A wrong address looks the same, and would then have every subject twice. `recover` is a person's word.
    """
    async with own_installation(tmp_path_factory, databases, EVERY) as place:
        subject = await place.enroll()
        since = datetime.now(UTC)
        place.server.kill()
        place.server.start_empty()

        found = await finding(place, "*", "TEMPORAL_LOST", since)
        with pytest.raises(RPCError):
            await place.handle(subject).describe()
        run = await asyncio.to_thread(place.cli, "recover")

        assert (found.done, "2 open streams" in found.detail) == ("", True)
        assert run.returncode == 0, run.stderr
        assert (await quiet(place)).open == 2
        await place.assert_takes(subject, "rash after all")
        await place.assert_healthy(subject)


def logged(place: Installation) -> list[tuple[str, str]]:
    """Give what the watchdog wrote to the workers' logs: what it found, and what it did about it."""
    logs = sorted(place.settings.data.glob("worker-*.log"))
    lines = [line for log in logs for line in log.read_text().splitlines()]
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    return [(entry["what"], entry["done"]) for entry in entries if entry["event"] == "watchdog.found"]


def quick_clock() -> Clock:
    """Give a clock that starts now and goes quickly: the first due instant, after three weeks, comes in seconds."""
    now = datetime.now(UTC)
    return Clock(real_epoch=now, trial_epoch=now, factor=timedelta(days=1) / timedelta(seconds=0.7))


async def at_work(place: Installation) -> bool:
    """Say whether a worker has a workflow task of a watchdog's run."""
    schedule = await place.temporal.get_schedule_handle(schedule_id(TRIAL)).describe()
    runs: list[Any] = list(schedule.info.running_actions)
    described = [await place.temporal.get_workflow_handle(run.workflow_id).describe() for run in runs]
    return any(run.raw_description.pending_workflow_task.HasField("started_time") for run in described)


async def test_a_run_of_the_watchdog_that_never_ends_is_ended_and_others_follow(
    tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None
) -> None:
    """F22: the worker dies with a run's task in its hands, and the server loses every timer: nothing would time out."""
    async with own_installation(tmp_path_factory, databases, EVERY) as place:
        os.kill(place.workers[0].pid, signal.SIGSTOP)
        await until(lambda: at_work(place))
        place.workers[0].kill()
        place.server.kill()
        with closing(sqlite3.connect(place.server.file)) as file:
            lost = file.execute("DELETE FROM timer_tasks").rowcount
            file.commit()
        place.server.start()
        place.start_worker()

        await quiet(place)

        assert lost > 0
        assert "watchdog.run_halted" in (place.settings.data / "worker-1.log").read_text()


async def test_a_lost_timer_is_found_overdue_and_nudged(
    tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None
) -> None:
    """F22: the server is stopped and every timer deleted from its file, the watchdog's own among them.

    The laboratory poll waited on a timer for its next try too: it is tried at once.
    """
    async with own_installation(tmp_path_factory, databases, EVERY, quick_clock) as place:
        subject = await place.enroll()
        since = datetime.now(UTC)
        due = (await place.handle(subject).query("show"))["next_due"]
        place.server.kill()
        with closing(sqlite3.connect(place.server.file)) as file:
            lost = file.execute("DELETE FROM timer_tasks").rowcount
            file.commit()
        place.server.start()
        clock = clock_of(place.facts(subject)) or Clock.real()
        come = clock.real_time(datetime.fromisoformat(due["at"]))

        found = await finding(place, patient_stream(TRIAL, subject), "OVERDUE", since)
        reached = await until(lambda: ready(place.facts(subject, "DueReached")), PATIENCE)

        assert (lost > 0, come > since) == (True, True)
        assert found.done == "woken"
        late = datetime.fromisoformat(reached[0].stored_at) - come
        assert timedelta(seconds=GRACE) < late < timedelta(seconds=GRACE + 2 * PERIOD + 3)
        assert ("STUCK", "retried") in logged(place)
        await quiet(place)
        await place.assert_healthy(subject)


async def test_an_activity_whose_worker_and_timer_are_both_lost_is_tried_again(
    tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None
) -> None:
    """F22: the worker dies amid a notice, and the server loses the timer that would have told: its try never ends."""
    async with own_installation(tmp_path_factory, databases, EVERY) as place:
        subject, note = await place.enroll(), place.settings.data / "death-note"
        assert place.workers[0].stop() == 0
        note.write_text("SERIOUS_ADVERSE_EVENT")
        failing = place.start_worker("tests/server/failing_worker.py", **{DEATH_NOTE: str(note)})
        await place.send(subject, "adverse_event", "INV1", **(RASH | {"serious": True, "grade": 3}))
        await until(lambda: ready(not failing.is_running))
        place.server.kill()
        with closing(sqlite3.connect(place.server.file)) as file:
            lost = file.execute("DELETE FROM timer_tasks").rowcount
            file.commit()
        place.server.start()
        place.start_worker()

        async def all_told() -> bool:
            asked, told = (place.facts(subject, kind) for kind in ("NoticeRequested", "NoticeReached"))
            return len(asked) == len(told)

        await until(all_told, PATIENCE)
        await quiet(place)

        assert lost > 0
        assert ("STUCK", "retried") in logged(place)
        await place.assert_healthy(subject)
