"""Criteria about childbearing: I10, E25."""

from domain import evidence as e
from domain.criteria.case import Reading, completed_years
from domain.criteria.laboratory import limit_of
from domain.criteria.limbs import every, fresh, holds, missing, not_applicable, passes, stale, used
from domain.findings import EvidenceUsed, Finding
from domain.protocol import Criterion


def _potential(reading: Reading, criterion: Criterion) -> Finding | e.Reproduction | None:
    """Give the statement on childbearing potential, None while there is none, or why the criterion does not apply."""
    case = reading.case
    if case.sex == "MALE":
        return not_applicable(criterion, "about women; men are not mentioned (Q10)")
    age = completed_years(case.born_on, case.consent_on or case.on)
    section = reading.section(e.Reproduction)
    fertile = case.childbearing
    if not fertile.covers(case.sex, age):
        used_age = EvidenceUsed(what="age", value=f"{age} a", on=case.consent_on)
        sentence = f"{age} years old: of childbearing potential by age from {fertile.age_from} to {fertile.age_to}"
        return not_applicable(criterion, sentence, used_age)
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
    limb = passes("of childbearing potential: I10.2 and I10.3 apply", used("sterile", "no", found))
    return every(criterion, limb, *fresh(reading, criterion, "childbearing potential", found))


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
    limb = holds(found.contraception_agreed, f"contraception {shown}", used("contraception", shown, found))
    return every(criterion, limb, *fresh(reading, criterion, "contraception", found))


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
    nursing = (holds(not section.lactating, f"lactating: {shown}", used("lactating", shown, section)),
               *fresh(reading, criterion, "lactation", section))  # fmt: skip
    needed = tested or not isinstance(potential, Finding)
    return every(criterion, *nursing, *(tests if needed else [passes("no test needed: not of childbearing potential")]))
