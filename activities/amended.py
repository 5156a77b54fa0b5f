"""Asks the laboratory again for what it changed after it had answered: a corrected count must not wait for an order.

An order asks until it is answered, and no longer. From then on this asks, as part of the watchdog's run. What it finds
is recorded as any answer of the laboratory; the core decides what hangs on it.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from activities.contract import RecordRequest
from activities.ports import Laboratory
from activities.rebuild import Known
from activities.recorder import Recorder
from activities.world import LAB_LOOK_BACK
from domain.amended import is_amendment, latest_reports
from domain.intake import derived_id, system_message
from domain.patient.facts import LabsOrdered
from domain.patient.journey import Journey

FIRST_AFTER = timedelta(minutes=1)
"""From when a worker first knows a subject until it asks: whoever starts again and again asks too."""
FOR = timedelta(days=42)
"""How long after an order was to be given up its samples are asked about, in trial time: two cycles."""
OVERLAP = timedelta(days=1)
"""How far a question reaches back beyond the one before: servers date a change by their own clock, or late."""
MOST_SECONDS = 10.0
"""The longest share of one run of the watchdog; who was not asked by then is asked in the next."""
_log = structlog.stdlib.get_logger(__name__)


class Amendments:
    """What the laboratory changed of the answers that are on record."""

    def __init__(self, laboratory: Laboratory, recorder: Recorder, every: timedelta) -> None:
        """Ask this laboratory about each subject so often, and record what it changed."""
        self._laboratory = laboratory
        self._recorder = recorder
        self._every = every
        self._next: dict[str, datetime] = {}
        self._asked: dict[str, datetime] = {}

    async def look(self, subjects: Mapping[str, Known]) -> list[str]:
        """Ask about each subject whose time has come; give the streams that have new facts. Raises what a journal does.

        A laboratory that cannot be asked is left alone until the next run: its own check says what is wrong.
        """
        changed, begun = [], time.monotonic()
        for stream, known in subjects.items():
            if time.monotonic() - begun > MOST_SECONDS:
                break
            now = datetime.now(UTC)
            if now < self._next.setdefault(stream, now + min(FIRST_AFTER, self._every)):
                continue
            try:
                if await asyncio.to_thread(self._took, known, now):
                    changed.append(stream)
            except OSError as problem:
                _log.warning("lab.not_asked_again", stream=stream, kind=type(problem).__name__)
                break
            self._asked[stream], self._next[stream] = now, now + self._every
        return changed

    def _took(self, known: Known, now: datetime) -> bool:
        """Record what the laboratory changed of one subject's results, and say whether any fact came of it."""
        at = known.start.clock.trial_time(now)
        answered = _answered(known.state, at)
        if answered is None:
            return False
        number, order = answered
        asked = self._asked.get(known.stream)
        reports = self._laboratory.results(
            known.stream.rsplit("-", 1)[1], order.after - LAB_LOOK_BACK, None if asked is None else asked - OVERLAP
        )
        amended = [row for row in latest_reports(reports) if is_amendment(row) and row.collected_at <= at]
        if not amended:
            return False
        rows = [row.model_dump(mode="json") for row in amended]
        what = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
        submission = derived_id(known.stream, "amended", what)
        if self._recorder.has_taken(known.stream, submission):
            return False
        fields = {"order": number, "results": rows, "complete": False}
        message = system_message("labs_reported", fields, submission)
        step = self._recorder.record(RecordRequest(stream=known.stream, seq=known.seq, at=at, messages=[message]))
        return any(answer.facts for answer in step.answers)


def _answered(state: object, at: datetime) -> tuple[int, LabsOrdered] | None:
    """Give the latest order that was answered, while its samples still matter. One that is open asks by itself."""
    if not isinstance(state, Journey):
        return None
    closed = {number: order for number, order in state.orders.items() if number not in state.intents}
    number = max(closed, default=0)
    return (number, closed[number]) if number and at <= closed[number].give_up_at + FOR else None
