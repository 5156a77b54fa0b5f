"""Criteria about organs, history, events, childbearing and their tests: I10, E7, E11, E14 to E25."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import evidence as e
from domain.findings import Verdict
from tests.criteria import (
    PROTOCOL,
    found,
    judged,
    one,
    value,
    verdict,
    whole,
    with_lab,
    with_section,
    without,
    woman,
    yes,
)
from tests.given import day

CLEAR, HIT = Verdict.NOT_TRIGGERED, Verdict.TRIGGERED
ON = day(2)


def ago(days: int) -> date:
    """Give the date so many days before the date of the case."""
    return ON - timedelta(days=days)


@pytest.mark.parametrize(
    ("rule", "code", "below", "at", "above", "verdicts"),
    [
        ("E16.8", "GLU_F", "9.9", "10", "10.1", (CLEAR, CLEAR, HIT)),
        ("E16.9", "UPROT", "1", "2", "3", (CLEAR, HIT, HIT)),
        ("E16.9", "UPROT24", "0.9", "1.0", "1.1", (CLEAR, CLEAR, HIT)),
        ("E17", "FOB", "1", "2", "3", (CLEAR, HIT, HIT)),
        ("E7", "CA_ION", "1.49", "1.5", "1.51", (CLEAR, CLEAR, HIT)),
        ("E16.7", "HIV", "0", "1", "2", (CLEAR, Verdict.UNKNOWN, HIT)),
    ],
)
def test_each_laboratory_limit_of_an_exclusion(
    rule: str, code: str, below: str, at: str, above: str, verdicts: tuple[Verdict, ...]
) -> None:
    """Below, at and above, in the canonical unit; an indeterminate HIV test must be confirmed."""
    assert tuple(verdict(rule, with_lab(code, number)) for number in (below, at, above)) == verdicts


@pytest.mark.parametrize(
    ("rule", "code"),
    [("E16.8", "GLU_F"), ("E16.9", "UPROT"), ("E17", "FOB"), ("E7", "CA"), ("E7", "ALB"), ("E16.7", "HIV"),
     ("E16.5", "HBSAG"), ("E16.5", "HCV"), ("E16.3", "PT"), ("I13.2", "INR")],
)  # fmt: skip
def test_a_missing_result_is_unknown(rule: str, code: str) -> None:
    """Absent is never normal."""
    known = whole()
    left = {name: rows for name, rows in known.labs.items() if name != code}
    assert verdict(rule, replace(known, labs=left)) == Verdict.UNKNOWN


@pytest.mark.parametrize(("rule", "limb"), [("E7", "Calcium, ionized"), ("E16.9", "24 h")])
def test_a_limb_may_be_left_out_only_when_the_investigator_says_so(rule: str, limb: str) -> None:
    """Else removing a bad result would better the verdict (E7, E16.9)."""
    assert verdict(rule, whole()) == CLEAR
    silent = found(rule, without("not_measured"))
    assert silent.verdict == Verdict.UNKNOWN
    assert limb.lower() in silent.sentence.lower()


@pytest.mark.parametrize(("rule", "code", "bad"), [("E7", "CA_ION", "1.51"), ("E16.9", "UPROT24", "1.1")])
def test_a_limb_that_was_not_measured_names_the_two_ways_out(rule: str, code: str, bad: str) -> None:
    """A result or the declaration; the other limbs still count, and a result goes before the declaration (Q11)."""
    row = next(row for row in PROTOCOL.screening.criteria if row.rule == rule)
    limit = next(limit for limit in row.limits if limit.optional)
    assert (limit.analyte, limit.optional_source and limit.optional_source.question) == (code, "Q11")
    sentence = found(rule, without("not_measured")).sentence
    assert f"send it with `lab_results`, or declare {code} in `not_measured` with `screening_evidence`" in sentence
    assert verdict(rule, with_lab(code, bad)) == HIT
    other = {"E7": ("CA", "3.00"), "E16.9": ("UPROT", "2")}[rule]
    assert verdict(rule, with_lab(*other, known=without("not_measured"))) == HIT


@pytest.mark.parametrize(
    ("calcium", "albumin", "expected"),
    [
        ("2.60", "40", CLEAR),  # corrected 2.60 = ULN
        ("2.60", "39.5", HIT),  # corrected 2.61
        ("2.50", "35", CLEAR),  # corrected 2.60
        ("2.50", "34.5", HIT),  # corrected 2.61
        ("2.99", "60", CLEAR),  # corrected 2.59, total at its limit
        ("3.00", "61", HIT),  # total above 2.99
    ],
)
def test_calcium_is_corrected_for_albumin(calcium: str, albumin: str, expected: Verdict) -> None:
    """Ca + 0.02 x (40 - albumin), ULN 2.6 mmol/L; any limb alone triggers (E7)."""
    assert verdict("E7", with_lab("ALB", albumin, known=with_lab("CA", calcium))) == expected


def test_one_high_limb_triggers_although_another_is_missing() -> None:
    """High total calcium without albumin (E7)."""
    known = with_lab("CA", "3.1")
    left = {name: rows for name, rows in known.labs.items() if name != "ALB"}
    assert verdict("E7", replace(known, labs=left)) == HIT


@pytest.mark.parametrize(("years", "days", "expected"), [(5, -1, CLEAR), (5, 0, HIT), (5, 1, HIT)])
def test_another_malignancy_counts_for_five_years(years: int, days: int, expected: Verdict) -> None:
    """From the later of last evidence and last treatment, the last day included (E11)."""
    last = date(ON.year - years, ON.month, ON.day) + timedelta(days=days)
    for evidence_on, treated_on in ((last, None), (last - timedelta(days=400), last)):
        row = e.Malignancy(kind="OTHER", evidence_on=evidence_on, treated_on=treated_on)
        assert verdict("E11", with_section("malignancies", found=(row,))) == expected


@pytest.mark.parametrize("kind", ["CERVICAL_CIS", "BASAL_CELL_CURED", "BLADDER_TA_TIS"])
def test_three_malignancies_are_excepted(kind: str) -> None:
    """However recent (E11)."""
    row = e.Malignancy.model_validate({"kind": kind, "evidence_on": ago(1)})
    assert verdict("E11", with_section("malignancies", found=(row,))) == CLEAR


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("E14", "component_hypersensitivity"),
        ("E16.6", "dialysis"),
        ("E16.7", "immunodeficiency"),
        ("E16.7", "transplant"),
        ("E16.10", "treated_epilepsy"),
        ("E16.11", "unhealed_wound_or_fracture"),
        ("E18", "lung_disease"),
        ("E18", "steroid_pneumonitis"),
    ],
)
def test_a_condition_triggers_its_own_rule_alone(rule: str, field: str) -> None:
    """Yes or no (E14, E16.6, E16.7, E16.10, E16.11, E18)."""
    known = with_section("conditions", **yes(field))
    hit = [
        key for key in ("E14", "E16.6", "E16.7", "E16.10", "E16.11", "E18", "E20", "E24") if verdict(key, known) == HIT
    ]
    assert hit == [rule]


@pytest.mark.parametrize(
    ("rule", "field", "limit"), [("E20", "neuropathy", 2), ("E24", "antibody_hypersensitivity", 3)]
)
def test_a_grade_triggers_from_its_limit_on(rule: str, field: str, limit: int) -> None:
    """Grade 2 of neuropathy, grade 3 of hypersensitivity (E20, E24)."""
    for grade in range(6):
        expected = HIT if grade >= limit else CLEAR
        assert verdict(rule, with_section("conditions", **one(field, grade))) == expected


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        (((149, 99), (150, 99)), CLEAR),  # mean 149.5
        (((150, 99), (150, 99)), HIT),
        (((149, 100), (149, 100)), HIT),
        (((180, 120), (140, 90), (140, 90)), CLEAR),  # the last two count
        (((120, 80),), Verdict.UNKNOWN),
        (((170, 110),), Verdict.UNKNOWN),
    ],
)
def test_the_mean_of_the_last_two_blood_pressures(readings: tuple[tuple[int, int], ...], expected: Verdict) -> None:
    """150 systolic or 100 diastolic; one reading alone is repeated (E16.1)."""
    rows = tuple(e.Pressure(systolic=high, diastolic=low) for high, low in readings)
    assert verdict("E16.1", with_section("blood_pressure", readings=rows)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ischaemia": 1}, HIT),
        ({"arrhythmia": 1}, HIT),
        ({"nyha": 1}, CLEAR),
        ({"nyha": 2}, HIT),
        ({"qt_ms": Decimal(480), "rr_ms": Decimal(1000)}, HIT),
        ({"qt_ms": Decimal("479.9"), "rr_ms": Decimal(1000)}, CLEAR),
        ({"qt_ms": Decimal(384), "rr_ms": Decimal(512)}, HIT),  # 384 / 0.8 = 480
        ({"qt_ms": Decimal("383.9"), "rr_ms": Decimal(512)}, CLEAR),
        ({"qt_ms": None, "qtc_ms": Decimal("479.9"), "formula": "FRIDERICIA"}, CLEAR),
        ({"qt_ms": None, "qtc_ms": Decimal(480), "formula": "FRIDERICIA"}, HIT),
        ({"qt_ms": None, "qtc_ms": Decimal(459), "formula": "BAZETT"}, CLEAR),
        ({"qt_ms": None, "qtc_ms": Decimal(460), "formula": "BAZETT"}, Verdict.UNKNOWN),
        ({"qt_ms": None, "qtc_ms": Decimal(500), "formula": None}, Verdict.UNKNOWN),
        ({"qt_ms": None, "qtc_ms": None}, Verdict.UNKNOWN),
    ],
)
def test_the_heart(fields: dict[str, Any], expected: Verdict) -> None:
    """QTcF = QT / RR^(1/3), RR in s; Bazett alone near the limit is repeated (E16.2, Q11)."""
    assert verdict("E16.2", with_section("heart", **fields)) == expected


@pytest.mark.parametrize("field", ["cirrhosis", "decompensated", "antivirals"])
def test_the_liver(field: str) -> None:
    """Any of the three (E16.5)."""
    assert verdict("E16.5", with_section("liver", **yes(field))) == HIT


@pytest.mark.parametrize("code", ["HBSAG", "HCV"])
def test_hepatitis_without_treatment_is_the_investigator_s_to_judge(code: str) -> None:
    """Positive serology asks for a judgement (E16.5)."""
    known = with_lab(code, "2")
    assert verdict("E16.5", known) == Verdict.JUDGEMENT_PENDING
    answer = judged()["E5"].answer
    for word, expected in (("NOT_TRIGGERED", CLEAR), ("TRIGGERED", HIT)):
        given = judged()["E5"]
        told = replace(given, answer=answer.model_copy(update={"rule": "E16.5", "verdict": word}))
        assert verdict("E16.5", replace(known, judgements=dict(known.judgements) | {"E16.5": told})) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"haemoptysis_ml": Decimal(50), "haemoptysis_on": ago(1)}, CLEAR),
        ({"haemoptysis_ml": Decimal("50.1"), "haemoptysis_on": ago(13)}, HIT),
        ({"haemoptysis_ml": Decimal("50.1"), "haemoptysis_on": ago(14)}, HIT),
        ({"haemoptysis_ml": Decimal("50.1"), "haemoptysis_on": ago(15)}, CLEAR),
        ({"haemoptysis_ml": Decimal("50.1")}, Verdict.UNKNOWN),
        ({"significant_on": date(2025, 3, 3)}, CLEAR),
        ({"significant_on": date(2025, 3, 4)}, HIT),  # exactly 3 months before 2025-06-04
        ({"significant_on": date(2025, 3, 5)}, HIT),
    ],
)
def test_bleeding(fields: dict[str, Any], expected: Verdict) -> None:
    """Above 50 mL a day in 14 d, or significant in 3 calendar months, the last day included (E17)."""
    assert verdict("E17", with_section("bleeding", **fields)) == expected


@pytest.mark.parametrize(
    ("rule", "field", "limit"),
    [("E21", "major_surgery_on", 14), ("E22", "trial_treatment_on", 27), ("E23", "live_vaccine_on", 30)],
)
def test_events_are_looked_back_for_their_days(rule: str, field: str, limit: int) -> None:
    """N - 1, N and N + 1 days; 28 d since a trial's treatment is enough (E21, E22, E23)."""
    for days, expected in ((limit - 1, HIT), (limit, HIT), (limit + 1, CLEAR)):
        assert verdict(rule, with_section("events", **one(field, ago(days)))) == expected


