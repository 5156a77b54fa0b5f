"""An evidence folder as the checker reads it: the driver's own log, the journal by SQL, histories, answers, mail."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, column, create_engine, select, table
from sqlalchemy.exc import SQLAlchemyError

from chaos.checker.histories import Run, read_runs

SUBMISSION_COLUMNS = [
    "stream",
    "submission_id",
    "channel",
    "kind",
    "staff",
    "role",
    "identity",
    "occurred_at",
    "recorded_at",
    "stored_at",
    "outcome",
    "reason",
    "rule",
    "field",
    "detail",
    "accepts",
    "first_seq",
    "last_seq",
    "sha256",
    "body",
]
FACT_COLUMNS = [
    "stream",
    "seq",
    "submission_id",
    "kind",
    "staff",
    "role",
    "occurred_at",
    "recorded_at",
    "stored_at",
    "body",
]
PLACE = ["position", "previous_hash", "hash", "chain"]


class UnreadableEvidence(Exception):
    """The folder cannot be judged: something that must be there is not, or is no JSON."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold. `step` is the driver's step, when one is to be named."""

    invariant: str
    what: str
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact's row with its body read; an unreadable body is empty (its hash tells)."""

    row: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def stream(self) -> str:
        """Its stream."""
        return str(self.row["stream"])

    @property
    def seq(self) -> int:
        """Its number in the stream."""
        return int(self.row["seq"])

    @property
    def kind(self) -> str:
        """What happened."""
        return str(self.row["kind"])

    @property
    def name(self) -> str:
        """Its name in a violation."""
        return f"{self.stream}/{self.seq} {self.kind}"


@dataclass(frozen=True)
class Evidence:
    """One folder, read when asked for."""

    folder: Path

    @cached_property
    def run(self) -> dict[str, Any]:
        """What was run: seed, trial, journal, site, expectations."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        except (OSError, ValueError) as problem:
            raise UnreadableEvidence(f"{self.folder / 'run.json'}: {problem}") from None
        return found

    @cached_property
    def calls(self) -> list[dict[str, Any]]:
        """Every call of the driver, in the order in which they were answered or given up."""
        return _some(self.folder / "calls.jsonl")

    @cached_property
    def faults(self) -> list[dict[str, Any]]:
        """Every fault of the driver."""
        return _some(self.folder / "faults.jsonl")

    @cached_property
    def queries(self) -> dict[str, dict[str, Any]]:
        """The last answer of each workflow to `show` and `facts`."""
        return {row["workflow"]: row for row in _some(self.folder / "queries.jsonl")}

    @cached_property
    def deliveries(self) -> list[dict[str, Any]]:
        """The product's ledger of deliveries; a line that was cut short by a fault counts as none."""
        told = any(fact.kind == "NoticeReached" for facts in self.facts.values() for fact in facts)
        file = self.folder / "deliveries.jsonl"
        found = [row for row in _lines(file, cut=True) if "key" in row] if told or file.exists() else []
        return _not_empty(file, found) if told else found

    @cached_property
    def mails(self) -> list[dict[str, Any]]:
        """What the mail server took or refused, in order; none when no notice was delivered."""
        file = self.folder / "mail.jsonl"
        found = list(_lines(file)) if self.deliveries or file.exists() else []
        return _not_empty(file, found) if self.deliveries else found

    @cached_property
    def runs(self) -> dict[str, list[Run]]:
        """The runs of each workflow, the oldest first. Raises UnreadableEvidence when there is none."""
        found = read_runs(self.folder / "histories")
        if not found:
            raise UnreadableEvidence(f"{self.folder / 'histories'} holds no history")
        return found

    @cached_property
    def journal(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of both tables as stored, and of the sealed list."""
        copied = self.folder / "journal.db"
        engine = create_engine(f"sqlite:///{copied}" if copied.exists() else self.run["journal_url"])
        try:
            found = self._read(engine)
        except SQLAlchemyError as problem:
            raise UnreadableEvidence(f"the journal cannot be read: {str(problem).splitlines()[0]}") from None
        finally:
            engine.dispose()
        return found

    @staticmethod
    def _read(engine: Engine) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        with engine.connect() as connection:
            for name, columns in (("submissions", SUBMISSION_COLUMNS), ("facts", FACT_COLUMNS)):
                query = _every(name, [*columns, *PLACE]).order_by(column("position"))
                found[name] = [dict(row) for row in connection.execute(query).mappings()]
            for name, columns in (("allocation_lists", ["trial", "sha256", "slots"]), ("allocation_slots", ["trial"])):
                found[name] = [dict(row) for row in connection.execute(_every(name, columns)).mappings()]
        return found

    @cached_property
    def submissions(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The rows of submissions by stream and id."""
        return {(row["stream"], row["submission_id"]): row for row in self.journal["submissions"]}

    @cached_property
    def facts(self) -> dict[str, list[Fact]]:
        """The facts of each stream, in order of their numbers."""
        found: dict[str, list[Fact]] = {}
        for row in sorted(self.journal["facts"], key=lambda row: (str(row["stream"]), row["seq"])):
            found.setdefault(str(row["stream"]), []).append(Fact(row, _object(row["body"])))
        return found

    @cached_property
    def subjects(self) -> dict[str, list[Fact]]:
        """The facts of each subject's stream."""
        return {stream: facts for stream, facts in self.facts.items() if stream.startswith("patient-")}

    @property
    def register(self) -> str:
        """The name of the register's stream."""
        return f"trial-{self.run['trial']}"

    def step_of(self, stream: str, submission: str) -> int | None:
        """Give the driver's step of a submission, when it logged one."""
        return self._steps.get((stream, submission))

    @cached_property
    def _steps(self) -> dict[tuple[str, str], int]:
        return {(call["stream"], call["submission"]): call["step"] for call in reversed(self.calls)}


def _every(name: str, columns: list[str]) -> Select[*tuple[Any, ...]]:
    """Select every row of a table, each value as it is stored."""
    return select(*[column(one) for one in columns]).select_from(table(name))


def _object(body: object) -> dict[str, Any]:
    try:
        found = json.loads(str(body))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _some(file: Path) -> list[dict[str, Any]]:
    """Give the JSON lines of a file that every run writes. Raises UnreadableEvidence when it has none."""
    return _not_empty(file, list(_lines(file)))


def _not_empty(file: Path, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not found:
        raise UnreadableEvidence(f"{file} is empty")
    return found


def _lines(file: Path, *, cut: bool = False) -> Iterator[dict[str, Any]]:
    """Give the JSON lines of a file. Raises UnreadableEvidence: it is not there, or a line is torn that may not be."""
    if not file.exists():
        raise UnreadableEvidence(f"{file} is not there")
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as problem:
            if not cut:
                raise UnreadableEvidence(f"{file}, line {number}: {problem}") from None
