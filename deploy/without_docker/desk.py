"""The laboratory's desk at a FHIR server: a Patient a subject, and a sample's results as one transaction."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx

from demo.laboratory import SUBJECTS

LONGEST_SECONDS = 60.0


class FhirDesk:
    """Posts results to a server, as a laboratory's own system would."""

    def __init__(self, url: str) -> None:
        """Post to the server with this base."""
        self._client = httpx.AsyncClient(base_url=url, timeout=LONGEST_SECONDS, trust_env=False)
        self._patients: dict[str, str] = {}
        self._guard = asyncio.Lock()

    async def report(self, subject: str, name: str, bundle: Mapping[str, Any]) -> None:
        """Post a sample's results. Raises httpx.HTTPError when the server does not take them."""
        async with self._guard:
            if subject not in self._patients:
                person = {"resourceType": "Patient", "identifier": [{"system": SUBJECTS, "value": subject}]}
                (self._patients[subject],) = await self._post(f"patient-{subject}", [person])
        owner = {"reference": self._patients[subject]}
        results = [entry["resource"] | {"subject": owner} for entry in bundle["entry"]]
        await self._post(name, results)

    async def _post(self, name: str, resources: list[dict[str, Any]]) -> list[str]:
        """Post resources as one transaction, and give where each of them is."""
        entries = [{"resource": row, "request": {"method": "POST", "url": row["resourceType"]}} for row in resources]
        whole = {"resourceType": "Bundle", "id": name[:64], "type": "transaction", "entry": entries}
        answer = await self._client.post("/", content=json.dumps(whole), headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        return [entry["response"]["location"] for entry in answer.json()["entry"]]

    async def close(self) -> None:
        """Give its connections back."""
        await self._client.aclose()
