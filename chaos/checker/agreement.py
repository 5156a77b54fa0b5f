"""I6: journal, histories and the workflows' own answers tell the same facts, and fold to the same state."""

from collections.abc import Iterator
from typing import Any

from chaos.checker.evidence import Evidence, Fact, Violation
from chaos.checker.record import Record

TOLD = ["seq", "submission_id", "kind", "staff", "role", "occurred_at", "recorded_at", "stored_at", "body"]


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold each stream against its histories and the last answers to its queries."""
    for stream, facts in evidence.facts.items():
        ours = [{name: fact.row[name] for name in TOLD} for fact in facts]
        yield from _histories(evidence, stream, ours)
        asked = evidence.queries.get(stream)
        if asked is None and stream.startswith(("patient-", "trial-")):
            yield Violation("I6", f"{stream}: its workflow was never asked")
        if asked is not None and stream.startswith(("patient-", "trial-")):
            for name in ("facts", "show"):
                if asked.get(name) is None:
                    yield Violation("I6", f"{stream}: its workflow gives no answer to {name}")
        if asked is not None and asked.get("facts") is not None:
            theirs = list(asked["facts"])
            yield from _same(stream, "its workflow", _known_then(ours, len(theirs), asked), theirs)
        if asked is not None and asked.get("show") is not None:
            known = len(_known_then(ours, asked["show"].get("facts", 0), asked))
            yield from _shown(stream, facts[:known], asked["show"])
    for workflow in sorted(set(evidence.runs) - set(evidence.facts)):
        if any(run.facts for run in evidence.runs[workflow]):
            yield Violation("I6", f"{workflow}: its histories tell facts, and the journal has none of it")


def _histories(evidence: Evidence, stream: str, ours: list[dict[str, Any]]) -> Iterator[Violation]:
    runs = evidence.runs.get(stream, [])
    told: dict[int, dict[str, Any]] = {}
    for run in runs:
        for number in run.contradicted:
            yield Violation("I6", f"{stream}: run {run.run_id} tells fact {number} in two ways")
        for number, fact in run.facts.items():
            if told.setdefault(number, fact) != fact:
                yield Violation("I6", f"{stream}: run {run.run_id} tells fact {number} as no other run does")
    if runs:
        yield from _same(stream, "its histories", ours, [told[number] for number in sorted(told)])
    elif stream.startswith(("patient-", "trial-")):
        yield Violation("I6", f"{stream}: there is no history of it")


def _same(stream: str, who: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Iterator[Violation]:
    """Give the first fact that the journal and another source tell differently."""
    for here, there in zip(ours, theirs, strict=False):
        if here != {name: there.get(name) for name in TOLD}:
            wrong = [name for name in TOLD if here[name] != there.get(name)]
            yield Violation("I6", f"{stream}/{here['seq']}: {who} and the journal differ in {', '.join(wrong)}")
            return
    if len(ours) != len(theirs):
        yield Violation("I6", f"{stream}: {len(ours)} facts in the journal, {who} has {len(theirs)}")


def _known_then(ours: list[dict[str, Any]], count: int, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Leave out the facts beyond so many that came after the workflow was asked: time goes on."""
    since = asked.get("asked_at")
    later = [fact for fact in ours[count:] if since and str(fact["stored_at"]) >= since]
    return ours[: len(ours) - len(later)] if later == ours[len(ours) - len(later) :] else ours


def _shown(stream: str, facts: list[Fact], shown: dict[str, Any]) -> Iterator[Violation]:
    """Hold the state a workflow shows against what its facts fold to here."""
    expected: dict[str, Any] = {"facts": len(facts)}
    if stream.startswith("patient-"):
        record = Record.of(facts)
        expected |= {
            "arm": record.arm or None,
            "resection": record.resection or None,
            "treatment_ended": record.treatment_ended or None,
            "deviations": len(record.deviations),
        }
        if record.study_ended or record.epoch:
            expected["phase"] = record.study_ended or record.epoch
    elif stream.startswith("trial-"):
        expected["randomized"] = sum(fact.kind == "SubjectAllocated" for fact in facts)
        expected["enrolled"] = sum(fact.kind == "SubjectEnrolled" for fact in facts)
    for name, value in expected.items():
        if shown.get(name) != value:
            yield Violation("I6", f"{stream}: its workflow shows {name} {shown.get(name)!r}, its facts say {value!r}")
