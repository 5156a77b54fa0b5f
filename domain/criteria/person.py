"""Criteria about the person: consent, age, performance status, and what an investigator judges."""

from collections.abc import Iterator
from datetime import date

from domain import evidence as e
from domain.criteria.case import Case, Reading, completed_years
from domain.criteria.consent import version_problem
from domain.criteria.limbs import (
    deciding,
    every,
    fails,
    holds,
    judged,
    missing,
    passes,
    pending,
    stale,
    unknown,
    used,
)
from domain.findings import EvidenceUsed, Finding
from domain.labs import ANALYTES
from domain.protocol import Criterion

PROCEDURES = ("performance", "thorax", "brain", "blood_pressure", "heart")
"""Sections that tell of a procedure a trial may ask for. Histories and reports may be older than the consent."""


OBTAINED_BY = "obtained_by"
"""The name in I1.1's row that asks for who obtained the consent."""


def i1_1(reading: Reading, criterion: Criterion) -> Finding:
    """Informed consent is signed on an approved version, and it is on record who obtained it. Source: I1.1."""
    case = reading.case
    if case.consent_on is None:
        return every(criterion, unknown("no informed consent on record"))
    signed = EvidenceUsed(what="consent", value=f"signed, {case.consent_version or 'version on record'}",
                          on=case.consent_on)  # fmt: skip
    evidence = (signed, *_two_names(case))
    if case.consent_on > case.on:
        return every(criterion, fails(f"consent is dated {case.consent_on}, after {case.on}", *evidence))
    wrong = _not_approved(case)
    if wrong:
        return every(criterion, fails(wrong, *evidence))
    valid_on = min((on for on, problem in _versions(case) if not problem), default=case.consent_on)
    early = sorted(_before_consent(reading, valid_on))
    if early:
        sentence = f"before the consent of {valid_on}, and not standard of care: {', '.join(early)}"
        return every(criterion, fails(sentence, *evidence))
    unnamed = [version for version, row in case.consents.items() if row.obtained_by is None]
    if unnamed and OBTAINED_BY in criterion.names:
        sentence = f"it is not recorded who obtained the consent to {', '.join(unnamed)}: {OBTAINED_BY} is missing"
        return every(criterion, unknown(f"{sentence}; `correct` the fact of that consent with it", *evidence))
    return every(criterion, passes(f"consent signed on {case.consent_on}", *evidence))


def _versions(case: Case) -> list[tuple[date, str]]:
    """Give the date of each consent with what is wrong with its version, if anything."""
    return [(row.on, version_problem(version, row.on, case.icf_approved)) for version, row in case.consents.items()]


def _not_approved(case: Case) -> str:
    """Say why the newest consent is to no approved version; nothing when it is."""
    if case.icf_versions and case.consent_version not in case.icf_versions:
        return f"version {case.consent_version} is not approved; approved: {', '.join(case.icf_versions)}"
    latest_on = max((on for on, _ in _versions(case)), default=None)
    newest = [problem for on, problem in _versions(case) if on == latest_on]
    return "; ".join(newest) if case.icf_approved and all(newest) else ""


def _two_names(case: Case) -> Iterator[EvidenceUsed]:
    """Give who obtained each consent and who entered it. Consents from before that was asked for name nobody."""
    for version, row in case.consents.items():
        if row.obtained_by:
            entered = f", entered by {row.entered_by}" if row.entered_by else ""
            yield EvidenceUsed(what=f"consent {version}", value=f"obtained by {row.obtained_by}{entered}", on=row.on)


def _before_consent(reading: Reading, consent_on: date) -> Iterator[str]:
    """Give the study procedures and samples dated before the consent that are not marked as standard of care."""
    for name in PROCEDURES:
        for section in reading.case.sections.get(name, ()):
            if section.on < consent_on and not section.standard_of_care:
                yield f"{name.replace('_', ' ')} of {section.on}"
    for found in reading.case.labs.values():
        for value in found:
            if reading.sampled_on(value) < consent_on and not value.standard_of_care:
                yield f"{ANALYTES[value.analyte].label} of {reading.sampled_on(value)}"


def i2(reading: Reading, criterion: Criterion) -> Finding:
    """Age in completed years at consent is within the limits. Source: I2."""
    case = reading.case
    if case.consent_on is None:
        return every(criterion, unknown("age is counted at consent, and no consent is on record"))
    age = completed_years(case.born_on, case.consent_on)
    low, high = criterion.low or 0, criterion.high or age
    evidence = EvidenceUsed(what="age", value=f"{age} a", on=case.consent_on)
    return every(criterion, holds(low <= age <= high, f"{age} completed years at consent, {low} to {high} accepted",
                                  evidence))  # fmt: skip


def judgement(reading: Reading, criterion: Criterion) -> Finding:
    """The investigator judged it and signed. Source: I1.2, I1.3, I9, E5, E15, E16.4, E26."""
    return every(criterion, judged(reading, criterion, criterion.title))


def performance(reading: Reading, criterion: Criterion) -> Finding:
    """ECOG at most 1 in the screening window; of two raters the higher score counts. Source: I6, E3."""
    section = reading.section(e.PerformanceStatus)
    if section is None:
        return every(criterion, missing("ECOG performance status"))
    score, high = max(section.scores), criterion.high or 0
    evidence = used("ECOG", "/".join(map(str, section.scores)), section)
    old = stale(reading, "ECOG", section.on, criterion.max_age_days, evidence)
    if old is not None:
        return every(criterion, old)
    return every(criterion, holds(score <= high, f"ECOG {score}, at most {high} accepted", evidence))


def i7(reading: Reading, criterion: Criterion) -> Finding:
    """No contraindication to surgery, judged with a named thoracic surgeon. Source: I7."""
    limb = judged(reading, criterion, criterion.title)
    found = deciding(reading, criterion)
    if found and not any(row.role == "SURGEON" or row.answer.surgeon for row in found):
        limb = unknown("the thoracic surgeon is not named", *limb.evidence)
    return every(criterion, limb)


def e27(reading: Reading, criterion: Criterion) -> Finding:
    """Another factor by the investigator: signed, with grounds when it triggers. Source: E27."""
    limb = judged(reading, criterion, criterion.title)
    found = [row.answer for row in deciding(reading, criterion)]
    if found and all(answer.verdict == "TRIGGERED" and not answer.why for answer in found):
        limb = pending("the grounds are not stated", *limb.evidence)
    return every(criterion, limb)
