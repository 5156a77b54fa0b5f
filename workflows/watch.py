"""One run of the watchdog as a short workflow, begun by a schedule. Its result is its report."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, VersioningBehavior
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.report import HEARTBEAT, WATCH, Report, WatchRequest

LONGEST = timedelta(minutes=10)
TRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=2)


@workflow.defn(name="Watchdog")
class Watch:
    """Holds the journal against Temporal once. It takes no message; its result tells what it found."""

    @workflow.run
    async def run(self, request: WatchRequest) -> Report:
        """Look, and report; also when it could not look."""
        try:
            report: Report = await workflow.execute_activity(
                WATCH,
                request,
                result_type=Report,
                start_to_close_timeout=LONGEST,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=TRIES,
                summary="Hold the journal against Temporal",
            )
        except ActivityError as failed:
            problem = str(failed.cause or failed)[:300]
            return Report(at=workflow.now(), problem=f"it could not look: {problem}")
        return report


@workflow.defn(name="Watchdog", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class MovingWatch(Watch):
    """The same on a worker that has a version, and pinned to none; a worker without a version may not say so.

    After a release was taken back nobody would be left to end a pinned look, and while it does not end no other begins.
    """

    @workflow.run
    async def run(self, request: WatchRequest) -> Report:
        """Look, and report; also when it could not look."""
        return await super().run(request)
