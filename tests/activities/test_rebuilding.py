"""A lost journal made again from what steps carried: the same rows in the same places, and holes that are told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from activities.contract import Carry, RecordRequest, Start, Step, pack
from activities.recorder import Recorder
from domain.decider import patient_stream, trial_stream
from domain.intake import Message
from domain.values import Clock
from journal.database import JournalAway
from journal.rebuilding import Block, NotEmptyError, fill, submission
from journal.rows import rows_of
from journal.store import Journal
from journal.verify import verify
from tests.server.bad import RASH
from tests.server.past import TRIAL, Past, ago, noon, opening, request, sent
from workflows.client import Submitted
from workflows.reconciling import compare
from workflows.remembered import ANEW, AS_BEFORE, BODY_NOT_RETAINED, ContradictionError, Memory, Remembered
from workflows.replaying import Told
from workflows.retained import Run

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOTE = Block(submission(submission_id="rebuild/1", kind="journal_rebuilt", recorded_at="1", stored_at="1", body="{}"))


@dataclass
class Heard(Recorder):
    """A recorder that keeps what was asked and answered, as histories do."""

    recorder: Recorder
    told: dict[str, list[tuple[RecordRequest, Step]]] = field(default_factory=dict)

    def record(self, request: RecordRequest) -> Step:
        """Record, and keep both."""
        step = self.recorder.record(request)
        self.told.setdefault(request.stream, []).append((request, step))
        return step

    def state(self, name: str) -> Any:
        """Give the state of a stream."""
        return self.recorder.state(name)

    def messages(self, stream: str) -> dict[str, Message]:
        """Give the messages of a stream by the ids of their submissions."""
        pairs = ((answer, message) for asked, step in self.told[stream]
                 for message, answer in zip(asked.messages, step.answers, strict=True))  # fmt: skip
        found: dict[str, Message] = {}
        for answer, message in pairs:
            found.setdefault(answer.submission_id, message)
        return found


@pytest.fixture
def heard(journal: Journal) -> Heard:
    """A trial with two subjects, of whom one sent reports that were applied, refused and repeated."""
    kept = Heard(Recorder(journal))
    opened = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
    kept.record(request(trial_stream(TRIAL), 0, noon(ago(9)), sent(opened)))
    pasts = [Past(journal, TRIAL, ago(5), recorder=kept) for _ in range(2)]
    for number, fields in ((1, RASH), (2, RASH | {"grade": 9}), (3, RASH | {"onset_on": str(ago(-9))}), (1, RASH)):
        report = Submitted("adverse_event", fields, staff="INV1", id=f"report-{number}-of-S001")
        kept.record(request(pasts[0].stream, kept.state(pasts[0].stream).seq, noon(ago(1)), sent(report)))
    pasts[1].eligible(ago(2))
    return kept


@pytest.fixture
def another(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[Journal]:
    """An empty journal in the same kind of database."""
    address = f"sqlite:///{tmp_path / 'another.db'}"
    if url.startswith("postgresql"):
        address = request.getfixturevalue("cluster").database(f"another_{abs(hash(request.node.name))}")
    made = Journal(address)
    made.migrate()
    yield made
    made.close()


def run_of(stream: str, run_id: str = "run-1", *, before: str = "", after: str = "") -> Run:
    """Give a run as histories describe it: by its first and its last event. One that handed over has closed."""
    first, last = HistoryEvent(event_id=1), HistoryEvent(event_id=2)
    first.workflow_execution_started_event_attributes.continued_execution_run_id = before
    first.workflow_execution_started_event_attributes.original_execution_run_id = run_id
    if after:
        last.event_type = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
        last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id = after
    return Run(stream, run_id, WorkflowHistory(stream, [first, last]))


def told(heard: Heard, stream: str, change: Callable[[Step], Step] = lambda step: step) -> Told:
    """Give what the history of a stream's one run tells, each step changed."""
    steps = tuple((NOW, change(step)) for _, step in heard.told[stream])
    return Told(Start(stream=stream, clock=Clock.real()), steps)


