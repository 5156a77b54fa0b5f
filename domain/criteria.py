"""Eligibility and gate criteria: one function a rule, named by its id. Numbers come from the protocol's criterion row.

Absent evidence is UNKNOWN, never MET. Each finding says in one sentence what was held against what.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.dosing import creatinine_clearance
from domain.findings import EvidenceUsed, Finding, Verdict
from domain.labs import ANALYTES, LabValue
from domain.protocol import Criterion, LabLimit, Protocol
from domain.values import Sex, Site


@dataclass(frozen=True, slots=True)
class Case:
    """The evidence on one subject on one date. Laboratory values: the latest valid one per analyte."""

    site: Site
    on: date
    sex: Sex
    born_on: date
    consent_on: date | None
    labs: Mapping[str, LabValue]
    lab_max_age_days: int
    weight_kg: Decimal | None
    no_support: bool | None
    last_support_on: date | None
    support_assessed_on: date | None


def completed_years(born_on: date, on: date) -> int:
    """Give the age in completed years. Born on 29 February: birthday on 1 March in other years. Source: I2."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def i1_1(case: Case, criterion: Criterion) -> Finding:
    """Informed consent is signed. Source: I1.1."""
    if case.consent_on is None:
        return _finding(criterion, Verdict.UNKNOWN, "no informed consent on record")
    used = EvidenceUsed(what="consent", value="signed", on=case.consent_on)
    if case.consent_on > case.on:
        return _finding(criterion, Verdict.NOT_MET, f"consent is dated {case.consent_on}, after {case.on}", used)
    return _finding(criterion, Verdict.MET, f"consent signed on {case.consent_on}", used)


def i2(case: Case, criterion: Criterion) -> Finding:
    """Age in completed years at consent is within the limits. Source: I2."""
    if case.consent_on is None:
        return _finding(criterion, Verdict.UNKNOWN, "age is counted at consent, and no consent is on record")
    age = completed_years(case.born_on, case.consent_on)
    low, high = criterion.low or 0, criterion.high or age
    verdict = Verdict.MET if low <= age <= high else Verdict.NOT_MET
    used = EvidenceUsed(what="age", value=f"{age} a", on=case.consent_on)
    return _finding(criterion, verdict, f"{age} completed years at consent, {low} to {high} accepted", used)


def i11_1(case: Case, criterion: Criterion) -> Finding:
    """No blood support in so many days before the sample the blood counts come from. Source: I11.1."""
    sample = _first_sample(case, "HB", "ANC", "PLT")
    if sample is None:
        return _finding(criterion, Verdict.UNKNOWN, "no blood count sample to count back from")
    if case.last_support_on is not None:
        days = (sample - case.last_support_on).days
        verdict = Verdict.MET if days > (criterion.days or 0) else Verdict.NOT_MET
        used = EvidenceUsed(what="last blood support", value="given", on=case.last_support_on)
        return _finding(criterion, verdict, f"{days} d before the sample of {sample}", used)
    if case.no_support and case.support_assessed_on is not None:
        used = EvidenceUsed(what="blood support", value="none", on=case.support_assessed_on)
        age = (sample - case.support_assessed_on).days
        if age > (criterion.days or 0):
            return _finding(criterion, Verdict.UNKNOWN, f"asked {age} d before the sample of {sample}", used)
        return _finding(criterion, Verdict.MET, "none was ever given", used)
    return _finding(criterion, Verdict.UNKNOWN, "not documented whether blood support was given")


def lab_limits(case: Case, criterion: Criterion) -> Finding:
    """Every laboratory limit of the criterion holds. Source: I11.2, I11.3, I11.4, I12.1, I12.2, I13.1."""
    parts = [_limit(case, limit) for limit in criterion.limits]
    order = (Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET)
    verdict = min((part.verdict for part in parts), key=order.index)
    return _join(criterion, verdict, parts)


def i12_3(case: Case, criterion: Criterion) -> Finding:
    """Creatinine or creatinine clearance holds; one suffices. Source: I12.3."""
    parts = [_limit(case, limit) for limit in criterion.limits]
    order = (Verdict.MET, Verdict.UNKNOWN, Verdict.NOT_MET)
    verdict = min((part.verdict for part in parts), key=order.index)
    return _join(criterion, verdict, parts)


