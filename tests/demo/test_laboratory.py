"""The demonstration laboratory: what its result sets hold, and how they are dropped."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from activities.adapters.fhir_folder import FhirFolder
from demo import laboratory, laboratory_tests
from demo.cast import cast
from demo.screening import screening_codes
from domain.labs import LabValue, read
from domain.nct06978153 import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COLLECTED = datetime(2026, 3, 4, 8, 15, tzinfo=timezone(timedelta(hours=1)))
ISSUED = COLLECTED + timedelta(hours=3)

UNITS = {
    "718-7": "g/dL",
    "751-8": "10*3/uL",
    "777-3": "10*3/uL",
    "1975-2": "mg/dL",
    "1742-6": "U/L",
    "1920-8": "U/L",
    "2160-0": "mg/dL",
}
LEAST = {"718-7": 10.0, "751-8": 2.0, "777-3": 120}
GREATEST = {"1975-2": 1.0, "1742-6": 1.5, "1920-8": 1.5, "2160-0": 1.0}
PLACES = {"718-7": 1, "751-8": 1, "777-3": 0, "1975-2": 1, "1742-6": 0, "2160-0": 2}


def make(**changes: object) -> dict[str, Any]:
    """Return a result set of S001, but for the changes."""
    arguments: dict[str, Any] = {
        "seed": "demo",
        "subject": "S001",
        "collected_at": COLLECTED,
        "issued_at": ISSUED,
        "sex": "F",
    }
    arguments.update(changes)
    return laboratory.result_set(**arguments)


def by_code(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Observations by their LOINC code."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return {one["code"]["coding"][0]["code"]: one for one in found}


def values(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return each number or text by its LOINC code."""
    return {
        code: one["valueQuantity"]["value"] if "valueQuantity" in one else one["valueCodeableConcept"]["text"]
        for code, one in by_code(bundle).items()
    }


def test_bundle_is_a_collection_of_final_laboratory_observations() -> None:
    """Every entry is a final, LOINC-coded laboratory Observation."""
    bundle = make()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert set(by_code(bundle)) == {*UNITS, "20454-5"}
    for entry in bundle["entry"]:
        one = entry["resource"]
        assert (one["resourceType"], one["status"]) == ("Observation", "final")
        assert one["category"][0]["coding"][0]["code"] == "laboratory"
        assert one["code"]["coding"][0]["system"] == "http://loinc.org"
        assert one["code"]["coding"][0]["display"]
        assert entry["fullUrl"] == f"urn:uuid:{one['id']}"


def test_times_keep_the_offset_they_were_given() -> None:
    """Collection and issue are written as given, with their offset."""
    for one in by_code(make()).values():
        assert one["effectiveDateTime"] == "2026-03-04T08:15:00+01:00"
        assert one["issued"] == "2026-03-04T11:15:00+01:00"


def test_subject_number_is_the_only_identity() -> None:
    """Nothing of the generator's patient, clinician or visit is left."""
    bundle = make()
    subject = {"identifier": {"system": "urn:trialpath:subject", "value": "S001"}}
    assert all(one["subject"] == subject for one in by_code(bundle).values())
    text = json.dumps(bundle)
    for word in ("Patient", "name", "birthDate", "encounter", "performer", "gender"):
        assert f'"{word}"' not in text


def test_quantities_use_conventional_units() -> None:
    """Values and both ends of the range carry the unit and its UCUM code."""
    found = by_code(make())
    for code, unit in UNITS.items():
        (interval,) = found[code]["referenceRange"]
        for edge in (found[code]["valueQuantity"], interval["low"], interval["high"]):
            assert edge["unit"] == edge["code"] == unit
            assert edge["system"] == "http://unitsofmeasure.org"
    assert "referenceRange" not in found["20454-5"]


