"""The goals that were set beforehand, each held against the figure that was measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

AT_ONCE = "16"
"""The size at which journeys a second are held against the goal: the processors are busy, nobody queues."""
ACTIVITIES = "until each activity under way had ended or timed out, s"
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """A figure, its bound, and the part that measures it."""

    what: str
    part: str
    unit: str
    bound: float
    figure: Callable[[Figures], float]
    at_least: bool = False

    def limit(self) -> str:
        """Give the bound in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g}{self.unit}"


@dataclass(frozen=True)
class Held:
    """A goal held against figures; None where its part was not measured."""

    goal: Goal
    found: float | None

    @property
    def verdict(self) -> str:
        """Say whether it is met."""
        if self.found is None:
            return "not measured"
        met = self.found >= self.goal.bound if self.goal.at_least else self.found <= self.goal.bound
        return "met" if met else "missed"

    def row(self) -> tuple[str, str, str, str]:
        """Give what, bound, figure and verdict in words."""
        shown = "" if self.found is None else f"{self.found:.2f}{self.goal.unit}"
        return self.goal.what, self.goal.limit(), shown, self.verdict


def _stored(found: Figures) -> float:
    kinds = found["journeys"]["kinds"]
    return float(sum(kinds["ours"].values()) / sum(kinds["floor"].values()))


def _rate(found: Figures) -> float:
    at = found["journeys"]["rounds"][AT_ONCE]
    return float(at["ours"]["journeys a second"]["median"] / at["floor"]["journeys a second"]["median"])


def _latency(share: str) -> Callable[[Figures], float]:
    def ratio(found: Figures) -> float:
        sides = found["journeys"]["latency"]
        return float(sides["ours"][share] / sides["floor"][share])

    return ratio


def _fold(found: Figures) -> float:
    return next(float(row["p50_ms"]) for name, row in found["core"].items() if name.startswith("fold of a finished"))


GOALS = (
    Goal(
        "history events of the reference journey, one at a time, against the bare floor",
        "journeys",
        " x",
        1.25,
        _stored,
    ),
    Goal(f"journeys a second, {AT_ONCE} at once, against the bare floor", "journeys", " x", 0.8, _rate, at_least=True),
    Goal("command answered and journalled, median, against a bare update", "journeys", " x", 1.6, _latency("p50")),
    Goal("the same, 99th percentile", "journeys", " x", 2.0, _latency("p99")),
    Goal(
        "memory of the worker per idle patient in mid-adjuvant",
        "idle",
        " KB",
        300,
        lambda found: float(found["idle"]["KB a patient in mid-adjuvant"]),
    ),
    Goal(
        "kill -9 of the worker with 200 open patients: every command under way is answered",
        "restart",
        " s",
        4,
        lambda found: float(found["restart"]["200"]["ours"]["seconds"]),
    ),
    Goal(
        "the same: every activity under way had ended or timed out, to be tried again",
        "restart",
        " s",
        4,
        lambda found: float(found["restart"]["200"]["ours"][ACTIVITIES]),
    ),
    Goal(
        "a whole trial of 66 patients with real timers",
        "skipping",
        " s",
        60,
        lambda found: float(found["skipping"]["ours"]["seconds"]),
    ),
    Goal("fold of a finished journey", "core", " ms", 2, _fold),
)


def held(found: Figures, part: str = "") -> list[Held]:
    """Hold the goals against figures: all of them, or those of one part."""
    return [_hold(goal, found) for goal in GOALS if part in ("", goal.part)]


def _hold(goal: Goal, found: Figures) -> Held:
    try:
        return Held(goal, goal.figure(found))
    except (KeyError, StopIteration):
        return Held(goal, None)


def table(rows: list[Held]) -> Table:
    """Give the goals as a table."""
    shown = Table(title="Goals", title_justify="left")
    for heading in ("goal", "bound", "figure", ""):
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(*row.row())
    return shown
