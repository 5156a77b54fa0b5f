"""Shows a demonstration to people: who is where while it runs, and the final tables. It reads, and decides nothing."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from demo.charts import Charts
from demo.pace import Pace
from demo.tally import Row
from domain.patient.agenda import due
from domain.patient.view import phase
from domain.protocol import Protocol

LIVE_SECONDS = 0.5
PLAIN_SECONDS = 5.0
WIDTH = 100


def console() -> Console:
    """Give the console; where there is no terminal its width is fixed, so that two runs print alike."""
    known = Console()
    return known if known.is_terminal else Console(width=WIDTH)


class Board:
    """Who is where, now."""

    def __init__(self, charts: Charts, pace: Pace, protocol: Protocol) -> None:
        """Show these."""
        self._charts = charts
        self._pace = pace
        self._protocol = protocol

    async def show(self, out: Console) -> None:
        """Show progress until cancelled: a live table, or a plain line every few seconds."""
        if not out.is_terminal:
            while True:
                await asyncio.sleep(PLAIN_SECONDS)
                out.print(self.line(), highlight=False, soft_wrap=True)
        with Live(self.table(), console=out, auto_refresh=False, transient=True) as live:
            while True:
                await asyncio.sleep(LIVE_SECONDS)
                live.update(self.table(), refresh=True)

    def counts(self) -> dict[str, int]:
        """Count subjects by epoch, then by how the study ended for them."""
        found = Counter(phase(journey) for journey in self._charts.refresh().values())
        epochs = {epoch.code: found.pop(epoch.code, 0) for epoch in self._protocol.epochs}
        return epochs | dict(sorted(found.items()))

    def line(self) -> str:
        """Give the progress as one line."""
        counts = ", ".join(f"{name} {count}" for name, count in self.counts().items() if count)
        return f"{self._pace.today()}  randomized {self._arms()}  {counts}  {_lag(self._pace)}"

    def table(self) -> Table:
        """Give the progress as a table."""
        table = Table(title=f"Clinical date {self._pace.today()}", caption=_lag(self._pace))
        table.add_column("Where")
        table.add_column("Subjects", justify="right")
        for name, count in self.counts().items():
            table.add_row(name, str(count))
        table.add_section()
        table.add_row("Randomized", self._arms())
        return table

    def _arms(self) -> str:
        counts = self._charts.register().arm_counts()
        return "  ".join(f"{arm.code} {counts[arm.code]}/{arm.cap}" for arm in self._protocol.arms)


def due_table(charts: Charts) -> Table:
    """Give everybody who is still in the trial, with what falls due next, as the journal has it."""
    table = Table(title="Still in the trial, as the journal has it")
    for heading in ("Subject", "Where", "Next due (trial time, UTC)"):
        table.add_column(heading)
    for subject, journey in sorted(charts.refresh().items()):
        if not journey.is_over:
            item = due(journey)
            table.add_row(subject, phase(journey), f"{item.at:%Y-%m-%d %H:%M} {item.text}" if item else "")
    return table


def final_table(rows: Sequence[Row]) -> Table:
    """Give what the trial came to."""
    table = Table(title="The trial, as the journal has it")
    for heading in ("", "", "Count"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    before = ""
    for group, name, count in rows:
        if group != before:
            table.add_section()
        table.add_row(group if group != before else "", name, count)
        before = group
    return table


def measured(wall_seconds: float, pace: Pace, ui: str) -> Group:
    """Give what differs from run to run."""
    return Group(
        f"Wall time  {wall_seconds:.0f} s from the trial's opening to the last end of study", _lag(pace), f"UI  {ui}"
    )


def _lag(pace: Pace) -> str:
    middle, most, what = pace.lag()
    return f"staff lag {middle:.2f} d median, {most:.2f} d at most ({what})"
