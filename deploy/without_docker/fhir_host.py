"""A FHIR server as a process of its own: fhirstarter's routes, models and errors, over a store in memory and a file.

`FHIR_SEQUENCE=R4B python fhir_host.py PORT [FILE]` serves it. Each update of a resource is its next version. With a
file, what it acknowledged is there again after it was killed. It says on its log what it was asked.
"""
# ruff: noqa: ARG001, ANN401 - fhirstarter hands its context to each handler; a resource is any of its models

import json
import sys
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Request, Response
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext
from fhirstarter.exceptions import FHIRBadRequestError, FHIRResourceNotFoundError

OFFSET = "_offset"
MODELS: dict[str, Any] = {"Patient": Patient, "Observation": Observation}
STORED: dict[str, dict[str, Any]] = {"Patient": {}, "Observation": {}}
OF_PATIENT: defaultdict[str, set[str]] = defaultdict(set)
"""The ids of the Observations of each Patient, by reference."""
FILE: list[Path] = []
provider = FHIRProvider()


def store(kind: str, resource: Any, resource_id: str | None = None) -> str:
    """Keep a resource as its next version, in the file too where there is one."""
    known = resource_id or str(len(STORED[kind]) + 1)
    keep(kind, known, resource)
    for file in FILE:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"kind": kind, "id": known, "resource": resource.model_dump_json()}) + "\n")
    return known


def keep(kind: str, known: str, resource: Any) -> None:
    """Keep a resource in memory as its next version."""
    rows = STORED[kind]
    version = int(rows[known].meta.versionId) + 1 if known in rows else 1
    row = resource.model_dump(mode="python")
    row["id"] = known
    row["meta"] = row.get("meta", {}) | {"versionId": str(version), "lastUpdated": datetime.now(UTC)}
    rows[known] = MODELS[kind].model_validate(row)
    if kind == "Observation":
        OF_PATIENT[str(resource.subject.reference)].add(known)


def read_back() -> None:
    """Read what an earlier process kept in the file; a last line that was cut short was never acknowledged."""
    for file in (file for file in FILE if file.exists()):
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                row = json.loads(line)
                keep(row["kind"], row["id"], MODELS[row["kind"]].model_validate_json(row["resource"]))


def held(kind: str, resource_id: str) -> Any:
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
    found: Patient = held("Patient", id_)
    return found


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
    chained = context.request.query_params.get("subject.identifier")
    if chained:
        owners = [f"Patient/{row.id}" for row in STORED["Patient"].values() if carries(row, chained)]
    elif patient:
        owners = [f"Patient/{patient.removeprefix('Patient/')}"]
    else:
        raise FHIRBadRequestError(code="required", details_text="whose Observations?")
    ids = sorted((known for owner in owners for known in OF_PATIENT[owner]), key=int)
    rows = [STORED["Observation"][known] for known in ids]
    if code:
        asked = set(code.split(","))
        rows = [row for row in rows if asked & {f"{known.system}|{known.code}" for known in row.code.coding}]
    for bound in date_ or []:
        rows = [row for row in rows if on(row) >= date.fromisoformat(bound.removeprefix("ge"))]
    changed = context.request.query_params.get("_lastUpdated")
    if changed:
        since = datetime.fromisoformat(changed.removeprefix("ge"))
        rows = [row for row in rows if row.meta.lastUpdated >= since]
    return page(context, rows)


def carries(row: Any, token: str) -> bool:
    """Say whether a Patient carries an identifier."""
    return any(f"{known.system}|{known.value}" == token for known in row.identifier or ())


def on(row: Any) -> date:
    """Give the day of an Observation."""
    instant: datetime = row.effectiveDateTime
    return instant.astimezone(UTC).date()


def page(context: InteractionContext, rows: list[Any]) -> Bundle:
    """Give one page, with a link to the next."""
    asked = context.request.query_params
    count, offset = int(asked.get("_count", "20")), int(asked.get(OFFSET, "0"))
    links = [{"relation": "self", "url": str(context.request.url)}]
    if len(rows) > offset + count:
        following = context.request.url.include_query_params(**{OFFSET: offset + count})
        links.append({"relation": "next", "url": str(following)})
    shown = [{"resource": row} for row in rows[offset : offset + count]]
    return Bundle.model_validate({"type": "searchset", "total": len(rows), "link": links, "entry": shown or None})


async def transaction(request: Request) -> Response:
    """Keep every resource of a transaction of POSTs, in its order: a sample's results come in one request."""
    rows = [row["resource"] for row in json.loads(await request.body())["entry"]]
    read = [(row["resourceType"], MODELS[row["resourceType"]].model_validate(row)) for row in rows]
    made = [f"{kind}/{store(kind, resource)}" for kind, resource in read]
    entries = [{"response": {"status": "201 Created", "location": location}} for location in made]
    said = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
    return Response(json.dumps(said), media_type="application/fhir+json")


def main() -> None:
    """Serve on a port of this machine."""
    FILE.extend(Path(name) for name in sys.argv[2:])
    read_back()
    app = FHIRStarter(title="laboratory")
    app.add_providers(provider)
    app.add_api_route("/", transaction, methods=["POST"])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="info")


if __name__ == "__main__":
    main()
