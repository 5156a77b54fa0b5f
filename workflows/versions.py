"""What Temporal knows of the workers' versions: which is current, which has workers, what runs there. It only reads.

A release is a build of a worker deployment. A run is pinned to the build that did its first task, until it hands over.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio.api.deployment.v1 import WorkerDeploymentOptions
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from activities.checks import Check
from workflows.workers import FIRST_BEAT, OLDEST_BEAT, OLDEST_POLL, beating, polling

OURS = "WorkflowType IN ('PatientJourney', 'TrialRegister')"
STATUS = "WORKER_DEPLOYMENT_VERSION_STATUS_"


class NoDeploymentsError(RuntimeError):
    """This server, or its settings, knows no versions of workers."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A worker deployment: its current build (empty: none), and each build known with its status in a word."""

    current: str = ""
    builds: dict[str, str] = field(default_factory=dict)
    token: bytes = b""
    """What a change must show, so that two releases at once do not overwrite each other."""


def config(deployment: str, build: str) -> WorkerDeploymentConfig | None:
    """Say of which version a worker is; None without a deployment. Its runs are pinned to it until they hand over."""
    if not deployment:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment, build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def deployment_of(client: Client, name: str) -> Deployment:
    """Give a deployment; one of which no worker ever asked for work is empty. Raises NoDeploymentsError, RPCError."""
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
    try:
        answer = await client.workflow_service.describe_worker_deployment(request)
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            return Deployment()
        raise _unknown(problem) from None
    found = answer.worker_deployment_info
    return Deployment(
        current=found.routing_config.current_deployment_version.build_id,
        builds={
            row.deployment_version.build_id: WorkerDeploymentVersionStatus.Name(row.status).removeprefix(STATUS).lower()
            for row in found.version_summaries
        },
        token=answer.conflict_token,
    )


def _unknown(problem: RPCError) -> Exception:
    """Give what it means that a server does not answer to a question about deployments."""
    if problem.status is RPCStatusCode.UNIMPLEMENTED or "are disabled on this namespace" in problem.message:
        return NoDeploymentsError(f"this server knows no worker deployments ({problem.message}); see docs/releases.md")
    return problem


async def working(client: Client, task_queue: str, deployment: str) -> Counter[str]:
    """Count the living workers of each build. Raises RPCError.

    One that has just begun is known by its poll alone, and several of those count as one.
    """
    beats, polls = await beating(client, task_queue), await polling(client, task_queue)
    now = datetime.now(UTC)
    alive = Counter(
        row.deployment_version.build_id
        for row in beats or ()
        if row.deployment_version.deployment_name == deployment
        and now - row.heartbeat_time.ToDatetime(UTC) <= OLDEST_BEAT
    )
    oldest = FIRST_BEAT if beats is not None else OLDEST_POLL
    for row in polls:
        if now - row.last_access_time.ToDatetime(UTC) <= oldest and _is_of(deployment, row.deployment_options):
            alive[row.deployment_options.build_id] = max(alive[row.deployment_options.build_id], 1)
    return alive


def _is_of(deployment: str, options: WorkerDeploymentOptions) -> bool:
    return options.deployment_name == deployment and bool(options.build_id)


async def check(client: Client, task_queue: str, deployment: str) -> Check:
    """Say whether each run has workers of its version, and whether a new one would get some. Nothing is raised."""
    try:
        known = await deployment_of(client, deployment)
        alive = await working(client, task_queue, deployment)
        wrong = _wrong(known, alive, deployment)
        for build in [build for build, status in known.builds.items() if not alive[build] and status != "drained"]:
            if count := await _running(client, task_queue, deployment, build):
                wrong.append(f"{count} streams run on {build}, and no worker of it asks for work: start one")
    except NoDeploymentsError as problem:
        return Check("release", ok=False, detail=str(problem))
    except RPCError as problem:
        return Check("release", ok=False, detail=problem.message)
    return Check("release", ok=not wrong, detail="; ".join(wrong) or f"{deployment} {known.current} is current")


def _wrong(known: Deployment, alive: Counter[str], deployment: str) -> list[str]:
    if not known.current:
        return [f"{deployment} has no current version, so nothing that is new begins: `starter.py release BUILD`"]
    if not alive[known.current]:
        return [f"no worker of the current version {known.current} asks for work: start one, or `release --back-to`"]
    return []


async def _running(client: Client, task_queue: str, deployment: str, build: str) -> int:
    """Count the streams that run on a build, by Temporal's list, which comes a moment late."""
    of_build = f"TemporalWorkerDeploymentVersion = '{deployment}:{build}' AND TaskQueue = '{task_queue}'"
    return (await client.count_workflows(f"{of_build} AND {OURS} AND ExecutionStatus = 'Running'")).count
