"""One of the two memories is older than the other, or lacks one subject's rows: it is named, and made whole again."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from chaos.calls import Afresh, Called
from chaos.clinic import adverse_event
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import command, enough
from chaos.rows.repeats import is_same, otherwise
from deploy.without_docker.topology import whole

WAYS = ("journal older than Temporal", "Temporal older than the journal", "one subject's rows missing")
BETWEEN_SECONDS = 4.0
"""How long all go on between a copy and its return."""
BEHIND, MISSING = 13, 11
"""Exit codes of `journal reconcile`."""
RESTORED = Setting(database="sqlite", own="restores")


async def restored(stage: Stage, trial: int) -> Fault:
    """Bring an older copy back, have the gap named, and make it whole from the other side."""
    way, subjects, rig = stage.way("F23", trial, WAYS), await enough(stage), stage.rig
    said = [await stage.load.report(subject, "before the copy", serious=True) for subject in subjects]
    said.append(await _refused(stage, subjects[0]))
    await backed_up(stage)
    stage.load.hold()
    await asyncio.gather(*(worker.stop() for worker in rig.workers))
    if way == WAYS[1]:
        await rig.temporal.stop()
    copy = rig.folder / "copy"
    copied = "journal.db" if way != WAYS[1] else "temporal.db"
    await whole(lambda: _copied(rig.folder, copy, copied))
    if way == WAYS[1]:
        await rig.up(rig.temporal)
    await asyncio.gather(*(rig.up(worker) for worker in rig.workers))
    stage.load.go_on()
    said += [await stage.load.report(subject, "after the copy") for subject in subjects]
    said.append(await _refused(stage, subjects[1]))
    await asyncio.sleep(BETWEEN_SECONDS)
    in_flight, loop = len(stage.load.open), asyncio.get_running_loop()
    stage.load.hold()
    await asyncio.gather(*(worker.stop() for worker in rig.workers))
    begun = loop.time()
    facts = sum(stage.load.journal.heads().values())
    wrong, evidence = await DONE[way](stage, subjects)
    await asyncio.gather(*(rig.up(worker) for worker in rig.workers))
    stage.load.go_on()
    seconds = loop.time() - begun + await stage.load.probe(subjects)
    left = sum(stage.load.journal.heads().values())
    wrong += [] if left >= facts else [f"{facts} facts before, {left} after"]
    named = not any("named" in what for what in wrong)
    wrong += await _said_again(stage, said)
    evidence += f"; {facts} facts, then {left}; {len(said)} commands said again"
    return Fault(f"restore: {way}", named, evidence, in_flight, seconds, tuple(wrong), way)


async def _refused(stage: Stage, subject: str) -> Called:
    """Send a command that must be refused: its answer stands in no fact."""
    grade_9 = adverse_event(stage.load.pace.today(), "grade nine")
    act = replace(grade_9, fields={**grade_9.fields, "grade": 9})
    return await stage.load.calls.insist(subject, stage.load.submitted(act, subject))


async def _said_again(stage: Stage, said: list[Called]) -> list[str]:
    """Say each command again as an update that Temporal does not know: the restored journal must answer as it did."""
    wrong = []
    for first in said:
        subject = first.stream.rpartition("-")[2]
        again = await stage.load.calls.insist(subject, Afresh.of(first.submitted))
        wrong += [] if is_same(first, again) else [otherwise(first)]
    return wrong


async def _journal_older(stage: Stage, subjects: list[str]) -> tuple[list[str], str]:
    """Put the older journal in place of the newer: reconcile names what is missing, rebuild brings it back."""
    rig = stage.rig
    await whole(lambda: _put_back(rig.folder, rig.folder / "copy", "journal.db"))
    stage.load.journal.engine.dispose()
    told, wrong = await named(stage, (BEHIND, MISSING), subjects)
    wrong += await rebuilt(stage)
    return wrong, told


async def _rows_missing(stage: Stage, subjects: list[str]) -> tuple[list[str], str]:
    """Delete one subject's rows as the owner could: verify and reconcile name them, rebuild brings them back."""
    stream = f"patient-{stage.load.trial}-{subjects[0]}"
    count = await whole(lambda: _deleted(stage.rig.folder / "journal.db", stream))
    verified = await stage.rig.starter("journal", "verify", "--json")
    told, wrong = await named(stage, (BEHIND, MISSING), subjects[:1])
    if verified.returncode not in (10, MISSING, 12):
        wrong.append(f"verify gives {verified.returncode} for {count} deleted rows: not named")
    wrong += await rebuilt(stage)
    return wrong, f"{count} rows of {stream} deleted, verify gives {verified.returncode}; {told}"


