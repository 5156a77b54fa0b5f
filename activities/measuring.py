"""What is measured, for Prometheus: through the SDK's own meter, so that one endpoint serves its figures and ours.

No label holds a subject, a person or a text: kinds, outcomes, reasons, notice codes and names of findings alone.
"""

from collections.abc import Iterable
from datetime import timedelta

from temporalio import activity

from activities.contract import Answer
from activities.report import Report

SUBMISSIONS = "trialpath_submissions"
RECORD_SECONDS = "trialpath_record_seconds"
NOTICES = "trialpath_notices"
NOTICES_MISSED = "trialpath_notices_missed"
NOTICES_REFUSED = "trialpath_notices_refused"
NOTICE_SECONDS = "trialpath_notice_seconds"
OPEN_STREAMS = "trialpath_open_streams"
FINDINGS = "trialpath_watchdog_findings"
WATCHDOG_RAN = "trialpath_watchdog_ran_at_seconds"
OVERDUE = "trialpath_overdue_subjects"


def recorded(kinds: Iterable[str], answers: Iterable[Answer], seconds: float) -> None:
    """Count what one `record` answered, and how long it took. Outside of an activity nothing is measured."""
    if not activity.in_activity():
        return
    meter = activity.metric_meter()
    counter = meter.create_counter(SUBMISSIONS, "submissions by kind, outcome and reason")
    for kind, answer in zip(kinds, answers, strict=True):
        counter.add(1, {"kind": kind[:40], "outcome": answer.outcome, "reason": answer.reason})
    meter.create_histogram_timedelta(RECORD_SECONDS, "one record").record(timedelta(seconds=seconds))


def delivered(notice: str, *, urgent: bool, after: timedelta) -> None:
    """Count a delivered notice, and how long after it was decided it went out (trial time)."""
    if not activity.in_activity():
        return
    meter, labels = activity.metric_meter(), {"notice": notice[:40], "urgent": str(urgent).lower()}
    meter.create_counter(NOTICES, "notices delivered").add(1, labels)
    meter.create_histogram_timedelta(NOTICE_SECONDS, "from decision to delivery").record(
        max(after, timedelta(0)), labels
    )


def refused(notice: str, *, urgent: bool) -> None:
    """Count a try at which some channel did not accept a notice. It is tried again, and counted again."""
    if activity.in_activity():
        labels = {"notice": notice[:40], "urgent": str(urgent).lower()}
        activity.metric_meter().create_counter(NOTICES_REFUSED, "tries that a channel refused").add(1, labels)


def missed(notice: str) -> None:
    """Count a notice that was too late to be useful."""
    if activity.in_activity():
        activity.metric_meter().create_counter(NOTICES_MISSED, "notices not sent").add(1, {"notice": notice[:40]})


def watched(report: Report, overdue: int) -> None:
    """Show what the watchdog found last."""
    if not activity.in_activity():
        return
    meter = activity.metric_meter()
    meter.create_gauge(OPEN_STREAMS, "streams that are not over").set(report.open)
    meter.create_gauge(OVERDUE, "subjects with an act past its window").set(overdue)
    meter.create_gauge_float(WATCHDOG_RAN, "when the watchdog looked last").set(report.at.timestamp())
    for done in (False, True):
        found = sum(bool(finding.done) is done for finding in report.findings)
        meter.create_gauge(FINDINGS, "findings of the last look").set(found, {"repaired": str(done).lower()})
