"""Hypercalcaemia: E7. A calcium the laboratory has corrected is never corrected again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.criteria.case import Reading
from domain.criteria.laboratory import limit_of, too_old
from domain.criteria.limbs import Limb, conflict, every, holds, unknown, used_lab
from domain.findings import Finding
from domain.labs import LabValue
from domain.protocol import Criterion


def e7(reading: Reading, criterion: Criterion) -> Finding:
    """Ionized, total or albumin-corrected calcium is too high; one alone triggers. Source: E7."""
    limbs = [limit_of(reading, criterion, limit) for limit in criterion.limits]
    return every(criterion, *limbs, _corrected(reading))


@dataclass(frozen=True, slots=True)
class _Corrected:
    on: date
    limb: Limb


def _corrected(reading: Reading) -> Limb:
    """Give the newest corrected calcium: computed here, or by the laboratory; of one date they must agree."""
    rows = [*_reported(reading), *_computed(reading)]
    if not rows:
        lacking = "albumin" if reading.lab("CA") else "calcium"
        return unknown(f"corrected calcium needs {lacking}")
    newest = max(row.on for row in rows)
    limbs = [row.limb for row in rows if row.on == newest]
    if {"MET", "NOT_MET"} <= {limb.verdict for limb in limbs}:
        used = dict.fromkeys(shown for limb in limbs for shown in limb.evidence)
        return conflict(f"corrected calcium of {newest} disagrees: {'; '.join(x.sentence for x in limbs)}", *used)
    decided = [limb for limb in limbs if limb.verdict != "UNKNOWN"]
    return (decided or limbs)[0]


def _reported(reading: Reading) -> Iterator[_Corrected]:
    """Give what the laboratory corrected; without a limit of its own that of total calcium in the same sample holds."""
    found, calcium = reading.lab("CA_CORR"), reading.lab("CA")
    if found is None:
        return
    limit = found.upper_limit
    if limit is None and calcium is not None and calcium.collected_at == found.collected_at:
        limit = calcium.upper_limit
    yield _held(reading, found.value, limit, "by the laboratory", (found,))


def _computed(reading: Reading) -> Iterator[_Corrected]:
    """Give calcium corrected for albumin. Unit: mmol/L; Ca + 0.02 x (40 - albumin g/L)."""
    calcium, albumin = reading.lab("CA"), reading.lab("ALB")
    if calcium is not None and albumin is not None:
        value = calcium.value + Decimal("0.02") * (40 - albumin.value)
        yield _held(reading, value, calcium.upper_limit, "", (calcium, albumin))


def _held(reading: Reading, value: Decimal, limit: Decimal | None, how: str, found: tuple[LabValue, ...]) -> _Corrected:
    used, on = tuple(used_lab(reading, row) for row in found), min(reading.sampled_on(row) for row in found)
    old = next(filter(None, (too_old(reading, row) for row in found)), "")
    if old:
        return _Corrected(on, unknown(old, *used))
    if limit is None:
        return _Corrected(on, unknown("Calcium: the report gives no upper limit of normal", *used))
    sentence = f"corrected calcium {how} {value.normalize():f} mmol/L, above {limit} (ULN) triggers".replace("  ", " ")
    return _Corrected(on, holds(value <= limit, sentence, *used))
