"""What is left of an installation for the checker: calls, faults, histories, answers to queries, where things lie."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError

from chaos.clinic import NAME
from chaos.load import Load
from chaos.rig import Rig
from chaos.rows import Fault
from demo.hospital import SITE

AT_ONCE = 6
TRIES = 20
OURS = 'WorkflowType IN ("PatientJourney", "TrialRegister")'
SETTLE_SECONDS = 90.0
"""A notice whose worker was killed is tried again when its minute is over."""
LOOK_SECONDS = 0.5


def noted(folder: Path, row: str, trial: int, step: int, at: str, fault: Fault) -> None:
    """Append one trial, which began at an instant and ends now, to `faults.jsonl`."""
    until = datetime.now(UTC).isoformat()
    line = {"row": row, "trial": trial, "step": step, "at": at, "until": until, **asdict(fault)}
    with (folder / "faults.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


async def settled(load: Load) -> list[str]:
    """Wait until no effect is open any more; name those that are after a while."""
    left: list[str] = ["nothing was looked at"]
    for _ in range(int(SETTLE_SECONDS / LOOK_SECONDS)):
        left = await asyncio.to_thread(_open_effects, load)
        if not left:
            return []
        await asyncio.sleep(LOOK_SECONDS)
    return left


def _open_effects(load: Load) -> list[str]:
    """Name notices and allocations without an outcome: laboratory orders wait for staff, who have stopped."""
    return [
        f"{subject}: {intent.fact.kind} {seq} has no outcome"
        for subject, journey in load.charts.refresh().items()
        for seq, intent in journey.intents.items()
        if intent.fact.kind != "LabsOrdered"
    ]


async def queried(rig: Rig) -> None:
    """Ask every workflow of the trial, open or closed, for what it shows and its facts: `queries.jsonl`."""
    client = await rig.client()
    found = [row async for row in client.list_workflows(OURS)]
    latest = {row.id: row for row in sorted(found, key=lambda row: row.start_time)}
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(row: WorkflowExecution) -> dict[str, Any]:
        async with gate:
            is_open, asked_at = row.status is WorkflowExecutionStatus.RUNNING, datetime.now(UTC).isoformat()
            asked = {name: await _asked(client, row.id, name) for name in ("show", "facts")}
            return {"workflow": row.id, "open": is_open, "asked_at": asked_at, **asked}

    rows = await asyncio.gather(*(one(row) for row in latest.values()))
    lines = [json.dumps(row, default=str) for row in rows]
    (rig.folder / "queries.jsonl").write_text("".join(f"{line}\n" for line in lines))


async def _asked(client: Client, workflow: str, name: str) -> object:
    """Ask a workflow's latest run; None when it never answers."""
    for _ in range(TRIES):
        try:
            return await client.get_workflow_handle(workflow).query(name)
        except RPCError:
            await asyncio.sleep(LOOK_SECONDS)
    return None


async def exported(rig: Rig) -> int:
    """Write the history of every run of the trial's workflows; give how many."""
    client = await rig.client()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(row: WorkflowExecution) -> None:
        async with gate:
            history = await client.get_workflow_handle(row.id, run_id=row.run_id).fetch_history()
            file = rig.folder / "histories" / row.id / f"{row.run_id}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(history.to_json())

    runs = [row async for row in client.list_workflows(OURS)]
    await asyncio.gather(*(one(row) for row in runs))
    return len(runs)


def told(rig: Rig, load: Load, seed: str, rows: Sequence[str], expect: Mapping[str, Any]) -> None:
    """Write `run.json`, and gather the programs' logs in `logs`."""
    canaries = [NAME, *expect.get("canaries", ())]
    wanted = {name: value for name, value in expect.items() if name != "canaries"}
    about = {
        "seed": seed,
        "rows": list(rows),
        "trial": load.trial,
        "journal_url": rig.settings.url,
        "site": {"code": SITE.code, "zone": SITE.time_zone},
        "clock": load.clock.model_dump(mode="json"),
        "participants": len(load.charts.register().subjects),
        "expect": {"randomized": None, "ended": False} | wanted,
        "canaries": canaries,
    }
    (rig.folder / "run.json").write_text(json.dumps(about, indent=1))
    logs = rig.folder / "logs"
    logs.mkdir(exist_ok=True)
    for log in (*rig.folder.glob("*.log"), *rig.folder.glob("postgresql/server.log")):
        link = logs / log.name
        if not link.exists():
            link.symlink_to(log)
