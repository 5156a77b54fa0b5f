"""Notices over real connections: a mail server and a web server take them, refuse them, or break off."""

import asyncio
import email
import email.header
import email.message
import json
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

import activities.adapters.channels as sending
from activities.adapters.channels import HEADER, Channels, NotAcceptedError
from activities.adapters.notice_settings import NoticeSettings
from activities.ports import Notice
from activities.telling import NEEDS_A_LOOK, operations
from domain.protocol import NoticeWords

NOTICE = Notice(
    key="patient-NCT06978153-S001/7",
    subject="S001",
    notice="SURGERY_REMINDER",
    to=("INVESTIGATOR", "SURGEON"),
    text="surgery window opens 2025-09-01, grade 3 rash",
    urgent=False,
    at=datetime(2025, 9, 1, tzinfo=UTC),
    site="TDH",
    workflow="patient-NCT06978153-S001",
    words=NoticeWords(en="Surgery awaited", zh="等待手术"),
)
BOTH = ("INVESTIGATOR", "SURGEON")
LINK = "https://ui.example/workflows/{workflow}"


class Mailbox:
    """Takes mail, after as many refusals as wanted; or takes it and breaks off before it says so."""

    def __init__(self) -> None:
        """Begin empty."""
        self.mails: list[email.message.Message] = []
        self.refusals: list[str] = []
        self.breaks = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's hook
        """Answer a mail."""
        if self.refusals:
            return self.refusals.pop()
        self.mails.append(email.message_from_bytes(envelope.original_content or b""))
        if self.breaks and server.transport is not None:
            self.breaks -= 1
            server.transport.close()
        return "250 taken"

    def keys(self) -> list[str]:
        """Give the key of each mail taken."""
        return [str(mail[HEADER]) for mail in self.mails]


