"""Short courses of steroids that are one course in truth, and the tests beside a guided full dose (E9.x, E16.3)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import evidence as e
from domain.criteria import Case, Ruling
from domain.findings import Verdict
from tests.criteria import found, verdict, with_lab, with_section
from tests.given import day

HIT, CLEAR = Verdict.TRIGGERED, Verdict.NOT_TRIGGERED


def ago(days: int) -> date:
    """Give the date so many days before the date of the case, day 2."""
    return day(2) - timedelta(days=days)


def courses(*spans: tuple[int, int | None], purpose: str = "PROPHYLAXIS", on: date | None = None) -> Case:
    """Give a case with courses of 60 mg prednisone from and to so many days ago; None: still taken."""
    rows = tuple(
        e.SteroidCourse.model_validate(
            {"drug": "PREDNISONE", "started_on": ago(first), "stopped_on": None if last is None else ago(last),
             "mg_per_day": "60", "route": "SYSTEMIC", "purpose": purpose}
        )
        for first, last in spans
    )  # fmt: skip
    return with_section("medication", steroids=rows, on=on or day(0))


@pytest.mark.parametrize("purpose", ["PROPHYLAXIS", "NON_AUTOIMMUNE"])
@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        (((8, 2),), CLEAR),  # 7 days
        (((9, 2),), HIT),  # 8 days
        (((14, 8), (7, 1)), HIT),  # back to back, 14 days
        (((7, 1), (14, 8)), HIT),  # in any order
        (((15, 9), (7, 1)), CLEAR),  # a free day between them
        (((12, 8), (9, 6)), CLEAR),  # overlapping, 7 days together
        (((12, 8), (9, 5)), HIT),  # overlapping, 8 days together
        (((6, None),), CLEAR),  # goes on: 7 days with the day of judging
        (((7, None),), HIT),
        (((6, None), (8, 7)), HIT),
    ],
)
def test_adjoining_short_courses_count_together(
    purpose: str, spans: tuple[tuple[int, int | None], ...], expected: Verdict
) -> None:
    """More than 7 days without a free day between them are no short course (E9.x)."""
    assert verdict("E9.1", courses(*spans, purpose=purpose)) == expected


def test_a_course_that_goes_on_counts_to_c1d1() -> None:
    """Four days at randomization, nine at C1D1 (E9.x)."""
    known = courses((3, None))
    assert verdict("E9.1", known) == CLEAR
    assert verdict("E9.1", replace(known, rand_on=day(2), first_dose_on=day(5))) == CLEAR
    assert verdict("E9.1", replace(known, rand_on=day(2), first_dose_on=day(6))) == HIT


def guided(tested: str, **values: str) -> Case:
    """Give a stable full dose guided by a test in its range, allowed by the sponsor, with other results changed."""
    ranges: dict[str, Any] = {"INR": (Decimal(2), Decimal(3)), "APTT": (Decimal(50), Decimal(75))}
    low, high = ranges[tested]
    known = with_section("anticoagulation", drug="FULL_DOSE", stable_since=ago(20), tested=tested, range_low=low,
                         range_high=high)  # fmt: skip
    usual = {"INR": "2.5"} if tested == "INR" else {"APTT": "60"}
    for code, number in (usual | values).items():
        known = with_lab(code, number, known=known)
    ruling = Ruling(allowed=True, on=day(1), by="SPO1", why="stable for years")
    return replace(known, rulings={"I13.4": ruling})


@pytest.mark.parametrize(
    ("known", "safe"),
    [
        (guided("APTT"), True),
        (guided("APTT", INR="9"), False),
        (guided("APTT", INR="1.5"), True),
        (guided("APTT", INR="1.6"), False),
        (guided("INR"), True),
        (guided("INR", PT="30"), True),  # the INR is computed from it
        (guided("INR", APTT="54"), True),
        (guided("INR", APTT="54.1"), False),
        (guided("INR", INR="3.1"), False),
    ],
)
def test_a_guided_dose_does_not_excuse_the_other_tests(known: Case, safe: bool) -> None:  # noqa: FBT001 - a table
    """Nor does the sponsor's ruling (I13.4, E16.3, Q1)."""
    assert verdict("I13.4", known) == (Verdict.MET if safe else Verdict.NOT_MET)
    assert verdict("E16.3", known) == (CLEAR if safe else HIT)


def test_a_prothrombin_time_counts_beside_a_dose_guided_by_aptt() -> None:
    """ULN + 4 s (E16.3)."""
    assert verdict("E16.3", guided("APTT", PT="17.5")) == CLEAR
    assert verdict("E16.3", guided("APTT", PT="17.6")) == HIT


def test_a_missing_other_test_is_not_passed_over() -> None:
    """Without an INR beside the APTT the exclusion stands (I13.4, E16.3)."""
    known = guided("APTT")
    known = replace(known, labs={code: rows for code, rows in known.labs.items() if code != "INR"})
    assert verdict("I13.4", known) == Verdict.UNKNOWN
    assert verdict("E16.3", known) == HIT
    assert "no usable result for INR" in found("E16.3", known).sentence
