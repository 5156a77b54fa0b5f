"""Another trial of the family as another value: one arm, 2 cycles of 28 d, no surgery, then 3 cycles of 14 d."""

from datetime import date
from decimal import Decimal

from domain.nct06978153 import PROTOCOL as OURS
from domain.nct06978153.screening import SCREENING
from domain.nct06978153.treatment import NEOADJUVANT
from domain.nct06978153.waits import FOLLOW_UP
from domain.protocol import Arm, Dose, Protocol, RegimenLine, Source, Window

HERE = Source(rule="SMALL")
LINE = RegimenLine(options=(Dose(drug="DRUG_A", amount=Decimal(5), unit="mg"),), route="PO", days=(1, 2), source=HERE)
VISIT = Window(anchor="CYCLE_DAY_1", earliest_days=-1, target_days=0, latest_days=2, source=HERE)
INDUCTION = NEOADJUVANT.model_copy(
    update={
        "code": "INDUCTION",
        "cycles": 2,
        "cycle_days": 28,
        "start": Window(anchor="RANDOMIZATION", earliest_days=1, target_days=1, latest_days=2, source=HERE),
        "visit": VISIT,
        "regimens": {"ALL": (LINE,)},
        "gate": NEOADJUVANT.gate.model_copy(update={"criteria": ("I11.2",), "order_days_before": 1}),
    }
)
MAINTENANCE = INDUCTION.model_copy(
    update={
        "code": "MAINTENANCE",
        "cycles": 3,
        "cycle_days": 14,
        "start": Window(
            anchor="LAST_DOSE", drug="DRUG_A", earliest_days=27, target_days=28, latest_days=30, source=HERE
        ),
        "gate": INDUCTION.gate.model_copy(update={"criteria": ()}),
        "completes_after_days": 14,
    }
)
SMALL = Protocol.model_validate(
    {name: getattr(OURS, name) for name in Protocol.model_fields}
    | {
        "trial": "NCT00000001",
        "version": "1",
        "target": 2,
        "completion_on": date(2026, 12, 31),
        "arms": (Arm(code="ALL", label="All", cap=2, source=HERE),),
        "epochs": (SCREENING, INDUCTION, MAINTENANCE, FOLLOW_UP),
    }
)
