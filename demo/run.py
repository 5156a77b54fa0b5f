"""The demonstration: a whole trial on a real Temporal server, with simulated participants and staff."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import TypeVar

from rich.console import Console

from demo import faults, laboratory
from demo.board import Board, console, due_table, final_table, measured
from demo.cast import FULL, Participant, cast
from demo.charts import Charts
from demo.folder import demo_settings, environment_of, own_folder
from demo.hospital import Desk, Hospital
from demo.processes import QUICK, Embedded
from demo.programs import ProcessDied, Running
from demo.tally import tally
from demo.tempo import varied_clock
from demo.trial import OPENS_AT, open_trial, play
from domain.catalogue import latest
from domain.values import Clock
from journal.store import Journal
from settings import Settings
from workflows.client import TrialClient
from workflows.connection import connect

MILLISECONDS_PER_DAY = 400.0
NOON = time(12)
YEAR = timedelta(days=365)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What trial to play: who takes part, how long a clinical day lasts on average, and a date on which it is left."""

    seed: str
    people: tuple[Participant, ...]
    milliseconds_per_day: float
    until: date | None = None


async def run_demo(
    *,
    seed: str,
    milliseconds_per_day: float | None,
    keep: bool,
    data: Path,
    participants: int = FULL,
    until: date | None = None,
) -> int:
    """Run the demonstration in a folder of its own; give exit code 0, or 1 when anything went wrong.

    With `until` staff leave at noon of that date, mid-trial, and what falls due next is shown: for `recover`.
    """
    out = console()
    stop_on_signals()
    wanted = Wanted(seed, tuple(cast(seed, participants)), milliseconds_per_day or MILLISECONDS_PER_DAY, until)
    with own_folder(data) as folder:
        settings = demo_settings(folder, seed)
        out.print(f"Starting a Temporal server and a worker; everything is kept in {folder} ...", soft_wrap=True)
        async with Embedded(folder, environment=environment_of(settings), ports=None, pragmas=QUICK) as running:
            out.print(f"UI  {running.ui}", soft_wrap=True)
            problems = await demonstrated(out, running, settings, wanted)
            tell(out, problems)
            if keep:
                await _keep(out, running)
        if until is not None:
            _left(out, settings)
    return 1 if problems else 0


async def demonstrated(
    out: Console, running: Running, settings: Settings, wanted: Wanted, desk: Desk | None = None
) -> list[str]:
    """Play a trial on what runs, and give what went wrong. The laboratory reports at the desk, or into its folder."""
    await asyncio.gather(running.until_warm(), asyncio.to_thread(laboratory.warm_up))
    try:
        return await _unless_died(running, _demonstrate(out, running, settings, wanted, desk))
    except ProcessDied as died:
        return [str(died)]


async def _demonstrate(
    out: Console, running: Running, settings: Settings, wanted: Wanted, desk: Desk | None
) -> list[str]:
    """Play the trial while showing it, print what it came to, and give what went wrong."""
    client, journal = await connect(running.address), Journal(settings.url)
    began = monotonic()
    clock = varied_clock(OPENS_AT, wanted.people, wanted.milliseconds_per_day, latest(settings.trial))
    sending = TrialClient(client, settings.trial, settings.task_queue, journal)
    hospital = await open_trial(sending, settings, journal, clock, wanted.seed, desk)
    problems = await _shown(out, hospital, wanted, _last_moment(clock, wanted.until))
    wall_seconds = monotonic() - began
    if wanted.until is None:
        problems += await _looked_into(running, hospital, wanted)
    else:
        problems += faults.in_the_logs(running.workers)
    out.print(final_table(tally(hospital.charts, latest(settings.trial)).rows()))
    out.print(measured(wall_seconds, hospital.pace, running.ui))
    journal.close()
    return problems


def _last_moment(clock: Clock, until: date | None) -> float:
    """Give the seconds until staff leave, or a year after all that is planned: what has not ended then never will."""
    if until is not None:
        return (clock.real_time(datetime.combine(until, NOON, UTC)) - datetime.now(UTC)).total_seconds()
    planned = clock.paces[-1].since if clock.paces else clock.trial_epoch
    return (clock.real_time(planned + YEAR) - datetime.now(UTC)).total_seconds()


async def _shown(out: Console, hospital: Hospital, wanted: Wanted, seconds: float) -> list[str]:
    board = asyncio.create_task(Board(hospital.charts, hospital.pace, latest(hospital.charts.trial)).show(out))
    try:
        async with asyncio.timeout(seconds):
            problems = await play(hospital, wanted.people)
            await faults.settle(hospital.client.client, hospital.charts)
    except TimeoutError:
        late = f"the trial has not ended by {hospital.pace.today()}, a year after all that was planned"
        problems = [] if wanted.until else [late]
    finally:
        board.cancel()
        with suppress(asyncio.CancelledError):
            await board
    return problems


async def _looked_into(running: Running, hospital: Hospital, wanted: Wanted) -> list[str]:
    """Look for what is wrong in journal, Temporal and log."""
    randomized = sum(not person.failure for person in wanted.people)
    refusals = sum(person.failure == "LAB" for person in wanted.people)
    return [
        *faults.in_the_journal(hospital.charts, latest(hospital.charts.trial), randomized, refusals),
        *await faults.in_temporal(hospital.client.client),
        *faults.in_the_logs(running.workers),
    ]


async def _unless_died(running: Running, work: Coroutine[None, None, T]) -> T:
    """Give the result of some work. Raises ProcessDied when server or worker end before it does."""
    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(running.wait())
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        return await working
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


def tell(out: Console, problems: list[str]) -> None:
    """Print what went wrong, or that nothing did."""
    for problem in problems:
        out.print(f"WRONG  {problem}", style="red", highlight=False, soft_wrap=True, markup=False)
    out.print("The demonstration failed." if problems else "Everything went as it should.")


def _left(out: Console, settings: Settings) -> None:
    """Show whom staff left behind, and how to lose Temporal and bring everybody back."""
    journal = Journal(settings.url)
    out.print(due_table(Charts(journal, settings.trial)))
    journal.close()
    data = settings.data
    out.print(
        f"Now lose Temporal, and compare what `recover` says is next due; it starts nothing with --dry-run:\n"
        f"  rm {data}/temporal.db*\n"
        f"  TRIALPATH_DATA={data} python starter.py up        (a new, empty server, and a worker)\n"
        f"  TRIALPATH_DATA={data} python starter.py recover   (beside it)",
        soft_wrap=True, highlight=False, markup=False,
    )  # fmt: skip


async def _keep(out: Console, running: Embedded) -> None:
    """Keep everything running until told to stop."""
    out.print(f"Server, worker and UI stay up: {running.ui} (Ctrl-C stops them)", soft_wrap=True)
    with suppress(asyncio.CancelledError):
        await running.wait()


def stop_on_signals() -> None:
    """Stop on SIGTERM and SIGHUP as on Ctrl-C, so that no process is left behind."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if task is not None:
            loop.add_signal_handler(number, task.cancel)
