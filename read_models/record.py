"""One subject's record as readers need it: each fact as recorded and as it counts, and the state they fold to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from domain.decider import PATIENT
from domain.findings import Finding
from domain.patient import facts as f
from domain.patient.history import effective
from domain.patient.journey import Journey
from journal.store import StoredFact

FactT = TypeVar("FactT")
DECISIONS = (f.AllocationRequested, f.ScreenFailed, f.EligibilityConfirmed)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a stream goes: what a document was made from. The hash is empty where the journal keeps no chain."""

    stream: str
    seq: int
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact as recorded, with its row, and as it counts today (None: a correction, or entered in error)."""

    stored: StoredFact
    recorded: Any
    counts: Any
    corrected_by: int | None = None
    hash: str = ""

    @property
    def seq(self) -> int:
        """The fact's number."""
        return self.stored.seq

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded, in trial time."""
        return datetime.fromisoformat(self.stored.recorded_at)


@dataclass(frozen=True)
class SubjectRecord:
    """Everything the journal holds of one subject."""

    journey: Journey
    told: tuple[Told, ...]
    head: Head

    def counting(self, kind: type[FactT]) -> Iterator[tuple[Told, FactT]]:
        """Give each fact of a kind as it counts, with its row."""
        for row in self.told:
            if isinstance(row.counts, kind):
                yield row, row.counts

    def recorded_on(self, row: Told) -> date:
        """Give the site's date on which a fact was recorded."""
        return self.journey.site.date_of(row.recorded_at)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdicts on record: those of the latest decision about eligibility."""

    told: Told
    findings: tuple[Finding, ...]


def record_of(stream: str, rows: Sequence[StoredFact], hashes: Mapping[int, str] | None = None) -> SubjectRecord:
    """Read and fold a subject's stored facts; `hashes` are theirs by number, where the journal keeps a chain."""
    known = hashes or {}
    facts = [PATIENT.read(row.body) for row in rows]
    counting = effective(facts)
    by = {fact.fact: seq for seq, fact in enumerate(facts, start=1) if isinstance(fact, f.FactCorrected)}
    told = tuple(
        Told(row, fact, None if isinstance(now, f.FactCorrected) else now, by.get(row.seq), known.get(row.seq, ""))
        for row, fact, now in zip(rows, facts, counting, strict=True)
    )
    return SubjectRecord(PATIENT.fold(facts), told, head_of(stream, rows, known))


def head_of(stream: str, rows: Sequence[StoredFact], hashes: Mapping[int, str]) -> Head:
    """Give how far a stream goes."""
    last = rows[-1].seq if rows else 0
    return Head(stream, last, hashes.get(last, ""))


def decision_of(record: SubjectRecord) -> Decision | None:
    """Give the latest decision about eligibility that holds its verdicts, if there was one."""
    for row in reversed(record.told):
        if isinstance(row.counts, DECISIONS) and row.counts.findings:
            return Decision(row, row.counts.findings)
    return None