RULES: Mapping[str, Callable[[Case, Criterion], Finding]] = {
    "I1.1": i1_1,
    "I2": i2,
    "I11.1": i11_1,
    "I11.2": lab_limits,
    "I11.3": lab_limits,
    "I11.4": lab_limits,
    "I12.1": lab_limits,
    "I12.2": lab_limits,
    "I12.3": i12_3,
    "I13.1": lab_limits,
}


def assess(protocol: Protocol, case: Case, rules: tuple[str, ...] | None = None) -> tuple[Finding, ...]:
    """Give the finding of each criterion of the protocol, or of the named ones."""
    return tuple(
        RULES[criterion.rule](case, criterion)
        for criterion in protocol.screening.criteria
        if rules is None or criterion.rule in rules
    )


@dataclass(frozen=True, slots=True)
class _Part:
    verdict: Verdict
    sentence: str
    evidence: tuple[EvidenceUsed, ...] = ()


def _finding(criterion: Criterion, verdict: Verdict, sentence: str, *used: EvidenceUsed) -> Finding:
    return Finding(rule=criterion.rule, verdict=verdict, sentence=sentence, evidence=used)


def _join(criterion: Criterion, verdict: Verdict, parts: list[_Part]) -> Finding:
    sentence = "; ".join(part.sentence for part in parts)
    return _finding(criterion, verdict, sentence, *(used for part in parts for used in part.evidence))


def _first_sample(case: Case, *analytes: str) -> date | None:
    dates = [case.site.date_of(case.labs[code].collected_at) for code in analytes if code in case.labs]
    return min(dates, default=None)


def _limit(case: Case, limit: LabLimit) -> _Part:
    if limit.analyte == "CCR":
        return _clearance(case, limit)
    label = ANALYTES[limit.analyte].label
    found = case.labs.get(limit.analyte)
    if found is None:
        return _Part(Verdict.UNKNOWN, f"no usable result for {label}")
    sampled_on = case.site.date_of(found.collected_at)
    used = _used(label, found, sampled_on)
    age = (case.on - sampled_on).days
    if age > case.lab_max_age_days:
        return _Part(Verdict.UNKNOWN, f"{label} is {age} d old, at most {case.lab_max_age_days} d accepted", (used,))
    bound = limit.value
    if limit.times_uln:
        if found.upper_limit is None:
            return _Part(Verdict.UNKNOWN, f"{label}: the report gives no upper limit of normal", (used,))
        bound = limit.value * found.upper_limit
    verdict = Verdict.MET if _holds(found.value, limit.relation, bound) else Verdict.NOT_MET
    times = f" ({limit.value} x ULN)" if limit.times_uln else ""
    sentence = f"{label} {found.value} {found.unit}, {limit.relation} {bound.normalize():f}{times} required"
    return _Part(verdict, sentence, (used,))


def _clearance(case: Case, limit: LabLimit) -> _Part:
    found = case.labs.get("CREAT")
    if found is None or found.value <= 0 or case.weight_kg is None:
        return _Part(Verdict.UNKNOWN, "creatinine clearance needs creatinine and weight")
    sampled_on = case.site.date_of(found.collected_at)
    if (case.on - sampled_on).days > case.lab_max_age_days:
        return _Part(Verdict.UNKNOWN, "creatinine is too old for the clearance")
    age = completed_years(case.born_on, sampled_on)
    value = creatinine_clearance(age_years=age, weight_kg=case.weight_kg, creatinine=found.value, sex=case.sex)
    verdict = Verdict.MET if _holds(value, limit.relation, limit.value) else Verdict.NOT_MET
    used = EvidenceUsed(what="creatinine clearance", value=f"{value:.2f} mL/min", on=sampled_on)
    return _Part(verdict, f"clearance {value:.2f} mL/min, {limit.relation} {limit.value} required", (used,))


def _used(label: str, found: LabValue, on: date) -> EvidenceUsed:
    limit = "" if found.upper_limit is None else f"{found.upper_limit} {found.unit}"
    value = f"{found.value} {found.unit} (reported {found.reported})"
    return EvidenceUsed(what=label, value=value, on=on, upper_limit=limit, document=found.document)


def _holds(value: Decimal, relation: str, bound: Decimal) -> bool:
    match relation:
        case ">=":
            return value >= bound
        case "<=":
            return value <= bound
        case "<":
            return value < bound
        case _:
            return value > bound
