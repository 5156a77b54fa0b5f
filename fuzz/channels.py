"""The channels of a message: update, signal, raw payload over gRPC, and the command line."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from temporalio.api.common.v1 import Header, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from cli.main import UNREACHABLE
from fuzz.ground import ANSWER_SECONDS, Ground
from fuzz.messages import Odd
from tests.server.installation import stream_of
from tests.server.rig import ROOT

CHANNELS = ("update", "signal", "raw payload", "command line")
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


async def command_line(ground: Ground, subject: str | None, odd: Odd, folder: Path) -> tuple[str, str, str]:
    """Send by the command line, from a file. Give what came of it, the submission's id, and what was printed."""
    submission, file = f"fuzz-{uuid4()}", folder / f"{uuid4().hex}.json"
    file.write_bytes(odd.arguments[0] if odd.arguments else b"")
    to = subject or "TRIAL"
    kind = odd.kind.replace("\x00", "")
    done = await starter(ground, ["send", to, "--id", submission, "--file", str(file), "--staff", "INV1", "--", kind])
    file.unlink()
    printed = (done.stdout + done.stderr).decode(errors="replace")
    if "Traceback" in printed or done.returncode not in DOCUMENTED or done.returncode == 1:
        return "traceback", submission, f"exit {done.returncode}: {printed[-1500:]}"
    return ("told" if done.returncode == UNREACHABLE else "answered"), submission, printed[-300:]
