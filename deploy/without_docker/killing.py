"""Kills each part of a topology in turn: health must name the cause, and nothing sent meanwhile may be lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import httpx
from rich.console import Console
from rich.table import Table

from activities.contract import Answer
from demo import faults, laboratory
from demo.charts import Charts
from demo.documents import screening_document
from demo.hospital import SITE, STAFF, opening, told
from demo.laboratory_tests import SCREENING
from demo.run import Wanted
from deploy.without_docker.agreement import seen
from deploy.without_docker.desk import FhirDesk
from deploy.without_docker.topology import Database, Part, Topology, whole
from domain.values import Clock
from journal.store import Journal
from workflows.client import Submitted, TrialClient, Unreachable
from workflows.connection import connect

RED_SECONDS, GREEN_SECONDS, ANSWER_SECONDS = 30.0, 120.0, 180.0
PAUSE_SECONDS = 0.5
PAGE_AWAY = "the page itself"
FOLLOWS = {"temporal": {"workers", "watchdog"}, "journal": {"watchdog"}, "workers": {"watchdog"}}
"""What turns red beside the part that was killed, because it works through that part."""


@dataclass(frozen=True, slots=True)
class Killing:
    """Parts that are killed together, and the check that must turn red."""

    what: str
    parts: tuple[Part | Database, ...]
    red: str


class Clinic:
    """Staff with a real clock: they enrol subjects and report, and say it again until they are answered."""

    def __init__(self, client: TrialClient, desk: FhirDesk, charts: Charts, seed: str) -> None:
        """Work through this client; results come from the laboratory's desk."""
        self._client = client
        self._desk = desk
        self._seed = seed
        self.charts = charts
        self.subjects: list[str] = []

    async def sample(self) -> str:
        """Let the laboratory report the next subject's sample, and give the subject's number."""
        subject = f"S{len(self.subjects) + 1:03d}"
        at = datetime.now(UTC) - timedelta(minutes=1)
        bundle = laboratory.result_set(
            seed=self._seed, subject=subject, collected_at=at, issued_at=at, sex="MALE", also=SCREENING
        )
        await self._desk.report(subject, f"{subject}-screening", bundle)
        self.subjects.append(subject)
        return subject

    async def enrol(self) -> None:
        """Enrol the subject whose sample was reported last. Raises Unexpected unless that is applied."""
        today = str(SITE.date_of(datetime.now(UTC)))
        measured = {"weight_kg": "66", "height_cm": "168", "no_support": True}
        fields = {
            "site": SITE.code,
            "born_on": "1960-03-01",
            "sex": "MALE",
            "consent": {"signed_on": today, "version": "V1.0", "obtained_by": STAFF["INVESTIGATOR"]},
            "evidence": screening_document(SITE.date_of(datetime.now(UTC))) | measured,
        }
        submitted = Submitted("enroll", fields, staff=STAFF["INVESTIGATOR"], role="INVESTIGATOR")
        told("enroll", await self._persistently(lambda: self._client.to_trial(submitted)))

    async def serious_event(self, subject: str) -> None:
        """Report an event of which people are told at once. Raises Unexpected unless that is applied."""
        today = str(SITE.date_of(datetime.now(UTC)))
        fields = {"term": "febrile neutropenia", "grade": 3, "serious": True, "onset_on": today}
        submitted = Submitted("adverse_event", fields, staff=STAFF["INVESTIGATOR"], role="INVESTIGATOR")
        told("adverse_event", await self._persistently(lambda: self._client.to_subject(subject, submitted)))

    async def _persistently(self, send: Callable[[], Awaitable[Answer]]) -> Answer:
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                with suppress(Unreachable):
                    return await send()
                await asyncio.sleep(PAUSE_SECONDS)

    def waits_for(self) -> list[str]:
        """Name what was asked for and is not there yet: results of the enrolled, effects that were begun."""
        journeys = self.charts.refresh()
        missing = [f"results of {subject}" for subject in self.subjects if not journeys[subject].labs]
        return [*missing, *faults.open_intents(self.charts)]


