"""A FHIR server nobody here wrote (fhirstarter), over HTTP, with results of an independent generator (carebundle)."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import carebundle
import httpx
import pytest

from activities.adapters import fhir_server
from activities.adapters.fhir_access import Access
from activities.adapters.fhir_server import CODES, FhirServer
from activities.ports import LaboratoryUnfit
from domain.labs import LOINC, LabValue, read
from domain.nct06978153 import PROTOCOL
from tests.laboratory.asking import ago, fetched, values
from tests.laboratory.hostile import SYSTEM, observation

HOST = Path(__file__).parents[2] / "deploy" / "without_docker" / "fhir_host.py"
LAST = date(2026, 3, 1)
Row = tuple[str, Decimal, str, datetime]


def made(seed: int, on: date) -> list[dict[str, Any]]:
    """Give what the generator makes of one visit."""
    bundle = carebundle.generate_bundle(profile="anaemia", seed=seed, reference_date=on)
    return [entry["resource"] for entry in json.loads(carebundle.to_json(bundle))["entry"]]


@dataclass
class Real:
    """The server, and what was put into it by subject."""

    client: httpx.Client
    put: dict[str, set[Row]] = field(default_factory=dict)

    def create(self, resource: dict[str, Any]) -> str:
        """Store a resource; give its id."""
        answer = self.client.post(resource["resourceType"], json=resource)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def admit(self, subject: str, seed: int, visits: int) -> None:
        """Store a patient of the generator under a subject number, with every Observation of every visit."""
        resources = [row for visit in range(visits) for row in made(seed, LAST - timedelta(days=21 * visit))]
        person = next(row for row in resources if row["resourceType"] == "Patient")
        person["identifier"].append({"system": SYSTEM, "value": subject})
        reference = f"Patient/{self.create(person)}"
        self.put[subject] = set()
        for row in (row for row in resources if row["resourceType"] == "Observation"):
            self.create(row | {"subject": {"reference": reference}})
            coded = [c["code"] for c in row["code"]["coding"] if c["system"] == LOINC]
            if coded[0] in CODES and "valueQuantity" in row:
                quantity, at = row["valueQuantity"], datetime.fromisoformat(row["effectiveDateTime"])
                self.put[subject].add((coded[0], Decimal(str(quantity["value"])), quantity["code"], at))

    def laboratory(self, search: str = "subject.identifier") -> FhirServer:
        """Open it as a laboratory."""
        return FhirServer(Access(self.url, search=search))

    @property
    def url(self) -> str:
        """The base."""
        return str(self.client.base_url)


def rows(laboratory: FhirServer, subject: str, since: datetime | None = None) -> set[Row]:
    """Give what the product reads, each result once."""
    found = laboratory.results(subject, since)
    read_rows = {(row.code, Decimal(row.value), row.unit, row.collected_at) for row in found}
    assert len(read_rows) == len(found)
    return read_rows


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """The server as a process, with two subjects of the generator in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("fhir") / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, str(HOST), str(port)],
            env=os.environ | {"FHIR_SEQUENCE": "R4B"},
            stdout=errors,
            stderr=errors,
        )
    server = Real(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False))
    until = time.monotonic() + 60
    while (found := server.laboratory().check()) and time.monotonic() < until:
        assert process.poll() is None, log.read_text()[-2000:]
        time.sleep(0.1)
    assert found == "", log.read_text()[-2000:]
    server.admit("S001", seed=1, visits=6)
    server.admit("S002", seed=2, visits=1)
    yield server
    server.client.close()
    process.terminate()
    process.wait(20)


@pytest.mark.parametrize("search", ["subject.identifier", "patient"])
@pytest.mark.parametrize("page", [7, 100])
def test_every_result_comes_as_it_was_made(real: Real, monkeypatch: pytest.MonkeyPatch, search: str, page: int) -> None:
    """Each of the subject, over many pages or few, none of the other, and no vital sign that has no use."""
    monkeypatch.setattr(fhir_server, "PAGE", page)

    assert len(real.put["S001"]) > 60
    assert rows(real.laboratory(search), "S001") == real.put["S001"]
    assert rows(real.laboratory(search), "S002") == real.put["S002"]
    assert rows(real.laboratory(search), "S003") == set()


