"""No personal data leaves the journal: log lines at DEBUG, metric labels, and what Temporal shows without a payload.

A subject's record is full of marked free text; good, refused and malformed messages carry marks everywhere.
"""

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest
import pytest_asyncio
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue

from bench.postgres import Cluster
from tests.server.bad import RASH, as_json, value
from tests.server.installation import Installation, own_installation, ready, until
from tests.server.past import ago, participant
from tests.server.test_health_page import free_port
from workflows.client import Submitted
from workflows.connection import CONVERTER

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
NAME, PHONE, MAIL = "ZhangSanMark", "13912345678", "secretmark"
BORN = "1961-07-23"
MARKS = (NAME, PHONE, MAIL, BORN, "王小明")
FREE = f"{NAME} 王小明 {PHONE}"
CHANNEL = """
[[channels]]
name = "mail"
roles = ["COORDINATOR", "INVESTIGATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST", "MONITOR", "SPONSOR", "OPERATIONS"]
url = "mailto://secretmark:secretmark@127.0.0.1:{port}?from=a@secretmark.example&to=b@secretmark.example"
"""


class Collector(BaseHTTPRequestHandler):
    """Takes spans as an OTLP collector does."""

    spans: ClassVar[list[Span]] = []

    def do_POST(self) -> None:
        """Take a request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Marked:
    """An installation that was told marked text in every way, its subject, and where its figures are."""

    place: Installation
    subject: str
    metrics: str


def marked_participant() -> dict[str, Any]:
    """Give a participant with a marked birth date and a mark in every document's name."""
    fields = participant(ago(2)) | {"born_on": BORN}
    for section in fields["evidence"].values():
        if isinstance(section, dict) and "document" in section:
            section["document"] = FREE
    return fields


async def told(place: Installation) -> str:
    """Tell good, refused and malformed things with marks in them; give the subject."""
    answer = await place.trial.to_trial(Submitted("enroll", marked_participant(), staff="INV1", reason=FREE))
    assert answer.outcome == "applied", answer.sentence()
    subject = place.trial.subject_of(answer)
    await place.seen(subject, 1)
    applied = await place.send(subject, "adverse_event", "INV1", **(RASH | {"term": FREE, "serious": True, "grade": 3}))
    assert applied.outcome == "applied", applied.sentence()
    correction = {"fact": applied.first_seq, "fields": {"term": f"{FREE} again"}, "why": FREE}
    assert (await place.send(subject, "correct", "INV1", **correction)).outcome == "applied"
    assert (await place.send(subject, "screen_failure", "INV1", decided_on=BORN, why=FREE)).outcome == "refused"
    bad: tuple[tuple[str, RawValue], ...] = (
        (NAME, as_json({"why": FREE})),
        ("adverse_event", as_json(RASH | {NAME: FREE})),
        ("adverse_event", as_json(RASH | {"grade": FREE})),
        ("adverse_event", value(f'{{"term": "{FREE}"'.encode())),
        ("submit", as_json({"id": f"{NAME}-1", "staff": NAME, "command": {"kind": NAME, "why": FREE}})),
        ("submit", as_json({"id": f"{NAME}-2", "staff": "INV1", "role": NAME, "command": {"kind": "adverse_event"}})),
    )
    for number, (name, argument) in enumerate(bad):
        await place.handle(subject).signal(name, argument)
        with pytest.raises(WorkflowUpdateFailedError):
            await place.handle(subject).execute_update(name, argument, id=f"{NAME}.{number}")
    return subject


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def marked(tmp_path_factory: pytest.TempPathFactory, databases: Cluster | None) -> AsyncIterator[Marked]:
    """A worker that logs at DEBUG, a mail server that is away, a laboratory's file about somebody, and the messages."""
    metrics, settings = free_port(), tmp_path_factory.mktemp("settings") / "notices.toml"
    settings.write_text(CHANNEL.replace("{port}", str(free_port())))
    extra = {
        "TRIALPATH_LOG_LEVEL": "DEBUG",
        "TRIALPATH_METRICS_ADDRESS": f"127.0.0.1:{metrics}",
        "TRIALPATH_NOTICE_SETTINGS": str(settings),
    }
    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=collector.serve_forever, daemon=True).start()
    extra["TRIALPATH_TRACE_ADDRESS"] = f"http://127.0.0.1:{collector.server_port}/v1/traces"
    async with own_installation(tmp_path_factory, databases, extra) as place:
        (place.settings.labs / "S001-x.json").write_text(f'{{"resourceType": "Bundle", "entry": [{{"{NAME}": 1}}]}}')
        subject = await told(place)
        await until(lambda: ready(any("notice.not_accepted" in line for line in lines(place))))
        yield Marked(place, subject, f"http://127.0.0.1:{metrics}/metrics")
    collector.shutdown()
    collector.server_close()


