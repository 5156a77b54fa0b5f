"""The order sheet: what it shows of planned doses, and what it says when they cannot be worked out."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.doses import print_sheet, sheet
from cli.main import MALFORMED, Failed
from domain.patient import commands as c
from tests.given import Story, day
from tests.stories import at_visit, in_neoadjuvant, registered, told

PLAN = c.PlanDoses(cycle="C1", choice="CARBOPLATIN", why="hearing")


def printed(found: dict[str, Any]) -> str:
    """Give the sheet as printed."""
    out = StringIO()
    print_sheet(Console(file=out, width=200), found)
    return out.getvalue()


def planned() -> Story:
    """The doses of C1 are planned with carboplatin."""
    return told(at_visit(in_neoadjuvant()), PLAN)


def test_it_shows_each_administration_with_formula_inputs_and_source() -> None:
    """Days, route, rounded and unrounded amount, and the date of each measurement."""
    text = printed(sheet(planned().state, "C1"))
    for part in (
        f"S001 C1 (COHORT_1): planned, day 1 planned {day(7)}, gate PASSED",
        "530 mg",
        "181.8118 mg",
        "D1-D3",
        "CALVERT_COCKCROFT_GAULT v1, nearest 1 mg, half up",
        f"creatinine 79.56 umol/L of {day(6)}",
        f"body weight 70 kg of {day(0)}",
        "NOT_STATED",
        "T2 (assumption Q8)",
        "choice: CARBOPLATIN (hearing)",
    ):
        assert part in text
    assert "missing" not in text


def test_it_names_what_is_missing_and_shows_the_rest() -> None:
    """The platinum is not picked yet."""
    found = sheet(at_visit(in_neoadjuvant()).state, "C1")
    assert (found["status"], found["missing"]) == ("PROPOSED", ["the choice between CISPLATIN or CARBOPLATIN"])
    assert [row["drug"] for row in found["administrations"]] == ["BENMELSTOBART", "ETOPOSIDE", "ANLOTINIB"]
    assert "missing: the choice between CISPLATIN or CARBOPLATIN" in printed(found)


def test_it_shows_held_drugs_and_a_plan_that_no_longer_holds() -> None:
    """Carboplatin on hold: the plan must be made anew, and another platinum named."""
    held = c.HoldDrug(drug="CARBOPLATIN", decided_on=day(7), why="allergy")
    found = sheet(told(planned(), held).state, "C1")
    assert (found["status"], found["held"]) == ("OUTDATED", ["CARBOPLATIN"])
    text = printed(found)
    assert "held: CARBOPLATIN" in text
    assert "worked out anew because: CISPLATIN or CARBOPLATIN" in text


def test_a_cycle_that_was_given_shows_its_plan() -> None:
    """C2 was planned with its gate; C1 never was."""
    state = in_neoadjuvant("COHORT_2", 2).state
    assert [sheet(state, label)["status"] for label in ("C1", "C2", "C3")] == ["NOT_PLANNED", "PLANNED", "PROPOSED"]
    assert sheet(state, "C2")["given"]


def test_a_cycle_that_is_not_planned_is_named() -> None:
    """With those that are."""
    with pytest.raises(Failed, match="S001 has no cycle C5; accepted: C1, C2") as failed:
        sheet(in_neoadjuvant("COHORT_2", 1).state, "C5")
    assert failed.value.code == MALFORMED
    with pytest.raises(Failed, match="no cycle is planned yet"):
        sheet(registered().state, "C1")