def test_older_samples_are_left_out(real: Real) -> None:
    """By the server, which was asked since when."""
    since = datetime.fromisoformat("2026-01-10T00:00:00+00:00")
    recent = {row for row in real.put["S001"] if row[3] >= since}
    assert 0 < len(recent) < len(real.put["S001"])
    assert rows(real.laboratory(), "S001", since) == recent


def test_only_what_was_changed_lately_is_asked_for(real: Real) -> None:
    """By `_lastUpdated`, whenever the sample was taken."""
    person = real.create({"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": "S005"}]})
    old = observation("", {"reference": f"Patient/{person}"}, id=None, effectiveDateTime=ago(days=9))
    known, other = real.create(old), real.create(old | {"effectiveDateTime": ago(days=1)})
    between = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    assert {row.observation for row in real.laboratory().results("S005")} == {known, other}
    assert real.laboratory().results("S005", None, between) == []

    while datetime.now(UTC) < between:
        time.sleep(0.05)
    assert real.client.put(f"Observation/{known}", json=old | {"id": known, "status": "corrected"}).status_code == 200

    found = real.laboratory().results("S005", None, between)
    assert [(row.observation, row.status) for row in found] == [(known, "corrected")]


def test_the_generators_results_are_fit_for_use(real: Real) -> None:
    """Codes and units of somebody else's making are those the core knows."""
    found = [read(row, PROTOCOL.lab_bounds) for row in real.laboratory().results("S001")]
    assert {row.analyte for row in found if isinstance(row, LabValue)} >= {"HB", "PLT", "CREAT", "ALT", "ALB", "WEIGHT"}


def test_a_result_goes_from_preliminary_to_withdrawn(real: Real) -> None:
    """Each version replaces the one before; the last one withdraws it."""
    person = real.create({"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": "S004"}]})
    sample = observation("", {"reference": f"Patient/{person}"}, id=None, effectiveDateTime=ago(hours=3))
    known = real.create(sample | {"status": "preliminary"})
    seen = []
    for status in ("preliminary", "final", "corrected", "entered-in-error"):
        changed = sample | {"id": known, "status": status, "issued": ago(hours=0)}
        assert real.client.put(f"Observation/{known}", json=changed).status_code == 200
        seen += [(row.status, row.observation, row.document) for row in real.laboratory().results("S004")]
    assert seen == [
        ("preliminary", known, f"Observation/{known}/_history/2"),
        ("final", known, f"Observation/{known}/_history/3"),
        ("corrected", known, f"Observation/{known}/_history/4"),
        ("entered-in-error", known, f"Observation/{known}/_history/5"),
    ]


def test_an_order_is_answered(real: Real) -> None:
    """As the effect asks it, for S001."""
    person = real.create({"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": "S001"}]})
    real.create(observation("", {"reference": f"Patient/{person}"}, id=None, effectiveDateTime=ago(hours=3)))

    outcome = fetched(real.laboratory(), "HB")

    assert (outcome.kind, outcome.fields["complete"], values(outcome)) == ("labs_reported", True, [("final", "13.5")])
    with pytest.raises(LaboratoryUnfit, match="2 Patients carry one subject number"):
        real.laboratory("patient").results("S001")


def test_a_search_the_server_does_not_know_is_told(real: Real) -> None:
    """Its refusal is by code; what it says in words is not repeated."""
    with pytest.raises(LaboratoryUnfit, match=r"400 \(required\): it refuses the search .* TRIALPATH_LAB_SEARCH"):
        real.laboratory("subject:identifier").results("S001")


def test_an_address_beside_the_base_is_told(real: Real) -> None:
    """The server answers 404."""
    found = FhirServer(Access(f"{real.url.rstrip('/')}/fhir")).check()
    assert "404: it has nothing at this address" in found
