"""Whose an Observation is: the subject's identifier is in it, or at the Patient it refers to. No name is looked at."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from activities.adapters.fhir_http import Session
from activities.adapters.observations import UNREADABLE
from activities.ports import LaboratoryUnfit

MOST_LOOKED_UP = 5
"""Patients looked up in one fetch. One subject has one, or a few that were merged."""
_PATIENT = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]{1,64})?")
_RESERVED = re.compile(r"[\\,|$]")


class Owners:
    """Who carries a subject's identifier, as one answer shows it."""

    def __init__(self, session: Session, system: str, subject: str) -> None:
        """Look for this subject."""
        self._session = session
        self._system, self._subject = system, subject
        self._patients: dict[str, bool] = {}
        self._looked_up = 0
        self.token = "|".join(_RESERVED.sub(r"\\\g<0>", part) for part in (system, subject))

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in the Patients of an answer."""
        for row in rows:
            resource = row["resource"]
            if resource.get("resourceType") == "Patient":
                carries = self.carries(resource)
                self._patients[f"Patient/{resource.get('id')}"] = carries
                self._patients[str(row.get("fullUrl", f"Patient/{resource.get('id')}"))] = carries

    def carries(self, patient: Mapping[str, Any]) -> bool:
        """Say whether a Patient carries the subject's identifier."""
        rows = patient.get("identifier")
        return isinstance(rows, list) and any(isinstance(row, dict) and self._names(row) for row in rows)

    async def owns(self, observation: Mapping[str, Any]) -> bool:
        """Say whether an Observation is certainly the subject's: each way it says so agrees, and there is one."""
        about = observation.get("subject")
        if not isinstance(about, dict):
            return False
        identifier, reference = about.get("identifier"), str(about.get("reference", ""))
        named = None
        if isinstance(identifier, dict) and identifier.get("system") == self._system:
            named = self._names(identifier)
        held = self._held(observation, reference)
        if named is None and held is None:
            held = await self._look_up(reference)
        said = [word for word in (named, held) if word is not None]
        return bool(said) and all(said)

    def _names(self, identifier: Mapping[str, Any]) -> bool:
        return (identifier.get("system"), identifier.get("value")) == (self._system, self._subject)

    def _held(self, observation: Mapping[str, Any], reference: str) -> bool | None:
        """Say what the answer itself tells of a referred Patient: none when it does not hold him."""
        if reference.startswith("#"):
            rows = observation.get("contained")
            rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            return any(row.get("id") == reference[1:] and self.carries(row) for row in rows)
        return self._patients.get(reference, self._patients.get(self._local(reference)))

    def _local(self, reference: str) -> str:
        """Give a reference to a Patient of this server as `Patient/id`, anything else as nothing."""
        found = _PATIENT.fullmatch(reference.removeprefix(f"{self._session.base}/"))
        return f"Patient/{found[1]}" if found else ""

    async def _look_up(self, reference: str) -> bool | None:
        """Read the Patient an Observation refers to, no more of him than his identifiers where the server can do so."""
        local = self._local(reference)
        if not local:
            return None
        self._looked_up += 1
        if self._looked_up > MOST_LOOKED_UP:
            return None
        try:
            patient = await self._session.get(self._session.address(local, {"_elements": "identifier"}))
            whole = patient.get("resourceType") == "Patient" and f"Patient/{patient.get('id')}" == local
        except UNREADABLE:
            whole, patient = False, {}
        except LaboratoryUnfit as unfit:
            raise LaboratoryUnfit(
                f"whose the results are cannot be told, since the Patient cannot be read: {unfit}"
            ) from None
        self._patients[local] = whole and self.carries(patient)
        return self._patients[local]
