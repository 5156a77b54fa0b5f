"""Later reports of a laboratory result: which they are, and which of several counts."""

from collections.abc import Sequence
from datetime import UTC, datetime

from domain.labs import CORRECTED, WITHDRAWN, ReportedResult


def is_amendment(reported: ReportedResult) -> bool:
    """Say whether a report replaces or withdraws an earlier report of the same result."""
    return reported.status in (*CORRECTED, *WITHDRAWN)


def latest_reports(results: Sequence[ReportedResult]) -> tuple[ReportedResult, ...]:
    """Give of each result the latest report: as they were issued, else as they came. Without an id each counts."""
    never = datetime.min.replace(tzinfo=UTC)
    latest = {
        row.observation: number
        for number, row in sorted(enumerate(results), key=lambda pair: pair[1].issued_at or never)
    }
    return tuple(row for number, row in enumerate(results) if not row.observation or latest[row.observation] == number)
