"""Drives our reference journeys as a clinic's staff and its laboratory would, through the public client."""

import asyncio
import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from activities.contract import Answer
from bench.floor import REFERENCE
from bench.protocol import VERSION
from demo import laboratory
from demo.documents import screening_document
from demo.laboratory_tests import SCREENING
from domain.decider import patient_stream
from domain.values import Clock
from workflows.client import Submitted, TrialClient, Unreachable

STAGES: list[dict[str, Any]] = json.loads(REFERENCE.read_text())["stages"]
STAFF = {
    "confirm_eligibility": "INV1",
    "request_randomization": "CRC1",
    "dose_given": "INV1",
    "operability": "SUR1",
    "surgery_done": "SUR1",
    "pathology": "PAT1",
    "adjuvant_evaluation": "INV1",
}
TEAM = [
    ("CRC1", "COORDINATOR"),
    ("INV1", "INVESTIGATOR"),
    ("SUR1", "SURGEON"),
    ("PAT1", "PATHOLOGIST"),
    ("SPO1", "SPONSOR"),
]
GAP_SECONDS = 0.02
LOOK_SECONDS = 0.005
NEW = "SELECT position, stream, kind, body FROM facts WHERE position > ? ORDER BY position"
ENROLLING = asyncio.Semaphore(8)  # Temporal takes ten updates of one workflow at a time
DUE_BEFORE = {"operability": 4, "surgery_done": 5, "pathology": 6}
"""How many due instants have come before each of these: three cycles, then one a wait."""
WAITS_FOR = {"confirm_eligibility": "SCREENING_LABS_IN", "dose_given": "gate", "done": "END_OF_TREATMENT"}


@dataclass
class Watched:
    """What the driver has seen of one subject: how often each thing happened, and a signal at each change."""

    seen: Counter[str] = field(default_factory=Counter)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    waiting_for: str = ""
    """What the driver waits for now; empty while it does something."""
    over: bool = False

    async def until(self, what: str, count: int) -> None:
        """Wait until something was seen so often."""
        while self.seen[what] < count:
            self.changed.clear()
            self.waiting_for = what
            await self.changed.wait()
        self.waiting_for = ""


class JournalWatch:
    """Follows the journal's file, as a dashboard would, and tells the waiting drivers."""

    def __init__(self, file: Path) -> None:
        """Follow this journal."""
        self._file = file
        self._position = 0
        self.seen = 0
        """Facts seen so far, and told to the drivers."""
        self.subjects: dict[str, Watched] = {}

    async def run(self) -> None:
        """Look every few milliseconds whether anybody wrote, which costs next to nothing, and read what is new."""
        with closing(sqlite3.connect(self._file, timeout=30)) as looking:
            version = None
            while True:
                if (now := looking.execute("PRAGMA data_version").fetchone()) != version:
                    version = now
                    for row in looking.execute(NEW, [self._position]).fetchall():
                        self._tell(*row)
                await asyncio.sleep(LOOK_SECONDS)

    def _tell(self, position: int, stream: str, kind: str, body: str) -> None:
        self._position = position
        watched = self.subjects.setdefault(stream, Watched())
        watched.seen[kind] += 1
        if kind == "NoticeRequested":
            watched.seen[json.loads(body)["notice"]] += 1
        elif kind == "GateChecked":
            watched.seen["gate"] += 1
        watched.changed.set()
        self.seen += 1


async def open_bench_trial(client: TrialClient, clock: Clock) -> None:
    """Open the trial under the benchmarks' protocol."""
    staff = [{"staff": code, "roles": [role], "valid_from": "2000-01-01"} for code, role in TEAM]
    body = {"trial": client.trial, "protocol_version": VERSION, "clock": clock.model_dump(mode="json")}
    answer = await client.open_trial(body | {"sites": [{"code": "TDH"}], "staff": staff}, clock)
    if answer.outcome != "applied":
        raise RuntimeError(answer.sentence())


def real_now() -> datetime:
    """Give the instant."""
    return datetime.now(UTC)


def bench_clock(ms_per_day: float) -> Clock:
    """Give a clock of that pace, starting now on 2025-06-02."""
    epoch = datetime(2025, 6, 2, tzinfo=UTC)
    factor = timedelta(days=1) / timedelta(milliseconds=ms_per_day)
    return Clock(real_epoch=datetime.now(UTC), trial_epoch=epoch, factor=factor)


