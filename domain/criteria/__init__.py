"""Eligibility and gate criteria: one function a rule, named by its id. Numbers come from the protocol's criterion row.

Absent evidence is UNKNOWN, never MET. Each finding says in one sentence what was held against what.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import chain

from domain.criteria import calcium, childbearing, disease, heart, history, laboratory, medication, organs, person
from domain.criteria.case import Case, Judgement, Reading, Reported, Ruling, completed_years
from domain.criteria.cautions import about_drugs, with_cautions
from domain.criteria.reported import with_reports
from domain.findings import Finding, Verdict
from domain.protocol import Criterion, Protocol

RULES: dict[str, Callable[[Reading, Criterion], Finding]] = {
    "I1.1": person.i1_1,
    "I1.2": person.judgement,
    "I1.3": person.judgement,
    "I2": person.i2,
    "I3": disease.i3,
    "I4.1": disease.i4_1,
    "I4.2": disease.i4_2,
    "I5.1": disease.i5_1,
    "I5.2": disease.i5_2,
    "I6": person.performance,
    "I7": person.i7,
    "I8": disease.i8,
    "I9": person.judgement,
    "I10.1": childbearing.i10_1,
    "I10.2": childbearing.i10_2,
    "I10.3": childbearing.i10_3,
    "I11.1": laboratory.i11_1,
    "I11.2": laboratory.lab_limits,
    "I11.3": laboratory.lab_limits,
    "I11.4": laboratory.lab_limits,
    "I12.1": laboratory.lab_limits,
    "I12.2": laboratory.lab_limits,
    "I12.3": laboratory.i12_3,
    "I13.1": laboratory.lab_limits,
    "I13.2": laboratory.coagulation_limit,
    "I13.3": laboratory.coagulation_limit,
    "I13.4": medication.i13_4,
    "E1": disease.e1,
    "E2": disease.e2,
    "E3": person.performance,
    "E4": disease.e4,
    "E5": person.judgement,
    "E6": disease.e6,
    "E7": calcium.e7,
    "E8": medication.recent_drugs,
    "E9.1": medication.e9_1,
    "E9.2": medication.recent_drugs,
    "E10": disease.e10,
    "E11": history.e11,
    "E12": disease.prior_drug,
    "E13": disease.prior_drug,
    "E14": organs.condition,
    "E15": person.judgement,
    "E16.1": heart.e16_1,
    "E16.2": heart.e16_2,
    "E16.3": medication.e16_3,
    "E16.4": person.judgement,
    "E16.5": organs.e16_5,
    "E16.6": organs.condition,
    "E16.7": organs.e16_7,
    "E16.8": laboratory.lab_limits,
    "E16.9": laboratory.lab_limits,
    "E16.10": organs.condition,
    "E16.11": organs.condition,
    "E17": organs.e17,
    "E18": organs.condition,
    "E19": history.e19,
    "E20": organs.condition,
    "E21": history.e21,
    "E22": history.e22,
    "E23": history.e23,
    "E24": organs.condition,
    "E25": childbearing.e25,
    "E26": person.judgement,
    "E27": person.e27,
}


def assess(protocol: Protocol, case: Case, rules: tuple[str, ...] | None = None) -> tuple[Finding, ...]:
    """Give the finding of each criterion of the protocol, or of the named ones."""
    return tuple(
        _with_ages(case, _assess_one(case, criterion))
        for criterion in protocol.screening.criteria
        if rules is None or criterion.rule in rules
    )


def _assess_one(case: Case, criterion: Criterion) -> Finding:
    """Give the finding on the newest evidence; where evidence of the same day leads elsewhere, CONFLICT."""
    reading = Reading(case)
    found = _read(reading, criterion)
    for key, count in reading.rivals.items():
        for place in range(count - 1):
            other = _read(Reading(case, {key: place}), criterion)
            if other.verdict != found.verdict:
                sentence = f"{key} of the same day disagree: {other.verdict} ({other.sentence}), {found.verdict}"
                evidence = tuple(dict.fromkeys(chain(other.evidence, found.evidence)))
                return Finding(rule=criterion.rule, verdict=Verdict.CONFLICT, sentence=f"{sentence} ({found.sentence})",
                               evidence=evidence)  # fmt: skip
    return found


def _read(reading: Reading, criterion: Criterion) -> Finding:
    """Give the finding on evidence and reports as one reading has them."""
    found = RULES[criterion.rule](reading, criterion)
    return with_cautions(reading, criterion, with_reports(reading, criterion, found))


def _with_ages(case: Case, finding: Finding) -> Finding:
    """Add the age of each piece of evidence at randomization and at C1D1."""
    rand, c1d1 = case.randomized, case.first_dose_on
    used = tuple(row.aged(_days(row.on, rand), _days(row.on, c1d1)) for row in finding.evidence)
    return replace(finding, evidence=used)


def _days(on: date | None, anchor: date | None) -> int | None:
    return None if on is None or anchor is None else (anchor - on).days


__all__ = ["RULES", "Case", "Judgement", "Reading", "Reported", "Ruling", "about_drugs", "assess", "completed_years"]