def lines(place: Installation) -> list[str]:
    """Give the worker's log so far, whole lines."""
    return (place.settings.data / "worker-0.log").read_text().splitlines()


def found(text: str) -> list[str]:
    """Give the marks in a text, also where its characters are escaped."""
    return [mark for mark in MARKS if mark in text or json.dumps(mark).strip('"') in text]


async def test_every_log_line_is_json_and_holds_no_mark(marked: Marked) -> None:
    """Also tracebacks and what the libraries say. A line that was cut would be no JSON."""
    wrong = [line for line in lines(marked.place) if found(line)]
    assert wrong == []
    read = [json.loads(line) for line in lines(marked.place)]
    assert {row["level"] for row in read} >= {"info", "warning"}


async def test_what_was_recorded_and_refused_has_a_line_with_its_submission(marked: Marked) -> None:
    """Kind, outcome, reason and id; an id that is no UUID by its digest, a kind that there is not as unknown."""
    read = [json.loads(line) for line in lines(marked.place)]
    taken = [row for row in read if row["event"] == "record.taken" and row["stream"].endswith(marked.subject)]
    rows = marked.place.journal.submissions(f"patient-NCT06978153-{marked.subject}")
    assert {row["submission"] for row in taken if not row["submission"].startswith("sha256:")} <= {
        row["submission_id"] for row in rows
    }
    assert len({row["submission"] for row in taken}) == len(rows)
    seen = {(row["kind"], row["outcome"], row.get("reason")) for row in taken}
    assert seen >= {
        ("adverse_event", "applied", None),
        ("adverse_event", "refused", "MALFORMED"),
        ("unknown", "refused", "UNKNOWN_KIND"),
    }


async def test_no_metric_label_holds_a_mark(marked: Marked) -> None:
    """The SDK's figures and ours, read once more messages were counted."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(marked.metrics)).text
    assert 'kind="unknown"' in text
    assert found(text) == []


async def test_temporal_shows_no_mark_beside_payloads(marked: Marked) -> None:
    """Ids, search attributes, memo, summaries of timers and activities, and the details a person reads."""
    place = marked.place
    described = await place.handle(marked.subject).describe()
    assert found(MessageToJson(described.raw_description)) == []
    assert found(str(await described.memo())) == []
    history = await place.handle(marked.subject).fetch_history()
    notes = [event.user_metadata for event in history.events]
    said = [payload for note in notes for payload in (note.summary, note.details)]
    texts = [str((await CONVERTER.decode([payload]))[0]) for payload in said if payload.data]
    assert any(text.startswith("Notice") for text in texts)
    assert found(" ".join(texts)) == []
    shown = await place.handle(marked.subject).query("__temporal_workflow_metadata")
    assert found(str(shown)) == []


async def test_spans_reach_a_collector_and_hold_no_mark(marked: Marked) -> None:
    """Records and notices of the subject, under its workflow's id; a name that a sender made up is `other`."""

    async def arrived() -> bool:
        names = {span.name for span in Collector.spans}
        return {"RunActivity:record", "RunActivity:send_notice", "HandleUpdate:other"} <= names

    await until(arrived)
    kept = {"temporalWorkflowID", "temporalRunID", "temporalActivityID"}
    ours = [span for span in Collector.spans if span.name == "RunActivity:send_notice"]
    assert {marked.subject in MessageToJson(span) for span in ours} == {True}
    assert {attribute.key for span in Collector.spans for attribute in span.attributes} == kept
    assert [span.name for span in Collector.spans if span.events or span.status.message] == []
    assert found(" ".join(MessageToJson(span) for span in Collector.spans)) == []
