"""Holds the journal's rows against what Temporal's histories tell, row by row and field by field. It changes nothing.

Histories must be read before the journal is: what a history tells was in the journal already.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from activities.rows import FACTLESS, NOT_RETAINED
from journal.chain import FACT_CONTENT, SUBMISSION_CONTENT
from journal.rebuilding import Block
from journal.rows import Row
from journal.store import StoredFact
from workflows.remembered import Remembered

State = Literal["equal", "Temporal behind", "journal behind", "rows missing", "differs", "in no history"]
_SENT = ("channel", "kind", "identity", "sha256", "body")
_ANSWERED = ("outcome", "reason", "rule", "field", "detail", "accepts")
_SHA, _ID = SUBMISSION_CONTENT.index("sha256"), SUBMISSION_CONTENT.index("submission_id")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one row that the journal and a history tell differently."""

    stream: str
    row: str
    seq: int | None
    field: str
    journal: Any
    history: Any
    position: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One stream in both. `ahead` and `behind` name the rows that the other side has not."""

    stream: str
    state: State
    facts: int
    held: int
    """How many rows were held against a history."""
    differences: tuple[Difference, ...] = ()
    ahead: str = ""
    """Facts of the journal that no history tells."""
    behind: tuple[str, ...] = ()
    """Rows that a history tells beyond the journal's last one."""
    missing: tuple[str, ...] = ()
    """Rows that a history tells and the journal has not, though it has later ones."""
    position: int = 0
    """Where the stream ends in the journal."""


def compare(stream: str, rows: Iterable[Row], found: Remembered | None) -> Compared:
    """Compare one stream."""
    facts, sent, last = dict[int, Row](), dict[str, Row](), 0
    for row in rows:
        last = row.position
        if row.table == "fact":
            facts[row.seq] = row
        else:
            sent[str(row.content[_ID])] = row
    if found is None:
        return Compared(stream, "in no history", len(facts), 0, position=last)
    differences: list[Difference] = []
    absent: list[tuple[int, str]] = []
    held, latest = 0, -1
    for number, block in enumerate(found.blocks):
        about = block.submission
        told = [
            (f"submission {about['submission_id']}", sent.get(about["submission_id"]), _of_submission(stream, block))
        ]
        told += [(f"fact {fact.seq}", facts.get(fact.seq), _of_fact(stream, fact)) for fact in block.facts]
        for name, here, history in told:
            if here is None:
                absent.append((number, name))
            else:
                held, latest = held + 1, number
                differences += _differences(here, history, _unknown(here, block))
    behind = tuple(name for number, name in absent if number > latest)
    missing = tuple(name for number, name in absent if number <= latest)
    ahead = sorted(set(facts) - {fact.seq for fact in found.facts})
    return Compared(
        stream=stream,
        state=_state(bool(differences), missing, behind, ahead),
        facts=len(facts),
        held=held,
        differences=tuple(differences),
        ahead=f"facts {ahead[0]} to {ahead[-1]}" if ahead else "",
        behind=behind,
        missing=missing,
        position=last,
    )


def _state(differ: bool, missing: Sequence[str], behind: Sequence[str], ahead: Sequence[int]) -> State:  # noqa: FBT001 - four findings, the worst first
    if differ:
        return "differs"
    if missing:
        return "rows missing"
    if behind:
        return "journal behind"
    return "Temporal behind" if ahead else "equal"


def _of_submission(stream: str, block: Block) -> dict[str, Any]:
    told = {"stream": stream, **block.submission}
    return {column: told[column] for column in SUBMISSION_CONTENT}


def _of_fact(stream: str, fact: StoredFact) -> dict[str, Any]:
    told = {"stream": stream, **fact._asdict()}
    return {column: told[column] for column in FACT_CONTENT}


def _differences(here: Row, history: dict[str, Any], unknown: frozenset[str]) -> Iterator[Difference]:
    for (column, told), ours in zip(history.items(), here.content, strict=True):
        if column not in unknown and ours != told:
            yield Difference(here.stream, here.name, here.seq, column, ours, told, here.position)


def _unknown(row: Row, block: Block) -> frozenset[str]:
    """Name the columns that a history does not tell for certain: of a lost message, and of older releases' rows."""
    unknown: set[str] = set()
    if row.table == "fact":
        return frozenset()
    if NOT_RETAINED in (row.content[_SHA], block.submission["sha256"]):
        unknown |= {*_SENT, *_ANSWERED}
    if not block.hash:
        unknown |= {"channel", "identity"} if block.facts else {"channel", "identity", *FACTLESS}
    return frozenset(unknown)
