"""The journal is lost: it is made again from Temporal's histories, held against them, and both outlive Temporal."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import RowMapping
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory
from temporalio.worker import Replayer

from activities.contract import Answer
from activities.histories import HistoryFolder
from activities.rebuild import Streams
from activities.recorder import SHORT_RUN
from bench.postgres import Cluster
from domain.decider import patient_stream, trial_stream
from journal.chain import SUBMISSION_CONTENT
from journal.rebuilding import STREAM_OF_REBUILDS
from journal.store import StoredFact
from tests.server.bad import RASH
from tests.server.installation import Installation, own_installation, ready, until
from tests.server.lost_journal import is_lost, lose, tampered
from tests.server.past import TRIAL, ago, participant, typed
from workflows.client import Submitted
from workflows.connection import CONVERTER
from workflows.identity import IdentityInterceptor, IdentityRunner
from workflows.patient_journey import PatientJourney

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
OFTEN = {"TRIALPATH_WATCHDOG_SECONDS": "2"}
REGISTER = trial_stream(TRIAL)
AT_ONCE = 10
"""Updates that the server takes at once."""
REPORT = Submitted("adverse_event", RASH, staff="INV1", id="report-before-the-loss")
REFUSED = Submitted("adverse_event", RASH | {"grade": 9}, staff="INV1", id="refused-before-the-loss")
MEANWHILE = Submitted("adverse_event", RASH, staff="INV1", id="report-while-it-was-lost")


@dataclass(frozen=True)
class Lost:
    """An installation whose journal was deleted and made again, before a worker came back."""

    place: Installation
    drawn: str
    """A subject that has its slot; its journey has handed over to a second run."""
    asking: str
    """A subject that is eligible and asks for its slot after the loss."""
    over: str
    """A subject that withdrew, and of whom a late report came: two runs, both closed."""
    answers: tuple[Answer, Answer]
    facts: Mapping[str, list[StoredFact]]
    submissions: Mapping[str, list[RowMapping]]
    rehearsed: dict[str, Any]
    told: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where the journal and all files of this test are."""
        return self.place.settings.data

    @property
    def anchor(self) -> list[str]:
        """The options that verify against the anchor made before the loss."""
        return ["--anchor", str(self.folder / "anchor.json"), "--public-key", str(self.folder / "key.pem.pub")]


async def cli(place: Installation, *words: str, code: int = 0, settings: Mapping[str, str] | None = None) -> str:
    """Run the command line, with other settings where given; give what it printed on both channels."""
    run = await asyncio.to_thread(partial(place.cli, *words, **(settings or {})))
    assert run.returncode == code, (words, run.returncode, run.stdout, run.stderr)
    return run.stdout + run.stderr


