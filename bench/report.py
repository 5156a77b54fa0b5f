"""The report: docs/benchmarks.md and its plots, from the file of figures and a template that holds the sentences."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from bench import goals, plots
from bench.events import differences
from bench.markdown import shown, table

TEMPLATE = Path(__file__).with_name("report.md")
NOT_YET = "*Not measured yet.*"
PLOTTED = "benchmarks"
Figures = Mapping[str, Any]


def make(found: Figures, target: Path) -> None:
    """Write the report and its plots beside it."""
    drawn = plots.draw(found, target.parent / PLOTTED)
    target.write_text(text(found, drawn))


def text(found: Figures, drawn: Iterable[str] = ()) -> str:
    """Give the report."""
    parts = {
        "about": _about(found),
        "goals": _goals(found),
        "core": _or_not(found, "core", _core),
        "journeys": _or_not(found, "journeys", _journeys),
        "latency": _or_not(found, "journeys", _latency),
        "events": _or_not(found, "journeys", _events),
        "rows": _or_not(found, "journeys", _rows_of_peers),
        "setting": _or_not(found, "journeys", lambda part: _pairs(part["settings"])),
        "idle": _or_not(found, "idle", _pairs),
        "restart": _or_not(found, "restart", _restart),
        "skipping": _or_not(found, "skipping", _sides),
        "growth": _or_not(found, "growth", _growth),
    }
    plotted = {name: f"![{name}]({PLOTTED}/{name}.svg)" for name in (row.removesuffix(".svg") for row in drawn)}
    for name in ("journeys", "latency", "growth-memory", "growth-time"):
        parts[f"plot_{name.replace('-', '_')}"] = plotted.get(name, "")
    return Template(TEMPLATE.read_text()).substitute(parts)


def _or_not(found: Figures, part: str, show: Callable[[Figures], str]) -> str:
    return show(found[part]) if part in found else NOT_YET


def _pairs(figures: Figures) -> str:
    return table(("", ""), figures.items())


def _about(found: Figures) -> str:
    names = ("date", "system", "processors", "memory, GB", "Python", "load at the end")
    rows = [(part, *(where.get(name) for name in names)) for part, where in found.get("about", {}).items()]
    versions = {name: value for where in found.get("about", {}).values() for name, value in where["versions"].items()}
    return table(("part", *names), rows) + "\n\n" + ", ".join(f"{name} {value}" for name, value in versions.items())


def _goals(found: Figures) -> str:
    return table(("goal", "bound", "figure", ""), (row.row() for row in goals.held(found)))


def _core(figures: Figures) -> str:
    rows = ((name, row.get("p50_ms"), row.get("p99_ms"), row.get("per_second")) for name, row in figures.items())
    return table(("", "p50 ms", "p99 ms", "a second"), rows)


def _journeys(figures: Figures) -> str:
    rows: list[list[object]] = []
    for size, sides in figures["rounds"].items():
        for side, row in sides.items():
            if "failure" in row:
                rows.append([size, side, row["failure"]])
                continue
            rate, ratio = row["journeys a second"], _against(sides, row)
            cpu = [row[f"{name} CPU, s a journey"]["median"] for name in ("server", "worker", "driver")]
            spread = f"{shown(rate['least'])} to {shown(rate['most'])}"
            rows.append([size, side, rate["median"], spread, ratio, *cpu, row["stored a journey"]["median"]])
    heads = (
        "at once",
        "side",
        "journeys a second",
        "least to most",
        "against the floor",
        "server CPU, s",
        "worker CPU, s",
        "driver CPU, s",
    )
    return table((*heads, "stored"), (row + [""] * (len(heads) + 1 - len(row)) for row in rows))


def _against(sides: Figures, row: Figures) -> float | None:
    floor = sides.get("floor", {}).get("journeys a second")
    return row["journeys a second"]["median"] / floor["median"] if floor else None


def _latency(figures: Figures) -> str:
    sides = figures["latency"]
    floor = sides["floor"]
    rows = [
        (side, row["p50"], row["p99"], row["p50"] / floor["p50"], row["p99"] / floor["p99"], row["samples"])
        for side, row in sides.items()
    ]
    return table(("side", "p50 ms", "p99 ms", "p50 against the floor", "p99 against the floor", "samples"), rows)


def _events(figures: Figures) -> str:
    kinds = figures["kinds"]
    rows = differences(kinds["ours"], kinds["floor"])
    total = sum(kinds["ours"].values()), sum(kinds["floor"].values())
    whole = ("all", *total, total[0] - total[1], f"{total[0] / total[1]:.2f} times the floor's")
    return table(("kind", "ours", "floor", "more", "what it buys"), [*rows, whole])


def _rows_of_peers(figures: Figures) -> str:
    kinds = {side: row for side, row in figures["kinds"].items() if side not in ("ours", "floor")}
    names = sorted({name for row in kinds.values() for name in row})
    rows = [(name, *(row.get(name, 0) for row in kinds.values())) for name in names]
    return table(("row", *kinds), [*rows, ("all", *(sum(row.values()) for row in kinds.values()))])


def _restart(figures: Figures) -> str:
    names = list(next(iter(next(iter(figures.values())).values())))
    rows = [(size, side, *row.values()) for size, sides in figures.items() for side, row in sides.items()]
    return table(("open", "side", *names), rows)


def _sides(figures: Figures) -> str:
    sides = {name: row for name, row in figures.items() if isinstance(row, Mapping)}
    names = {name: None for row in sides.values() for name in row}
    rows = [(name, *(row.get(name) for row in sides.values())) for name in names]
    return f"{figures['patients']} patients.\n\n" + table(("", *sides), rows)


def _growth(figures: Figures) -> str:
    flat = {size: _flat(row) for size, row in figures.items()}
    names = {name: None for row in flat.values() for name in row}
    return table(("open patients", *flat), [(name, *(row.get(name) for row in flat.values())) for name in names])


def _flat(row: Figures) -> dict[str, object]:
    latency = row["command, ms"]
    others = {name: value for name, value in row.items() if name != "command, ms"}
    return others | {"command, p50 ms": latency["p50"], "command, p99 ms": latency["p99"]}