@pytest.mark.parametrize("sex", ["F", "M"])
def test_unmarked_results_are_safe_and_printed_short(sex: str) -> None:
    """Without abnormal values no result set of many leaves the safe limits."""
    for number in range(150):
        bundle = make(subject=f"S{number:03d}", sex=sex)
        found, observations = values(bundle), by_code(bundle)
        assert all(found[code] >= least for code, least in LEAST.items())
        for code, times in GREATEST.items():
            (interval,) = observations[code]["referenceRange"]
            assert found[code] <= times * interval["high"]["value"]
        assert all(round(found[code], places) == found[code] for code, places in PLACES.items())
        assert found["20454-5"] in {"negative", "trace"}


def test_reference_ranges_depend_on_sex() -> None:
    """Haemoglobin, transaminases and creatinine have other limits for men."""
    women, men = by_code(make(sex="female")), by_code(make(sex="male"))
    for code in ("718-7", "1742-6", "1920-8", "2160-0"):
        hers, his = (found[code]["referenceRange"][0]["high"] for found in (women, men))
        assert hers["value"] < his["value"]
    assert make(sex="female") == make(sex="F")


def test_a_known_sample_has_known_values() -> None:
    """A fixed sample gives the same values in every process and place."""
    assert values(make()) == {
        "718-7": 16.1,
        "751-8": 4.2,
        "777-3": 236,
        "1975-2": 0.3,
        "1742-6": 15,
        "1920-8": 20,
        "2160-0": 0.71,
        "20454-5": "negative",
    }


def test_same_arguments_give_the_same_bundle() -> None:
    """A bundle drawn afresh, or after a caller changed the first, is identical."""
    first = make()
    kept = copy.deepcopy(first)
    first["entry"][0]["resource"]["subject"]["identifier"]["value"] = "S999"
    assert make() == kept
    laboratory._safe_values.cache_clear()  # noqa: SLF001 - as in a new process
    assert json.dumps(make()) == json.dumps(kept)


def test_subject_seed_and_collection_each_change_the_values() -> None:
    """Other subjects, seeds and samples get other draws."""
    later = COLLECTED + timedelta(days=14)
    others = [make(subject="S002"), make(seed="other"), make(collected_at=later)]
    drawn = [json.dumps(values(bundle)) for bundle in (make(), *others)]
    assert len(set(drawn)) == len(drawn)


def test_issuing_again_keeps_results_and_their_identifiers() -> None:
    """A second issue, or another way to write the instant, is the same sample."""
    again = make(issued_at=ISSUED + timedelta(days=1), collected_at=COLLECTED.astimezone(UTC))
    assert values(again) == values(make())
    assert [one["fullUrl"] for one in again["entry"]] == [one["fullUrl"] for one in make()["entry"]]
    assert again["id"] != make()["id"]


def test_abnormal_values_replace_only_their_own() -> None:
    """An abnormal value stands exactly as given and leaves the rest alone."""
    abnormal = {"718-7": Decimal("7.95"), "777-3": Decimal(48), "20454-5": "3+"}
    expected = values(make()) | {"718-7": 7.95, "777-3": 48, "20454-5": "3+"}
    assert values(make(abnormal=abnormal)) == expected


@pytest.mark.parametrize(
    "abnormal",
    [
        {"2951-2": Decimal(140)},
        {"718-7": "7.9"},
        {"718-7": Decimal("NaN")},
        {"20454-5": "5+"},
        {"20454-5": Decimal(3)},
    ],
)
def test_what_the_laboratory_cannot_report_is_refused(abnormal: dict[str, Any]) -> None:
    """Unknown codes and values of the wrong kind are errors of the caller."""
    with pytest.raises(ValueError, match="cannot report"):
        make(abnormal=abnormal)


ADDED = (*laboratory_tests.SCREENING, *laboratory_tests.PREGNANCY)


