"""Subjects' data as CDISC ODM 1.3.2: metadata and clinical data in one snapshot, of the tables of the read models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Comment, Element, SubElement, indent, tostring

from domain.protocol import Protocol
from exports.made_from import MadeFrom
from exports.text import printable
from read_models.columns import kind_of
from read_models.record import SubjectRecord
from read_models.rows import rows_of
from read_models.tables import METADATA
from read_models.tables import VERSION as TABLES_VERSION

NAMESPACE = "http://www.cdisc.org/ns/odm/v1.3"
VERSION = "MDV.1"
TYPES = {
    "text": "text",
    "integer": "integer",
    "decimal": "float",
    "date": "date",
    "instant": "datetime",
    "boolean": "boolean",
}
LENGTHS = {"text": "4000", "float": "38"}
PLACES = "12"


@dataclass(frozen=True, slots=True)
class Event:
    """A study event: its forms are tables, one item group each."""

    oid: str
    name: str
    kind: str
    repeats: bool
    tables: tuple[str, ...]


EVENTS = (
    Event("SE.SCREENING", "Screening", "Scheduled", repeats=False, tables=("subjects", "verdicts")),
    Event("SE.VISIT", "Visit", "Scheduled", repeats=True, tables=("visits", "doses")),
    Event(
        "SE.RUNNING", "Running records", "Common", repeats=False,
        tables=("laboratory", "adverse_events", "deviations", "signatures", "corrections"),
    ),
)  # fmt: skip
REPEATING = ("verdicts", "doses", "laboratory", "adverse_events", "deviations", "signatures", "corrections")
CODED = {
    "subjects.sex": ("FEMALE", "MALE"),
    "subjects.resection": ("R0", "R1", "R2", "RX", "NOT_RESECTED"),
    "verdicts.verdict": (
        "MET", "NOT_MET", "UNKNOWN", "JUDGEMENT_PENDING", "CONFLICT", "NOT_APPLICABLE", "TRIGGERED", "NOT_TRIGGERED",
    ),
    "visits.status": ("DONE", "OMITTED", "PLANNED"),
    "doses.status": ("GIVEN", "COURSE", "OMITTED", "PLANNED"),
    "adverse_events.causality": ("RELATED", "NOT_RELATED", "NOT_ASSESSED"),
}  # fmt: skip
"""Items whose words are a closed list."""


def odm(records: Sequence[SubjectRecord], made: MadeFrom) -> bytes:
    """Write subjects of one trial as ODM. At least one subject."""
    protocol = records[0].journey.protocol
    root = Element("ODM", {
        "xmlns": NAMESPACE,
        "ODMVersion": "1.3.2",
        "FileType": "Snapshot",
        "Granularity": "AllClinicalData" if len(records) > 1 else "SingleSubject",
        "FileOID": f"{protocol.trial}.{made.instant}",
        "CreationDateTime": made.instant,
        "AsOfDateTime": made.instant,
        "SourceSystem": "Trialpath",
        "Description": "; ".join(made.sentences()),
    })  # fmt: skip
    _metadata(root, protocol)
    data = SubElement(root, "ClinicalData", StudyOID=_study(protocol), MetaDataVersionOID=VERSION)
    for record in records:
        _subject(data, record)
    root.append(Comment(f" made from: {'; '.join(made.sentences())} ".replace("--", "-")))
    indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


def _study(protocol: Protocol) -> str:
    return f"ST.{protocol.trial}"


def _metadata(root: Element, protocol: Protocol) -> None:
    study = SubElement(root, "Study", OID=_study(protocol))
    names = SubElement(study, "GlobalVariables")
    SubElement(names, "StudyName").text = protocol.trial
    SubElement(names, "StudyDescription").text = protocol.title
    SubElement(names, "ProtocolName").text = protocol.trial
    version = SubElement(study, "MetaDataVersion", OID=VERSION, Name=f"Trialpath tables, version {TABLES_VERSION}")
    plan = SubElement(version, "Protocol")
    for number, event in enumerate(EVENTS, start=1):
        SubElement(plan, "StudyEventRef", StudyEventOID=event.oid, OrderNumber=str(number), Mandatory="No")
    for event in EVENTS:
        repeats = "Yes" if event.repeats else "No"
        made = SubElement(version, "StudyEventDef", OID=event.oid, Name=event.name, Repeating=repeats, Type=event.kind)
        for number, table in enumerate(event.tables, start=1):
            SubElement(made, "FormRef", FormOID=f"FO.{table}", OrderNumber=str(number), Mandatory="No")
    tables = [table for event in EVENTS for table in event.tables]
    for table in tables:
        form = SubElement(version, "FormDef", OID=f"FO.{table}", Name=table, Repeating="No")
        SubElement(form, "ItemGroupRef", ItemGroupOID=f"IG.{table}", Mandatory="No", OrderNumber="1")
    for table in tables:
        _item_group(version, table)
    for table in tables:
        for name, kind, says in _columns(table):
            _item(version, f"{table}.{name}", name, TYPES[kind], says)
    for item, words in CODED.items():
        codes = SubElement(version, "CodeList", OID=f"CL.{item}", Name=item, DataType="text")
        for word in words:
            decoded = SubElement(SubElement(codes, "CodeListItem", CodedValue=word), "Decode")
            _english(decoded, word.replace("_", " ").lower() if len(word) > 2 else word)  # noqa: PLR2004 - R0, RX


def _item_group(version: Element, table: str) -> None:
    repeats = "Yes" if table in REPEATING else "No"
    group = SubElement(version, "ItemGroupDef", OID=f"IG.{table}", Name=table, Repeating=repeats)
    _english(SubElement(group, "Description"), str(METADATA.tables[table].comment))
    for number, (name, _, _) in enumerate(_columns(table), start=1):
        SubElement(group, "ItemRef", ItemOID=f"IT.{table}.{name}", OrderNumber=str(number), Mandatory="No")


def _item(version: Element, item: str, name: str, kind: str, says: str) -> None:
    sizes = {"Length": LENGTHS[kind]} if kind in LENGTHS else {}
    sizes |= {"SignificantDigits": PLACES} if kind == "float" else {}
    made = SubElement(version, "ItemDef", {"OID": f"IT.{item}", "Name": name, "DataType": kind, **sizes})
    _english(SubElement(made, "Description"), says)
    _english(SubElement(made, "Question"), says)
    if item in CODED:
        SubElement(made, "CodeListRef", CodeListOID=f"CL.{item}")


def _english(parent: Element, text: str) -> None:
    SubElement(parent, "TranslatedText", {"xml:lang": "en"}).text = printable(text)


def _columns(table: str) -> Iterator[tuple[str, str, str]]:
    """Give each column of a table with its type and what it holds; the subject is the SubjectKey."""
    for column in METADATA.tables[table].columns:
        if column.name != "subject":
            yield column.name, kind_of(column), str(column.comment)


def _subject(data: Element, record: SubjectRecord) -> None:
    rows = rows_of(record)
    subject = SubElement(data, "SubjectData", SubjectKey=record.journey.subject)
    for event in EVENTS:
        if event.repeats:
            _visits(subject, event, rows)
            continue
        found = {table: rows[table] for table in event.tables if rows[table]}
        if found:
            _forms(SubElement(subject, "StudyEventData", StudyEventOID=event.oid), found)


def _visits(subject: Element, event: Event, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Write one event a visit; the doses of a cycle stand with its day 1."""
    visits = {row["visit"]: row for row in rows["visits"]}
    doses: dict[str, list[dict[str, Any]]] = {}
    for row in rows["doses"]:
        doses.setdefault(f"C{row['cycle']}D1", []).append(row)
    for visit in dict.fromkeys((*visits, *doses)):
        found = {"visits": [visits[visit]] if visit in visits else [], "doses": doses.get(visit, [])}
        made = SubElement(subject, "StudyEventData", StudyEventOID=event.oid, StudyEventRepeatKey=visit)
        _forms(made, {table: given for table, given in found.items() if given})


def _forms(event: Element, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    for table, made in rows.items():
        form = SubElement(event, "FormData", FormOID=f"FO.{table}")
        for number, row in enumerate(made, start=1):
            key = {"ItemGroupRepeatKey": str(number)} if table in REPEATING else {}
            group = SubElement(form, "ItemGroupData", {"ItemGroupOID": f"IG.{table}", **key})
            for name, kind, _ in _columns(table):
                if row[name] is not None and row[name] != "":
                    SubElement(group, "ItemData", ItemOID=f"IT.{table}.{name}", Value=_value(row[name], kind))


def _value(value: Any, kind: str) -> str:  # noqa: ANN401 - any value of a row
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "decimal":
        return f"{value:f}"
    if kind in ("date", "instant"):
        return str(value.isoformat())
    return printable(str(value))
