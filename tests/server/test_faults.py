"""Killed workers and a killed server: what was acknowledged is kept, and what was sent is applied once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from activities.contract import Answer
from domain.decider import patient_stream
from tests.server.bad import RASH
from tests.server.failing_worker import DEATH_NOTE
from tests.server.installation import Installation, install, ready, until
from tests.server.past import TRIAL, Past, ago
from tests.server.rig import Server
from workflows.client import Submitted
from workflows.effects import SILENCE

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
FAILING = "tests/server/failing_worker.py"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crash(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation of its own, without a worker yet."""
    made = await install(server, "crash", tmp_path_factory.mktemp("crash"))
    yield made
    made.end()


@pytest.fixture
def note(crash: Installation) -> Path:
    """The file that names the submission after which a worker dies."""
    return crash.settings.data / "death-note"


@pytest_asyncio.fixture(loop_scope="session")
async def pair(crash: Installation, note: Path) -> Installation:
    """The installation with two workers that share the queue, whichever died before."""
    while len([worker for worker in crash.workers if worker.is_running]) < 2:
        crash.start_worker(FAILING, **{DEATH_NOTE: str(note)})
    await crash.open()
    return crash


def events_named(place: Installation, subject: str, term: str) -> int:
    """Count the adverse events of a term on record."""
    return len([fact for fact in place.facts(subject, "AdverseEventReported") if term in fact.body])


@pytest.mark.parametrize("channel", ["update", "signal"])
async def test_a_worker_killed_after_the_append_leaves_the_command_applied_once(
    pair: Installation, note: Path, channel: str
) -> None:
    """The other worker answers the waiting caller, and the journal holds one fact."""
    subject = await pair.enroll()
    submitted = Submitted("adverse_event", RASH | {"term": "fever"}, staff="INV1")
    note.write_text(submitted.id)
    running = len([worker for worker in pair.workers if worker.is_running])

    if channel == "update":
        answer = await asyncio.wait_for(pair.trial.to_subject(subject, submitted), 30)
        assert (answer.outcome, answer.facts) == ("applied", ["AdverseEventReported"])
        assert await pair.trial.to_subject(subject, submitted) == answer
    else:
        await pair.handle(subject).signal("submit", submitted.envelope())
        await until(lambda: ready(not note.exists()))
        await pair.seen(subject, pair.facts(subject)[-1].seq)

    assert len([worker for worker in pair.workers if worker.is_running]) == running - 1
    assert events_named(pair, subject, "fever") == 1
    await pair.assert_takes(subject, "rash after all")
    await pair.assert_healthy(subject)


async def test_a_notice_whose_worker_was_killed_is_tried_again_soon_and_told_once(
    pair: Installation, note: Path
) -> None:
    """The other worker sends it as soon as the heartbeats are missed, not when its longest time is over, a minute."""
    subject = await pair.enroll()
    note.write_text("SERIOUS_ADVERSE_EVENT")
    await pair.send(subject, "adverse_event", "INV1", **(RASH | {"serious": True, "grade": 3}))

    async def all_told() -> bool:
        asked = pair.facts(subject, "NoticeRequested")
        return bool(asked) and len(pair.facts(subject, "NoticeReached")) == len(asked) and not note.exists()

    await until(all_told, within=5 * SILENCE)

    lines = [json.loads(line) for line in pair.settings.notices.read_text().splitlines()]
    told = Counter(line["key"] for line in lines if line["subject"] == subject)
    assert set(told.values()) == {1}
    assert len(told) == len(pair.facts(subject, "NoticeReached"))
    await pair.assert_healthy(subject)


async def test_a_killed_server_loses_nothing_that_was_acknowledged(pair: Installation, server: Server) -> None:
    """Reporters go on over the kill; afterwards journal and workflow hold each acknowledged report once."""
    subjects = [await pair.enroll() for _ in range(3)]
    acknowledged: list[tuple[str, Answer]] = []

    async def report(subject: str) -> None:
        for number in range(12):
            term = f"fever {number:02d}"
            submitted = Submitted("adverse_event", RASH | {"term": term}, staff="INV1")
            acknowledged.append((subject, await pair.trial.to_subject(subject, submitted)))

    reporters = asyncio.gather(*(report(subject) for subject in subjects))
    await until(lambda: ready(len(acknowledged) >= 6))
    await asyncio.to_thread(server.kill_and_restart)
    await reporters

    assert len(acknowledged) == 36
    for subject, answer in acknowledged:
        shown = await pair.handle(subject).query("facts")
        assert [fact["kind"] for fact in shown if fact["seq"] == answer.first_seq] == ["AdverseEventReported"]
        assert answer.outcome == "applied"
    for subject in subjects:
        assert len(pair.facts(subject, "AdverseEventReported")) == 12
        await pair.assert_healthy(subject)


async def test_a_worker_that_starts_wakes_the_streams_whose_journal_is_ahead(pair: Installation, note: Path) -> None:
    """A worker died after its append and Temporal knows nothing: the next worker's start tells the workflow."""
    past = Past(pair.journal, TRIAL, ago(2))
    subject = await pair.begin(past)
    codes = [worker.stop() for worker in pair.workers if worker.is_running]

    past.said("adverse_event", ago(0), staff="INV1", **RASH)
    pair.start_worker(FAILING, **{DEATH_NOTE: str(note)})

    await pair.seen(subject, past.journey.seq)
    assert codes == [0, 0]
    assert pair.journal.heads()[patient_stream(TRIAL, subject)] == past.journey.seq
    await pair.assert_healthy(subject)
