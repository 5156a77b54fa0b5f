"""Criteria about events of the past: E11, E19, E21, E22, E23."""

from domain import evidence as e
from domain.criteria.case import Reading, within_days, within_months
from domain.criteria.limbs import every, fresh, holds, judged, missing, passes, used
from domain.findings import Finding
from domain.protocol import Criterion


def e11(reading: Reading, criterion: Criterion) -> Finding:
    """Another malignancy within 5 years, by its last evidence or treatment. Source: E11."""
    section = reading.section(e.Malignancies)
    if section is None:
        return every(criterion, missing("other malignancies"))
    counted = [found for found in section.found if found.kind not in criterion.accepts]
    last = max((max(found.evidence_on, found.treated_on or found.evidence_on) for found in counted), default=None)
    evidence = used("other malignancies", ", ".join(found.kind for found in section.found) or "none", section, last)
    old = fresh(reading, criterion, "history of malignancies", section)
    if last is None:
        return every(criterion, passes("none that counts", evidence), *old)
    recent = within_months(reading, last, criterion.months or 0)
    return every(criterion, holds(not recent, f"last evidence or treatment {last}", evidence), *old)


def e19(reading: Reading, criterion: Criterion) -> Finding:
    """Arterial or venous thromboembolism in 6 calendar months. Source: E19."""
    section = reading.section(e.Events)
    if section is None:
        return every(criterion, missing("events"))
    on = section.thromboembolism_on
    recent = on is not None and within_months(reading, on, criterion.months or 0)
    evidence = used("thromboembolism", on or "none", section, on)
    limb = holds(not recent, f"last thromboembolism {on or 'none'}", evidence)
    return every(criterion, limb, *fresh(reading, criterion, "events", section))


def e21(reading: Reading, criterion: Criterion) -> Finding:
    """Major surgery or severe trauma in 14 d, or its residual effects. Source: E21."""
    section = reading.section(e.Events)
    if section is None:
        return every(criterion, missing("events"))
    on = section.major_surgery_on
    recent = on is not None and within_days(reading, on, criterion.days or 0)
    shown = "yes" if section.residual_effects else "no"
    return every(
        criterion,
        holds(not recent, f"last major surgery or trauma {on or 'none'}", used("surgery", on or "none", section, on)),
        holds(not section.residual_effects, f"residual effects: {shown}", used("residual effects", shown, section)),
        *fresh(reading, criterion, "events", section),
    )


def e22(reading: Reading, criterion: Criterion) -> Finding:
    """In another trial now, or less than 28 d since its last treatment. Source: E22."""
    section = reading.section(e.Events)
    if section is None:
        return every(criterion, missing("events"))
    evidence = used("other trial", section.other_trial, section)
    now = holds(section.other_trial != "INTERVENTIONAL", f"other trial now: {section.other_trial}", evidence)
    if section.other_trial == "OBSERVATIONAL":
        now = judged(reading, criterion, "in an observational study")
    on = section.trial_treatment_on
    recent = on is not None and within_days(reading, on, (criterion.days or 1) - 1)
    since = used("last trial treatment", on or "none", section, on)
    past = holds(not recent, f"last treatment in another trial {on or 'none'}", since)
    return every(criterion, now, past, *fresh(reading, criterion, "events", section))


def e23(reading: Reading, criterion: Criterion) -> Finding:
    """A live vaccine in 30 d before the first benmelstobart, or planned. Source: E23."""
    section = reading.section(e.Events)
    if section is None:
        return every(criterion, missing("events"))
    on = section.live_vaccine_on
    recent = on is not None and within_days(reading, on, criterion.days or 0)
    planned = "planned" if section.live_vaccine_planned else "none planned"
    evidence = used("live vaccine", on or "none", section, on)
    good = not recent and not section.live_vaccine_planned
    limb = holds(good, f"last live vaccine {on or 'none'}, {planned}", evidence)
    return every(criterion, limb, *fresh(reading, criterion, "events", section))
