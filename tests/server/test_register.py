"""Seventy subjects ask for a slot at once: 33 and 33, each slot once, the rest refused, and the list stays sealed."""

import asyncio
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import RowMapping, select
from temporalio.client import WorkflowHandle

from activities.adapters.sealed_list import NONCE_BYTES, published_hash
from activities.recorder import Recorder
from domain.decider import trial_stream
from domain.intake import derived_id
from domain.trial.register import Register
from journal.schema import ALLOCATION_LISTS
from tests.server.installation import Installation, install, ready, until
from tests.server.past import TRIAL, Past, ago
from tests.server.rig import Server

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
ASKING = 70
ANSWER_SECONDS = 5


@dataclass(frozen=True)
class Crowd:
    """Those who asked, how long each waited, and the register afterwards."""

    place: Installation
    requests: dict[str, dict[str, object]]
    waited: dict[str, float]

    @property
    def register(self) -> Register:
        """The register as the journal has it."""
        register: Register = Recorder(self.place.journal).state(trial_stream(TRIAL))
        return register

    def rows(self) -> list[RowMapping]:
        """Give what is on record of the requests for a slot."""
        return [row for row in self.place.journal.submissions(trial_stream(TRIAL)) if row["kind"] == "allocate_slot"]


def envelope(past: Past) -> dict[str, object]:
    """Give the request as a subject's journey sends it."""
    key = f"{past.stream}/{past.journey.allocation}"
    command = {"kind": "allocate_slot", "subject": past.number, "request": past.journey.allocation}
    return {"id": derived_id(key, "allocate_slot"), "staff": "SYSTEM", "role": "SYSTEM", "command": command}


async def answered(place: Installation, requests: dict[str, dict[str, object]]) -> dict[str, float]:
    """Send all requests at once; give the seconds after which each had its arm or its refusal on record."""
    handle = place.temporal.get_workflow_handle(trial_stream(TRIAL))
    recorder, loop = Recorder(place.journal), asyncio.get_running_loop()
    begun = loop.time()
    waited: dict[str, float] = {}

    async def all_answered() -> bool:
        register: Register = await asyncio.to_thread(recorder.state, trial_stream(TRIAL))
        opened = {subject for subject, allocation in register.allocations.items() if allocation.arm}
        for subject in (opened | set(register.declined)) & set(requests):
            waited.setdefault(subject, loop.time() - begun)
        return len(waited) == len(requests)

    sending = asyncio.gather(*(handle.signal("submit", request) for request in requests.values()))
    await until(all_answered, timedelta(seconds=60))
    await sending
    return waited


async def _has_seen(register: WorkflowHandle[Any, Any], facts: int) -> bool:
    return len(await register.query("facts")) >= facts


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    """Seventy subjects, eligible and waiting for a slot, whose requests were all sent at once.

    Their journeys are not started: it is the register that is asked, and seventy journeys at once would be timed too.
    """
    place = await install(server, "register", tmp_path_factory.mktemp("register"))
    worker = place.start_worker()
    await place.open()
    await until(lambda: ready(place.journal.facts(trial_stream(TRIAL))[-1].kind == "AllocationListSealed"))
    worker.stop()
    pasts = [Past(place.journal, TRIAL, ago(2)).eligible(ago(1)) for _ in range(ASKING)]
    for past in pasts:
        past.said("request_randomization", ago(1), staff="CRC1").at_rest()
    place.start_worker()
    await place.trial.wake(trial_stream(TRIAL))
    seen = len(place.journal.facts(trial_stream(TRIAL)))
    register = place.temporal.get_workflow_handle(trial_stream(TRIAL))
    await until(lambda: _has_seen(register, seen))
    requests = {past.number: envelope(past) for past in pasts}
    yield Crowd(place, requests, await answered(place, requests))
    place.end()


async def test_seventy_at_once_are_all_answered_within_five_seconds(crowd: Crowd) -> None:
    """Each has its arm, or its refusal, on record by then."""
    assert len(crowd.waited) == ASKING
    assert max(crowd.waited.values()) <= ANSWER_SECONDS, sorted(crowd.waited.values())[-3:]


