"""The figures that stand in the README: the goals they are held against, and a journey beside its peers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench import goals
from bench.markdown import table

BEGIN, END = "<!-- figures: made by python -m bench report -->\n", "<!-- end of the figures -->\n"
SIDES = ("ours", "floor", "DBOS on SQLite", "DBOS on PostgreSQL")
ALONE = {
    "replay_ms": "replay of a finished journey, ms",
    "help_s": "`starter.py --help`, s",
}
Figures = Mapping[str, Any]


def put(found: Figures, file: Path) -> None:
    """Write the figures into a page, between its two marks. Raises ValueError for a page without them."""
    before, _, rest = file.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{file} has no place for the figures: {BEGIN.strip()} ... {END.strip()}")
    file.write_text(before + part(found) + after)


def part(found: Figures) -> str:
    """Give what stands between the marks, with them."""
    held = table(("goal", "bound", "measured", ""), (row.row() for row in goals.held(found)))
    compared = table(("", *SIDES, "ours / floor"), _rows(found["journeys"])) if "journeys" in found else ""
    return "\n\n".join([BEGIN + _about(found.get("about", {})), held, compared]).rstrip() + f"\n{END}"


def _about(about: Figures) -> str:
    if not about:
        return "*Not measured yet.*"
    dates, where = sorted({row["date"] for row in about.values()}), next(iter(about.values()))
    machine = f"{where['processors']} processors, {where['memory, GB']} GB, {where['system']}, Python {where['Python']}"
    return f"Measured on {' and '.join(dates)} by `make bench`: {machine}."


def _rows(journeys: Figures) -> Iterator[list[object]]:
    """Give each figure of a journey on all sides."""
    yield _row(
        "stored of a journey, one at a time", {side: sum(row.values()) for side, row in journeys["kinds"].items()}
    )
    for size, sides in journeys["rounds"].items():
        whole = {side: row for side, row in sides.items() if "failure" not in row}
        for name in ("journeys a second", "server CPU, s a journey", "worker CPU, s a journey"):
            if name == "journeys a second" or size == goals.AT_ONCE:
                yield _row(f"{name}, {size} at once", {side: row[name]["median"] for side, row in whole.items()})
    latency = journeys["latency"]
    for share in ("p50", "p99"):
        what = f"command, {share} ms of {latency['ours']['samples']:,}"
        yield _row(what, {side: row[share] for side, row in latency.items()})
    yield _row("worker ready, s", journeys["ready_s"])
    for key, what in ALONE.items():
        yield _row(what, {"ours": journeys[key]})


def _row(what: str, figures: Mapping[str, float]) -> list[object]:
    ratio = figures["ours"] / figures["floor"] if {"ours", "floor"} <= figures.keys() else None
    return [what, *(figures.get(side) for side in SIDES), ratio]
