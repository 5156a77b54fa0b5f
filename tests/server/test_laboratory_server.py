"""A worker whose laboratory is a FHIR server: what passes, what must be mended, and results at last."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from activities.contract import Start
from activities.rebuild import begin
from activities.recorder import Recorder
from bench.postgres import Cluster
from demo import laboratory
from demo.laboratory_tests import SCREENING
from domain.decider import patient_stream
from domain.patient.facts import LabResultsRecorded
from domain.values import Clock
from tests.laboratory.hostile import Hostile, Question, observation, searchset, serving
from tests.server.installation import Installation, own_installation, ready, until
from tests.server.past import CYCLE, TRIAL, Past, ago, noon

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hostile]:
    """The laboratory's server."""
    with serving() as server:
        server.answer = lambda question: question.say({}, 503)
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(
    hospital: Hostile, databases: Cluster | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """An installation that asks it."""
    often = {"TRIALPATH_LAB_AGAIN_SECONDS": "1", "TRIALPATH_WATCHDOG_SECONDS": "1"}
    async with own_installation(tmp_path_factory, databases, often | {"TRIALPATH_LAB_URL": hospital.url}) as made:
        yield made


async def waiting(place: Installation, number: str) -> str:
    """Begin a subject whose gate of C3 waits for results."""
    first_on = ago(0) - 2 * CYCLE + timedelta(days=1)
    past = Past(place.journal, TRIAL, first_on - timedelta(days=11), number=number)
    past.randomized(first_on - timedelta(days=4), "COHORT_2")
    past.dosed(1, first_on).dosed(2, first_on + CYCLE).passed(datetime.now(UTC))
    # The watchdog may have begun it before us.
    await begin(place.temporal, place.settings.task_queue, Start(stream=past.stream, clock=Clock.real()))
    return past.number


async def tried(place: Installation, subject: str, times: int) -> tuple[Any, int]:
    """Wait until the laboratory was asked so often in vain; give the pending activity and the history's length."""

    async def seen() -> tuple[Any, int] | None:
        described = await place.handle(subject).describe()
        pending = [row for row in described.raw_description.pending_activities if row.last_failure.message]
        return (pending[0], described.history_length) if pending and pending[0].attempt > times else None

    found = await until(seen, timedelta(seconds=30))
    assert found is not None
    return found


async def test_results_come_once_the_laboratory_answers(place: Installation, hospital: Hostile) -> None:
    """It is asked again and again; the pending activity says why, and nothing else is written.

    Once its order is answered, a count that the laboratory corrects is found without another order, and only once. A
    server that does not know `_lastUpdated` is asked without it.
    """
    subject = await waiting(place, "S810")
    first, length = await tried(place, subject, 1)
    again, still = await tried(place, subject, 3)
    assert (first.activity_type.name, still) == ("fetch_labs", length)
    assert "the laboratory's server answers 503" in again.last_failure.encoded_attributes.data.decode()

    at = noon(ago(1))
    bundle = laboratory.result_set(seed="x", subject=subject, collected_at=at, issued_at=at, sex="MALE", also=SCREENING)
    resources = [entry["resource"] for entry in bundle["entry"]]
    pages = {"": searchset(*resources[:9], following="?page=2"), "2": searchset(*resources[9:])}
    known = len(place.facts(subject, "LabResultsRecorded"))
    hospital.answer = lambda question: question.say(pages[question.query.get("page", "")])
    await until(lambda: ready(place.facts(subject, "LabResultsRecorded")[known:]), timedelta(seconds=60))
    recorded = place.facts(subject, "LabResultsRecorded")[known]
    body = LabResultsRecorded.model_validate_json(recorded.body)
    assert {row.document for row in body.accepted} <= {f"Observation/{row['id']}" for row in resources}
    assert {"HB", "ANC", "PLT"} <= {row.analyte for row in body.accepted}
    await place.assert_healthy(subject)

    stream, recorder = patient_stream(TRIAL, subject), Recorder(place.journal)
    assert recorder.state(stream).current_cycle.gate == "PASSED"
    neutrophils = next(row for row in resources if any(c["code"] == "751-8" for c in row["code"]["coding"]))
    low = neutrophils | {"status": "corrected", "valueQuantity": neutrophils["valueQuantity"] | {"value": 0.6}}
    refused: list[str] = []

    def amended(question: Question) -> None:
        if "_lastUpdated" in question.query:
            refused.append(question.query["_lastUpdated"])
            question.say({"resourceType": "OperationOutcome"}, 400)
        else:
            question.say(searchset(*(low if row is neutrophils else row for row in resources)))

    hospital.answer = amended
    await until(lambda: ready(place.facts(subject, "FactCorrected")), timedelta(seconds=60))
    corrected = len(place.facts(subject, "FactCorrected"))
    assert recorder.state(stream).current_cycle.gate == "FAILED"
    assert "LABORATORY_AMENDED" in {json.loads(row.body)["notice"] for row in place.facts(subject, "NoticeRequested")}
    await until(lambda: ready(refused[2:]), timedelta(seconds=30))
    assert len(place.facts(subject, "FactCorrected")) == corrected
    await place.assert_healthy(subject)


async def test_a_wrong_patient_is_shown_and_asked_slowly(place: Installation, hospital: Hostile) -> None:
    """Nothing of the answer is recorded; the next try is ten minutes away."""

    def mixed(question: Question) -> None:
        question.say(searchset(observation("a", "S811"), observation("b", "S812")))

    hospital.answer = mixed
    subject = await waiting(place, "S811")
    pending, _ = await tried(place, subject, 1)
    said = pending.last_failure.encoded_attributes.data.decode()

    assert "1 of 2 results given for S811 are not certainly of S811; none is used" in said
    assert pending.last_failure.application_failure_info.type == "LaboratoryUnfit"
    pause = pending.next_attempt_schedule_time.ToDatetime(UTC) - pending.last_attempt_complete_time.ToDatetime(UTC)
    assert timedelta(minutes=9) < pause <= timedelta(minutes=11)
    assert "S812" not in "".join(path.read_text() for path in place.settings.data.glob("worker-*.log"))
