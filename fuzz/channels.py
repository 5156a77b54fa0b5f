"""The channels of a message: update, signal, both raw over gRPC, and the command line."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from temporalio.api.common.v1 import Header, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest, UpdateWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from cli.main import UNHEALTHY
from fuzz.ground import ANSWER_SECONDS, Ground
from fuzz.looking import BY_HAND
from fuzz.messages import Odd
from tests.server.installation import stream_of
from tests.server.rig import ROOT

OUT_OF_TIME = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
DOCUMENTED = (0, 1, 2, 3, 4, 5, 130)
CARRIED_AT_MOST = 1_000_000
"""Bytes of a message above which Temporal may refuse to carry it: then the sender is told by Temporal itself."""


class Over(Exception):
    """The journey has ended: an accepted message led to it."""


async def update(ground: Ground, subject: str | None, odd: Odd) -> str:
    """Send an update. Give what its sender learnt: answered, told (Temporal carries no such thing), or nothing."""
    arguments = [RawValue(payload) for payload in odd.payloads]
    try:
        await asyncio.wait_for(ground.place.handle(subject).execute_update(odd.kind, args=arguments), ANSWER_SECONDS)
    except WorkflowUpdateFailedError:
        return "answered"
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return "nothing"
    except RPCError as problem:
        return _told(problem)
    return "answered"


async def signal(ground: Ground, subject: str | None, odd: Odd) -> str:
    """Send a signal."""
    try:
        await ground.place.handle(subject).signal(odd.kind, args=[RawValue(payload) for payload in odd.payloads])
    except RPCError as problem:
        return _told(problem)
    return "sent"


async def raw_payload(ground: Ground, subject: str | None, odd: Odd) -> str:
    """Send a signal past every client library: with its headers, its identity and its payloads as they are."""
    request = SignalWorkflowExecutionRequest(
        namespace=ground.place.namespace,
        workflow_execution=WorkflowExecution(workflow_id=stream_of(subject)),
        signal_name=odd.kind,
        identity=odd.identity,
        request_id=str(uuid4()),
        input=Payloads(payloads=odd.payloads),
        header=Header(fields=odd.headers),
    )
    try:
        await ground.place.temporal.workflow_service.signal_workflow_execution(request)
    except RPCError as problem:
        return _told(problem)
    return "sent"


async def raw_update(ground: Ground, subject: str | None, odd: Odd) -> str:
    """Send an update past every client library: with its headers, its identity and its payloads as they are."""
    try:
        return await asyncio.wait_for(
            _completed(ground, update_request(ground.place.namespace, subject, odd)), ANSWER_SECONDS
        )
    except TimeoutError:
        return "nothing"
    except RPCError as problem:
        return "nothing" if problem.status in OUT_OF_TIME else _told(problem)


def update_request(namespace: str, subject: str | None, odd: Odd) -> UpdateWorkflowExecutionRequest:
    """Give an update as it goes over the wire, with an id of its own."""
    completed = UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
    return UpdateWorkflowExecutionRequest(
        namespace=namespace,
        workflow_execution=WorkflowExecution(workflow_id=stream_of(subject)),
        wait_policy=WaitPolicy(lifecycle_stage=completed),
        request=Request(
            meta=Meta(update_id=str(uuid4()), identity=odd.identity),
            input=Input(name=odd.kind, args=Payloads(payloads=odd.payloads), header=Header(fields=odd.headers)),
        ),
    )


async def _completed(ground: Ground, request: UpdateWorkflowExecutionRequest) -> str:
    """Ask again with the same id until there is an outcome: the server answers earlier when it took long."""
    while True:
        answer = await ground.place.temporal.workflow_service.update_workflow_execution(request)
        if answer.HasField("outcome"):
            return "answered"


def _told(problem: RPCError) -> str:
    if problem.status is RPCStatusCode.NOT_FOUND:
        raise Over
    carried = problem.status in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.RESOURCE_EXHAUSTED)
    return "told" if carried else f"error {problem.status.name}: {problem.message[:200]}"


async def starter(ground: Ground, words: Sequence[str | bytes], **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    command: list[str | bytes] = [sys.executable, str(ROOT / "starter.py"), *words]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, **ground.place.environment, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        out, errors = await asyncio.wait_for(process.communicate(), 90)
    except TimeoutError:
        process.kill()
        out, errors = await process.communicate()
        errors += b"\nTraceback: no answer within 90 s"
    return subprocess.CompletedProcess(command, process.returncode or 0, out, errors)


async def command_line(ground: Ground, subject: str | None, odd: Odd, folder: Path) -> tuple[int, str, str]:
    """Send by the command line, from a file. Give its exit code, the submission's id, and what was printed."""
    submission, file = f"{BY_HAND}{uuid4()}", folder / f"{uuid4().hex}.json"
    file.write_bytes(odd.arguments[0] if odd.arguments else b"")
    to = subject or "TRIAL"
    kind = odd.kind.replace("\x00", "")
    done = await starter(ground, ["send", to, "--id", submission, "--file", str(file), "--staff", "INV1", "--", kind])
    file.unlink()
    return done.returncode, submission, (done.stdout + done.stderr).decode(errors="replace")


def is_broken(code: int, printed: str) -> bool:
    """Say whether the command line fell over: a traceback, or an end that `send` does not have."""
    return "Traceback" in printed or code not in DOCUMENTED or code == UNHEALTHY
