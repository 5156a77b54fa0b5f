"""A cycle as planned and as it went, and the stop of a drug: parts of the journey's state. They hold data only."""

from dataclasses import dataclass
from datetime import date

from domain.patient import facts as f


@dataclass(frozen=True)
class Cycle:
    """One cycle: as planned, and as it went."""

    number: int
    planned_on: date
    earliest_on: date
    latest_on: date
    anchor_on: date
    rule: str
    gate: str = ""
    gate_sampled_on: date | None = None
    gate_failed: bool = False
    checks: tuple[f.GateChecked | f.GateOverridden, ...] = ()
    ordered: int | None = None
    day_1_on: date | None = None
    given: tuple[tuple[int, str, date], ...] = ()
    omitted: bool = False
    omitted_drugs: frozenset[str] = frozenset()
    delayed: bool = False
    delay_why: str | None = None
    doses: f.DosesPlanned | None = None
    courses: tuple[f.CourseTaken, ...] = ()

    @property
    def label(self) -> str:
        """The cycle's name, for example C2."""
        return f"C{self.number}"

    @property
    def is_open(self) -> bool:
        """Say whether day 1 is still to come."""
        return self.day_1_on is None and not self.omitted


@dataclass(frozen=True, slots=True)
class Stop:
    """A drug held from a date to the day before another, or for good. Day `until` counts as resumed."""

    drug: str
    since: date
    until: date | None = None
    final: bool = False

    def covers(self, drug: str, on: date) -> bool:
        """Say whether the drug is not to be given on a date."""
        return drug == self.drug and self.since <= on and (self.until is None or on < self.until)
