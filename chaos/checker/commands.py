"""I1, I2, I11: what was acknowledged is on record once, and every open question has the answer that is true."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chaos.checker.evidence import Evidence, Fact, Violation

PEOPLE = ("update", "signal")
OWN = ("open_trial", "report_misaddressed")
"""What the driver and the client library send by themselves: the opening, and what went to somebody unknown."""
ONE_OUTCOME = {
    "NoticeReached": ("notice",),
    "NoticeMissed": ("notice",),
    "JourneyBegan": ("request",),
    "SubjectAllocated": ("request",),
    "AllocationListSealed": ("request",),
    "ActReached": ("request",),
    "Randomized": (),
    "SubjectRegistered": (),
    "SlotReserved": ("subject",),
    "SubjectEnrolled": ("subject",),
    "DueReached": ("item",),
}
"""Facts that there is one of in a stream for the same value of these fields: the outcome of one intent."""
REORDERS = ("LabResultsRecorded", "DoseDelayed", "DosingResumed", "FactCorrected", "ScreenFailed")
"""After these the same results may be ordered once more: the order before is closed."""
TOLD = ("outcome", "first_seq", "last_seq", "reason", "rule", "field", "detail", "accepts")


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold the driver's own log against the journal and the histories."""
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for call in evidence.calls:
        if call["outcome"] in ("applied", "refused"):
            yield from _answered(evidence, call)
            key = (call["stream"], call["submission"] or "")
            if call["submission"] and first.setdefault(key, call)["answer"] != call["answer"]:
                step = first[key]["step"]
                what = f"{_named(call)} was answered {call['answer']}, at step {step} {first[key]['answer']}"
                yield Violation("I2", what, call["step"])
    yield from _resolved(evidence)
    yield from _nobodys(evidence)
    yield from _twice(evidence)


def _answered(evidence: Evidence, call: dict[str, Any]) -> Iterator[Violation]:
    """Give what is wrong with an acknowledgement: its row, its facts, and that history has them too. (I1)."""
    answer = call["answer"] or {}
    submission = answer.get("submission_id") or call["submission"]
    row = evidence.submissions.get((call["stream"], submission))
    if row is None:
        yield Violation("I1", f"{_named(call)} was {call['outcome']}, and has no row in the journal", call["step"])
        return
    wrong = [name for name in TOLD if (answer.get(name) or "") != (row[name] or "")]
    if row["outcome"] != call["outcome"] or (answer.get("outcome") and wrong):
        said = {name: answer.get(name) for name in wrong}
        stands = {name: row[name] for name in wrong}
        what = f"{_named(call)} was {call['outcome']} {said}; its row says {row['outcome']} {stands}"
        yield Violation("I1", what, call["step"])
    numbers = range(answer["first_seq"], answer["last_seq"] + 1) if answer.get("first_seq") else range(0)
    facts = {fact.seq: fact for fact in evidence.facts.get(call["stream"], [])}
    lost = [number for number in numbers if number not in facts]
    if lost:
        yield Violation("I1", f"{_named(call)}: its facts {lost} are not in the journal", call["step"])
    elif [facts[number].kind for number in numbers] != answer.get("facts", []):
        yield Violation("I1", f"{_named(call)}: its facts are others than {answer.get('facts', [])}", call["step"])
    runs = evidence.runs.get(call["stream"], [])
    known = {number for run in runs for number in run.facts}
    untold = [number for number in numbers if number not in known]
    if untold:
        yield Violation("I1", f"{_named(call)}: no history tells its facts {untold}", call["step"])


def _resolved(evidence: Evidence) -> Iterator[Violation]:
    """Give each call without an answer on which histories and journal do not agree, by its id: I11."""
    told = {
        (workflow, submission): answer
        for workflow, runs in evidence.runs.items()
        for run in runs
        for submission, answer in run.answers.items()
    }
    seen: set[tuple[str, str]] = set()
    for call in evidence.calls:
        key = (call["stream"], call["submission"])
        if call["outcome"] != "unknown" or key in seen:
            continue
        seen.add(key)
        row, answer = evidence.submissions.get(key), told.get(key)
        here = row["outcome"] if row else "not there"
        if answer is not None and answer["outcome"] != here:
            what = f"{_named(call)} got no answer; its history says {answer['outcome']}, the journal {here}"
            yield Violation("I11", what, call["step"])
        numbers = range(row["first_seq"], row["last_seq"] + 1) if row and row["first_seq"] else range(0)
        lost = set(numbers) - {fact.seq for fact in evidence.facts.get(call["stream"], [])}
        if lost:
            what = f"{_named(call)} got no answer; the journal says {here}, without its facts {sorted(lost)}"
            yield Violation("I11", what, call["step"])


def _nobodys(evidence: Evidence) -> Iterator[Violation]:
    """Give what people are said to have sent, and the driver never sent: something applied under another id. (I2)."""
    sent = {(call["stream"], call["submission"]) for call in evidence.calls if call["submission"]}
    sent |= {(call["stream"], (call["answer"] or {}).get("submission_id", "")) for call in evidence.calls}
    bare = Counter((call["stream"], call["kind"]) for call in evidence.calls if not call["submission"])
    for (stream, submission), row in evidence.submissions.items():
        theirs = row["channel"] in PEOPLE and row["role"] != "SYSTEM" and row["kind"] not in OWN
        if not theirs or row["outcome"] != "applied" or (stream, submission) in sent:
            continue
        bare[stream, row["kind"]] -= 1
        if bare[stream, row["kind"]] < 0:
            yield Violation("I2", f"{stream}: {row['kind']} {submission} was applied, and nobody sent it")


def _twice(evidence: Evidence) -> Iterator[Violation]:
    """Give what stands twice: a submission, an outcome, a dose of one day, an order of the same results. (I2)."""
    rows = Counter((row["stream"], row["submission_id"]) for row in evidence.journal["submissions"])
    for (stream, submission), times in rows.items():
        if times > 1:
            step = evidence.step_of(stream, submission)
            yield Violation("I2", f"{stream}: submission {submission} has {times} rows", step)
    for stream, facts in evidence.facts.items():
        seen: dict[tuple[Any, ...], int] = {}
        corrected = {fact.body["fact"] for fact in facts if fact.kind == "FactCorrected"}
        for fact in facts:
            if fact.kind in REORDERS:
                seen = {known: seq for known, seq in seen.items() if known[0] != "LabsOrdered"}
            key = None if fact.seq in corrected else _once(fact)
            if key is not None and seen.setdefault(key, fact.seq) != fact.seq:
                step = evidence.step_of(stream, str(fact.row["submission_id"]))
                yield Violation("I2", f"{fact.name} says once more what fact {seen[key]} says: {key[1:]}", step)


def _once(fact: Fact) -> tuple[Any, ...] | None:
    """Give what there is one of in a stream; None for a fact of which there may be many."""
    body = fact.body
    if fact.kind in ONE_OUTCOME:
        return (fact.kind, *(body.get(name) for name in ONE_OUTCOME[fact.kind]))
    if fact.kind == "LabsOrdered":
        return (fact.kind, *(str(body.get(name)) for name in ("purpose", "cycle", "analytes", "after")))
    if fact.kind == "DoseGiven":
        return (fact.kind, body["cycle"], body["day"], *sorted(row["drug"] for row in body["drugs"]))
    return None


def _named(call: dict[str, Any]) -> str:
    return f"{call['stream']}: {call['kind']} {call['submission']}"
