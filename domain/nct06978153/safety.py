"""Safety reporting with its clocks, what happenings on treatment ask for, contraception, pathological response."""

from decimal import Decimal

from domain.nct06978153.events import SAFETY
from domain.nct06978153.people import BOTH, INVESTIGATOR
from domain.nct06978153.sources import assumed, rule
from domain.protocol import (
    Childbearing,
    Contraception,
    Escalation,
    LabLimit,
    PathologicalResponse,
    Recipient,
    Reminder,
    ReportClock,
    SafetyPlan,
    SafetyRule,
    Source,
    Stage,
    VaccineRule,
)


def _due(source: Source) -> Escalation:
    return Escalation(to=BOTH, notice="SAFETY_REPORT_DUE", important=False, source=source)


def _overdue(source: Source) -> Escalation:
    return Escalation(to=SAFETY, notice="SAFETY_REPORT_OVERDUE", important=True, source=source)


def _within_24_h(applies_to: str, label: str, recipient: Recipient, source: Source) -> ReportClock:
    """Give a report due 24 h after awareness, with a reminder 12 h before."""
    return ReportClock(
        code=f"{label}_{recipient}",
        applies_to=applies_to,
        label=label,
        recipient=recipient,
        hours=24,
        remind_hours_before=12,
        reminder=_due(source),
        overdue=_overdue(source),
        source=source,
    )


def _within_days(applies_to: str, code: str, days: int, stage: Stage, source: Source) -> ReportClock:
    """Give a report due so many days after the sponsor learns (day 0), with a reminder 48 h before the end."""
    return ReportClock(
        code=code,
        applies_to=applies_to,
        label="SUSAR",
        recipient="AUTHORITY",
        stage=stage,
        days=days,
        remind_hours_before=48,
        reminder=_due(source),
        overdue=_overdue(source),
        source=source,
    )


_SPONSOR = assumed("T10", "Q12", "to the sponsor in writing at once: 24 h from awareness; reminder 12 h before")
_EC = assumed("T10", "Q12", "to the EC in principle within 24 h; reminder 12 h before")
_PREGNANCY = assumed("E25", "Q12", "a pregnancy report is due like one of a serious adverse event")
_SUSAR = rule("T10", "SUSAR: within 15 d, day 0 is the day the sponsor learns")
_FATAL = rule("T10", "fatal or life-threatening SUSAR: within 7 d, day 0 is the day the sponsor learns")
_FATAL_MORE = rule("T10", "fatal or life-threatening SUSAR: the complete report within 8 d more")
_BLEEDING_HOLD = assumed("T9", "Q8", "bleeding grade 2: anlotinib delayed, one level lower if below grade 2 in 2 weeks")
_BLEEDING_STOP = assumed("T9", "Q8", "bleeding grade 3 to 5: anlotinib stopped for good; consensus, not protocol")

SAFETY_PLAN = SafetyPlan(
    fatal_grade=5,
    clocks=(
        _within_24_h("SERIOUS_ADVERSE_EVENT", "SAE", "SPONSOR", _SPONSOR),
        _within_24_h("SERIOUS_ADVERSE_EVENT", "SAE", "EC", _EC),
        _within_24_h("PREGNANCY", "PREGNANCY", "SPONSOR", _PREGNANCY),
        _within_24_h("PREGNANCY", "PREGNANCY", "EC", _PREGNANCY),
        _within_days("SUSAR", "SUSAR", 15, "INITIAL", _SUSAR),
        _within_days("SUSAR_FATAL", "SUSAR_FATAL", 7, "INITIAL", _FATAL),
        _within_days("SUSAR_FATAL", "SUSAR_FATAL_COMPLETE", 15, "FOLLOW_UP", _FATAL_MORE),
    ),
    rules=(
        SafetyRule(
            event="PREGNANCY",
            sex="FEMALE",
            command="safety_decision",
            stops_dosing=True,
            report="PREGNANCY",
            found_by=(LabLimit(analyte="HCG", relation=">", value=Decimal(0), unit="{ordinal}"),),
            notice="DOSING_STOPPED",
            to=INVESTIGATOR,
            text="pregnancy: dosing is stopped until you decide",
            source=rule("E25", "positive or indeterminate test later: stop dosing and pregnancy report"),
        ),
        SafetyRule(
            event="ILD",
            command="hold_drug",
            notice="ILD",
            to=INVESTIGATOR,
            text="interstitial lung disease: hold the study drugs",
            source=assumed("E18", "Q12", "of any grade on treatment: told, and a hold is asked for"),
        ),
        SafetyRule(
            event="BLEEDING",
            grade_from=2,
            grade_to=2,
            drugs=("ANLOTINIB",),
            command="hold_drug",
            notice="BLEEDING",
            to=INVESTIGATOR,
            text="bleeding: hold anlotinib; resume one level lower if below grade 2 within 2 weeks",
            source=_BLEEDING_HOLD,
        ),
        SafetyRule(
            event="BLEEDING",
            grade_from=3,
            grade_to=5,
            drugs=("ANLOTINIB",),
            command="discontinue_drug",
            notice="BLEEDING",
            to=INVESTIGATOR,
            text="bleeding: discontinue anlotinib for good",
            source=_BLEEDING_STOP,
        ),
    ),
    vaccine=VaccineRule(
        drug="BENMELSTOBART",
        days_before=30,
        source=rule("E23", "no live vaccine from 30 d before the first dose to the end of treatment"),
    ),
    source=rule("T10", "grade 5 is death (CTCAE 5.0)"),
)

CHILDBEARING = Childbearing(
    sex="FEMALE",
    age_from=18,
    age_to=49,
    source=assumed(
        "I10.1",
        "Q10",
        "women of 18 to 49 years at consent who are not sterile by surgery: the record says "
        "15 to 49, and nobody enters below 18 (I2); no menopause before 50 is counted",
    ),
)
_T8 = assumed("T8", "Q10", "8 weeks after the last of all study drugs; for whom I10.1 reckons with pregnancy")
CONTRACEPTION = Contraception(
    ends=Reminder(
        after_days=56, notice="CONTRACEPTION_ENDS", to=BOTH, text="contraception is required until", source=_T8
    ),
    source=_T8,
)

RESPONSE = PathologicalResponse(
    major_at_most=Decimal(10),
    complete_at_most=Decimal(0),
    source=assumed("T6", "Q3", "MPR: at most 10 % viable tumour; pCR: none, in tumour bed and nodes"),
)
