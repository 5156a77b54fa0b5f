"""The two treatment epochs: cycles, visit windows, regimens per arm and the pre-dose gate."""

from decimal import Decimal

from domain.nct06978153.criteria import BEFORE_FIRST_DOSE
from domain.nct06978153.people import BOTH, INVESTIGATOR
from domain.nct06978153.sources import assumed, rule
from domain.protocol import Dose, DrugCheck, Escalation, Gate, RegimenLine, Reminder, TreatmentEpoch, Window

GATE = Gate(
    criteria=("I11.2", "I11.3", "I11.4", "I12.1", "I12.2", "I12.3", "I13.1"),
    order_days_before=3,
    max_age_days=3,
    give_up_days=14,
    override_by=INVESTIGATOR,
    notice="DOSE_ON_HOLD",
    to=BOTH,
    source=assumed("T11", "Q8", "pre-dose gate on a sample at most 3 d before D1"),
)

BENMELSTOBART = RegimenLine(
    options=(Dose(drug="BENMELSTOBART", amount=Decimal(1200), unit="mg"),),
    route="IV",
    days=(1,),
    source=rule("T2", "1200 mg, never reduced"),
)
ANLOTINIB = RegimenLine(
    options=(Dose(drug="ANLOTINIB", amount=Decimal(10), unit="mg"),),
    route="PO",
    days=tuple(range(1, 15)),
    self_administered=True,
    source=rule("T2.1", "2 weeks on, 1 week off; start day unstated, taken as D1"),
)
ETOPOSIDE = RegimenLine(
    options=(Dose(drug="ETOPOSIDE", amount=Decimal(100), unit="mg/m2"),),
    route="IV",
    days=(1, 2, 3),
    source=rule("T2"),
)
PLATINUM = RegimenLine(
    options=(
        Dose(drug="CISPLATIN", amount=Decimal(75), unit="mg/m2"),
        Dose(drug="CARBOPLATIN", amount=Decimal(5), unit="mg.min/mL"),
    ),
    route="NOT_STATED",
    days=(1,),
    source=assumed("T2", "Q8", "the investigator picks the platinum per cycle; carboplatin amount is an AUC"),
)

VISIT = Window(
    anchor="CYCLE_DAY_1",
    earliest_days=-3,
    target_days=0,
    latest_days=3,
    source=assumed("T2.2", "Q7", "D1 within 3 d of the planned date"),
)
VISIT_NOTICE = Reminder(
    after_days=-3,
    notice="VISIT_DUE",
    to=BOTH,
    text="visit due",
    source=assumed("T2.2", "Q7", "the visit is announced 3 d ahead, with the laboratory order"),
)
COURSE_NOTICE = Reminder(
    after_days=1,
    notice="COURSE_DUE",
    to=BOTH,
    text="days actually taken to report",
    source=assumed("T2.1", "Q7", "the days taken at home are asked for on the day after the last planned one"),
)
OVERDUE = Escalation(
    to=BOTH, notice="VISIT_OVERDUE", important=False, source=assumed("T2.2", "Q7", "overdue after the visit window")
)
MAX_DELAY = Escalation(
    to=INVESTIGATOR,
    notice="MAXIMUM_DELAY",
    important=True,
    source=assumed("T2.2", "Q7", "beyond 21 d of delay the investigator decides"),
)

WOUND = DrugCheck(
    drug="ANLOTINIB",
    rule="E16.11",
    asks="wound healed",
    since="PROCEDURE",
    section="conditions",
    field="unhealed_wound_or_fracture",
    to=INVESTIGATOR,
    notice="DRUG_CHECK",
    source=rule("T7", "anlotinib is started again only when the wound has healed"),
)
FIRST_GATE = GATE.model_copy(update={"before_first_dose": BEFORE_FIRST_DOSE})

NEOADJUVANT = TreatmentEpoch(
    code="NEOADJUVANT",
    label="Neoadjuvant treatment",
    cycles=3,
    cycle_days=21,
    start=Window(
        anchor="RANDOMIZATION",
        earliest_days=0,
        target_days=4,
        latest_days=7,
        source=assumed("T11", "Q6", "C1D1 within 7 d of randomization"),
    ),
    visit=VISIT,
    max_delay_days=21,
    max_delay_notice=MAX_DELAY,
    overdue=OVERDUE,
    visit_notice=VISIT_NOTICE,
    course_notice=COURSE_NOTICE,
    regimens={
        "COHORT_1": (BENMELSTOBART, ETOPOSIDE, PLATINUM, ANLOTINIB),
        "COHORT_2": (BENMELSTOBART, ETOPOSIDE, PLATINUM),
    },
    gate=FIRST_GATE,
    source=rule("T2", "3 cycles of 21 d"),
)

ADJUVANT = TreatmentEpoch(
    code="ADJUVANT",
    label="Adjuvant treatment",
    cycles=12,
    cycle_days=21,
    start=Window(
        anchor="EVALUATION",
        earliest_days=0,
        target_days=7,
        latest_days=14,
        source=assumed("T7", "Q9", "C4D1 within 14 d of a positive evaluation"),
    ),
    visit=VISIT,
    max_delay_days=21,
    max_delay_notice=MAX_DELAY,
    overdue=OVERDUE,
    visit_notice=VISIT_NOTICE,
    course_notice=COURSE_NOTICE,
    regimens={"COHORT_1": (BENMELSTOBART, ANLOTINIB), "COHORT_2": (BENMELSTOBART,)},
    gate=GATE.model_copy(update={"drug_checks": (WOUND,)}),
    completes_after_days=21,
    source=assumed("T7", "Q2", "12 cycles of 21 d in both arms; the record omits the count for cohort 2"),
)
