"""How a workflow carries out an effect: one activity, tried until it has an outcome or nobody wants it any more."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.contract import Effect, EffectRequest, Outcome

SILENCE = timedelta(seconds=5)
"""After so long without a heartbeat an activity is tried again: its worker died or hangs. Each activity counts once."""


async def outcome_of(effect: Effect, request: EffectRequest) -> Outcome | None:
    """Give the outcome; None when the effect was called off. One that an operator failed by hand begins again."""
    while True:
        try:
            outcome: Outcome = await workflow.execute_activity(
                effect.activity,
                request,
                result_type=Outcome,
                start_to_close_timeout=timedelta(seconds=effect.start_to_close_seconds),
                heartbeat_timeout=SILENCE,
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=effect.longest_pause_seconds)),
                summary=effect.summary,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                return None
        else:
            return outcome
