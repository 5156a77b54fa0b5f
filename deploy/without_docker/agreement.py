"""What the parts of a topology tell of one trial, held against each other. It changes nothing."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx
import psycopg
from rich.table import Table

from activities.adapters.fhir_server import NOBODY
from demo.charts import Charts
from deploy.without_docker.mail import ledger, mails
from deploy.without_docker.topology import SECONDS_TO_ASK, Topology, whole
from domain.catalogue import latest
from domain.decider import PATIENT, patient_stream
from domain.patient.facts import LabResultsRecorded, NoticeMissed, NoticeReached, NoticeRequested
from journal.store import Journal, StoredFact

SEARCHED = re.compile(r'"GET /Observation\?\S* HTTP/1\.1" (\d+)')


@dataclass(frozen=True, slots=True)
class Row:
    """One thing, as two parts tell it, and whether they agree."""

    what: str
    here: str
    there: str
    agrees: bool


async def healths(topology: Topology) -> list[Row]:
    """Give the health of each worker, as its page has it."""
    rows = []
    for number, page in enumerate(topology.health_pages, start=1):
        status, red = await seen(page)
        told = "; ".join(f"{name}: {why}" for name, why in red.items())
        rows.append(
            Row(
                f"health of worker {number}",
                str(status or "no answer"),
                told or "all is well",
                status == httpx.codes.OK,
            )
        )
    return rows


async def seen(page: str) -> tuple[int, dict[str, str]]:
    """Ask a health page; give its status (0: no answer), and what is red with its cause."""
    async with httpx.AsyncClient(timeout=SECONDS_TO_ASK, trust_env=False) as client:
        try:
            answer = await client.get(page)
        except httpx.HTTPError:
            return 0, {}
    return answer.status_code, {row["name"]: row["detail"] for row in answer.json()["checks"] if not row["ok"]}


async def compared(topology: Topology) -> list[Row]:
    """Hold the parts against each other. The workers have been stopped, and nothing moves any more."""
    settings = topology.settings
    journal = Journal(settings.url)
    charts = Charts(journal, settings.trial)
    register, journeys = await whole(charts.register), await whole(charts.refresh)
    rows = [*_arms(charts, len(register.allocations)), *_notices(topology, charts)]
    rows += _laboratory(topology, [charts.facts(subject) for subject in journeys])
    rows.append(_stored(topology, journal))
    journal.close()
    verified = await topology.starter("journal", "verify")
    told = (verified.stdout or verified.stderr).strip().partition(",")[0]
    return [*rows, Row("journal verify", f"exit code {verified.returncode}", told, verified.returncode == 0)]


def _arms(charts: Charts, allocated: int) -> Iterator[Row]:
    """Randomized subjects by arm, and how many of them know their arm themselves."""
    counts = charts.register().arm_counts()
    given = sum(counts.values())
    journeys = charts.refresh().values()
    for arm in latest(charts.trial).arms:
        known = sum(journey.arm == arm.code for journey in journeys)
        yield Row(f"randomized, {arm.code}", f"register: {counts[arm.code]} of {arm.cap}", f"subjects: {known}",
                  counts[arm.code] == known)  # fmt: skip
    yield Row("randomized in all", f"register: {given}", f"slots given: {allocated}", given == allocated)


def _notices(topology: Topology, charts: Charts) -> Iterator[Row]:
    """Mails against the ledger, one by one, and the ledger against what the journal calls delivered."""
    arrived, accepted = mails(topology.mail), ledger(topology.settings.deliveries)
    once = set(arrived.values()) <= {1}
    yield Row("mails, each once", f"mailbox: {arrived.total()}", f"accepted: {accepted.total()}",
              once and arrived == accepted and arrived.total() > 0)  # fmt: skip
    streams = {patient_stream(charts.trial, subject): subject for subject in charts.refresh()}
    facts = [(stream, PATIENT.read(row.body), row.seq)
             for stream, subject in streams.items() for row in charts.facts(subject)]  # fmt: skip
    asked = {f"{stream}/{seq}" for stream, fact, seq in facts if isinstance(fact, NoticeRequested)}
    delivered = {f"{stream}/{fact.notice}" for stream, fact, _ in facts if isinstance(fact, NoticeReached)}
    keys = {key for key, _ in accepted if key.partition("/")[0] in streams}
    missed = {f"{stream}/{fact.notice}" for stream, fact, _ in facts if isinstance(fact, NoticeMissed)}
    waiting = {f"{journey.stream}/{seq}" for journey in charts.refresh().values() for seq in journey.intents}
    told = f"accepted: {len(keys)}" + (f", {len(keys - delivered)} not told yet" if keys - delivered else "")
    yield Row("notices delivered", f"journal: {len(delivered)} of {len(asked)} asked for", told,
              delivered <= keys <= asked and asked - delivered - missed <= waiting)  # fmt: skip


def _laboratory(topology: Topology, streams: Sequence[Sequence[StoredFact]]) -> Iterator[Row]:
    """Searches that were answered, and results in the journal against those that the server took."""
    kept = [json.loads(line) for line in topology.fhir_file.read_text().splitlines()]
    taken = {f"{row['kind']}/{row['id']}" for row in kept if row["kind"] == "Observation"}
    used: set[str] = set()
    for rows in streams:
        for row in rows:
            fact = PATIENT.read(row.body)
            if isinstance(fact, LabResultsRecorded):
                used |= {value.document for value in fact.accepted if value.document.startswith("Observation/")}
    asked = [line for line in topology.laboratory.program.log.read_text().splitlines() if NOBODY not in line]
    answers = Counter(found[1] for line in asked if (found := SEARCHED.search(line)))
    yield Row("laboratory requests", f"served: {answers['200']}", f"not served: {answers.total() - answers['200']}",
              0 < answers["200"] == answers.total())  # fmt: skip
    known = {document.partition("/_history/")[0] for document in used}
    yield Row("laboratory results", f"journal: {len(used)}", f"taken by the server: {len(taken)}",
              bool(known) and known <= taken)  # fmt: skip


def _stored(topology: Topology, journal: Journal) -> Row:
    """Rows as PostgreSQL counts them, and facts as the streams' heads number them."""
    with psycopg.connect(topology.settings.url) as connection:
        counted = connection.execute("SELECT count(*) FROM facts").fetchone()
    rows, facts = counted[0] if counted else 0, sum(journal.heads().values())
    return Row("journal", f"rows in PostgreSQL: {rows}", f"facts by stream: {facts}", rows == facts > 0)


def table(rows: Sequence[Row]) -> Table:
    """Give the rows for people."""
    shown = Table(title="The parts, held against each other", title_justify="left")
    for heading in ("", "one part says", "another says", ""):
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(row.what, row.here, row.there, "[green]ok[/green]" if row.agrees else "[red]DIFFERS[/red]")
    return shown


async def stopped(topology: Topology) -> None:
    """Stop the workers, so that nothing moves while the parts are compared."""
    await asyncio.gather(*(worker.stop() for worker in topology.worker_parts))
