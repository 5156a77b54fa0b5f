"""Runs trials: one installation for rows with an equal setting, one row after another, and the checker at its end."""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from traceback import format_exception

from chaos.evidence import exported, noted, queried, settled, told
from chaos.load import Load
from chaos.plan import Task
from chaos.report import Outcome, Violation
from chaos.rig import Rig
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import lines
from demo.programs import ProcessDied
from deploy.without_docker.topology import run, whole

CHECKER = "chaos.checker"
TRIAL_SECONDS = 240.0
"""A trial that has not ended by then never will."""
BROKEN_HISTORY = ("TMPRL1100", "Nondeterminism")
Say = Callable[[str], None]


class Driver:
    """One run of the harness."""

    def __init__(self, folder: Path, seed: str, *, full: bool, say: Say) -> None:
        """Keep everything in a folder; tell on the way."""
        self._folder = folder
        self._seed = seed
        self._full = full
        self._say = say
        self.outcome = Outcome(seed)

    async def run(self, tasks: Sequence[Task], lanes: int = 1) -> Outcome:
        """Run all trials, so many installations beside each other; then one by one those that want all the machine."""
        begun = time.monotonic()
        numbered = list(enumerate(installations(tasks), start=1))
        beside = iter([one for one in numbered if not _is_alone(one[1][0])])
        await asyncio.gather(*(self._lane(beside) for _ in range(lanes)))
        await self._lane(iter([one for one in numbered if _is_alone(one[1][0])]))
        self.outcome.seconds = time.monotonic() - begun
        return self.outcome

    async def _lane(self, waiting: Iterator[tuple[int, tuple[Setting | None, list[Task]]]]) -> None:
        """Take one installation after the other, until none waits."""
        for number, (setting, group) in waiting:
            name = "-".join(dict.fromkeys(task.row.id for task in group))[:60]
            stage = Stage(self._seed, self._full, self._folder / f"{number:02d}-{name}")
            stage.folder.mkdir(parents=True)
            try:
                await self._installation(stage, setting, group)
            except (ProcessDied, RuntimeError, OSError) as broken:
                self._violated(group[-1].row.id, None, f"the installation broke: {broken}")

    async def _installation(self, stage: Stage, setting: Setting | None, tasks: Sequence[Task]) -> None:
        if setting is None:
            for task in tasks:
                await self._row(stage, task)
            return
        begun = time.monotonic()
        rig = Rig(stage.folder, setting.database, changed=dict(setting.changed), environment=dict(setting.environment))
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(rig)
            load = Load(
                rig,
                self._seed,
                day_seconds=setting.day_seconds,
                subjects=setting.subjects,
                most=setting.most,
                pause=setting.pause,
            )
            stage.given_rig, stage.given_load = rig, load
            await load.start()
            stack.push_async_callback(load.close)
            self._say(f"{setting.database}: up after {time.monotonic() - begun:.0f} s in {stage.folder}")
            for task in tasks:
                await self._row(stage, task)
            await self._closed(stage, tasks)

    async def _row(self, stage: Stage, task: Task) -> None:
        """Run a row's trials, so many beside each other, until they are done or its seconds are over."""
        begun, trial = time.monotonic(), task.first
        while trial < task.last and (task.seconds is None or time.monotonic() - begun < task.seconds):
            batch = range(trial, min(trial + task.row.at_once, task.last))
            await asyncio.gather(*(self._trial(stage, task.row, number) for number in batch))
            trial = batch.stop
        faults = [fault for row, number, fault in self.outcome.faults if row is task.row and number >= task.first]
        hit = sum(fault.hit for fault in faults)
        taken = time.monotonic() - begun
        tried = {fault.way for fault in faults if fault.hit} & {*task.row.ways}
        ways = f", {len(tried)} of {len(task.row.ways)} ways" if task.row.ways else ""
        self._say(f"  {task.row.id:5} {task.row.what}: {len(faults)} trials, {hit} hit{ways}, {taken:.0f} s")

    async def _trial(self, stage: Stage, row: Row, trial: int) -> None:
        at, step = datetime.now(UTC).isoformat(), _step(stage)
        limit = TRIAL_SECONDS + row.full_seconds if stage.full else TRIAL_SECONDS
        try:
            async with asyncio.timeout(limit):
                fault = await row.run(stage, trial)
        except Exception as problem:  # noqa: BLE001 - whatever a trial breaks is what we are here for
            fault = Fault(row.what, hit=False, evidence="", violations=(f"trial {trial} broke: {problem!r}"[:500],))
            (stage.folder / f"broken-{row.id}-{trial}.txt").write_text("".join(format_exception(problem)))
        self.outcome.faults.append((row, trial, fault))
        noted(stage.folder, row.id, trial, step, at, fault)
        seen = [*fault.violations, *(drained(stage.load.wrong) if stage.given_load is not None else ())]
        for what in seen:
            self._violated(row.id, step, f"trial {trial}: {what}")
        if stage.given_rig is not None and row.at_once == 1:
            await healed(stage.rig)

    async def _closed(self, stage: Stage, tasks: Sequence[Task]) -> None:
        """Let staff stop and all settle; gather the evidence and have it checked."""
        begun = time.monotonic()
        rig, load, last = stage.rig, stage.load, tasks[-1].row.id
        await healed(rig)
        await load.stop()
        for what in [*load.wrong, *await settled(load), *in_the_logs(rig)]:
            self._violated(last, None, what)
        await self.judged(stage, tasks)
        await queried(rig)
        await asyncio.gather(*(worker.stop() for worker in rig.workers))
        runs = await exported(rig)
        told(rig, load, self._seed, [task.row.id for task in tasks], stage.expect)
        self.outcome.counts += load.calls.counts + mails(rig)
        settled_after = time.monotonic() - begun
        await self._checked(stage.folder, tasks)
        facts = sum(load.journal.heads().values())
        self._say(
            f"  {facts} facts, {runs} runs; settled and gathered in {settled_after:.0f} s, "
            f"checked in {time.monotonic() - begun - settled_after:.0f} s"
        )

    async def judged(self, stage: Stage, tasks: Sequence[Task]) -> None:
        """Ask each row what it finds wrong now that all has settled."""
        for row in dict.fromkeys(task.row for task in tasks):
            for what in await row.after(stage) if row.after is not None else ():
                self._violated(row.id, None, what)

    async def _checked(self, folder: Path, tasks: Sequence[Task]) -> None:
        """Have the checker look, as a program of its own."""
        if find_spec(CHECKER) is None:
            self._violated(tasks[-1].row.id, None, f"{folder.name}: there is no checker")
            return
        job = await whole(partial(run, [sys.executable, "-m", CHECKER, str(folder)], dict(os.environ)))
        file = folder / "violations.json"
        (folder / "checker.log").write_text(job.stdout + job.stderr)
        if not file.exists():
            last = (job.stderr or job.stdout).strip().rpartition("\n")[2]
            self._violated(tasks[-1].row.id, None, f"the checker broke, see {folder / 'checker.log'}: {last}")
            return
        trials = sorted(lines(folder / "faults.jsonl"), key=lambda row: row["step"])
        for row in json.loads(file.read_text()):
            step = row.get("step")
            before = [known["row"] for known in trials if step is not None and known["step"] <= step]
            self._violated(before[-1] if before else tasks[-1].row.id, step, f"{row['invariant']}: {row['what']}")

    def _violated(self, row: str, step: int | None, what: str) -> None:
        self.outcome.violations.append(Violation(self._seed, row, step, what))
        self._say(f"  VIOLATION in {row}, step {step}: {what[:300]}")


