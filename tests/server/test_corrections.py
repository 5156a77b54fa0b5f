"""Corrections through Temporal: timers and attributes move, closed journeys take them in a new run, and close again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from activities.contract import Answer
from tests.server.bad import RASH
from tests.server.installation import Installation, until
from tests.server.past import SITE, TRIAL, Past, ago, in_adjuvant, in_evaluation, in_surgery_wait, typed
from workflows.attributes import KEYS

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
STARTED = EventType.EVENT_TYPE_TIMER_STARTED
ENDED = (EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_TIMER_CANCELED)
SOON = timedelta(seconds=30)


async def timers(place: Installation, subject: str) -> list[tuple[datetime, str]]:
    """Give the timers that run in a journey's latest run: when each is due, and what it says it is for."""
    found: dict[int, tuple[datetime, str]] = {}
    async for event in place.handle(subject).fetch_history_events():
        if event.event_type == STARTED:
            about = event.timer_started_event_attributes
            due = event.event_time.ToDatetime(UTC) + about.start_to_fire_timeout.ToTimedelta()
            said = event.user_metadata.summary
            found[event.event_id] = (due, place.temporal.data_converter.payload_converter.from_payload(said, str))
        elif event.event_type in ENDED:
            fired = event.timer_fired_event_attributes.started_event_id
            found.pop(fired or event.timer_canceled_event_attributes.started_event_id)
    return list(found.values())


async def attributes(place: Installation, subject: str) -> dict[str, Any]:
    """Give a journey's search attributes."""
    described = await place.handle(subject).describe()
    return {name: described.typed_search_attributes.get(key) for name, key in KEYS.items()}


def number_of(place: Installation, subject: str, kind: str, **fields: object) -> int:
    """Give the number of a subject's latest fact of a kind with these values."""
    facts = place.facts(subject, kind)
    return next(f.seq for f in reversed(facts) if fields.items() <= json.loads(f.body).items())


async def corrected(place: Installation, subject: str, fact: int, **fields: object) -> Answer:
    """Correct a fact, which must be applied; without fields it counts as never said."""
    about = {"fields": fields} if fields else {"void": True}
    answer = await place.send(subject, "correct", "INV1", fact=fact, why="misread", **about)
    assert answer.outcome == "applied", answer.sentence()
    return answer


def changes(answer: Answer) -> dict[str, tuple[str, str]]:
    """Give what the answer lists, before and after."""
    return {row["what"]: (row["before"], row["after"]) for row in answer.changes}


async def settled(place: Installation, subject: str) -> None:
    """Wait until every notice was delivered, so that nothing but the timer is open."""

    async def done() -> bool:
        asked = {fact.seq for fact in place.facts(subject, "NoticeRequested")}
        return asked == {json.loads(fact.body)["notice"] for fact in place.facts(subject, "NoticeReached")}

    await until(done)


async def closed(place: Installation, subject: str, run: str | None = None) -> str:
    """Wait until a journey is closed, in another run than this; give that run."""

    async def done() -> str:
        described = await place.handle(subject).describe()
        is_new = described.status is WorkflowExecutionStatus.COMPLETED and described.run_id != run
        return (described.run_id or "") if is_new else ""

    return await until(done)


async def test_a_corrected_c3_date_moves_window_timer_and_reminders(place: Installation) -> None:
    """T4: the one timer that runs is the next reminder at its new instant; NextDue is the window's new end."""
    last_on = ago(32)
    subject = await place.begin(in_surgery_wait(place.journal, TRIAL, last_on, "COHORT_2"))
    before = await timers(place, subject)
    assert [said for _, said in before] == [f"surgery window: one week left {last_on + timedelta(days=35)}"]

    answer = await corrected(
        place, subject, number_of(place, subject, "DoseGiven", cycle=3, day=1), given_on=str(ago(31))
    )

    await settled(place, subject)
    (due, said), *others = await timers(place, subject)
    assert others == []
    assert said == f"surgery window: one week left {ago(31) + timedelta(days=35)}"
    assert abs(due - SITE.due_at(ago(31) + timedelta(days=35))) < SOON
    assert due - before[0][0] > timedelta(days=1) - SOON
    assert (await attributes(place, subject))["NextDue"] == SITE.due_at(ago(31) + timedelta(days=42))
    assert changes(answer)["window"][1].startswith(f"{ago(31) + timedelta(days=28)} to {ago(31) + timedelta(days=42)}")
    shown = await place.handle(subject).query("show")
    assert shown["window"]["from"] == str(ago(31) + timedelta(days=28))
    await place.assert_healthy(subject)


async def test_r0_corrected_to_r1_before_adjuvant_start_takes_the_other_branch(place: Installation) -> None:
    """T6: follow-up with its own timer; the one of the evaluation is gone."""
    subject = await place.begin(in_evaluation(place.journal, TRIAL, ago(10), "COHORT_2"))
    before = await timers(place, subject)

    answer = await corrected(place, subject, number_of(place, subject, "SurgeryPerformed"), resection="R1")

    await settled(place, subject)
    assert changes(answer)["epoch"] == ("EVALUATION", "FOLLOW_UP")
    after = await timers(place, subject)
    assert len(after) == 1
    assert after != before
    shown = await place.handle(subject).query("show")
    assert shown["next_due"]["what"] == after[0][1]
    found = await attributes(place, subject)
    assert (found["Epoch"], found["Overdue"]) == ("FOLLOW_UP", False)
    assert next(ask["kind"] for ask in shown["asks"]) == "follow_up_contact"
    await place.assert_healthy(subject)


