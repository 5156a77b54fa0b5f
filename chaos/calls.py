"""Every call of the driver, over several gateways: logged with what came of it, or that nobody knows."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from temporalio.service import RPCError

from activities.contract import Answer
from chaos.clinic import utc
from domain.decider import patient_stream, trial_stream
from workflows.client import LONGEST_ID, Submitted, TrialClient, Unreachable

PATIENT_SECONDS, PAUSE_SECONDS = 60.0, 0.4


@dataclass(frozen=True, slots=True)
class Called:
    """A call and what came of it: `applied`, `refused` or `unknown`."""

    step: int
    stream: str
    submitted: Submitted
    outcome: str
    answer: Answer | None
    problem: str = ""


class Afresh(Submitted):
    """The same submission as an update of another id: Temporal knows no answer to it, the journal must."""

    @property
    def update_id(self) -> str:
        """Temporal's id of the update: another one each time."""
        return f"{self.id[:LONGEST_ID]}.{uuid4().hex[:16]}"

    @classmethod
    def of(cls, submitted: Submitted) -> "Afresh":
        """Give what says the same."""
        return cls(**{field.name: getattr(submitted, field.name) for field in fields(submitted)})


class Calls:
    """Sends submissions through one of several gateways, each a connection of its own."""

    def __init__(self, log: Path, gateways: Sequence[TrialClient]) -> None:
        """Send through these, and append each call to a log."""
        self.gateways = gateways
        self._log = log.open("a", buffering=1)
        self.rows: list[Called] = []
        self.counts: Counter[str] = Counter()
        self._steps = 0

    async def insist(self, subject: str | None, submitted: Submitted, *, gateway: int = 0) -> Called:
        """Call, and say the same again until it is answered."""
        called = first = await self.call(subject, submitted, gateway=gateway)
        while called.outcome == "unknown":
            await asyncio.sleep(PAUSE_SECONDS)
            called = await self.call(subject, submitted, again_of=first.step, gateway=gateway)
        return called

    async def call(
        self,
        subject: str | None,
        submitted: Submitted,
        *,
        again_of: int | None = None,
        gateway: int = 0,
        seconds: float = PATIENT_SECONDS,
    ) -> Called:
        """Call once, for a subject or (None) the register, and log it. After so many seconds it is given up."""
        self._steps += 1
        step, client, sent_at = self._steps, self.gateways[gateway], datetime.now(UTC)
        answer, problem = None, "given up by the caller"
        try:
            async with asyncio.timeout(seconds):
                answer = await (client.to_subject(subject, submitted) if subject else client.to_trial(submitted))
        except (Unreachable, TimeoutError, RPCError, OSError) as no:
            problem = f"{type(no).__name__}: {no}"
        finally:
            stream = patient_stream(client.trial, subject) if subject else trial_stream(client.trial)
            outcome = answer.outcome if answer else "unknown"
            called = Called(step, stream, submitted, outcome, answer, "" if answer else problem)
            self._note(called, sent_at, again_of)
        return called

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _note(self, called: Called, sent_at: datetime, again_of: int | None) -> None:
        self.counts[called.outcome] += 1
        self.counts["again"] += again_of is not None
        self.rows.append(called)
        submitted = called.submitted
        row = {
            "step": called.step,
            "stream": called.stream,
            "submission": submitted.id,
            "kind": submitted.kind,
            "fields": submitted.fields,
            "staff": submitted.staff,
            "role": submitted.role,
            "sent_at": utc(sent_at),
            "answered_at": utc(datetime.now(UTC)),
            "outcome": called.outcome,
            "answer": called.answer.told() if called.answer else None,
            "problem": called.problem[:200],
            "again_of": again_of,
            "occurred_at": submitted.occurred_at,
        }
        self._log.write(json.dumps(row, default=str) + "\n")
