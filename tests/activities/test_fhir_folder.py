"""A laboratory as a folder of FHIR bundles: what is read is read exactly, and what is not understood is set aside."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.adapters import fhir_folder
from activities.adapters.fhir_folder import FhirFolder
from activities.adapters.observations import PURPOSE_SYSTEM, SUBJECT_SYSTEM, UCUM
from domain.labs import LOINC, LabValue, ReportedResult, UnusedResult, read
from domain.nct06978153 import PROTOCOL

HEMOGLOBIN = {"value": 13.5, "unit": "g/dL", "system": UCUM, "code": "g/dL"}
SAMPLED = "2025-07-01T08:00:00+08:00"


def observation(code: str = "718-7", subject: str = "S001", **changed: Any) -> dict[str, Any]:
    """Give one Observation; None leaves a field out."""
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"identifier": {"system": SUBJECT_SYSTEM, "value": subject}},
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": SAMPLED,
        "valueQuantity": HEMOGLOBIN,
    }
    return {name: value for name, value in (resource | changed).items() if value is not None}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the laboratory."""
    return tmp_path


def put(folder: Path, name: str, *resources: object) -> None:
    """Put a bundle into the folder."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    (folder / name).write_text(json.dumps(bundle))


def results(folder: Path, subject: str = "S001") -> list[ReportedResult]:
    """Read the folder for a subject."""
    return list(FhirFolder(folder).results(subject))


def test_a_result_comes_as_printed_with_its_unit_and_file(folder: Path) -> None:
    """Code, value, unit, instant with its offset, status and the document."""
    put(folder, "S001-C1.json", observation())

    (found,) = results(folder)

    assert (found.code, found.system, found.value, found.unit) == ("718-7", LOINC, "13.5", "g/dL")
    assert (found.collected_at.isoformat(), found.status, found.document) == (SAMPLED, "final", "S001-C1.json")


def test_a_result_carries_its_id_and_when_it_was_issued(folder: Path) -> None:
    """By these a later report of the same result is told from an earlier one."""
    put(folder, "S001-C1.json", observation(id="obs-1", issued="2025-07-01T15:00:00+08:00"), observation())

    named, plain = results(folder)

    assert named.issued_at is not None
    assert (named.observation, named.issued_at.isoformat()) == ("obs-1", "2025-07-01T15:00:00+08:00")
    assert (plain.observation, plain.issued_at) == ("", None)


def test_a_withdrawn_result_needs_no_value(folder: Path) -> None:
    """Entered in error: FHIR lets it come without one; any other status does not."""
    put(folder, "S001-C1.json", *(
        observation(id="obs-1", status=status, valueQuantity=None) for status in ("entered-in-error", "final")
    ))  # fmt: skip

    (found,) = results(folder)

    assert (found.status, found.value) == ("entered-in-error", "no value")
    unused = read(found, PROTOCOL.lab_bounds)
    assert isinstance(unused, UnusedResult)
    assert (unused.why, unused.observation) == ("withdrawn: status is 'entered-in-error'", "obs-1")


def test_no_digit_of_a_value_is_lost(folder: Path) -> None:
    """A trailing zero and many digits stay: numbers are never binary fractions."""
    text = json.dumps({"entry": [{"resource": observation()}]}).replace("13.5", "13.500000000000000000010")
    (folder / "S001-C1.json").write_text(text)

    assert [found.value for found in results(folder)] == ["13.500000000000000000010"]


def test_a_value_is_converted_by_its_unit_and_never_guessed(folder: Path) -> None:
    """13.5 g/dL is 135 g/L; without a UCUM code the number is kept and not used."""
    put(folder, "S001-1.json", observation(), observation(valueQuantity={"value": 13.5, "unit": "g/dL"}))

    used, unused = (read(found, PROTOCOL.lab_bounds) for found in results(folder))

    assert isinstance(used, LabValue)
    assert (used.value, used.unit, used.reported) == (Decimal(135), "g/L", "13.5 g/dL")
    assert isinstance(unused, UnusedResult)
    assert "missing unit" in unused.why


@pytest.mark.parametrize("comparator", ["<", "<=", ">=", ">"])
def test_a_comparator_stays_with_the_value(folder: Path, comparator: str) -> None:
    """A censored value is on record as printed and used in no verdict."""
    put(folder, "S001-1.json", observation(valueQuantity=HEMOGLOBIN | {"comparator": comparator}))

    (found,) = results(folder)

    assert found.value == f"{comparator}13.5"
    assert isinstance(read(found, PROTOCOL.lab_bounds), UnusedResult)


def test_text_and_coded_values_come_as_text(folder: Path) -> None:
    """A dipstick is a word, coded or plain."""
    coded = observation("20454-5", valueQuantity=None, valueCodeableConcept={"text": "1+"})
    plain = observation("20454-5", valueQuantity=None, valueString="trace")
    put(folder, "S001-1.json", coded, plain)

    assert [(found.value, found.unit) for found in results(folder)] == [("1+", ""), ("trace", "")]


@pytest.mark.parametrize(
    ("high", "limit"),
    [({"value": 17.5, "code": "g/dL"}, "17.5"), ({"value": 175, "code": "g/L"}, ""), ({"value": 17.5}, "17.5")],
)
def test_an_upper_limit_counts_only_in_the_results_own_unit(folder: Path, high: dict[str, Any], limit: str) -> None:
    """A limit in another unit is left out; one without a unit is in the result's own."""
    put(folder, "S001-1.json", observation(referenceRange=[{"text": "see report"}, {"high": high}]))

    assert [found.upper_limit for found in results(folder)] == [limit]


