"""I4: every subject is at an end, or waits for an instant that is still to come; no task is stuck or failed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from chaos.checker.evidence import Evidence, Fact, Violation
from chaos.checker.instants import trial_to_real

MOST_ATTEMPTS = 3
GRACE_SECONDS = 30.0
DEAD = ("failed", "timed out", "cancelled", "terminated")


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold the last run of each stream, its tasks, and what it waits for, against what must be."""
    for workflow, runs in evidence.runs.items():
        if runs[-1].end in DEAD:
            yield Violation("I4", f"{workflow}: its last run, {runs[-1].run_id}, is {runs[-1].end}")
        for run in runs:
            for what in run.failed_tasks:
                yield Violation("I4", f"{workflow}: a task of run {run.run_id} failed: {what}")
            if run.longest_attempt > MOST_ATTEMPTS:
                yield Violation("I4", f"{workflow}: a task of run {run.run_id} was tried {run.longest_attempt} times")
    for stream, facts in evidence.subjects.items():
        yield from _waits(evidence, stream, facts)


def _waits(evidence: Evidence, stream: str, facts: list[Fact]) -> Iterator[Violation]:
    """Give a subject that is neither at an end nor waits for something to come or for somebody."""
    over = _is_over(facts)
    if evidence.run.get("expect", {}).get("ended") and not over:
        yield Violation("I4", f"{stream}: it has not ended; its last fact is {facts[-1].name}")
    runs, asked = evidence.runs.get(stream, []), evidence.queries.get(stream)
    if runs and not over and runs[-1].end and runs[-1].end not in DEAD:
        yield Violation("I4", f"{stream}: its last run is {runs[-1].end}, and the study has not ended")
    if over:
        return
    if asked is None or asked.get("show") is None:
        yield Violation("I4", f"{stream}: it has not ended, and its workflow gives no answer")
        return
    shown = asked["show"]
    due = shown.get("next_due")
    if due is None and not shown.get("asks"):
        yield Violation("I4", f"{stream}: nothing is due and nobody is asked; phase {shown.get('phase')}")
    if due is not None:
        comes = trial_to_real(facts[0].body["clock"], datetime.fromisoformat(due["at"]))
        late = (_asked_at(evidence, stream) - comes).total_seconds()
        if late > float(evidence.run.get("grace_seconds", GRACE_SECONDS)):
            yield Violation("I4", f"{stream}: {due['what']} has been overdue for {late:.0f} s")


def _asked_at(evidence: Evidence, stream: str) -> datetime:
    """Give when the workflow was asked: as the driver says, else when it wrote the answers down."""
    told = evidence.queries[stream].get("asked_at") or evidence.run.get("asked_at")
    if told:
        return datetime.fromisoformat(told)
    written = (evidence.folder / "queries.jsonl").stat().st_mtime
    return datetime.fromtimestamp(written, UTC) - timedelta(0)


def _is_over(facts: list[Fact]) -> bool:
    over = False
    for fact in facts:
        if fact.kind == "StudyEnded":
            over = True
        elif fact.kind == "ContactRegained":
            over = False
        elif fact.kind == "FactCorrected" and fact.body["of"] == "StudyEnded":
            over = fact.body.get("content") is not None
    return over
