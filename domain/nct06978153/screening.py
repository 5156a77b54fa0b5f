"""Screening: the window, the reminders, and what is ordered from the laboratory."""

from domain.nct06978153.criteria import CRITERIA
from domain.nct06978153.people import BOTH, INVESTIGATOR
from domain.nct06978153.sources import assumed
from domain.protocol import Escalation, Reminder, ScreeningEpoch, Window

SCREENING = ScreeningEpoch(
    code="SCREENING",
    label="Screening",
    window=Window(
        anchor="CONSENT",
        earliest_days=0,
        target_days=14,
        latest_days=28,
        source=assumed("3.1", "Q5", "screening window of 28 d from consent"),
    ),
    reminders=(
        Reminder(
            after_days=21,
            notice="SCREENING_CLOSES",
            to=BOTH,
            text="screening window closes in 7 d",
            source=assumed("3.1", "Q5", "reminder 7 d before the screening window closes"),
        ),
    ),
    overdue=Escalation(
        to=INVESTIGATOR,
        notice="SCREENING_EXPIRED",
        important=False,
        source=assumed("3.1", "Q5", "after the screening window the investigator decides on screen failure"),
    ),
    criteria=CRITERIA,
    analytes=(
        *("HB", "ANC", "PLT", "TBIL", "ALT", "AST", "CREAT", "UPROT"),
        *("INR", "PT", "APTT", "CA", "ALB", "GLU_F", "FOB", "HIV", "HBSAG", "HCV"),
    ),
    analytes_by_rule={"I10.2": ("HCG",)},
    lab_max_age_days=7,
    lab_give_up_days=21,
    ruled_by_sponsor=("I13.4",),
    result_notice=Reminder(
        after_days=0,
        notice="SCREENING_LABS_IN",
        to=INVESTIGATOR,
        text="screening laboratory results are in",
        source=assumed("3.1", "Q5", "the investigator is told when screening results are in"),
    ),
    source=assumed("3.1", "Q5", "laboratory results at most 7 d old at randomization"),
)