@pytest.mark.parametrize(("rule", "field"), [("E21", "residual_effects"), ("E23", "live_vaccine_planned")])
def test_what_is_there_or_planned_triggers(rule: str, field: str) -> None:
    """Residual effects; a planned live vaccine (E21, E23)."""
    assert verdict(rule, with_section("events", **yes(field))) == HIT


def test_another_trial() -> None:
    """An interventional one triggers, an observational one is judged (E22)."""
    assert verdict("E22", with_section("events", other_trial="INTERVENTIONAL")) == HIT
    assert verdict("E22", with_section("events", other_trial="OBSERVATIONAL")) == Verdict.JUDGEMENT_PENDING


@pytest.mark.parametrize(
    ("on", "expected"), [(date(2024, 12, 3), CLEAR), (date(2024, 12, 4), HIT), (date(2024, 12, 5), HIT)]
)
def test_thromboembolism_counts_for_six_calendar_months(on: date, expected: Verdict) -> None:
    """The exact six-month day still triggers (E19)."""
    assert verdict("E19", with_section("events", thromboembolism_on=on)) == expected


@pytest.mark.parametrize(
    ("event", "case_on", "expected"),
    [
        (date(2025, 8, 31), date(2026, 2, 28), HIT),  # the last day of February stands for its 31st
        (date(2025, 8, 31), date(2026, 3, 1), CLEAR),
        (date(2023, 8, 29), date(2024, 2, 29), HIT),  # a leap year
        (date(2023, 8, 29), date(2024, 3, 1), CLEAR),
    ],
)
def test_months_end_with_the_month(event: date, case_on: date, expected: Verdict) -> None:
    """A shorter month ends the look-back on its last day (E19)."""
    known = replace(with_section("events", on=case_on, thromboembolism_on=event), on=case_on)
    assert verdict("E19", known) == expected


