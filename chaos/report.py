"""What came of a run: a table for people, and JSON."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from chaos.rows import Fault, Row

CONFIDENCE = 3.0
"""No failure in n trials: with 95 % confidence fewer than 3/n fail."""


@dataclass(slots=True)
class Violation:
    """Something that must not be: seed, row, step of the driver where there is one, and a sentence."""

    seed: str
    row: str
    step: int | None
    what: str


@dataclass(slots=True)
class Outcome:
    """All that a run brought."""

    seed: str
    faults: list[tuple[Row, int, Fault]] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def never_hit(self) -> list[str]:
        """The rows of which no fault was ever hit."""
        rows = {row.id for row, _, _ in self.faults}
        return sorted(rows - {row.id for row, _, fault in self.faults if fault.hit})

    @property
    def is_good(self) -> bool:
        """Say whether nothing was violated, every row was hit and something ran."""
        return bool(self.faults) and not self.violations and not self.never_hit

    def rows(self) -> list[dict[str, Any]]:
        """Give the figures of each row, by number."""
        known = {row.id: row for row, _, _ in self.faults}
        return [self._row(known[name]) for name in sorted(known, key=lambda name: (len(name), name))]

    def _row(self, row: Row) -> dict[str, Any]:
        faults = [fault for known, _, fault in self.faults if known.id == row.id]
        hit = [fault for fault in faults if fault.hit]
        left = [way for way in row.ways if way not in {fault.way for fault in hit}]
        seconds = sorted(fault.recovered_seconds for fault in hit if fault.recovered_seconds is not None)
        return {
            "row": row.id,
            "what": row.what,
            "trials": len(faults),
            "hit": len(hit),
            "ways": len(row.ways),
            "ways_tried": len(row.ways) - len(left),
            "ways_left": left,
            "in_flight": min((fault.in_flight for fault in hit if fault.in_flight), default=0),
            "violations": sum(violation.row == row.id for violation in self.violations),
            "bound": bound(len(hit)),
            "recovery": {"p50": at(seconds, 0.5), "p99": at(seconds, 0.99), "max": at(seconds, 1)},
        }

    def as_json(self) -> dict[str, Any]:
        """Give everything, each trial too."""
        trials = [{"row": row.id, "trial": trial, **asdict(fault)} for row, trial, fault in self.faults]
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "good": self.is_good,
            "rows": self.rows(),
            "totals": dict(self.counts),
            "never_hit": self.never_hit,
            "violations": [asdict(violation) for violation in self.violations],
            "notes": self.notes,
            "trials": trials,
        }


def bound(trials: int) -> float | None:
    """Give the share of faults that would fail at most, with 95 % confidence, when none of these did."""
    return min(1.0, CONFIDENCE / trials) if trials else None


def at(found: Sequence[float], share: float) -> float | None:
    """Give the value at a share of sorted ones (nearest rank); None of none."""
    return round(found[math.ceil(share * len(found)) - 1], 2) if found else None


def table(outcome: Outcome) -> Table:
    """Give the rows for people."""
    shown = Table(title=f"Faults, seed {outcome.seed}", title_justify="left")
    for heading in (
        "row",
        "what is broken",
        "trials",
        "hit",
        "ways",
        "95 % bound",
        "in flight",
        "violations",
        "p50",
        "p99",
        "max",
    ):
        shown.add_column(heading, overflow="fold")
    for row in outcome.rows():
        colour = "red" if row["violations"] or not row["hit"] else "green"
        ways = f"{row['ways_tried']}/{row['ways']}" if row["ways"] else "-"
        numbers = (ways, f"{row['bound']:.0%}" if row["bound"] else "-", row["in_flight"] or "-", row["violations"])
        times = [_seconds(row["recovery"][name]) for name in ("p50", "p99", "max")]
        shown.add_row(row["row"], row["what"], *map(str, (row["trials"], row["hit"], *numbers)), *times, style=colour)
    return shown


def totals(counts: Mapping[str, int]) -> str:
    """Give the totals in one sentence."""
    more = counts["mails"] - counts["mail_keys"]
    return (
        f"calls: {counts['applied']} applied, {counts['refused']} refused, {counts['unknown']} unknown, "
        f"{counts['again']} of them repeats with the same id; "
        f"mails: {counts['mails']} kept by the mail server, {more} of them a second time, with the same key"
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
