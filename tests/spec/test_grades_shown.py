"""CTCAE grades where people see them: beside evidence, in the gate's findings, and in the state (Q11)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.ctcae import shown_grade
from domain.labs import LabValue, ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.view import state
from tests.criteria import found, value, with_lab, with_section
from tests.given import Story, day
from tests.stories import at_visit, in_neoadjuvant, passing, results, told


def limited(code: str, number: str, upper: str | None = None, lower: str | None = None) -> LabValue:
    """Give a result with its limits of normal."""
    row = value(code, number, upper)
    return row.model_copy(update={"lower_limit": None if lower is None else value(code, lower).value})


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (limited("HB", "95", lower="120"), "grade 2"),
        (limited("HB", "95"), "grade 2"),
        (limited("HB", "110", lower="120"), "grade 1"),
        (limited("HB", "130", lower="120"), "grade 0"),
        (limited("HB", "130"), "the grade needs the report's lower limit of normal"),
        (limited("ALT", "130", "40"), "grade 2"),
        (limited("INR", "1.6"), "grade 2"),
        (limited("GLU_F", "11"), ""),
    ],
)
def test_a_grade_in_words_or_what_it_needs(row: LabValue, words: str) -> None:
    """Nothing is guessed (3.5)."""
    assert shown_grade(row, None) == words


def test_evidence_carries_its_grade() -> None:
    """Hemoglobin of 95 g/L is eligible and grade 2 (I11.2)."""
    (row,) = found("I11.2", with_lab("HB", "95")).evidence
    assert row.ctcae == "grade 2"
    assert [row.ctcae for row in found("E16.8", with_lab("GLU_F", "5")).evidence] == [""]


def test_an_anticoagulated_subject_is_graded_against_the_baseline() -> None:
    """Without one the INR has no grade; 1.6 times the baseline is grade 2 (3.5)."""
    fields: dict[str, Any] = {"drug": "FULL_DOSE", "tested": "INR", "range_low": Decimal(2), "range_high": Decimal(3)}
    known = with_lab("INR", "2.4", known=with_section("anticoagulation", **fields))
    before = value("INR", "1.5", on=day(0))
    for baseline, words in (({}, "the grade needs the baseline"), ({"INR": before}, "grade 2, baseline 1.5 -")):
        rows = {row.what: row.ctcae for row in found("I13.4", replace(known, baseline=baseline)).evidence}
        assert rows["INR"] == words


@pytest.mark.parametrize(("number", "grade"), [("90", "grade 0"), ("121", "grade 1"), ("241", "grade 2")])
def test_the_gate_grades_against_the_baseline_of_before_the_first_dose(number: str, grade: str) -> None:
    """ALT was 80 with a limit of 40 before C1D1: the multiples of 80 count from C2 on (3.5)."""
    story = _treated({"ALT": ("80", "U/L", "40")})
    assert story.state.baseline["ALT"].value == value("ALT", "80").value
    gate = _gate(at_visit(story, {"ALT": (number, "U/L", "40")}))
    (row,) = [row for finding in gate.findings for row in finding.evidence if row.what == "ALT"]
    assert row.ctcae == f"{grade}, baseline 80 U/L"


def test_before_the_first_dose_there_is_no_baseline() -> None:
    """The limit of normal counts (3.5)."""
    gate = _gate(at_visit(in_neoadjuvant(), {"ALT": ("80", "U/L", "40")}))
    (row,) = [row for finding in gate.findings for row in finding.evidence if row.what == "ALT"]
    assert row.ctcae == "grade 1"


def test_a_baseline_stays_that_of_before_the_first_dose() -> None:
    """Later results do not replace it; a late report of an early sample does (3.5)."""
    story = _treated({"ALT": ("80", "U/L", "40")})
    known = story.state.baseline["ALT"]
    later = at_visit(story, {"ALT": ("90", "U/L", "40")})
    assert later.state.baseline["ALT"] == known
    late = results(day(7), {})
    early = tuple(row for row in late if row.code == "ALT")
    again = told(later, c.TypeLabResults(results=early))
    assert again.state.baseline["ALT"].value == value("ALT", "24").value


def test_the_state_shows_the_newest_results_with_their_grades() -> None:
    """As `show` prints them (Q11)."""
    story = passing(in_neoadjuvant(), day(4))
    low = ReportedResult(code="HB", system="analyte", value="9.5", unit="g/dL", collected_at=story.now)
    story = told(story, c.TypeLabResults(results=(low,)))
    rows = {row["code"]: row for row in state(story.state)["labs"]}
    assert rows["HB"]["value"] == "95 g/L"
    assert (rows["HB"]["reported"], rows["HB"]["ctcae"]) == ("9.5 g/dL", "grade 2")
    assert rows["GLU_F"]["ctcae"] == ""


def _treated(changed: dict[str, tuple[str, str, str]]) -> Story:
    """Give a subject whose first cycle is given on results before it that a test changed."""
    story = at_visit(in_neoadjuvant(), changed)
    return told(story, c.ReportDose(cycle="C1", given_on=story.today, choice="CARBOPLATIN"))


def _gate(story: Story) -> f.GateChecked:
    return [fact for fact in story.facts if isinstance(fact, f.GateChecked)][-1]
