"""What a monitor sees in Temporal: lists by search attribute, readable timers and activities, state and timeline."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.sdk.v1 import WorkflowMetadata

from tests.server.installation import Installation, until
from tests.server.past import SITE, TRIAL, ago, in_evaluation, in_surgery_wait
from workflows.attributes import KEYS

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cohort(place: Installation) -> dict[str, str]:
    """Subjects in several phases and both arms: a name and the subject number."""
    journal = place.journal
    pasts = {
        "surgery 1": in_surgery_wait(journal, TRIAL, ago(35), "COHORT_1"),
        "surgery 2": in_surgery_wait(journal, TRIAL, ago(30), "COHORT_2"),
        "surgery overdue": in_surgery_wait(journal, TRIAL, ago(50), "COHORT_2"),
        "evaluation 1": in_evaluation(journal, TRIAL, ago(10), "COHORT_1"),
        "evaluation overdue": in_evaluation(journal, TRIAL, ago(60), "COHORT_1"),
    }
    numbers = {name: await place.begin(past) for name, past in pasts.items()}
    return numbers | {"screening": await place.enroll()}


async def listed(place: Installation, cohort: dict[str, str], query: str) -> set[str]:
    """Give the names of those of the cohort that Temporal lists for a query."""
    ours = ", ".join(f"'{number}'" for number in cohort.values())
    found = place.temporal.list_workflows(f"WorkflowType = 'PatientJourney' AND SubjectNo IN ({ours}) AND {query}")
    numbers = {execution.id.rsplit("-", 1)[1] async for execution in found}
    return {name for name, number in cohort.items() if number in numbers}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Epoch = 'SURGERY'", {"surgery 1", "surgery 2", "surgery overdue"}),
        ("Epoch = 'SURGERY' AND Arm = 'COHORT_2'", {"surgery 2", "surgery overdue"}),
        ("Overdue = true", {"surgery overdue", "evaluation overdue"}),
        ("Overdue = false AND Epoch = 'EVALUATION'", {"evaluation 1"}),
        ("Arm = 'NONE' AND Epoch = 'SCREENING'", {"screening"}),
        ("Cycle = 3 AND SiteId = 'TDH' AND Arm = 'COHORT_1'", {"surgery 1", "evaluation 1", "evaluation overdue"}),
        ("NextDue < 'NOW'", {"surgery overdue", "evaluation overdue"}),
    ],
)
async def test_temporal_lists_subjects_by_their_attributes(
    place: Installation, cohort: dict[str, str], query: str, names: set[str]
) -> None:
    """Phase, arm, cycle, site, next due and overdue can be filtered on."""

    async def as_expected() -> bool:
        return await listed(place, cohort, query.replace("NOW", datetime.now(UTC).isoformat())) == names

    await until(as_expected)


async def test_a_subject_carries_all_attributes(place: Installation, cohort: dict[str, str]) -> None:
    """Coded words, numbers and the instant by which people must act next."""
    described = await place.handle(cohort["surgery 1"]).describe()

    found = {name: described.typed_search_attributes.get(key) for name, key in KEYS.items()}

    assert found == {
        "TrialId": TRIAL,
        "SiteId": "TDH",
        "SubjectNo": cohort["surgery 1"],
        "Epoch": "SURGERY",
        "Cycle": 3,
        "Arm": "COHORT_1",
        "NextDue": SITE.due_at(ago(35) + timedelta(days=42)),
        "Overdue": False,
    }


async def summaries(place: Installation, subject: str, kind: "EventType.ValueType") -> list[str]:
    """Give the summaries on a journey's events of a kind."""
    events: list[HistoryEvent] = [event async for event in place.handle(subject).fetch_history_events()]
    payloads = [event.user_metadata.summary for event in events if event.event_type == kind]
    return [place.temporal.data_converter.payload_converter.from_payload(payload, str) for payload in payloads]


async def test_timers_and_activities_say_what_they_are_for(place: Installation, cohort: dict[str, str]) -> None:
    """A person can read them in the Temporal UI."""
    timers = await summaries(place, cohort["surgery 1"], EventType.EVENT_TYPE_TIMER_STARTED)
    activities = await summaries(place, cohort["screening"], EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)

    shown = await place.handle(cohort["surgery 1"]).query("show")
    assert timers == [shown["next_due"]["what"]]
    assert timers[0].startswith("surgery window")
    assert activities == ["Laboratory results: SCREENING "]


async def test_the_queries_show_the_state_and_every_fact(place: Installation, cohort: dict[str, str]) -> None:
    """`show` says the window and who must act; `facts` gives the stream as the journal has it."""
    subject = cohort["surgery 1"]
    shown = await place.handle(subject).query("show")
    facts = await place.handle(subject).query("facts")

    assert (shown["subject"], shown["phase"], shown["arm"]) == (subject, "SURGERY", "COHORT_1")
    assert (shown["window"]["from"], shown["window"]["to"]) == (str(ago(7)), str(ago(-7)))
    assert [(ask["kind"], ask["by"]) for ask in shown["asks"]] == [
        ("course_taken", None),
        ("surgery_done", str(ago(-7))),
        ("acknowledge", str(ago(70))),
    ]
    assert facts == [fact._asdict() for fact in place.facts(subject)]


async def test_the_ui_shows_the_timeline_and_what_may_be_sent(place: Installation, cohort: dict[str, str]) -> None:
    """Current details in markdown, with each visit planned and actual; the handlers are described."""
    handle = place.handle(cohort["surgery overdue"])

    told = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)

    assert f"## {cohort['surgery overdue']}: SURGERY" in told.current_details
    assert "OVERDUE" in told.current_details
    assert f"| {ago(50)} |" in next(line for line in told.current_details.splitlines() if "C3D1" in line)
    assert [bool(query.description) for query in told.definition.query_definitions if query.name == "show"] == [True]
    assert [bool(update.description) for update in told.definition.update_definitions] == [True]
