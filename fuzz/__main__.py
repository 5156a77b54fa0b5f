"""`make fuzz`: bad input of every class by every channel; a table, a JSON file, and exit code 1 when any did harm."""

import asyncio
import json
import os
import random as chance
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from fuzz.campaign import Campaign
from fuzz.classes import systematic, yesterday
from fuzz.ground import Ground
from fuzz.tally import Tally, show
from fuzz.verdicts import at_the_end
from observability import configure
from tests.server.past import today
from tests.server.rig import ROOT

QUICK = {"seconds": 480, "byte_strings": 30_000, "examples": 60, "command_lines": 2000}
FULL = {"seconds": 3000, "byte_strings": 1_000_000, "examples": 10_000, "command_lines": 20_000}
"""How much is sent: seconds at the installation, byte strings, examples a validator, command lines in one process."""


@click.command()
@click.option("--seed", default="", help="every choice follows from it; without one it is drawn, and shown")
@click.option("--full", is_flag=True, help="as much as before a release: an hour and more")
@click.option("--seconds", type=int, help="how long the installation is sent to")
@click.option("--json", "file", type=click.Path(path_type=Path), default=Path("data/fuzz/fuzz.json"), show_default=True)
def main(seed: str, file: Path, seconds: int | None, *, full: bool) -> None:
    """Send bad input. Exit code 1: a traceback, a subject that is stuck, or a message that left no trace."""
    configure("WARNING")
    seed = seed or str(chance.SystemRandom().randrange(10**9))
    size = dict(FULL if full else QUICK) | ({"seconds": seconds} if seconds else {})
    print(f"fuzz: seed {seed}, {size}", flush=True)
    begun, tally = time.monotonic(), Tally()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        asyncio.run(_all(seed, size, tally, Path(folder)))
    about = {"seed": seed, "size": size, "at": datetime.now(UTC).isoformat(timespec="seconds"),
             "seconds": round(time.monotonic() - begun), "versions": _versions()}  # fmt: skip
    show(tally, file, about)
    print(f"fuzz: seed {seed}, {about['seconds']} s, {tally.bad} did harm", flush=True)
    sys.exit(1 if tally.bad else 0)


def _versions() -> dict[str, str]:
    return {"python": sys.version.split()[0]} | {
        name: version(name) for name in ("temporalio", "pydantic", "hypothesis", "click")
    }


async def _all(seed: str, size: dict[str, int], tally: Tally, folder: Path) -> None:
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"fuzz: {time.monotonic() - begun:5.0f} s  {text}", flush=True)

    beside = await _core(seed, size, folder)
    try:
        async with Ground(folder) as ground:
            say("the installation is up")
            ends = time.monotonic() + size["seconds"]
            campaign = Campaign(ground, tally, chance.Random(f"{seed}/place"), ends, folder, say)
            await campaign.run(systematic(yesterday(today())))
            await at_the_end(ground, tally, say)
        say("the core alone goes on")
        await beside.wait()
    finally:
        if beside.returncode is None:
            beside.kill()
            await beside.wait()
    counted = folder / "core.json"
    if beside.returncode or not counted.exists():
        tally.crash("the core", "in process", "tracebacks", why=(folder / "core.txt").read_text()[-3000:])
    else:
        tally.take(json.loads(counted.read_text()))


async def _core(seed: str, size: dict[str, int], folder: Path) -> asyncio.subprocess.Process:
    """Start what needs no installation beside it, at a lower priority."""
    counts = [str(size[name]) for name in ("byte_strings", "examples", "command_lines")]
    with (folder / "core.txt").open("wb") as said:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "fuzz.core", seed, *counts, str(folder / "core.json"),
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=said, stderr=said, preexec_fn=_lower,
        )  # fmt: skip


def _lower() -> None:
    os.nice(10)


if __name__ == "__main__":
    main()