def remembered(heard: Heard, stream: str, *runs: Told, messages: bool = True) -> Remembered:
    """Give a stream as histories tell it: one run with all its steps unless told otherwise."""
    memory = Memory(stream)
    for each in runs or (told(heard, stream),):
        memory.take(each)
    return memory.whole([run_of(stream)], heard.messages(stream) if messages else {}, {})


def written(another: Journal, *found: Remembered) -> None:
    """Fill the other journal."""
    fill(another, {each.stream: each.blocks for each in found}, NOTE)


def rows(journal: Journal) -> list[Any]:
    """Give every row of a journal as stored, in order."""
    with journal.snapshot() as connection:
        return list(rows_of(connection))


def without_rows(step: Step) -> Step:
    """Give a step as an earlier release recorded it."""
    return step.model_copy(update={"rows": []})


def carried(heard: Heard, stream: str) -> Told:
    """Give the one retained run of a stream that was handed over at its end: it carries the facts, and no message."""
    facts = [json.dumps(fact._asdict()) for fact in heard.recorder._journal.facts(stream)]  # noqa: SLF001 - its journal
    last = heard.told[stream][-1][1].model_copy(update={"facts": [], "answers": [], "rows": []})
    return Told(Start(stream=stream, clock=Clock.real(), carry=Carry(facts=pack(facts), step=last)), ())


def test_every_row_stands_where_it_stood_with_its_hashes(heard: Heard, journal: Journal, another: Journal) -> None:
    """Both tables, refusals too, in the order of the whole journal; one row more says that it was made again."""
    found = [remembered(heard, stream) for stream in sorted(heard.told, reverse=True)]
    written(another, *found)

    assert {each.chain for each in found} == {AS_BEFORE}
    assert [each.lost for each in found] == [()] * 3
    assert rows(another)[:-1] == rows(journal)
    assert rows(another)[-1].name == "submission rebuild/1"


def test_histories_of_an_earlier_release_give_the_same_facts_and_answers(
    heard: Heard, journal: Journal, another: Journal
) -> None:
    """They tell neither positions nor who was refused in which role: the chain is a new one, and says so."""
    found = [remembered(heard, stream, told(heard, stream, without_rows)) for stream in heard.told]
    written(another, *found)

    assert {each.chain for each in found} == {ANEW}
    for stream in heard.told:
        assert another.facts(stream) == journal.facts(stream)
        ours, theirs = another.submissions(stream), journal.submissions(stream)
        for name in ("submission_id", "outcome", "reason", "detail", "first_seq", "last_seq", "sha256", "body"):
            assert [row[name] for row in ours] == [row[name] for row in theirs], name
    with another.snapshot() as connection:
        assert verify(connection).findings == []


def test_a_submission_sent_again_after_the_loss_gets_its_answer_and_applies_once(
    heard: Heard, another: Journal
) -> None:
    """With its message retained, and where only its facts are left."""
    register, subject = trial_stream(TRIAL), patient_stream(TRIAL, "S001")
    answers = {answer.submission_id: answer for _, step in heard.told[subject] for answer in step.answers}
    written(another, remembered(heard, register), remembered(heard, subject, carried(heard, subject), messages=False))
    recorder, before = Recorder(another), another.facts(subject)

    report = Submitted("adverse_event", RASH, staff="INV1", id="report-1-of-S001")
    step = recorder.record(request(subject, len(before), NOW, sent(report)))

    assert step.answers == [answers["report-1-of-S001"]]
    assert another.facts(subject) == before
    kept = [row for row in another.submissions(subject) if row["submission_id"] == "report-1-of-S001"]
    assert [(row["outcome"], row["body"]) for row in kept] == [("applied", BODY_NOT_RETAINED)]