async def answered(client: TrialClient, subject: str, submitted: Submitted) -> Answer:
    """Send a command until it is answered: the same one, as somebody would whose call failed half-way."""
    while True:
        try:
            return await client.to_subject(subject, submitted)
        except Unreachable:
            await asyncio.sleep(GAP_SECONDS)


class OurDriver:
    """Plays the staff of one subject through the public client."""

    def __init__(
        self, client: TrialClient, watch: JournalWatch, clock: Clock, labs: Path, now: Callable[[], datetime] = real_now
    ) -> None:
        """Play over this client, by the clock over a time: the real one, or that of a server that skips."""
        self._client = client
        self._watch = watch
        self._clock = clock
        self._labs = labs
        self._now = now
        self.subject = ""
        self._dropped: list[Path] = []
        self.in_flight: set[str] = set()
        """The commands that are sent and not answered, each under a name of its own."""

    def _today(self) -> date:
        return (self._clock.trial_time(self._now()) + timedelta(hours=8)).date()

    async def screened(self) -> Watched:
        """Enrol a subject and let its screening results come. From then on it waits for people, and nothing polls."""
        today = str(self._today())
        body = {
            "site": "TDH",
            "born_on": f"{self._today().year - 65}-02-03",
            "sex": "MALE",
            "consent": {"signed_on": today, "version": "V1.0", "obtained_by": "INV1"},
            "evidence": screening_document(self._today()),
        }
        async with ENROLLING:
            answer = await self._client.to_trial(Submitted("enroll", body, staff="INV1"))
        self.subject = self._client.subject_of(answer)
        stream = patient_stream(self._client.trial, self.subject)
        watched = self._watch.subjects.setdefault(stream, Watched())
        self._drop()
        await watched.until("SCREENING_LABS_IN", 1)
        return watched

    async def run(self) -> str:
        """Play one reference journey to the end of treatment, and give its stream."""
        watched = await self.screened()
        gates = 0
        for stage in STAGES:
            gates += await self._stage(stage, watched, gates)
        await watched.until("END_OF_TREATMENT", 1)
        await watched.until("NoticeReached", watched.seen["NoticeRequested"])
        watched.over = True
        return patient_stream(self._client.trial, self.subject)

    async def _stage(self, stage: dict[str, Any], watched: Watched, gates: int) -> int:
        dosed = 0
        for message in stage["messages"]:
            kind, _, cycle = message.partition(" ")
            if kind == "dose_given":
                dosed = 1
                await watched.until("LabsOrdered", gates + 2)
                self._drop()
                await watched.until("gate", gates + 1)
            elif kind in DUE_BEFORE:
                await watched.until("DueReached", DUE_BEFORE[kind])
            await asyncio.sleep(GAP_SECONDS)
            await self._say(kind, cycle)
        return dosed

    async def _say(self, kind: str, cycle: str) -> None:
        today = str(self._today())
        fields: dict[str, dict[str, Any]] = {
            "confirm_eligibility": {"judged_on": today},
            "request_randomization": {},
            "dose_given": {"cycle": cycle, "given_on": today} | ({"choice": "CISPLATIN"} if cycle == "C1" else {}),
            "operability": {"judged_on": today, "operable": True},
            "surgery_done": {"performed_on": today, "resection": "R0"},
            "pathology": {"reported_on": today, "resection": "R0"},
            "adjuvant_evaluation": {"evaluated_on": today, "fit": True},
        }
        self.in_flight.add(command := f"{self.subject} {kind} {cycle}")
        answer = await answered(self._client, self.subject, Submitted(kind, fields[kind], staff=STAFF[kind]))
        self.in_flight.discard(command)
        if answer.outcome != "applied":
            raise RuntimeError(f"{self.subject} {kind}: {answer.sentence()}")

    def _drop(self) -> None:
        """Drop one result set of now. Its values are the same for all: only its instant matters here."""
        at = self._clock.trial_time(self._now())
        text = _results().replace('"S000"', f'"{self.subject}"').replace(FIXED.isoformat(), at.isoformat())
        for old in self._dropped:
            old.unlink()
        self._dropped = [laboratory.drop_text(self._labs, f"{self.subject}-{uuid.uuid4().hex[:8]}", text)]


@cache
def _results() -> str:
    bundle = laboratory.result_set(
        seed="bench", subject="S000", collected_at=FIXED, issued_at=FIXED, sex="MALE", also=SCREENING
    )
    return laboratory.in_words(bundle)


FIXED = datetime(2025, 6, 2, 8, tzinfo=UTC)
