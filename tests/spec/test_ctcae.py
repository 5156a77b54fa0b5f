"""CTCAE 5.0 grades of laboratory values: each threshold below, at and above it, baselines, and what is missing."""

from decimal import Decimal

import pytest

from domain.analytes import ANALYTES
from domain.ctcae import TERMS, VERSION, Graded, grade
from domain.labs import LabValue
from tests.given import day, noon


def value(analyte: str, number: str, upper: str = "", lower: str = "") -> LabValue:
    """Give a value in the canonical unit with its limits of normal."""
    return LabValue(
        analyte=analyte,
        value=Decimal(number),
        unit=ANALYTES[analyte].unit,
        upper_limit=Decimal(upper) if upper else None,
        lower_limit=Decimal(lower) if lower else None,
        collected_at=noon(day(1)),
        reported=number,
    )


def graded(found: LabValue, baseline: LabValue | None = None, *, anticoagulated: bool = False) -> Graded:
    """Grade a value by its own analyte."""
    return grade(found.analyte, found, baseline, anticoagulated=anticoagulated)


def test_the_terms_are_those_of_the_specification() -> None:
    """HB, ANC, PLT, ALT, AST, TBIL, CREAT, INR and APTT (clinical-spec 3.5), from mild to severe."""
    assert set(TERMS) == {"HB", "ANC", "PLT", "ALT", "AST", "TBIL", "CREAT", "INR", "APTT"}


@pytest.mark.parametrize(
    ("analyte", "lower", "triples"),
    [
        ("HB", "120", [("119.9 120 120.1", "1 0 0"), ("99.9 100 100.1", "2 1 1"), ("79.9 80 80.1", "3 2 2")]),
        ("ANC", "1.8", [("1.79 1.8 1.81", "1 0 0"), ("1.49 1.5 1.51", "2 1 1"), ("0.99 1.0 1.01", "3 2 2"),
                        ("0.49 0.5 0.51", "4 3 3"), ("0 0.1 0.2", "4 4 4")]),
        ("PLT", "150", [("149 150 151", "1 0 0"), ("74 75 76", "2 1 1"), ("49 50 51", "3 2 2"),
                        ("24 25 26", "4 3 3")]),
    ],
)  # fmt: skip
def test_a_fall_is_graded_below_each_threshold(analyte: str, lower: str, triples: list[tuple[str, str]]) -> None:
    """Below, at, above: at a threshold the milder grade holds ("<100 - 80"); grade 1 begins below the lower limit."""
    for numbers, grades in triples:
        found = [graded(value(analyte, number, lower=lower)).grade for number in numbers.split()]
        assert found == [int(step) for step in grades.split()], numbers


@pytest.mark.parametrize(
    ("analyte", "upper", "triples"),
    [
        ("ALT", "40", [("39 40 41", "0 0 1"), ("119 120 121", "1 1 2"), ("199 200 201", "2 2 3"),
                       ("799 800 801", "3 3 4")]),
        ("AST", "40", [("39 40 41", "0 0 1"), ("119 120 121", "1 1 2"), ("199 200 201", "2 2 3"),
                       ("799 800 801", "3 3 4")]),
        ("TBIL", "20", [("19 20 21", "0 0 1"), ("29 30 31", "1 1 2"), ("59 60 61", "2 2 3"), ("199 200 201", "3 3 4")]),
        ("CREAT", "100", [("99 100 101", "0 0 1"), ("149 150 151", "1 1 2"), ("299 300 301", "2 2 3"),
                          ("599 600 601", "3 3 4")]),
        ("APTT", "36", [("35 36 37", "0 0 1"), ("53 54 55", "1 1 2"), ("89 90 91", "2 2 3"), ("299 300 301", "3 3 3")]),
        ("INR", "", [("1.19 1.2 1.21", "0 0 1"), ("1.49 1.5 1.51", "1 1 2"), ("2.49 2.5 2.51", "2 2 3"),
                     ("9 10 11", "3 3 3")]),
    ],
)  # fmt: skip
def test_a_rise_is_graded_above_each_threshold(analyte: str, upper: str, triples: list[tuple[str, str]]) -> None:
    """Below, at, above: at a threshold the milder grade holds (">3 - 5 x ULN"), with and without a normal baseline."""
    for numbers, grades in triples:
        normal = value(analyte, upper or "1", upper=upper)
        for baseline in (None, normal) if analyte != "CREAT" else (None,):
            found = [graded(value(analyte, number, upper=upper), baseline).grade for number in numbers.split()]
            assert found == [int(step) for step in grades.split()], numbers


