"""The effect that asks the laboratory: what an order brings, over a real folder of bundles."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.adapters.fhir_folder import FhirFolder
from activities.contract import EffectRequest
from activities.ports import NoticeSink, SealedList
from activities.recorder import Recorder
from activities.world import World
from domain.patient.facts import LabsOrdered
from domain.values import Clock
from tests.activities.test_fhir_folder import HEMOGLOBIN, observation

NOW = datetime.now(UTC)


def dropped(folder: Path, name: str, **about: Any) -> None:
    """Drop a report of hemoglobin."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": observation(**about)}]}
    (folder / f"S001-{name}.json").write_text(json.dumps(bundle))


def fetched(folder: Path) -> list[tuple[str, str]]:
    """Ask for hemoglobin of the last two days; give status and value of each result."""
    order = LabsOrdered(
        purpose="GATE",
        cycle=2,
        analytes=("HB",),
        after=NOW - timedelta(days=2),
        give_up_at=NOW + timedelta(days=1),
    )
    nobody = cast("Any", None)
    world = World(
        client=cast("Client", nobody),
        recorder=cast("Recorder", nobody),
        laboratory=FhirFolder(folder),
        sink=cast("NoticeSink", nobody),
        sealed_list=cast("SealedList", nobody),
    )
    payload = order.model_dump(mode="json")
    asked = EffectRequest(
        stream="patient-NCT06978153-S001", key="x/1", seq=1, at=NOW, clock=Clock.real(), payload=payload
    )
    environment = ActivityEnvironment()
    environment.info = environment.info.__class__(**{**environment.info.__dict__, "started_time": NOW})
    outcome = environment.run(world.fetch_labs, asked)
    return [(row["status"], row["value"]) for row in outcome.fields["results"]]


def instant(days: int) -> str:
    """Give the instant so many days ago."""
    return (NOW - timedelta(days=days)).isoformat()


def test_an_order_brings_its_own_results_and_later_reports_of_earlier_samples(tmp_path: Path) -> None:
    """An old final result is not brought again; one that was corrected or withdrawn since is."""
    dropped(tmp_path, "old", id="a", effectiveDateTime=instant(30))
    dropped(tmp_path, "older", id="b", effectiveDateTime=instant(40), status="corrected")
    dropped(tmp_path, "new", id="c", effectiveDateTime=instant(1))

    assert sorted(fetched(tmp_path)) == [("corrected", "13.5"), ("final", "13.5")]


def test_only_the_latest_report_of_a_result_counts(tmp_path: Path) -> None:
    """By when it was issued, whatever the files are called: a withdrawn result is no answer to an order."""
    dropped(tmp_path, "z", id="c", effectiveDateTime=instant(1), issued=instant(1))
    dropped(tmp_path, "a", id="c", effectiveDateTime=instant(1), issued=instant(0), status="entered-in-error")

    with pytest.raises(ApplicationError, match="not there yet"):
        fetched(tmp_path)

    again = HEMOGLOBIN | {"value": 12.5}
    dropped(tmp_path, "b", id="d", effectiveDateTime=instant(1), valueQuantity=again)
    assert sorted(fetched(tmp_path)) == [("entered-in-error", "13.5"), ("final", "12.5")]
