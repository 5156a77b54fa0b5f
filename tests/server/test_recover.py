"""Temporal is lost: its file deleted, an empty server in its place. `recover` brings every open stream back."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from activities.rebuild import Streams
from activities.recorder import Recorder
from bench.postgres import Cluster
from domain.decider import patient_stream, trial_stream
from domain.intake import derived_id, system_message
from journal.store import StoredFact
from tests.server.bad import RASH
from tests.server.installation import Installation, own_installation, ready, until
from tests.server.past import (
    CYCLE,
    SITE,
    TRIAL,
    Past,
    ago,
    in_evaluation,
    in_surgery_wait,
    noon,
    participant,
    request,
    sent,
)
from workflows.client import Submitted

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]


@dataclass(frozen=True)
class Lost:
    """An installation whose Temporal was lost and which was recovered by two at once, before any worker came."""

    place: Installation
    before: dict[str, Any]
    rehearsed: dict[str, Any]
    recovered: list[dict[str, Any]]
    asking: str
    over: str
    unheard: str
    silent: str
    notices: int


def streams_of(told: dict[str, Any]) -> dict[str, Any]:
    """Give the rows of an answer by stream."""
    return {row["stream"]: row for row in told["streams"]}


def unheard_of(place: Installation) -> str:
    """Enrol a subject whose journey was started, as the register believes, and never recorded anything."""
    recorder, register = Recorder(place.journal), trial_stream(TRIAL)
    enroll = sent(Submitted("enroll", participant(ago(3)), staff="INV1"))
    answer = recorder.record(request(register, recorder.state(register).seq, noon(ago(3)), enroll)).answers[0]
    done = system_message(
        "journey_started", {"request": answer.first_seq}, derived_id(f"{register}/{answer.first_seq}", "outcome")
    )
    recorder.record(request(register, recorder.state(register).seq, noon(ago(3)), done))
    return place.trial.subject_of(answer)


def nobody_looked(place: Installation) -> str:
    """Give a subject whose third cycle was 30 days ago, and of whom nothing was acted on since."""
    first = ago(30) - 2 * CYCLE
    past = Past(place.journal, TRIAL, first - timedelta(days=11)).randomized(first - timedelta(days=4), "COHORT_1")
    for number in (1, 2, 3):
        past.dosed(number, first + (number - 1) * CYCLE)
    return past.number


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lost(tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None) -> AsyncIterator[Lost]:
    """Five subjects at different points of their way, one that is over, one without a record, one long overdue."""
    async with own_installation(tmp_path_factory, databases) as place:
        place.workers[0].stop()
        pasts = [
            in_surgery_wait(place.journal, TRIAL, ago(30)),
            in_evaluation(place.journal, TRIAL, ago(31)),
            Past(place.journal, TRIAL, ago(9)).randomized(ago(5), "COHORT_2"),
            Past(place.journal, TRIAL, ago(2)),
            Past(place.journal, TRIAL, ago(2)).eligible(ago(1)),
        ]
        place.start_worker()
        for past in pasts:
            await place.begin(past)
        over = await place.begin(Past(place.journal, TRIAL, ago(5)))
        await place.send(over, "withdrawal", "INV1", withdrawn_on=str(ago(0)), level="STUDY")
        await until(lambda: has_ended(place, over))
        place.workers[1].stop()
        place.server.kill()
        asking = pasts[4].said("request_randomization", ago(0), staff="CRC1").number
        unheard = unheard_of(place)
        silent = nobody_looked(place)
        streams = (trial_stream(TRIAL), *(past.stream for past in pasts))
        before = {stream: Streams(place.journal).look(stream) for stream in streams}
        notices = len(notice_keys(place))
        place.server.start_empty()
        rehearsed = await asyncio.to_thread(place.cli, "recover", "--dry-run", "--json")
        both = await asyncio.gather(*(asyncio.to_thread(place.cli, "recover", "--json") for _ in range(2)))
        runs = [rehearsed, *both]
        assert [run.returncode for run in runs] == [0, 0, 0], runs
        told = [json.loads(run.stdout) for run in runs]
        place.start_worker()
        yield Lost(place, before, told[0], told[1:], asking, over, unheard, silent, notices)


async def has_ended(place: Installation, subject: str) -> bool:
    """Say whether a subject's run has completed."""
    return (await place.handle(subject).describe()).status is WorkflowExecutionStatus.COMPLETED


def notice_keys(place: Installation) -> list[str]:
    """Give the keys of the notices in the sink's file."""
    return [json.loads(line)["key"] for line in place.settings.notices.read_text().splitlines()]


async def test_a_rehearsal_says_what_would_be_done_and_does_nothing(lost: Lost) -> None:
    """Every open stream would be started, and the two that ran afterwards still found none."""
    outcomes = Counter(row["outcome"] for row in lost.rehearsed["streams"])
    assert outcomes == {"would start": 8, "over": 1}
    assert lost.rehearsed["workers"] == 0


async def test_two_at_once_start_each_open_stream_once_and_leave_what_is_over_closed(lost: Lost) -> None:
    """What the one started, the other found running."""
    first, second = (streams_of(told) for told in lost.recovered)
    for stream in first:
        outcomes = sorted((first[stream]["outcome"], second[stream]["outcome"]))
        assert outcomes == (["over", "over"] if stream.endswith(lost.over) else ["running", "started"]), stream
    with pytest.raises(RPCError):
        await lost.place.handle(lost.over).describe()


