"""How a workflow calls `record`: quickly when the journal is there, patiently when it is away. Never two at once."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.contract import RECORD, RecordRequest, Step

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
