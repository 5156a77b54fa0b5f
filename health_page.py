"""The health page of a worker: looks at everything an installation rests on, every few seconds, and tells it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial

import structlog
from temporalio.client import Client

from activities import checks
from activities.checks import Check
from activities.ports import Laboratory, NoticeSink
from preflight import UnusableSettingError
from settings import PREFIX, Settings
from workflows.health import examine
from workflows.serving import HealthServer

LOOK_SECONDS = 5.0
"""Between two looks of a worker at all it rests on; a look may take as long."""
_log = structlog.stdlib.get_logger("trialpath.health")


def health_page(settings: Settings) -> HealthServer | None:
    """Listen where health is to be served; None: nowhere. Raises UnusableSettingError."""
    if not settings.health_address:
        return None
    try:
        return HealthServer(settings.health_address)
    except OSError as problem:
        why = f"{problem.strerror}; name a free port of this machine"
        raise UnusableSettingError(f"{PREFIX}HEALTH_ADDRESS {settings.health_address}: {why}") from None


def outside(settings: Settings, laboratory: Laboratory, sink: NoticeSink) -> dict[str, Callable[[], Check]]:
    """Give what this installation rests on beside Temporal, each with the look at it."""
    return {
        "disk": partial(checks.disk, settings.data, settings.least_free_megabytes),
        "laboratory": partial(
            checks.source, "laboratory", settings.lab_url or f"folder {settings.labs}", laboratory.check
        ),
        "notices": partial(checks.source, "notices", sink.name, sink.check),
    }


async def keep_looking(
    page: HealthServer, client: Client, settings: Settings, looks: Mapping[str, Callable[[], Check]]
) -> None:
    """Look at everything every few seconds, and tell it on the page. What does not answer in time is not well.

    A look that hangs is not begun again until it ends: looks share few threads with the activities.
    """
    on_its_way: dict[str, asyncio.Task[Check]] = {}

    async def one(name: str, look: Coroutine[None, None, list[Check]]) -> list[Check]:
        try:
            return await asyncio.wait_for(look, LOOK_SECONDS)
        except TimeoutError:
            return [Check(name, ok=False, detail=f"it did not answer within {LOOK_SECONDS:.0f} s")]
        except Exception as problem:  # noqa: BLE001 - whatever it is, it must not end the looks at the other parts
            kind = type(problem).__name__  # and no more: its text may hold what was read
            _log.error("health.look_failed", part=name, kind=kind)
            return [Check(name, ok=False, detail=f"it cannot be looked at ({kind}, a fault of ours)")]

    async def local(name: str, look: Callable[[], Check]) -> list[Check]:
        task = on_its_way.get(name) or asyncio.create_task(asyncio.to_thread(look))
        on_its_way[name] = task
        try:
            return [await asyncio.shield(task)]
        finally:
            if task.done():
                del on_its_way[name]

    while True:
        temporal = one("temporal", examine(client, settings.trial, settings.task_queue, settings.versioned_as))
        found = await asyncio.gather(*(one(name, local(name, look)) for name, look in looks.items()), temporal)
        page.tell([check for several in found for check in several])
        await asyncio.sleep(LOOK_SECONDS)
