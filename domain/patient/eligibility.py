"""What the criteria say of a subject, and what a verdict on record came to. It records nothing."""

from collections.abc import Sequence
from datetime import date, datetime

from domain.criteria import about_drugs
from domain.findings import Finding
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.journey import Journey
from domain.submission import SYSTEM, Sender


def findings_on(journey: Journey, at: datetime) -> tuple[Finding, ...]:
    """Give the finding of every criterion at an instant of trial time."""
    return Draft(journey, at, Sender(staff=SYSTEM, role=SYSTEM)).eligibility()


def changed_since(confirmed: Sequence[Finding], now: Sequence[Finding], on: date) -> tuple[Finding, ...]:
    """Give the findings of a date that read otherwise than confirmed ones would on that date."""
    known = {finding.aged(on) for finding in confirmed}
    return tuple(finding for finding in now if finding not in known)


def decided(facts: Sequence[f.Fact], number: int, on: date) -> tuple[Finding, ...]:
    """Give all the findings that the fact of a number was decided on, on a date; none when it is no such decision."""
    fact = facts[number - 1]
    if not isinstance(fact, f.AllocationRequested | f.ScreenFailed | f.EligibilityConfirmed):
        return ()
    if not isinstance(fact, f.AllocationRequested) or fact.rests_on is None:
        return fact.findings
    before = facts[fact.rests_on - 1]
    confirmed = before.findings if isinstance(before, f.EligibilityConfirmed) else ()
    found = {finding.rule: finding.aged(on) for finding in confirmed}
    return tuple((found | {finding.rule: finding for finding in fact.findings}).values())


def drug_warnings(journey: Journey, on: date, drugs: Sequence[str]) -> tuple[str, ...]:
    """Give what to mind when these drugs are planned for a date, each with its rule. Nothing is refused by it."""
    screening = journey.protocol.screening
    draft = Draft(journey, journey.site.start_of(on), Sender(staff=SYSTEM, role=SYSTEM))
    return about_drugs(screening.criteria, draft.case(on, journey.day_labs, screening.lab_max_age_days), drugs)
