"""Calcium that the laboratory corrected counts, once (E7); occult blood ages like other results (E17)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.criteria import Case
from domain.findings import Verdict
from tests.criteria import found, lines, value, verdict, whole, with_lab
from tests.given import day

HIT, CLEAR, UNKNOWN, CONFLICT = Verdict.TRIGGERED, Verdict.NOT_TRIGGERED, Verdict.UNKNOWN, Verdict.CONFLICT


def corrected(number: str, limit: str | None = "2.6", on: date | None = None, known: Case | None = None) -> Case:
    """Give a case with a corrected calcium of the laboratory; the computed one is 2.31 of day 1, ULN 2.6."""
    known = known or whole()
    return replace(known, labs=dict(known.labs) | {"CA_CORR": (value("CA_CORR", number, limit, on),)})


def lacking(*codes: str) -> Case:
    """Give a whole case without some results."""
    known = whole()
    return replace(known, labs={code: rows for code, rows in known.labs.items() if code not in codes})


@pytest.mark.parametrize(
    ("number", "on", "expected"),
    [
        ("3.2", day(2), HIT),
        ("2.61", day(2), HIT),
        ("2.6", day(2), CLEAR),
        ("3.2", day(1), CONFLICT),  # of the same day as the computed one
        ("2.5", day(1), CLEAR),
        ("3.2", day(0), CLEAR),  # older than the computed one
    ],
)
def test_the_newest_corrected_calcium_counts(number: str, on: date, expected: Verdict) -> None:
    """ULN 2.6 mmol/L (E7)."""
    assert verdict("E7", corrected(number, on=on)) == expected


def test_it_is_not_corrected_for_albumin_again() -> None:
    """With an albumin of 20 g/L 2.3 would become 2.7 (E7)."""
    known = lacking("ALB")
    assert verdict("E7", corrected("2.3", known=known)) == CLEAR
    assert verdict("E7", corrected("3.2", known=known)) == HIT
    low = with_lab("ALB", "20", known=with_lab("CA", "2.0"))
    assert verdict("E7", corrected("2.5", on=day(2), known=low)) == CLEAR


def test_both_high_is_no_conflict() -> None:
    """Two ways to one verdict (E7)."""
    assert verdict("E7", corrected("3.2", known=with_lab("ALB", "20"))) == HIT


def test_a_missing_limit_of_normal_is_that_of_total_calcium_in_the_sample() -> None:
    """Of another sample it is not (E7)."""
    known = lacking("ALB")
    assert verdict("E7", corrected("3.2", None, known=known)) == HIT
    assert verdict("E7", corrected("3.2", None, day(2), known=known)) == UNKNOWN
    assert "no upper limit" in found("E7", corrected("3.2", None, day(2))).sentence
    assert verdict("E7", lacking("ALB")) == UNKNOWN


def test_an_old_corrected_calcium_is_unknown() -> None:
    """7 d, like other results (E7)."""
    known = lacking("ALB")
    assert verdict("E7", corrected("2.3", on=day(-5), known=known)) == CLEAR
    assert verdict("E7", corrected("2.3", on=day(-6), known=known)) == UNKNOWN


@pytest.mark.parametrize(("age", "expected"), [(6, CLEAR), (7, CLEAR), (8, UNKNOWN), (28, UNKNOWN)])
def test_occult_blood_is_a_baseline_of_7_days(age: int, expected: Verdict) -> None:
    """Its age counts to randomization, also when C1D1 is later (E17, Q5)."""
    known = whole()
    test = value("FOB", "0", on=day(2) - timedelta(days=age))
    known = replace(known, labs=dict(known.labs) | {"FOB": (test,)})
    assert verdict("E17", known) == expected
    at_c1d1 = replace(known, rand_on=day(2), on=day(9), first_dose_on=day(9))
    assert verdict("E17", at_c1d1) == expected


def test_serology_may_be_28_days_old() -> None:
    """HIV and hepatitis are no matter of days (E16.5, E16.7, Q5)."""
    known = whole()
    for code, rule in (("HIV", "E16.7"), ("HBSAG", "E16.5"), ("HCV", "E16.5")):
        for age, expected in ((28, CLEAR), (29, UNKNOWN)):
            test = value(code, "0", on=day(2) - timedelta(days=age))
            assert verdict(rule, replace(known, labs=dict(known.labs) | {code: (test,)})) == expected


TOTAL, ALBUMIN = "Calcium, total: 2.35 - (reported 2.35), day 1, limit 2.6 -", "Albumin: 42 - (reported 42), day 1"


def sent(number: str, limit: str | None, on: int) -> str:
    """Give the row of a corrected calcium of the laboratory."""
    row = f"Calcium, corrected by the laboratory: {number} - (reported {number}), day {on}"
    return row if limit is None else f"{row}, limit {limit} -"


@pytest.mark.parametrize(
    ("known", "verdict_is", "shown"),
    [
        (corrected("3.2", on=day(1)), CONFLICT, [TOTAL, sent("3.2", "2.6", 1), ALBUMIN]),
        (corrected("2.3", on=day(-6), known=lacking("ALB")), UNKNOWN, [TOTAL, sent("2.3", "2.6", -6)]),
        (corrected("3.2", on=day(-6)), CLEAR, [TOTAL, ALBUMIN]),
        (corrected("3.2", None, day(2)), UNKNOWN, [TOTAL, sent("3.2", None, 2)]),
        (corrected("3.2", on=day(2)), HIT, [TOTAL, sent("3.2", "2.6", 2)]),
    ],
)
def test_the_calcium_that_decided_is_shown(known: Case, verdict_is: Verdict, shown: list[str]) -> None:
    """Both where they disagree, and the one that is too old or lacks its limit (E7)."""
    assert lines(found("E7", known)) == (verdict_is, shown)


@pytest.mark.parametrize(("calcium", "expected"), [("2.35", CLEAR), ("2.7", HIT)])
def test_of_one_date_the_calcium_that_decides_goes_before_one_that_cannot(calcium: str, expected: Verdict) -> None:
    """The laboratory's own is of another hour, so it has no limit of normal (E7)."""
    known = with_lab("CA", calcium)
    row = value("CA_CORR", "2.5", None, day(1))
    other = row.model_copy(update={"collected_at": row.collected_at + timedelta(hours=1)})
    finding = found("E7", replace(known, labs=dict(known.labs) | {"CA_CORR": (other,)}))
    assert finding.verdict == expected
    assert ALBUMIN in lines(finding)[1]


def test_the_sentence_says_who_corrected() -> None:
    """Computed here or by the laboratory (E7)."""
    assert found("E7", whole()).sentence.endswith("; corrected calcium 2.31 mmol/L, above 2.6 (ULN) triggers")
    by_laboratory = found("E7", corrected("2.5", on=day(2))).sentence
    assert "corrected calcium by the laboratory 2.5 mmol/L, above 2.6 (ULN) triggers" in by_laboratory