class MailServer(Controller):
    """Closes its connections before it stops: one left open would be blamed on a later test."""

    def __init__(self, box: Mailbox, port: int) -> None:
        """Take mail for a box on a port of this machine."""
        super().__init__(box, hostname="127.0.0.1", port=port)
        self._served: list[SMTP] = []

    def factory(self) -> SMTP:
        """Keep what serves a connection."""
        self._served.append(SMTP(self.handler, **self.SMTP_kwargs))
        return self._served[-1]

    def stop(self, no_assert: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's signature
        """Close, then stop."""
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result()
        super().stop(no_assert)

    async def _close(self) -> None:
        """Close each connection; the second line lets the loop do what that asks for."""
        for smtp in self._served:
            if smtp.transport is not None:
                smtp.transport.close()
        await asyncio.sleep(0)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server on a free port."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = MailServer(box, port)
    server.start()
    yield box, port
    server.stop()


@pytest.fixture
def hook() -> Iterator[tuple[list[dict[str, Any]], int]]:
    """A web server that keeps what is posted to it, with the header of the key."""
    found: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            found.append(json.loads(text) | {"header": self.headers[HEADER]})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found, server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def mail_to(port: int, name: str, *roles: str, **more: object) -> dict[str, object]:
    """Give a channel of mail."""
    url = f"mailto://127.0.0.1:{port}?from=trial@hospital.example&to={name}@hospital.example&mode=insecure"
    return {"name": name, "roles": roles, "url": url, **more}


def channels(ledger: Path, *rows: Mapping[str, object]) -> Channels:
    """Give the channels of an installation."""
    return Channels(NoticeSettings.model_validate({"link": LINK, "channels": rows}), ledger)


def words_of(mail: email.message.Message) -> tuple[str, str]:
    """Give subject line and text of a mail."""
    line = str(email.header.make_header(email.header.decode_header(str(mail["Subject"]))))
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return line, payload.decode().replace("\r\n", "\n").strip()


def test_a_mail_holds_coded_words_a_link_and_the_key(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    """In English and in Chinese; the notice's own text, with dates and grades, stays inside."""
    box, port = mailbox
    sink = channels(
        tmp_path / "ledger", mail_to(port, "one", "INVESTIGATOR"), mail_to(port, "two", "SURGEON", language="zh")
    )

    sink.deliver(NOTICE)

    english, chinese = (words_of(mail) for mail in box.mails)
    lines = (
        "Subject: S001",
        "Notice: SURGERY_REMINDER",
        "Details: https://ui.example/workflows/patient-NCT06978153-S001",
    )
    assert english == ("S001 Surgery awaited", "\n".join((*lines, f"Key: {NOTICE.key}")))
    assert chinese[0] == "S001 等待手术"
    assert chinese[1].splitlines()[0] == "受试者: S001"
    assert box.keys() == [NOTICE.key, NOTICE.key]
    assert "rash" not in str(box.mails)


def test_each_channel_gets_a_notice_once_over_restarts(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    """One channel of both roles gets one mail; the same again, by another worker too, sends nothing."""
    box, port = mailbox
    row = mail_to(port, "both", "INVESTIGATOR", "SURGEON")
    sink = channels(tmp_path / "ledger", row)

    for one in (sink, sink, channels(tmp_path / "ledger", row)):
        one.deliver(NOTICE)

    assert box.keys() == [NOTICE.key]
    (entry,) = [json.loads(line) for line in (tmp_path / "ledger").read_text().splitlines()]
    assert (entry["channel"], entry["notice"]) == ("both", "SURGERY_REMINDER")


def test_urgent_ones_say_so(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    """Before everything else, in the channel's language."""
    box, port = mailbox
    rows = mail_to(port, "one", *BOTH), mail_to(port, "two", *BOTH, language="zh")
    channels(tmp_path / "ledger", *rows).deliver(replace(NOTICE, urgent=True))
    assert [words_of(mail)[0] for mail in box.mails] == ["URGENT: S001 Surgery awaited", "紧急 S001 等待手术"]


def test_a_channel_that_refuses_is_tried_again_and_the_others_are_not(
    tmp_path: Path, mailbox: tuple[Mailbox, int], hook: tuple[list[dict[str, Any]], int]
) -> None:
    """The error names the channel and the reason, and no address."""
    (box, port), (posted, web) = mailbox, hook
    box.refusals = ["451 mailbox busy"]
    web_row = {"name": "hook", "roles": ["INVESTIGATOR"], "url": f"json://127.0.0.1:{web}/?format=text"}
    sink = channels(tmp_path / "ledger", mail_to(port, "mail", "SURGEON"), web_row)

    with pytest.raises(NotAcceptedError, match=r"^not accepted by mail: ") as failed:
        sink.deliver(NOTICE)
    assert ("@" in str(failed.value), len(posted), box.mails) == (False, 1, [])
    sink.deliver(NOTICE)

    assert (len(posted), box.keys()) == (1, [NOTICE.key])
    assert posted[0]["header"] == NOTICE.key
    assert posted[0]["title"] == "S001 Surgery awaited"
    assert posted[0]["message"].endswith(f"Key: {NOTICE.key}")


def test_ntfy_gets_the_text_and_the_key(tmp_path: Path, hook: tuple[list[dict[str, Any]], int]) -> None:
    """A server of the hospital's own, with one topic."""
    posted, web = hook
    row = {"name": "phone", "roles": ["SURGEON", "INVESTIGATOR"], "url": f"ntfy://127.0.0.1:{web}/ward"}
    sink = channels(tmp_path / "ledger", row)

    sink.deliver(NOTICE)
    sink.deliver(NOTICE)

    assert [(one["topic"], one["title"]) for one in posted] == [("ward", "S001 Surgery awaited")]
    assert NOTICE.key in posted[0]["message"]


def test_accepted_and_then_broken_off_counts_once(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    """The mail may come twice; both carry the same key."""
    box, port = mailbox
    box.breaks = 1
    sink = channels(tmp_path / "ledger", mail_to(port, "mail", *BOTH))

    with pytest.raises(NotAcceptedError):
        sink.deliver(NOTICE)
    sink.deliver(NOTICE)

    assert box.keys() == [NOTICE.key, NOTICE.key]
    assert len((tmp_path / "ledger").read_text().splitlines()) == 1


def test_nobody_listens(tmp_path: Path) -> None:
    """A connection refused is told like any other, and nothing stands in the ledger."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        sink = channels(tmp_path / "ledger", mail_to(closed.getsockname()[1], "mail", "SURGEON"))
        with pytest.raises(NotAcceptedError, match="mail: "):
            sink.deliver(NOTICE)
    assert (tmp_path / "ledger").read_text() == ""


def test_channels_that_hang_share_the_time_of_one_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take connections and say nothing. Together they must end within the activity's minute: no try beside it."""
    monkeypatch.setattr(sending, "SECONDS", 1.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        rows = [mail_to(silent.getsockname()[1], name, *BOTH) for name in ("a", "b", "c")]
        begun = time.monotonic()
        with pytest.raises(NotAcceptedError, match=r"a: .*; b: .*; c: "):
            channels(tmp_path / "ledger", *rows).deliver(NOTICE)
    assert time.monotonic() - begun < 4


def test_an_address_file_is_read_at_each_delivery(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    """So that a password is changed without a restart; a file that is gone is told."""
    box, port = mailbox
    url = tmp_path / "url"
    row = {"name": "mail", "roles": BOTH, "url_file": str(url)}
    sink = channels(tmp_path / "ledger", row)

    with pytest.raises(NotAcceptedError, match="its address cannot be read"):
        sink.deliver(NOTICE)
    url.write_text(f"{mail_to(port, 'mail', 'SURGEON')['url']}\n")
    sink.deliver(NOTICE)

    assert box.keys() == [NOTICE.key]


def test_a_notice_goes_to_the_channels_of_its_site_and_of_all_sites(
    tmp_path: Path, mailbox: tuple[Mailbox, int]
) -> None:
    """Not to those of another site."""
    box, port = mailbox
    rows = (
        mail_to(port, "here", "SURGEON", sites=["TDH"]),
        mail_to(port, "there", "SURGEON", sites=["OTHER"]),
        mail_to(port, "all", *BOTH),
    )
    channels(tmp_path / "ledger", *rows).deliver(NOTICE)
    assert [mail["To"] for mail in box.mails] == ["here@hospital.example", "all@hospital.example"]


@pytest.mark.parametrize("site", ["NEW", "OTHER"])
def test_a_role_without_a_channel_at_a_site_is_not_taken_for_told(
    tmp_path: Path, mailbox: tuple[Mailbox, int], site: str
) -> None:
    """A site that came after the file was written: the sponsor is told once, and the notice stays open and says why."""
    box, port = mailbox
    rows = mail_to(port, "site", "INVESTIGATOR", sites=["TDH"]), mail_to(port, "sponsor", "SPONSOR")
    sink = channels(tmp_path / "ledger", *rows)
    told = replace(NOTICE, to=("INVESTIGATOR", "SPONSOR"), site=site)

    for _ in range(2):
        with pytest.raises(NotAcceptedError, match=f"INVESTIGATOR at site {site}: no channel serves it"):
            sink.deliver(told)

    assert not sink.has(told)
    assert [mail["To"] for mail in box.mails] == ["sponsor@hospital.example"]


def test_operations_are_told_over_channels_of_sites_too(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    """What the watchdog found is of no site: every channel for operations takes it."""
    box, port = mailbox
    rows = [mail_to(port, name, "OPERATIONS", sites=[name]) for name in ("a", "b")]
    told = operations("watchdog/x", "WATCHDOG", "WEDGED", words=NEEDS_A_LOOK)

    channels(tmp_path / "ledger", *rows).deliver(told)

    assert [mail["To"] for mail in box.mails] == ["a@hospital.example", "b@hospital.example"]


def test_a_mail_server_that_is_away_is_found_before_a_notice_is(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    """Health names the channel and no address; an answer is believed for a while."""
    _, port = mailbox
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        away = channels(tmp_path / "away", mail_to(taken.getsockname()[1], "sponsor", "SPONSOR"))
        assert away.check() == "channel sponsor: its mail server takes no connections (Connection refused)"
        assert channels(tmp_path / "there", mail_to(port, "site", "SURGEON")).check() == ""
        taken.listen()
        assert away.check() != ""
