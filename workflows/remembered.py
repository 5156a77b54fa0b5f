"""A stream as the histories of its runs tell it: its facts, its submissions, and what they do not tell."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from activities.contract import Answer, Step, unpack
from activities.rows import NOT_RETAINED, message_columns
from domain.decider import decider_of
from domain.intake import Message, read
from domain.submission import UNATTRIBUTED, Refused
from domain.values import Clock
from journal.rebuilding import Block, Chain, submission
from journal.store import StoredFact
from workflows.replaying import Told
from workflows.retained import Run

What = Literal["STREAM", "TAIL", "GAP", "ROWS", "MESSAGES", "ALLOCATION_LIST", "UNREADABLE", "ANOTHER_WORKER"]
FACTS_ARE_LOST = ("STREAM", "TAIL", "GAP", "UNREADABLE", "ANOTHER_WORKER")
BODY_NOT_RETAINED = "<not retained: no history holds this message any more>"
KIND_NOT_RETAINED = "not_retained"
REFUSED_WITH_A_FACT = "AllocationDeclined"
"""The one kind of fact that a refusal leaves; `why` is its reason."""
AS_BEFORE, ANEW = "as before", "anew"


class ContradictionError(Exception):
    """Two histories tell one fact differently: nobody can say which is the record."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What no history tells of a stream, or not for certain."""

    stream: str
    what: What
    detail: str

    @property
    def is_facts(self) -> bool:
        """Say whether facts are lost, or may be."""
        return self.what in FACTS_ARE_LOST


@dataclass(frozen=True, slots=True)
class Remembered:
    """A stream as it can be written again. `chain`: whether its hashes come out as they were, as far as is known."""

    stream: str
    runs: int
    is_running: bool
    facts: tuple[StoredFact, ...]
    blocks: tuple[Block, ...]
    chain: str
    lost: tuple[Lost, ...]


@dataclass(slots=True)
class _Sent:
    """A submission as it is gathered. `after`: the stream's last fact before it, where it left none itself."""

    id: str
    after: int
    answer: Answer | None = None
    row: dict[str, Any] = field(default_factory=dict)
    at: str = ""
    stored_at: str = ""


