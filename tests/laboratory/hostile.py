"""A laboratory's server that does whatever a test wants, over real sockets, and keeps what it was asked."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SYSTEM = "urn:trialpath:subject"
LOINC = "http://loinc.org"
FHIR = "application/fhir+json"
NAME = "Zhang-Wei-1961"
"""A person's data, which must turn up nowhere."""


class Question(BaseHTTPRequestHandler):
    """One request, and the means to answer it."""

    protocol_version = "HTTP/1.1"
    server: "Hostile"

    def do_GET(self) -> None:
        """Keep the question and answer it as the test says."""
        self.server.asked.append(self)
        self.close_connection = True
        self.server.answer(self)

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the search."""
        return {name: rows[0] for name, rows in parse_qs(urlsplit(self.path).query).items()}

    def say(self, body: object = b"", status: int = 200, **headers: str) -> None:
        """Answer with a status, a body and headers; `Content_Type` is written `Content-Type`."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.head(status, {"Content_Type": FHIR, "Content_Length": str(len(raw))} | headers)
        self.wfile.write(raw)

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Answer with a status and headers alone."""
        self.send_response(status)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Hostile(ThreadingHTTPServer):
    """The server. `answer` is set by the test; `over` ends what waits."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        """Serve on a port of this machine; 0: on a free one."""
        super().__init__(("127.0.0.1", port), Question)
        self.asked: list[Question] = []
        self.over = threading.Event()
        self.answer: Callable[[Question], None] = lambda question: question.say(searchset())
        self.scheme = "https" if context else "http"
        self._context = context

    @property
    def url(self) -> str:
        """The base."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}/fhir"

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands where it is secure. Whoever is turned away is told so before the connection closes."""
        if self._context is None:
            super().finish_request(request, client_address)
            return
        secured = self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        try:
            secured.do_handshake()
        except ssl.SSLError:
            with socket.socket(fileno=secured.detach()) as plain:
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(4096):
                    pass
            return
        super().finish_request(secured, client_address)
        secured.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error here."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """Serve for the length of a test."""
    server = Hostile(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def searchset(*resources: object, following: str = "", **changed: object) -> dict[str, object]:
    """Give a page of a search."""
    bundle: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
    bundle["entry"] = [{"resource": resource} for resource in resources]
    if following:
        bundle["link"] = [{"relation": "self", "url": "x"}, {"relation": "next", "url": following}]
    return bundle | changed


def patient(number: str = "S001", resource_id: str = "p1") -> dict[str, Any]:
    """Give a Patient who carries a subject number."""
    identifiers = [{"system": "urn:hospital", "value": "77"}, {"system": SYSTEM, "value": number}]
    return {"resourceType": "Patient", "id": resource_id, "identifier": identifiers, "name": [{"family": NAME}]}


def observation(resource_id: str = "o1", subject: object = "S001", **changed: object) -> dict[str, Any]:
    """Give an Observation of hemoglobin, of a subject number or of whom a `subject` says; None leaves a field out."""
    whose = {"identifier": {"system": SYSTEM, "value": subject}} if isinstance(subject, str) else subject
    resource = {
        "resourceType": "Observation",
        "id": resource_id,
        "status": "final",
        "subject": whose,
        "code": {"coding": [{"system": LOINC, "code": "718-7"}]},
        "effectiveDateTime": "2025-07-01T08:00:00+08:00",
        "valueQuantity": {"value": 13.5, "system": "http://unitsofmeasure.org", "code": "g/dL"},
        "performer": [{"display": NAME}],
    }
    return {name: value for name, value in (resource | changed).items() if value is not None}
