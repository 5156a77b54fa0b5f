"""A release on the development server: two versions of the workers, other rules and another shell, and back again."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType, VersioningBehavior, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecution, WorkflowHistory

from activities.checks import Check
from activities.comparing import described
from activities.contract import Answer
from activities.recorder import Recorder
from domain.decider import trial_stream
from journal.store import StoredFact
from tests.server.bad import RASH
from tests.server.installation import Installation, install, stream_of, until
from tests.server.past import TRIAL, Past, ago, in_adjuvant, in_evaluation, in_surgery_wait
from tests.server.rig import Server
from workflows import versions
from workflows.releasing import NoReleaseError, Target, make_current
from workflows.replaying import replayed

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
FIRST, SECOND = "1.0", "2.0"
DEPLOYMENT = "trialpath"
SUBJECTS, BUSY = 20, 2
SERIOUS = RASH | {"serious": True, "grade": 3}


@dataclass(frozen=True)
class Trial:
    """Twenty subjects mid-way, whose journeys run on versioned workers."""

    place: Installation
    subjects: list[str]

    def facts(self) -> dict[str | None, list[StoredFact]]:
        """Give every fact of the subjects and of the register, as stored."""
        return {name: self.place.journal.facts(stream_of(name)) for name in (*self.subjects, None)}

    async def runs(self) -> dict[str | None, str]:
        """Give the run of each stream."""
        described_all = [(name, await self.place.handle(name).describe()) for name in (*self.subjects, None)]
        return {name: found.run_id or "" for name, found in described_all}

    async def builds(self) -> set[str]:
        """Give the versions that the streams run on."""
        return {described(await self.place.handle(name).describe()).build for name in (*self.subjects, None)}

    async def report(self, **fields: Any) -> list[Answer]:
        """Report an adverse event for each subject, and give the answers."""
        return await asyncio.gather(*(self.place.send(name, "adverse_event", **fields) for name in self.subjects))

    def told(self, before: dict[str | None, list[StoredFact]]) -> list[set[str]]:
        """Give the notices that each subject's stream asked for since then."""
        since = {name: facts[len(before[name]) :] for name, facts in self.facts().items() if name}
        return [{_notice(fact) for fact in facts if fact.kind == "NoticeRequested"} for facts in since.values()]


def _notice(fact: StoredFact) -> str:
    return str(json.loads(fact.body)["notice"])


