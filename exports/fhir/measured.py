"""Observations: laboratory results, weight, height, performance status. System, code and unit as stored."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from domain.analytes import ANALYTES, PRESENCE, Analyte
from domain.labs import LabValue
from domain.patient import facts as f
from exports.fhir import codes
from exports.fhir.codes import HL7, LOINC, SNOMED, Json, concept, instant, own, quantity, without_nothing
from exports.fhir.links import Links
from read_models.record import SubjectRecord

ECOG = "89247-1"
VITAL = {"WEIGHT", "HEIGHT", "SBP", "DBP"}


def observations(record: SubjectRecord, links: Links) -> Iterator[Json]:
    """Give every result fit for use, and what the evidence measured."""
    for told, fact in record.counting(f.LabResultsRecorded):
        for number, result in enumerate(fact.accepted, start=1):
            analyte = ANALYTES.get(result.analyte)
            if analyte is not None:
                yield _result(links, f"observation-{told.seq}-{number}", analyte, result)
    for told, evidence in record.counting(f.EvidenceRecorded):
        name = f"observation-{told.seq}"
        if evidence.weight_kg is not None:
            yield _measured(links, f"{name}-weight", ANALYTES["WEIGHT"], evidence.weight_kg, evidence.assessed_on)
        if evidence.height_cm is not None:
            yield _measured(links, f"{name}-height", ANALYTES["HEIGHT"], evidence.height_cm, evidence.assessed_on)
        status = evidence.sections.performance if evidence.sections else None
        if status is not None:
            yield _about(links, f"{name}-ecog", "survey", concept(LOINC, ECOG, "ECOG performance status")) | {
                "effectiveDateTime": str(status.on),
                "valueInteger": max(status.scores),
            }


def _result(links: Links, name: str, analyte: Analyte, result: LabValue) -> Json:
    category = "vital-signs" if analyte.code in VITAL else "laboratory"
    about = _about(links, name, category, concept(LOINC, analyte.stored_loinc, analyte.label))
    about |= {"status": result.status, "effectiveDateTime": instant(result.collected_at), **_value(analyte, result)}
    low, high = result.lower_limit, result.upper_limit
    limits = {"low": low, "high": high}
    shown = {side: quantity(limit, result.unit) for side, limit in limits.items() if limit is not None}
    return without_nothing(about | {"referenceRange": [shown] if shown else []})


def _value(analyte: Analyte, result: LabValue) -> Json:
    """Give the value: a number with its unit, or a word with its step on the scale."""
    if not analyte.ordinal:
        return {"valueQuantity": quantity(result.value, result.unit)}
    step = int(result.value)
    if analyte.scale is PRESENCE and step in codes.PRESENCE:
        code, display = codes.PRESENCE[step]
        return {"valueCodeableConcept": concept(SNOMED, code, result.reported, display)}
    return {"valueCodeableConcept": concept(own("test-strip-step"), str(step), result.reported)}


def _measured(links: Links, name: str, analyte: Analyte, value: Decimal, on: date) -> Json:
    about = _about(links, name, "vital-signs", concept(LOINC, analyte.stored_loinc, analyte.label))
    return about | {"effectiveDateTime": str(on), "valueQuantity": quantity(value, analyte.unit)}


def _about(links: Links, name: str, category: str, code: Json) -> Json:
    return links.resource("Observation", name) | {
        "status": "final",
        "category": [concept(f"{HL7}/observation-category", category)],
        "code": code,
        "subject": links.to("patient"),
    }