async def test_each_has_the_same_next_due_as_before(lost: Lost) -> None:
    """As the answer says, and as the workflow itself shows once it has read its stream."""
    told = streams_of(lost.recovered[0])
    for stream, known in lost.before.items():
        due = (str(known.due.at), known.due.text) if known.due else (None, "")
        assert (told[stream]["next_due_at"], told[stream]["next_due"]) == due
        subject = None if stream == trial_stream(TRIAL) else stream.rsplit("-", 1)[1]
        shown = await until(partial(caught_up, lost.place, subject, known.seq))
        if subject not in (None, lost.asking):
            assert (shown["next_due"] or {"at": None})["at"] == (known.due.at.isoformat() if known.due else None)
        await lost.place.assert_healthy(subject)


async def caught_up(place: Installation, subject: str | None, seq: int) -> dict[str, Any]:
    """Give what a workflow shows once it has seen a fact number."""
    try:
        shown: dict[str, Any] = await place.handle(subject).query("show")
    except RPCError:
        return {}
    return shown if shown["facts"] >= seq else {}


async def test_the_allocation_that_was_asked_for_comes_once(lost: Lost) -> None:
    """The request was open when Temporal went: it is answered with the first slot."""
    slot = await until(lambda: ready(lost.place.facts(lost.asking, "Randomized")))
    assert json.loads(slot[0].body)["slot"] == 1
    requests = [row for row in lost.place.journal.submissions(trial_stream(TRIAL)) if row["kind"] == "allocate_slot"]
    assert [row["outcome"] for row in requests] == ["applied"]


async def test_an_enrolled_subject_that_recorded_nothing_begins(lost: Lost) -> None:
    """Its first message was in Temporal alone; the register's fact holds it."""
    await lost.place.seen(lost.unheard, 1)
    facts = lost.place.facts(lost.unheard, "SubjectRegistered")
    assert len(facts) == 1
    await lost.place.assert_takes(lost.unheard, "rash after all")


async def test_what_fell_due_meanwhile_is_acted_on_at_once_and_once(lost: Lost) -> None:
    """A course was asked for 16 days ago, surgery 9 days ago: told as passed, then each is reminded of once. T9, T3."""
    row = streams_of(lost.recovered[0])[patient_stream(TRIAL, lost.silent)]
    due_at = datetime.fromisoformat(row["next_due_at"])
    assert (row["passed"], SITE.date_of(due_at)) == (True, ago(16)), row
    await until(lambda: ready(reminders(lost.place, lost.silent)))
    await until(lambda: ready(not Streams(lost.place.journal).look(patient_stream(TRIAL, lost.silent)).effects))

    first, *others = reminders(lost.place, lost.silent)
    assert datetime.fromisoformat(first.recorded_at) - due_at > timedelta(days=8), first
    asked_again = [json.loads(fact.body)["text"] for fact in (first, *others)]
    assert len(set(asked_again)) == len(asked_again)
    shown = await lost.place.handle(lost.silent).query("show")
    assert datetime.fromisoformat(shown["next_due"]["at"]) > datetime.now(UTC)


def reminders(place: Installation, subject: str) -> list[StoredFact]:
    """Give the surgery reminders requested for a subject."""
    facts = place.facts(subject, "NoticeRequested")
    return [fact for fact in facts if json.loads(fact.body)["notice"] == "SURGERY_REMINDER"]


async def test_nothing_is_sent_twice(lost: Lost) -> None:
    """Each notice's key stands in the sink's file once."""
    await until(lambda: ready(not Streams(lost.place.journal).look(patient_stream(TRIAL, lost.asking)).effects))
    keys = Counter(notice_keys(lost.place))
    assert sum(keys.values()) > lost.notices
    assert [key for key, count in keys.items() if count > 1] == []


async def test_a_late_report_to_who_is_over_opens_their_journey_once_more(lost: Lost) -> None:
    """The new server has never heard of them; the client begins a run from the journal, which closes again."""
    answer = await lost.place.send(lost.over, "adverse_event", "INV1", **RASH)
    assert answer.facts[0] == "AdverseEventReported"
    await until(lambda: has_ended(lost.place, lost.over))


async def test_recover_beside_running_ones_disturbs_nobody(lost: Lost) -> None:
    """All run already, in the runs they had."""
    run_id = (await lost.place.handle(lost.asking).describe()).run_id
    run = await asyncio.to_thread(lost.place.cli, "recover")
    assert run.returncode == 0, run.stderr
    assert "started" not in run.stdout.replace("what was", "")
    assert (await lost.place.handle(lost.asking).describe()).run_id == run_id


async def test_the_register_is_reached_on_demand(
    tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None
) -> None:
    """An enrolment after the loss, before anybody recovered, begins the register from the journal."""
    async with own_installation(tmp_path_factory, databases) as place:
        place.workers[0].stop()
        place.server.kill()
        place.server.start_empty()
        place.start_worker()

        subject = await place.enroll()

        assert subject == "S001"
        await place.assert_healthy(None)
