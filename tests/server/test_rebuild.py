"""The journal is lost: it is made again from Temporal's histories, and held against them ever after."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import RowMapping

from activities.contract import Answer
from domain.decider import patient_stream, trial_stream
from journal.rebuilding import STREAM_OF_REBUILDS
from journal.store import Journal, StoredFact
from tests.server.bad import RASH
from tests.server.installation import Installation, own_installation, ready, until
from tests.server.past import TRIAL, Past, ago
from workflows.client import Submitted

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
REGISTER = trial_stream(TRIAL)
REPORT = Submitted("adverse_event", RASH, staff="INV1", id="report-before-the-loss")
REFUSED = Submitted("adverse_event", RASH | {"grade": 9}, staff="INV1", id="refused-before-the-loss")


@dataclass(frozen=True)
class Lost:
    """An installation whose journal was deleted and made again, before a worker came back."""

    place: Installation
    subjects: tuple[str, ...]
    """One at work, one that waits for its slot, one that is over."""
    answers: tuple[Answer, Answer]
    facts: dict[str, list[StoredFact]]
    submissions: dict[str, list[RowMapping]]
    anchor: str
    rehearsed: dict[str, Any]
    told: dict[str, Any]


def remove(place: Installation) -> None:
    """Delete the journal, as a lost disk would."""
    place.journal.close()
    for file in place.settings.data.glob("journal.db*"):
        file.unlink()


def done(place: Installation, *words: str, code: int = 0) -> str:
    """Run the command line and give what it printed."""
    run = place.cli(*words)
    assert run.returncode == code, (words, run.returncode, run.stdout, run.stderr)
    return run.stdout


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lost(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lost]:
    """Three subjects, of whom one is over and one asked for a slot while nobody could answer."""
    async with own_installation(tmp_path_factory) as place:
        at_work, over = await place.enroll(), await place.enroll()
        answers = [await place.trial.to_subject(at_work, each) for each in (REPORT, REFUSED)]
        await place.send(over, "withdrawal", "INV1", withdrawn_on=str(ago(0)), level="STUDY")
        await until(lambda: is_quiet(place, at_work, over))
        place.workers[0].stop()
        streams = [REGISTER, *(patient_stream(TRIAL, subject) for subject in (at_work, over))]
        facts = {stream: place.journal.facts(stream) for stream in streams}
        submissions = {stream: place.journal.submissions(stream) for stream in streams}
        folder = place.settings.data
        done(place, "journal", "key", "--out", str(folder / "key.pem"))
        done(place, "journal", "anchor", "--key", str(folder / "key.pem"), "--out", str(folder / "anchor.json"))
        anchor = f"--anchor {folder / 'anchor.json'} --public-key {folder / 'key.pem.pub'}"
        remove(place)
        rehearsed = json.loads(done(place, "journal", "rebuild", "--from-temporal", "--dry-run", "--json"))
        assert not (folder / "journal.db").exists()
        told = json.loads(done(place, "journal", "rebuild", "--from-temporal", "--json", "--by", "MON1"))
        yield Lost(place, (at_work, over), (answers[0], answers[1]), facts, submissions, anchor, rehearsed, told)


async def is_quiet(place: Installation, *subjects: str) -> bool:
    """Say whether nothing is under way: every notice was delivered and every order waits."""
    return all(not place.facts(subject) or shown_open(place, subject) == {"LabsOrdered"} for subject in subjects[:1])


def shown_open(place: Installation, subject: str) -> set[str]:
    """Give the kinds of a subject's open intents."""
    from activities.rebuild import Streams

    return {effect.split()[0] for effect in Streams(place.journal).look(patient_stream(TRIAL, subject)).effects}


async def test_every_row_comes_back_as_it_was(lost: Lost) -> None:
    """Facts and submissions, refusals among them, with their hashes: an anchor made before the loss still fits."""
    for stream in lost.facts:
        assert lost.place.journal.facts(stream) == lost.facts[stream]
        assert lost.place.journal.submissions(stream) == lost.submissions[stream]
    print(lost.told)
    print(lost.place.cli("journal", "verify").stderr)
