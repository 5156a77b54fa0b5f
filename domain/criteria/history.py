"""Criteria about organs, history and events: E11, E14 to E27 without the laboratory, and childbearing."""

from decimal import Decimal

from domain import evidence as e
from domain.criteria.case import (
    Limb,
    Reading,
    completed_years,
    every,
    holds,
    judged,
    missing,
    not_applicable,
    passes,
    pending,
    stale,
    unknown,
    used,
    within_days,
    within_months,
)
from domain.criteria.laboratory import limit_of
from domain.findings import EvidenceUsed, Finding
from domain.protocol import Criterion


def e11(reading: Reading, criterion: Criterion) -> Finding:
    """Another malignancy within 5 years, by its last evidence or treatment. Source: E11."""
    section = reading.section(e.Malignancies)
    if section is None:
        return every(criterion, missing("other malignancies"))
    counted = [found for found in section.found if found.kind not in criterion.accepts]
    last = max((max(found.evidence_on, found.treated_on or found.evidence_on) for found in counted), default=None)
    evidence = used("other malignancies", ", ".join(found.kind for found in section.found) or "none", section, last)
    if last is None:
        return every(criterion, passes("none that counts", evidence))
    months = criterion.months or 0
    return every(criterion, holds(not within_months(reading, last, months), f"last evidence or treatment {last}",
                                  evidence))  # fmt: skip


def condition(reading: Reading, criterion: Criterion) -> Finding:
    """Conditions that must be absent, or below a grade. Source: E14, E16.6, E16.10, E16.11, E18, E20, E24."""
    section = reading.section(e.Conditions)
    if section is None:
        return every(criterion, missing("conditions"))
    return every(criterion, *(_condition(section, criterion, name) for name in criterion.names))


def _condition(section: e.Conditions, criterion: Criterion, name: str) -> Limb:
    value, label = getattr(section, name), name.replace("_", " ")
    if isinstance(value, bool):
        shown = "yes" if value else "no"
        return holds(not value, f"{label}: {shown}", used(label, shown, section))
    sentence = f"{label} grade {value}, grade {criterion.low} triggers"
    return holds(value < (criterion.low or 0), sentence, used(label, f"grade {value}", section))


def e16_1(reading: Reading, criterion: Criterion) -> Finding:
    """Mean of the last readings too high, systolic or diastolic. Unit: mm[Hg]. Source: E16.1."""
    section = reading.section(e.BloodPressure)
    if section is None:
        return every(criterion, missing("blood pressure"))
    readings = section.readings[-(criterion.low or 1) :]
    shown = ", ".join(f"{row.systolic}/{row.diastolic}" for row in readings)
    evidence = used("blood pressure", f"{shown} mm[Hg]", section)
    old = stale(reading, "blood pressure", section.on, criterion.max_age_days, evidence)
    if old is not None:
        return every(criterion, old)
    if len(readings) < (criterion.low or 1):
        return every(criterion, unknown(f"{len(readings)} reading, {criterion.low} needed: repeat", evidence))
    count = len(readings)
    systolic, diastolic = sum(row.systolic for row in readings), sum(row.diastolic for row in readings)
    good = systolic < criterion.table["SYSTOLIC"] * count and diastolic < criterion.table["DIASTOLIC"] * count
    limits = f"{criterion.table['SYSTOLIC']}/{criterion.table['DIASTOLIC']} triggers"
    return every(criterion, holds(good, f"mean of {shown}; {limits}", evidence))


def e16_2(reading: Reading, criterion: Criterion) -> Finding:
    """Ischaemia, arrhythmia, QTc or heart failure. Unit of QTc: ms; Fridericia by default. Source: E16.2, Q11."""
    section = reading.section(e.Heart)
    if section is None:
        return every(criterion, missing("heart"))
    limbs = [
        holds(value < 1, f"{what} grade {value}", used(what, f"grade {value}", section))
        for what, value in (("ischaemia", section.ischaemia), ("arrhythmia", section.arrhythmia))
    ]
    limbs.append(
        holds(section.nyha < (criterion.low or 0), f"NYHA {section.nyha}", used("NYHA", section.nyha, section))
    )
    old = stale(reading, "ECG", section.on, criterion.max_age_days)
    return every(criterion, *limbs, old or _qtc(criterion, section))


def _qtc(criterion: Criterion, section: e.Heart) -> Limb:
    limit, near = criterion.table["QTC"], criterion.table["QTC_NEAR"]
    if section.qt_ms is not None and section.rr_ms is not None:
        cube = (section.qt_ms / limit) ** 3
        seconds = section.rr_ms / 1000
        qtc = section.qt_ms / seconds ** (Decimal(1) / 3)
        evidence = used("QTc Fridericia", f"{qtc:.1f} ms from QT {section.qt_ms} and RR {section.rr_ms} ms", section)
        return holds(cube < seconds, f"QTcF {qtc:.1f} ms, >= {limit} triggers", evidence)
    if section.qtc_ms is None:
        return unknown("no QTc", used("QTc", "none", section))
    evidence = used(f"QTc {section.formula or 'formula not stated'}", f"{section.qtc_ms} ms", section)
    if section.formula != "FRIDERICIA" and section.qtc_ms >= near:
        return unknown(f"QTc {section.qtc_ms} ms, not by Fridericia and near {limit}: repeat", evidence)
    return holds(section.qtc_ms < limit, f"QTc {section.qtc_ms} ms, >= {limit} triggers", evidence)


