"""`record`: lock the stream, read what the workflow has not seen, fold, decide on that, append, and give it all back.

The same submission again gets the same answer and adds nothing. This is the only place where anything is decided.
"""

import json
import time
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import RowMapping
from temporalio import activity

from activities import measuring
from activities.contract import RECORD, Answer, DueStep, RecordRequest, Step, pack
from activities.effects import effect_of
from activities.folded import Folded, FoldedStreams, facts_in
from activities.rows import NOT_RETAINED, answer_of, digest, loggable, row_of, stored_facts, told_nowhere_else
from activities.vouching import Vouching
from domain.decider import Decider, decider_of, intents
from domain.intake import Message, carried_id, content_id, derived_id, known_kind, read
from domain.patient.history import Entry
from domain.submission import Reason, Refused, Submission
from journal.store import Journal, JournalAway, StoredFact, Stream

LONGEST_ID = 240
SHORT_RUN = 200
"""History events below which a run goes on into the next chapter: handing over costs five."""
LONG_RUN = 500
"""History events from which a run hands over within a chapter: it is replayed in 0.6 s."""
_log = structlog.stdlib.get_logger(__name__)
PACKED_FROM = 100_000
"""Characters of facts from which a step carries them packed: an event of Temporal's holds two million bytes."""


class Recorder:
    """Records submissions in the journal. Safe to call from several threads and from several workers."""

    def __init__(self, journal: Journal) -> None:
        """Record into this journal."""
        self._journal = journal
        self._streams = FoldedStreams()
        self._vouching = Vouching(self._streams)

    @activity.defn(name=RECORD, no_thread_cancel_exception=True)
    def record(self, request: RecordRequest) -> Step:
        """Take the messages in order and give every fact beyond the workflow's number."""
        begun = time.monotonic()
        try:
            step = self._record(request)
        except JournalAway as away:
            _log.warning("record.waits", stream=request.stream, problem=str(away))
            raise
        decider = decider_of(request.stream)
        kinds = [known_kind(message, decider.people, decider.system) for message in request.messages]
        measuring.recorded(kinds, step.answers, time.monotonic() - begun)
        for kind, answer in zip(kinds, step.answers, strict=True):
            reason = {"reason": answer.reason} if answer.reason else {}
            _log.info(
                "record.taken",
                stream=request.stream,
                submission=loggable(answer.submission_id),
                kind=kind,
                outcome=answer.outcome,
                facts=answer.facts,
                **reason,
            )
        return step

    def _record(self, request: RecordRequest) -> Step:
        decider = decider_of(request.stream)
        with self._journal.locked(request.stream) as stream:
            folded = self._streams.of(stream, request.stream)
            if folded.seq < request.seq:
                seen = f"{folded.seq} facts of {request.stream} where its workflow has seen {request.seq}"
                raise JournalAway(f"waiting for the journal: it holds {seen}; see `starter.py journal rebuild --help`")
            answers, rows = [], []
            for message in request.messages:
                folded, answer, row = self._take(stream, decider, folded, message, request.at)
                answers.append(answer)
                rows.append(row)
            facts = stream.facts_after(request.seq)
        self._streams.keep(request.stream, folded)
        return _step(request, decider, folded, facts, answers).model_copy(update={"rows": rows})

    def state(self, name: str) -> Any:  # noqa: ANN401 - the state of either decider
        """Give the state of a stream as the journal has it now."""
        with self._journal.reading(name) as stream:
            return self._streams.state_of(stream, name)

    def has_taken(self, name: str, submission_id: str) -> bool:
        """Say whether a submission stands in a stream, applied or refused."""
        with self._journal.reading(name) as stream:
            return stream.submission(submission_id) is not None

    def _take(
        self, stream: Stream, decider: Decider, folded: Folded, message: Message, at: datetime
    ) -> tuple[Folded, Answer, str]:
        submission_id, known, reused = _find(stream, message)
        if known is not None:
            return folded, self._again(stream, known), told_nowhere_else(known)
        recorded_at = max(at.astimezone(UTC).isoformat(timespec="microseconds"), folded.last_at)
        submission: Submission[Any] | None = None
        refused: Refused | None = None
        try:
            _refuse_if(reused=reused)
            submission = read(message, submission_id, decider.people, decider.system)
            decided_at = datetime.fromisoformat(recorded_at)
            submission = self._vouching.authenticated(stream, folded.state, message, submission, decided_at)
            if decider.revises(submission.command):
                facts = decider.revise(_entries(decider, stream.facts_after(0)), submission, decided_at)
            else:
                facts = decider.decide(folded.state, submission, decided_at)
                self._vouching.hold_against(stream, decider, submission)
        except Refused as no:
            refused, facts = no, no.facts
        row = row_of(message, submission_id, submission, refused, recorded_at)
        stored = stored_facts(row, facts, folded.seq)
        row |= {"first_seq": stored[0].seq if stored else None, "last_seq": stored[-1].seq if stored else None}
        told = told_nowhere_else(stream.append(row, stored))
        if facts:
            read_back = facts_in(decider, stored)  # as every later reader has them
            state = decider.fold_on(folded.state, read_back, lambda: facts_in(decider, stream.facts_after(0)))
            folded = Folded(state, folded.seq + len(facts), stored[-1])
        return folded, answer_of(row, stored), told

    def _again(self, stream: Stream, known: RowMapping) -> Answer:
        facts: list[StoredFact] = []
        if known["first_seq"] is not None:
            later = stream.facts_after(known["first_seq"] - 1)
            facts = [fact for fact in later if fact.seq <= known["last_seq"]]
        return answer_of(known, facts)


