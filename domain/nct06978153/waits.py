"""The epochs in which a subject waits: surgery, the adjuvant evaluation, follow-up."""

from domain.nct06978153.people import BOTH, INVESTIGATOR
from domain.nct06978153.sources import assumed, rule
from domain.protocol import Escalation, EvaluationEpoch, FollowUpEpoch, ProcedureEpoch, Reminder, Role, Washout, Window

SURGEONS: tuple[Role, ...] = ("INVESTIGATOR", "SURGEON")


def _surgery_reminder(days: int, text: str) -> Reminder:
    source = assumed("T4", "Q9", f"reminder {days} d after the last benmelstobart")
    return Reminder(after_days=days, notice="SURGERY_REMINDER", to=SURGEONS, text=text, source=source)


def _evaluation_reminder(days: int, text: str) -> Reminder:
    source = assumed("T5", "Q9", f"reminder {days} d after surgery")
    return Reminder(after_days=days, notice="EVALUATION_REMINDER", to=BOTH, text=text, source=source)


SURGERY = ProcedureEpoch(
    code="SURGERY",
    label="Surgery",
    window=Window(
        anchor="LAST_DOSE",
        drug="BENMELSTOBART",
        earliest_days=28,
        target_days=35,
        latest_days=42,
        source=rule("T4", "4 to 6 weeks after the last actual benmelstobart dose"),
    ),
    fallback_source=assumed("T4.1", "Q3", "without a dose of that drug the window runs from the last dose of any drug"),
    reminders=(
        _surgery_reminder(21, "judge operability and plan the surgery date"),
        _surgery_reminder(28, "surgery window opens"),
        _surgery_reminder(35, "surgery window: one week left"),
        _surgery_reminder(42, "surgery window closes today"),
    ),
    overdue=Escalation(
        to=("INVESTIGATOR", "SURGEON", "SPONSOR"),
        notice="SURGERY_OVERDUE",
        important=True,
        source=assumed("T4", "Q9", "after the window: deviation and escalation, never a stop"),
    ),
    clearance=rule("T12", "operability verdict before surgery"),
    washouts=(Washout(drug="ANLOTINIB", days=7, source=rule("T3", "stopped 1 week before surgery")),),
    goes_on=("R0",),
    goes_on_source=rule("T6", "R0 goes on to adjuvant treatment; others end treatment (Q3)"),
    source=rule("T4"),
)

EVALUATION = EvaluationEpoch(
    code="EVALUATION",
    label="Adjuvant evaluation",
    window=Window(
        anchor="PROCEDURE",
        earliest_days=28,
        target_days=35,
        latest_days=42,
        source=rule("T5", "4 to 6 weeks after surgery"),
    ),
    reminders=(
        _evaluation_reminder(28, "evaluation window opens"),
        _evaluation_reminder(42, "evaluation window closes today"),
    ),
    overdue=Escalation(
        to=("INVESTIGATOR", "SPONSOR"),
        notice="EVALUATION_OVERDUE",
        important=True,
        source=assumed("T5", "Q9", "after the window: deviation and escalation, never a stop"),
    ),
    source=rule("T5"),
)

FOLLOW_UP = FollowUpEpoch(
    code="FOLLOW_UP",
    label="Follow-up",
    visit=Window(
        anchor="EPOCH_START",
        earliest_days=76,
        target_days=90,
        latest_days=104,
        source=assumed("3.6", "Q13", "survival contact every 90 d, within 14 d"),
    ),
    visit_notice=Reminder(
        after_days=0,
        notice="FOLLOW_UP_DUE",
        to=BOTH,
        text="survival contact due",
        source=assumed("3.6", "Q13", "told on the day the contact is due"),
    ),
    overdue=Escalation(
        to=BOTH,
        notice="FOLLOW_UP_OVERDUE",
        important=False,
        source=assumed("3.6", "Q13", "overdue 14 d after the planned contact"),
    ),
    close_notice=Escalation(
        to=INVESTIGATOR,
        notice="END_OF_STUDY_DUE",
        important=False,
        source=assumed("3.6", "Q13", "at the trial's completion date the investigator closes the subject"),
    ),
    source=assumed("3.6", "Q13", "follow-up until the trial's completion date"),
)
