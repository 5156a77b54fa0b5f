"""Tables in Markdown: words left, figures right, each with the digits that mean something."""

from collections.abc import Iterable

PLACES = ((100, 0), (10, 1))
"""From which figure on so many places are shown; of a lesser one two."""


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Give a table."""
    cells = [[shown(cell) for cell in row] for row in rows]
    named = list(headings)
    figures = [bool(cells) and all(_is_figure(row[at]) for row in cells) for at in range(len(named))]
    lines = [f"| {' | '.join(named)} |", f"|{'|'.join('---:' if right else '---' for right in figures)}|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in cells])


def _is_figure(cell: str) -> bool:
    return not cell or cell[0].isdigit() or cell[0] == "-"


def shown(value: object) -> str:
    """Give a figure with the digits that mean something."""
    if not isinstance(value, float):
        return "" if value is None else str(value)
    places = next((places for least, places in PLACES if abs(value) >= least), 2)
    return f"{value:,.{places}f}"