def test_the_lower_limit_and_the_status_come_with_the_value(folder: Path) -> None:
    """CTCAE grades 1 need the lower limit of normal, and a corrected report says that it is one."""
    limits = {"low": {"value": 13.0, "code": "g/dL"}, "high": {"value": 17.5, "code": "g/dL"}}
    put(folder, "S001-1.json", observation(status="corrected", referenceRange=[limits]))

    (found,) = results(folder)
    value = read(found, PROTOCOL.lab_bounds)

    assert (found.lower_limit, found.upper_limit, found.status) == ("13.0", "17.5", "corrected")
    assert isinstance(value, LabValue)
    assert (value.lower_limit, value.upper_limit, value.status) == (Decimal(130), Decimal(175), "corrected")


@pytest.mark.parametrize(
    ("ranges", "limit"),
    [
        ([{"type": {"coding": [{"code": "therapeutic"}]}, "high": {"value": 3.0}}, {"high": {"value": 1.2}}], "1.2"),
        ([{"type": {"coding": [{"code": "normal"}]}, "high": {"value": 1.2}}], "1.2"),
        ([{"type": {"text": "adults"}, "high": {"value": 1.2}}], "1.2"),
        ([{"high": {"value": 1.2}}, {"high": {"value": 1.2}}], "1.2"),
        ([{"high": {"value": 1.2}}, {"high": {"value": 1.4}}], ""),
        ([{"high": {"unit": "none"}}], ""),
    ],
    ids=["therapeutic", "normal", "in words", "twice", "two that differ", "no number"],
)
def test_only_one_range_of_normal_gives_a_limit(folder: Path, ranges: list[dict[str, Any]], limit: str) -> None:
    """A therapeutic range is not normal, and of two that differ neither is picked."""
    ratio = {"value": 1.1, "system": UCUM, "code": "{INR}"}
    put(folder, "S001-1.json", observation("6301-6", valueQuantity=ratio, referenceRange=ranges))

    assert [found.upper_limit for found in results(folder)] == [limit]


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"valueCodeableConcept": {"text": "Non-reactive", "coding": [{"display": "Negative"}]}}, "Non-reactive"),
        ({"valueCodeableConcept": {"coding": [{"code": "260385009"}, {"display": "Negative"}]}}, "Negative"),
        ({"valueCodeableConcept": {"coding": [{"code": "260385009"}]}}, "a code without words"),
        ({"valueString": "Negative", "interpretation": [{"coding": [{"code": "NEG"}]}]}, "Negative"),
        ({"valueString": "Negative", "interpretation": [{"coding": [{"code": "N"}]}]}, "Negative"),
        ({"valueString": "Negative", "interpretation": [{"coding": [{"code": "POS"}]}]},
         "Negative, interpreted as positive"),
        ({"interpretation": [{"coding": [{"code": "POS"}]}]}, "positive"),
        ({"interpretation": [{"coding": [{"code": "NEG"}, {"code": "POS"}]}]}, "negative and positive"),
        ({"dataAbsentReason": {"text": "hemolyzed"}}, "no value: hemolyzed"),
    ],
)  # fmt: skip
def test_a_word_comes_from_value_code_or_interpretation(folder: Path, fields: dict[str, Any], value: str) -> None:
    """What is said twice must agree; a specimen without a value keeps its reason."""
    put(folder, "S001-1.json", observation("31201-7", valueQuantity=None, **fields))

    (found,) = results(folder)

    assert (found.value, found.unit) == (value, "")
    plain = value.lower() in {"non-reactive", "negative", "positive"}
    assert isinstance(read(found, PROTOCOL.lab_bounds), LabValue if plain else UnusedResult)


