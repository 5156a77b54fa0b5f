"""The health page's server by itself: whoever asks and does not wait for the answer leaves no traceback in the log."""

import socket
import struct
import threading

import pytest

from workflows.serving import HealthServer

RESET = struct.pack("ii", 1, 0)
"""Closing a socket lingers for no time: the other side is told at once that nobody listens."""


def test_a_probe_that_hangs_up_is_no_error(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """It gave up while the answer was being made; the next one is answered."""
    asked, gone = threading.Event(), threading.Event()

    def answer(_server: HealthServer) -> tuple[int, bytes]:
        asked.set()
        gone.wait(10)
        return 200, b"x" * 10_000_000

    monkeypatch.setattr(HealthServer, "answer", answer)
    with HealthServer("127.0.0.1:0") as page:
        with socket.create_connection(("127.0.0.1", page.port)) as probe:
            probe.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            assert asked.wait(10)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        gone.set()
        with socket.create_connection(("127.0.0.1", page.port)) as probe:
            probe.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            assert probe.recv(12) == b"HTTP/1.0 200"

    assert "Traceback" not in capfd.readouterr().err
