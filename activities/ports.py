"""What the activities need of the world. `adapters` implements these; tests bring fakes that do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.labs import ReportedResult
from domain.protocol import NoticeWords


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to deliver. `key` makes it count once; it holds coded words only.

    `words` are its titles and `workflow` the subject's workflow id, for whoever makes a message of it. It is worth
    sending up to `useful_until` of trial time; always, where there is none.
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
    useful_until: datetime | None = None


class LaboratoryTrouble(OSError):
    """Results cannot be had. The text says what is wrong and how to mend it; it holds no person's data and no secret.

    `pause` is how long the laboratory asks to be left alone.
    """

    def __init__(self, text: str, *, pause: timedelta | None = None) -> None:
        """Say what is wrong, and how long to wait when the laboratory told."""
        super().__init__(text)
        self.pause = pause


class LaboratoryAway(LaboratoryTrouble):
    """It does not answer now, or asks to wait. That passes."""


class LaboratoryUnfit(LaboratoryTrouble):
    """It answers, but not as it must. That does not pass by itself: a person has to mend it."""


class Laboratory(Protocol):
    """Where laboratory results come from."""

    def results(
        self, subject: str, since: datetime | None = None, changed_since: datetime | None = None
    ) -> Sequence[ReportedResult]:
        """Give every result there is for a subject.

        Older samples than `since` may be left out, and so may reports not changed since `changed_since`.
        Raises OSError when they cannot be had: LaboratoryAway when that passes, LaboratoryUnfit when it must be mended.
        """

    def check(self) -> str:
        """Say in a sentence why results cannot be had now, and how to mend it; nothing when they can."""


class NoticeSink(Protocol):
    """Where notices go."""

    name: str

    def opens_at(self, notice: Notice, now: datetime) -> datetime:
        """Give the instant from which a notice may go out: `now`, or when people are at work again."""

    def has(self, notice: Notice) -> bool:
        """Say whether a notice was accepted already, by everybody it goes to. Raises OSError."""

    def deliver(self, notice: Notice) -> None:
        """Deliver a notice; the same key again counts once. Raises OSError when the sink cannot be reached."""

    def check(self) -> str:
        """Say in a sentence why notices cannot go out now; nothing when they can. Nobody is sent anything for it."""


class SealedList(Protocol):
    """The allocation list, sealed. Nobody can read a slot before it is opened for a subject."""

    demonstration: bool
    """Whether lists follow from a seed; such a list must never serve a trial in real time."""

    def seal(self, trial: str, arms: Sequence[tuple[str, int]], block_sizes: Sequence[int]) -> tuple[int, str]:
        """Make and seal the list once; give its length and published SHA-256. Again: the same."""

    def open_slot(self, trial: str, slot: int) -> str:
        """Give the arm of a slot. Raises LookupError when there is no such slot, OSError without the key."""