def test_an_event_between_randomization_and_c1d1_triggers() -> None:
    """Both anchors (3.1)."""
    known = replace(with_section("events", on=day(5), live_vaccine_on=day(5)), rand_on=day(3), first_dose_on=day(7))
    assert verdict("E23", known) == HIT


YOUNG, OLD = date(1990, 6, 2), date(1975, 6, 2)
"""35 and 50 years at consent."""


@pytest.mark.parametrize(
    ("born_on", "expected"),
    [
        (date(1975, 6, 2), Verdict.NOT_APPLICABLE),  # 50 on the day of consent
        (date(1975, 6, 3), Verdict.MET),  # 49
        (date(2007, 6, 2), Verdict.MET),  # 18
        (date(2007, 6, 3), Verdict.NOT_APPLICABLE),  # 17
    ],
)
def test_childbearing_potential_is_by_age(born_on: date, expected: Verdict) -> None:
    """Women of 18 to 49 (I10.1, Q10)."""
    assert verdict("I10.1", woman(born_on)) == expected


def test_men_and_sterile_women_need_no_test() -> None:
    """I10 is not about them; lactation still is about the women (I10, E25)."""
    assert {verdict(rule, whole()) for rule in ("I10.1", "I10.2", "I10.3", "E25")} == {Verdict.NOT_APPLICABLE}
    sterile = woman(YOUNG, hcg=None, reproduction={"sterile": True})
    assert {verdict(rule, sterile) for rule in ("I10.1", "I10.2", "I10.3")} == {Verdict.NOT_APPLICABLE}
    assert verdict("E25", sterile) == CLEAR
    assert verdict("E25", woman(OLD, hcg=None)) == CLEAR


