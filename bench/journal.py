"""The journal in both databases: appends, the verification of many rows, the reading of one patient among them."""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from rich.table import Table
from sqlalchemy import insert, text

from bench.core import finished
from bench.figures import percentile
from bench.postgres import Cluster
from domain.decider import patient_stream
from journal.chain import FACT_CONTENT, ORIGIN, SUBMISSION_CONTENT, canonical, hash_of, link
from journal.database import is_postgresql, writing
from journal.schema import FACTS, SUBMISSIONS
from journal.store import Journal, StoredFact
from journal.verify import verify

TRIAL = "NCT06978153"
AT_ONCE = 16
INSERTED_AT_ONCE = 5000
READS = 200
INSTANT = "2026-01-01T00:00:00.000000+00:00"
ABOUT = {"staff": "INV1", "role": "INVESTIGATOR", "recorded_at": INSTANT, "stored_at": INSTANT, "occurred_at": None}
SENT = {"channel": "update", "identity": "bench", "outcome": "applied", "reason": "", "rule": "", "field": ""}
SENT |= {"detail": "", "accepts": "", "sha256": "0" * 64}
Figures = dict[str, dict[str, float]]


def measure(appends: int, rows: int) -> Figures:
    """Give the figures of both databases, one after the other, on this machine's disk."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        found["SQLite"] = _of(f"sqlite:///{Path(folder) / 'bench.db'}", appends, rows)
    cluster = Cluster()
    try:
        found["PostgreSQL"] = _of(cluster.database("bench"), appends, rows)
    finally:
        cluster.close()
    return found


def _of(url: str, appends: int, rows: int) -> dict[str, float]:
    with closing(Journal(url)) as journal:
        journal.migrate()
        journal.check()
        one = [_append(journal, number) for number in range(appends)]
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            many = list(threads.map(lambda number: _append(journal, number), range(appends, 2 * appends)))
        rate = appends / (time.perf_counter() - began)
        before = _size(journal)
        patients = fill(journal, rows)
        size = _size(journal) - before
        began = time.perf_counter()
        with journal.snapshot() as connection:
            report = verify(connection)
        seconds = time.perf_counter() - began
        if report.findings:
            raise RuntimeError(str(report.findings[0]))
        middle = patient_stream(TRIAL, f"B{patients // 2:05d}")
        reads = [_timed(lambda: journal.facts(middle)) for _ in range(READS)]
        return {
            "append, one at a time, p50 ms": percentile(one, 0.5) * 1000,
            "append, one at a time, p99 ms": percentile(one, 0.99) * 1000,
            f"append, {AT_ONCE} at once, p50 ms": percentile(many, 0.5) * 1000,
            f"append, {AT_ONCE} at once, p99 ms": percentile(many, 0.99) * 1000,
            f"appends a second, {AT_ONCE} at once": rate,
            "rows verified": report.rows,
            "verification, s": seconds,
            "facts of one patient": len(journal.facts(middle)),
            "read of one patient among them, p50 ms": percentile(reads, 0.5) * 1000,
            "read of one patient among them, p99 ms": percentile(reads, 0.99) * 1000,
            "size of a finished patient, KB": size / patients / 1024,
        }


def _append(journal: Journal, number: int) -> float:
    """Add one submission with one fact to one of fifty streams, as `record` does."""
    stream, body = f"append-{number % 50}", canonical({"kind": "AdverseEventReported", "term": "nausea", "grade": 1})
    submission, kind = f"submission-{number}", "adverse_event"
    about: dict[str, object] = {**ABOUT, "submission_id": submission, "kind": kind}

    def act() -> None:
        with journal.locked(stream) as held:
            seq = len(held.facts_after(0)) + 1
            row = about | SENT | {"body": body, "first_seq": seq, "last_seq": seq}
            held.append(row, [StoredFact(seq, submission, kind, "INV1", "INVESTIGATOR", None, INSTANT, INSTANT, body)])

    return _timed(act)


def fill(journal: Journal, rows: int) -> int:
    """Add finished patients in bulk, chained, until so many rows are there; give how many patients."""
    position, chain, _ = journal.head()
    last, patients = position + rows, 0
    kinds: dict[str, list[dict[str, Any]]] = {"submission": [], "fact": []}
    with writing(journal.engine) as connection:
        for one in _patients():
            patients += 1
            for name, row in one:
                position, chain = position + 1, link(chain, row["hash"])
                kinds[name].append(row | {"position": position, "chain": chain})
            over = position >= last
            for table, name in ((SUBMISSIONS, "submission"), (FACTS, "fact")):
                if over or len(kinds[name]) >= INSERTED_AT_ONCE:
                    connection.execute(insert(table).inline(), kinds[name])
                    kinds[name] = []
            if over:
                return patients
    return patients


def _patients() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Give the rows of one finished patient after the other, each stream chained."""
    play = finished()
    bodies = [(fact.kind, canonical(fact.model_dump(mode="json"))) for fact in play.facts]
    for number in count():
        seq, previous, found = 0, ORIGIN, list[tuple[str, dict[str, Any]]]()
        for sent, (kind, body, facts) in enumerate(play.said):
            about: dict[str, Any] = {"stream": patient_stream(TRIAL, f"B{number:05d}"), **ABOUT}
            about["submission_id"] = f"00000000-0000-4000-8000-{number:06d}{sent:06d}"
            told = {"first_seq": seq + 1 if facts else None, "last_seq": seq + facts if facts else None}
            found.append(("submission", about | SENT | told | {"kind": kind, "body": body}))
            for fact_kind, fact_body in bodies[seq : seq + facts]:
                seq += 1
                found.append(("fact", about | {"seq": seq, "kind": fact_kind, "body": fact_body}))
        for name, row in found:
            columns = FACT_CONTENT if name == "fact" else SUBMISSION_CONTENT
            row["previous_hash"] = previous
            row["hash"] = previous = hash_of(name, [row[column] for column in columns], previous)
        yield found


def _size(journal: Journal) -> int:
    """Give the bytes on the disk."""
    with journal.engine.connect() as connection, connection.begin():
        if is_postgresql(connection):
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0)
        pages = connection.execute(text("PRAGMA page_count")).scalar() or 0
        return int(pages * (connection.execute(text("PRAGMA page_size")).scalar() or 0))


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def table(figures: Figures) -> Table:
    """Give the figures as a table."""
    shown = Table(title="The journal", title_justify="left")
    for heading in ("", *figures):
        shown.add_column(heading, justify="left" if heading == "" else "right")
    for name in next(iter(figures.values())):
        shown.add_row(name, *[f"{found[name]:,.2f}" for found in figures.values()])
    return shown
