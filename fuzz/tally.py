"""What became of the messages, counted by class and channel, and shown as a table."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS = ("sent", "refused", "kept as query", "accepted", "told", "tracebacks", "stuck", "dropped", "wrong")
BAD = ("tracebacks", "stuck", "dropped", "wrong")
"""What must be 0. `told`: Temporal or the command line refused to carry it, and said so.

`wrong`: a refusal that does not say enough or left facts, an exit code that the record does not bear out, or a subject
that shows something else than its facts say.
"""


@dataclass
class Tally:
    """Counts by class and channel, and what went wrong with which message."""

    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    crashers: list[dict[str, Any]] = field(default_factory=list)

    def add(self, group: str, channel: str, outcome: str, count: int = 1) -> None:
        """Count what became of messages; that they were sent is counted with it."""
        row = self.counts.setdefault((group, channel), Counter())
        row["sent"] += count
        row[outcome] += count

    def crash(self, group: str, channel: str, outcome: str, **about: object) -> None:
        """Count a message that did harm, and keep it."""
        self.add(group, channel, outcome)
        self.crashers.append({"class": group, "channel": channel, "outcome": outcome, **about})

    @property
    def bad(self) -> int:
        """Give how many did harm."""
        return sum(row[name] for row in self.counts.values() for name in BAD)

    def told(self) -> dict[str, Any]:
        """Give it as JSON."""
        rows = [{"class": group, "channel": channel, **{name: row[name] for name in COLUMNS}}
                for (group, channel), row in sorted(self.counts.items())]  # fmt: skip
        return {"rows": rows, "bad": self.bad, "crashers": self.crashers}

    def take(self, told: dict[str, Any]) -> None:
        """Take what another process counted."""
        for row in told["rows"]:
            known = self.counts.setdefault((row["class"], row["channel"]), Counter())
            known.update({name: row[name] for name in COLUMNS})
        self.crashers += told["crashers"]

    def table(self) -> Table:
        """Draw it."""
        table = Table(title="bad input: class x channel", title_justify="left")
        table.add_column("class")
        table.add_column("channel")
        for name in COLUMNS:
            table.add_column(name, justify="right")
        for (group, channel), row in sorted(self.counts.items()):
            cells = (f"[red]{row[name]}[/red]" if name in BAD and row[name] else f"{row[name]:,}" for name in COLUMNS)
            table.add_row(group, channel, *cells)
        whole = sum(self.counts.values(), Counter[str]())
        table.add_section()
        table.add_row("all", "", *(f"{whole[name]:,}" for name in COLUMNS))
        return table


def show(tally: Tally, file: Path, about: dict[str, object]) -> None:
    """Print the table and every crasher's beginning, and write all of it to a file."""
    console = Console(width=130)
    console.print(tally.table())
    for one in tally.crashers[:20]:
        console.print(f"{one['outcome']}: {one['class']} by {one['channel']}: {str(one)[:600]}", markup=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(about | tally.told(), indent=1, default=str))
    console.print(f"written: {file}")
