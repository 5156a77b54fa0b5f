"""What is pure in the measurements: percentiles, goals, figures that come together, and the report made of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import figures, goals, plots, readme, report
from bench.__main__ import FIGURES, README, REPORT
from bench.events import BOUGHT, differences
from bench.goals import Goal, Held

SPREAD = {"median": 0.4, "least": 0.35, "most": 0.5}
SIDE = {
    "journeys a second": SPREAD,
    "server CPU, s a journey": SPREAD,
    "worker CPU, s a journey": SPREAD,
    "driver CPU, s a journey": SPREAD,
    "stored a journey": SPREAD,
}
JOURNEYS: dict[str, Any] = {
    "settings": {"rounds": 3},
    "rounds": {
        "16": {
            "ours": SIDE,
            "floor": SIDE | {"journeys a second": {"median": 0.5, "least": 0.5, "most": 0.5}},
            "DBOS on SQLite": {"failure": "given up after 900 s"},
        }
    },
    "kinds": {"ours": {"marker_recorded": 20, "timer_started": 55}, "floor": {"timer_started": 50, "other": 10}},
    "latency": {
        "ours": {"p50": 36.0, "p99": 100.0, "samples": 2000},
        "floor": {"p50": 24.0, "p99": 40.0, "samples": 2000},
    },
}
ABOUT = {"date": "2026-11-23", "versions": {"dbos": "3.4.0"}}


@pytest.mark.parametrize(("share", "found"), [(0.0, 1), (0.5, 51), (0.98, 99), (0.99, 100), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, found: float) -> None:
    """The hundred values from 1 to 100, in any order."""
    assert figures.percentile([float(value) for value in range(100, 0, -1)], share) == found


def test_a_spread_names_its_ends() -> None:
    """Three rounds: the middle one, the least and the most."""
    assert figures.spread([3.0, 1.0, 2.0]) == {"median": 2.0, "least": 1.0, "most": 3.0}
    rounds = [{"seconds": 3.0, "facts": 7}, {"seconds": 1.0, "facts": 7}, {"seconds": 2.0, "facts": 8}]
    assert figures.middle(rounds) == {"seconds": 2.0, "rounds; least to most": "3; 1.0 to 3.0", "facts": 7}


def test_sizes_of_one_part_come_together_and_others_are_replaced() -> None:
    """A size measured later joins those measured before, by size; a part without sizes is the newest one."""
    found = figures.merged({}, "growth", {"1000": {"x": 1}, "100": {"x": 1}}, ABOUT)
    found = figures.merged(found, "growth", {"10000": {"x": 2}, "1000": {"x": 3}}, ABOUT)
    assert list(found["growth"].items()) == [("100", {"x": 1}), ("1000", {"x": 3}), ("10000", {"x": 2})]
    found = figures.merged(figures.merged(found, "idle", {"a": 1}, ABOUT), "idle", {"b": 2}, ABOUT)
    assert found["idle"] == {"b": 2}
    assert set(found["about"]) == {"growth", "idle"}


@pytest.mark.parametrize(
    ("found", "at_least", "verdict"),
    [
        (1.99, False, "met"),
        (2.0, False, "met"),
        (2.01, False, "missed"),
        (1.99, True, "missed"),
        (2.0, True, "met"),
        (2.01, True, "met"),
        (None, False, "not measured"),
    ],
)
def test_a_goal_is_met_on_its_bound(found: float | None, verdict: str, *, at_least: bool) -> None:
    """Below, on and above a bound of 2, for both directions."""
    goal = Goal("x", "core", " ms", 2, lambda _: 0.0, at_least=at_least)
    assert Held(goal, found).verdict == verdict


def test_goals_are_held_against_the_figures_of_their_parts() -> None:
    """Ratios to the floor come from one run; what was not measured says so, and is not met."""
    found = {
        "journeys": JOURNEYS,
        "idle": {"KB a patient in mid-adjuvant": 301.0},
        "restart": {"200": {"ours": {"seconds": 3.9, goals.ACTIVITIES: 4.1}}},
        "core": {"fold of a finished journey of 157 facts": {"p50_ms": 1.9}},
    }
    rows = [row.row()[2:] for row in goals.held(found)]
    assert rows == [
        ("1.25 x", "met"),
        ("0.80 x", "met"),
        ("1.50 x", "met"),
        ("2.50 x", "missed"),
        ("301.00 KB", "missed"),
        ("3.90 s", "met"),
        ("4.10 s", "missed"),
        ("", "not measured"),
        ("1.90 ms", "met"),
    ]
    assert [row.goal.part for row in goals.held(found, "idle")] == ["idle"]


def test_each_kind_we_have_more_of_says_what_it_buys() -> None:
    """The largest difference first; where the floor has more there is nothing to explain."""
    rows = differences(JOURNEYS["kinds"]["ours"], JOURNEYS["kinds"]["floor"])
    assert [row[:4] for row in rows] == [
        ("marker_recorded", 20, 0, 20),
        ("timer_started", 55, 50, 5),
        ("other", 0, 10, -10),
    ]
    assert [row[4] for row in rows] == [BOUGHT["marker_recorded"], BOUGHT["timer_started"], ""]


def test_the_report_is_made_of_the_file_alone(tmp_path: Path) -> None:
    """Tables from the figures, plots beside them, and a plain word where a part was not measured."""
    file = tmp_path / "figures.json"
    figures.write(file, figures.merged({}, "journeys", JOURNEYS, ABOUT))
    report.make(json.loads(file.read_text()), tmp_path / "benchmarks.md")
    text = (tmp_path / "benchmarks.md").read_text()
    assert "| 16 | ours | 0.40 | 0.35 to 0.50 | 0.80 |" in text
    assert "| 16 | DBOS on SQLite | given up after 900 s |" in text
    assert "| ours | 36.0 | 100 | 1.50 | 2.50 | 2000 |" in text
    assert "| all | 75 | 60 | 15 | 1.25 times the floor's |" in text
    assert text.count(report.NOT_YET) == 5
    for name in ("journeys", "latency"):
        assert f"](benchmarks/{name}.svg)" in text
        drawn = (tmp_path / "benchmarks" / f"{name}.svg").read_text()
        assert drawn.startswith("<svg")
        assert "<script" not in drawn


def test_growth_is_drawn_by_size() -> None:
    """A line a figure, with every size measured on the axis."""
    row = {"worker, MB": 200.0, "server, MB": 300.0, "commands a second": 20.0}
    row |= {"starter.py list, s": 1.0, "starter.py due, s": 1.0, "Temporal's own list, s": 0.5}
    charts = dict(plots.charts({"growth": {"100": row, "3000": row}}))
    assert set(charts) == {"growth-memory", "growth-time"}
    assert ">3000<" in charts["growth-memory"].render()


def test_the_pages_hold_the_figures_of_the_file() -> None:
    """Nobody wrote them by hand, and none is of an earlier measurement."""
    found = figures.read(FIGURES)
    drawn = [f"{name}.svg" for name, _ in plots.charts(found)]
    assert REPORT.read_text() == report.text(found, drawn)
    assert readme.part(found) in README.read_text()


def test_the_readme_has_goals_and_sides_beside_one_another(tmp_path: Path) -> None:
    """A side that gave up has no figure; what stands around the marks stays; written again, it is the same."""
    page = tmp_path / "README.md"
    page.write_text(f"before\n{readme.BEGIN}of last year\n{readme.END}after\n")
    found = {"journeys": JOURNEYS | {"ready_s": {"ours": 2.0, "floor": 0.5}, "replay_ms": 400.0, "help_s": 0.1}}
    found |= {"about": {"journeys": ABOUT | {"processors": 2, "memory, GB": 24, "system": "Linux", "Python": "3.11"}}}
    for _ in range(2):
        readme.put(found, page)
    text = page.read_text()
    assert text.startswith(
        f"before\n{readme.BEGIN}Measured on 2026-11-23 by `make bench`: 2 processors, 24 GB, Linux, Python 3.11."
    )
    assert text.endswith(f"{readme.END}after\n")
    assert "of last year" not in text
    assert "| journeys a second, 16 at once | 0.40 | 0.50 |  |  | 0.80 |" in text
    assert "| command, p99 ms of 2,000 | 100 | 40.0 |  |  | 2.50 |" in text
    assert "every command under way is answered | at most 4 s |  | not measured |" in text


def test_a_page_without_a_place_for_figures_is_named(tmp_path: Path) -> None:
    """Nothing is written into it."""
    page = tmp_path / "README.md"
    page.write_text("no marks")
    with pytest.raises(ValueError, match=r"README\.md has no place for the figures"):
        readme.put({}, page)
    assert page.read_text() == "no marks"
