"""A laboratory as a FHIR R4 server over HTTP. A result counts only when it is certainly the subject's own.

Whose an Observation is says its `subject`: the subject's identifier, or a Patient who carries it. One result of anybody
else in an answer, and nothing of that answer is used. No name, no id of a Patient and no word of the server is logged.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import structlog

from activities.adapters.fhir_access import BY_PATIENT, SEARCH, SYSTEM, URL, Access, TlsContexts
from activities.adapters.fhir_http import Session
from activities.adapters.fhir_subjects import Owners
from activities.adapters.observations import UNREADABLE, readable, set_aside
from activities.ports import LaboratoryAway, LaboratoryTrouble, LaboratoryUnfit
from domain.analytes import BY_LOINC, NEVER_USED
from domain.labs import LOINC, ReportedResult

CODES = tuple(sorted({*BY_LOINC, *NEVER_USED}))
"""What is asked for: the codes that count, and those that are kept with the reason why they do not."""
PAGE = 100
MOST_PAGES = 50
NOBODY = "TRIALPATH-CHECK"
"""A subject number that nobody has: the check asks for its results."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_T = TypeVar("_T")
_log = structlog.stdlib.get_logger(__name__)


class FhirServer:
    """The laboratory's server."""

    def __init__(self, access: Access) -> None:
        """Ask this server. Raises WrongSetting when it cannot be right as it is set."""
        self._access = access
        self._contexts = TlsContexts()
        access.require_sound(self._contexts)

    def results(
        self, subject: str, since: datetime | None = None, changed_since: datetime | None = None
    ) -> Sequence[ReportedResult]:
        """Give a subject's results with samples since then. Blocks. Raises LaboratoryAway or LaboratoryUnfit.

        With `changed_since` only those the server has changed since (`_lastUpdated`); where it refuses that, all.
        """
        if changed_since is not None:
            with suppress(LaboratoryUnfit):
                return self._ask(lambda session: self._results(session, subject, since, changed_since))
        try:
            return self._ask(lambda session: self._results(session, subject, since))
        except LaboratoryTrouble as trouble:
            log = _log.error if isinstance(trouble, LaboratoryUnfit) else _log.warning
            log("lab.trouble", subject=subject, kind=type(trouble).__name__, why=str(trouble))
            raise

    def check(self) -> str:
        """Say why results cannot be had now, and how to mend it; nothing when they can. Blocks."""
        try:
            self._ask(self._look)
        except LaboratoryTrouble as trouble:
            return str(trouble)
        return ""

    def _ask(self, question: Callable[[Session], Awaitable[_T]]) -> _T:
        """Put a question within the time for a whole fetch, name look-up and every page included."""
        return asyncio.run(self._within(question))

    async def _within(self, question: Callable[[Session], Awaitable[_T]]) -> _T:
        session = Session(self._access, self._contexts.of(self._access))
        try:
            async with asyncio.timeout(self._access.whole_seconds):
                return await question(session)
        except TimeoutError:
            raise LaboratoryAway("the laboratory's server takes too long for a whole answer; asked again") from None
        finally:
            await session.close()

    async def _look(self, session: Session) -> None:
        said = await session.get(session.address("metadata"))
        if said.get("resourceType") != "CapabilityStatement" or not str(said.get("fhirVersion", "")).startswith("4."):
            raise LaboratoryUnfit(f"the server at {URL} does not say that it speaks FHIR R4 (4.x)")
        await self._results(session, NOBODY, None)

    async def _results(
        self, session: Session, subject: str, since: datetime | None, changed_since: datetime | None = None
    ) -> list[ReportedResult]:
        owners = Owners(session, self._access.identifier_system, subject)
        query = {"code": ",".join(f"{LOINC}|{code}" for code in CODES), "_count": str(PAGE)}
        if since is not None:
            query["date"] = f"ge{since.astimezone(UTC).date()}"
        if changed_since is not None:
            query["_lastUpdated"] = f"ge{changed_since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        if self._access.search == BY_PATIENT:
            patient = await self._patient(session, owners)
            if patient is None:
                return []
            query[BY_PATIENT] = patient
        else:
            query[self._access.search] = owners.token
        found = [row async for row in _everything(session, session.address("Observation", query), strict=True)]
        owners.learn(found)
        observations = _latest([row["resource"] for row in found if _is(row, "Observation")])
        await _require_ours(owners, observations, subject)
        return [result for row in observations for result in readable(row, _document(row)) if _is_asked_for(result)]

    async def _patient(self, session: Session, owners: Owners) -> str | None:
        """Give the server's id of the subject, if it knows him. Raises LaboratoryUnfit when it knows several."""
        url = session.address("Patient", {"identifier": owners.token, "_elements": "identifier"})
        found = [row async for row in _everything(session, url)]
        owners.learn(found)
        if any(_is(row, "Patient") and not owners.carries(row["resource"]) for row in found):
            raise LaboratoryUnfit(
                f"the server gives Patients who do not carry the number that was asked for; try another {SEARCH}"
            )
        ids = sorted({str(row["resource"].get("id", "")) for row in found if _is(row, "Patient")} - {""})
        if len(ids) > 1:
            raise LaboratoryUnfit(
                f"{len(ids)} Patients carry one subject number in {SYSTEM}; have the laboratory merge them"
            )
        return ids[0] if ids else None


