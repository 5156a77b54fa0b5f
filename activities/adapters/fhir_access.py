"""How the laboratory's FHIR server is reached: its address, token and certificates. Nothing here is ever logged.

Token and certificates are read when they are needed, so that a renewed file counts without a restart.
"""

import ipaddress
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from activities.adapters.observations import SUBJECT_SYSTEM
from activities.ports import LaboratoryUnfit

URL, TOKEN, SEARCH = "TRIALPATH_LAB_URL", "TRIALPATH_LAB_TOKEN_FILE", "TRIALPATH_LAB_SEARCH"
CERTIFICATE, KEY, CA = "TRIALPATH_LAB_CLIENT_CERTIFICATE", "TRIALPATH_LAB_CLIENT_KEY", "TRIALPATH_LAB_CA_FILE"
SYSTEM = "TRIALPATH_LAB_IDENTIFIER_SYSTEM"
BY_PATIENT = "patient"
"""The search in two steps: the Patient with the subject number first, then the Observations of that Patient."""
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""A bearer token. Source: RFC 6750, 2.1."""
_URI = re.compile(r"[!-~]+")


_UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain http: it trusts nobody, and costs nothing; one that loads the system's certificates takes 0.1 s."""


class WrongSetting(RuntimeError):
    """A setting of the laboratory cannot be right; the text names it and says what would be accepted."""


@dataclass(frozen=True, slots=True)
class Access:
    """The settings of the laboratory's server. Unit: seconds, for a connection, a pause in an answer, and a fetch."""

    url: str
    token_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    ca_file: Path | None = None
    identifier_system: str = SUBJECT_SYSTEM
    search: str = "subject.identifier"
    connect_seconds: float = 5
    read_seconds: float = 15
    whole_seconds: float = 30

    def require_sound(self, contexts: "TlsContexts") -> None:
        """Look the settings and their files through. Raises WrongSetting naming what is wrong."""
        for wrong in self._wrongs():
            raise WrongSetting(wrong)
        try:
            self.token()
            contexts.of(self)
        except LaboratoryUnfit as unfit:
            raise WrongSetting(str(unfit)) from None

    @property
    def is_secure(self) -> bool:
        """Whether it is reached over TLS."""
        return self.url.lower().startswith("https:")

    def _wrongs(self) -> Iterator[str]:
        if not _is_address(self.url):
            yield f"{URL} is not the address of a FHIR server: give its base, for example https://lab.example.org/fhir"
            return
        secure = self.is_secure
        if not secure and self.token_file and not _is_here(self.url):
            yield f"{TOKEN} is set, and {URL} is plain http to another machine: the token could be read. Use https"
        files = {CERTIFICATE: self.client_certificate, KEY: self.client_key, CA: self.ca_file}
        for name, file in files.items():
            if file and not secure:
                yield f"{name} is set, but {URL} is plain http, which has no certificates: use https, or unset it"
        if self.client_key and not self.client_certificate:
            yield f"{KEY} is set without {CERTIFICATE}: set both, or neither"
        for name, file in ({TOKEN: self.token_file} | files).items():
            if file and not file.is_file():
                yield f"{name}: there is no file {file}. Put it there, or correct the setting"
        if not _URI.fullmatch(self.identifier_system):
            yield f"{SYSTEM} is not a URI: give the system of subject numbers, for example {SUBJECT_SYSTEM}"

    def token(self) -> str:
        """Give the bearer token as its file has it now; nothing without a file. Raises LaboratoryUnfit."""
        if not self.token_file:
            return ""
        try:
            token = self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise LaboratoryUnfit(f"{TOKEN}: {self.token_file} cannot be read; let the worker's user read it") from None
        if not _TOKEN.fullmatch(token):
            raise LaboratoryUnfit(f"{TOKEN}: {self.token_file} must hold one bearer token and nothing else")
        return token


class TlsContexts:
    """Whom to trust and who we are, made anew when one of the files changes."""

    def __init__(self) -> None:
        """Begin with none made."""
        self._made: tuple[object, ssl.SSLContext] | None = None
        self._guard = threading.Lock()

    def of(self, access: Access) -> ssl.SSLContext:
        """Give the context for the files as they are now. Raises LaboratoryUnfit naming the one that is wrong."""
        if not access.is_secure:
            return _UNUSED
        files = (access.ca_file, access.client_certificate, access.client_key)
        try:
            seen = tuple((about.st_mtime_ns, about.st_size) for about in (file.stat() for file in files if file))
        except OSError as gone:
            raise LaboratoryUnfit(f"certificate or key: {gone.filename} cannot be read; put it there") from None
        with self._guard:
            if self._made is None or self._made[0] != seen:
                self._made = (seen, _context(access))
            return self._made[1]


def _context(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(access.ca_file) if access.ca_file else None)
    except (OSError, ValueError):
        raise LaboratoryUnfit(f"{CA}: {access.ca_file} must hold certificates in PEM") from None
    if access.client_certificate:
        key = str(access.client_key) if access.client_key else None
        try:
            context.load_cert_chain(str(access.client_certificate), key, password=lambda: "")
        except (OSError, ValueError):
            names = f"{CERTIFICATE} and {KEY}"
            detail = "must be a certificate and its own key in PEM, the key without a passphrase"
            raise LaboratoryUnfit(f"{names}: {access.client_certificate} and {key or 'its key'} {detail}") from None
    return context


def _is_address(url: str) -> bool:
    try:
        httpx.URL(url)
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except (ValueError, httpx.InvalidURL):
        return False
    return bool(sound) and not (parts.username or parts.password or parts.query or parts.fragment or " " in url)


def _is_here(url: str) -> bool:
    """Say whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
