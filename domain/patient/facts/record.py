"""Deviations, notices, and requests to cancel."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.protocol import Role
from domain.values import Code, Frozen


class DeviationRecorded(Frozen):
    """A departure from the protocol. The same `item` again says more of the same deviation; it counts once."""

    kind: Literal["DeviationRecorded"] = "DeviationRecorded"
    item: str
    rule: str
    text: str
    important: bool
    expected_from: date | None = None
    expected_to: date | None = None
    actual_on: date | None = None
    days_off: int | None = None
    why: str | None = None


class DeviationWithdrawn(Frozen):
    """A deviation on record does not hold, with the reason. What was recorded stays."""

    kind: Literal["DeviationWithdrawn"] = "DeviationWithdrawn"
    item: str
    why: str


class NoticeRequested(Frozen):
    """Intent: tell roles something, in coded words.

    `about` names what it is about (an event's fact, a cycle, a deviation) and `unread_since` is set when it must be
    acknowledged. `repeats`: the earlier notice that it tells again. After `useful_until` it is not sent.
    """

    kind: Literal["NoticeRequested"] = "NoticeRequested"
    notice: Code
    to: tuple[Role, ...]
    text: str
    urgent: bool = False
    about: str = ""
    unread_since: AwareDatetime | None = None
    repeats: int | None = None
    useful_until: AwareDatetime | None = None


class NoticeReached(Frozen):
    kind: Literal["NoticeReached"] = "NoticeReached"
    notice: int
    sink: str


class NoticeMissed(Frozen):
    """A notice was not sent: it was worth sending until `useful_until`, and that had passed."""

    kind: Literal["NoticeMissed"] = "NoticeMissed"
    notice: int
    useful_until: AwareDatetime | None
    missed_at: AwareDatetime
    why: str


class NoticeAcknowledged(Frozen):
    kind: Literal["NoticeAcknowledged"] = "NoticeAcknowledged"
    notice: int


class CancellationAsked(Frozen):
    kind: Literal["CancellationAsked"] = "CancellationAsked"


RecordFact = (
    DeviationRecorded
    | DeviationWithdrawn
    | NoticeRequested
    | NoticeReached
    | NoticeMissed
    | NoticeAcknowledged
    | CancellationAsked
)
