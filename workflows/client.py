"""The client library: sends submissions and tells what came of them.

A call that failed half-way is repeated with the same id.
"""

import asyncio
import contextlib
import hashlib
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import RawValue, WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.contract import TASK_TIMEOUT, Answer, Start
from activities.rebuild import clock_of, workflow_of
from domain.decider import patient_stream, trial_stream
from domain.intake import derived_id
from domain.values import Clock
from journal.store import Journal
from workflows.trial_register import TrialRegister

TRIES = 8
LONGEST_ID = 200
"""Characters of a submission id that are one: the update of a longer one is refused on record, by its envelope."""
FIRST_PAUSE_SECONDS = 0.05
AGAIN = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.DEADLINE_EXCEEDED,
)
"""What passes: the server restarts, a run hands over to the next, a task is tried again."""


class Unreachable(Exception):
    """Temporal did not answer. What was sent may or may not have been applied: send it again with the same id."""


SUBJECT = re.compile("S[0-9]{3,6}")
"""A subject number. No workflow is asked for anything else: Temporal would take a very long name for a broken call."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What is sent: a command by kind and fields, and about it."""

    kind: str
    fields: dict[str, Any]
    staff: str | None = None
    role: str | None = None
    reason: str | None = None
    confirmed: bool = False
    occurred_at: str | None = None
    raw: bytes | None = field(default=None, repr=False)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def envelope(self) -> dict[str, Any]:
        """Give the whole submission as it goes over the wire."""
        about = {"staff": self.staff, "role": self.role, "reason": self.reason, "occurred_at": self.occurred_at}
        given = {name: value for name, value in about.items() if value is not None}
        confirmed = {"confirmed": True} if self.confirmed else {}
        whole = {"id": self.id, **given, **confirmed, "command": {**self.fields, "kind": self.kind}}
        in_one_order: dict[str, Any] = json.loads(json.dumps(whole, sort_keys=True, default=str))
        return in_one_order

    @property
    def update_id(self) -> str:
        """Temporal's id of the update. It covers the content: a used id gets the first answer, the message unread."""
        content = json.dumps(self.envelope()).encode() if self.raw is None else self.raw
        return f"{self.id[:LONGEST_ID]}.{hashlib.sha256(content).hexdigest()[:16]}"

    def message(self) -> tuple[str, Any]:
        """Give name and argument as they go over the wire. What could not be read goes as it stands, as `raw`."""
        if self.raw is None:
            envelope = self.envelope()
            return "submit", envelope if _is_text(envelope) else _as_it_stands(json.dumps(envelope).encode())
        return self.kind[:60], _as_it_stands(self.raw)


