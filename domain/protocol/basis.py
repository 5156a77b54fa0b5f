"""What every part of a protocol is made of: sources and questions, arms, windows, notices."""

from typing import Literal

from pydantic import Field

from domain.values import Code, Frozen

Anchor = Literal["CONSENT", "RANDOMIZATION", "CYCLE_DAY_1", "LAST_DOSE", "PROCEDURE", "EVALUATION", "EPOCH_START"]
Role = Literal["COORDINATOR", "INVESTIGATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST", "MONITOR", "SPONSOR"]
Resection = Literal["R0", "R1", "R2", "RX", "NOT_RESECTED"]


class Source(Frozen):
    """Where a value comes from: a rule of the clinical specification, or an assumption with its open question."""

    rule: str
    question: str = ""
    text: str = ""

    @property
    def is_assumption(self) -> bool:
        """Say whether the registry record is silent and the value is our default."""
        return self.question != ""

    def __str__(self) -> str:
        """Give the source in one short form, for tables."""
        return f"{self.rule} (assumption {self.question})" if self.is_assumption else self.rule


class Question(Frozen):
    """A question only the protocol owner can answer, and the default used meanwhile."""

    id: str
    asks: str
    default: str


class Arm(Frozen):
    """A planned pathway. The registry record calls it a cohort."""

    code: Code
    label: str
    cap: int = Field(gt=0)
    source: Source


class Window(Frozen):
    """Inclusive days from an anchor within which an act belongs, and the day aimed at."""

    anchor: Anchor
    drug: Code | None = Field(None, description="for LAST_DOSE: the drug whose last actual dose is the anchor")
    earliest_days: int
    target_days: int
    latest_days: int
    source: Source


class Reminder(Frozen):
    """A notice to roles, so many days after the anchor of the window it belongs to."""

    after_days: int
    notice: Code
    to: tuple[Role, ...]
    text: str
    source: Source


class Repeats(Frozen):
    """How what is overdue is told again until a person acts: so often, and each time to one role of `ladder` more.

    Once everybody has been told it goes on less often: what comes every week to all is read by none.
    """

    every_days: int = Field(gt=0)
    then_every_days: int = Field(gt=0, description="days between two once the whole ladder has been climbed")
    ladder: tuple[Role, ...]
    notice: Code
    source: Source

    def after_days(self, number: int) -> int:
        """Give how many days after it fell due the so manieth time is."""
        climbing = min(number, len(self.ladder) + 1)
        return climbing * self.every_days + (number - climbing) * self.then_every_days

    def tells(self, first: tuple[Role, ...], number: int) -> "Escalation":
        """Give whom to tell the so manieth time: urgent once the whole ladder has been climbed."""
        to = tuple(dict.fromkeys((*first, *self.ladder[: number - 1])))
        return Escalation(to=to, notice=self.notice, important=number > len(self.ladder), source=self.source)


class Escalation(Frozen):
    """Whom to tell when an act is overdue, and whether it counts as an important deviation."""

    to: tuple[Role, ...]
    notice: Code
    important: bool
    source: Source
