"""Serves a worker's health over HTTP: 200 and JSON while all is well, 503 when something is not, or is not known."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

from activities.checks import Check

PATHS = ("/health", "/healthz")
OLDEST_SECONDS = 30.0
"""A worker whose last look is older hangs."""


class HealthServer:
    """The server. It runs beside the worker, so that one that hangs is seen."""

    def __init__(self, address: str) -> None:
        """Listen on host:port. Raises OSError when that is taken."""
        host, _, port = address.rpartition(":")
        self._checks: tuple[Check, ...] = ()
        self._looked_at = 0.0
        known = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = known.answer() if self.path in PATHS else (404, b"{}")
                with suppress(ConnectionError):  # a probe that did not wait for the answer
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: a probe comes every few seconds."""

        self._server = ThreadingHTTPServer((host, int(port)), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def tell(self, checks: Sequence[Check]) -> None:
        """Keep what was found by the last look."""
        self._checks, self._looked_at = tuple(checks), time.monotonic()

    def answer(self) -> tuple[int, bytes]:
        """Give status and body."""
        checks = list(self._checks)
        age = time.monotonic() - self._looked_at if self._checks else None
        if age is None:
            checks.append(Check("worker", ok=False, detail="it has not looked yet"))
        elif age > OLDEST_SECONDS:
            checks.append(Check("worker", ok=False, detail=f"its last look was {age:.0f} s ago: it hangs"))
        well = all(check.ok for check in checks)
        rows = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
        return (200 if well else 503), json.dumps({"healthy": well, "checks": rows}).encode()
