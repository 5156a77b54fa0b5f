"""What is looked at to say whether an installation is well, other than Temporal: journal, disk and what it talks to."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from activities.report import Report
from domain.decider import trial_stream
from journal.store import Journal, JournalAway, JournalUnusableError

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and whether it is well."""

    name: str
    ok: bool
    detail: str
    report: Report | None = None


def journal(store: Journal, trial: str) -> Check:
    """Read the journal, and take its lock for a moment as a writer would."""
    try:
        store.check_version()
        heads = store.heads()
        with store.locked(trial_stream(trial)):
            pass
    except (SQLAlchemyError, JournalAway, JournalUnusableError) as problem:
        cause = getattr(problem, "orig", None) or problem
        return Check("journal", ok=False, detail=f"cannot be used: {str(cause).splitlines()[0]}")
    return Check("journal", ok=True, detail=f"{len(heads)} streams, {sum(heads.values())} facts, takes writers")


def disk(folder: Path, least_megabytes: int) -> Check:
    """Say whether there is room where this installation writes."""
    try:
        free = shutil.disk_usage(folder).free // MEGABYTE
    except OSError as problem:
        return Check("disk", ok=False, detail=f"{folder}: {problem.strerror or problem}")
    told = f"{free} MB free at {folder}"
    return Check("disk", ok=free >= least_megabytes, detail=told if free >= least_megabytes else
                 f"{told}, at least {least_megabytes} are wanted (TRIALPATH_LEAST_FREE_MEGABYTES)")  # fmt: skip


def source(name: str, where: str, look: Callable[[], str]) -> Check:
    """Say whether something outside answers; `look` gives what is wrong, or nothing."""
    wrong = look()
    return Check(name, ok=not wrong, detail=wrong or where)
