"""The FHIR bundle, validated by fhir.resources (R4B, whose resources used here are those of R4)."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import BaseModel, ValidationError

from domain.units import convert
from exports.fhir import bundle, fhir_json
from tests.exports.made import DOCUMENTED, TERM, made, record
from tests.given import day

ALWAYS = {"ResearchStudy", "Patient", "ResearchSubject", "CarePlan", "Provenance"}


def read(name: str) -> dict[str, Any]:
    """Give a bundle as a reader of JSON has it, numbers exact."""
    text = fhir_json(record(name), made(record(name), hash_="ab12"))
    found: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return found


def resources(name: str, kind: str) -> list[dict[str, Any]]:
    """Give the resources of a kind."""
    found = [entry["resource"] for entry in read(name)["entry"]]
    return [one for one in found if one["resourceType"] == kind]


def wrong_codes(model: BaseModel) -> Iterator[str]:
    """Give each code outside the values that FHIR allows for its element, at any depth."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        extra = field.json_schema_extra
        allowed = extra.get("enum_values") if isinstance(extra, dict) else None
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                yield from wrong_codes(one)
            elif isinstance(allowed, list) and one is not None and one not in allowed:
                yield f"{type(model).__name__}.{name}: {one}"


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_resource_is_valid(name: str) -> None:
    """Elements, types and cardinalities by the library; codes by the values it knows for each element."""
    parsed = Bundle.model_validate_json(fhir_json(record(name), made(record(name))))
    assert list(wrong_codes(parsed)) == []
    assert len(parsed.entry or ()) == len(read(name)["entry"])


def test_the_validator_can_refuse() -> None:
    """A missing element, one that FHIR does not know, and a code it does not allow are found."""
    whole = read("screen-failure")
    subject = next(
        entry["resource"] for entry in whole["entry"] if entry["resource"]["resourceType"] == "ResearchSubject"
    )
    study = subject.pop("study")
    with pytest.raises(ValidationError, match="study"):
        Bundle.model_validate_json(json.dumps(whole, default=str))
    subject |= {"study": study, "colour": "red"}
    with pytest.raises(ValidationError, match="colour"):
        Bundle.model_validate_json(json.dumps(whole, default=str))
    del subject["colour"]
    subject["status"] = "gone"
    wrong = list(wrong_codes(Bundle.model_validate_json(json.dumps(whole, default=str))))
    assert wrong == ["ResearchSubject.status: gone"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_reference_resolves_within_the_bundle(name: str) -> None:
    """To a full URL of it; no full URL comes twice."""
    text = json.dumps(bundle(record(name), made(record(name))), default=str)
    urls = [entry["fullUrl"] for entry in read(name)["entry"]]
    assert len(set(urls)) == len(urls)
    references = set(re.findall(r'"reference": "([^"]+)"', text))
    assert references
    assert references <= set(urls)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("completed", {"Consent": 1, "Procedure": 1, "AdverseEvent": 0}),
        ("completed-COHORT_2", {"Consent": 1, "Procedure": 1, "AdverseEvent": 0}),
        ("chinese", {"Consent": 1, "Procedure": 1, "AdverseEvent": 3}),
        ("sponsor-acts", {"Consent": 2, "Procedure": 0, "AdverseEvent": 0}),
        ("screen-failure", {"Consent": 1, "Procedure": 0, "MedicationAdministration": 0}),
    ],
)
def test_the_resources_of_a_journey(name: str, expected: dict[str, int]) -> None:
    """Each kind as often as the journey has it."""
    kinds = Counter(entry["resource"]["resourceType"] for entry in read(name)["entry"])
    assert kinds.keys() >= ALWAYS
    assert {kind: kinds[kind] for kind in expected} == expected


