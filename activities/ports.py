"""What the activities need of the world. `adapters` implements these; tests bring fakes that do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.labs import ReportedResult
from domain.protocol import NoticeWords


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to deliver. `key` makes it count once; it holds coded words only.

    `words` are its titles and `workflow` the subject's workflow id, for whoever makes a message of it.
    """

    key: str
    subject: str
    notice: str
    to: tuple[str, ...]
    text: str
    urgent: bool
    at: datetime
    site: str = ""
    workflow: str = ""
    words: NoticeWords | None = None


class Laboratory(Protocol):
    """Where laboratory results come from."""

    def results(self, subject: str) -> Sequence[ReportedResult]:
        """Give every result there is for a subject. Raises OSError when the source cannot be reached."""


class NoticeSink(Protocol):
    """Where notices go."""

    name: str

    def opens_at(self, notice: Notice, now: datetime) -> datetime:
        """Give the instant from which a notice may go out: `now`, or when people are at work again."""

    def deliver(self, notice: Notice) -> None:
        """Deliver a notice; the same key again counts once. Raises OSError when the sink cannot be reached."""


class SealedList(Protocol):
    """The allocation list, sealed. Nobody can read a slot before it is opened for a subject."""

    demonstration: bool
    """Whether lists follow from a seed; such a list must never serve a trial in real time."""

    def seal(self, trial: str, arms: Sequence[tuple[str, int]], block_sizes: Sequence[int]) -> tuple[int, str]:
        """Make and seal the list once; give its length and published SHA-256. Again: the same."""

    def open_slot(self, trial: str, slot: int) -> str:
        """Give the arm of a slot. Raises LookupError when there is no such slot, OSError without the key."""
