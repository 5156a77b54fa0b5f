"""Code systems and small values of FHIR R4. Codes of the product's own have a system of its own: none is invented."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
HL7 = "http://terminology.hl7.org/CodeSystem"
REGISTRY = "https://clinicaltrials.gov"
ROUTES = {"IV": ("47625008", "Intravenous route"), "PO": ("26643006", "Oral route")}
PRESENCE = {0: ("260385009", "Negative"), 1: ("82334004", "Indeterminate"), 2: ("10828004", "Positive")}
Json = dict[str, Any]


def own(system: str) -> str:
    """Give the name of a code system of the product's own words."""
    return f"urn:trialpath:{system}"


def concept(system: str, code: str, text: str = "", display: str = "") -> Json:
    """Give a coded value."""
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def quantity(value: Decimal, unit: str) -> Json:
    """Give a number with its UCUM unit."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def instant(at: datetime) -> str:
    """Give an instant in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def url_of(stream: str, name: str) -> str:
    """Give the address of a resource inside a bundle: the same resource has the same one in every bundle."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{own(stream)}/{name}')}"


def without_nothing(resource: Json) -> Json:
    """Give a resource without elements that have no value: FHIR knows no empty ones."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}