async def kill_each(out: Console, topology: Topology, wanted: Wanted, desk: FhirDesk) -> list[str]:
    """Kill each part in turn while staff go on, start it again, and give what went wrong."""
    await asyncio.gather(topology.until_warm(), whole(laboratory.warm_up))
    journal = Journal(topology.settings.url)
    settings = topology.settings
    client = TrialClient(await connect(topology.address), settings.trial, settings.task_queue, journal)
    clinic = Clinic(client, desk, Charts(journal, settings.trial), wanted.seed)
    clock, yesterday = Clock.real(), SITE.date_of(datetime.now(UTC)) - timedelta(days=1)
    told("open_trial", await client.open_trial(opening(settings.trial, clock, yesterday), clock))
    await clinic.sample()
    await clinic.enrol()
    shown = Table(title="Each part killed in turn", title_justify="left")
    for heading in ("killed", "red after", "what health says", "green after"):
        shown.add_column(heading, overflow="fold")
    problems = await _until_green(topology, "before anything was killed")
    for killing in _killings(topology):
        if problems:
            break
        out.print(f"killing: {killing.what}")
        problems += await _round(topology, clinic, killing, shown)
    problems += [] if problems else await _settled(clinic)
    journal.close()
    out.print(shown)
    return problems


def _killings(topology: Topology) -> Sequence[Killing]:
    first, second = topology.worker_parts
    return (
        Killing("one worker", (first,), PAGE_AWAY),
        Killing("both workers", (first, second), "workers"),
        Killing("PostgreSQL", (topology.database,), "journal"),
        Killing("the laboratory's FHIR server", (topology.laboratory,), "laboratory"),
        Killing("the mail server", (topology.mail_server,), "notices"),
        Killing("the Temporal server", (topology.temporal,), "temporal"),
    )


async def _round(topology: Topology, clinic: Clinic, killing: Killing, shown: Table) -> list[str]:
    before = clinic.subjects[-1]
    await clinic.sample()
    for part in killing.parts:
        await part.kill()
    began = monotonic()
    acting = asyncio.gather(clinic.enrol(), clinic.serious_event(before))
    why = await _red(topology, killing)
    red_after = monotonic() - began
    for part in killing.parts:
        await part.start()
    began = monotonic()
    problems = [] if why else [f"{killing.what}: health did not turn red for {killing.red} in {RED_SECONDS:.0f} s"]
    problems += await _until_green(topology, f"after {killing.what} came back")
    shown.add_row(killing.what, f"{red_after:.0f} s", f"{killing.red}: {why}", f"{monotonic() - began:.0f} s")
    await acting
    return problems


async def _red(topology: Topology, killing: Killing) -> str:
    """Wait until health is red for the right cause and no other; give what it says, or nothing.

    The workers' pages must be red for it too: what they show is up to ten seconds old.
    """
    deadline = monotonic() + RED_SECONDS
    while monotonic() < deadline:
        pages = [await seen(page) for page in topology.health_pages]
        if killing.red == PAGE_AWAY:
            (gone, _), (status, _) = pages
            found = {PAGE_AWAY: f"worker 1 gives no answer, worker 2 answers {status}"} if not gone else {}
        else:
            found = await _told_by_starter(topology)
        allowed = {killing.red, *FOLLOWS.get(killing.red, ())}
        both = killing.red in (PAGE_AWAY, "workers") or all(killing.red in shown for _, shown in pages)
        if both and killing.red in found and set(found) <= allowed:
            return found[killing.red]
        await asyncio.sleep(PAUSE_SECONDS)
    return ""


async def _told_by_starter(topology: Topology) -> dict[str, str]:
    """Give what `starter.py health --json` finds red, with its causes."""
    answer = await topology.starter("health", "--json")
    checks = json.loads(answer.stdout)["checks"] if answer.stdout else []
    return {row["name"]: row["detail"] for row in checks if not row["ok"]}


async def _until_green(topology: Topology, when: str) -> list[str]:
    """Wait until every worker's page and the command line call all well; say so when they do not."""
    deadline, red = monotonic() + GREEN_SECONDS, ""
    while monotonic() < deadline:
        pages = [await seen(page) for page in topology.health_pages]
        rows = [found or {"page": str(status)} for status, found in pages if status != httpx.codes.OK]
        red = "; ".join(f"{name}: {why}" for found in rows for name, why in found.items())
        found = {} if red else await _told_by_starter(topology)
        red = red or "; ".join(f"{name}: {why}" for name, why in found.items())
        if not red:
            return []
        await asyncio.sleep(PAUSE_SECONDS)
    return [f"{when}: not green after {GREEN_SECONDS:.0f} s: {red}"]


async def _settled(clinic: Clinic) -> list[str]:
    """Wait until all that was asked for is there; name what is not."""
    deadline, missing = monotonic() + GREEN_SECONDS, ["nothing was looked at"]
    while missing and monotonic() < deadline:
        await asyncio.sleep(PAUSE_SECONDS)
        missing = await whole(clinic.waits_for)
    return [f"lost: {what}" for what in missing]
