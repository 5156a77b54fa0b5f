"""Dosing formulas in Decimal, never rounded inside. Source: clinical-spec 3.4."""

from decimal import Decimal

from domain.values import Sex

UMOL_PER_MG_DL = Decimal("88.4")
FEMALE = Decimal("0.85")


def creatinine_clearance(*, age_years: int, weight_kg: Decimal, creatinine: Decimal, sex: Sex) -> Decimal:
    """Give the Cockcroft-Gault clearance with actual weight, uncapped.

    Unit: mL/min (not per 1.73 m2) from kg and umol/L. Source: clinical-spec 3.4 [NCCN][LU].
    """
    value = (140 - age_years) * weight_kg / (72 * creatinine / UMOL_PER_MG_DL)
    return value * FEMALE if sex == "FEMALE" else value
