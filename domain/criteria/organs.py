"""Criteria about organs and conditions: E14, E16 without heart and laboratory, E17, E18, E20, E24."""

from domain import evidence as e
from domain.criteria.case import Reading, within_days, within_months
from domain.criteria.laboratory import limit_of
from domain.criteria.limbs import (
    Limb,
    every,
    fresh,
    holds,
    judged,
    missing,
    unknown,
    used,
)
from domain.ctcae import VERSION
from domain.findings import Finding
from domain.protocol import Criterion


def condition(reading: Reading, criterion: Criterion) -> Finding:
    """Conditions that must be absent, or below a grade. Source: E14, E16.6, E16.10, E16.11, E18, E20, E24."""
    section = reading.section(e.Conditions)
    if section is None:
        return every(criterion, missing("conditions"))
    limbs = (_condition(section, criterion, name) for name in criterion.names)
    return every(criterion, *limbs, *fresh(reading, criterion, "conditions", section))


def _condition(section: e.Conditions, criterion: Criterion, name: str) -> Limb:
    value, label = getattr(section, name), name.replace("_", " ")
    if isinstance(value, bool):
        shown = "yes" if value else "no"
        return holds(not value, f"{label}: {shown}", used(label, shown, section))
    sentence = f"{label} grade {value} ({VERSION}), grade {criterion.low} triggers"
    return holds(value < (criterion.low or 0), sentence, used(label, f"grade {value}", section))


def e16_5(reading: Reading, criterion: Criterion) -> Finding:
    """Cirrhosis, decompensated liver, antivirals; hepatitis without treatment is judged. Source: E16.5."""
    section = reading.section(e.Liver)
    if section is None:
        return every(criterion, missing("liver disease"))
    limbs = list(fresh(reading, criterion, "liver disease", section))
    for what, found in (("cirrhosis", section.cirrhosis), ("decompensated liver", section.decompensated),
                        ("antivirals", section.antivirals)):  # fmt: skip
        shown = "yes" if found else "no"
        limbs.append(holds(not found, f"{what}: {shown}", used(what, shown, section)))
    for limit in criterion.limits:
        limb = limit_of(reading, criterion, limit)
        limbs.append(judged(reading, criterion, limb.sentence) if limb.verdict == "NOT_MET" else limb)
    return every(criterion, *limbs)


def e16_7(reading: Reading, criterion: Criterion) -> Finding:
    """HIV by test, immunodeficiency, transplant. Source: E16.7."""
    section = reading.section(e.Conditions)
    known = [missing("conditions")] if section is None else [
        *(_condition(section, criterion, name) for name in criterion.names),
        *fresh(reading, criterion, "conditions", section),
    ]  # fmt: skip
    tested = []
    for limit in criterion.limits:
        found = reading.lab(limit.analyte)
        indeterminate = found is not None and 0 < found.value < limit.value
        limb = limit_of(reading, criterion, limit)
        tested.append(unknown(f"{limb.sentence}: indeterminate, confirm", *limb.evidence) if indeterminate else limb)
    return every(criterion, *tested, *known)


def e17(reading: Reading, criterion: Criterion) -> Finding:
    """Haemoptysis, significant bleeding, or occult blood. Source: E17."""
    section = reading.section(e.Bleeding)
    limbs = [limit_of(reading, criterion, limit) for limit in criterion.limits]
    if section is None:
        return every(criterion, missing("bleeding"), *limbs)
    limit, amount, on = criterion.table["HAEMOPTYSIS"], section.haemoptysis_ml, section.haemoptysis_on
    evidence = used("haemoptysis", f"{amount} mL a day", section, on)
    if amount > limit and on is None:
        limbs.append(unknown(f"haemoptysis of {amount} mL a day, its date is not documented", evidence))
    else:
        bad = amount > limit and on is not None and within_days(reading, on, criterion.days or 0)
        limbs.append(holds(not bad, f"haemoptysis {amount} mL a day, above {limit} triggers", evidence))
    last = section.significant_on
    recent = last is not None and within_months(reading, last, criterion.months or 0)
    limbs.append(holds(not recent, f"last significant bleeding {last or 'none'}", used("bleeding", last or "none",
                                                                                    section, last)))  # fmt: skip
    return every(criterion, *limbs, *fresh(reading, criterion, "bleeding history", section))
