"""The journal is away for a time: little history is written meanwhile, and every waiting command is answered after."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from functools import partial

import psycopg
import pytest
import pytest_asyncio

from tests.server.bad import RASH
from tests.server.installation import Installation, install, until
from tests.server.rig import Server
from workflows.client import Submitted

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
AWAY_SECONDS = 60
ANSWER_SECONDS = 15
MOST_EVENTS = 25
"""Events a journey may write however long the journal is away: one workflow task a local try, then one activity."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outage(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation of its own."""
    made = await install(server, "outage", tmp_path_factory.mktemp("outage"))
    made.start_worker()
    await made.open()
    yield made
    made.end()


@contextmanager
def locked(place: Installation) -> Iterator[None]:
    """Hold the journal's write lock, as another process that does not let go."""
    if place.settings.journal_url:
        with psycopg.connect(place.settings.journal_url) as holder:
            holder.execute("SELECT pg_advisory_xact_lock(1414676816, 1)")
            yield
        return
    path = place.settings.data / "journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("BEGIN EXCLUSIVE")
        yield
        file.execute("ROLLBACK")


async def history_length(place: Installation, subject: str) -> int:
    """Count the events of a journey."""
    length = (await place.handle(subject).describe()).history_length
    assert length is not None
    return length


async def both_reported(place: Installation, subject: str) -> bool:
    """Say whether update and signal are both on record."""
    return len(place.facts(subject, "AdverseEventReported")) == 2


async def test_commands_wait_for_the_journal_and_are_answered_when_it_is_back(outage: Installation) -> None:
    """Six subjects, an update and a signal each, while the journal is locked."""
    subjects = [await outage.enroll() for _ in range(6)]
    before = [await history_length(outage, subject) for subject in subjects]
    loop = asyncio.get_running_loop()

    with locked(outage):
        back_at = loop.time() + AWAY_SECONDS
        waiting = [
            asyncio.create_task(outage.trial.to_subject(subject, Submitted("adverse_event", RASH, staff="INV1")))
            for subject in subjects
        ]
        for subject in subjects:
            await outage.handle(subject).signal("adverse_event", RASH | {"term": "fever"})
        await asyncio.wait(waiting, timeout=AWAY_SECONDS / 2)
        half_way = [await history_length(outage, subject) for subject in subjects]
        done, _ = await asyncio.wait(waiting, timeout=back_at - loop.time())
        written = [await history_length(outage, subject) for subject in subjects]
    answers = await asyncio.wait_for(asyncio.gather(*waiting), ANSWER_SECONDS)

    assert done == set()
    assert [answer.outcome for answer in answers] == ["applied"] * 6
    assert written == half_way
    assert max(after - earlier for after, earlier in zip(written, before, strict=True)) <= MOST_EVENTS
    for subject in subjects:
        await until(partial(both_reported, outage, subject))
        await outage.assert_takes(subject, "rash after all")
        await outage.assert_healthy(subject)
