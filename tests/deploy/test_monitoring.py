"""Dashboard and alert rules name figures that exist, and no subject."""

import json
import re
from pathlib import Path

import yaml

from activities import measuring
from observability import NOTICE_BUCKETS

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


def test_a_late_urgent_notice_can_raise_its_alert() -> None:
    """A quantile never exceeds the last bucket; and what no channel takes is in no histogram at all."""
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    told = next(rule["expr"] for rule in rules if rule["alert"] == "TrialpathUrgentNoticesLate")
    (limit,) = re.findall(r"trialpath_notice_seconds_bucket.*> (\d+)", told)
    assert float(limit) in NOTICE_BUCKETS[:-1]
    assert f'{measuring.NOTICES_REFUSED}{{urgent="true"}}' in told


def test_the_first_missed_notice_raises_its_alert() -> None:
    """`increase` sees nothing of a counter's first count, with which it begins."""
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    told = next(rule["expr"] for rule in rules if rule["alert"] == "TrialpathNoticesMissed")
    assert f"{measuring.NOTICES_MISSED} unless {measuring.NOTICES_MISSED} offset 1d" in told


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
