"""What staff reported beside the evidence, as the criteria see it."""

from domain.criteria import Reported
from domain.patient.events import SafetyEvent
from domain.patient.journey import Journey

PREGNANCY = "PREGNANCY"
LIVE_VACCINE = "LIVE_VACCINE"


def reported(journey: Journey) -> tuple[Reported, ...]:
    """Give the coded events, pregnancies and live vaccines on record."""
    events = tuple(_event(event) for event in journey.safety.events.values() if event.is_pregnancy or event.aesi)
    return events + tuple(
        Reported(event=LIVE_VACCINE, on=on, until=on, number=number)
        for number, on in journey.safety.vaccinations.items()
    )


def _event(event: SafetyEvent) -> Reported:
    """Give an adverse event: without the date of its end it goes on."""
    code = PREGNANCY if event.is_pregnancy else event.aesi or ""
    return Reported(event=code, on=event.onset_on, until=event.resolved_on, grade=event.grade, number=event.number)
