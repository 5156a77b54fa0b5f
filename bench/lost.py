"""A whole trial of the demonstration whose Temporal is lost half-way: does it end as it would have?"""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from temporalio.client import Client

from activities.rebuild import Known, Streams
from bench.installation import own_folder, until
from demo import faults, laboratory
from demo.cast import FULL, START, cast
from demo.folder import demo_settings, environment_of
from demo.hospital import Hospital
from demo.processes import QUICK, Embedded
from demo.tally import tally
from demo.tempo import varied_clock
from demo.trial import OPENS_AT, open_trial, play
from domain.catalogue import latest
from domain.values import Clock, ClockPace
from journal.store import Journal
from settings import Settings
from workflows.client import TrialClient
from workflows.connection import connect
from workflows.health import examine
from workflows.recovery import recover
from workflows.setting_up import set_up

SEED = "1"
LOST_AT = datetime.combine(START + timedelta(days=210), time_of_day(12), UTC)
PAUSE, PAUSE_LASTS = timedelta(hours=1), timedelta(seconds=40)
"""While Temporal is away the trial's clock hardly moves: it is the loss that is looked at, not what a delay does."""


def _delete(folder: Path) -> None:
    for file in folder.glob("temporal.db*"):
        file.unlink()


async def lost_half_way(folder: Path, milliseconds_per_day: float) -> dict[str, Any]:
    """Play the demonstration's trial; delete Temporal's file in the middle, recover, and play on to the end."""
    settings, people = demo_settings(own_folder(folder), SEED), cast(SEED, FULL)
    embedded = Embedded(folder, environment=environment_of(settings), ports=None, pragmas=QUICK)
    laboratory.warm_up()
    async with embedded as running:
        client, journal = await connect(running.address), Journal(settings.url)
        clock = paused(varied_clock(OPENS_AT, people, milliseconds_per_day, latest(settings.trial)))
        sending = TrialClient(client, settings.trial, settings.task_queue, journal)
        hospital = await open_trial(sending, settings, journal, clock, SEED)
        playing = asyncio.create_task(play(hospital, people))
        await hospital.pace.until(LOST_AT)
        found = await _lose(running, client, hospital, settings, folder)
        problems = await playing
        await faults.settle(client, hospital.charts)
        randomized = sum(not person.failure for person in people)
        refusals = sum(person.failure == "LAB" for person in people)
        problems += faults.in_the_journal(hospital.charts, latest(settings.trial), randomized, refusals)
        problems += await faults.in_temporal(client)
        notices = [json.loads(line)["key"] for line in settings.notices.read_text().splitlines()]
        arms = tally(hospital.charts, latest(settings.trial)).randomized
        journal.close()
    return found | {
        "randomized at the end": " + ".join(str(count) for count in arms.values()),
        "notices sent": len(notices),
        "notices sent twice": len(notices) - len(set(notices)),
        "what went wrong": "; ".join(problem[:200] for problem in problems) or "nothing",
        "staff lag, median and most, days": "{:.1f}, {:.1f}".format(*hospital.pace.lag()[:2]),
    }


def paused(clock: Clock) -> Clock:
    """Give the clock with a leg in which it hardly moves, from the instant at which Temporal is lost."""
    before = [pace for pace in clock.paces if pace.since <= LOST_AT]
    factor = before[-1].factor if before else clock.factor
    legs = (ClockPace(since=LOST_AT, factor=PAUSE / PAUSE_LASTS), ClockPace(since=LOST_AT + PAUSE, factor=factor))
    after = [pace for pace in clock.paces if pace.since > LOST_AT]
    return clock.model_copy(update={"paces": (*before, *legs, *after)})


async def _lose(
    running: Embedded, client: Client, hospital: Hospital, settings: Settings, folder: Path
) -> dict[str, Any]:
    """Stop both, delete Temporal's file, start an empty server, recover; compare each subject with before."""
    await running.worker.stop()
    await running.server.stop()
    _delete(folder)
    streams = Streams(hospital.charts.journal)
    before = {stream: streams.look(stream) for stream in streams.heads()}
    await running.server.start()
    begun = time.monotonic()
    await until(lambda: _is_ready(running.address))
    serving = time.monotonic() - begun
    begun = time.monotonic()
    await set_up(client, settings)
    rows = await recover(client, settings.task_queue, Streams(hospital.charts.journal), dry_run=False, told=_nothing)
    recovered = time.monotonic() - begun
    await running.worker.start()
    await running.worker.until_printed("worker ready")
    same = await asyncio.gather(*(_same(client, known) for known in before.values() if not known.is_over))
    outcomes = [row.outcome for row in rows]
    return {
        "lost on": str(LOST_AT.date()),
        "randomized by then": len(hospital.charts.register().allocations),
        "streams open, over": f"{len(same)}, {len(before) - len(same)}",
        "started, on demand before that": f"{outcomes.count('started')}, {outcomes.count('running')}",
        "empty server ready, s": serving,
        "recovered, s": recovered,
        "the same next due, or acted on since": f"{sum(same)} of {len(same)}",
    }


def _nothing(_done: int, _of: int) -> None:
    """Show no progress."""


async def _is_ready(address: str) -> bool:
    try:
        checks = await examine(await connect(address), "NONE", "trialpath")
    except RuntimeError:
        return False
    return checks[0].ok


async def _same(client: Client, known: Known) -> bool:
    """Say whether a workflow has read its stream, and shows the due instant it had, or has recorded more since."""
    shown: dict[str, Any] = {}

    async def has_read() -> bool:
        shown.update(await client.get_workflow_handle(known.stream).query("show"))
        return bool(shown["facts"] >= known.seq)

    await until(has_read)
    due = {"at": known.due.at.isoformat(), "what": known.due.text} if known.due else None
    return bool(shown["facts"] > known.seq or shown.get("next_due") == due)
