"""What notices are: a title in each language, until when one is worth sending, and which ones must be acknowledged."""

from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from domain.protocol.basis import Escalation, Role, Source
from domain.values import Code, Frozen

Language = Literal["en", "zh"]
Settled = Literal["REPORTS", "DECISION", "RELEASE", "WITHDRAWAL"]
"""What ends the wait for an acknowledgement beside it: every report of the event was made, dosing was decided on, the
dose is no longer on hold, the deviation was withdrawn."""


class NoticeWords(Frozen):
    """A notice's title. What it is about stands behind the link that goes with it, never in the message."""

    en: str = Field(min_length=1, max_length=60)
    zh: str = Field(min_length=1, max_length=30)

    def title(self, language: Language) -> str:
        """Give the title in a language."""
        return self.zh if language == "zh" else self.en


class Usefulness(Frozen):
    """For how long notices of these codes are worth sending; after that they are marked missed.

    What is in no such row is sent however late. Unit: hours of trial time from the decision to tell.
    """

    notices: tuple[Code, ...]
    hours: int = Field(gt=0)
    source: Source


class Step(Frozen):
    """Whom else to tell when nobody acknowledged a notice in so many hours."""

    after_hours: int = Field(gt=0)
    to: Role


class Acknowledgement(Frozen):
    """Notices of these codes are told again, each time to one role more, until somebody told acknowledges them.

    Each step is told once. After the last the work list still asks for it, and no more messages come.
    """

    notices: tuple[Code, ...]
    steps: tuple[Step, ...] = Field(min_length=1)
    settled_by: Settled
    urgent: bool
    source: Source

    @model_validator(mode="after")
    def _later_each_time(self) -> Self:
        hours = [step.after_hours for step in self.steps]
        if hours != sorted(set(hours)):
            raise ValueError("steps: each must come later than the one before")
        return self

    def tells(self, first: tuple[Role, ...], number: int, notice: Code) -> Escalation:
        """Give whom to tell at the so manieth step: those told first, and one role more each time."""
        to = tuple(dict.fromkeys((*first, *(step.to for step in self.steps[:number]))))
        return Escalation(to=to, notice=notice, important=self.urgent, source=self.source)


class NoticePlan(Frozen):
    """Until when notices are worth sending, and which must be acknowledged; `notice` is the code of telling again."""

    useful: tuple[Usefulness, ...]
    acknowledged: tuple[Acknowledgement, ...]
    notice: Code

    @model_validator(mode="after")
    def _never_both(self) -> Self:
        wanted = {code for row in self.acknowledged for code in row.notices} | {self.notice}
        for code in sorted(wanted & {code for row in self.useful for code in row.notices}):
            raise ValueError(f"{code} must be acknowledged: it is never too late to be sent")
        return self

    def useful_until(self, notice: str, asked_at: datetime) -> datetime | None:
        """Give the last instant at which a notice is worth sending; nothing when it always is."""
        hours = next((row.hours for row in self.useful if notice in row.notices), None)
        return None if hours is None else asked_at + timedelta(hours=hours)

    def acknowledgement(self, notice: str) -> Acknowledgement | None:
        """Give how a notice must be acknowledged; nothing when it need not be."""
        return next((row for row in self.acknowledged if notice in row.notices), None)
