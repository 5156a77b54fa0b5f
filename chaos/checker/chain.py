"""I7: the chain over every row, worked out again from ADR 9 alone, and the sealed list against its fact."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from chaos.checker.evidence import FACT_COLUMNS, SUBMISSION_COLUMNS, Evidence, Violation

ORIGIN = "0" * 64


def check(evidence: Evidence) -> Iterator[Violation]:
    """Give each row that does not fit, at most one a place; then what a stream's numbers and the list say."""
    rows = [(row["position"], "submission", row) for row in evidence.journal["submissions"]]
    rows += [(row["position"], "fact", row) for row in evidence.journal["facts"]]
    rows.sort(key=lambda row: (row[0], row[1] == "fact"))
    chain, ends = ORIGIN, dict[str, str]()
    for place, (position, table, row) in enumerate(rows, start=1):
        name = _name(table, row)
        if position != place:
            yield Violation("I7", f"position {place} is missing: {name} stands at {position}")
            return
        columns = FACT_COLUMNS if table == "fact" else SUBMISSION_COLUMNS
        text = json.dumps(
            [table, *(row[column] for column in columns), row["previous_hash"]],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        if _sha(text) != row["hash"]:
            yield Violation("I7", f"{name} at position {position} is not what was hashed")
        if row["previous_hash"] != ends.get(row["stream"], ORIGIN):
            yield Violation("I7", f"{name} at position {position} does not follow the row before it in its stream")
        if _sha(chain + row["hash"]) != row["chain"]:
            yield Violation("I7", f"{name} at position {position} does not follow the row before it in the journal")
        chain, ends[row["stream"]] = row["chain"], row["hash"]
    yield from _numbers(evidence)
    yield from _sealed(evidence)


def _numbers(evidence: Evidence) -> Iterator[Violation]:
    """Give the streams whose facts are not numbered 1, 2, 3, and submissions that claim other facts than theirs."""
    for stream, facts in evidence.facts.items():
        numbers = [fact.seq for fact in facts]
        if numbers != list(range(1, len(facts) + 1)):
            yield Violation("I7", f"{stream}: its facts are numbered {_shown(numbers)}")
    came: dict[tuple[str, str], list[int]] = {}
    for row in evidence.journal["facts"]:
        came.setdefault((row["stream"], row["submission_id"]), []).append(row["seq"])
    for key, row in evidence.submissions.items():
        found, told = sorted(came.pop(key, [])), row["first_seq"]
        expected = [] if told is None else list(range(told, row["last_seq"] + 1))
        if found != expected:
            yield Violation(
                "I7", f"{_name('submission', row)} claims facts {_shown(expected)}, {_shown(found)} are its"
            )
    for (stream, submission), numbers in came.items():
        yield Violation("I7", f"{stream}: facts {_shown(numbers)} name submission {submission}, which has no row")


def _sealed(evidence: Evidence) -> Iterator[Violation]:
    lists = {row["trial"]: row for row in evidence.journal["allocation_lists"]}
    slots = [row["trial"] for row in evidence.journal["allocation_slots"]]
    for fact in evidence.facts.get(evidence.register, []):
        if fact.kind == "AllocationListSealed":
            trial = fact.stream.removeprefix("trial-")
            there = lists.get(trial, {"sha256": "no list", "slots": 0})
            found = (there["sha256"], there["slots"], slots.count(trial))
            if found != (fact.body["sha256"], fact.body["slots"], fact.body["slots"]):
                yield Violation("I7", f"{fact.name}: the sealed list is another one, or not whole: {found}")


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _name(table: str, row: dict[str, Any]) -> str:
    return f"{row['stream']} {table} {row['seq'] if table == 'fact' else row['submission_id']}"


def _shown(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:12])) + (" ..." if len(numbers) > len(numbers[:12]) else "") or "none"