class Memory:
    """Gathers one stream, run by run, the oldest first."""

    def __init__(self, stream: str) -> None:
        """Begin with nothing."""
        self._stream = stream
        self._facts: dict[int, StoredFact] = {}
        self._sent: dict[str, _Sent] = {}
        self._seq = 0
        self._clock = Clock.real()

    def take(self, told: Told) -> None:
        """Take what one run's history tells. Raises ContradictionError."""
        self._clock, self._seq = told.start.clock, 0
        if told.start.carry is not None:
            self._keep(unpack(told.start.carry.facts), ())
            self._seq = told.start.carry.step.seq
        for at, step in told.steps:
            self._step(at, step)

    def _step(self, at: datetime, step: Step) -> None:
        self._keep(unpack(step.packed) if step.packed else step.facts, {row.submission_id for row in step.answers})
        rows = {row["submission_id"]: row for row in map(json.loads, step.rows)}
        for answer in step.answers:
            sent = self._sent.setdefault(answer.submission_id, _Sent(answer.submission_id, self._seq))
            if sent.answer is None:
                sent.answer = answer
                sent.at = self._clock.trial_time(at).astimezone(UTC).isoformat(timespec="microseconds")
                sent.stored_at = at.isoformat(timespec="microseconds")
            sent.row = sent.row or rows.get(answer.submission_id, {})
            self._seq = max(self._seq, answer.last_seq or 0)
        self._seq = max(self._seq, step.seq)

    def _keep(self, lines: Iterable[str], answered: Iterable[str]) -> None:
        """Keep facts; those that no answer beside them explains were recorded by somebody else before."""
        for line in lines:
            fact = StoredFact(**json.loads(line))
            if self._facts.setdefault(fact.seq, fact) != fact:
                raise ContradictionError(f"{self._stream}: two histories tell fact {fact.seq} differently")
            if fact.submission_id not in answered:
                self._sent.setdefault(fact.submission_id, _Sent(fact.submission_id, fact.seq - 1))
                self._seq = max(self._seq, fact.seq)

    def whole(self, runs: Sequence[Run], messages: dict[str, Message], failed: dict[str, str]) -> Remembered:
        """Give the stream, up to its first gap."""
        facts = self._until_gap()
        came_of: dict[str, list[StoredFact]] = {}
        for fact in facts:
            came_of.setdefault(fact.submission_id, []).append(fact)
        blocks = [
            self._block(sent, came_of.get(sent.id, []), messages.get(sent.id))
            for sent in self._in_order(came_of)
            if sent.id in came_of or (sent.answer is not None and sent.answer.first_seq is None)
        ]
        chain, broken = self._chained(blocks)
        return Remembered(
            stream=self._stream,
            runs=len(runs),
            is_running=not runs[-1].end,
            facts=tuple(facts),
            blocks=tuple(blocks),
            chain=chain,
            lost=tuple(self._lost(runs, blocks, failed, broken)),
        )

    def _until_gap(self) -> list[StoredFact]:
        facts: list[StoredFact] = []
        while len(facts) + 1 in self._facts:
            facts.append(self._facts[len(facts) + 1])
        return facts

    def _in_order(self, came_of: dict[str, list[StoredFact]]) -> list[_Sent]:
        """Give the submissions in the order of their rows; those without facts by their old position if possible."""
        ends = [
            (sent.row.get("position"), came_of[sent.id][-1].seq) for sent in self._sent.values() if sent.id in came_of
        ]
        placed = all(position is not None for position, _ in ends)

        def key(numbered: tuple[int, _Sent]) -> tuple[int, int, int]:
            number, sent = numbered
            if sent.id in came_of:
                return came_of[sent.id][0].seq, 0, 0
            position = sent.row.get("position")
            if placed and position is not None:
                return max((seq for other, seq in ends if other < position), default=0), 1, position
            return sent.after, 1, number

        return [sent for _, sent in sorted(enumerate(self._sent.values()), key=key)]

    def _block(self, sent: _Sent, facts: list[StoredFact], message: Message | None) -> Block:
        columns: dict[str, Any] = {"kind": KIND_NOT_RETAINED, "sha256": NOT_RETAINED, "body": BODY_NOT_RETAINED}
        if message is not None:
            columns = dict(message_columns(message))
        columns |= {name: sent.row[name] for name in ("channel", "identity") if name in sent.row}
        columns |= self._answered(sent, facts)
        if facts:
            first = facts[0]
            columns |= {"staff": first.staff, "role": first.role, "occurred_at": first.occurred_at}
            columns |= {"recorded_at": first.recorded_at, "stored_at": first.stored_at}
            columns |= {"first_seq": first.seq, "last_seq": facts[-1].seq}
        else:
            columns |= self._sender(sent, message) | self._instants(sent)
            columns |= {name: sent.row[name] for name in sent.row if name not in ("position", "hash")}
        row = submission(**columns | {"submission_id": sent.id})
        return Block(row, tuple(facts), sent.row.get("position"), str(sent.row.get("hash", "")))

    def _answered(self, sent: _Sent, facts: list[StoredFact]) -> dict[str, Any]:
        if sent.answer is not None:
            return sent.answer.model_dump(include={"outcome", "reason", "rule", "field", "detail", "accepts"})
        if facts and facts[0].kind == REFUSED_WITH_A_FACT:
            return {"outcome": "refused", "reason": "RULE", "detail": str(json.loads(facts[0].body).get("why", ""))}
        return {"outcome": "applied"}

    def _sender(self, sent: _Sent, message: Message | None) -> dict[str, Any]:
        """Read who sent what left no fact, as an older release's history tells it: the role is the one claimed."""
        nobody = {"staff": UNATTRIBUTED, "role": UNATTRIBUTED, "occurred_at": None}
        if message is None:
            return nobody
        decider = decider_of(self._stream)
        try:
            found = read(message, sent.id, decider.people, decider.system)
        except Refused:
            return nobody
        at = found.occurred_at.astimezone(UTC).isoformat() if found.occurred_at else None
        return {"staff": found.sender.staff, "role": found.sender.role, "occurred_at": at}

    def _instants(self, sent: _Sent) -> dict[str, str]:
        before = self._facts[sent.after].recorded_at if sent.after in self._facts else ""
        return {"recorded_at": max(sent.at, before), "stored_at": sent.stored_at}

    def _chained(self, blocks: Sequence[Block]) -> tuple[str, tuple[str, str] | None]:
        """Say whether the hashes come out as they were, and if not between which instants the first row differs."""
        chain, proved, since = Chain(), False, ""
        for block in blocks:
            (_, row), *_ = chain.rows(self._stream, block)
            proved = row["hash"] == block.hash
            if block.hash and not proved:
                return ANEW, (since, str(row["stored_at"]))
            since = str(row["stored_at"]) if proved else since
        return (AS_BEFORE if proved else ANEW), None

    def _lost(
        self, runs: Sequence[Run], blocks: Sequence[Block], failed: dict[str, str], broken: tuple[str, str] | None
    ) -> Iterable[Lost]:
        """Tell what these runs do not: runs before, between and after them, numbers, messages."""
        stream, here = self._stream, {run.run_id for run in runs}
        last = len({fact.seq for block in blocks for fact in block.facts})
        if runs[-1].after and runs[-1].after not in here:
            detail = f"what was recorded after {_at(runs[-1].ended)} (fact {last}): it went on in run {runs[-1].after}"
            yield Lost(stream, "TAIL", f"{detail}, which no history tells of")
        beyond = sorted(seq for seq in self._facts if seq > last)
        if beyond:
            detail = f"facts {last + 1} to {beyond[0] - 1}; so {len(beyond)} facts up to {beyond[-1]} are left out"
            yield Lost(stream, "GAP", detail)
        for run in runs:
            if run.before and run.before not in here:
                detail = f"refusals and messages of run {run.before} and earlier ones, before {_at(run.began)}"
                yield Lost(stream, "ROWS", detail)
            if run.history.run_id in failed:
                why = failed[run.history.run_id]
                yield Lost(stream, "MESSAGES", f"of run {run.run_id}: this release does not replay it: {why}")
        if broken is not None:
            since, until = broken
            when = f"between {since[:19] or 'the beginning'} and {until[:19]}"
            yield Lost(
                stream, "ROWS", f"{when} rows are missing or not as they were; the chain is a new one from there"
            )
        silent = sum(block.submission["body"] == BODY_NOT_RETAINED for block in blocks)
        if silent:
            yield Lost(stream, "MESSAGES", f"of {silent} submissions; their ids, answers and facts are there")


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}"