def test_a_result_has_system_code_unit_and_limits() -> None:
    """Hemoglobin 718-7 in g/L; creatinine with the code of its molar unit; every unit is UCUM."""
    found: dict[str, dict[str, Any]] = {}
    for one in resources("completed", "Observation"):
        found.setdefault(one["code"]["coding"][0]["code"], one)
        assert one["code"]["coding"][0]["system"] == "http://loinc.org"
        if "valueQuantity" in one:
            value = one["valueQuantity"]
            assert value["system"] == "http://unitsofmeasure.org"
            assert convert(Decimal(1), value["code"], value["code"]) == 1
    hemoglobin = found["718-7"]
    assert (hemoglobin["valueQuantity"]["value"], hemoglobin["valueQuantity"]["code"]) == (145, "g/L")
    assert hemoglobin["referenceRange"][0]["high"]["value"] == 175
    assert hemoglobin["effectiveDateTime"].startswith(str(day(1)))
    assert found["14682-9"]["valueQuantity"]["code"] == "umol/L"
    assert "2160-0" not in found
    assert found["31201-7"]["valueCodeableConcept"]["coding"][0]["code"] == "260385009"
    assert (found["89247-1"]["valueInteger"], found["29463-7"]["valueQuantity"]["value"]) == (1, 70)


def test_a_dose_has_amount_unit_and_route() -> None:
    """Benmelstobart 1200 mg IV on day 1: T2. What was left out is not done, with its reason."""
    first = resources("completed", "MedicationAdministration")[0]
    assert first["dosage"]["dose"] == {
        "value": 1200, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg",
    }  # fmt: skip
    assert first["dosage"]["route"]["coding"][0]["code"] == "47625008"
    assert (first["status"], first["effectiveDateTime"]) == ("completed", str(day(7)))
    left_out = [one for one in resources("chinese", "MedicationAdministration") if one["status"] == "not-done"]
    assert [one["statusReason"][0]["text"] for one in left_out] == [TERM, "toxicity"]


def test_a_surgery_has_the_date_it_counts_with() -> None:
    """Corrected from day 44 to day 45; final pathology R1 counts, not the surgeon's R0: T6."""
    (surgery,) = resources("chinese", "Procedure")
    assert surgery["performedDateTime"] == str(day(45))
    assert surgery["outcome"]["coding"][0]["code"] == "R1"


def test_an_adverse_event_has_seriousness_and_severity() -> None:
    """Grade 4 and serious; grade 1 is mild; a pregnancy has no grade."""
    serious, mild, _ = resources("chinese", "AdverseEvent")
    assert serious["seriousness"]["coding"][0]["code"] == "Serious"
    assert serious["severity"]["coding"][0]["code"] == "severe"
    assert serious["event"]["text"] == f"{TERM} (CTCAE grade 4)"
    assert (mild["severity"]["coding"][0]["code"], mild["outcome"]["coding"][0]["code"]) == ("mild", "resolved")
    (pregnancy,) = resources("pregnant-in-screening", "AdverseEvent")
    assert "severity" not in pregnancy


@pytest.mark.parametrize(
    ("name", "status", "plan"),
    [
        ("completed", "off-study", "completed"),
        ("screen-failure", "ineligible", "revoked"),
        ("withdrawn-from-study", "withdrawn", "revoked"),
    ],
)
def test_the_status_of_the_subject_and_of_the_plan(name: str, status: str, plan: str) -> None:
    """In the words of R4."""
    (subject,) = resources(name, "ResearchSubject")
    (care_plan,) = resources(name, "CarePlan")
    assert (subject["status"], care_plan["status"]) == (status, plan)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_no_identity_is_in_the_bundle(name: str) -> None:
    """Number and sex alone: no name, no birth date, no age."""
    (patient,) = resources(name, "Patient")
    assert set(patient) == {"resourceType", "id", "identifier", "gender"}
    assert "1960-02-03" not in json.dumps(read(name), default=str)


def test_the_last_entry_says_what_it_was_made_from() -> None:
    """Provenance: stream, last fact, hash, the instant that was given; its targets are all the others."""
    entries = read("completed")["entry"]
    last = entries[-1]["resource"]
    assert last["resourceType"] == "Provenance"
    assert (last["recorded"], len(last["target"])) == ("2026-11-23T04:00:00Z", len(entries) - 1)
    said = last["entity"][0]["what"]["display"]
    assert f"facts 1 to {record('completed').head.seq}, hash ab12" in said