def test_what_is_not_retained_is_told(heard: Heard) -> None:
    """Messages of facts that only a carry holds; refusals before and between runs; what a missing run recorded."""
    subject = patient_stream(TRIAL, "S001")
    memory = Memory(subject)
    memory.take(carried(heard, subject))
    lost = memory.whole([run_of(subject, "run-2", before="run-1", after="run-3")], {}, {}).lost

    assert sorted((row.what, row.is_facts) for row in lost) == [("MESSAGES", False), ("ROWS", False), ("TAIL", True)]
    assert "run-1" in next(row.detail for row in lost if row.what == "ROWS")
    assert "run-3" in next(row.detail for row in lost if row.what == "TAIL")


def test_a_refusal_that_no_history_tells_breaks_the_chain_and_is_told(heard: Heard) -> None:
    """All facts are there, one refusal is not: the next row's hash, which the history carries, covers it."""
    subject = patient_stream(TRIAL, "S001")
    kept = [pair for pair in heard.told[subject] if pair[1].answers[0].submission_id != "report-2-of-S001"]
    found = remembered(replace(heard, told={subject: kept}), subject)

    assert found.chain == ANEW
    assert [row.what for row in found.lost] == ["ROWS"]


def test_nothing_stands_behind_a_gap(heard: Heard, another: Journal) -> None:
    """A missing number ends the stream there: a state folded past it would be another one. The rest is told."""
    subject = patient_stream(TRIAL, "S002")
    steps = heard.told[subject]
    cut = next(number for number, (_, step) in enumerate(steps) if number > 1 and step.facts)
    found = remembered(replace(heard, told={subject: steps[:cut] + steps[cut + 1 :]}), subject)
    written(another, found)

    first = json.loads(steps[cut][1].facts[0])["seq"]
    assert [fact.seq for fact in another.facts(subject)] == list(range(1, first))
    assert [(row.what, row.is_facts) for row in found.lost if row.what == "GAP"] == [("GAP", True)]


def test_two_histories_that_contradict_each_other_are_not_believed(heard: Heard) -> None:
    """Stream and number are named."""
    subject = patient_stream(TRIAL, "S001")

    def changed(step: Step) -> Step:
        return step.model_copy(update={"facts": [line.replace("TDH", "TDX") for line in step.facts]})

    with pytest.raises(ContradictionError, match=r"S001: two histories tell fact 1 differently"):
        remembered(heard, subject, told(heard, subject), told(heard, subject, changed))


def test_a_journal_with_rows_is_left_as_it_is(heard: Heard, journal: Journal) -> None:
    """Nothing is written, and it says how much is there."""
    before = rows(journal)
    with pytest.raises(NotEmptyError, match=f"{len(before)} rows of 3 streams"):
        written(journal, remembered(heard, trial_stream(TRIAL)))
    assert rows(journal) == before


def test_a_worker_waits_while_the_journal_is_behind_its_workflow(heard: Heard, another: Journal) -> None:
    """It decides nothing on an empty journal; it goes on once the journal is made again."""
    subject = patient_stream(TRIAL, "S001")
    seen = heard.told[subject][-1][1].seq
    report = sent(Submitted("adverse_event", RASH, staff="INV1", id="report-4-of-S001"))
    recorder = Recorder(another)

    with pytest.raises(JournalAway, match=rf"holds 0 facts of {subject} where its workflow has seen {seen}"):
        recorder.record(request(subject, seen, NOW, report))
    assert rows(another) == []
    written(another, *(remembered(heard, stream) for stream in heard.told))

    assert recorder.record(request(subject, seen, NOW, report)).seq == seen + 1


def test_a_worker_that_outlives_its_journal_notices(heard: Heard, another: Journal) -> None:
    """Another journal in the place of the one it has folded: it folds anew, and waits where that is behind."""
    subject = patient_stream(TRIAL, "S001")
    recorder, seen = heard.recorder, heard.told[subject][-1][1].seq
    recorder._journal = another  # noqa: SLF001 - what lies at the address is another one now

    with pytest.raises(JournalAway, match="holds 0 facts"):
        recorder.record(request(subject, seen, NOW))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_deleted_file_takes_no_more_rows(heard: Heard, journal: Journal, path: Path) -> None:
    """What goes to a deleted file would be gone with it: whoever records waits, and finds the new file."""
    subject = patient_stream(TRIAL, "S001")
    seen = heard.told[subject][-1][1].seq
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()

    with pytest.raises(JournalAway, match="its file is gone"):
        heard.recorder.record(request(subject, seen, NOW))
    fresh = Journal(f"sqlite:///{path}")
    fresh.migrate()
    written(fresh, *(remembered(heard, stream) for stream in heard.told))
    fresh.close()

    assert heard.recorder.record(request(subject, seen, NOW)).seq == seen
    assert len(journal.facts(subject)) == seen


