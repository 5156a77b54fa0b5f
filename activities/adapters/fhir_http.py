"""Asks a FHIR server over HTTP, within bounds of time and size, and sorts what goes wrong: does it pass, or not?

It follows no redirect and goes to no other host, so that the token stays where it belongs. What a server says in words
goes into no message and no log: only its status, and codes of FHIR.
"""

import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from activities.adapters.fhir_access import CA, CERTIFICATE, SEARCH, TOKEN, URL, Access
from activities.adapters.observations import UNREADABLE, parsed
from activities.ports import LaboratoryAway, LaboratoryTrouble, LaboratoryUnfit

MOST_BYTES = 20_000_000
"""What one fetch may bring: some 10,000 results. More is not the history of one subject."""
MOST_BYTES_OF_A_REFUSAL = 65_536
LONGEST_PAUSE = timedelta(hours=1)
"""However long a server asks to be left alone."""
ACCEPT = "application/fhir+json"
STRICT = {"Prefer": "handling=strict"}
"""Have a search refused rather than part of it ignored. Source: FHIR R4, 3.1.1.3."""
ACCEPTED = {ACCEPT, "application/json"}
PASSING = {408, 425, 429}
MENDING = {
    400: f"refuses the search as it is asked; try another {SEARCH}",
    403: "knows who asks and does not allow it; have it allow to read and search Observation and Patient",
    404: f"has nothing at this address; {URL} must be the base of the FHIR server, for example https://host/fhir",
    406: f"does not speak {ACCEPT}; FHIR R4 in JSON is needed",
}
# fmt: off
ISSUES = frozenset({
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired",
    "forbidden", "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found",
    "deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient",
    "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled",
})
# fmt: on
"""What an OperationOutcome may be about. Source: FHIR R4, value set issue-type."""
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,40}")