def installations(tasks: Sequence[Task]) -> Iterator[tuple[Setting | None, list[Task]]]:
    """Put tasks together that share an installation; each trial of a `fresh` row has one of its own."""
    settings = list(dict.fromkeys(task.row.setting for task in tasks))
    ordered = sorted(tasks, key=lambda task: settings.index(task.row.setting))
    for setting, group in groupby(ordered, key=lambda task: task.row.setting):
        known = list(group)
        shared = [task for task in known if not task.row.fresh]
        if shared:
            yield setting, shared
        for task in (task for task in known if task.row.fresh):
            for trial in range(task.first, task.last):
                yield setting, [Task(task.row, trial, trial + 1)]


def _is_alone(setting: Setting | None) -> bool:
    """Say whether an installation wants all the machine."""
    return setting is not None and setting.alone


def drained(found: list[str]) -> list[str]:
    """Take everything out of a list, and give it."""
    taken = list(found)
    found.clear()
    return taken


async def healed(rig: Rig) -> None:
    """Bring back whatever a trial left away."""
    rig.disarm()
    if rig.database is not None and not await whole(rig.database.cluster.is_up):
        await rig.up(rig.database)
    for part in rig.parts:
        if rig.state_of(part) in ("", "Z"):
            await rig.up(part)
        else:
            rig.thaw(part)


def in_the_logs(rig: Rig) -> list[str]:
    """Say which worker met a history that does not fit the code, or broke."""
    found = []
    for log in sorted(rig.folder.glob("worker-*.log")):
        for number, line in enumerate(log.read_text(errors="replace").splitlines(), start=1):
            if any(sign in line for sign in BROKEN_HISTORY):
                found.append(f"{log.name}:{number}: a history does not fit the code: {line[:200]}")
            elif line.startswith("Traceback"):
                found.append(f"{log.name}:{number}: a traceback")
    return found[:10]


def mails(rig: Rig) -> Counter[str]:
    """Count mails that the mail server kept, and how many of them had a key and address of their own."""
    kept = [(row["key"], *row["to"]) for row in lines(rig.folder / "mail.jsonl") for _ in range(row["kept"])]
    return Counter(mails=len(kept), mail_keys=len(set(kept)))


def _step(stage: Stage) -> int:
    return stage.load.calls.rows[-1].step if stage.given_load is not None and stage.load.calls.rows else 0
