"""The plots of the report, as SVG files that need no script and no network."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pygal
from pygal.style import CleanStyle

sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
"""Without pygal's own finder of plug-ins: it is of an older kind, and every later import would warn of it."""
SIDES = ("ours", "floor", "DBOS on SQLite", "DBOS on PostgreSQL")
NAMES = {"ours": "Trialpath", "floor": "bare Temporal"}
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
"""What would make the drawing answer a pointer; a page that shows it as an image runs none."""
LOOK: dict[str, Any] = {
    "style": CleanStyle(font_family="sans-serif"),
    "js": (),
    "width": 900,
    "height": 420,
    "legend_at_bottom": True,
    "print_values": True,
    "disable_xml_declaration": True,
}


def draw(found: Mapping[str, Any], folder: Path) -> list[str]:
    """Draw what was measured into a folder; give the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, chart in charts(found):
        chart.uuid = name  # else by chance, and each drawing another file
        (folder / f"{name}.svg").write_text(SCRIPT.sub("", chart.render()) + "\n")
        drawn.append(f"{name}.svg")
    return drawn


def charts(found: Mapping[str, Any]) -> list[tuple[str, pygal.Graph]]:
    """Give the plots of what was measured, by name."""
    made = []
    if "journeys" in found:
        made += [("journeys", _journeys(found["journeys"])), ("latency", _latency(found["journeys"]))]
    if "growth" in found:
        made += [("growth-memory", _memory(found["growth"])), ("growth-time", _time(found["growth"]))]
    return made


def _journeys(figures: Mapping[str, Any]) -> pygal.Graph:
    chart = pygal.Bar(title="Journeys a second, by the number at once", formatter=_two, **LOOK)
    rounds = figures["rounds"]
    chart.x_labels = [f"{size} at once" for size in rounds]
    for side in SIDES:
        rates = [at.get(side, {}).get("journeys a second", {}).get("median") for at in rounds.values()]
        chart.add(NAMES.get(side, side), rates)
    return chart


def _latency(figures: Mapping[str, Any]) -> pygal.Graph:
    chart = pygal.Bar(title="A command acknowledged, ms", formatter=_two, **LOOK)
    chart.x_labels = ["median", "99th percentile"]
    for side in SIDES:
        if (row := figures["latency"].get(side)) is not None:
            chart.add(NAMES.get(side, side), [row["p50"], row["p99"]])
    return chart


def _memory(figures: Mapping[str, Any]) -> pygal.Graph:
    chart = pygal.Line(title="Resident memory by open patients, MB", formatter=_whole, **LOOK)
    chart.x_labels = list(figures)
    for name in ("worker, MB", "server, MB"):
        chart.add(name, [row[name] for row in figures.values()])
    return chart


def _time(figures: Mapping[str, Any]) -> pygal.Graph:
    chart = pygal.Line(title="Commands and lists by open patients", formatter=_two, logarithmic=True, **LOOK)
    chart.x_labels = list(figures)
    for name in ("commands a second", "starter.py list, s", "starter.py due, s", "Temporal's own list, s"):
        chart.add(name, [row[name] for row in figures.values()])
    return chart


def _two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
