"""QTc and blood pressure that came as results count like what was entered (E16.1, E16.2)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import evidence as e
from domain.criteria import Case
from domain.findings import Verdict
from domain.labs import LOINC, ReportedResult
from domain.patient import commands as c
from domain.patient.eligibility import findings_on
from tests.criteria import found, lines, value, verdict, whole, with_section, without
from tests.given import day, noon
from tests.stories import screened, told

HIT, CLEAR, UNKNOWN, CONFLICT = Verdict.TRIGGERED, Verdict.NOT_TRIGGERED, Verdict.UNKNOWN, Verdict.CONFLICT


def sent(known: Case, **results: tuple[tuple[str, date], ...]) -> Case:
    """Give a case with results of dates, an hour between those of one."""
    labs = {
        code: tuple(
            value(code, number, on=on).model_copy(update={"collected_at": noon(on) + timedelta(hours=hour)})
            for hour, (number, on) in enumerate(rows)
        )
        for code, rows in results.items()
    }
    return replace(known, labs=dict(known.labs) | labs)


@pytest.mark.parametrize(
    ("code", "number", "expected"),
    [
        ("QTCF", "479", CLEAR),
        ("QTCF", "480", HIT),
        ("QTCF", "520", HIT),
        ("QTCB", "459", CLEAR),
        ("QTCB", "460", UNKNOWN),
        ("QTC", "500", UNKNOWN),
    ],
)
def test_a_newer_qtc_counts(code: str, number: str, expected: Verdict) -> None:
    """The heart section is of day 0, the result of day 1 (E16.2)."""
    assert verdict("E16.2", sent(whole(), **{code: ((number, day(1)),)})) == expected


def test_an_older_qtc_does_not() -> None:
    """The section of day 0 is newer than a result of the day before (E16.2)."""
    assert verdict("E16.2", sent(whole(), QTCF=(("520", day(-1)),))) == CLEAR


@pytest.mark.parametrize(
    ("code", "number", "expected"),
    [("QTCF", "480", CONFLICT), ("QTCF", "479", CLEAR), ("QTCB", "500", CLEAR), ("QTC", "480", CONFLICT),
     ("QTC", "479", CLEAR)],
)  # fmt: skip
def test_of_one_day_fridericia_counts_and_a_disagreement_is_a_conflict(
    code: str, number: str, expected: Verdict
) -> None:
    """412 ms computed; one by another formula says nothing against it, one of no stated formula may (E16.2)."""
    assert verdict("E16.2", sent(whole(), **{code: ((number, day(0)),)})) == expected


@pytest.mark.parametrize(
    ("reported", "formula", "expected"),
    [("500", "FRIDERICIA", CONFLICT), ("479", "FRIDERICIA", CLEAR), ("500", "BAZETT", CLEAR), ("500", None, CONFLICT)],
)
def test_a_section_that_contradicts_itself(reported: str, formula: str | None, expected: Verdict) -> None:
    """QT 390 and RR 850 give 412 ms (E16.2)."""
    known = with_section("heart", qtc_ms=Decimal(reported), formula=formula)
    assert verdict("E16.2", known) == expected
    assert verdict("E16.2", with_section("heart", qt_ms=Decimal(460), qtc_ms=Decimal(500))) == HIT


def test_a_qtc_alone_does_not_make_the_heart_known() -> None:
    """But a long one triggers alone (E16.2)."""
    assert verdict("E16.2", sent(without("heart"), QTCF=(("412", day(1)),))) == UNKNOWN
    assert verdict("E16.2", sent(without("heart"), QTCF=(("520", day(1)),))) == HIT
    old = with_section("heart", on=day(-30))
    assert verdict("E16.2", old) == verdict("E16.2", sent(old, QTCF=(("412", day(1)),))) == UNKNOWN
    assert verdict("E16.2", sent(without("heart"), QTCF=(("412", day(-30)),))) == UNKNOWN


@pytest.mark.parametrize(
    ("systolic", "diastolic", "expected"),
    [
        (("190",), (), HIT),  # mean of 132 and 190 is 161
        (("167",), ("80",), CLEAR),  # mean of 132 and 167 is 149.5
        (("168",), ("80",), HIT),
        (("149", "150"), ("80", "80"), CLEAR),
        (("150", "150"), ("80", "80"), HIT),
        (("190", "140", "140"), ("80",), CLEAR),  # the last two
        (("130",), ("120",), HIT),  # mean of 80 and 120
        (("130",), ("119",), CLEAR),
    ],
)
def test_newer_readings_go_on_from_those_entered(
    systolic: tuple[str, ...], diastolic: tuple[str, ...], expected: Verdict
) -> None:
    """The last two of each part; 128/82 and 132/80 were entered on day 0 (E16.1)."""
    known = sent(whole(), SBP=tuple((number, day(1)) for number in systolic),
                 DBP=tuple((number, day(1)) for number in diastolic))  # fmt: skip
    assert verdict("E16.1", known) == expected
    assert "mean systolic" in found("E16.1", known).sentence


def test_readings_of_one_day_that_disagree_are_a_conflict() -> None:
    """Entered as 128/82 and 132/80, sent as 190 twice (E16.1)."""
    assert verdict("E16.1", sent(whole(), SBP=(("190", day(0)), ("190", day(0))))) == CONFLICT
    assert verdict("E16.1", sent(whole(), SBP=(("190", day(0)),))) == CONFLICT
    assert verdict("E16.1", sent(whole(), SBP=(("140", day(0)),))) == CLEAR


def test_one_reading_is_repeated_and_an_old_one_is_taken_again() -> None:
    """Two are needed, both within 28 d (E16.1)."""
    known = without("blood_pressure")
    one = {"SBP": (("190", day(1)),), "DBP": (("80", day(1)),)}
    assert verdict("E16.1", sent(known, **one)) == UNKNOWN
    two = {"SBP": (("120", day(1)), ("122", day(1))), "DBP": (("80", day(1)), ("82", day(1)))}
    assert verdict("E16.1", sent(known, **two)) == CLEAR
    assert verdict("E16.1", sent(known, SBP=two["SBP"])) == UNKNOWN
    old = with_section("blood_pressure", on=day(-27))
    assert verdict("E16.1", sent(old, **one)) == UNKNOWN
    assert verdict("E16.1", sent(old, **two)) == CLEAR
    older = {code: tuple((number, day(-27)) for number, _ in rows) for code, rows in two.items()}
    assert verdict("E16.1", sent(known, **older)) == UNKNOWN


@pytest.mark.parametrize(
    ("loinc", "number", "unit", "rule"),
    [("76634-5", "0.52", "s", "E16.2"), ("8480-6", "190", "mm[Hg]", "E16.1")],
)
def test_a_result_by_its_loinc_code_turns_the_verdict(loinc: str, number: str, unit: str, rule: str) -> None:
    """As it comes from a device (E16.1, E16.2, 3.5)."""
    result = ReportedResult(code=loinc, system=LOINC, value=number, unit=unit, collected_at=noon(day(2)))
    story = told(screened(), c.TypeLabResults(results=(result,)), day(2))
    assert next(row.verdict for row in findings_on(story.state, noon(day(2))) if row.rule == rule) == HIT


HEART = ["ischaemia: grade 0, day 0", "arrhythmia: grade 0, day 0", "NYHA: 0, day 0"]
COMPUTED = "QTc Fridericia: 411.7 ms from QT 390 and RR 850 ms, day 0"
SILENT: dict[str, Any] = {"qt_ms": None, "rr_ms": None}


def row(what: str, number: str, on: int) -> str:
    """Give the row of a result."""
    return f"{what}: {number} - (reported {number}), day {on}"


BAZETT, UNSTATED, SBP, DBP = (
    "QTc by Bazett",
    "QTc, formula not stated",
    "Systolic blood pressure",
    "Diastolic blood pressure",
)


@pytest.mark.parametrize(
    ("known", "expected", "shown"),
    [
        (with_section("heart", **SILENT), UNKNOWN, [*HEART, "QTc: none, day 0"]),
        (
            with_section("heart", **SILENT, on=day(-40)),
            UNKNOWN,
            [line.replace("day 0", "day -40") for line in (*HEART, "QTc: none, day 0")],
        ),
        (
            with_section("heart", qtc_ms=Decimal(500), formula="BAZETT", **SILENT),
            UNKNOWN,
            [*HEART, "QTc BAZETT: 500 ms, day 0"],
        ),
        (
            with_section("heart", qtc_ms=Decimal(500), formula="FRIDERICIA"),
            CONFLICT,
            [*HEART, COMPUTED, "QTc FRIDERICIA: 500 ms, day 0"],
        ),
        (
            sent(with_section("heart", on=day(-40)), QTCF=(("412", day(1)),)),
            UNKNOWN,
            [*(line.replace("day 0", "day -40") for line in HEART), "heart: asked, day -40",
             row("QTc by Fridericia", "412", 1)],
        ),
        (
            sent(whole(), QTCB=(("500", day(1)),), QTC=(("412", day(1)),)),
            UNKNOWN,
            [*HEART, row(BAZETT, "500", 1), row(UNSTATED, "412", 1)],
        ),
        (sent(without("heart"), QTCF=(("412", day(-30)),)), UNKNOWN, [row("QTc by Fridericia", "412", -30)]),
    ],
)  # fmt: skip
def test_the_qtc_that_counts_is_shown_with_the_rest_of_the_heart(
    known: Case, expected: Verdict, shown: list[str]
) -> None:
    """Where there is none, where it says too little, and where two disagree; the worse of two counts (E16.2)."""
    assert lines(found("E16.2", known)) == (expected, shown)


def test_two_qtc_of_one_day_are_both_in_the_sentence() -> None:
    """Each as it was held against 480 ms (E16.2)."""
    sentence = found("E16.2", sent(whole(), QTCF=(("412", day(1)),), QTC=(("400", day(1)),))).sentence
    assert sentence.endswith("; QTc 412 ms, >= 480 triggers; QTc 400 ms, >= 480 triggers")


ONE: dict[str, Any] = {"readings": (e.Pressure(systolic=132, diastolic=80),)}
THREE: dict[str, Any] = {"readings": tuple(e.Pressure(systolic=number, diastolic=80) for number in (128, 170, 132))}
SAID = ["systolic: 132 mm[Hg], day 0", "diastolic: 80 mm[Hg], day 0"]


@pytest.mark.parametrize(
    ("known", "expected", "shown"),
    [
        (with_section("blood_pressure", **ONE), UNKNOWN, ["blood pressure: 132/80 mm[Hg], day 0"]),
        (
            sent(with_section("blood_pressure", **ONE), SBP=(("190", day(1)),)),
            HIT,
            [SAID[0], row(SBP, "190", 1), SAID[1]],
        ),
        (
            sent(with_section("blood_pressure", **ONE), SBP=(("140", day(0)),), DBP=(("82", day(0)),)),
            CLEAR,
            [SAID[0], row(SBP, "140", 0), SAID[1], row(DBP, "82", 0)],
        ),
        (
            sent(with_section("blood_pressure", **THREE), SBP=(("168", day(0)),), DBP=(("82", day(0)),)),
            HIT,
            [SAID[0], row(SBP, "168", 0), SAID[1], row(DBP, "82", 0)],
        ),
        (
            sent(whole(), SBP=(("190", day(0)),), DBP=(("82", day(0)),)),
            CONFLICT,
            ["systolic: 128 mm[Hg], day 0", SAID[0], row(SBP, "190", 0), SAID[1], row(DBP, "82", 0)],
        ),
        (
            sent(without("blood_pressure"), SBP=(("120", day(1)),), DBP=(("82", day(1)),)),
            UNKNOWN,
            [row(SBP, "120", 1), row(DBP, "82", 1)],
        ),
    ],
)
def test_the_last_two_readings_are_shown(known: Case, expected: Verdict, shown: list[str]) -> None:
    """Entered and sent, also one alone, and those that disagree (E16.1)."""
    assert lines(found("E16.1", known)) == (expected, shown)


def test_readings_of_one_day_are_named_by_their_part() -> None:
    """In the order in which they came (E16.1)."""
    known = sent(whole(), SBP=(("140", day(0)),), DBP=(("82", day(0)),))
    sentence = "mean systolic of 132, 140; 150 triggers; mean diastolic of 80, 82; 100 triggers"
    assert found("E16.1", known).sentence == sentence