async def test_r0_corrected_to_r1_after_c4d1_stops_the_doses_and_asks(place: Installation) -> None:
    """T6: no timer of C5 runs any more; the investigator decides, and then it goes on."""
    subject = await place.begin(in_adjuvant(place.journal, TRIAL, ago(5), "COHORT_2"))
    before = await timers(place, subject)
    assert [said.startswith("C5D1 planned") for _, said in before] == [True]

    answer = await corrected(place, subject, number_of(place, subject, "PathologyReported"), resection="R1")

    await settled(place, subject)
    assert not [said for _, said in await timers(place, subject) if "laboratory order" in said]
    shown = await place.handle(subject).query("show")
    kinds = [ask["kind"] for ask in shown["asks"]]
    assert kinds[0] == "safety_decision"
    assert "dose_given" not in kinds
    assert changes(answer)["dosing stopped by"] == ("", f"fact {answer.first_seq}")
    decision = {"event": answer.first_seq, "decided_on": str(ago(0)), "dosing": "CONTINUE", "why": "second reading"}
    assert (await place.send(subject, "safety_decision", "INV1", **decision)).outcome == "applied"
    await until(lambda: timers(place, subject))
    assert [said for _, said in await timers(place, subject)] == [before[0][1]]
    await place.assert_healthy(subject)


async def test_a_closed_journey_takes_corrections_events_and_results_and_closes_again(place: Installation) -> None:
    """Rule 11: each in a run of its own of the same id, from the journal; all is recorded once, every notice told."""
    subject = await place.begin(in_surgery_wait(place.journal, TRIAL, ago(36)))
    died = await place.send(subject, "death", "INV1", died_on=str(ago(1)), cause="unknown")
    assert died.outcome == "applied", died.sentence()
    run = await closed(place, subject)

    answer = await corrected(place, subject, number_of(place, subject, "SubjectDied"), died_on=str(ago(2)))
    assert changes(answer)["end of treatment"] == (f"{ago(1)} DEATH", f"{ago(2)} DEATH")
    run = await closed(place, subject, run)
    event = RASH | {"serious": True, "grade": 3, "onset_on": str(ago(4))}
    assert (await place.send(subject, "adverse_event", "INV1", **event)).outcome == "applied"
    run = await closed(place, subject, run)
    results = [result.model_dump(mode="json") for result in typed(ago(5))]
    late = await place.send(subject, "lab_results", "INV1", results=results)
    assert late.facts == ["LabResultsRecorded"]
    run = await closed(place, subject, run)
    again = await corrected(place, subject, number_of(place, subject, "AdverseEventReported"), serious=False)
    assert "event of fact" in " ".join(changes(again))
    await closed(place, subject, run)

    await settled(place, subject)
    facts = await place.handle(subject).query("facts")
    assert facts == [fact._asdict() for fact in place.facts(subject)]


async def test_a_death_of_another_subject_reopens_a_closed_journey(place: Installation) -> None:
    """The new run stays, with the timer of the surgery wait; the attributes are those of before."""
    subject = await place.begin(in_surgery_wait(place.journal, TRIAL, ago(32)))
    before, known = await timers(place, subject), await attributes(place, subject)
    await place.send(subject, "death", "INV1", died_on=str(ago(0)))
    await closed(place, subject)

    await corrected(place, subject, number_of(place, subject, "SubjectDied"))

    await settled(place, subject)
    ((due, said),) = await timers(place, subject)
    assert said == before[0][1]
    assert abs(due - before[0][0]) < SOON
    assert await attributes(place, subject) == known
    await place.assert_healthy(subject)


async def test_results_typed_in_wrongly_are_corrected_in_a_running_journey(place: Installation) -> None:
    """T11: a gate that turns to fail holds C1 in the running workflow, and an order for a new sample polls."""
    past = Past(place.journal, TRIAL, ago(12)).randomized(ago(5), "COHORT_2")
    sampled = ago(1)
    past.typed(sampled).passed(datetime.now(UTC))
    subject = await place.begin(past)
    gate = past.journey.cycles[1].gate
    assert gate == "PASSED"
    number = number_of(place, subject, "LabResultsRecorded", order=None)
    rows = [
        result.model_dump(mode="json") | ({"value": "40"} if result.code == "PLT" else {}) for result in typed(sampled)
    ]

    answer = await corrected(place, subject, number, results=rows)

    assert changes(answer)["C1 gate"] == (f"PASSED on {sampled}", f"FAILED on {sampled}")
    assert "LabsOrdered" in answer.facts
    await settled(place, subject)
    shown = await place.handle(subject).query("show")
    assert "override_gate" in [ask["kind"] for ask in shown["asks"]]
    pending = (await place.handle(subject).describe()).raw_description.pending_activities
    assert [activity.activity_type.name for activity in pending] == ["fetch_labs"]
    await place.assert_healthy(subject)