def test_another_subjects_result_is_never_taken(folder: Path) -> None:
    """Neither from a file with the wrong name, nor by a number that begins alike, nor from another system."""
    elsewhere = {"identifier": {"system": "urn:hospital", "value": "S001"}}
    put(folder, "S001-swapped.json", observation(subject="S002"), observation() | {"subject": elsewhere})
    put(folder, "S0011-C1.json", observation(subject="S0011"))

    assert results(folder) == []
    assert len(results(folder, "S0011")) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"entry": 7}',
        b"<html>busy</html>",
        b"\xff\xfe",
        b'{"entry": [{}]}',
        b"[" * 200_000,
        b'{"entry": [1e99999999999999999999]}',
        b'{"entry": [NaN]}',
    ],
    ids=[
        "empty",
        "cut short",
        "null",
        "list",
        "no entries",
        "html",
        "not UTF-8",
        "no resource",
        "endless",
        "beyond numbers",
        "not a number",
    ],
)
def test_a_file_that_is_no_bundle_is_set_aside_and_the_others_count(folder: Path, content: bytes) -> None:
    """One bad file does not keep good results back."""
    (folder / "S001-bad.json").write_bytes(content)
    put(folder, "S001-good.json", observation())

    assert [found.document for found in results(folder)] == ["S001-good.json"]


@pytest.mark.parametrize(
    "bad",
    [
        observation(valueQuantity=None),
        observation(valueQuantity={"unit": "g/dL"}),
        observation(effectiveDateTime=None),
        observation(effectiveDateTime="2025-07-01"),
        observation(effectiveDateTime="2025-07-01T08:00:00"),
        observation() | {"subject": None},
        observation() | {"code": {}},
        observation() | {"code": {"coding": [{"system": LOINC}]}},
        "no resource",
        None,
    ],
    ids=[
        "no value",
        "no number",
        "no date",
        "no time of day",
        "no zone",
        "no subject",
        "no code",
        "empty code",
        "text",
        "null",
    ],
)
def test_a_result_with_something_missing_is_set_aside_and_the_rest_counts(folder: Path, bad: object) -> None:
    """The other results of the same bundle are taken."""
    put(folder, "S001-1.json", bad, observation("777-3"))

    assert [found.code for found in results(folder)] == ["777-3"]


def test_other_resources_and_other_codes_are_passed_over(folder: Path) -> None:
    """A bundle also carries patients, reports and local codes."""
    local = observation() | {"code": {"coding": [{"system": "urn:local", "code": "HB"}]}}
    put(folder, "S001-1.json", {"resourceType": "Patient"}, local, observation())

    assert len(results(folder)) == 1


def test_a_folder_that_is_not_there_is_an_error_for_the_retry(tmp_path: Path) -> None:
    """No folder is not the same as no results."""
    assert "does not exist" in FhirFolder(tmp_path / "gone").check()
    assert FhirFolder(tmp_path).check() == ""
    with pytest.raises(FileNotFoundError, match="does not exist"):
        FhirFolder(tmp_path / "gone").results("S001")


def dated(folder: Path, name: str, second: int) -> None:
    """Set the second at which a file was last written."""
    os.utime(folder / name, (second, second))


def values(laboratory: FhirFolder) -> list[str]:
    """Give the values of S001 as the folder has them now, in the order of its files."""
    return [found.value for found in laboratory.results("S001")]


def hemoglobin(value: float) -> dict[str, Any]:
    """Give an Observation of hemoglobin."""
    return observation(valueQuantity=HEMOGLOBIN | {"value": value})


