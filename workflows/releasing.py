"""Makes a version of the workers the current one and moves every running stream to it; a rollback is the same.

It sends `wake` and nothing else: a run that is woken hands over to the current version by itself, between two messages.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.comparing import Described, described
from workflows.versions import Deployment, deployment_of, working

AT_ONCE = 10
ON_THE_WAY = 16
"""Runs that are woken and have not moved yet. With all at once their tasks wait longer than the sticky queue's 3 s, and
each is replayed as a whole (measured with 51 on a busy machine: 60 s and more instead of 12)."""
PAUSE_SECONDS = 0.1
AGAIN_SECONDS = 4.0
"""Until a run that has not moved is woken again: its first task may have come before the servers knew the version."""
BEGINNING_SECONDS = 2.0
"""Until the server tells of a worker that has just said that it is ready."""
FAILING_FROM = 4
"""Tries of a workflow task after which it is said that it fails."""


class NoReleaseError(Exception):
    """This build cannot become the current one; nothing was changed. The message says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where streams shall run: the workers' task queue, their deployment, and one build of it."""

    task_queue: str
    deployment: str
    build: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a release. `left`: each stream that still runs elsewhere, and why."""

    before: str
    streams: int
    seconds: float
    left: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """A build (empty: runs without a version), its status in a word, its living workers, and the streams it runs."""

    build: str
    status: str
    workers: int
    streams: int


async def make_current(client: Client, target: Target) -> Deployment:
    """Make a build the current one, and give the deployment as it was. A build that is current already is left alone.

    Raises NoReleaseError, NoDeploymentsError, RPCError.
    """
    known, alive = await _looked(client, target)
    _refuse_unless_known(target, known, alive)
    if known.current == target.build:
        return known
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace,
        deployment_name=target.deployment,
        build_id=target.build,
        conflict_token=known.token,
        identity=client.identity,
    )
    try:
        await client.workflow_service.set_worker_deployment_current_version(request)
    except RPCError as problem:
        if problem.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise
        raise NoReleaseError(f"the server refuses {target.build}: {problem.message}; nothing was changed") from None
    return known


async def _looked(client: Client, target: Target) -> tuple[Deployment, Counter[str]]:
    """Give the deployment and its living workers, after a moment where the build has none: they may have just begun."""
    end = time.monotonic() + BEGINNING_SECONDS
    while True:
        known = await deployment_of(client, target.deployment)
        alive = await working(client, target.task_queue, target.deployment)
        if (target.build in known.builds and alive[target.build]) or time.monotonic() > end:
            return known, alive
        await asyncio.sleep(PAUSE_SECONDS)


def _refuse_unless_known(target: Target, known: Deployment, alive: Counter[str]) -> None:
    accepted = ", ".join(build for build in sorted({*known.builds, *alive}) if alive[build]) or "none"
    if target.build not in known.builds and not alive[target.build]:
        why = f"no worker of {target.deployment} with the build {target.build} has ever asked for work"
    elif not alive[target.build]:
        why = f"no worker of the build {target.build} asks for work now"
    else:
        return
    how = f"start one with TRIALPATH_DEPLOYMENT={target.deployment} TRIALPATH_BUILD={target.build}"
    raise NoReleaseError(f"{why}: {how}; builds with workers: {accepted}; nothing was changed")


async def move(
    client: Client,
    target: Target,
    streams: Callable[[], Iterable[str]],
    longest_seconds: float,
    told: Callable[[int, int], None],
) -> dict[str, str]:
    """Wake what runs elsewhere, some at once, until nothing does; give what is left after the longest time, and why.

    `streams` is asked again at each look, for subjects may be enrolled meanwhile. `told` hears how many of how many
    streams are where they should be. Raises RPCError.
    """
    end = time.monotonic() + longest_seconds
    there: set[str] = set()
    asked: dict[str, float] = {}
    while True:
        known = list(await asyncio.to_thread(streams))
        waiting = [stream for stream in known if stream not in there]
        told(len(known) - len(waiting), len(known))
        if not waiting or time.monotonic() > end:
            break
        on_the_way = [stream for stream in waiting if time.monotonic() - asked.get(stream, 0) < AGAIN_SECONDS]
        others = sorted(set(waiting) - set(on_the_way), key=lambda stream: asked.get(stream, 0))
        upcoming = others[: max(ON_THE_WAY - len(on_the_way), 0)]
        asked |= dict.fromkeys(upcoming, time.monotonic())
        found = await _looks(client, [*on_the_way, *upcoming])
        there |= {stream for stream, run in found.items() if run is None or run.build == target.build}
        for stream in upcoming:
            run = found[stream]
            if stream not in there and run is not None and run.waiting_since is None:
                await _wake(client, stream)
        await asyncio.sleep(PAUSE_SECONDS)
    alive = await working(client, target.task_queue, target.deployment) if waiting else Counter()
    looks = (await _looks(client, waiting)).items()
    return {stream: _why(run, alive) for stream, run in looks if run is not None and run.build != target.build}


async def _looks(client: Client, streams: Iterable[str]) -> dict[str, Described | None]:
    """Give each stream's run as Temporal describes it."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(stream: str) -> tuple[str, Described | None]:
        async with gate:
            return stream, await running(client, stream)

    return dict(await asyncio.gather(*map(look, streams)))


async def running(client: Client, stream: str) -> Described | None:
    """Give a stream's run as Temporal describes it; None where none runs. Raises RPCError."""
    try:
        found = described(await client.get_workflow_handle(stream).describe())
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return found if found.is_running else None


async def _wake(client: Client, stream: str) -> None:
    try:
        await client.get_workflow_handle(stream).signal("wake")
    except RPCError as problem:
        if problem.status is not RPCStatusCode.NOT_FOUND:  # it has just closed
            raise


def _why(found: Described, alive: Counter[str]) -> str:
    where = f"it runs on {found.build}" if found.build else "it runs on no version"
    if found.problems or found.tries >= FAILING_FROM:
        return f"{where}, and its task fails, try {found.tries}: {found.problems or 'no reason given yet'}"
    if found.build and not alive[found.build]:
        return f"{where}, and no worker of that version asks for work: start one, it must hand over"
    return f"{where}: it has not handed over yet"


async def show(client: Client, task_queue: str, deployment: str, streams: Iterable[str]) -> list[Shown]:
    """Give each version with how many streams run on it, the current one first. Raises NoDeploymentsError, RPCError."""
    known = await deployment_of(client, deployment)
    alive = await working(client, task_queue, deployment)
    found = await _looks(client, streams)
    counted = Counter(row.build for row in found.values() if row is not None)
    rows = [
        Shown(build, known.builds.get(build, "without a version"), alive[build], counted[build])
        for build in {*known.builds, *alive, *counted}
    ]
    return sorted(rows, key=lambda row: (row.build != known.current, row.build))
