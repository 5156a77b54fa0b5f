"""Traces over OTLP, where an address is set: spans of messages, records and effects, without anything a person wrote.

Temporal's own interceptor makes the spans. What leaves the process is a copy of each with known names and ids alone:
no argument, no failure's message, no update's id.
"""

from collections.abc import Sequence
from functools import cache

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from temporalio.contrib.opentelemetry import TracingInterceptor

from activities.contract import RECORD
from activities.effects import EFFECTS
from activities.report import WATCH
from domain.decider import PATIENT, TRIAL

KEPT = ("temporalWorkflowID", "temporalRunID", "temporalActivityID")
"""Attributes that leave. The workflow's id holds the trial and the subject number, which stands for no name."""
NAMED = ("PatientJourney", "TrialRegister", "Watch", "submit", "wake", "show", RECORD, WATCH)
OTHER = "other"
EVERY_MILLISECONDS = 1000


def interceptor(address: str) -> TracingInterceptor:
    """Send spans to this address, for example http://127.0.0.1:4318/v1/traces. They are lost while it is away."""
    provider = TracerProvider(resource=Resource.create({"service.name": "trialpath"}))  # it ends with the process
    leaving = KnownNamesExporter(OTLPSpanExporter(endpoint=address))
    provider.add_span_processor(BatchSpanProcessor(leaving, schedule_delay_millis=EVERY_MILLISECONDS))
    return TracingInterceptor(provider.get_tracer("trialpath"))


class KnownNamesExporter(SpanExporter):
    """Hands on a copy of each span that holds nothing but known names, ids, times and how it ended."""

    def __init__(self, inner: SpanExporter) -> None:
        """Hand on to this exporter."""
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export the copies."""
        return self._inner.export([_copy(span) for span in spans])

    def shutdown(self) -> None:
        """Close the exporter."""
        self._inner.shutdown()


def _copy(span: ReadableSpan) -> ReadableSpan:
    attributes = span.attributes or {}
    return ReadableSpan(
        name=_name(span.name),
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes={key: attributes[key] for key in KEPT if key in attributes},
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _name(name: str) -> str:
    """Give a span's name; what a sender made up behind the colon is none of ours."""
    what, _, named = name.partition(":")
    return f"{what}:{named if named in _known() else OTHER}" if named else what


@cache
def _known() -> frozenset[str]:
    effects = (row.activity for row in EFFECTS.values())
    return frozenset((*NAMED, *effects, *PATIENT.people, *PATIENT.system, *TRIAL.people, *TRIAL.system))