class Session:
    """Questions of one fetch to one server."""

    def __init__(self, access: Access, context: ssl.SSLContext) -> None:
        """Ask this server. Raises LaboratoryUnfit when there is no token in its file."""
        self.base = httpx.URL(access.url.rstrip("/"))
        self._token = access.token()
        self._left = MOST_BYTES
        timeout = httpx.Timeout(access.read_seconds, connect=access.connect_seconds)
        headers = {"Accept": ACCEPT, "Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._client = httpx.AsyncClient(
            verify=context, timeout=timeout, headers=headers, follow_redirects=False, trust_env=False
        )

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    def address(self, path: str, query: Mapping[str, str] | None = None) -> httpx.URL:
        """Give the address of something below the base."""
        return httpx.URL(f"{self.base}/{path}", params=query)

    def is_ours(self, url: httpx.URL) -> bool:
        """Say whether an address lies at the base, on the same host."""
        same = (url.scheme, url.host, _port(url)) == (self.base.scheme, self.base.host, _port(self.base))
        within = f"{url.path.rstrip('/')}/".startswith(f"{self.base.path.rstrip('/')}/")
        return same and within and ".." not in url.path and not url.userinfo

    async def get(self, url: httpx.URL, *, strict: bool = False) -> dict[str, Any]:
        """Get one resource; strictly: no part of a search is passed over. Raises LaboratoryAway or LaboratoryUnfit."""
        if not self.is_ours(url):
            raise ValueError("another host is never asked")
        try:
            async with self._client.stream("GET", url, headers=STRICT if strict else None) as response:
                if response.status_code != httpx.codes.OK:
                    raise await self._refused(response)
                _require_json(response)
                body = await self._body(response)
        except LaboratoryTrouble:
            raise
        except (httpx.TransportError, OSError) as problem:  # a handshake refused late comes as ssl.SSLError itself
            raise _trouble(problem) from None
        try:
            resource = parsed(body)
        except UNREADABLE:
            raise LaboratoryUnfit(
                "the laboratory's answer is not JSON that can be read: it was cut short, or is none"
            ) from None
        if not isinstance(resource, dict):
            raise LaboratoryUnfit("the laboratory's answer is no FHIR resource")
        return resource

    async def _body(self, response: httpx.Response, most: int | None = None) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            self._left -= len(chunk)
            body += chunk
            if self._left < 0 or (most is not None and len(body) > most):
                raise LaboratoryUnfit(
                    f"the laboratory's answer is larger than {MOST_BYTES // 1_000_000} MB; "
                    f"have it give the results of one subject alone, or try another {SEARCH}"
                )
        return bytes(body)

    async def _refused(self, response: httpx.Response) -> LaboratoryTrouble:
        """Give what an answer other than 200 means."""
        status = response.status_code
        if status in PASSING or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            pause = _pause(response.headers.get("Retry-After", ""))
            asks = f" and asks to wait {pause.total_seconds():.0f} s" if pause else ""
            return LaboratoryAway(f"the laboratory's server answers {status}{asks}; asked again", pause=pause)
        if response.has_redirect_location:
            hint = f"sends elsewhere, which is not followed; set {URL} to its final address"
        elif status == httpx.codes.UNAUTHORIZED:
            hint = f"does not accept the token; renew {TOKEN}" if self._token else f"asks who we are; set {TOKEN}"
        else:
            hint = MENDING.get(status, "gives no results")
        codes = await self._issues(response)
        return LaboratoryUnfit(f"the laboratory's server answers {status}{codes}: it {hint}")

    async def _issues(self, response: httpx.Response) -> str:
        """Give the codes of an OperationOutcome; its words may hold a person's data, and are not read."""
        try:
            outcome = parsed(await self._body(response, MOST_BYTES_OF_A_REFUSAL))
            codes = sorted({row["code"] for row in outcome["issue"]} & ISSUES)
        except (*UNREADABLE, httpx.TransportError, OSError):
            return ""
        return f" ({', '.join(codes)})" if codes else ""


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _require_json(response: httpx.Response) -> None:
    """Raise LaboratoryUnfit for an answer in another format."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ACCEPTED:
        shown = kind if _MEDIA_TYPE.fullmatch(kind) else "something else"
        raise LaboratoryUnfit(
            f"the laboratory's server answers in {shown}, not {ACCEPT}: is {URL} the base of a FHIR server, "
            "or is a log-in page before it?"
        )
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise LaboratoryUnfit(
            "the laboratory's answer is compressed although that was not asked for; turn it off there"
        )


LONGEST_PAUSE_DIGITS = 9
"""Thirty years in seconds: what is longer is no pause, and `timedelta` would not hold it."""


def _pause(said: str) -> timedelta | None:
    """Read Retry-After: seconds, or an instant. What cannot be read counts for nothing."""
    if said.strip().isdecimal() and len(said) <= LONGEST_PAUSE_DIGITS:
        asked = timedelta(seconds=int(said))
    else:
        try:
            asked = parsedate_to_datetime(said).astimezone(UTC) - datetime.now(UTC)
        except (ValueError, OverflowError):
            return None
    return min(asked, LONGEST_PAUSE) if asked > timedelta(0) else None


def _trouble(problem: Exception) -> LaboratoryTrouble:
    """Say what a failed connection means: most pass, certificates that do not fit stay."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return LaboratoryUnfit(
                f"the certificate of the laboratory's server is not trusted; set {CA}, and look at the host in {URL}"
            )
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return LaboratoryUnfit(
                f"the laboratory's server and we agree on no secure connection; look at {CERTIFICATE} and {URL}"
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(problem, httpx.TimeoutException):
        return LaboratoryAway("the laboratory's server takes too long to answer; asked again")
    if isinstance(problem, httpx.ConnectError):
        return LaboratoryAway(f"the laboratory's server cannot be reached at the host of {URL}; asked again")
    hint = f"when it stays so, look whether {URL} is http or https, and whether a {CERTIFICATE} is wanted"
    return LaboratoryAway(f"the connection to the laboratory's server broke; asked again; {hint}")
