"""Commands that run things: up (server, UI, worker) and demo. What they start, they stop."""

import asyncio
import signal
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import access
from cli.main import DONE, UNREACHABLE, Failed
from settings import Settings

if TYPE_CHECKING:
    from demo.processes import Embedded


@click.command("up")
@click.option("--seed", type=click.Choice(["surgery"]), help="start with a patient S001 in the surgery wait")
def up_command(seed: str | None) -> int:
    """Start the embedded Temporal server with its UI and a worker, and stop them on Ctrl-C."""
    known = access.settings()
    try:
        return asyncio.run(_up(known, seed))
    except (OSError, RuntimeError) as problem:
        raise Failed(UNREACHABLE, f"cannot start: {problem}") from None


async def _up(known: Settings, seed: str | None) -> int:
    from demo.processes import Embedded  # noqa: PLC0415 - needed by this command alone

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    click.echo("starting the Temporal server and a worker ...")
    async with Embedded(known.data) as running:
        click.echo(f"Temporal  {running.address}\nUI        {running.ui}\nworker    ready, data in {known.data}/")
        if seed is not None:
            click.echo("seeding S001: three cycles are played at speed, about 20 s ...")
            await _seed(known, running.address)
        else:
            click.echo("next: python starter.py open; python starter.py enroll --help")
        click.echo("Ctrl-C stops both; the data stays.")
        await _until_stopped(stop, running)
    click.echo("stopped.")
    return DONE


async def _until_stopped(stop: asyncio.Event, running: "Embedded") -> None:
    died = asyncio.create_task(running.wait())
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({died, told}, return_when=asyncio.FIRST_COMPLETED)
    for task in (died, told):
        task.cancel()
    if died.done():
        died.result()  # raises ProcessDied, which names the program and its log


async def _seed(known: Settings, address: str) -> None:
    from demo.surgery_seed import seed_surgery  # noqa: PLC0415 - needed by this option alone
    from workflows.client import TrialClient  # noqa: PLC0415 - as above
    from workflows.connection import connect  # noqa: PLC0415 - as above

    store = access.journal(known)
    client = TrialClient(await connect(address), known.trial, known.task_queue, store)
    today = await seed_surgery(client, known, store)
    where = f"--address {address}" if address != "127.0.0.1:7233" else ""
    click.echo(f"S001 waits for surgery. Date on the trial's clock: {today}\nFor example:")
    click.echo(
        f"  temporal workflow signal {where} --workflow-id patient-{known.trial}-S001 --name surgery_done "
        f"""--input '{{"performed_on":"{today}","resection":"R0"}}'"""
    )


@click.command("demo")
@click.option("--seed", default="1", help="the same seed gives the same trial")
@click.option("--ms", type=click.FloatRange(min=1), help="milliseconds a clinical day lasts")
@click.option("--keep", is_flag=True, help="keep server and UI until Ctrl-C")
@click.option("--participants", type=click.IntRange(1, 66), default=66, help="randomized participants to reach")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="leave mid-trial on this clinical date, to lose Temporal"
)
def demo_command(seed: str, ms: float | None, participants: int, until: datetime | None, *, keep: bool) -> int:
    """Run the whole trial on a real Temporal server with simulated participants and staff."""
    from cli.opening import check_pace  # noqa: PLC0415 - needed by this command alone
    from demo.cast import START  # noqa: PLC0415 - as above
    from demo.run import run_demo  # noqa: PLC0415 - as above

    if ms is not None:
        check_pace(ms, "--ms")
    if until is not None and until.date() <= START:
        raise click.BadParameter(f"the trial opens on {START}; a later date is expected", param_hint="--until")
    data = Path(access.settings().data) / "demo"
    try:
        return asyncio.run(
            run_demo(
                seed=seed,
                milliseconds_per_day=ms,
                keep=keep,
                data=data,
                participants=participants,
                until=until.date() if until else None,
            )
        )
    except (OSError, RuntimeError) as problem:
        raise Failed(UNREACHABLE, f"the demo cannot run: {problem}") from None
