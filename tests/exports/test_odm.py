"""The ODM document, validated by odmlib: by the schema of CDISC that it carries, and its own model and OID checks."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import odmlib
import pytest
from odmlib import odm_loader, odm_parser
from odmlib.exceptions import OdmlibSchemaValidationError
from odmlib.loader import ODMLoader
from odmlib.oid_generator import create_oid_checker

from exports.odm import EVENTS, odm
from read_models.rows import rows_of
from tests.exports.made import DOCUMENTED, WHY, made, record
from tests.given import day

SCHEMA = Path(odmlib.__file__).parent / "schemas/odm/1.3.2/ODM1-3-2.xsd"
SPACE = {"o": "http://www.cdisc.org/ns/odm/v1.3"}
RECORDS = [record(name, f"S{number:03}") for number, name in enumerate(DOCUMENTED, start=1)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One document of several subjects."""
    file = tmp_path_factory.mktemp("odm") / "trial.xml"
    file.write_bytes(odm(RECORDS, made(*RECORDS, hash_="ab12")))
    return file


@pytest.fixture(scope="module")
def validator() -> Any:
    """The schema of ODM 1.3.2."""
    return odm_parser.ODMSchemaValidator(str(SCHEMA))


def refusal(validator: Any, file: Path) -> str:
    """Give why a document is not valid; nothing when it is."""
    try:
        validator.validate_file(str(file))
    except OdmlibSchemaValidationError as problem:
        return str(problem) or "refused without a word"
    return ""


def test_the_document_is_valid_by_the_schema_of_cdisc(path: Path, validator: Any) -> None:
    """ODM 1.3.2, whole: metadata and data."""
    assert refusal(validator, path) == ""


@pytest.mark.parametrize("name", ["chinese", "screen-failure"])
def test_the_document_of_one_subject_is_valid(tmp_path: Path, validator: Any, name: str) -> None:
    """Each by itself too."""
    file = tmp_path / "one.xml"
    file.write_bytes(odm([record(name)], made(record(name))))
    assert refusal(validator, file) == ""


def test_the_schema_can_refuse(tmp_path: Path, validator: Any) -> None:
    """An element that is not there in ODM is found."""
    wrong, right = tmp_path / "wrong.xml", odm([record("screen-failure")], made(record("screen-failure")))
    wrong.write_text(right.decode().replace("<ClinicalData ", "<Extra/><ClinicalData "))
    with pytest.raises(OdmlibSchemaValidationError):
        validator.validate_file(str(wrong))


def test_every_oid_that_is_named_is_defined(path: Path) -> None:
    """By odmlib's own model and check: events, forms, item groups, items, code lists."""
    loader = ODMLoader(odm_loader.XMLODMLoader(model_package="odm_1_3_2"))
    loader.open_odm_document(str(path))
    document = loader.load_odm()
    assert document.verify_oids(create_oid_checker("odm_1_3_2"))
    version = document.Study[0].MetaDataVersion[0]
    assert [event.OID for event in version.StudyEventDef] == [event.oid for event in EVENTS]
    assert len(document.ClinicalData[0].SubjectData) == len(RECORDS)


def test_the_data_keep_to_the_metadata(path: Path) -> None:
    """Each item's value fits its type; each coded one is a word of its list."""
    root = ET.parse(path).getroot()  # noqa: S314 - our own document
    kinds = {item.get("OID"): item for item in root.iterfind(".//o:ItemDef", SPACE)}
    words = {
        codes.get("OID"): {item.get("CodedValue") for item in codes.iterfind("o:CodeListItem", SPACE)}
        for codes in root.iterfind(".//o:CodeList", SPACE)
    }
    found = list(root.iterfind(".//o:ItemData", SPACE))
    assert len(found) > 1000
    for item in found:
        known = kinds[item.get("ItemOID")]
        listed = known.find("o:CodeListRef", SPACE)
        assert listed is None or item.get("Value") in words[listed.get("CodeListOID")]
        assert known.get("DataType") != "integer" or int(str(item.get("Value"))) is not None
        assert known.get("DataType") != "boolean" or item.get("Value") in ("true", "false")


def test_every_row_is_there(path: Path) -> None:
    """As many item groups as the tables have rows, for each subject and table."""
    root = ET.parse(path).getroot()  # noqa: S314 - our own document
    for one in RECORDS:
        subject = root.find(f".//o:SubjectData[@SubjectKey='{one.journey.subject}']", SPACE)
        assert subject is not None
        rows = rows_of(one)
        for table in (table for event in EVENTS for table in event.tables):
            groups = subject.findall(f".//o:ItemGroupData[@ItemGroupOID='IG.{table}']", SPACE)
            assert len(groups) == len(rows[table]), (one.journey.subject, table)


def test_a_cycle_holds_its_visit_and_its_doses(path: Path) -> None:
    """The event C1D1 of the first subject: planned and actual date, four drugs on day 1 and etoposide after it."""
    root = ET.parse(path).getroot()  # noqa: S314 - our own document
    event = root.find(".//o:SubjectData[@SubjectKey='S001']/o:StudyEventData[@StudyEventRepeatKey='C1D1']", SPACE)
    assert event is not None
    values = {(item.get("ItemOID"), item.get("Value")) for item in event.iterfind(".//o:ItemData", SPACE)}
    assert ("IT.visits.actual_on", str(day(7))) in values
    assert ("IT.doses.given_amount", "1200") in values
    assert len(event.findall(".//o:ItemGroupData[@ItemGroupOID='IG.doses']", SPACE)) == 6


def test_chinese_text_and_no_birth_date(path: Path) -> None:
    """UTF-8; the age at consent is all."""
    text = path.read_text(encoding="utf-8")
    assert WHY in text
    assert "1960-02-03" not in text
    assert 'ItemOID="IT.subjects.age_years" Value="65"' in text


def test_the_document_ends_with_what_it_was_made_from(path: Path) -> None:
    """A last comment, and the description of the root: stream, last fact, hash, the instant that was given."""
    text = path.read_text()
    said = f"stream {RECORDS[0].head.stream}, facts 1 to {RECORDS[0].head.seq}, hash ab12; made at 2026-11-23T04:00:00"
    assert said in text.splitlines()[-2]
    root = ET.parse(path).getroot()  # noqa: S314 - our own document
    assert said in str(root.get("Description"))
    assert root.get("CreationDateTime") == "2026-11-23T04:00:00+00:00"