def e16_5(reading: Reading, criterion: Criterion) -> Finding:
    """Cirrhosis, decompensated liver, antivirals; hepatitis without treatment is judged. Source: E16.5."""
    section = reading.section(e.Liver)
    if section is None:
        return every(criterion, missing("liver disease"))
    limbs = []
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
        _condition(section, criterion, name) for name in criterion.names
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
    old = stale(reading, "bleeding history", section.on, criterion.max_age_days)
    return every(criterion, *limbs, *([old] if old else []))


def e19(reading: Reading, criterion: Criterion) -> Finding:
    """Arterial or venous thromboembolism in 6 calendar months. Source: E19."""
    section = reading.section(e.Events)
    if section is None:
        return every(criterion, missing("events"))
    on = section.thromboembolism_on
    recent = on is not None and within_months(reading, on, criterion.months or 0)
    evidence = used("thromboembolism", on or "none", section, on)
    return every(criterion, holds(not recent, f"last thromboembolism {on or 'none'}", evidence))


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
    return every(criterion, now, holds(not recent, f"last treatment in another trial {on or 'none'}", since))


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
    return every(criterion, holds(good, f"last live vaccine {on or 'none'}, {planned}", evidence))


def e27(reading: Reading, criterion: Criterion) -> Finding:
    """Another factor by the investigator: signed, with grounds when it triggers. Source: E27."""
    found = reading.case.judgements.get(criterion.rule)
    limb = judged(reading, criterion, criterion.title)
    if found is not None and found.answer.verdict == "TRIGGERED" and not found.answer.why:
        limb = pending("the grounds are not stated", *limb.evidence)
    return every(criterion, limb)


def _potential(reading: Reading, criterion: Criterion) -> Finding | e.Reproduction | None:
    """Give the statement on childbearing potential, None while there is none, or why the criterion does not apply."""
    case = reading.case
    if case.sex == "MALE":
        return not_applicable(criterion, "about women; men are not mentioned (Q10)")
    age = completed_years(case.born_on, case.consent_on or case.on)
    section = reading.section(e.Reproduction)
    if not (criterion.low or 0) <= age <= (criterion.high or age):
        used_age = EvidenceUsed(what="age", value=f"{age} a", on=case.consent_on)
        return not_applicable(criterion, f"{age} years old: childbearing potential by age ends at {criterion.high}",
                              used_age)  # fmt: skip
    if section is not None and section.sterile:
        return not_applicable(criterion, "permanently sterile by surgery", used("sterile", "yes", section))
    return section


def i10_1(reading: Reading, criterion: Criterion) -> Finding:
    """A woman of childbearing potential is treated as one. Source: I10.1, Q10."""
    found = _potential(reading, criterion)
    if isinstance(found, Finding):
        return found
    if found is None:
        return every(criterion, missing("childbearing potential"))
    return every(criterion, passes("of childbearing potential: I10.2 and I10.3 apply", used("sterile", "no", found)))


def i10_2(reading: Reading, criterion: Criterion) -> Finding:
    """Serum hCG negative 0 to 7 d before C1D1. Source: I10.2."""
    found = _potential(reading, criterion)
    if isinstance(found, Finding):
        return found
    limbs = [limit_of(reading, criterion, limit) for limit in criterion.limits]
    tests = [value for limit in criterion.limits if (value := reading.lab(limit.analyte)) is not None]
    for value in tests:
        old = stale(reading, "serum hCG", reading.sampled_on(value), criterion.max_age_days)
        limbs.extend([old] if old else [])
    return every(criterion, *limbs)


def i10_3(reading: Reading, criterion: Criterion) -> Finding:
    """Contraception agreed until 8 weeks after the last study drug. Source: I10.3, T8, Q10."""
    found = _potential(reading, criterion)
    if isinstance(found, Finding):
        return found
    if found is None:
        return every(criterion, missing("contraception"))
    shown = "agreed" if found.contraception_agreed else "not agreed"
    return every(criterion, holds(found.contraception_agreed, f"contraception {shown}", used("contraception", shown,
                                                                                           found)))  # fmt: skip


def e25(reading: Reading, criterion: Criterion) -> Finding:
    """Pregnant or lactating. Source: E25, I10.2."""
    if reading.case.sex == "MALE":
        return not_applicable(criterion, "about women")
    tests = [limit_of(reading, criterion, limit) for limit in criterion.limits]
    tested = any(limb.evidence for limb in tests)
    potential, section = _potential(reading, criterion), reading.section(e.Reproduction)
    if isinstance(potential, Finding) and not tested and section is None:
        return potential
    if section is None:
        return every(criterion, missing("lactation"), *tests)
    shown = "yes" if section.lactating else "no"
    nursing = holds(not section.lactating, f"lactating: {shown}", used("lactating", shown, section))
    needed = tested or not isinstance(potential, Finding)
    return every(criterion, nursing, *(tests if needed else [passes("no test needed: not of childbearing potential")]))
