"""`record`: decides once, answers the same again, and keeps one order, over retries, threads, workers and restarts."""

import base64
import inspect
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.contract import Answer, Step, unpack
from activities.recorder import PACKED_FROM, Recorder
from activities.world import World
from domain.decider import trial_stream
from domain.intake import Message, argument_of, derived_id, system_message
from journal.store import Journal, JournalBusy
from tests.server.past import TRIAL, Past, ago, participant, request, sent
from workflows.client import Submitted

NOW = datetime.now(UTC)


def rash(number: int = 0, **changed: Any) -> Message:
    """Give the report of an adverse event, always the same for a number."""
    fields = {"term": f"rash {number}", "grade": 1, "serious": False, "onset_on": str(ago(1))} | changed
    return sent(Submitted("adverse_event", fields, staff="INV1", id=f"rash-{number:04d}"))


@pytest.fixture
def subject(trial: Journal) -> Past:
    """A subject in screening."""
    return Past(trial, TRIAL, ago(2))


@pytest.fixture
def recorder(trial: Journal) -> Recorder:
    """A recorder that has seen nothing yet."""
    return Recorder(trial)


def record(recorder: Recorder, subject: Past, *messages: Message, seq: int | None = None) -> Step:
    """Record messages for a workflow that has seen the facts up to a number, by default all."""
    seen = subject.journey.seq if seq is None else seq
    return recorder.record(request(subject.stream, seen, NOW, *messages))


def patiently(recorder: Recorder, subject: Past, message: Message, seq: int) -> Step:
    """Record as the activity does: what finds the journal busy is tried again."""
    for _ in range(30):
        with suppress(JournalBusy):
            return record(recorder, subject, message, seq=seq)
    raise TimeoutError("the journal was busy for 30 s")


def test_the_same_submission_again_gets_the_same_answer_byte_for_byte(recorder: Recorder, subject: Past) -> None:
    """And the same step, when the workflow that asks again has not seen the first one: a lost answer comes again."""
    seen = subject.journey.seq

    first = record(recorder, subject, rash(), seq=seen)
    again = record(recorder, subject, rash(), seq=seen)

    assert again.model_dump_json() == first.model_dump_json()
    assert first.answers[0].facts == ["AdverseEventReported"]


def test_a_refusal_is_answered_the_same_again_too(recorder: Recorder, subject: Past, trial: Journal) -> None:
    """One row, whatever has become possible since."""
    late = rash(onset_on=str(ago(-3)))

    first, again = record(recorder, subject, late), record(recorder, subject, late)

    assert first.answers == again.answers
    assert (first.answers[0].outcome, first.answers[0].reason) == ("refused", "FUTURE")
    assert [row["outcome"] for row in trial.submissions(subject.stream)].count("refused") == 1


def test_several_messages_in_one_call_are_taken_in_order(recorder: Recorder, subject: Past) -> None:
    """Each sees what the one before it left; a refusal between them stops nobody."""
    consent = sent(
        Submitted("record_consent", {"signed_on": str(ago(1)), "version": "V1.0", "obtained_by": "INV1"}, staff="CRC1")
    )
    seen = subject.journey.seq

    step = record(recorder, subject, rash(1), consent, rash(2), rash(1))

    assert [answer.outcome for answer in step.answers] == ["applied", "refused", "applied", "applied"]
    assert [answer.first_seq for answer in step.answers] == [seen + 1, None, seen + 2, seen + 1]
    assert step.seq == seen + 2


def test_what_an_earlier_try_appended_comes_back_with_the_next_step(trial: Journal, subject: Past) -> None:
    """A worker died after its append: another one gives all facts the workflow has not seen, and the answer."""
    seen = subject.journey.seq
    record(Recorder(trial), subject, rash(1), seq=seen)

    step = record(Recorder(trial), subject, rash(1), rash(2), seq=seen)

    assert [json.loads(fact)["seq"] for fact in step.facts] == [seen + 1, seen + 2]
    assert [answer.first_seq for answer in step.answers] == [seen + 1, seen + 2]


def test_a_call_without_messages_gives_what_the_workflow_has_not_seen(recorder: Recorder, subject: Past) -> None:
    """As after a wake, or at the start of a new run."""
    step = record(recorder, subject, seq=0)

    assert [json.loads(fact)["seq"] for fact in step.facts] == list(range(1, subject.journey.seq + 1))
    assert (step.answers, step.chapter, step.over) == ([], "SCREENING", False)
    assert [effect.activity for effect in step.effects] == ["fetch_labs"]


