"""What the sponsor's acts on the whole trial mean for a subject: re-consent, a pause of dosing, an early stop."""

from domain.nct06978153.people import BOTH
from domain.nct06978153.sources import assumed
from domain.protocol import Escalation, Reminder, TrialActs

ACTS = TrialActs(
    consent_within_days=28,
    consent_reminder=Reminder(
        after_days=-7,
        notice="RECONSENT_REMINDER",
        to=BOTH,
        text="re-consent due",
        source=assumed("I1.1", "Q12", "reminder 7 d before the deadline of a re-consent"),
    ),
    consent_overdue=Escalation(
        to=("COORDINATOR", "INVESTIGATOR", "SPONSOR"),
        notice="RECONSENT_OVERDUE",
        important=True,
        source=assumed("I1.1", "Q12", "past the deadline: deviation, escalation, and dosing waits"),
    ),
    pause=assumed("T11", "Q12", "no dose while the sponsor has paused dosing; one given anyway is recorded"),
    after_stop="FOLLOW_UP",
    stop=assumed("T6.1", "Q3", "an early stop ends protocol treatment; follow-up goes on"),
    source=assumed("I1.1", "Q12", "re-consent within 28 d of the act, where the sponsor names no other deadline"),
)
