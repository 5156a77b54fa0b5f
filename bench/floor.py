"""The bare Temporal floor: the leanest workflow with the reference journey's timers, activities and messages.

It decides, records and shows nothing. Its activities are remote, as ours are.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

REFERENCE = Path(__file__).with_name("reference_journey.json")
QUEUE = "floor"


@workflow.defn
class BareJourney:
    """Timers, activities and updates in the order of the reference journey."""

    def __init__(self) -> None:
        """Begin with no message."""
        self._messages = 0

    @workflow.run
    async def run(self, stages: Sequence[dict[str, Any]], ms_per_day: float, port: int) -> None:
        """Run the stages."""
        wanted = 0
        for number, stage in enumerate(stages):
            if stage["timer_days"]:
                await workflow.sleep(timedelta(milliseconds=stage["timer_days"] * ms_per_day))
            for count in (stage["activities"], stage["then"]):
                await asyncio.gather(*(self._act(number, port) for _ in range(count)))
            wanted += len(stage["messages"])
            await workflow.wait_condition(partial(self._has, wanted))

    def _has(self, messages: int) -> bool:
        return self._messages >= messages

    async def _act(self, number: int, port: int) -> None:
        await workflow.execute_activity(
            "floor_act",
            args=[workflow.info().workflow_id, number, port],
            start_to_close_timeout=timedelta(seconds=60),
        )

    @workflow.query
    def messages(self) -> int:
        """Give how many messages came."""
        return self._messages

    @workflow.update
    async def message(self, _text: str) -> int:
        """Take a message."""
        self._messages += 1
        return self._messages


@activity.defn(name="floor_act")
async def floor_act(name: str, stage: int, port: int) -> None:
    """Do nothing, and tell the driver."""
    tell_driver(name, stage, port)


def tell_driver(name: str, stage: int, port: int) -> None:
    """Send the driver a datagram: a step of this journey's stage was done."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
        teller.sendto(json.dumps([name, stage]).encode(), ("127.0.0.1", port))


async def work(address: str) -> None:
    """Run the floor's worker."""
    client = await Client.connect(address)
    worker = Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareJourney],
        activities=[floor_act],
        max_cached_workflows=1000,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    )
    async with worker:
        print("worker ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
