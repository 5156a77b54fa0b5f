"""Log lines as one JSON object each. Workflow code logs through `workflow.logger`; no line holds a subject's data."""

import logging
import sys
from datetime import timedelta
from types import TracebackType

import structlog
from temporalio.client import Interceptor
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from activities.measuring import NOTICE_SECONDS

HEARTBEAT = timedelta(seconds=5)
"""How often a worker tells Temporal that it lives: one that hangs is missed after three."""
NOTICE_BUCKETS = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""Seconds from decision to delivery that are told apart. The SDK's own end at 10: what is later would all be 10."""
OURS = ("activities", "workflows", "journal", "cli", "trialpath")
"""Whose lines of level DEBUG are written. Libraries' are not: Temporal's SDK shows whole payloads there."""


def runtime(metrics_address: str) -> Runtime:
    """Give the SDK's runtime: with heartbeats, and metrics served to Prometheus where an address is given.

    Raises ValueError when it cannot listen there.
    """
    buckets = {NOTICE_SECONDS: NOTICE_BUCKETS}
    metrics = None
    if metrics_address:
        metrics = PrometheusConfig(metrics_address, durations_as_seconds=True, histogram_bucket_overrides=buckets)
    forwarding = LogForwardingConfig(logging.getLogger("temporalio.core"), append_target_to_name=False)
    told = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=told, metrics=metrics), worker_heartbeat_interval=HEARTBEAT)


def traces(address: str) -> list[Interceptor]:
    """Give what makes spans and sends them to an address until the process ends; nothing where none is set."""
    if not address:
        return []
    from tracing import interceptor  # noqa: PLC0415 - libraries that are loaded only where spans are wanted

    return [interceptor(address)]


def _uncaught(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Write what nobody caught as one line too."""
    logging.getLogger("trialpath").critical("uncaught", exc_info=(kind, problem, trace))


def _without_handles(_logger: object, _name: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """Leave out what the SDK hangs on its lines as an object: its message says the same."""
    line.pop("temporal_log", None)
    return line


def configure(level: str) -> None:
    """Send everything that is logged, by us and by libraries, to standard error as JSON."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _without_handles],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level], logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)  # noqa: FBT003 - the library's own argument
    sys.excepthook = _uncaught
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for name in ("httpx", "httpcore"):  # they log addresses asked for, which hold ids of patients in a hospital
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