def _entries(decider: Decider, stored: list[StoredFact]) -> list[Entry]:
    """Give the whole record with who entered each fact, for the one command that needs it."""
    facts = facts_in(decider, stored)
    return [
        Entry(fact, row.staff, row.submission_id, datetime.fromisoformat(row.recorded_at))
        for fact, row in zip(facts, stored, strict=True)
    ]


def _find(stream: Stream, message: Message) -> tuple[str, RowMapping | None, bool]:
    """Give the id to record under, the row that answers already, and whether the id was used for another message.

    An id that derives from content is final only once applied: what was refused may come again and hold by then.
    """
    carried = carried_id(message)
    if carried is not None and (len(carried) > LONGEST_ID or "\x00" in carried):
        carried = derived_id(stream.name, carried)
    submission_id = carried or content_id(stream.name, message)
    known = stream.submission(submission_id)
    if carried is not None and known is not None and known["sha256"] not in (NOT_RETAINED, digest(message)):
        other = derived_id(stream.name, submission_id, digest(message))
        return other, stream.submission(other), True
    tries = 0
    while carried is None and known is not None and known["outcome"] == "refused":
        tries += 1
        submission_id = derived_id(stream.name, content_id(stream.name, message), str(tries))
        known = stream.submission(submission_id)
    return submission_id, known, False


def _refuse_if(*, reused: bool) -> None:
    if reused:
        raise Refused(Reason.CONTRADICTS, "this id was used for another message", field="id", accepts="a new id")


def _step(
    request: RecordRequest, decider: Decider, folded: Folded, facts: list[StoredFact], answers: list[Answer]
) -> Step:
    state = folded.state
    if folded.seq == 0:
        return Step(seq=0, facts=[], answers=answers)
    due, chapter, over = decider.due(state), decider.chapter(state), decider.is_over(state)
    enough = SHORT_RUN if request.chapter not in ("", chapter) else LONG_RUN
    lines = [json.dumps(fact._asdict(), separators=(",", ":")) for fact in facts]
    packed = pack(lines) if sum(map(len, lines)) >= PACKED_FROM else ""
    return Step(
        seq=folded.seq,
        facts=[] if packed else lines,
        packed=packed,
        answers=answers,
        due=DueStep(at=due.at, text=due.text, key=due.key) if due else None,
        effects=[effect_of(request.stream, intent) for intent in intents(state)],
        attributes=dict(decider.attributes(state)),
        chapter=chapter,
        hand_over=not over and request.events >= enough,
        over=over,
    )
