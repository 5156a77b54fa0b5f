"""Participants and staff over a compressed clock: subjects are enrolled, go their way, and are replaced at its end."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from pydantic import ValidationError

from chaos.calls import PATIENT_SECONDS, PAUSE_SECONDS, Called, Calls
from chaos.clinic import Act, adverse_event, enrolment, next_act, sample_of, utc
from chaos.rig import Rig
from demo.charts import Charts
from demo.hospital import SITE, STAFF, opening
from demo.laboratory import warm_up
from demo.pace import Pace
from domain.decider import PATIENT, trial_stream
from domain.patient.journey import Journey
from domain.values import Clock
from journal.store import JournalAway
from workflows.client import Submitted, TrialClient

GATEWAYS = 2
AGAIN_OFTEN, LEFT_UNKNOWN, IMPATIENT_OFTEN = 0.08, 0.2, 0.3
"""How often an answered call is sent again; an unknown one never is; staff give up after seconds, not a minute."""
IMPATIENT_SECONDS = 2.5
BACKDATED_OFTEN, BACKDATED_BY = 0.2, timedelta(hours=2)
"""How often a report says when it happened, and by how much at most that lies before it; trial time."""
NOW = ("sign", "acknowledge", "correct", "request_randomization")
"""What happens in the moment it is sent: no instant before that is its own."""
SEALED_SECONDS = 60.0
STUCK_SECONDS = 60.0


class Load:
    """Staff of one trial."""

    def __init__(
        self, rig: Rig, seed: str, *, day_seconds: float, subjects: int = 6, most: int = 10_000, pause: float = 1.2
    ) -> None:
        """Play on a rig: so many subjects at once, at most so many in all, with pauses of about so many seconds."""
        self.rig = rig
        self.seed = seed
        self.day_seconds = day_seconds
        self._at_once = subjects
        self._most = most
        self._pause = pause
        self._tasks: list[asyncio.Task[None]] = []
        self._going = asyncio.Event()
        self._begun = 0
        self.open: dict[str, Journey] = {}
        """The subjects that staff look after now, as last read."""
        self.wrong: list[str] = []
        """What the driver itself saw that must not be: a second answer unlike the first, a subject that is stuck."""
        self.stuck: set[str] = set()
        self._told: dict[str, tuple[int, datetime]] = {}
        """How many reports of each subject were made, and when the last one was; trial time."""

    async def start(self) -> None:
        """Open the trial, wait for its sealed list and let staff begin. Raises RuntimeError when it is refused."""
        self.journal = self.rig.journal()
        self.trial = self.rig.settings.trial
        self.charts = Charts(self.journal, self.trial)
        await asyncio.to_thread(warm_up)
        self.calls = Calls(self.rig.folder / "calls.jsonl", [await self._gateway() for _ in range(GATEWAYS)])
        now = datetime.now(UTC)
        factor = timedelta(days=1).total_seconds() / self.day_seconds
        self.clock = Clock(real_epoch=now, trial_epoch=now, factor=factor)
        self.pace = Pace(self.clock, SITE)
        fields = opening(self.trial, self.clock, SITE.date_of(now) - timedelta(days=1))
        answer = await self.calls.gateways[0].open_trial(fields, self.clock)
        if answer.outcome != "applied":
            raise RuntimeError(f"the trial is not opened: {answer.sentence()}")
        async with asyncio.timeout(SEALED_SECONDS):
            await self._sealed()
        self._going.set()
        self._tasks = [asyncio.create_task(self._look_after(number)) for number in range(self._at_once)]

    def hold(self) -> None:
        """Let staff rest after the call each of them is at."""
        self._going.clear()

    def go_on(self) -> None:
        """Let staff go on."""
        self._going.set()

    async def stop(self) -> None:
        """Let staff stop; calls on their way are logged as unknown. Subjects stay where they are."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        self.wrong += [f"the driver broke: {one!r}" for one in found if isinstance(one, Exception)]

    async def finished(self) -> None:
        """Wait until every subject's study has ended, where their number is bounded."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Let staff stop, and close log and journal."""
        await self.stop()
        self.calls.close()
        self.journal.close()

    async def enrol(self) -> str:
        """Enrol a subject, however often it must be said; give the number. Raises RuntimeError when refused."""
        submitted = Submitted("enroll", enrolment(self.pace.today()), staff=STAFF["INVESTIGATOR"])
        called = await self.calls.insist(None, submitted)
        if called.answer is None or called.outcome != "applied":
            raise RuntimeError(f"an enrolment is refused: {called.answer.sentence() if called.answer else ''}")
        while True:
            with suppress(JournalAway):
                subject = await asyncio.to_thread(self.calls.gateways[0].subject_of, called.answer)
                self._told[subject] = 0, self.pace.now()
                return subject
            await asyncio.sleep(PAUSE_SECONDS)

    def submitted(self, act: Act, subject: str = "") -> Submitted:
        """Give an act as a submission with an id of its own; of a subject's, now and then with when it happened."""
        occurred_at = self._occurred_at(subject) if subject and is_report(act) else None
        return Submitted(act.kind, dict(act.fields), staff=STAFF[act.role], role=act.role, occurred_at=occurred_at)

    async def report(self, subject: str, term: str, *, serious: bool = False) -> Called:
        """Report an adverse event of a subject, and say it again until it is answered."""
        act = adverse_event(self.pace.today(), term, serious=serious)
        return await self.calls.insist(subject, self.submitted(act, subject))

    async def probe(self, subjects: list[str], coming: "asyncio.Future[None] | None" = None) -> float:
        """Have each of these subjects take one more command; give the seconds until the last one was answered.

        Who does not answer in a time that is long for any of them, once what was away (`coming`) is back, is stuck:
        that is wrong, and somebody else comes.
        """
        loop = asyncio.get_running_loop()
        begun, last = loop.time(), 0.0

        async def one(subject: str) -> None:
            nonlocal last
            await self.report(subject, "probe")
            last = loop.time() - begun

        asked = {subject: asyncio.create_task(one(subject)) for subject in subjects}
        try:
            await asyncio.wait([coming] if coming is not None else asked.values(), timeout=STUCK_SECONDS)
            await asyncio.wait(asked.values(), timeout=STUCK_SECONDS)
            silent = [subject for subject, task in asked.items() if not task.done()]
        finally:
            for task in asked.values():
                task.cancel()
        for subject in set(silent) - self.stuck:
            self.stuck.add(subject)
            self.wrong.append(f"{subject} took no command within {STUCK_SECONDS:.0f} s")
            self._tasks.append(asyncio.create_task(self._look_after(len(self._tasks))))
        return loop.time() - begun if silent else last

    def some(self, count: int) -> list[str]:
        """Give so many subjects that are looked after now, those enrolled last first."""
        return sorted(self.open.keys() - self.stuck, reverse=True)[:count]

    async def chart(self, subject: str) -> Journey | None:
        """Read a subject's chart; None while the journal is away."""
        with suppress(JournalAway):
            return await asyncio.to_thread(self.charts.journey, subject)
        return None

    def results(self, subject: str, observations: list[dict[str, Any]]) -> None:
        """Have the laboratory hold these results of a subject."""
        file = self.rig.lab / "results" / f"{subject}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(observations))
        part.replace(file)

    def _occurred_at(self, subject: str) -> str | None:
        """Give an instant between the last report of a subject, or its enrolment, and now; mostly none."""
        now = self.pace.now()
        number, last = self._told.get(subject, (0, now))
        self._told[subject] = number + 1, now
        chance = Random(f"{self.seed}/occurred/{subject}/{number}")
        since = max(last, now - BACKDATED_BY)
        if chance.random() >= BACKDATED_OFTEN or since >= now:
            return None
        return utc(since + (now - since) * chance.random())

    async def _gateway(self) -> TrialClient:
        return TrialClient(await self.rig.client(), self.trial, self.rig.settings.task_queue, self.journal)

    async def _sealed(self) -> None:
        """Wait until the allocation list is sealed."""
        while True:
            rows = await asyncio.to_thread(self.journal.facts, trial_stream(self.trial))
            if any(row.kind == "AllocationListSealed" for row in rows):
                return
            await asyncio.sleep(PAUSE_SECONDS / 4)

    async def _look_after(self, place: int) -> None:
        """Look after one subject after another."""
        while self._begun < self._most:
            self._begun += 1
            chance = Random(f"{self.seed}/{place}/{self._begun}")
            await self._going.wait()
            subject = await self.enrol()
            await self._whole_way(subject, chance)
            del self.open[subject]

    async def _whole_way(self, subject: str, chance: Random) -> None:
        while True:
            await asyncio.sleep(self._pause * (0.4 + 1.2 * chance.random()))
            await self._going.wait()
            journey = await self.chart(subject)
            if journey is None or not journey.seq:
                continue
            self.open[subject] = journey
            if journey.is_over:
                return
            sample = sample_of(journey, self.seed, self.pace.now())
            if sample is not None:
                self.results(subject, sample)
            act = next_act(journey, self.pace.now(), chance)
            if act is not None:
                await self._say(subject, self.submitted(act, subject), chance)

    async def _say(self, subject: str, submitted: Submitted, chance: Random) -> None:
        """Say something as staff do: impatiently at times, again after no answer, now and then twice for nothing."""
        gateway = chance.randrange(GATEWAYS)
        seconds = IMPATIENT_SECONDS if chance.random() < IMPATIENT_OFTEN else PATIENT_SECONDS
        first = called = await self.calls.call(subject, submitted, gateway=gateway, seconds=seconds)
        while called.outcome == "unknown" and chance.random() >= LEFT_UNKNOWN:
            await asyncio.sleep(PAUSE_SECONDS)
            called = await self.calls.call(subject, submitted, again_of=first.step, gateway=chance.randrange(GATEWAYS))
        if called.answer is not None and chance.random() < AGAIN_OFTEN:
            again = await self.calls.call(subject, submitted, again_of=first.step, gateway=chance.randrange(GATEWAYS))
            if again.answer is not None and again.answer != called.answer:
                self.wrong.append(f"step {again.step}: {submitted.id} is answered otherwise than in step {called.step}")


def is_report(act: Act) -> bool:
    """Say whether an act tells what happened, and can be read: of what cannot, no instant is kept either."""
    try:
        PATIENT.people[act.kind].model_validate_json(json.dumps(dict(act.fields)))
    except (KeyError, ValidationError):
        return False
    return act.kind not in NOW