async def _everything(session: Session, url: httpx.URL, *, strict: bool = False) -> AsyncIterator[dict[str, Any]]:
    """Give each entry of a search, page after page. Raises LaboratoryUnfit beyond bounds or to another host."""
    seen: set[httpx.URL] = set()
    page: httpx.URL | None = url
    while page is not None:
        if page in seen or len(seen) == MOST_PAGES:
            raise LaboratoryUnfit(f"the laboratory's answer does not end within {MOST_PAGES} pages of {PAGE} results")
        seen.add(page)
        bundle = await session.get(page, strict=strict)
        for row in _entries(bundle):
            yield row
        page = _next(session, bundle, page)


def _entries(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the entries of a page. Raises LaboratoryUnfit when it is none, or tells of an error."""
    rows = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset" or not isinstance(rows, list):
        raise LaboratoryUnfit(f"the server's answer to a search is no Bundle of a search; is {URL} a FHIR server?")
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("resource"), dict):
            set_aside("an entry without a resource", TypeError())
        elif _is(row, "OperationOutcome"):
            _require_no_error(row["resource"])
        else:
            yield row


def _require_no_error(outcome: Mapping[str, Any]) -> None:
    issues = outcome.get("issue")
    rows = [row for row in issues if isinstance(row, dict)] if isinstance(issues, list) else []
    if any(row.get("severity") in ("error", "fatal") for row in rows):
        raise LaboratoryUnfit(f"the server says within its answer that it is not whole; try another {SEARCH}")


def _next(session: Session, bundle: Mapping[str, Any], page: httpx.URL) -> httpx.URL | None:
    """Give the address of the next page, if there is one. Raises LaboratoryUnfit for another host."""
    try:
        links = [row["url"] for row in bundle.get("link", []) if row.get("relation") == "next"]
        following = page.join(links[0]) if links else None
    except (*UNREADABLE, httpx.InvalidURL):
        raise LaboratoryUnfit("the server's link to the next page cannot be read") from None
    if following is not None and not session.is_ours(following):
        raise LaboratoryUnfit(
            f"the server's next page is on another host or path than {URL}, and the token must not go there; "
            "set the server's own public address (HAPI FHIR: hapi.fhir.server_address)"
        )
    return following


def _is(row: Mapping[str, Any], kind: str) -> bool:
    return bool(row["resource"].get("resourceType") == kind)


def _latest(observations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give of each Observation the version that was stored last; a server may give several, or one twice."""
    latest: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(observations):
        key = str(row.get("id") or f"#{number}")
        if key not in latest or _stored(row) >= _stored(latest[key]):
            latest[key] = row
    return list(latest.values())


LONGEST_VERSION = 18
"""Digits of a version that counts up: a longer one is a name."""


def _stored(row: Mapping[str, Any]) -> tuple[datetime, int]:
    """Give when a version was stored, and its number where that counts up."""
    about = row.get("meta")
    about = about if isinstance(about, dict) else {}
    number = str(about.get("versionId", ""))
    try:
        at = datetime.fromisoformat(about.get("lastUpdated", ""))
    except (TypeError, ValueError):
        at = _NEVER
    counts = number.isdecimal() and len(number) <= LONGEST_VERSION
    return at if at.tzinfo else _NEVER, int(number) if counts else 0


def _document(row: Mapping[str, Any]) -> str:
    """Name an Observation and its version, as its server does."""
    about = row.get("meta")
    version = about.get("versionId") if isinstance(about, dict) else None
    return f"Observation/{row.get('id', '')}" + (f"/_history/{version}" if version else "")


def _is_asked_for(result: ReportedResult) -> bool:
    return result.code in CODES


async def _require_ours(owners: Owners, observations: Sequence[Mapping[str, Any]], subject: str) -> None:
    """Make sure that every result is the subject's own. Raises LaboratoryUnfit otherwise: then none is used."""
    others = [row for row in observations if not await owners.owns(row)]
    if others:
        _log.error("lab.other_subject", subject=subject, other=len(others), results=len(observations))
        raise LaboratoryUnfit(
            f"{len(others)} of {len(observations)} results given for {subject} are not certainly of {subject}; none is "
            f"used. Have the laboratory correct whose they are, or look at {SYSTEM} and {SEARCH}"
        )
