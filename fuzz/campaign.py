"""Sends messages to the installation batch by batch, and looks after each what became of every one of them."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from temporalio.service import RPCError

from fuzz import channels
from fuzz.channels import Over
from fuzz.classes import at_random
from fuzz.ground import PASTS, Ground
from fuzz.looking import Row, alike, lacking, matched, typed_in_vain
from fuzz.messages import Odd, named
from fuzz.tally import Tally
from tests.server.installation import stream_of, until
from tests.server.past import ago

BATCH = 24
AT_ONCE = 6
ROUNDS_OF_A_SUBJECT = 12
Sender = Callable[[Ground, str | None, Odd], Awaitable[str]]
SENDERS: dict[str, Sender] = {
    "update": channels.update,
    "signal": channels.signal,
    "raw payload": channels.raw_payload,
    "raw update": channels.raw_update,
}
OUTCOME = {"applied": "accepted", "refused": "refused"}


@dataclass
class Campaign:
    """One run: the installation, where it counts, the seed's choices and until when it sends."""

    ground: Ground
    tally: Tally
    random: Random
    ends: float
    folder: Path
    say: Callable[[str], None]
    patience: timedelta = timedelta(seconds=20)
    subjects: dict[str, tuple[str, int]] = field(default_factory=dict)
    told_before: dict[str, set[tuple[str, bytes, str]]] = field(default_factory=dict)

    async def run(self, classes: dict[str, list[Odd]]) -> None:
        """Send of each class in turn: first what is systematic, in the seed's order, then messages like those."""
        feeds = {name: self._feed(messages) for name, messages in classes.items()}
        by_hand = asyncio.create_task(self._command_lines(feeds))
        rounds = 0
        while time.monotonic() < self.ends:
            for feed in feeds.values():
                for channel in SENDERS:
                    await self.batch(channel, [next(feed) for _ in range(BATCH)])
                    if time.monotonic() >= self.ends:
                        break
            rounds += 1
            sent = sum(row["sent"] for row in self.tally.counts.values())
            self.say(f"round {rounds}: {sent:,} messages sent to the installation, {self.tally.bad} did harm")
        await by_hand

    def _feed(self, messages: list[Odd]) -> Iterator[Odd]:
        order = list(messages)
        self.random.shuffle(order)
        for number, odd in enumerate(order):
            yield named(odd, number) if number % 3 else odd
        while True:
            odd = at_random(self.random.choice(messages), self.random)
            yield named(odd, self.random.randrange(10**6)) if self.random.randrange(3) else odd

    async def _subject(self, phase: str) -> str:
        """Give the subject of a phase; another one when the last has ended or was used long enough."""
        known, used = self.subjects.get(phase, ("", 0))
        if not known or used >= ROUNDS_OF_A_SUBJECT or not await self.ground.is_open(known):
            known, used = await self.ground.subject(phase), 0
        self.subjects[phase] = known, used + 1
        return known

    async def batch(self, channel: str, messages: list[Odd]) -> None:
        """Send a batch to one subject, those for the register to it, and look at both."""
        subject = await self._subject(self.random.choice(sorted(PASTS)))
        for to in (subject, None):
            some = self._new(to, [odd for odd in messages if odd.is_to_the_trial == (to is None)])
            if not some:
                continue
            beyond = max((row["position"] for row in self.ground.rows(to)), default=0)
            gate = asyncio.Semaphore(AT_ONCE)
            over: list[Odd] = []

            async def one(odd: Odd, to: str | None = to, gate: asyncio.Semaphore = gate, over: list[Odd] = over) -> str:
                async with gate:
                    try:
                        return await SENDERS[channel](self.ground, to, odd)
                    except Over:
                        over.append(odd)
                        return "over"

            learnt = await asyncio.gather(*(one(odd) for odd in some))
            sent = [(odd, word) for odd, word in zip(some, learnt, strict=True) if word != "over"]
            await self.look(channel, to, sent, beyond)
            for odd in over:
                self.tally.add(odd.group, channel, "told")

    def _new(self, to: str | None, messages: list[Odd]) -> list[Odd]:
        """Leave out what was sent there before: its answer may add no row, and its first row could hide a drop."""
        known = self.told_before.setdefault(stream_of(to), set())
        fresh = {alike(odd): odd for odd in messages if alike(odd) not in known}
        known.update(fresh)
        return list(fresh.values())

    async def look(self, channel: str, to: str | None, sent: list[tuple[Odd, str]], beyond: int) -> None:
        """Count each message by its row; what has none was dropped, or its subject is stuck."""
        for_record = [(odd, word) for odd, word in sent if word != "told"]
        found: list[Row | None] = []

        async def recorded() -> bool:
            rows = self.ground.rows(to)
            found[:] = matched(
                [odd for odd, _ in for_record], rows, "update" if "update" in channel else "signal", beyond
            )
            return None not in found

        with suppress(TimeoutError):
            await until(recorded, self.patience)
        trouble = await self._trouble(to)
        logged = self.ground.tracebacks()
        for odd, word in sent:
            if word == "told":
                self.tally.add(odd.group, channel, "told")
        for (odd, word), row in zip(for_record, found, strict=True):
            if row is None:
                self._crash(odd, channel, "stuck" if trouble or word == "nothing" else "dropped", word, trouble)
            else:
                self._count(odd, channel, to, row)
        last = sent[-1][0] if sent else Odd("?", "", "", ())
        for text in logged:
            self._crash(last, channel, "tracebacks", text, trouble)
        if trouble and None not in found and sent:
            self._crash(last, channel, "stuck", "a batch", trouble)
        if trouble:
            self.subjects = {phase: known for phase, known in self.subjects.items() if known[0] != to}
        else:
            await self._compare(last, channel, to)

    def _count(self, odd: Odd, channel: str, to: str | None, row: Row) -> None:
        """Count a message that has its row; a refusal must say enough, and have left no fact."""
        missing = lacking(row) if row["outcome"] == "refused" else ""
        if missing:
            self._crash(odd, channel, "wrong", missing, str(row["detail"]))
        else:
            self.tally.add(odd.group, channel, self._outcome(to, row))

    async def _compare(self, odd: Odd, channel: str, to: str | None) -> None:
        """Hold `show` against the facts on record. Refusals leave none, so they changed nothing."""
        shown: list[object] = [None, None]

        async def same() -> bool:
            with suppress(RPCError):
                shown[:] = [await self.ground.shown(to), self.ground.folded(to)]
            return shown[0] is not None and shown[0] == shown[1]

        try:
            await until(same, self.patience)
        except TimeoutError:
            self._crash(odd, channel, "wrong", "a batch", f"it shows {shown[0]}, its facts say {shown[1]}")

    async def _trouble(self, to: str | None) -> str:
        """Say what is wrong with a subject: it does not show itself, or takes no good command any more."""
        trouble = await self.ground.trouble(to)
        if trouble or to is None or not await self.ground.is_open(to):
            return trouble
        fields = {"term": "rash after all", "grade": 1, "serious": False, "onset_on": str(ago(1))}
        try:
            answer = await asyncio.wait_for(self.ground.place.send(to, "adverse_event", "INV1", **fields), 30)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it took no good command
            return f"a good command: {type(problem).__name__} {problem}"
        good = answer.outcome == "applied" or answer.reason in ("OVER", "CONTRADICTS", "IMPOSSIBLE", "CONFIRM")
        return "" if good else f"a good command: {answer.sentence()}"

    def _outcome(self, to: str | None, row: Row) -> str:
        if row["outcome"] == "applied" and to is not None and row["first_seq"] is not None:
            facts = self.ground.place.facts(to, "LabResultsRecorded")
            bodies = [json.loads(fact.body) for fact in facts if row["first_seq"] <= fact.seq <= row["last_seq"]]
            if any(body["unused"] and not body["accepted"] for body in bodies):
                return "kept as query"
        return OUTCOME[row["outcome"]]

    def _crash(self, odd: Odd, channel: str, outcome: str, word: str, trouble: str) -> None:
        self.tally.crash(
            odd.group, channel, outcome, what=odd.what, kind=odd.kind, learnt=word, trouble=trouble,
            metadata={name: value.decode("utf-8", "replace") for name, value in odd.metadata.items()},
            headers={name: base64.b64encode(value.SerializeToString()).decode() for name, value in odd.headers.items()},
            arguments=[base64.b64encode(raw[:100_000]).decode() for raw in odd.arguments],
        )  # fmt: skip
        self.say(f"{outcome}: {odd.group}, {odd.what}, by {channel}: {word[:200]} {trouble[:200]}")

    async def _command_lines(self, feeds: dict[str, Iterator[Odd]]) -> None:
        """Send messages of each class by the command line, one process at a time, beside the other channels."""
        while time.monotonic() < self.ends:
            for feed in feeds.values():
                odd = next(feed)
                if not odd.arguments or len(odd.arguments) > 1 or time.monotonic() >= self.ends:
                    continue
                phase = self.random.choice(sorted(PASTS))
                known = self.subjects.get(phase)
                subject = None if odd.is_to_the_trial or known is None else known[0]
                await self._by_hand(subject, odd)

    async def _by_hand(self, subject: str | None, odd: Odd) -> None:
        code, submission, printed = await channels.command_line(self.ground, subject, odd, self.folder)
        if channels.is_broken(code, printed):
            self._crash(odd, "command line", "tracebacks", f"exit {code}: {printed[-1500:]}", "")
            return
        ours = [row for row in self.ground.rows(subject) if str(row["submission_id"]).startswith(submission)]
        row = ours[0] if ours else None
        outcome, why = typed_in_vain(code, printed, row)
        if outcome:
            self._crash(odd, "command line", outcome, printed[-1500:], why)
        elif row is None:
            self.tally.add(odd.group, "command line", "told")
        else:
            self._count(odd, "command line", subject, row)