class TrialClient:
    """Talks to the workflows of one trial."""

    def __init__(self, client: Client, trial: str, task_queue: str, journal: Journal) -> None:
        """Talk over this client. The journal is read to reach subjects whose journey has ended."""
        self.client = client
        self.trial = trial
        self._task_queue = task_queue
        self._journal = journal

    async def open_trial(self, fields: dict[str, Any], clock: Clock, staff: str = "SPO1") -> Answer:
        """Start the trial's register and open the trial."""
        stream = trial_stream(self.trial)
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await self.client.start_workflow(
                TrialRegister.run,
                Start(stream=stream, clock=clock),
                id=stream,
                task_queue=self._task_queue,
                task_timeout=TASK_TIMEOUT,
                static_summary=f"Register of {self.trial}",
            )
        submitted = Submitted("open_trial", fields, staff=staff, role="SPONSOR", id=opening_id(self.trial))
        return await self.to_trial(submitted)

    async def to_trial(self, submitted: Submitted) -> Answer:
        """Send to the trial's register. Raises Unreachable."""
        return await self._send(trial_stream(self.trial), submitted)

    async def to_subject(self, subject: str, submitted: Submitted) -> Answer:
        """Send to a subject's journey, in a new run when it has ended. Raises Unreachable."""
        if not SUBJECT.fullmatch(subject):
            return await self._misaddressed(subject, submitted)
        stream = patient_stream(self.trial, subject)
        return await self._send(stream, submitted)

    async def _send(self, stream: str, submitted: Submitted) -> Answer:
        problem = "no answer"
        for tried in range(TRIES):
            if tried:
                await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**tried)
            try:
                return await self._once(stream, submitted)
            except RPCError as error:
                problem = error.message
                if error.status is RPCStatusCode.NOT_FOUND:
                    answer = await self._not_running(stream, submitted)
                    if answer is not None:
                        return answer
                elif error.status not in AGAIN:
                    raise Unreachable(problem) from error
            except (WorkflowUpdateRPCTimeoutOrCancelledError, Unreachable) as error:
                if isinstance(error.__cause__, asyncio.CancelledError):
                    raise error.__cause__ from None  # the SDK hides that the caller gave up
                problem = str(error)
        raise Unreachable(problem)

    async def _once(self, stream: str, submitted: Submitted) -> Answer:
        handle = self.client.get_workflow_handle(stream)
        try:
            told = await handle.execute_update(*submitted.message(), id=submitted.update_id)
        except WorkflowUpdateFailedError as failed:
            return _refusal(failed)
        return Answer.model_validate(told)

    async def _not_running(self, stream: str, submitted: Submitted) -> Answer | None:
        """Reach a stream without a run by a new one from the journal; refuse, on record, a subject that never was.

        None: the subject is enrolled and its journey is about to begin.
        """
        facts = await asyncio.to_thread(self._journal.facts, stream)
        clock = clock_of(facts)
        if clock is None:
            if stream == trial_stream(self.trial):
                raise Unreachable(f"trial {self.trial} is not open: `starter.py open` first")
            answer = await self._misaddressed(stream.removeprefix(patient_stream(self.trial, "")), submitted)
            return answer if answer.outcome == "refused" else None
        operation: WithStartWorkflowOperation[object, object] = WithStartWorkflowOperation(
            workflow_of(stream),
            Start(stream=stream, clock=clock),
            id=stream,
            task_queue=self._task_queue,
            task_timeout=TASK_TIMEOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        try:
            told = await self.client.execute_update_with_start_workflow(
                *submitted.message(), id=submitted.update_id, start_workflow_operation=operation
            )
        except WorkflowUpdateFailedError as failed:
            return _refusal(failed)
        except RPCError:
            return None
        return Answer.model_validate(told)

    async def _misaddressed(self, subject: str, submitted: Submitted) -> Answer:
        fields = {"subject": subject[:40], "command": submitted.kind[:40]}
        about = Submitted("report_misaddressed", fields, id=derived_id(submitted.id, subject))
        return await self._send(trial_stream(self.trial), about)

    def subject_of(self, answer: Answer) -> str:
        """Give the subject number an enrolment's answer issued, from the journal; empty when there is none."""
        if "SubjectEnrolled" not in answer.facts or answer.first_seq is None:
            return ""
        fact = self._journal.facts(trial_stream(self.trial), answer.first_seq - 1)[0]
        return str(json.loads(fact.body)["subject"])

    async def wake(self, stream: str) -> None:
        """Make a workflow look at the journal."""
        await self.client.get_workflow_handle(stream).signal("wake")


def _is_text(envelope: dict[str, Any]) -> bool:
    """Say whether every word of it is UTF-8 text, as what was typed may not be."""
    try:
        json.dumps(envelope, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_it_stands(raw: bytes) -> RawValue:
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=raw))


def opening_id(trial: str) -> str:
    """Give the submission id under which a trial is opened, once."""
    return derived_id(trial_stream(trial), "open")


def _refusal(failed: WorkflowUpdateFailedError) -> Answer:
    """Give the refusal inside a failed update. Raises Unreachable when its run ended before the answer came."""
    cause = failed.cause
    if isinstance(cause, ApplicationError) and cause.details:
        return Answer.model_validate(cause.details[0])
    raise Unreachable(f"the update failed: {json.dumps(str(cause))}")
