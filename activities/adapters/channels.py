"""Notices by e-mail, chat and push, through Apprise. Each goes to each of its channels once; the ledger says when.

A message holds the subject's number, the notice's title and code, a link and a key: nothing about a person.
"""

import logging
import re
import socket
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType

from activities.adapters import chat_answers
from activities.adapters.keyed_file import KeyedFile
from activities.adapters.notice_settings import SEVERAL, Channel, NoticeSettings, receivers
from activities.ports import Notice

HEADER = "X-Trialpath-Notice"
SECONDS = 40
"""For one notice over all its channels, in equal parts; its activity has a minute, after which another try begins."""
SECONDS_KNOWN, SECONDS_TO_CONNECT = 10.0, 2.0
"""How long it is believed that a mail server answers or not; the longest wait for it."""
_ADDRESS = re.compile(r"\S*@\S*|\w+://\S+")
_log = structlog.stdlib.get_logger(__name__)
chat_answers.listen()
_librarys = logging.getLogger("apprise")
_librarys.addHandler(logging.NullHandler())
_librarys.propagate = False  # its lines name people's addresses; why something failed is in our own


class NotAcceptedError(OSError):
    """Some channels did not accept a notice. They are tried again; the others are not."""


class Channels:
    """Every channel of an installation, behind one ledger."""

    name = "channels"

    def __init__(self, settings: NoticeSettings, ledger: Path) -> None:
        """Deliver by these settings, and keep what was accepted in a ledger, one JSON object a line."""
        self._settings = settings
        self._ledger = KeyedFile(ledger)
        self._asked: dict[tuple[str, int], tuple[float, str]] = {}
        self._asset = AppriseAsset(app_id="Trialpath", async_mode=False, secure_logging=True, storage_mode="memory")

    def opens_at(self, notice: Notice, now: datetime) -> datetime:
        """Give the instant from which a notice may go out: at once when urgent, else in the site's working hours."""
        hours = self._settings.sites.get(notice.site)
        return now if notice.urgent or hours is None else hours.opens_at(now)

    def check(self) -> str:
        """Say what keeps a channel from being used: the ledger, an address, or a mail server that is away.

        Nothing is sent. A mail server is asked for a connection at most every few seconds; other services are not.
        """
        wrong: defaultdict[str, list[str]] = defaultdict(list)
        for channel in self._settings.channels:
            try:
                service = Apprise.instantiate(channel.address(), asset=self._asset)
            except (OSError, UnicodeDecodeError):
                service = None
            why = "its address cannot be read" if service is None else self._away(service)
            if service is not None and receivers(service) > 1:
                why = SEVERAL
            if why:
                wrong[why].append(channel.name)
        told = (f"channel {', '.join(names)}: {why}" for why, names in wrong.items())
        return "; ".join(text for text in (self._ledger.check(), *told) if text)

    def has(self, notice: Notice) -> bool:
        """Say whether every channel of a notice has accepted it, and every role has one. Raises OSError."""
        channels = self._settings.serving(notice.to, notice.site)
        accepted = all(self._ledger.has(f"{notice.key} {channel.name}") for channel in channels)
        return accepted and not self._settings.unserved(notice.to, notice.site)

    def deliver(self, notice: Notice) -> None:
        """Deliver a notice over each of its channels that has not accepted it yet. Raises NotAcceptedError, OSError.

        It is not delivered while a role it is for has no channel at its site. Where the connection broke after a
        channel had accepted, it gets the notice again with the same key.
        """
        failed = []
        channels = self._settings.serving(notice.to, notice.site)
        entries = {f"{notice.key} {channel.name}": channel for channel in channels}
        waiting = {entry: channel for entry, channel in entries.items() if not self._ledger.has(entry)}
        for entry, channel in waiting.items():
            if self._ledger.has(entry):
                continue
            why = self._sent(channel, notice, SECONDS / len(waiting))
            if why:
                failed.append(f"{channel.name}: {why}")
                _log.warning("notice.not_accepted", key=notice.key, channel=channel.name, why=why)
                continue
            delivered_at = datetime.now(UTC).isoformat(timespec="seconds")
            self._ledger.add(entry, {"channel": channel.name, "notice": notice.notice, "delivered_at": delivered_at})
            _log.info("notice", key=notice.key, notice=notice.notice, channel=channel.name, urgent=notice.urgent)
        for role in self._settings.unserved(notice.to, notice.site):
            failed.append(f"{role} at site {notice.site or '(none)'}: no channel serves it")
            _log.error("notice.nobody_told", key=notice.key, role=role, site=notice.site)
        if failed:
            raise NotAcceptedError(f"not accepted by {'; '.join(failed)}"[:500])

    def _away(self, service: NotifyBase) -> str:
        """Say that a mail server takes no connections; nothing when it does, or when this is no mail."""
        host, port = getattr(service, "smtp_host", ""), getattr(service, "port", None)
        if not host or not port:
            return ""
        server = str(host), int(port)
        asked_at, why = self._asked.get(server, (-SECONDS_KNOWN, ""))
        if time.monotonic() - asked_at >= SECONDS_KNOWN:
            try:
                socket.create_connection(server, SECONDS_TO_CONNECT).close()
                why = ""
            except OSError as problem:
                why = f"its mail server takes no connections ({problem.strerror or 'it does not answer'})"
            self._asked[server] = time.monotonic(), why
        return why

    def _sent(self, channel: Channel, notice: Notice, seconds: float) -> str:
        """Send over one channel in so many seconds; give why it was not accepted, without any address, or nothing."""
        try:
            service: Any = Apprise.instantiate(channel.address(), asset=self._asset)
        except (OSError, UnicodeDecodeError) as problem:
            return f"its address cannot be read ({problem})"
        if service is None:
            return "its address is none of Apprise's"
        if hasattr(service, "headers"):
            service.headers = {**service.headers, HEADER: notice.key}
        said: list[str] = []
        told = Apprise(asset=self._asset)
        told.add(service)
        accepted = told.notify(
            title=title(notice, channel),
            body=body(notice, channel, self._settings.link),
            body_format=NotifyFormat.TEXT,
            notify_type=NotifyType.WARNING if notice.urgent else NotifyType.INFO,
            timeout=seconds,
            log_callback=lambda entry, _service: said.append(str(getattr(entry, "message", entry))),
        )
        return "" if accepted else _reason(said)


def title(notice: Notice, channel: Channel) -> str:
    """Give the title in the channel's language; a notice without words of its own shows its code."""
    words = notice.words.title(channel.language) if notice.words else notice.notice
    urgent = {"en": "URGENT: ", "zh": "紧急 "}[channel.language] if notice.urgent else ""
    return f"{urgent}{notice.subject} {words}"


def body(notice: Notice, channel: Channel, link: str) -> str:
    """Give the text: coded words, a link where details are, and the key."""
    where = link.replace("{workflow}", notice.workflow)
    names = {"en": ("Subject", "Notice", "Details", "Key"), "zh": ("受试者", "通知", "详情", "编号")}[channel.language]
    said = (notice.subject, notice.notice, where, notice.key)
    return "\n".join(f"{name}: {value}" for name, value in zip(names, said, strict=True) if value)


def _reason(said: Sequence[str]) -> str:
    """Give the library's last words without addresses."""
    last = next((line for line in reversed(said) if line.strip()), "it gave no reason")
    return _ADDRESS.sub("...", last)[:200]
