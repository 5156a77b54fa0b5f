"""Temporal's identity of whoever sent a message, which the SDK drops before handlers run.

The runner copies it from each activation into a header; the interceptor hands it to the handler. It is on record only.
A header that says it carries a trace, and does not, is taken off: the tracing interceptor would raise on it, for ever.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from workflows.inbound import InboundInterceptor

HEADER = "trialpath-identity"
TRACE = "_tracer-data"
"""The header in which Temporal's tracing interceptor looks for a sender's trace."""
Activate = Callable[[WorkflowActivation], WorkflowActivationCompletion]
_identity: ContextVar[str] = ContextVar("trialpath_identity", default="")


def current_identity() -> str:
    """Give the identity of the sender of the message being handled."""
    return _identity.get()


class _Inbound(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:
        _remember(input.headers)
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: ANN401 - whatever handlers give
        _remember(input.headers)
        return await super().handle_update_handler(input)


def _remember(headers: Mapping[str, Payload]) -> None:
    payload = headers.get(HEADER)
    _identity.set(payload.data.decode("utf-8", "replace") if payload is not None else "")


class IdentityInterceptor(InboundInterceptor):
    """Hands the sender's identity to the handlers."""

    around = _Inbound


class IdentityRunner(WorkflowRunner):
    """A runner of workflows that copies the sender's identity into a header of each message.

    A worker runs the shell without the sandbox, which would cost it a third of its time (measured, ADR 8). Tests keep
    the shell pure, and replay every stored history inside the sandbox.
    """

    def __init__(self, inner: WorkflowRunner | None = None) -> None:
        """Run with this runner; without one, outside the sandbox."""
        self._inner = inner or UnsandboxedWorkflowRunner()

    def prepare_workflow(self, defn: workflow._Definition) -> None:
        """Prepare as the inner runner does."""
        self._inner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        """Set them as the inner runner does."""
        self._inner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Wrap the instance's `activate`, and answer for it what no converter of ours asks.

        The SDK asks for each payload's context, six times over. Our converter and codec know no context, so the answer
        is always the same. Nor does an instance tell its thread: the SDK would throw an exception into one that takes
        more than 2 s, wherever it stands. Thrown into the midst of a step it left a run that could not be evicted, and
        a slot that was lost until the worker was started again (measured with a register of 20,000 facts under load).
        So the task fails, the thread goes on to its end, and the next try begins anew.
        """
        instance = self._inner.create_instance(det)
        instance.activate = stamping(instance.activate)  # type: ignore[assignment,method-assign] # this one instance's
        instance.get_serialization_context = _no_context  # type: ignore[assignment,method-assign] # as above
        instance.get_external_store_context = _no_target  # type: ignore[assignment,method-assign] # as above
        instance.get_thread_id = _no_thread  # type: ignore[method-assign] # as above
        return instance


def _no_context(_command: object) -> None:
    return None


def _no_thread() -> None:
    return None


def _no_target(_command: object) -> StorageDriverStoreContext:
    return StorageDriverStoreContext(target=None)


def stamping(activate: Activate) -> Activate:
    """Give an `activate` that stamps each message with its sender, and takes off a header that carries no trace."""

    def stamped(act: WorkflowActivation) -> WorkflowActivationCompletion:
        for job in act.jobs:
            kind = job.WhichOneof("variant")
            if kind == "signal_workflow":
                _stamp(job.signal_workflow.headers, job.signal_workflow.identity)
            elif kind == "do_update":
                _stamp(job.do_update.headers, job.do_update.meta.identity)
        return activate(act)

    return stamped


def _stamp(headers: Any, identity: str) -> None:  # noqa: ANN401 - a protobuf map
    headers[HEADER].CopyFrom(Payload(metadata={"encoding": b"binary/plain"}, data=identity.encode()))
    if TRACE in headers and not is_trace(headers[TRACE]):
        del headers[TRACE]


def is_trace(payload: Payload) -> bool:
    """Say whether a header is what the tracing interceptor writes: words by name, as plain JSON."""
    if payload.metadata.get("encoding") != b"json/plain":
        return False
    try:
        found = json.loads(payload.data)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(isinstance(word, str) for word in found.values())
