"""Every stored history is replayed with this program, by the command that a release asks for."""

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from chaos.rows import Fault, Row, Stage
from demo.folder import demo_settings, environment_of
from deploy.without_docker.topology import run, whole

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path("tests/replay/histories")
FEWEST = 60
"""Closed histories that the corpus has at least."""


async def replayed(stage: Stage, _trial: int) -> Fault:
    """Replay the corpus as `make replay` does, and count it."""
    begun = asyncio.get_running_loop().time()
    environment = dict(environment_of(demo_settings(stage.folder, "")))
    command = [sys.executable, "starter.py", "replay", str(CORPUS), "--json"]
    job = await whole(partial(run, command, environment))
    closed = sum(".closed-" in file.name for file in (ROOT / CORPUS).rglob("*.json.gz"))
    places = json.loads(job.stdout)["places"] if job.stdout else []
    histories = sum(place["histories"] for place in places)
    failed = [f"{name}: {why}"[:300] for place in places for name, why in place["failed"].items()]
    wrong = failed + ([] if job.returncode == 0 or failed else [f"exit code {job.returncode}: {job.stderr[-300:]}"])
    evidence = (
        f"{histories} histories replayed, {closed} of them closed, at least {FEWEST} expected; {len(failed)} fail"
    )
    seconds = asyncio.get_running_loop().time() - begun
    return Fault("replay of the corpus", closed >= FEWEST and histories >= closed, evidence, 0, seconds, tuple(wrong))


ROWS = (Row("F15", "replay of the golden corpus", 1, 1, replayed, None, full_seconds=60),)