@pytest.mark.parametrize(
    ("hcg", "test", "pregnant"),
    [("0", Verdict.MET, CLEAR), ("1", Verdict.NOT_MET, HIT), ("2", Verdict.NOT_MET, HIT),
     (None, Verdict.UNKNOWN, Verdict.UNKNOWN)],
)  # fmt: skip
def test_serum_hcg(hcg: str | None, test: Verdict, pregnant: Verdict) -> None:
    """Indeterminate is as bad as positive (I10.2, E25)."""
    assert (verdict("I10.2", woman(YOUNG, hcg)), verdict("E25", woman(YOUNG, hcg))) == (test, pregnant)


@pytest.mark.parametrize(("age", "expected"), [(0, Verdict.MET), (7, Verdict.MET), (8, Verdict.UNKNOWN)])
def test_the_pregnancy_test_is_0_to_7_d_before_c1d1(age: int, expected: Verdict) -> None:
    """Counted from C1D1, not from randomization (I10.2)."""
    known = replace(woman(YOUNG), rand_on=day(3), first_dose_on=day(20), on=day(20), lab_max_age_days=30)
    tested = {"HCG": (value("HCG", "0", on=day(20) - timedelta(days=age)),)}
    assert verdict("I10.2", replace(known, labs=dict(known.labs) | tested)) == expected
    after = {"HCG": (value("HCG", "0", on=day(21)),)}
    assert verdict("I10.2", replace(known, labs=dict(known.labs) | after)) == Verdict.UNKNOWN


def test_contraception_and_lactation() -> None:
    """Agreed, and not lactating (I10.3, E25)."""
    assert verdict("I10.3", woman(YOUNG)) == Verdict.MET
    assert verdict("I10.3", woman(YOUNG, reproduction={"contraception_agreed": False})) == Verdict.NOT_MET
    assert verdict("E25", woman(YOUNG, reproduction={"lactating": True})) == HIT


def test_results_of_one_day_that_disagree_are_a_conflict() -> None:
    """About a verdict; a later day's result decides alone (3.1)."""
    known = whole()
    rivals = (value("HB", "89"), value("HB", "91"))
    assert verdict("I11.2", replace(known, labs=dict(known.labs) | {"HB": rivals})) == Verdict.CONFLICT
    agreeing = (value("HB", "95"), value("HB", "91"))
    assert verdict("I11.2", replace(known, labs=dict(known.labs) | {"HB": agreeing})) == Verdict.MET
