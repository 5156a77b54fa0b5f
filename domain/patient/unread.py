"""The notices that must be acknowledged and were not: whom each was told, and when it goes one step higher."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from domain.patient.clocks import HOUR, clocks
from domain.patient.items import Item
from domain.patient.journey import Journey
from domain.patient.state import Notice
from domain.protocol import Acknowledgement, Role


@dataclass(frozen=True, slots=True)
class Unread:
    """A notice that waits for somebody to acknowledge it. `number` is that of its fact."""

    number: int
    notice: Notice
    since: datetime
    row: Acknowledgement
    told: tuple[Role, ...]

    def steps(self, journey: Journey) -> Iterator[Item]:
        """Give each step higher. One is not told any more once the next has come."""
        ats = [self.since + step.after_hours * HOUR for step in self.row.steps]
        for number, (step, at) in enumerate(zip(self.row.steps, ats, strict=True), start=1):
            tells = self.row.tells(self.notice.to, number, journey.protocol.notices.notice)
            text = f"fact {self.number} {self.notice.notice} not acknowledged in {step.after_hours} h"
            key = f"UNREAD/{self.number}-{step.to}/{journey.site.date_of(at)}"
            until = ats[number] if number < len(ats) else None
            yield Item(key, at, "UNREAD", text, tells, until=until, about=self.notice.about, notice=self.number)


def unread(journey: Journey) -> Iterator[Unread]:
    """Give what waits to be acknowledged, earliest first. Nothing does once the study has ended for the subject."""
    if journey.is_over or journey.screen_failed:
        return
    for number, notice in journey.notices.items():
        if notice.unread_since is None or notice.acknowledged:
            continue
        row = journey.protocol.notices.acknowledgement(notice.notice)
        if row is not None and not _is_settled(journey, notice, row):
            yield Unread(number, notice, notice.unread_since, row, told_of(journey, number))


def waiting(journey: Journey, code: str, about: str) -> int | None:
    """Give the number of the notice of a code that already waits to be acknowledged for the same thing."""
    found = (one.number for one in unread(journey) if (one.notice.notice, one.notice.about) == (code, about))
    return next(found, None) if about else None


def told_of(journey: Journey, number: int) -> tuple[Role, ...]:
    """Give every role that was told a notice: at first, and each time it was told again."""
    first = journey.notices[number].to
    again = (role for notice in journey.notices.values() if notice.repeats == number for role in notice.to)
    return tuple(dict.fromkeys((*first, *again)))


def _is_settled(journey: Journey, notice: Notice, row: Acknowledgement) -> bool:
    """Say whether what a notice is about was settled. One that names nothing is not, until it is acknowledged."""
    if not notice.about:
        return False
    match row.settled_by:
        case "REPORTS":
            return _is_reported(journey, notice)
        case "DECISION":
            return not journey.is_on_treatment or notice.about not in map(str, journey.safety.stopped)
        case "RELEASE":
            cycle = journey.current_cycle
            return cycle is None or cycle.label != notice.about or cycle.gate != "FAILED"
        case "WITHDRAWAL":
            return notice.about not in journey.deviations
        case _:
            assert_never(row.settled_by)


def _is_reported(journey: Journey, notice: Notice) -> bool:
    """Say whether every report of an event's class was made, or the event is not of that class any more."""
    event = next((one for one in journey.safety.events.values() if str(one.number) == notice.about), None)
    if event is None or notice.notice not in event.classes:
        return True
    due = [row for row in clocks(journey) if (row.event.number, row.row.applies_to) == (event.number, notice.notice)]
    return bool(due) and all(clock.made is not None for clock in due)