def test_a_long_stream_comes_packed(recorder: Recorder, subject: Past) -> None:
    """As it stands it would not fit into an event of Temporal's once a stream has some hundred facts."""
    for number in range(200):
        record(recorder, subject, rash(number))

    step = record(recorder, subject, seq=0)

    assert step.facts == []
    assert [json.loads(fact)["seq"] for fact in unpack(step.packed)] == list(range(1, step.seq + 1))
    assert len(step.packed) < PACKED_FROM / 2


def test_two_recorders_on_one_journal_see_each_others_facts(trial: Journal, subject: Past) -> None:
    """Their caches of folded journeys never answer from the past."""
    one, two = Recorder(trial), Recorder(trial)

    firsts = [
        record(recorder, subject, rash(number)).answers[0] for number, recorder in enumerate((one, two, one, two))
    ]

    assert [answer.first_seq for answer in firsts] == list(range(subject.journey.seq - 3, subject.journey.seq + 1))
    assert one.state(subject.stream) == two.state(subject.stream) == Recorder(trial).state(subject.stream)


def test_two_journals_in_one_database_refuse_what_contradicts_the_other(
    trial: Journal, subject: Past, open_again: Callable[[], Journal]
) -> None:
    """Two workers: what one recorded, the other knows before it decides."""
    other = open_again()
    death = {"died_on": str(ago(1))}

    first = record(Recorder(trial), subject, sent(Submitted("death", death, staff="INV1")))
    second = record(Recorder(other), subject, sent(Submitted("death", death, staff="INV1")))

    assert first.answers[0].outcome == "applied"
    assert second.answers[0].reason == "CONTRADICTS"


def test_threads_at_once_leave_one_gapless_order(trial: Journal, recorder: Recorder, subject: Past) -> None:
    """Eight threads, forty reports, each twice: every number once, every report once."""
    before = subject.journey.seq
    reports = [rash(number) for number in range(40)] * 2

    with ThreadPoolExecutor(8) as threads:
        steps = list(threads.map(lambda message: patiently(recorder, subject, message, before), reports))

    facts = trial.facts(subject.stream, before)
    assert [fact.seq for fact in facts] == list(range(before + 1, before + 41))
    assert len({fact.submission_id for fact in facts}) == 40
    assert [step.answers[0] for step in steps[:40]] == [step.answers[0] for step in steps[40:]]


def test_streams_do_not_mix(trial: Journal, recorder: Recorder, subject: Past) -> None:
    """The same submission id in two streams is two submissions."""
    other = Past(trial, TRIAL, ago(2))

    answers = [record(recorder, past, rash()).answers[0] for past in (subject, other)]

    assert [answer.outcome for answer in answers] == ["applied", "applied"]
    assert len(trial.facts(subject.stream)) == len(trial.facts(other.stream))


def test_a_used_id_with_other_content_is_refused_every_time(recorder: Recorder, subject: Past, trial: Journal) -> None:
    """The first stands; the other one has a row of its own."""
    record(recorder, subject, rash())

    answers = [record(recorder, subject, rash(grade=2)).answers[0] for _ in range(2)]

    assert answers[0] == answers[1]
    assert (answers[0].reason, answers[0].field) == ("CONTRADICTS", "id")
    assert len(trial.submissions(subject.stream)) == 3


def test_recorded_instants_never_go_back(recorder: Recorder, subject: Past, trial: Journal) -> None:
    """A worker whose clock is behind does not record before what is on record."""
    record(recorder, subject, rash(1))
    recorder.record(request(subject.stream, subject.journey.seq, NOW - timedelta(days=1), rash(2)))

    recorded = [fact.recorded_at for fact in trial.facts(subject.stream)]
    assert recorded == sorted(recorded)
    assert recorded[-1] == recorded[-2]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00", b"\xff\xfe\x00", b'{"term": "\\u0000"}', b'{"a":' * 3000, b"x" * 200_000, b"1" * 60_000],
    ids=["nothing", "a zero", "not UTF-8", "an escaped zero", "too deep", "too large", "a huge number"],
)
def test_whatever_bytes_come_leave_a_refusal_that_can_be_read(
    recorder: Recorder, subject: Past, trial: Journal, raw: bytes
) -> None:
    """Nothing that is sent makes `record` fail, and what is kept of it is text."""
    message = Message(channel="signal", name="adverse_event\x00", arguments=(argument_of(raw),), identity="\x00who")

    step = record(recorder, subject, message)

    row = trial.submissions(subject.stream)[-1]
    assert (step.answers[0].outcome, row["outcome"]) == ("refused", "refused")
    assert row["reason"] in ("MALFORMED", "TOO_LARGE")
    assert "\x00" not in row["body"] + row["kind"] + row["identity"]
    assert len(row["body"]) <= 100_000


