"""The rows of the fault matrix: what each breaks, how often, and on which installation."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

from chaos.load import Load
from chaos.rig import Rig


@dataclass(frozen=True, slots=True)
class Setting:
    """The installation that a row's trials run on. Rows with an equal setting share one, one row after another."""

    database: Literal["postgresql", "sqlite"] = "postgresql"
    day_seconds: float = 1.5
    subjects: int = 6
    most: int = 10_000
    pause: float = 1.2
    own: str = ""
    """Rows with a word of their own here share with nobody else."""
    alone: bool = False
    """No other installation runs beside it."""
    changed: tuple[tuple[str, Any], ...] = ()
    """Settings of the product."""
    environment: tuple[tuple[str, str], ...] = ()
    """More of each worker's environment."""


ON_POSTGRESQL = Setting()
ON_SQLITE = Setting(database="sqlite")


@dataclass(frozen=True, slots=True)
class Fault:
    """One trial: what was broken, whether it truly was, and how soon all went on."""

    fault: str
    hit: bool
    evidence: str = ""
    in_flight: int = 0
    recovered_seconds: float | None = None
    violations: tuple[str, ...] = ()
    way: str = ""
    """Which of its row's ways it was."""


@dataclass(slots=True)
class Stage:
    """Where a trial takes place. A row without a setting has neither rig nor load."""

    seed: str
    full: bool
    folder: Path
    expect: dict[str, Any] = field(default_factory=dict)
    """What the checker may expect at the end: `randomized`, `ended`; and `canaries`."""
    given_rig: Rig | None = None
    given_load: Load | None = None

    @property
    def rig(self) -> Rig:
        """The installation. Raises LookupError without one."""
        if self.given_rig is None:
            raise LookupError("this row has no installation")
        return self.given_rig

    @property
    def load(self) -> Load:
        """Its participants and staff. Raises LookupError without them."""
        if self.given_load is None:
            raise LookupError("this row has no installation")
        return self.given_load

    @property
    def outage_seconds(self) -> float:
        """How long a part is away."""
        return 60.0 if self.full else 5.0

    def chance(self, row: str, trial: int) -> Random:
        """Give the chance of one trial: the same seed, row and trial, the same choices."""
        return Random(f"{self.seed}/{row}/{trial}")

    def way(self, row: str, trial: int, ways: Sequence[str]) -> str:
        """Give the way of one trial: one after the other, the seed says which comes first."""
        return ways[(Random(f"{self.seed}/{row}/first").randrange(len(ways)) + trial) % len(ways)]


@dataclass(frozen=True, slots=True)
class Row:
    """A row. `run` breaks something once; a row whose fault was never hit has failed.

    `seconds` is how long the quick run begins new trials of it; `at_once` how many trials run beside each other;
    `full_seconds` what a trial takes with long outages; `fresh`: each trial has an installation of its own. `ways`: the
    ways of breaking it, which its trials take in turn; `after` is asked once all has settled, and names what is wrong.
    """

    id: str
    what: str
    trials: int
    trials_full: int
    run: Callable[[Stage, int], Awaitable[Fault]]
    setting: Setting | None = ON_POSTGRESQL
    seconds: float = 60.0
    at_once: int = 1
    full_seconds: float = 10.0
    fresh: bool = False
    ways: tuple[str, ...] = ()
    after: Callable[[Stage], Awaitable[list[str]]] | None = None
