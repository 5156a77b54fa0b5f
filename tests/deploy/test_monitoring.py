"""Dashboard and alert rules name figures that exist, and no subject."""

import json
import re
from pathlib import Path

import yaml

from activities import measuring

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
OURS = {value for name, value in vars(measuring).items() if name.isupper() and str(value).startswith("trialpath_")}


def figures(text: str) -> set[str]:
    """Give the names of our figures in an expression, without what a histogram adds."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"trialpath_\w+", text)}


def expressions() -> list[str]:
    """Give every expression of rules and dashboard."""
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]


def test_every_figure_that_is_asked_for_is_measured() -> None:
    """Of those of the SDK the two latencies, whose names a test of the server sees."""
    asked = set.union(*map(figures, expressions()))
    assert asked
    assert asked <= OURS
    assert OURS - asked == {"trialpath_notices"}


def test_each_alert_says_what_to_do_and_stands_in_the_docs() -> None:
    """A severity, a summary, and a row of docs/monitoring.md."""
    told = (ROOT / "docs" / "monitoring.md").read_text()
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    assert len(rules) >= 7
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")
        assert f"`{rule['alert']}`" in told, rule["alert"]


def test_each_figure_is_documented() -> None:
    """By its name."""
    told = (ROOT / "docs" / "monitoring.md").read_text()
    assert [name for name in sorted(OURS) if f"`{name}`" not in told] == []
