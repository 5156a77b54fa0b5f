"""The connections: notices to a mail server, results from a FHIR server, and how soon each failure turns health red."""

import asyncio
import contextlib
import json
import os
import signal
import smtplib
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from rich.table import Table
from temporalio.client import Client

from activities.adapters.channels import HEADER, Channels
from activities.adapters.fhir_access import Access
from activities.adapters.fhir_server import FhirServer
from activities.adapters.notice_settings import NoticeSettings
from activities.ports import Notice
from bench.installation import own_folder, until
from bench.rig import ROOT, Process, free_port, server
from bench.tables import figures_table
from demo import laboratory
from observability import configure
from settings import Settings
from workflows.connection import connect
from workflows.health import examine

AT_ONCE = 8
"""Activities that deliver, or ask the laboratory, at the same time."""
VISITS = 6
PERIOD = 5
HOST = ROOT / "deploy" / "without_docker" / "fhir_host.py"
ADDRESS = "mailto://127.0.0.1:{port}?from=trial@hospital.example&to=site@hospital.example&mode=insecure"


def measure(folder: Path, notices: int, checks: int) -> dict[str, Any]:
    """Measure all three."""
    configure("ERROR")
    return {
        f"{notices} notices by mail": _notices(folder / "ledger.jsonl", notices),
        f"{checks} laboratory checks": _checks(folder, checks),
        "from a failure to red": asyncio.run(_red(own_folder(folder / "red"))),
    }


def table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """Give the figures as a table."""
    return figures_table("Connections", found)


def _rates(ours: Callable[[int], None], floor: Callable[[int], None], count: int) -> dict[str, Any]:
    """Give how many a second each side does, one at a time and many at once, and the ratio to the floor."""
    found: dict[str, Any] = {}
    for label, at_once in (("one at a time", 1), (f"{AT_ONCE} at once", AT_ONCE)):
        rates = []
        for side, work in enumerate((ours, floor)):
            begun = time.monotonic()
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(work, range(side * count, (side + 1) * count)))
            rates.append(count / (time.monotonic() - begun))
        found[f"a second, {label}"] = rates[0]
        found[f"a second, {label}, without us"] = rates[1]
        found[f"ratio, {label}"] = rates[0] / rates[1]
    return found


class _Mailbox:
    """Counts the keys of mails."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's hook, called by this name
        """Take a mail."""
        del server, session
        text = (envelope.original_content or b"").decode("utf-8", "replace")
        self.keys += [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(HEADER)]
        return "250 taken"


def _notices(ledger: Path, count: int) -> dict[str, Any]:
    """Deliver notices over Apprise with our ledger, beside bare mails over smtplib; each on a connection of its own."""
    box, port = _Mailbox(), free_port()
    taking = Controller(box, hostname="127.0.0.1", port=port)
    taking.start()
    channel = {"name": "mail", "roles": ["INVESTIGATOR"], "url": ADDRESS.format(port=port)}
    channels = Channels(NoticeSettings.model_validate({"channels": [channel]}), ledger)
    numbers = iter(range(10 * count))

    def ours(number: int) -> None:
        key = f"patient-NCT06978153-S{number % 999:03}/{next(numbers)}"
        at = datetime.now(UTC)
        channels.deliver(Notice(key, "S001", "VISIT_DUE", ("INVESTIGATOR",), "", urgent=False, at=at, site="TDH"))

    def floor(number: int) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "trial@hospital.example", "site@hospital.example", f"{number}"
        mail.set_content("Subject: S001\nNotice: VISIT_DUE")
        with smtplib.SMTP("127.0.0.1", port) as connection:
            connection.send_message(mail)

    try:
        found = _rates(ours, floor, count)
    finally:
        taking.stop()
    return found | {"mails taken": len(box.keys), "mails taken twice": len(box.keys) - len(set(box.keys))}


def _checks(folder: Path, count: int) -> dict[str, Any]:
    """Fetch a subject's results as an activity does, beside the bare search for its first page."""
    port = free_port()
    with Process([sys.executable, str(HOST), str(port)], log=folder / "fhir.log", environment={"FHIR_SEQUENCE": "R4B"}):
        base = f"http://127.0.0.1:{port}"
        fhir = FhirServer(Access(base))
        deadline = time.monotonic() + 60
        while (wrong := fhir.check()) and time.monotonic() < deadline:
            time.sleep(0.2)
        if wrong:
            raise RuntimeError(f"{wrong}; see {folder / 'fhir.log'}")
        with httpx.Client(base_url=base, trust_env=False) as client:
            results = _fill(client)
        question = {"subject.identifier": f"{laboratory.SUBJECTS}|S001", "_count": "100"}

        def floor(_: int) -> None:
            with httpx.Client(base_url=base, trust_env=False) as client:
                client.get("Observation", params=question).raise_for_status()

        found = _rates(lambda _: _expect(len(fhir.results("S001")), results), floor, count)
    return found | {"results a check": results}


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} results instead of {wanted}")