@pytest.mark.parametrize(
    ("analyte", "triples"),
    [
        ("ALT", [("149 150 151", "0 1 1"), ("299 300 301", "1 1 2"), ("499 500 501", "2 2 3"),
                 ("1999 2000 2001", "3 3 4")]),
        ("AST", [("149 150 151", "0 1 1"), ("299 300 301", "1 1 2"), ("499 500 501", "2 2 3"),
                 ("1999 2000 2001", "3 3 4")]),
        ("TBIL", [("99 100 101", "0 0 1"), ("149 150 151", "1 1 2"), ("299 300 301", "2 2 3"),
                  ("999 1000 1001", "3 3 4")]),
    ],
)  # fmt: skip
def test_an_abnormal_baseline_takes_the_place_of_the_limit(analyte: str, triples: list[tuple[str, str]]) -> None:
    """Multiples of a baseline of 100 above its limit of 40; 1.5 x is grade 1 of ALT and AST. No other ULN is needed."""
    for upper in ("40", ""):
        for numbers, grades in triples:
            baseline = value(analyte, "100", upper="40")
            found = [graded(value(analyte, number, upper=upper), baseline).grade for number in numbers.split()]
            assert found == [int(step) for step in grades.split()], numbers


def test_a_baseline_at_its_limit_is_normal() -> None:
    """Only above it is it abnormal."""
    assert graded(value("ALT", "130", upper="40"), value("ALT", "40", upper="40")).grade == 2
    assert graded(value("ALT", "130", upper="40"), value("ALT", "40.1", upper="40")).grade == 2
    assert graded(value("ALT", "50", upper="40"), value("ALT", "40.1", upper="40")).grade == 0


@pytest.mark.parametrize(
    ("number", "expected"), [("75", 0), ("75.1", 2), ("100", 2), ("150", 2), ("150.1", 3), ("301", 3), ("601", 4)]
)
def test_creatinine_is_held_against_the_baseline_as_well(number: str, expected: int) -> None:
    """G2 above 1.5 and G3 above 3 x baseline in every case, whichever of limit and baseline gives more."""
    assert graded(value("CREAT", number, upper="100"), value("CREAT", "50", upper="100")).grade == expected


@pytest.mark.parametrize(("number", "expected"), [("1.0", 0), ("1.1", 1), ("1.5", 1), ("1.6", 2), ("2.6", 3)])
def test_on_anticoagulants_inr_is_held_against_the_baseline_as_well(number: str, expected: int) -> None:
    """Above 1, 1.5 and 2.5 x baseline; otherwise the baseline says nothing about INR."""
    baseline = value("INR", "1.0")
    assert graded(value("INR", number), baseline, anticoagulated=True).grade == expected
    assert graded(value("INR", "1.1"), baseline).grade == 0
    assert graded(value("INR", "2.4"), value("INR", "2.0"), anticoagulated=True).grade == 2


