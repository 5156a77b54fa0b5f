"""A FHIR server as a process of its own: fhirstarter's routes, models and errors, over a store in memory.

`FHIR_SEQUENCE=R4B python fhir_host.py PORT` serves it. Each update of a resource is its next version.
"""
# ruff: noqa: ARG001 - fhirstarter hands its context to each handler

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import uvicorn
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext
from fhirstarter.exceptions import FHIRBadRequestError, FHIRResourceNotFoundError

OFFSET = "_offset"
STORED: dict[str, dict[str, dict[str, Any]]] = {"Patient": {}, "Observation": {}}
provider = FHIRProvider()


def store(kind: str, resource: Any, resource_id: str | None = None) -> str:
    """Keep a resource as its next version."""
    rows = STORED[kind]
    known = resource_id or str(len(rows) + 1)
    version = int(rows[known]["meta"]["versionId"]) + 1 if known in rows else 1
    row = resource.model_dump(mode="python")
    row["id"] = known
    row["meta"] = row.get("meta", {}) | {"versionId": str(version), "lastUpdated": datetime.now(UTC)}
    rows[known] = row
    return known


def held(kind: str, resource_id: str) -> dict[str, Any]:
    """Give a resource. Raises FHIRResourceNotFoundError."""
    if resource_id not in STORED[kind]:
        raise FHIRResourceNotFoundError
    return STORED[kind][resource_id]


@provider.create(Patient)
async def create_patient(context: InteractionContext, resource: Patient) -> str:
    """Keep a Patient."""
    return store("Patient", resource)


@provider.create(Observation)
async def create_observation(context: InteractionContext, resource: Observation) -> str:
    """Keep an Observation."""
    return store("Observation", resource)


@provider.update(Observation)
async def update_observation(context: InteractionContext, id_: str, resource: Observation) -> str:
    """Keep an Observation's next version."""
    return store("Observation", resource, id_)


@provider.read(Patient)
async def read_patient(context: InteractionContext, id_: str) -> Patient:
    """Give a Patient."""
    return Patient.model_validate(held("Patient", id_))


@provider.search_type(Patient)
async def search_patient(context: InteractionContext, identifier: str | None) -> Bundle:
    """Give the Patients with an identifier."""
    rows = [row for row in STORED["Patient"].values() if identifier and carries(row, identifier)]
    return page(context, rows)


@provider.search_type(Observation)
async def search_observation(
    context: InteractionContext, patient: str | None, code: str | None, date_: list[str] | None
) -> Bundle:
    """Give Observations by Patient, code and date; by the Patient's identifier where the search is chained."""
    rows = list(STORED["Observation"].values())
    chained = context.request.query_params.get("subject.identifier")
    if chained:
        owners = {f"Patient/{row['id']}" for row in STORED["Patient"].values() if carries(row, chained)}
    elif patient:
        owners = {f"Patient/{patient.removeprefix('Patient/')}"}
    else:
        raise FHIRBadRequestError(code="required", details_text="whose Observations?")
    rows = [row for row in rows if row["subject"]["reference"] in owners]
    if code:
        asked = set(code.split(","))
        rows = [row for row in rows if asked & {f"{c['system']}|{c['code']}" for c in row["code"]["coding"]}]
    for bound in date_ or []:
        rows = [row for row in rows if on(row) >= date.fromisoformat(bound.removeprefix("ge"))]
    return page(context, rows)


def carries(row: dict[str, Any], token: str) -> bool:
    """Say whether a Patient carries an identifier."""
    return any(f"{known.get('system')}|{known.get('value')}" == token for known in row.get("identifier", []))


def on(row: dict[str, Any]) -> date:
    """Give the day of an Observation."""
    instant: datetime = row["effectiveDateTime"]
    return instant.astimezone(UTC).date()


def page(context: InteractionContext, rows: list[dict[str, Any]]) -> Bundle:
    """Give one page, with a link to the next."""
    asked = context.request.query_params
    count, offset = int(asked.get("_count", "20")), int(asked.get(OFFSET, "0"))
    links = [{"relation": "self", "url": str(context.request.url)}]
    if len(rows) > offset + count:
        following = context.request.url.include_query_params(**{OFFSET: offset + count})
        links.append({"relation": "next", "url": str(following)})
    shown: Iterator[dict[str, Any]] = ({"resource": row} for row in rows[offset : offset + count])
    return Bundle.model_validate({"type": "searchset", "total": len(rows), "link": links, "entry": list(shown) or None})


def main() -> None:
    """Serve on a port of this machine."""
    app = FHIRStarter(title="laboratory")
    app.add_providers(provider)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
