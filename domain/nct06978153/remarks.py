"""What criteria rest on beside their rows: how old a statement may be, reports that count, and what people mind."""

from decimal import Decimal

from domain.nct06978153.sources import assumed, rule
from domain.protocol import Caution, LabLimit, ReportLimit, Source

WINDOW_DAYS = 28
"""Screening window, age of imaging, ECG and what has no other limit. Source: assumption 3.1, Q5."""
FRESH = assumed(
    "3.1", "Q5", f"a statement or a judgement of the subject's state or history is at most {WINDOW_DAYS} d old"
)
HALF = assumed(
    "3.1",
    "Q5",
    "a statement of what happened in the last N days is made in the later half of them before randomization (and "
    f"before the sample, I11.1), and in all of them before C1D1, in {WINDOW_DAYS} d at most; what comes after it is "
    "reported as it happens",
)


def _reported(source: Source, event: str, **how: int) -> ReportLimit:
    return ReportLimit.model_validate({"event": event, "source": source, **how})


PREGNANT = _reported(
    rule("E25", "any time: a pregnancy on record keeps a subject out until it is corrected"), "PREGNANCY"
)
VACCINATED = _reported(
    rule("E23", "a live vaccine that was reported counts like one in the evidence"), "LIVE_VACCINE", days=30
)
BLED = _reported(
    assumed("E17", "Q12", "a reported bleeding of grade 2 or above (CTCAE 5.0) is a significant one, to its last day"),
    "BLEEDING", grade_from=2, months=3)  # fmt: skip
ILD = _reported(rule("E18", "any history: a reported ILD of any grade"), "ILD")
RESTAGED = assumed("T6.1", "Q3", "progression before randomization outdates staging and imaging of earlier dates")


FEW_PLATELETS = Caution(
    text="eligible by the text; below the 100 10*9/L that is usual before chemotherapy",
    limit=LabLimit(analyte="PLT", relation=">=", value=Decimal(100), unit="10*9/L"),
    source=assumed("I11.4", "Q8", "platelets below 100 10*9/L (ok): eligible by the text, with a warning"),
)
LOW_CLEARANCE = Caution(
    text="eligible by creatinine alone; mind cisplatin",
    limit=LabLimit(analyte="CCR", relation=">=", value=Decimal(60), unit="mL/min"),
    drug="CISPLATIN",
    source=assumed("I12.3", "Q8", "clearance below 60 mL/min or not known: a warning with cisplatin, no refusal"),
)
PRIOR_CYCLE = Caution(
    text="query: which regimen, which wash-out, and does the prior cycle count? Three protocol cycles are given",
    from_cycles=1,
    source=assumed("I5.1", "Q4", "a prior cycle is flagged as a query to the protocol owner"),
)
OTHER_TEST = assumed(
    "I13.4", "Q1", "the test that does not guide a full dose keeps its limit (I13.2, I13.3, E16.3), whatever the ruling"
)