@pytest.mark.parametrize(
    ("found", "baseline", "missing"),
    [
        (value("HB", "100"), None, "lower limit of normal"),
        (value("ANC", "1.5", upper="7"), None, "lower limit of normal"),
        (value("PLT", "300"), None, "lower limit of normal"),
        (value("ALT", "900"), None, "upper limit of normal"),
        (value("ALT", "900"), value("ALT", "20", upper="40"), "upper limit of normal"),
        (value("ALT", "900", upper="40"), value("ALT", "20"), "upper limit of normal of the baseline"),
        (value("TBIL", "5"), None, "upper limit of normal"),
        (value("CREAT", "400"), value("CREAT", "50"), "upper limit of normal"),
        (value("APTT", "400"), None, "upper limit of normal"),
    ],
)
def test_a_missing_limit_leaves_the_grade_unknown(found: LabValue, baseline: LabValue | None, missing: str) -> None:
    """And the sentence says which one is missing."""
    known = graded(found, baseline)
    assert known.grade is None
    assert known.sentence.endswith(missing)


def test_a_limit_that_cannot_change_the_grade_is_not_needed() -> None:
    """Hemoglobin of 99 g/L is grade 2 whatever its lower limit; an INR of 2.6 is grade 3 whatever the baseline."""
    assert graded(value("HB", "99")).grade == 2
    assert graded(value("ANC", "0.4")).grade == 4
    assert graded(value("INR", "2.6"), anticoagulated=True).grade == 3
    assert graded(value("INR", "2.4"), anticoagulated=True).grade is None


def test_a_lower_limit_below_a_threshold_leaves_no_gap() -> None:
    """With 95 g/L as its lower limit a hemoglobin of 97 is below 100, and grade 2."""
    assert graded(value("HB", "97", lower="95")).grade == 2
    assert graded(value("HB", "100", lower="95")).grade == 0


@pytest.mark.parametrize(
    ("analyte", "found", "baseline"),
    [
        ("GLU_F", value("GLU_F", "5"), None),
        ("ALT", value("AST", "50", upper="40"), None),
        ("ALT", value("ALT", "50", upper="40"), value("AST", "50", upper="40")),
    ],
)
def test_what_the_table_has_not_is_not_graded(analyte: str, found: LabValue, baseline: LabValue | None) -> None:
    """Another test, or values of another test."""
    assert grade(analyte, found, baseline).grade is None


def test_the_sentence_says_what_was_held_against_what() -> None:
    """Value, threshold, grade; and the source is the CTCAE term."""
    found = graded(value("ALT", "130", upper="40"))
    assert found.sentence == "ALT 130 U/L: above 120 (3 x ULN), grade 2"
    assert found.source == f"{VERSION}, Alanine aminotransferase increased"
    assert graded(value("HB", "85", lower="120")).sentence == "Hemoglobin 85 g/L: below 100, grade 2"
    assert graded(value("HB", "130", lower="120")).sentence == "Hemoglobin 130 g/L: not below 120 (1 x LLN), grade 0"
    at_baseline = graded(value("ALT", "150"), value("ALT", "100", upper="40"))
    assert at_baseline.sentence == "ALT 150 U/L: at or above 150.0 (1.5 x BASELINE), grade 1"


def test_what_cannot_be_graded_says_so_as_a_whole() -> None:
    """Analyte, sentence and source; no grade is guessed."""
    assert grade("GLU_F", value("GLU_F", "5"), None) == Graded(
        analyte="GLU_F", grade=None, sentence="no grades of GLU_F for these values", source=VERSION
    )
    assert graded(value("HB", "110")) == Graded(
        analyte="HB",
        grade=None,
        sentence="Hemoglobin 110 g/L: the grade needs the report's lower limit of normal",
        source=f"{VERSION}, Anemia",
    )
    assert graded(value("INR", "1.1"), anticoagulated=True).sentence.endswith("the grade needs the baseline")
    assert graded(value("CREAT", "100", upper="106"), value("CREAT", "50")) == Graded(
        analyte="CREAT",
        grade=2,
        sentence="Creatinine 100 umol/L: above 75.0 (1.5 x BASELINE), grade 2",
        source=f"{VERSION}, Creatinine increased",
    )


def test_without_a_word_a_subject_is_not_on_anticoagulants() -> None:
    """An INR of 1.1 with a baseline of 1.0 is no grade then."""
    assert grade("INR", value("INR", "1.1"), value("INR", "1.0")).grade == 0
