"""Our worker with the benchmarks' protocol on a time-skipping server, which has no deployments and no list to check."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.protocol import register
from domain import units
from observability import configure
from settings import Settings
from worker import SWITCH_SECONDS, THREADS, build, open_journal
from workflows.connection import connect


async def work(address: str, data: Path) -> None:
    """Work until killed."""
    settings = Settings(data=data)
    journal = open_journal(settings)
    units.load()
    with ThreadPoolExecutor(THREADS, "activity") as threads:
        async with build(await connect(address), journal, settings, threads):
            print("worker ready", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    configure("ERROR")  # nobody reads what it says after its first line
    register()
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.run(work(sys.argv[1], Path(sys.argv[2])))