async def _temporal_older(stage: Stage, _subjects: list[str]) -> tuple[list[str], str]:
    """Put the older file of Temporal in place of the newer: the journal is right, runs read what they lack from it."""
    rig = stage.rig
    await rig.temporal.stop()
    await whole(lambda: _put_back(rig.folder, rig.folder / "copy", "temporal.db"))
    await rig.up(rig.temporal)
    told, wrong = await named(stage, (0,), [])
    if "Temporal behind" not in told and "in no history" not in told:
        wrong.append("Temporal is older, and that is not named")
    job = await rig.starter("recover", "--json")
    wrong += [] if job.returncode == 0 else [f"recover gives {job.returncode}: {job.stderr[-200:]}"]
    return wrong, f"{told}; recover gives {job.returncode}"


DONE = dict(zip(WAYS, (_journal_older, _temporal_older, _rows_missing), strict=True))


async def named(stage: Stage, codes: tuple[int, ...], subjects: list[str]) -> tuple[str, list[str]]:
    """Have the gap named; give what was said, and what was not."""
    job = await stage.rig.starter("journal", "reconcile", "--json")
    rows: list[dict[str, Any]] = json.loads(job.stdout)["streams"] if job.stdout else []
    states = {row["stream"].rpartition("-")[2]: row["state"] for row in rows}
    wrong = [f"reconcile gives {job.returncode}, not named: {job.stderr[-200:]}"] if job.returncode not in codes else []
    wrong += [
        f"{subject} is {states.get(subject)}: not named" for subject in subjects if states.get(subject) == "equal"
    ]
    found = {state: sum(known == state for known in states.values()) for state in set(states.values())}
    return f"reconcile gives {job.returncode}, {found}", wrong


async def backed_up(stage: Stage) -> None:
    """Keep the sealed list elsewhere: no history holds it."""
    backup = stage.rig.folder / "list.backup"
    backup.unlink(missing_ok=True)  # of an earlier trial
    job = await stage.rig.starter("allocation", "backup", "--out", str(backup))
    if job.returncode:
        raise RuntimeError(f"allocation backup: {job.stderr[-300:]}")


async def rebuilt(stage: Stage) -> list[str]:
    """Move the damaged journal away and make it again from Temporal; give what went wrong."""
    rig = stage.rig
    stage.load.journal.engine.dispose()
    for file in rig.folder.glob("journal.db*"):
        file.rename(file.with_name(f"damaged-{file.name}"))
    job = await rig.starter("journal", "rebuild", "--from-temporal", "--json")
    wrong = [] if job.returncode in (0, MISSING) else [f"rebuild gives {job.returncode}: {job.stderr[-300:]}"]
    if job.stdout:
        lost = [
            row for row in json.loads(job.stdout)["lost"] if row["what"] not in ("ALLOCATION_LIST", "MESSAGES", "ROWS")
        ]
        wrong += [f"rebuild lost {row['stream']}: {row['what']} {row['detail']}"[:300] for row in lost]
    back = await rig.starter("allocation", "restore", str(rig.folder / "list.backup"))
    return wrong + (
        [] if back.returncode == 0 else [f"allocation restore gives {back.returncode}: {back.stderr[-200:]}"]
    )


def _copied(folder: Path, to: Path, name: str) -> None:
    """Copy a database that nobody writes to, with its log."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    command("cp", "-p", *map(str, folder.glob(f"{name}*")), str(to))


def _put_back(folder: Path, source: Path, name: str) -> None:
    for file in folder.glob(f"{name}*"):
        file.unlink()
    command("cp", "-p", *map(str, source.iterdir()), str(folder))


def _deleted(file: Path, stream: str) -> int:
    """Delete a stream's rows; give how many."""
    count = 0
    with closing(sqlite3.connect(file, timeout=10)) as owner, owner:
        for (name,) in owner.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            owner.execute(f"DROP TRIGGER {name}")
        count += owner.execute("DELETE FROM facts WHERE stream = ?", [stream]).rowcount
        count += owner.execute("DELETE FROM submissions WHERE stream = ?", [stream]).rowcount
    return count


ROWS = (
    Row(
        "F23", "restore: one memory older than the other", 3, 30, restored, RESTORED,
        seconds=120, full_seconds=50, fresh=True, ways=WAYS,
    ),  # two such losses in turn, of the one memory and then of the other, may lose what is in neither
)  # fmt: skip
