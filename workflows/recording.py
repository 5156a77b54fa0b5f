"""How a workflow calls `record`: quickly when the journal is there, patiently when it is away. Never two at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.contract import RECORD, Answer, RecordRequest, Step
    from domain.intake import Message, carried_id

QUICK = RetryPolicy(initial_interval=timedelta(seconds=0.5), maximum_attempts=3)
PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=5))


async def record(request: RecordRequest, summary: str) -> Step:
    """Record: as a local activity first; when the journal is away, as an activity that waits for it.

    The summary stands beside it in the UI's timeline: the kinds of what is recorded, no more.
    """
    try:
        step: Step = await workflow.execute_local_activity(
            RECORD,
            request,
            result_type=Step,
            schedule_to_close_timeout=timedelta(seconds=5),
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=QUICK,
            summary=summary[:200],
        )
    except FailureError:  # used-up tries come as ActivityError, a time-out as the bare TimeoutError
        return await _patiently(request)
    return step


async def _patiently(request: RecordRequest) -> Step:
    """Wait for the journal: little history is written meanwhile. An activity failed by hand begins again."""
    while True:
        try:
            step: Step = await workflow.execute_activity(
                RECORD,
                request,
                result_type=Step,
                start_to_close_timeout=timedelta(seconds=20),
                retry_policy=PATIENT,
                summary="Record, once the journal is back",
            )
        except ActivityError:
            workflow.logger.warning("record.failed_by_hand")
        else:
            return step


class Waiting(Protocol):
    """What holds a message in an inbox."""

    message: Message


WaitingT = TypeVar("WaitingT", bound=Waiting)


def matched(
    batch: Sequence[WaitingT], behind: Sequence[WaitingT], answers: Sequence[Answer]
) -> tuple[list[tuple[WaitingT, Answer]], list[WaitingT]]:
    """Give each answer of a recorded step with its message, and what waits on, in order. Raises ValueError.

    A replay may hand over together what a worker that began with this task got apart: a timer first, then commands; in
    a replay the commands come first (measured on temporalio 1.35). So the answers say which messages a step took, by
    their ids. A message whose id only its record knows has the place in the batch that is left.
    """
    every = [*batch, *behind]
    named = {carried_id(waiting.message): waiting for waiting in reversed(every)}
    by_id = [named.pop(answer.submission_id, None) for answer in answers]
    taken = {id(waiting) for waiting in by_id if waiting is not None}
    ids = {answer.submission_id for answer in answers}
    left = [row for row in batch if id(row) not in taken]
    others = iter(sorted(left, key=lambda row: carried_id(row.message) in ids))
    pairs = []
    for answer, waiting in zip(answers, by_id, strict=True):
        whose = waiting or next(others, None)
        if whose is None:
            raise ValueError(f"nothing waits for the answer to {answer.submission_id}")
        taken.add(id(whose))
        pairs.append((whose, answer))
    return pairs, [row for row in every if id(row) not in taken]
