"""An installation whose journal lies in PostgreSQL, under the role that may only add."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from activities.contract import RECORD
from bench.postgres import Cluster
from domain.decider import trial_stream
from journal.store import Journal
from journal.verify import verify
from tests.server.bad import RASH
from tests.server.installation import Installation, install, ready, until
from tests.server.past import TRIAL
from tests.server.rig import Server
from workflows.client import Submitted

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
AWAY_SECONDS = 8
ANSWER_SECONDS = 20
MOST_EVENTS = 25
"""Events a journey may write however long the journal is away: one workflow task a local try, then one activity."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    server: Server, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """An installation with a worker. The owner prepared the database; the worker has the application's role."""
    owners = Journal(cluster.database("site"))
    owners.migrate()
    owners.prepare("trialpath_app")
    owners.close()
    data = tmp_path_factory.mktemp("site")
    made = await install(server, "postgresql", data, cluster.url("site", "trialpath_app"))
    made.start_worker()
    await made.open()
    yield made
    made.end()


async def waits_for(site: Installation, subject: str) -> str:
    """Give what the UI shows as the reason why a journey's activity is tried again; empty when there is none."""
    described = await site.handle(subject).describe()
    for pending in described.raw_description.pending_activities:
        if pending.activity_type.name == RECORD and pending.HasField("last_failure"):
            return str(await site.temporal.data_converter.decode_failure(pending.last_failure))
    return ""


async def test_a_database_that_goes_away_is_waited_for_and_nothing_is_lost(
    site: Installation, cluster: Cluster
) -> None:
    """Killed while commands come in, and back after a while: each is answered once; what is awaited can be read."""
    subjects = [await site.enroll() for _ in range(4)]
    before = [(await site.handle(subject).describe()).history_length or 0 for subject in subjects]

    await asyncio.to_thread(cluster.kill)
    try:
        waiting = [
            asyncio.create_task(site.trial.to_subject(subject, Submitted("adverse_event", RASH, staff="INV1")))
            for subject in subjects
        ]
        shown = await until(lambda: waits_for(site, subjects[0]))
        done, _ = await asyncio.wait(waiting, timeout=AWAY_SECONDS)
    finally:
        await asyncio.to_thread(cluster.start)
    answers = await asyncio.wait_for(asyncio.gather(*waiting), ANSWER_SECONDS)

    assert done == set()
    assert "waiting for the journal (postgresql 127.0.0.1:" in shown
    assert [answer.facts for answer in answers] == [["AdverseEventReported"]] * 4
    for subject, earlier in zip(subjects, before, strict=True):
        length = (await site.handle(subject).describe()).history_length or 0
        assert length - earlier <= MOST_EVENTS
        assert len(site.facts(subject, "AdverseEventReported")) == 1
        await site.assert_takes(subject, "rash after all")
        await site.assert_healthy(subject)
    log = (site.settings.data / "worker-0.log").read_text()
    assert '"event": "record.waits"' in log


async def test_what_was_recorded_over_postgresql_is_sound(site: Installation) -> None:
    """The whole chain, the sealed list among it, after a database that went away; and the register goes on."""
    subject = await site.enroll()
    await until(lambda: ready(site.facts(subject, "LabsOrdered")))

    with site.journal.snapshot() as connection:
        report = verify(connection)

    assert report.findings == []
    assert {trial_stream(TRIAL)} < set(report.ends)
    assert site.cli("journal", "verify").returncode == 0