async def answer(
    place: Installation, *words: str, code: int = 0, settings: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run the command line, with other settings where given, and read its JSON."""
    run = await asyncio.to_thread(partial(place.cli, *words, "--json", **(settings or {})))
    assert run.returncode == code, (words, run.returncode, run.stdout, run.stderr)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


async def eligible(place: Installation) -> str:
    """Enrol a subject and confirm its eligibility."""
    enrolled = await place.trial.to_trial(Submitted("enroll", participant(ago(2)), staff="INV1"))
    subject = place.trial.subject_of(enrolled)
    await place.seen(subject, 1)
    results = [result.model_dump(mode="json") for result in typed(ago(1))]
    for kind, fields in (("lab_results", {"results": results}), ("confirm_eligibility", {"judged_on": str(ago(0))})):
        told = await place.send(subject, kind, "INV1", **fields)
        assert told.outcome == "applied", told.sentence()
    return subject


async def fill(place: Installation, subject: str) -> None:
    """Send reports until the run is so long that the next epoch begins a new one, or until it has handed over."""
    first = described = await place.handle(subject).describe()
    while described.run_id == first.run_id and (described.history_length or 0) < SHORT_RUN:
        await asyncio.gather(*(place.send(subject, "adverse_event", "INV1", **RASH) for _ in range(AT_ONCE)))
        described = await place.handle(subject).describe()


async def has_ended(place: Installation, subject: str) -> bool:
    """Say whether a subject's latest run has completed."""
    return (await place.handle(subject).describe()).status is WorkflowExecutionStatus.COMPLETED


def effects(place: Installation, subject: str) -> set[str]:
    """Give the kinds of a subject's open intents."""
    return {effect.split()[0] for effect in Streams(place.journal).look(patient_stream(TRIAL, subject)).effects}


async def without_journal(place: Installation, asking: str) -> None:
    """Let a worker run over an empty journal: a report waits in its journey, and the watchdog tells of the loss."""
    worker = place.start_worker()
    log = place.settings.data / "worker-1.log"
    await place.handle(asking).signal("submit", MEANWHILE.envelope())
    for words in (f"holds 0 facts of {patient_stream(TRIAL, asking)} where", "JOURNAL_LOST"):
        await until(partial(tells, log, words))
    worker.stop()
    assert place.journal.heads() == {}


async def tells(log: Path, words: str) -> bool:
    """Say whether a log holds these words."""
    return words in log.read_text()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lost(tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None) -> AsyncIterator[Lost]:
    """Three subjects at different points of their way, a back-up of the list, and then the journal is gone."""
    async with own_installation(tmp_path_factory, databases, OFTEN) as place:
        place.settings.histories.rmdir()
        place.settings.histories.write_text("a file where the folder should be: nothing can be exported")
        drawn, asking, over = [await eligible(place) for _ in range(2)] + [await place.enroll()]
        await fill(place, drawn)
        await place.send(drawn, "request_randomization", "CRC1")
        answers = [await place.trial.to_subject(asking, each) for each in (REPORT, REFUSED)]
        await place.send(over, "withdrawal", "INV1", withdrawn_on=str(ago(0)), level="STUDY")
        await until(lambda: has_ended(place, over))
        await until(partial(tells, place.settings.data / "worker-0.log", "histories.not_exported"))
        place.settings.histories.unlink()
        await place.send(over, "adverse_event", "INV1", **RASH)
        await until(lambda: ready(place.facts(drawn, "Randomized")))
        await until(lambda: has_ended(place, over))
        await until(lambda: ready("NoticeRequested" not in effects(place, drawn) | effects(place, asking)))
        await until(lambda: ready(not Streams(place.journal).look(REGISTER).effects))
        folder = place.settings.data
        await cli(place, "allocation", "backup", "--out", str(folder / "list.json"))
        place.workers[0].stop()
        await cli(place, "journal", "key", "--out", str(folder / "key.pem"))
        anchor = ["--key", str(folder / "key.pem"), "--out", str(folder / "anchor.json")]
        await cli(place, "journal", "anchor", *anchor)
        streams = [REGISTER, *(patient_stream(TRIAL, subject) for subject in (drawn, asking, over))]
        facts = {stream: place.journal.facts(stream) for stream in streams}
        submissions = {stream: place.journal.submissions(stream) for stream in streams}
        lose(place)
        rehearsed = await answer(place, "journal", "rebuild", "--from-temporal", "--dry-run")
        assert is_lost(place)
        await without_journal(place, asking)
        told = await answer(place, "journal", "rebuild", "--from-temporal", "--by", "MON1")
        yield Lost(place, drawn, asking, over, (answers[0], answers[1]), facts, submissions, rehearsed, told)


async def test_every_row_comes_back_as_it_was(lost: Lost) -> None:
    """Facts and submissions, refusals among them, place and hashes: an anchor made before the loss still fits."""
    for stream in lost.facts:
        assert lost.place.journal.facts(stream) == lost.facts[stream]
        assert lost.place.journal.submissions(stream) == lost.submissions[stream]
    assert {row["chain"] for row in lost.told["streams"]} == {"as before"}
    assert {row["stream"]: row["runs"] for row in lost.told["streams"]} == {
        REGISTER: 1,
        patient_stream(TRIAL, lost.drawn): 2,
        patient_stream(TRIAL, lost.asking): 1,
        patient_stream(TRIAL, lost.over): 2,
    }
    found = await answer(lost.place, "journal", "verify", *lost.anchor, code=11)
    assert [row["row"] for row in found["findings"]] == [f"allocation list of {TRIAL}, sealed by fact 10"]


async def test_the_rehearsal_told_the_same_and_wrote_nothing(lost: Lost) -> None:
    """What cannot be rebuilt is listed before anybody decides: here the sealed list alone."""
    assert (lost.rehearsed["written"], lost.rehearsed["rows"], lost.told["written"]) == (False, 0, True)
    assert [row["what"] for row in lost.told["lost"]] == ["ALLOCATION_LIST"]
    assert lost.rehearsed["lost"] == lost.told["lost"]
    assert lost.rehearsed["streams"] == lost.told["streams"]


async def test_the_rebuild_is_on_record(lost: Lost) -> None:
    """Who did it, when, from what, what came back and what did not."""
    (row,) = lost.place.journal.submissions(STREAM_OF_REBUILDS)
    body = json.loads(row["body"])
    assert (row["kind"], row["identity"], body["by"]) == ("journal_rebuilt", "MON1", "MON1")
    assert body["from"] == ["Temporal", f"folder {lost.place.settings.histories}"]
    assert body["lost"] == lost.told["lost"]
    assert body["streams"] == lost.told["streams"]


async def test_a_journal_with_rows_is_refused(lost: Lost) -> None:
    """Exit code 2, and it says how much is there and what to do."""
    told = await cli(lost.place, "journal", "rebuild", "--from-temporal", code=2)
    assert f"the journal holds {lost.told['rows']} rows of 4 streams" in told
    assert "stop the workers, move it away" in told
    assert "--from-temporal" in await cli(lost.place, "journal", "rebuild", code=3)


async def test_running_workflows_agree_and_go_on(lost: Lost) -> None:
    """Each shows the facts and the state that its rebuilt stream folds to; what was answered is answered the same."""
    place = lost.place
    place.start_worker()
    await place.seen(lost.drawn, 1)

    again = await answer(place, "journal", "rebuild", "--from-temporal", "--dry-run")
    sent = [await place.trial.to_subject(lost.asking, each) for each in (REPORT, REFUSED)]

    held = {row["stream"] for row in again["streams"] if row["held_against"] == "its workflow"}
    assert held == {REGISTER, *(patient_stream(TRIAL, subject) for subject in (lost.drawn, lost.asking))}
    assert [row["what"] for row in again["lost"]] == ["ALLOCATION_LIST"]
    assert tuple(sent) == lost.answers
    await until(lambda: ready(len(place.facts(lost.asking, "AdverseEventReported")) > 1))
    assert [row.submission_id for row in place.facts(lost.asking, "AdverseEventReported")] == [REPORT.id, MEANWHILE.id]


async def test_without_its_list_a_draw_waits_and_goes_on_once_it_is_restored(lost: Lost) -> None:
    """Slot 1 stays drawn, slot 2 is reserved and does not open; another list is not taken; then it opens by itself."""
    place, backup = lost.place, lost.folder / "list.json"
    assert backup.stat().st_mode & 0o777 == 0o600
    await place.send(lost.asking, "request_randomization", "CRC1")
    waiting = await until(lambda: waits_for(place))
    other = json.loads(backup.read_text())
    other["sealed"][0], other["sealed"][1] = other["sealed"][1], other["sealed"][0]
    (lost.folder / "other.json").write_text(json.dumps(other))
    (lost.folder / "cut.json").write_text(backup.read_text()[:900])

    refused = await cli(place, "allocation", "restore", str(lost.folder / "other.json"), code=2)
    await cli(place, "allocation", "restore", str(lost.folder / "cut.json"), code=3)
    restored = await cli(place, "allocation", "restore", str(backup))

    assert "the allocation list of NCT06978153 is not in this journal: slot 2 waits for `starter.py" in waiting
    assert "nothing was restored: it does not open" in refused
    assert restored.startswith("restored: 66 sealed slots")
    slot = await until(lambda: ready(place.facts(lost.asking, "Randomized")))
    assert json.loads(slot[0].body)["slot"] == 2
    assert "it is there already" in await cli(place, "allocation", "restore", str(backup))
    await cli(place, "journal", "verify", *lost.anchor)
    await place.assert_healthy(lost.asking)


async def waits_for(place: Installation) -> str:
    """Give the reason why the register's activity is tried again; empty when there is none."""
    described = await place.handle(None).describe()
    for pending in described.raw_description.pending_activities:
        if pending.activity_type.name == "open_slot" and pending.HasField("last_failure"):
            return str(await place.temporal.data_converter.decode_failure(pending.last_failure))
    return ""


async def test_what_is_equal_is_told_by_stream(lost: Lost) -> None:
    """Every row of every stream was held against its history; one stream alone too."""
    await until(lambda: ready("NoticeRequested" not in effects(lost.place, lost.asking)))
    found = await answer(lost.place, "journal", "reconcile")
    one = await answer(lost.place, "journal", "reconcile", patient_stream(TRIAL, lost.over))

    assert {row["stream"]: row["state"] for row in found["streams"]} == dict.fromkeys(lost.facts, "equal")
    assert all(row["held"] > row["facts"] for row in found["streams"])
    assert [row["stream"] for row in one["streams"]] == [patient_stream(TRIAL, lost.over)]
    await cli(lost.place, "journal", "verify", "--against-temporal")


async def test_a_row_changed_with_its_whole_chain_made_anew_is_named(lost: Lost, tmp_path: Path) -> None:
    """The chain is sound, so `verify` alone says nothing; the histories know better. Exit code 15."""
    stream = patient_stream(TRIAL, lost.over)
    change = (
        "UPDATE facts SET body = replace(body, 'STUDY', 'TREATMENT') WHERE stream = :stream AND body LIKE '%STUDY%'"
    )
    copy = tampered(lost.place, tmp_path / "changed", (change, {"stream": stream}))

    await cli(lost.place, "journal", "verify", settings=copy)
    found = await answer(lost.place, "journal", "reconcile", stream, code=15, settings=copy)
    against = await answer(lost.place, "journal", "verify", "--against-temporal", code=15, settings=copy)

    (difference,) = found["streams"][0]["differences"]
    assert (difference["stream"], difference["field"]) == (stream, "body")
    assert '"STUDY"' in difference["history"]
    assert '"TREATMENT"' in difference["journal"]
    assert [(row["stream"], row["row"]) for row in against["findings"]] == [(stream, f"fact {difference['seq']}")]


async def test_rows_missing_at_the_end_are_named(lost: Lost, tmp_path: Path) -> None:
    """A cut end is sound to `verify` alone; the history goes on. Exit code 13."""
    with lost.place.journal.snapshot() as connection:
        query = "SELECT position, stream, submission_id FROM submissions WHERE first_seq > 0 ORDER BY position DESC"
        last, stream, submission_id = connection.exec_driver_sql(query + " LIMIT 1").one()
    tables = ("facts", "submissions")
    cuts = [(f"DELETE FROM {table} WHERE position >= :last", {"last": last}) for table in tables]  # noqa: S608 - ours
    copy = tampered(lost.place, tmp_path / "cut", *cuts)

    await cli(lost.place, "journal", "verify", settings=copy)
    found = await answer(lost.place, "journal", "reconcile", code=13, settings=copy)

    (behind,) = [row for row in found["streams"] if row["stream"] == stream]
    assert behind["state"] == "journal behind"
    assert behind["behind"][0] == f"submission {submission_id}"
    assert len(behind["behind"]) > 1


async def closed_runs(lost: Lost) -> list[tuple[str, str]]:
    """Give the closed runs that must be on the disk once all three are there."""
    folder = HistoryFolder(lost.place.settings.histories)
    found = list(folder.runs(TRIAL))
    return found if len(found) >= 3 else []


async def test_each_closed_run_is_exported_and_replays(lost: Lost) -> None:
    """Both runs of who is over and the first run of who handed over; for their owner alone, whole, and clean."""
    found = await until(lambda: closed_runs(lost))
    folder = HistoryFolder(lost.place.settings.histories)
    over, drawn = patient_stream(TRIAL, lost.over), patient_stream(TRIAL, lost.drawn)

    assert sorted(stream for stream, _ in found) == sorted([over, over, drawn])
    replayer = Replayer(
        workflows=[PatientJourney],
        interceptors=[IdentityInterceptor()],
        workflow_runner=IdentityRunner(),
        data_converter=CONVERTER,
    )
    for stream, run_id in found:
        file = folder.file_of(stream, run_id)
        assert file.stat().st_mode & 0o777 == 0o600
        await replayer.replay_workflow(WorkflowHistory.from_json(stream, gzip.decompress(file.read_bytes()).decode()))


async def test_with_temporal_lost_as_well_the_folder_gives_back_what_was_closed(lost: Lost) -> None:
    """Who is over comes back whole. The register and who was at work do not, and that is said, with exit code 11."""
    place, over = lost.place, patient_stream(TRIAL, lost.over)
    before, sent = place.journal.facts(over), place.journal.submissions(over)
    place.workers[-1].stop()
    place.server.kill()
    place.server.start_empty()
    lose(place)

    told = await answer(place, "journal", "rebuild", "--from-histories", str(place.settings.histories), code=11)

    assert place.journal.facts(over) == before
    content = [{name: row[name] for name in SUBMISSION_CONTENT} for row in place.journal.submissions(over)]
    assert content == [{name: row[name] for name in SUBMISSION_CONTENT} for row in sent]
    drawn = patient_stream(TRIAL, lost.drawn)
    assert place.journal.facts(drawn) == lost.facts[drawn][: len(place.journal.facts(drawn))]
    assert {(row["stream"], row["what"]) for row in told["lost"]} == {(REGISTER, "STREAM"), (drawn, "TAIL")}
    await cli(place, "journal", "verify")
    kept = await answer(place, "journal", "reconcile", over)
    assert [row["state"] for row in kept["streams"]] == ["equal"]
