"""What the criteria say of a subject at an instant, for those who only look. It records nothing."""

from datetime import datetime

from domain.findings import Finding
from domain.patient.draft import Draft
from domain.patient.journey import Journey
from domain.submission import SYSTEM, Sender


def findings_on(journey: Journey, at: datetime) -> tuple[Finding, ...]:
    """Give the finding of every criterion at an instant of trial time."""
    return Draft(journey, at, Sender(staff=SYSTEM, role=SYSTEM)).eligibility()