@pytest.mark.parametrize("sex", ["F", "M"])
def test_added_tests_are_normal_and_the_product_can_use_each(sex: str) -> None:
    """Numbers lie within the range printed with them, words say that nothing was found; all are read by the product."""
    for number in range(50):
        found = by_code(make(subject=f"S{number:03d}", sex=sex, also=ADDED))
        for code in laboratory_tests.SCREENING_RANGES:
            (interval,) = found[code]["referenceRange"]
            assert interval["low"]["value"] < found[code]["valueQuantity"]["value"] < interval["high"]["value"]
        words = {found[code]["valueCodeableConcept"]["text"] for code in ADDED if code in laboratory_tests.WORDS}
        assert words == {"negative", "non-reactive"}


def test_added_tests_leave_the_usual_ones_as_they_are(tmp_path: Path) -> None:
    """The values and identifiers of what every sample is tested for stay, and the product takes all the others."""
    plain, more = make(), make(also=ADDED)
    assert more["entry"][: len(plain["entry"])] == plain["entry"]
    laboratory.drop(tmp_path, "S001-1", more)
    read_by_product = [read(result, PROTOCOL.lab_bounds) for result in FhirFolder(tmp_path).results("S001")]
    taken = {value.analyte for value in read_by_product if isinstance(value, LabValue)}
    assert taken >= {"INR", "PT", "APTT", "CA", "CA_ION", "ALB", "GLU_F", "FOB", "HIV", "HBSAG", "HCV", "HCG"}
    assert len(taken) == len(read_by_product)


def test_an_added_test_can_be_abnormal_too() -> None:
    """In its own words or number, and only when it is tested for."""
    abnormal = {"6301-6": Decimal("1.6"), "16128-1": "reactive"}
    expected = values(make(also=ADDED)) | {"6301-6": 1.6, "16128-1": "reactive"}
    assert values(make(also=ADDED, abnormal=abnormal)) == expected
    with pytest.raises(ValueError, match="cannot report"):
        make(abnormal=abnormal)


def test_women_of_childbearing_age_are_tested_for_pregnancy_at_screening() -> None:
    """Females of 18 to 49 years at enrolment (I10), and nobody else."""
    for person in cast("demo", 66):
        birthdays = person.enrolled_on.replace(year=person.enrolled_on.year - 50)
        fertile = person.sex == "FEMALE" and person.born_on > birthdays
        assert (laboratory_tests.HCG in screening_codes(person)) == fertile


@pytest.mark.parametrize("name", ["collected_at", "issued_at"])
def test_times_without_offset_are_refused(name: str) -> None:
    """A local time without offset is refused, not guessed at."""
    with pytest.raises(ValueError, match="no offset"):
        make(**{name: COLLECTED.replace(tzinfo=None)})


def test_unknown_sex_is_refused() -> None:
    """A sex without reference ranges is refused."""
    with pytest.raises(ValueError, match="unknown sex"):
        make(sex="?")


def test_importing_the_module_does_not_import_the_generator() -> None:
    """The slow generator is imported only when a result set is wanted."""
    script = "import sys, demo.laboratory; sys.exit('carebundle' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_drop_writes_readable_json_and_leaves_nothing_else(tmp_path: Path) -> None:
    """A dropped file holds the bundle, and a second drop replaces it."""
    folder = tmp_path / "inbox"
    laboratory.drop(folder, "S001-screening", make())
    bundle = make(abnormal={"718-7": Decimal("7.9")})
    path = laboratory.drop(folder, "S001-screening", bundle)
    assert path == folder / "S001-screening.json"
    assert json.loads(path.read_text(encoding="utf-8")) == bundle
    assert list(folder.iterdir()) == [path]


def test_drop_of_an_unwritable_bundle_leaves_no_file(tmp_path: Path) -> None:
    """What JSON cannot hold never reaches the folder."""
    with pytest.raises(TypeError):
        laboratory.drop(tmp_path, "S001", {"value": Decimal("1.0")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../S001", "a/b"])
def test_drop_keeps_to_its_folder(tmp_path: Path, name: str) -> None:
    """A name that is not a plain file name is refused."""
    with pytest.raises(ValueError, match="plain file name"):
        laboratory.drop(tmp_path, name, make())
