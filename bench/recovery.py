"""Temporal is lost: what bringing a thousand subjects back costs, and whether a whole trial ends as it should."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from rich.table import Table
from temporalio.client import Client

from activities.rebuild import Known, Streams
from activities.recorder import Recorder
from bench.rig import ROOT, Process, server
from demo import faults, laboratory
from demo.cast import START, cast
from demo.folder import demo_settings, environment_of
from demo.hospital import Hospital
from demo.processes import QUICK, Embedded
from demo.run import MILLISECONDS_PER_DAY
from demo.tally import tally
from demo.tempo import varied_clock
from demo.trial import OPENS_AT, open_trial, play
from domain.catalogue import latest
from domain.decider import trial_stream
from domain.values import Clock, ClockPace
from journal.store import Journal
from settings import Settings
from tests.server.past import TRIAL, Past, ago, in_surgery_wait, opening, request, sent
from workflows.client import Submitted, TrialClient
from workflows.connection import connect
from workflows.health import examine
from workflows.recovery import recover
from workflows.setting_up import set_up

SEED = "1"
LATER = 10
"""One in so many of the open subjects waits for surgery, with the facts of three cycles; the rest is in screening."""
FEW = 66
PERIOD = 5
LOST_AT = datetime.combine(START + timedelta(days=210), time_of_day(12), UTC)
PAUSE, PAUSE_LASTS = timedelta(hours=1), timedelta(seconds=40)
"""While Temporal is away the trial's clock hardly moves: it is the loss that is looked at, not what a delay does."""


async def measure(folder: Path, open_subjects: int) -> dict[str, Any]:
    """Measure both."""
    return {
        f"{FEW} open subjects": await many(folder / "few", FEW),
        f"{open_subjects} open subjects": await many(folder / "many", open_subjects),
        "a trial of 66, Temporal lost half-way": await lost_half_way(folder / "trial"),
    }


def table(found: dict[str, Any]) -> Table:
    """Give the figures as a table."""
    shown = Table(title="Temporal lost, its file deleted", title_justify="left")
    for heading in ("", "", "figure"):
        shown.add_column(heading, overflow="fold")
    for what, figures in found.items():
        for name, value in figures.items():
            shown.add_row(what, name, f"{value:.2f}" if isinstance(value, float) else str(value))
        shown.add_section()
    return shown


async def many(folder: Path, count: int) -> dict[str, Any]:
    """Bring so many open subjects back on an empty server, and let the watchdog look at them."""
    settings = Settings(data=_folder(folder / "data"), watchdog_seconds=PERIOD)
    journal = Journal(settings.url)
    journal.migrate()
    facts = await asyncio.to_thread(_write, journal, count)
    process, address = server(folder)
    environment = {"TRIALPATH_DATA": str(settings.data), "TEMPORAL_ADDRESS": address, "TRIALPATH_LOG_LEVEL": "WARNING"}
    environment["TRIALPATH_WATCHDOG_SECONDS"] = str(PERIOD)
    with process:
        client = await connect(address)
        begun = time.monotonic()
        told = await asyncio.to_thread(_recover, environment)
        command = time.monotonic() - begun
        begun = time.monotonic()
        with Process([sys.executable, "worker.py"], log=folder / "worker.log", environment=environment) as worker:
            worker.wait_for_line("worker ready")
            await _until(lambda: _all_read(client, count))
            caught_up = time.monotonic() - begun
            report, processor = await _watched(client, settings, worker, process)
    journal.close()
    return {
        "facts in the journal": facts,
        "started": told["counts"].get("started", 0),
        "recover command, s": command,
        "until all had read their streams, s": caught_up,
        "one run of the watchdog, s": report.seconds,
        "streams it looked at": report.open,
        "findings": len(report.findings),
        "processor time a run, server + worker, s": processor,
    }


def _write(journal: Journal, count: int) -> int:
    """Write a register and so many open subjects through `record`."""
    recorder, register = Recorder(journal), trial_stream(TRIAL)
    at = datetime.now(UTC) - timedelta(days=999)
    opened = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
    recorder.record(request(register, 0, at, sent(opened)))
    for number in range(count):
        if number % LATER:
            Past(journal, TRIAL, ago(3), recorder=recorder)
        else:
            in_surgery_wait(journal, TRIAL, ago(30), recorder=recorder)
    return sum(journal.heads().values())


def _recover(environment: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    run = subprocess.run(
        [sys.executable, "starter.py", "recover", "--json"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


async def _watched(client: Client, settings: Settings, worker: Process, server_process: Process) -> tuple[Any, float]:
    """Let the watchdog look a few times, and give its last report and the processor time one run takes in all."""
    runs = 4
    await asyncio.sleep(2 * PERIOD)
    before = worker.processor_seconds() + server_process.processor_seconds()
    await asyncio.sleep(runs * PERIOD)
    taken = worker.processor_seconds() + server_process.processor_seconds() - before
    checks = await examine(client, settings.trial, settings.task_queue)
    return checks[-1].report, taken / runs


def _folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _delete(folder: Path) -> None:
    for file in folder.glob("temporal.db*"):
        file.unlink()


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds. Raises TimeoutError when it does not within minutes."""
    for _ in range(3000):
        if await holds():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("it never came to hold")


async def _all_read(client: Client, count: int) -> bool:
    return (await client.count_workflows("NextDue IS NOT NULL")).count >= count


async def lost_half_way(folder: Path) -> dict[str, Any]:
    """Play the demonstration's trial; delete Temporal's file in the middle, recover, and play on to the end."""
    settings, people = demo_settings(_folder(folder), SEED), cast(SEED, FEW)
    embedded = Embedded(folder, environment=environment_of(settings), ports=None, pragmas=QUICK)
    laboratory.warm_up()
    async with embedded as running:
        client, journal = await connect(running.address), Journal(settings.url)
        clock = paused(varied_clock(OPENS_AT, people, MILLISECONDS_PER_DAY, latest(settings.trial)))
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
        "what went wrong": "; ".join(problems) or "nothing",
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
    await _until(lambda: _is_ready(running.address))
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
        checks = await examine(await connect(address), TRIAL, "trialpath")
    except RuntimeError:
        return False
    return checks[0].ok


async def _same(client: Client, known: Known) -> bool:
    """Say whether a workflow has read its stream, and shows the due instant it had, or has recorded more since."""
    shown: dict[str, Any] = {}

    async def has_read() -> bool:
        shown.update(await client.get_workflow_handle(known.stream).query("show"))
        return bool(shown["facts"] >= known.seq)

    await _until(has_read)
    due = {"at": known.due.at.isoformat(), "what": known.due.text} if known.due else None
    return bool(shown["facts"] > known.seq or shown.get("next_due") == due)
