"""Runs of one journey: handed over at the end of an epoch, and begun again after the end. Nothing is lost between."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory

from activities.contract import Start
from activities.recorder import SHORT_RUN
from demo import laboratory
from demo.laboratory_tests import SCREENING
from domain.decider import patient_stream
from domain.values import Clock
from tests.server.bad import RASH
from tests.server.installation import Installation, ready, until
from tests.server.past import CYCLE, TRIAL, Past, ago, noon

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
POLLED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
AT_ONCE = 8
HANDED_OVER = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW


async def runs(place: Installation, subject: str) -> list[WorkflowHistory]:
    """Give the histories of a journey's runs that handed over to each other, the latest first."""
    stream, run_id, found = patient_stream(TRIAL, subject), None, []
    while run_id != "":
        history = await place.temporal.get_workflow_handle(stream, run_id=run_id).fetch_history()
        found.append(history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


async def fill(place: Installation, subject: str) -> None:
    """Send reports until the run is so long that the next epoch begins a new one."""
    while ((await place.handle(subject).describe()).history_length or 0) < SHORT_RUN:
        await asyncio.gather(*(place.send(subject, "adverse_event", "INV1", **RASH) for _ in range(AT_ONCE)))


def polls(history: WorkflowHistory) -> int:
    """Count the laboratory polls a run started."""
    started = [event.activity_task_scheduled_event_attributes for event in history.events if event.event_type == POLLED]
    return len([activity for activity in started if activity.activity_type.name == "fetch_labs"])


async def test_a_laboratory_poll_open_across_three_hand_overs_reports_once(place: Installation) -> None:
    """The results of C3 come when the subject is in adjuvant treatment: one answer, and it drives nothing any more."""
    first_on = ago(0) - 2 * CYCLE + timedelta(days=1)
    past = Past(place.journal, TRIAL, first_on - timedelta(days=11), number="S800")
    past.randomized(first_on - timedelta(days=4), "COHORT_2")
    past.dosed(1, first_on).dosed(2, first_on + CYCLE).passed(datetime.now(UTC))
    order = max(past.journey.orders)
    now = datetime.now(UTC)
    clock = Clock(real_epoch=now, trial_epoch=now, factor=timedelta(days=1) / timedelta(seconds=4))
    start = Start(stream=past.stream, clock=clock)
    await place.temporal.start_workflow("PatientJourney", start, id=past.stream, task_queue=place.settings.task_queue)
    subject, today = past.number, str(ago(0))

    for kind, staff, fields in (
        ("dose_given", "INV1", {"cycle": "C3", "given_on": today}),
        ("surgery_done", "INV1", {"performed_on": today, "resection": "R0"}),
        ("pathology", "PAT1", {"reported_on": today, "resection": "R0"}),
        ("adjuvant_evaluation", "INV1", {"evaluated_on": today, "fit": True}),
    ):
        await fill(place, subject)
        answer = await place.send(subject, kind, staff, **fields)
        assert answer.outcome == "applied", answer.sentence()
    assert answers(place, subject, order) == []
    at = noon(ago(1))
    bundle = laboratory.result_set(seed="x", subject=subject, collected_at=at, issued_at=at, sex="MALE", also=SCREENING)
    laboratory.drop(place.settings.labs, f"{subject}-C3", bundle)

    await until(lambda: ready(answers(place, subject, order)))
    await fill(place, subject)
    assert len(answers(place, subject, order)) == 1
    found = await runs(place, subject)
    assert [history.events[-1].event_type == HANDED_OVER for history in found] == [False, True, True, True]
    assert all(polls(history) >= 1 for history in found)
    await place.assert_healthy(subject)
    await place.send(subject, "withdrawal", "INV1", withdrawn_on=today, level="STUDY")


async def test_a_run_that_was_asked_to_cancel_still_hands_over(place: Installation) -> None:
    """The request is on record, the next epoch begins a new run, and the subject goes on in it."""
    first_on = ago(0) - 2 * CYCLE
    past = Past(place.journal, TRIAL, first_on - timedelta(days=11), number="S801")
    past.randomized(first_on - timedelta(days=4), "COHORT_2")
    past.dosed(1, first_on).dosed(2, first_on + CYCLE).passed(datetime.now(UTC))
    start = Start(stream=past.stream, clock=Clock.real())
    await place.temporal.start_workflow("PatientJourney", start, id=past.stream, task_queue=place.settings.task_queue)
    await fill(place, past.number)
    await place.handle(past.number).cancel()
    await until(lambda: ready(place.facts(past.number, "CancellationAsked")))

    given = await place.send(past.number, "dose_given", "INV1", cycle="C3", given_on=str(ago(0)))

    assert given.outcome == "applied", given.sentence()
    assert (await place.send(past.number, "adverse_event", "INV1", **RASH)).outcome == "applied"
    found = await runs(place, past.number)
    assert [history.events[-1].event_type == HANDED_OVER for history in found] == [False, True]
    assert len(place.facts(past.number, "CancellationAsked")) == 1
    await place.assert_healthy(past.number)
    await place.send(past.number, "withdrawal", "INV1", withdrawn_on=str(ago(0)), level="STUDY")


async def test_an_end_right_behind_a_hand_over_loses_no_notice(place: Installation) -> None:
    """Surgery ends a long run's epoch while a death is on its way: every notice is sent before the journey closes."""
    first_on = ago(0) - 3 * CYCLE
    past = Past(place.journal, TRIAL, first_on - timedelta(days=11), number="S802")
    past.randomized(first_on - timedelta(days=4), "COHORT_2")
    for number in (1, 2, 3):
        past.dosed(number, first_on + (number - 1) * CYCLE)
    past.passed(datetime.now(UTC))
    start = Start(stream=past.stream, clock=Clock.real())
    await place.temporal.start_workflow("PatientJourney", start, id=past.stream, task_queue=place.settings.task_queue)
    await fill(place, past.number)
    today = str(ago(0))

    async def dies() -> None:
        await asyncio.sleep(0.01)
        await place.send(past.number, "death", "INV1", died_on=today)

    await asyncio.gather(
        place.send(past.number, "surgery_done", "SUR1", performed_on=today, resection="R1"),
        *(place.send(past.number, "adverse_event", "INV1", **RASH) for _ in range(3)),
        dies(),
    )

    await until(lambda: closed(place, past.number))
    asked = {fact.seq for fact in place.facts(past.number, "NoticeRequested")}
    reached = {json.loads(fact.body)["notice"] for fact in place.facts(past.number, "NoticeReached")}
    assert {json.loads(fact.body)["notice"] for fact in place.facts(past.number, "NoticeRequested")} >= {"DEATH"}
    assert asked == reached


def answers(place: Installation, subject: str, order: int) -> list[str]:
    """Give the recorded answers to a laboratory order."""
    bodies = [fact.body for fact in place.facts(subject, "LabResultsRecorded")]
    return [body for body in bodies if json.loads(body)["order"] == order]


async def closed(place: Installation, subject: str) -> bool:
    """Say whether the latest run has completed."""
    return (await place.handle(subject).describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_a_report_after_the_end_begins_a_new_run_that_records_it_and_closes(place: Installation) -> None:
    """A serious adverse event of a screen failure: recorded, told once, and the journey is closed again."""
    subject = await place.enroll()
    await place.send(subject, "screen_failure", "INV1", decided_on=str(ago(0)), why="chose another trial")
    await until(lambda: closed(place, subject))
    first = (await place.handle(subject).describe()).run_id

    answer = await place.send(subject, "adverse_event", "INV1", **(RASH | {"serious": True, "grade": 3}))

    assert answer.facts == ["AdverseEventReported", "NoticeRequested"]
    await until(lambda: closed(place, subject))
    assert (await place.handle(subject).describe()).run_id != first
    assert len(place.facts(subject, "NoticeReached")) == 1


async def test_what_is_not_taken_after_the_end_is_refused_on_record(place: Installation) -> None:
    """A drug held after the end of the study: the sender is told what would still be accepted."""
    subject = await place.enroll()
    await place.send(subject, "withdrawal", "INV1", withdrawn_on=str(ago(0)), level="STUDY")
    await until(lambda: closed(place, subject))

    answer = await place.send(subject, "hold_drug", "INV1", drug="ANLOTINIB", decided_on=str(ago(0)), why="rash")

    assert (answer.outcome, answer.reason) == ("refused", "OVER")
    assert "adverse_event" in answer.accepts
    assert place.refusals(subject)[-1]["reason"] == "OVER"
    await until(lambda: closed(place, subject))


async def test_no_journey_and_no_register_has_a_time_limit(place: Installation) -> None:
    """A trial lasts years: neither the execution nor a run may time out."""
    subject = await place.enroll()

    for workflow_id in (patient_stream(TRIAL, subject), f"trial-{TRIAL}"):
        described = await place.temporal.get_workflow_handle(workflow_id).describe()
        config = described.raw_description.execution_config
        assert config.workflow_execution_timeout.ToTimedelta() == timedelta(0)
        assert config.workflow_run_timeout.ToTimedelta() == timedelta(0)
        assert config.default_workflow_task_timeout.ToTimedelta() == timedelta(seconds=3)
