"""An activity tells Temporal that it goes on: one whose worker died is tried again soon, not after its longest time.

The first word comes after a quarter of the time that silence may last, so that a short activity says nothing. An
attempt that Temporal gave up ends in one line of the log: it is tried again, and nobody has to look at where it was.
"""

import asyncio
import inspect
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class BeatingInterceptor(Interceptor):
    """Beats for each activity that has a heartbeat time-out, whatever it does and wherever it runs."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Go around it."""
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: ANN401 - whatever an activity gives
        silence = activity.info().heartbeat_timeout
        if silence is None:
            return await super().execute_activity(input)
        beats = asyncio.create_task(_beat(silence / 4, in_thread=not inspect.iscoroutinefunction(input.fn)))
        try:
            return await super().execute_activity(input)
        except asyncio.CancelledError:
            told = activity.cancellation_details()
            if told is None or told.cancel_requested:
                raise
            why = ", ".join(name for name, is_so in asdict(told).items() if is_so)
            activity.logger.info("attempt given up", extra={"why": why})
            raise ApplicationError(why, type="GivenUp", category=ApplicationErrorCategory.BENIGN) from None
        finally:
            beats.cancel()


async def _beat(every: timedelta, *, in_thread: bool) -> None:
    """Beat until cancelled. An activity in a thread is given a heartbeat that waits for the loop: it beats from one."""
    while True:
        await asyncio.sleep(every.total_seconds())
        if in_thread:
            await asyncio.to_thread(activity.heartbeat)
        else:
            activity.heartbeat()
