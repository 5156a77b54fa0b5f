"""How doses are worked out: surface area, clearance, rounding and dose levels."""

from decimal import Decimal

from domain.nct06978153.sources import assumed, rule
from domain.protocol import Area, Clearance, DoseLevels, Dosing, Rounding, Share

DOSING = Dosing(
    area=Area(formula="MOSTELLER", source=assumed("3.4", "Q8", "Mosteller; no cap unless the protocol says so")),
    clearance=Clearance(
        cap_ml_per_min=Decimal(125),
        creatinine_max_age_days=3,
        source=assumed(
            "3.4", "Q8", "Cockcroft-Gault with actual weight, capped at 125 mL/min, on a sample at most 3 d before D1"
        ),
    ),
    rounding=Rounding(step_mg=Decimal(1), source=assumed("3.4", "Q8", "one rounding at the end, to 1 mg")),
    weight_change=Share(
        share=Decimal("0.10"), source=assumed("3.4", "Q8", "computed again when the weight changed by 10 % or more")
    ),
    important_difference=Share(
        share=Decimal("0.10"),
        source=assumed("T9", "Q8", "given 10 % or more off the plan is an important deviation; a fixed dose always"),
    ),
    levels=(
        DoseLevels(drug="BENMELSTOBART", amounts=(Decimal(1200),), source=rule("T9", "never reduced")),
        DoseLevels(
            drug="ANLOTINIB",
            amounts=(Decimal(12), Decimal(10), Decimal(8)),
            source=assumed("T9", "Q8", "steps of the label; 10 mg is the start"),
        ),
    ),
    level_source=assumed("T9", "Q8", "the registry record lists no other level than the regimen's"),
)
