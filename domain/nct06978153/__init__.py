"""NCT06978153, version 1, as one value. Each number names its rule of the clinical specification or its question."""

from datetime import date
from decimal import Decimal

from domain.nct06978153.acts import ACTS
from domain.nct06978153.doses import DOSING
from domain.nct06978153.events import DEVIATION, EVENTS, IMPORTANT_DEVIATION, PAUSE_REPEATS, REPEATS
from domain.nct06978153.notices import NOTICES
from domain.nct06978153.people import PERMISSIONS, SIGNATURES, TRIAL_PERMISSIONS
from domain.nct06978153.questions import QUESTIONS
from domain.nct06978153.safety import CHILDBEARING, CONTRACEPTION, RESPONSE, SAFETY_PLAN
from domain.nct06978153.screening import SCREENING
from domain.nct06978153.sources import assumed, rule
from domain.nct06978153.treatment import ADJUVANT, NEOADJUVANT
from domain.nct06978153.waits import EVALUATION, FOLLOW_UP, SURGERY
from domain.nct06978153.words import NOTICE_WORDS
from domain.protocol import AllocationPlan, Arm, Plausibility, Protocol

_BOUNDS = {
    "HB": ("20", "250"),
    "ANC": ("0", "100"),
    "PLT": ("0", "2000"),
    "TBIL": ("0", "1000"),
    "ALT": ("0", "20000"),
    "AST": ("0", "20000"),
    "CREAT": ("10", "3000"),
    "UPROT": ("0", "4"),
    "UPROT24": ("0", "50"),
    "INR": ("0.5", "20"),
    "PT": ("5", "200"),
    "APTT": ("10", "300"),
    "CA": ("0.8", "6"),
    "CA_ION": ("0.4", "3"),
    "CA_CORR": ("0.8", "6"),
    "ALB": ("10", "70"),
    "GLU_F": ("1", "60"),
    "FOB": ("0", "4"),
    "HCG": ("0", "10000000"),
    "HIV": ("0", "2"),
    "HBSAG": ("0", "2"),
    "HBVDNA": ("0", "100000000000"),
    "HCV": ("0", "2"),
    "QTCF": ("200", "800"),
    "QTCB": ("200", "800"),
    "QTC": ("200", "800"),
    "SBP": ("40", "300"),
    "DBP": ("20", "200"),
    "WEIGHT": ("25", "250"),
    "HEIGHT": ("120", "230"),
}
"""In the analyte's canonical unit; HCG in m[IU]/mL, the unit a number is measured in."""

PROTOCOL = Protocol(
    trial="NCT06978153",
    version="1",
    title="Benmelstobart and chemotherapy with or without anlotinib in resectable limited-stage SCLC",
    target=66,
    target_source=rule("T1", "66 randomized subjects"),
    completion_on=date(2027, 11, 1),
    completion_source=rule("registry", "study completion date"),
    arms=(
        Arm(code="COHORT_1", label="Cohort 1", cap=33, source=rule("T1", "33 + 33")),
        Arm(code="COHORT_2", label="Cohort 2", cap=33, source=rule("T1", "33 + 33")),
    ),
    allocation=AllocationPlan(
        block_sizes=(2, 4, 6), source=assumed("T1", "Q6", "permuted blocks of random size 2, 4 or 6 that sum to 66")
    ),
    dosing=DOSING,
    epochs=(SCREENING, NEOADJUVANT, SURGERY, EVALUATION, ADJUVANT, FOLLOW_UP),
    lab_bounds={analyte: (Decimal(low), Decimal(high)) for analyte, (low, high) in _BOUNDS.items()},
    lab_bounds_source=assumed("3.5", "Q11", "beyond these bounds a value is taken for a wrong unit and not used"),
    plausibility=Plausibility(
        backdated_days=60,
        source=assumed("T4", "Q9", "a report of an act longer ago must be confirmed with a reason"),
        dose_times=Decimal(5),
        dose_source=assumed("T2", "Q9", "5 times the planned amount, or a fifth, must be confirmed with a reason"),
    ),
    deviation_notice=DEVIATION,
    important_deviation_notice=IMPORTANT_DEVIATION,
    repeats=REPEATS,
    pause_repeats=PAUSE_REPEATS,
    events=EVENTS,
    notices=NOTICES,
    notice_words=NOTICE_WORDS,
    safety=SAFETY_PLAN,
    childbearing=CHILDBEARING,
    contraception=CONTRACEPTION,
    response=RESPONSE,
    permissions=PERMISSIONS,
    trial_permissions=TRIAL_PERMISSIONS,
    signatures=SIGNATURES,
    acts=ACTS,
    last_start_source=assumed("T7", "Q9", "last C1D1: full windows and the 14 d to the adjuvant start, no delays"),
    questions=QUESTIONS,
)
