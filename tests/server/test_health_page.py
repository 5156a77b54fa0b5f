"""A worker's health over HTTP and its figures for Prometheus: each failure turns it red, with the right cause."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bench.postgres import Cluster
from tests.server.bad import RASH
from tests.server.installation import Installation, own_installation, until

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
RED_SECONDS = 30


def free_port() -> int:
    """Give a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Watched:
    """An installation whose worker serves its health and its figures."""

    place: Installation
    health: str
    metrics: str

    async def seen(self) -> tuple[int, dict[str, Any]]:
        """Ask the page; give the status, and each check by name."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(self.health)
        return answer.status_code, {row["name"]: row for row in answer.json()["checks"]}

    async def red(self) -> dict[str, str]:
        """Give the checks that are red, with what they say; empty while all is well."""
        _, found = await self.seen()
        return {name: row["detail"] for name, row in found.items() if not row["ok"]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None) -> AsyncIterator[Watched]:
    """A server, a worker with both addresses, an open trial, and a subject."""
    health, metrics = free_port(), free_port()
    extra = {
        "TRIALPATH_HEALTH_ADDRESS": f"127.0.0.1:{health}",
        "TRIALPATH_METRICS_ADDRESS": f"127.0.0.1:{metrics}",
        "TRIALPATH_WATCHDOG_SECONDS": "2",
        "TRIALPATH_WATCHDOG_GRACE_SECONDS": "2",
    }
    async with own_installation(tmp_path_factory, databases, extra) as place:
        yield Watched(place, f"http://127.0.0.1:{health}/health", f"http://127.0.0.1:{metrics}/metrics")


async def all_well(watched: Watched) -> bool:
    """Say whether the page is green."""
    return (await watched.seen())[0] == 200


async def test_all_is_well_and_each_part_is_named(watched: Watched) -> None:
    """Journal, disk, laboratory, notices, Temporal, workers, watchdog."""
    await until(lambda: all_well(watched))
    status, found = await watched.seen()
    assert (status, set(found)) == (
        200,
        {"journal", "disk", "laboratory", "notices", "temporal", "workers", "watchdog"},
    )
    async with httpx.AsyncClient() as client:
        assert (await client.get(watched.health.replace("/health", "/other"))).status_code == 404


async def test_figures_are_served_without_any_subject(watched: Watched) -> None:
    """Submissions by kind and outcome, times of records, open streams, the SDK's own; and no number of a person."""
    subject = await watched.place.enroll()
    await watched.place.send(subject, "adverse_event", "INV1", **RASH)
    await watched.place.send(subject, "adverse_event", "INV1", **(RASH | {"grade": 9}))

    async def shown() -> str:
        async with httpx.AsyncClient() as client:
            text = (await client.get(watched.metrics)).text
        wanted = ("trialpath_submissions", "trialpath_record_seconds", "trialpath_open_streams", "trialpath_overdue")
        return text if all(name in text for name in wanted) and 'outcome="refused"' in text else ""

    text = await until(shown)
    assert 'kind="adverse_event"' in text
    assert "temporal_workflow_task_execution_latency" in text
    assert subject not in text
    assert "rash" not in text


async def test_a_part_that_fails_turns_it_red_with_its_cause(watched: Watched) -> None:
    """The laboratory's folder and the notices' file are taken away, and given back."""
    labs, notices = watched.place.settings.labs, watched.place.settings.notices
    labs.rename(labs.with_name("taken"))
    await until(watched.red)
    assert set(await watched.red()) == {"laboratory"}
    labs.with_name("taken").rename(labs)
    await until(lambda: all_well(watched))

    kept = notices.rename(notices.with_name("kept")) if notices.exists() else None
    notices.mkdir()
    await until(watched.red)
    assert "cannot be written" in (await watched.red())["notices"]
    notices.rmdir()
    if kept is not None:
        kept.rename(notices)
    await until(lambda: all_well(watched))


async def test_a_worker_that_hangs_is_red_for_everybody_else_within_30_s(watched: Watched) -> None:
    """It is stopped as by a debugger: it has connections and no life. `health` says so, and is well again after."""
    place = watched.place

    async def health() -> dict[str, Any]:
        run = await asyncio.to_thread(place.cli, "health", "--json")
        found: dict[str, Any] = {row["name"]: row for row in json.loads(run.stdout)["checks"]}
        return found

    async def red() -> str:
        row = (await health())["workers"]
        return "" if row["ok"] else str(row["detail"])

    pid = place.workers[-1].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        told = await until(red, timedelta(seconds=RED_SECONDS))
    finally:
        os.kill(pid, signal.SIGCONT)
    assert told.startswith(f"none lives on {place.settings.task_queue}, last heard of one ")

    async def green() -> bool:
        return not await red()

    await until(green, timedelta(seconds=RED_SECONDS))


async def test_temporal_away_turns_it_red(watched: Watched) -> None:
    """Last, for nothing works then."""
    watched.place.server.kill()

    async def red() -> str:
        return (await watched.red()).get("temporal", "")

    assert await until(red, timedelta(seconds=RED_SECONDS))