def _fill(client: httpx.Client) -> int:
    """Put a subject with the results of some visits into the server; give how many."""
    person = {"resourceType": "Patient", "identifier": [{"system": laboratory.SUBJECTS, "value": "S001"}]}
    answer = client.post("Patient", json=person)
    reference = f"Patient/{answer.headers['Location'].rpartition('/')[2]}"
    stored = 0
    for visit in range(VISITS):
        at = datetime(2026, 1, 5, 8, tzinfo=UTC) + timedelta(days=21 * visit)
        bundle = laboratory.result_set(seed="bench", subject="S001", collected_at=at, issued_at=at, sex="MALE")
        for entry in bundle["entry"]:
            known = {name: value for name, value in entry["resource"].items() if name != "id"}
            client.post("Observation", json=known | {"subject": {"reference": reference}}).raise_for_status()
            stored += 1
    return stored


async def _red(folder: Path) -> dict[str, Any]:
    """Take each part away in turn, and give the seconds until health says so; then give it back and wait for green."""
    settings = Settings(data=own_folder(folder / "data"))
    page, found = free_port(), dict[str, Any]()
    process, address = server(folder)
    environment = {
        "TRIALPATH_DATA": str(settings.data),
        "TEMPORAL_ADDRESS": address,
        "TRIALPATH_HEALTH_ADDRESS": f"127.0.0.1:{page}",
        "TRIALPATH_WATCHDOG_SECONDS": str(PERIOD),
        "TRIALPATH_LOG_LEVEL": "ERROR",
    }
    with process, Process([sys.executable, "worker.py"], log=folder / "worker.log", environment=environment) as worker:
        worker.wait_for_line("worker ready")
        client = await connect(address)
        shown = _Page(page)
        await until(shown.green)
        for what, check, gone in (
            ("laboratory's folder gone", "laboratory", _moved(settings.labs)),
            ("notices cannot be written", "notices", _blocked(settings.notices)),
            ("journal's file gone", "journal", _moved(settings.data / "journal.db")),
        ):
            with gone:
                found[f"{what}, s"] = await _seconds_until(partial(shown.red, check))
            await until(shown.green)
        os.kill(worker.popen.pid, signal.SIGSTOP)
        found["worker hangs (`starter.py health`), s"] = await _seconds_until(lambda: _others_red(client, settings))
        os.kill(worker.popen.pid, signal.SIGCONT)
        await until(shown.green)
        process.popen.send_signal(signal.SIGKILL)
        found["Temporal killed, s"] = await _seconds_until(lambda: shown.red("temporal"))
    return found


async def _seconds_until(holds: Callable[[], Awaitable[bool]]) -> float:
    begun = time.monotonic()
    await until(holds)
    return time.monotonic() - begun


async def _others_red(client: Client, settings: Settings) -> bool:
    checks = await examine(client, settings.trial, settings.task_queue)
    return any(check.name == "workers" and not check.ok for check in checks)


class _Page:
    """The worker's health page."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/health"

    async def _checks(self) -> dict[str, bool]:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(self._url)
        return {row["name"]: row["ok"] for row in json.loads(answer.text)["checks"]}

    async def green(self) -> bool:
        """Say whether all is well."""
        checks = await self._checks()
        return bool(checks) and all(checks.values())

    async def red(self, check: str) -> bool:
        """Say whether a check is red."""
        return not (await self._checks()).get(check, True)


@contextlib.contextmanager
def _moved(path: Path) -> Iterator[None]:
    away = path.rename(path.with_name(f"{path.name}-away"))
    yield
    away.rename(path)


@contextlib.contextmanager
def _blocked(path: Path) -> Iterator[None]:
    kept = path.rename(path.with_name(f"{path.name}-kept")) if path.exists() else None
    path.mkdir()
    yield
    path.rmdir()
    if kept is not None:
        kept.rename(path)
