"""A table of figures under what they are of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table


def figures_table(title: str, found: Mapping[str, Mapping[str, Any]]) -> Table:
    """Give a table: what was measured, the name of each figure, and the figure."""
    shown = Table(title=title, title_justify="left")
    for heading in ("", "", "figure"):
        shown.add_column(heading, overflow="fold")
    for what, figures in found.items():
        for name, value in figures.items():
            shown.add_row(what, name, f"{value:.2f}" if isinstance(value, float) else str(value))
        shown.add_section()
    return shown


def told(progress: str) -> None:
    """Say how far a long measurement has come."""
    print(f"bench: {datetime.now(UTC):%H:%M:%S} {progress}", flush=True)