def held(journal: Journal, found: Remembered) -> Any:
    """Hold a journal against what histories tell of a stream."""
    with journal.snapshot() as connection:
        return compare(found.stream, rows_of(connection, found.stream), found)


def test_what_is_equal_is_told_as_equal(heard: Heard, journal: Journal) -> None:
    """Every row of every stream was held against its history; also against an earlier release's."""
    for stream in heard.told:
        for found in (remembered(heard, stream), remembered(heard, stream, told(heard, stream, without_rows))):
            compared = held(journal, found)
            assert (compared.state, compared.differences) == ("equal", ())
            assert compared.held == len([row for row in rows(journal) if row.stream == stream])


def test_a_row_changed_with_its_whole_chain_made_anew_is_named(heard: Heard, another: Journal) -> None:
    """Such a journal verifies; the history knows what was recorded."""
    found = remembered(heard, patient_stream(TRIAL, "S001"))
    number, fact = next((n, block.facts[0]) for n, block in enumerate(found.blocks) if block.facts)
    changed = fact._replace(body=fact.body.replace("TDH", "TDX"))
    forged = replace(found.blocks[number], facts=(changed, *found.blocks[number].facts[1:]))
    refusal = next(n for n, block in enumerate(found.blocks) if block.submission["outcome"] == "refused")
    quiet = replace(found.blocks[refusal], submission={**found.blocks[refusal].submission, "staff": "CRC1"})
    blocks = [{number: forged, refusal: quiet}.get(n, block) for n, block in enumerate(found.blocks)]
    fill(another, {found.stream: blocks}, NOTE)

    compared = held(another, found)

    with another.snapshot() as connection:
        assert verify(connection).findings == []
    assert compared.state == "differs"
    assert [(row.seq, row.field) for row in compared.differences] == [(1, "body"), (None, "staff")]
    assert (compared.differences[0].journal, compared.differences[0].history) == (forged.facts[0].body, fact.body)


def test_rows_missing_at_the_end_are_named(heard: Heard, another: Journal) -> None:
    """The journal is behind: it ends before the history does."""
    found = remembered(heard, patient_stream(TRIAL, "S001"))
    fill(another, {found.stream: found.blocks[:-1]}, NOTE)

    compared = held(another, found)

    last = found.blocks[-1].submission["submission_id"]
    assert (compared.state, compared.behind, compared.missing) == ("journal behind", (f"submission {last}",), ())


def test_a_refusal_missing_between_others_is_named(heard: Heard, another: Journal) -> None:
    """Chained anew without it, the journal verifies; the history has it."""
    found = remembered(heard, patient_stream(TRIAL, "S001"))
    left = [block for block in found.blocks if block.submission["submission_id"] != "report-2-of-S001"]
    fill(another, {found.stream: left}, NOTE)

    compared = held(another, found)

    assert (compared.state, compared.missing) == ("rows missing", ("submission report-2-of-S001",))


def test_facts_that_no_history_tells_are_told_as_ahead(heard: Heard, journal: Journal) -> None:
    """Recorded, and not yet seen by the workflow; or added by somebody else."""
    stream = patient_stream(TRIAL, "S002")
    steps = heard.told[stream]
    found = remembered(replace(heard, told={stream: steps[:-1]}), stream)
    compared = held(journal, found)

    assert compared.state == "Temporal behind"
    assert compared.ahead == f"facts {len(found.facts) + 1} to {steps[-1][1].seq}"
