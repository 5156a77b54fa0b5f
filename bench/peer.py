"""The peer: the reference journey on DBOS Transact, as its user would write it. It decides and shows nothing either.

A worker process of its own. A step does what an activity of the floor does; a message is a notification on a topic.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from dbos import DBOS, DBOSConfig

from bench.floor import tell_driver

APPLICATION = "reference-journey"
RELEASE = "1"
QUEUE = "journeys"
TOPIC = "staff"
LOOK_SECONDS = 0.01
"""Between two looks for started journeys, and (on SQLite, which cannot notify) for messages; one second by default."""
FOR_EVER_SECONDS = 10 * 365 * 24 * 3600.0


@DBOS.step(name="act")
async def act(name: str, stage: int, port: int) -> None:
    """Do nothing, and tell the driver."""
    tell_driver(name, stage, port)


@DBOS.workflow(name="journey")
async def journey(stages: Sequence[dict[str, Any]], ms_per_day: float, port: int) -> None:
    """Run the stages: durable sleep, steps at once, messages."""
    name = str(DBOS.workflow_id)
    for number, stage in enumerate(stages):
        if stage["timer_days"]:
            await DBOS.sleep_async(stage["timer_days"] * ms_per_day / 1000)
        for count in (stage["activities"], stage["then"]):
            await asyncio.gather(*(act(name, number, port) for _ in range(count)))
        for _ in stage["messages"]:
            await DBOS.recv_async(TOPIC, FOR_EVER_SECONDS)


async def work(url: str) -> None:
    """Run the peer's worker on a database."""
    settings = DBOSConfig(
        name=APPLICATION,
        application_version=RELEASE,
        system_database_url=url,
        log_level="ERROR",
        notification_listener_polling_interval_sec=LOOK_SECONDS,
    )
    DBOS(config=settings)
    DBOS.launch()
    await DBOS.register_queue_async(QUEUE, polling_interval_sec=LOOK_SECONDS)
    print("worker ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
