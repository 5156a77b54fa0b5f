"""Each query of docs/queries.md, run on a real server: it is understood and finds whom it should, no more, no less."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bench.postgres import Cluster
from domain.decider import patient_stream, trial_stream
from tests.server.bad import RASH
from tests.server.installation import Installation, own_installation, until
from tests.server.past import TRIAL, Past, ago, in_adjuvant, in_evaluation, in_surgery_wait
from tests.server.rig import ROOT
from tests.server.wedging_worker import WEDGED
from workflows.attributes import KEYS
from workflows.client import Submitted

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
PATIENCE = timedelta(seconds=60)
DOCUMENT = (ROOT / "docs/queries.md").read_text()
QUERIES = dict(re.findall(r"^## (.+?)\n\n(?:[^`#].*?\n\n)?```\n(.+?)\n```$", DOCUMENT, re.MULTILINE | re.DOTALL))
A_DATE = re.compile(r"2026-12-01T00:00:00Z")
IN_ARM_1 = {"surgery 1", "evaluation", "died"}
EXPECTED = {
    "Overdue": {"surgery overdue"},
    "In the surgery wait": {"surgery 1", "surgery overdue"},
    "In the surgery wait, of one arm": {"surgery overdue"},
    "Randomized to an arm": IN_ARM_1,
    "In screening": {"screening", "failing"},
    "Failed screening": {"failed"},
    "Left before the planned end": {"died"},
    "Due by a date": {"surgery 1", "surgery overdue"},
    "On adjuvant treatment at a site": {"adjuvant"},
    "One subject, every run": {"surgery 1"},
    "Enrolment paused or trial stopped": {"trial"},
    "With a failing workflow task": {"failing"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def named(tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None) -> AsyncIterator["Named"]:
    """A trial with paused enrolment and subjects at several points of their way; the task of one of them fails."""
    async with own_installation(tmp_path_factory, databases) as place:
        place.workers[0].stop()
        pasts = {
            "surgery 1": in_surgery_wait(place.journal, TRIAL, ago(35), "COHORT_1"),
            "surgery overdue": in_surgery_wait(place.journal, TRIAL, ago(50), "COHORT_2"),
            "evaluation": in_evaluation(place.journal, TRIAL, ago(10), "COHORT_1"),
            "adjuvant": in_adjuvant(place.journal, TRIAL, ago(2), "COHORT_2"),
            "died": Past(place.journal, TRIAL, ago(9)).randomized(ago(5), "COHORT_1"),
            "screening": Past(place.journal, TRIAL, ago(2)),
            "failed": Past(place.journal, TRIAL, ago(2)),
            "failing": Past(place.journal, TRIAL, ago(2)),
        }
        note = place.settings.data / "wedged"
        place.start_worker("tests/server/wedging_worker.py", **{WEDGED: str(note)})
        numbers = {name: await place.begin(past) for name, past in pasts.items()}
        await _told(place, numbers)
        note.write_text(patient_stream(TRIAL, numbers["failing"]))
        await place.handle(numbers["failing"]).signal("adverse_event", RASH)
        yield Named(place, {patient_stream(TRIAL, number): name for name, number in numbers.items()})


async def _told(place: Installation, numbers: dict[str, str]) -> None:
    """One dies, one fails screening, and the sponsor pauses enrolment."""
    answers = [
        await place.send(numbers["died"], "death", died_on=str(ago(1))),
        await place.send(numbers["failed"], "screen_failure", decided_on=str(ago(1)), why="I2"),
        await place.trial.to_trial(Submitted("pause_enrolment", {"why": "audit"}, staff="SPO1")),
    ]
    assert [answer.outcome for answer in answers] == ["applied"] * 3, [answer.sentence() for answer in answers]


class Named:
    """An installation whose workflows have names."""

    def __init__(self, place: Installation, names: dict[str, str]) -> None:
        """Know the names by workflow id."""
        self.place = place
        self._names = names | {trial_stream(TRIAL): "trial"}

    async def listed(self, query: str) -> set[str]:
        """Give the names of the workflows Temporal lists for a query."""
        return {self._names[one.id] async for one in self.place.temporal.list_workflows(query)}


async def test_every_query_of_the_document_is_tried() -> None:
    """Each section with a query has its expected names here, and no attribute of the table is missing there."""
    assert list(QUERIES) == list(EXPECTED)
    assert DOCUMENT.count("```\nWorkflowType") + DOCUMENT.count("```\nTemporalReported") == len(EXPECTED)
    assert [name for name in KEYS if name not in DOCUMENT] == []


@pytest.mark.parametrize("title", list(EXPECTED))
async def test_a_query_finds_whom_it_should(named: Named, title: str) -> None:
    """As it stands in the document, but for the date."""
    query = A_DATE.sub((datetime.now(UTC) + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ"), QUERIES[title])

    async def as_expected() -> bool:
        return await named.listed(query) == EXPECTED[title]

    try:
        await until(as_expected, PATIENCE)
    except TimeoutError:
        assert await named.listed(query) == EXPECTED[title]
