"""Screening: the window, the reminders and the eligibility criteria with their numbers."""

from domain.nct06978153.people import BOTH, INVESTIGATOR
from domain.nct06978153.sources import assumed, rule
from domain.protocol import Criterion, Escalation, LabLimit, Reminder, ScreeningEpoch, Window


def _absolute(analyte: str, relation: str, value: str, unit: str) -> LabLimit:
    return LabLimit.model_validate({"analyte": analyte, "relation": relation, "value": value, "unit": unit})


def _times_uln(analyte: str, value: str) -> LabLimit:
    return LabLimit.model_validate({"analyte": analyte, "relation": "<=", "value": value, "times_uln": True})


CRITERIA = (
    Criterion(rule="I1.1", title="Informed consent signed", source=rule("I1.1")),
    Criterion(rule="I2", title="Age 18 to 75 completed years at consent", low=18, high=75, source=rule("I2")),
    Criterion(
        rule="I11.1",
        title="No transfusion, blood product, G-CSF or stimulant in 14 d before the sample",
        days=14,
        source=rule("I11.1"),
    ),
    Criterion(
        rule="I11.2",
        title="Hemoglobin >= 90 g/L",
        limits=(_absolute("HB", ">=", "90", "g/L"),),
        source=rule("I11.2"),
    ),
    Criterion(
        rule="I11.3",
        title="Neutrophils >= 1.5 10*9/L",
        limits=(_absolute("ANC", ">=", "1.5", "10*9/L"),),
        source=rule("I11.3"),
    ),
    Criterion(
        rule="I11.4",
        title="Platelets >= 80 10*9/L",
        limits=(_absolute("PLT", ">=", "80", "10*9/L"),),
        source=rule("I11.4"),
    ),
    Criterion(
        rule="I12.1", title="Total bilirubin <= 1.5 x ULN", limits=(_times_uln("TBIL", "1.5"),), source=rule("I12.1")
    ),
    Criterion(
        rule="I12.2",
        title="ALT and AST <= 2.5 x ULN",
        limits=(_times_uln("ALT", "2.5"), _times_uln("AST", "2.5")),
        source=rule("I12.2"),
    ),
    Criterion(
        rule="I12.3",
        title="Creatinine <= 1.5 x ULN or creatinine clearance >= 60 mL/min",
        limits=(_times_uln("CREAT", "1.5"), _absolute("CCR", ">=", "60", "mL/min")),
        source=rule("I12.3"),
    ),
    Criterion(
        rule="I13.1",
        title="Urine protein < 2+",
        limits=(_absolute("UPROT", "<", "2", "{ordinal}"),),
        source=rule("I13.1"),
    ),
)

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
    analytes=("HB", "ANC", "PLT", "TBIL", "ALT", "AST", "CREAT", "UPROT"),
    lab_max_age_days=7,
    lab_give_up_days=21,
    result_notice=Reminder(
        after_days=0,
        notice="SCREENING_LABS_IN",
        to=INVESTIGATOR,
        text="screening laboratory results are in",
        source=assumed("3.1", "Q5", "the investigator is told when screening results are in"),
    ),
    source=assumed("3.1", "Q5", "laboratory results at most 7 d old at randomization"),
)
