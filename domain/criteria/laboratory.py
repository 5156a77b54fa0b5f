"""Criteria about laboratory values: I11, I12, I13.1 to I13.3, E7, E16.8, E16.9, and the limits of others."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from domain.criteria.case import PROPHYLACTIC, Reading, completed_years
from domain.criteria.limbs import (
    Limb,
    every,
    fails,
    fresh,
    holds,
    most_days,
    not_applicable,
    one_suffices,
    passes,
    unknown,
    used_lab,
)
from domain.dosing import creatinine_clearance
from domain.evidence import Anticoagulation
from domain.findings import EvidenceUsed, Finding
from domain.labs import ANALYTES, LabValue
from domain.protocol import Criterion, LabLimit

BLOOD_COUNTS = ("HB", "ANC", "PLT")


def i11_1(reading: Reading, criterion: Criterion) -> Finding:
    """No blood support in so many days before the sample the blood counts come from, nor since. Source: I11.1."""
    counts = [found for found in map(reading.lab, BLOOD_COUNTS) if found is not None]
    sample = min((reading.sampled_on(found) for found in counts), default=None)
    if sample is None:
        return every(criterion, unknown("no blood count sample to count back from"))
    lacking = [unknown("not every blood count is in: the missing one may be of an earlier sample")]
    lacking = lacking if len(counts) < len(BLOOD_COUNTS) else []
    return every(criterion, *_support(reading, criterion, sample), *lacking)


def _support(reading: Reading, criterion: Criterion, sample: date) -> Iterator[Limb]:
    """Give what is known of the last blood support, and whether it was asked for near enough to the sample."""
    case, days = reading.case, criterion.days or 0
    asked_on, last_on = case.support_assessed_on, case.last_support_on
    if last_on is not None:
        used = EvidenceUsed(what="last blood support", value="given", on=last_on)
        since = (sample - last_on).days
        yield holds(since > days, f"{since} d before the sample of {sample}, more than {days} d required", used)
    elif case.no_support and asked_on is not None:
        yield passes("none was ever given", EvidenceUsed(what="blood support", value="none", on=asked_on))
    elif case.no_support is False:
        yield unknown("the date of the last blood support is not documented")
    else:
        yield unknown("not documented whether blood support was given")
        return
    if asked_on is None:
        yield unknown("not documented on which date blood support was asked for")
        return
    age, most = (sample - asked_on).days, most_days(reading, criterion) or 0
    if age > most:
        used = EvidenceUsed(what="blood support", value="asked", on=asked_on)
        yield unknown(f"asked {age} d before the sample of {sample}, at most {most} d accepted", used)


def lab_limits(reading: Reading, criterion: Criterion) -> Finding:
    """Every laboratory limit of the criterion holds. Source: I11.2 to I11.4, I12.1, I12.2, I13.1, E16.8, E16.9."""
    return every(criterion, *(limit_of(reading, criterion, limit) for limit in criterion.limits))


def i12_3(reading: Reading, criterion: Criterion) -> Finding:
    """Creatinine or creatinine clearance holds; one suffices. Source: I12.3."""
    return one_suffices(criterion, *(limit_of(reading, criterion, limit) for limit in criterion.limits))


def coagulation_limit(reading: Reading, criterion: Criterion) -> Finding:
    """INR or APTT holds in a subject who is not anticoagulated. Source: I13.2, I13.3."""
    section = reading.section(Anticoagulation)
    if section is None:
        return every(criterion, unknown("anticoagulation not documented"))
    if section.drug not in PROPHYLACTIC:
        used = EvidenceUsed(what="anticoagulation", value=section.drug, on=section.on, document=section.document)
        return not_applicable(criterion, "the subject is anticoagulated: I13.4 applies", used)
    limits = (limit_of(reading, criterion, limit) for limit in criterion.limits)
    return every(criterion, *limits, *fresh(reading, criterion, "anticoagulation", section))


def limit_of(reading: Reading, criterion: Criterion, limit: LabLimit) -> Limb:
    """Hold one laboratory value against one limit: what an inclusion requires, or what triggers an exclusion."""
    if limit.analyte == "CCR":
        return _clearance(reading, limit)
    label = ANALYTES[limit.analyte].label
    found = reading.lab(limit.analyte)
    if found is None:
        if limit.optional and reading.not_measured(limit.analyte):
            return passes(f"{label} was not measured, as the investigator decided")
        return unknown(f"no usable result for {label}{_way_out(limit)}")
    used = used_lab(reading, found)
    old = too_old(reading, found, limit)
    if old:
        return unknown(old, used)
    bound = limit.value
    if limit.times_uln or limit.plus_uln:
        if found.upper_limit is None:
            return unknown(f"{label}: the report gives no upper limit of normal", used)
        bound = limit.value * found.upper_limit if limit.times_uln else limit.value + found.upper_limit
    how = f" ({limit.value} x ULN)" if limit.times_uln else f" (ULN + {limit.value})" if limit.plus_uln else ""
    true = relation_holds(found.value, limit.relation, bound)
    word = "triggers" if criterion.is_exclusion else "required"
    sentence = f"{label} {found.value} {found.unit}, {limit.relation} {bound.normalize():f}{how} {word}"
    return holds(true is not criterion.is_exclusion, sentence, used)


def _way_out(limit: LabLimit) -> str:
    """Say how the limb of a test that not every site does is resolved."""
    if not limit.optional:
        return ""
    return f": send it with `lab_results`, or declare {limit.analyte} in `not_measured` with `screening_evidence`"


def too_old(reading: Reading, found: LabValue, limit: LabLimit | None = None) -> str:
    """Say what is wrong with a sample's age, or nothing. A limit's own age goes before the epoch's."""
    case, sampled_on = reading.case, reading.sampled_on(found)
    days = case.lab_max_age_days if limit is None or limit.max_age_days is None else limit.max_age_days
    anchor = case.randomized if limit is not None and limit.at_randomization else case.on
    age = (anchor - sampled_on).days
    label = ANALYTES[found.analyte].label
    return f"{label} is {age} d old, at most {days} d accepted" if age > days else ""


def _clearance(reading: Reading, limit: LabLimit) -> Limb:
    case, found = reading.case, reading.lab("CREAT")
    if found is None or found.value <= 0 or case.weight_kg is None:
        return unknown("creatinine clearance needs creatinine and weight")
    if too_old(reading, found, limit):
        return unknown("creatinine is too old for the clearance")
    sampled_on = reading.sampled_on(found)
    age = completed_years(case.born_on, sampled_on)
    value = creatinine_clearance(age_years=age, weight_kg=case.weight_kg, creatinine=found.value, sex=case.sex)
    used = EvidenceUsed(what="creatinine clearance", value=f"{value:.2f} mL/min", on=sampled_on)
    sentence = f"clearance {value:.2f} mL/min, {limit.relation} {limit.value} required"
    return (passes if relation_holds(value, limit.relation, limit.value) else fails)(sentence, used)


def relation_holds(value: Decimal, relation: str, bound: Decimal) -> bool:
    """Say whether a value stands in a relation to a bound."""
    match relation:
        case ">=":
            return value >= bound
        case "<=":
            return value <= bound
        case "<":
            return value < bound
        case _:
            return value > bound