def test_arguments_that_are_no_base64_are_refused(recorder: Recorder, subject: Past) -> None:
    """A contract value out of a damaged history is a refusal too, never a crash."""
    damaged = argument_of(b"{}").model_copy(update={"data": base64.b64encode(b"{}").decode()[:-1]})

    step = record(recorder, subject, Message(channel="signal", name="adverse_event", arguments=(damaged,)))

    assert step.answers[0].reason == "MALFORMED"


def test_a_late_outcome_of_a_closed_order_is_recorded_and_drives_nothing(recorder: Recorder, subject: Past) -> None:
    """The laboratory answered after all results were typed in."""
    order = max(subject.journey.orders)
    subject.typed(ago(1))
    late = system_message(
        "labs_reported", {"order": order, "results": [], "complete": True}, derived_id(subject.stream, str(order))
    )

    step = record(recorder, subject, late)

    assert step.answers[0].facts == ["LabResultsRecorded"]
    assert step.effects == []


def test_before_the_trial_is_open_nobody_is_known(journal: Journal) -> None:
    """A command for a register without a trial is refused, on record."""
    fields = {"site": "TDH", "born_on": "1960-02-03", "sex": "MALE"}
    asked = request(trial_stream(TRIAL), 0, NOW, sent(Submitted("enroll", fields, staff="CRC1")))

    step = Recorder(journal).record(asked)

    assert (step.seq, step.answers[0].reason) == (0, "PHASE")
    assert [row["outcome"] for row in journal.submissions(trial_stream(TRIAL))] == ["refused"]


def test_no_activity_is_interrupted_half_way() -> None:
    """A cancelled activity in a thread would be raised into wherever it is: with the journal's turn in its hand."""
    found = {
        name: definition
        for room in (Recorder, World)
        for name, method in inspect.getmembers(room, inspect.isfunction)
        if (definition := getattr(method, "__temporal_activity_definition", None)) is not None
    }
    assert {"record", "fetch_labs", "send_notice"} <= set(found)
    assert [name for name, one in found.items() if not (one.is_async or one.no_thread_cancel_exception)] == []


def test_two_workers_agree_after_a_correction_and_the_same_one_applies_once(trial: Journal, subject: Past) -> None:
    """Both had the journey folded; the one that did not correct folds the whole stream again."""
    one, other = Recorder(trial), Recorder(trial)
    assert one.state(subject.stream) == other.state(subject.stream)
    body = {"fact": 1, "fields": {"born_on": "1960-02-04"}, "why": "misread"}
    message = sent(Submitted("correct", body, staff="INV1", id="correction-0001"))

    first, again = record(one, subject, message), record(other, subject, message)

    assert first.answers == again.answers
    assert first.answers[0].facts[0] == "FactCorrected"
    assert one.state(subject.stream) == other.state(subject.stream) == Recorder(trial).state(subject.stream)
    assert str(one.state(subject.stream).born_on) == "1960-02-04"
    assert [fact.kind for fact in trial.facts(subject.stream)].count("FactCorrected") == 1


def test_re_screening_waits_until_the_earlier_screening_has_failed(
    recorder: Recorder, subject: Past, trial: Journal
) -> None:
    """The register's decision is held against the stream of the earlier number, as it stands (T1.1)."""
    again = participant(ago(2)) | {"rescreening_of": subject.stream.rsplit("-", 1)[1]}

    def enroll(number: int) -> Answer:
        message = sent(Submitted("enroll", again, staff="CRC1", id=f"again-{number:05d}"))
        return recorder.record(request(trial_stream(TRIAL), 0, NOW, message)).answers[0]

    early = enroll(1)
    subject.said("screen_failure", ago(1), decided_on=str(ago(1)), why="I6")
    late = enroll(2)

    assert (early.outcome, early.reason, early.field) == ("refused", "PHASE", "rescreening_of")
    assert (late.outcome, late.facts) == ("applied", ["SubjectEnrolled"])
    assert [row["outcome"] for row in trial.submissions(trial_stream(TRIAL))][-2:] == ["refused", "applied"]
