"""Criteria about drugs and coagulation: E8, E9, I13.2 to I13.4, E16.3."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain import evidence as e
from domain.criteria import Case, Ruling
from domain.findings import Verdict
from tests.criteria import found, one, verdict, whole, with_lab, with_section, without
from tests.given import day

ON = day(2)


def ago(days: int) -> date:
    """Give the date so many days before the date of the case."""
    return ON - timedelta(days=days)


@pytest.mark.parametrize(
    ("rule", "field", "limit"), [("E8", "immunostimulants", 28), ("E9.2", "immunosuppressants", 14)]
)
def test_a_drug_counts_for_its_days_and_while_it_is_taken(rule: str, field: str, limit: int) -> None:
    """The last day included (E8, E9.2)."""
    for days, expected in (
        (limit - 1, Verdict.TRIGGERED),
        (limit, Verdict.TRIGGERED),
        (limit + 1, Verdict.NOT_TRIGGERED),
    ):
        course = e.Course(drug="DRUG_X", started_on=ago(90), stopped_on=ago(days))
        assert verdict(rule, with_section("medication", **one(field, (course,)))) == expected
    taken = e.Course(drug="DRUG_X", started_on=ago(90))
    assert verdict(rule, with_section("medication", **one(field, (taken,)))) == Verdict.TRIGGERED
    assert verdict(rule, without("medication")) == Verdict.UNKNOWN


def steroids(*courses: dict[str, Any]) -> Case:
    """Give a case with courses of systemic steroids, 60 d ago until now unless told otherwise."""
    base: dict[str, Any] = {"drug": "PREDNISONE", "started_on": ago(60), "mg_per_day": Decimal(10), "route": "SYSTEMIC",
            "purpose": "OTHER"}  # fmt: skip
    return with_section("medication", steroids=tuple(e.SteroidCourse.model_validate(base | row) for row in courses))


@pytest.mark.parametrize(
    ("drug", "at", "above"),
    [
        ("PREDNISONE", "10", "10.1"),
        ("METHYLPREDNISOLONE", "8", "8.1"),
        ("HYDROCORTISONE", "40", "40.1"),
        ("DEXAMETHASONE", "1.5", "1.6"),
    ],
)
def test_exactly_10_mg_of_prednisone_equivalent_is_allowed(drug: str, at: str, above: str) -> None:
    """Prednisone 5 = methylprednisolone 4 = hydrocortisone 20 = dexamethasone 0.75 mg (E9.1)."""
    assert verdict("E9.1", steroids({"drug": drug, "mg_per_day": at})) == Verdict.NOT_TRIGGERED
    assert verdict("E9.1", steroids({"drug": drug, "mg_per_day": above})) == Verdict.TRIGGERED


@pytest.mark.parametrize(
    ("days", "expected"), [(13, Verdict.TRIGGERED), (14, Verdict.TRIGGERED), (15, Verdict.NOT_TRIGGERED)]
)
def test_steroids_are_looked_back_for_14_days(days: int, expected: Verdict) -> None:
    """The last day included (E9.1)."""
    assert verdict("E9.1", steroids({"mg_per_day": 40, "stopped_on": ago(days)})) == expected


def test_the_worst_day_counts_not_the_mean() -> None:
    """Courses of the same day add up (E9.1)."""
    long = {"mg_per_day": 6}
    short = {"mg_per_day": 5, "started_on": ago(3), "stopped_on": ago(3), "purpose": "OTHER"}
    assert verdict("E9.1", steroids(long)) == Verdict.NOT_TRIGGERED
    assert verdict("E9.1", steroids(long, short)) == Verdict.TRIGGERED
    assert f"({ago(3)})" in found("E9.1", steroids(long, short)).sentence


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"route": "INHALED"}, Verdict.NOT_TRIGGERED),
        ({"route": "TOPICAL"}, Verdict.NOT_TRIGGERED),
        ({"purpose": "PROPHYLAXIS", "started_on": ago(8), "stopped_on": ago(2)}, Verdict.NOT_TRIGGERED),
        ({"purpose": "NON_AUTOIMMUNE", "started_on": ago(8), "stopped_on": ago(2)}, Verdict.NOT_TRIGGERED),
        ({"purpose": "PROPHYLAXIS", "started_on": ago(9), "stopped_on": ago(2)}, Verdict.TRIGGERED),
        ({"purpose": "OTHER", "started_on": ago(8), "stopped_on": ago(2)}, Verdict.TRIGGERED),
        ({"purpose": "REPLACEMENT"}, Verdict.TRIGGERED),
        ({"drug": "PREDNISOLONE"}, Verdict.UNKNOWN),
    ],
)
def test_what_is_excepted_and_what_is_not_known(fields: dict[str, Any], expected: Verdict) -> None:
    """Local routes, and 7 d or less for prophylaxis or a non-autoimmune reason (E9.x)."""
    assert verdict("E9.1", steroids({"mg_per_day": 40} | fields)) == expected


def test_replacement_of_10_mg_is_allowed() -> None:
    """By the threshold alone (E9.x)."""
    assert verdict("E9.1", steroids({"purpose": "REPLACEMENT"})) == Verdict.NOT_TRIGGERED


def test_steroids_between_randomization_and_c1d1_count() -> None:
    """Both anchors (E9.1)."""
    known = steroids({"mg_per_day": 40, "started_on": day(4), "stopped_on": day(5), "purpose": "OTHER"})
    assert verdict("E9.1", known) == Verdict.NOT_TRIGGERED
    assert verdict("E9.1", replace(known, rand_on=day(2), first_dose_on=day(7))) == Verdict.TRIGGERED


@pytest.mark.parametrize(
    ("rule", "code", "below", "at", "above"),
    [("I13.2", "INR", "1.4", "1.5", "1.6"), ("I13.3", "APTT", "53", "54", "54.1")],
)
def test_coagulation_without_anticoagulants(rule: str, code: str, below: str, at: str, above: str) -> None:
    """INR 1.5, APTT 1.5 x ULN of 36 s (I13.2, I13.3)."""
    assert [verdict(rule, with_lab(code, number)) for number in (below, at, above)] == [
        Verdict.MET,
        Verdict.MET,
        Verdict.NOT_MET,
    ]


@pytest.mark.parametrize(
    ("number", "expected"),
    [("17.4", Verdict.NOT_TRIGGERED), ("17.5", Verdict.NOT_TRIGGERED), ("17.6", Verdict.TRIGGERED)],
)
def test_pt_is_held_against_uln_plus_4_s(number: str, expected: Verdict) -> None:
    """ULN is 13.5 s; no ratio (E16.3)."""
    assert verdict("E16.3", with_lab("PT", number)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"drug": "NONE"}, Verdict.NOT_TRIGGERED),
        ({"drug": "LOW_DOSE_HEPARIN", "units_per_day": Decimal(5999)}, Verdict.TRIGGERED),
        ({"drug": "LOW_DOSE_HEPARIN", "units_per_day": Decimal(6000)}, Verdict.NOT_TRIGGERED),
        ({"drug": "LOW_DOSE_HEPARIN", "units_per_day": Decimal(12000)}, Verdict.NOT_TRIGGERED),
        ({"drug": "LOW_DOSE_HEPARIN", "units_per_day": Decimal(12001)}, Verdict.TRIGGERED),
        ({"drug": "LOW_DOSE_HEPARIN", "mg_per_day": Decimal(40)}, Verdict.UNKNOWN),
        ({"drug": "ASPIRIN", "mg_per_day": Decimal(100)}, Verdict.NOT_TRIGGERED),
        ({"drug": "ASPIRIN", "mg_per_day": Decimal(101)}, Verdict.TRIGGERED),
        ({"drug": "ASPIRIN"}, Verdict.UNKNOWN),
        ({"drug": "THROMBOLYTIC"}, Verdict.TRIGGERED),
    ],
)
def test_low_dose_heparin_and_aspirin_are_allowed(fields: dict[str, Any], expected: Verdict) -> None:
    """6,000 to 12,000 units, 100 mg; heparin in mg says nothing (E16.3)."""
    known = with_section("anticoagulation", **fields)
    assert verdict("E16.3", known) == expected
    if fields["drug"] in ("NONE", "LOW_DOSE_HEPARIN", "ASPIRIN"):
        assert verdict("I13.4", known) == Verdict.NOT_APPLICABLE
        assert verdict("I13.2", known) == Verdict.MET


def test_a_bleeding_tendency_triggers() -> None:
    """Without it being documented the rule is UNKNOWN (E16.3)."""
    assert verdict("E16.3", with_section("bleeding", tendency=True)) == Verdict.TRIGGERED
    assert verdict("E16.3", without("bleeding")) == Verdict.UNKNOWN


def full_dose(since: int = 14, inr: str = "2.5", **fields: Any) -> Case:
    """Give a case on a full dose, stable for so many days, with a range of INR 2 to 3."""
    known: dict[str, Any] = {
        "drug": "FULL_DOSE", "stable_since": ago(since), "tested": "INR", "range_low": Decimal(2),
        "range_high": Decimal(3),
    }  # fmt: skip
    return with_lab("INR", inr, known=with_section("anticoagulation", **(known | fields)))


def test_a_stable_full_dose_is_a_conflict_until_the_sponsor_rules() -> None:
    """I13.4 lets it enter, E16.3 does not (Q1)."""
    known = full_dose()
    assert (verdict("I13.4", known), verdict("E16.3", known)) == (Verdict.CONFLICT, Verdict.CONFLICT)
    assert (verdict("I13.2", known), verdict("I13.3", known)) == (Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE)
    for allowed, words in ((True, (Verdict.MET, Verdict.NOT_TRIGGERED)), (False, (Verdict.NOT_MET, Verdict.TRIGGERED))):
        ruled = replace(known, rulings={"I13.4": Ruling(allowed, day(1), "SPO1", "as discussed")})
        assert (verdict("I13.4", ruled), verdict("E16.3", ruled)) == words
        assert "SPO1" in found("I13.4", ruled).evidence[-1].value


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (full_dose(since=13), Verdict.NOT_MET),
        (full_dose(inr="1.9"), Verdict.NOT_MET),
        (full_dose(inr="2"), Verdict.CONFLICT),
        (full_dose(inr="3"), Verdict.CONFLICT),
        (full_dose(inr="3.1"), Verdict.NOT_MET),
        (full_dose(stable_since=None), Verdict.UNKNOWN),
        (full_dose(range_low=None), Verdict.UNKNOWN),
        (full_dose(drug="PARENTERAL"), Verdict.CONFLICT),
    ],
)
def test_what_is_not_stable_or_out_of_range_is_no_conflict(known: Case, expected: Verdict) -> None:
    """Stable for 14 d, in the range the investigator entered; else the exclusion stands (I13.4, E16.3)."""
    assert verdict("I13.4", known) == expected
    assert verdict("E16.3", known) == (Verdict.CONFLICT if expected == Verdict.CONFLICT else Verdict.TRIGGERED)


def test_without_a_statement_on_anticoagulants_everything_about_them_is_unknown() -> None:
    """Four rules (I13.2 to I13.4, E16.3)."""
    known = without("anticoagulation")
    assert {verdict(rule, known) for rule in ("I13.2", "I13.3", "I13.4", "E16.3")} == {Verdict.UNKNOWN}
    assert verdict("I13.4", whole()) == Verdict.NOT_APPLICABLE


def test_a_full_dose_without_a_result_of_its_test_is_unknown() -> None:
    """The range is entered and the result is missing: nobody knows whether it is met; the exclusion stands (I13.4)."""
    known = full_dose()
    known = replace(known, labs={code: rows for code, rows in known.labs.items() if code != "INR"})
    finding = found("I13.4", known)
    assert finding.verdict == Verdict.UNKNOWN
    assert finding.sentence.split("; ")[:2] == ["stable for 14 d, 14 d required", "no usable result for INR"]
    assert verdict("E16.3", known) == Verdict.TRIGGERED


@pytest.mark.parametrize(("started", "stopped", "taken"), [(20, 21, True), (20, 20, True), (20, 19, False)])
def test_a_course_ends_on_or_after_its_first_day(started: int, stopped: int, *, taken: bool) -> None:
    """E8, E9: a course of one day is one; one that ends before it begins is a slip of the pen and is not taken."""
    dates = {"drug": "DRUG_X", "started_on": day(started), "stopped_on": day(stopped)}
    if taken:
        assert e.Course.model_validate(dates).stopped_on == day(stopped)
        return
    with pytest.raises(ValidationError, match="stopped_on is expected on or after started_on"):
        e.Course.model_validate(dates)