def test_a_new_file_counts_when_it_is_asked_for_again(folder: Path) -> None:
    """The folder is looked through each time, whatever was read before."""
    laboratory = FhirFolder(folder)
    assert values(laboratory) == []

    put(folder, "S001-2.json", hemoglobin(12.0))
    assert values(laboratory) == ["12.0"]

    put(folder, "S001-1.json", hemoglobin(11.0))
    assert values(laboratory) == ["11.0", "12.0"]


@pytest.mark.parametrize(
    ("second", "value"), [(2000, 12.5), (500, 12.5), (1000, 112.5)], ids=["later", "earlier", "longer"]
)
def test_a_changed_file_is_read_again(folder: Path, second: int, value: float) -> None:
    """Another time, be it an earlier one of a file moved in, or another length."""
    laboratory = FhirFolder(folder)
    put(folder, "S001-1.json", hemoglobin(11.5))
    dated(folder, "S001-1.json", 1000)
    assert values(laboratory) == ["11.5"]

    put(folder, "S001-1.json", hemoglobin(value))
    dated(folder, "S001-1.json", second)
    assert values(laboratory) == [str(value)]


def test_a_file_that_was_cut_short_counts_once_it_is_whole(folder: Path) -> None:
    """What could not be read is not remembered beyond the file as it was."""
    laboratory = FhirFolder(folder)
    put(folder, "S001-1.json", hemoglobin(11.5))
    whole = (folder / "S001-1.json").read_bytes()
    (folder / "S001-1.json").write_bytes(whole[:-20])
    assert values(laboratory) == []

    (folder / "S001-1.json").write_bytes(whole)
    assert values(laboratory) == ["11.5"]


def test_a_removed_file_counts_no_more(folder: Path) -> None:
    """The others stay."""
    laboratory = FhirFolder(folder)
    put(folder, "S001-1.json", hemoglobin(11.0))
    put(folder, "S001-2.json", hemoglobin(12.0))
    assert values(laboratory) == ["11.0", "12.0"]

    (folder / "S001-1.json").unlink()
    assert values(laboratory) == ["12.0"]


def test_a_file_of_the_same_time_and_length_is_not_read_again(folder: Path) -> None:
    """An order asks every few hours for months: what is known is given without reading."""
    laboratory = FhirFolder(folder)
    put(folder, "S001-1.json", hemoglobin(11.5))
    dated(folder, "S001-1.json", 1000)
    first = values(laboratory)

    put(folder, "S001-1.json", hemoglobin(12.5))
    dated(folder, "S001-1.json", 1000)
    assert values(laboratory) == first == ["11.5"]


def test_files_beyond_those_that_are_kept_are_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting costs time and loses nothing."""
    monkeypatch.setattr(fhir_folder, "KEPT_FILES", 2)
    laboratory = FhirFolder(folder)
    for number in (1, 2, 3, 4):
        put(folder, f"S001-{number}.json", hemoglobin(10.0 + number))

    assert values(laboratory) == values(laboratory) == ["11.0", "12.0", "13.0", "14.0"]


CARE = {"system": PURPOSE_SYSTEM, "code": "standard-of-care"}


@pytest.mark.parametrize(
    ("fields", "for_care"),
    [
        ({"meta": {"tag": [CARE]}}, True),
        ({"category": [{"coding": [{"system": "http://example.org", "code": "laboratory"}, CARE]}]}, True),
        ({"category": [{"coding": [{"system": "http://example.org", "code": "standard-of-care"}]}]}, False),
        ({"meta": {"tag": [CARE | {"code": "research"}]}}, False),
        ({"meta": {}, "category": [{"text": "standard-of-care"}]}, False),
        ({}, False),
    ],
)
def test_a_result_of_care_is_marked_by_tag_or_category(
    folder: Path,
    fields: dict[str, Any],
    for_care: bool,  # noqa: FBT001 - a table
) -> None:
    """Only so marked may a sample be older than the consent (I1.1)."""
    put(folder, "S001-1.json", observation(**fields))

    (found,) = results(folder)

    assert found.standard_of_care == for_care
    used = read(found, PROTOCOL.lab_bounds)
    assert isinstance(used, LabValue)
    assert used.standard_of_care == for_care