async def test_sixty_six_are_allocated_33_to_33_and_the_rest_refused_on_record(crowd: Crowd) -> None:
    """Slots 1 to 66 are used once each; the 67th and later leave a refusal and a fact."""
    register = crowd.register
    outcomes = Counter((row["outcome"], row["reason"]) for row in crowd.rows())
    declined = [fact for fact in crowd.place.journal.facts(trial_stream(TRIAL)) if fact.kind == "AllocationDeclined"]

    assert sorted(allocation.slot for allocation in register.allocations.values()) == list(range(1, 67))
    assert register.arm_counts() == {"COHORT_1": 33, "COHORT_2": 33}
    assert outcomes == {("applied", ""): 66, ("refused", "FULL"): 4}
    assert len(declined) == 4


async def test_a_request_that_comes_again_gets_the_same_slot_or_the_same_refusal(crowd: Crowd) -> None:
    """The same submissions once more add nothing at all."""
    before, rows = crowd.register, len(crowd.rows())
    handle = crowd.place.temporal.get_workflow_handle(trial_stream(TRIAL))

    for request in crowd.requests.values():
        await handle.signal("submit", request)
    await crowd.place.trial.wake(trial_stream(TRIAL))
    shown = await handle.query("show")

    assert shown["randomized"] == 66
    assert (crowd.register.allocations, crowd.register.declined) == (before.allocations, before.declined)
    assert len(crowd.rows()) == rows


async def test_a_request_nobody_vouches_for_draws_nothing(crowd: Crowd) -> None:
    """Without the fact in the subject's own stream the register believes nobody."""
    handle = crowd.place.temporal.get_workflow_handle(trial_stream(TRIAL))
    command = {"kind": "allocate_slot", "subject": "S001", "request": 1}
    forged = {"id": "forged-slot-1", "staff": "SYSTEM", "role": "SYSTEM", "command": command}

    await handle.signal("submit", forged)

    row = await until(lambda: ready([row for row in crowd.rows() if row["submission_id"] == "forged-slot-1"]))
    assert (row[0]["outcome"], row[0]["reason"]) == ("refused", "ROLE")


async def test_sixty_drawn_slots_and_the_published_hash_do_not_tell_the_rest(crowd: Crowd) -> None:
    """No completion matches without the salt; with the salt, revealed at the end, exactly the true one does."""
    register = crowd.register
    drawn = {allocation.slot: allocation.arm for allocation in register.allocations.values()}
    known, rest = [drawn[slot] for slot in range(1, 61)], [drawn[slot] for slot in range(61, 67)]
    lists = {tuple(known + list(end)) for end in itertools.permutations(rest)}
    with crowd.place.journal.engine.connect() as connection:
        row = connection.execute(select(ALLOCATION_LISTS)).one()
    cipher = AESGCM(crowd.place.settings.allocation_key.read_bytes())
    sealed, about = row.sealed_salt, f"{TRIAL}/0".encode()
    salt = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)

    guessed = [guess for guess in lists if register.sha256 in unsalted(guess)]
    revealed = [guess for guess in lists if published_hash(guess, salt) == register.sha256]

    assert len(lists) > 1
    assert guessed == []
    assert revealed == [tuple(known + rest)]


def unsalted(guess: tuple[str, ...]) -> set[str]:
    """Give the hashes one could try on a list without the salt."""
    texts = ("\n".join(guess), "\n".join(guess) + "\n", ",".join(guess), json.dumps(guess))
    tried = {hashlib.sha256(text.encode()).hexdigest() for text in texts}
    return tried | {published_hash(guess, bytes(32)), published_hash(guess, b"")}


async def test_the_record_says_of_the_list_only_its_length_and_hash(crowd: Crowd) -> None:
    """No fact holds an arm before its slot was drawn; 66 facts hold one each after."""
    facts = crowd.place.journal.facts(trial_stream(TRIAL))
    (sealed,) = (json.loads(fact.body) for fact in facts if fact.kind == "AllocationListSealed")
    opened = [fact.seq for fact in facts if '"arm":' in fact.body]
    drawn = [fact.seq for fact in facts if fact.kind == "SlotReserved"]

    assert set(sealed) == {"kind", "request", "slots", "sha256"}
    assert sealed["slots"] == len(opened) == len(drawn) == 66
    assert all(reserved < told for reserved, told in zip(drawn, opened, strict=True))