async def release(place: Installation, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command, beside what the test does meanwhile."""
    return await asyncio.to_thread(place.cli, "release", *words, **env)


async def builds(place: Installation) -> dict[str, str]:
    """Give the versions of which a worker has asked for work."""
    return (await versions.deployment_of(place.temporal, DEPLOYMENT)).builds


async def health(place: Installation) -> Check:
    """Give what health says of the release."""
    return await versions.check(place.temporal, place.settings.task_queue, DEPLOYMENT)


async def told_red(place: Installation, cause: str) -> bool:
    """Say whether health is red for a cause."""
    found = await health(place)
    return not found.ok and cause in found.detail


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def versioned(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation whose one worker has a version, and none is current yet."""
    place = await install(server, "releases", tmp_path_factory.mktemp("releases"))
    place.start_worker(TRIALPATH_BUILD=FIRST)
    yield place
    place.end()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trial(versioned: Installation) -> Trial:
    """Subjects in every phase of their way; the first version is current."""
    await make_current(versioned.temporal, Target(versioned.settings.task_queue, DEPLOYMENT, FIRST))
    await versioned.open()
    journal, recorder = versioned.journal, Recorder(versioned.journal)
    pasts = [
        *(in_surgery_wait(journal, TRIAL, ago(29 + number), recorder=recorder) for number in range(6)),
        *(in_evaluation(journal, TRIAL, ago(10 + number)) for number in range(3)),
        *(in_adjuvant(journal, TRIAL, ago(5 + number), "COHORT_2") for number in range(3)),
        *(Past(journal, TRIAL, ago(9), recorder=recorder).randomized(ago(5), "COHORT_2") for _ in range(4)),
        *(Past(journal, TRIAL, ago(3), recorder=recorder) for _ in range(4)),
    ]
    await versioned.trial.wake(trial_stream(TRIAL))
    for past in pasts:
        await versioned.seen(past.number, past.journey.seq)
    found = Trial(versioned, [past.number for past in pasts])
    assert len(found.subjects) == SUBJECTS
    return found


async def test_until_a_version_is_current_nothing_begins_and_health_says_so(versioned: Installation) -> None:
    """The first release makes it current. A build that nobody runs is refused, with those that are accepted."""
    await until(lambda: builds(versioned))
    red = await health(versioned)
    with pytest.raises(NoReleaseError, match=f"build 9.9 has ever asked for work.*builds with workers: {FIRST};"):
        await make_current(versioned.temporal, Target(versioned.settings.task_queue, DEPLOYMENT, "9.9"))
    done = await release(versioned, TRIALPATH_BUILD=FIRST)

    assert (red.ok, "no current version" in red.detail) == (False, True)
    assert done.returncode == 0, done.stderr
    assert (await health(versioned)).ok


async def test_a_release_moves_all_loses_nothing_and_changes_no_fact(trial: Trial) -> None:
    """Idle subjects are woken; who is being reported on meanwhile loses no message; each hand-over replays clean."""
    place = trial.place
    place.start_worker("tests/server/next_worker.py", TRIALPATH_BUILD=SECOND)
    before, runs = trial.facts(), await trial.runs()
    releasing = asyncio.create_task(release(place, SECOND, "--json"))
    rounds = 0
    while not releasing.done():
        rounds += 1
        event = RASH | {"term": f"rash {rounds}"}
        answers = await asyncio.gather(*(place.send(name, "adverse_event", **event) for name in trial.subjects[:BUSY]))
        assert {answer.outcome for answer in answers} == {"applied"}
    released = await releasing
    found = json.loads(released.stdout)

    assert (released.returncode, found["left"], found["may_stop"]) == (0, {}, [FIRST]), released.stderr
    assert (found["before"], found["streams"]) == (FIRST, SUBJECTS + 1)
    assert await trial.builds() == {SECOND}
    for name in trial.subjects[:BUSY]:
        assert len(place.facts(name, "AdverseEventReported")) == rounds
    await assert_whole(trial, before, runs)
    now = trial.facts()
    assert {answer.outcome for answer in await trial.report(**SERIOUS)} == {"applied"}
    assert all("AMENDED" in told for told in trial.told(now))


async def test_a_rollback_needs_the_workers_that_it_leaves(trial: Trial) -> None:
    """Without them the streams stay, which is said, and health is red. With them all go back to the old rules."""
    place = trial.place
    place.workers[-1].stop()
    before, runs = trial.facts(), await trial.runs()
    await until(lambda: told_red(place, f"no worker of the current version {SECOND}"))
    stayed = await release(place, "--back-to", FIRST, "--limit", "1")
    red = await health(place)
    place.start_worker("tests/server/next_worker.py", TRIALPATH_BUILD=SECOND)
    back = await release(place, "--back-to", FIRST)
    shown = await release(place, "--show", "--json")

    assert stayed.returncode == 2
    assert f"it runs on {SECOND}, and no worker of that version asks for work: start one" in stayed.stderr
    assert (red.ok, f"{SUBJECTS + 1} streams run on {SECOND}" in red.detail) == (False, True)
    assert back.returncode == 0, back.stderr
    assert f"no stream runs on {SECOND} any more: its workers may be stopped" in back.stdout
    versions_shown = {row["build"]: (row["status"], row["streams"]) for row in json.loads(shown.stdout)["versions"]}
    assert versions_shown[FIRST] == ("current", SUBJECTS + 1)
    assert versions_shown[SECOND][1] == 0
    await assert_whole(trial, before, runs, replays=False)
    now = trial.facts()
    assert {answer.outcome for answer in await trial.report(**SERIOUS)} == {"applied"}
    assert all({"SERIOUS_ADVERSE_EVENT"} <= told and "AMENDED" not in told for told in trial.told(now))


async def assert_whole(
    trial: Trial, before: dict[str | None, list[StoredFact]], runs: dict[str | None, str], *, replays: bool = True
) -> None:
    """Fail unless every fact stands as it stood, no task failed, and (with this program) what handed over replays."""
    for name, facts in trial.facts().items():
        assert facts[: len(before[name])] == before[name]
    left = {name: await since(trial.place, name, run) for name, run in runs.items()}
    assert {name for name, histories in left.items() if len(histories) < 2} == set()
    assert [failed for histories in left.values() for history in histories for failed in failures(history)] == []
    if replays:
        assert [why async for _, why in replayed(each([histories[-1] for histories in left.values()])) if why] == []


async def since(place: Installation, name: str | None, run: str) -> list[WorkflowHistory]:
    """Give the histories of a stream, the latest run first, back to a run."""
    found: list[WorkflowHistory] = []
    current = None
    while not found or found[-1].run_id != run:
        found.append(await place.temporal.get_workflow_handle(stream_of(name), run_id=current).fetch_history())
        current = found[-1].events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


def failures(history: WorkflowHistory) -> list[str]:
    """Give why tasks failed. A hand-over that a message overtook is tried again with it: that is no failure."""
    overtaken = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
    failed = [event for event in history.events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]
    causes = [event.workflow_task_failed_event_attributes for event in failed]
    return [f"{history.workflow_id}: {cause.failure.message}" for cause in causes if cause.cause != overtaken]


async def each(histories: list[WorkflowHistory]) -> AsyncIterator[WorkflowHistory]:
    """Give histories one by one."""
    for history in histories:
        yield history


async def test_a_run_of_the_watchdog_is_pinned_to_no_version(trial: Trial) -> None:
    """After a rollback its build has no workers: pinned to it no look would end, and no other would begin."""
    client = trial.place.temporal
    runs = await until(lambda: _listed(client, "WorkflowType = 'Watchdog'"))
    described = await client.get_workflow_handle(runs[-1].id, run_id=runs[-1].run_id).describe()

    assert described.raw_info.versioning_info.behavior == VersioningBehavior.VERSIONING_BEHAVIOR_AUTO_UPGRADE


async def _listed(client: Client, query: str) -> list[WorkflowExecution]:
    return [row async for row in client.list_workflows(query)]
