"""The order sheet: what it shows of planned doses, and what it says when they cannot be worked out."""

from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.doses import print_sheet, sheet
from cli.main import MALFORMED, Failed
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.given import Story, day, refused, the, when
from tests.stories import as_woman, at_visit, in_neoadjuvant, passing, reconsent_asked, registered, told

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


def paused() -> Story:
    """The sponsor has paused dosing after C1 was planned."""
    return told(planned(), c.LearnDosingPause(paused_at=planned().now, why="safety signal"))


def pregnant() -> Story:
    """A pregnancy stops the doses of C1."""
    story = as_woman(planned())
    return told(story, c.ReportPregnancy(found_on=story.today))


@pytest.mark.parametrize(
    ("story", "cycle", "rule", "why", "lifted_by"),
    [
        (paused, "C1", "T11", "dosing is paused by the sponsor", "resume_dosing by SPONSOR"),
        (pregnant, "C1", "E25", "dosing is stopped by fact", "safety_decision by INVESTIGATOR"),
        (
            lambda: passing(reconsent_asked(), day(26)),
            "C2",
            "I1.1",
            f"re-consent to V2.0 is overdue since {day(25)}",
            "record_consent by COORDINATOR or INVESTIGATOR",
        ),
        (
            lambda: at_visit(in_neoadjuvant("COHORT_1", 1), {"PLT": ("20", "10*9/L", "")}),
            "C2",
            "T11",
            "the gate of C2 has failed",
            "override_gate by INVESTIGATOR, or results and statements that pass",
        ),
    ],
    ids=["paused", "stopped", "re-consent overdue", "gate failed"],
)
def test_a_cycle_on_hold_shows_why_and_who_can_lift_it_and_no_amount(
    story: Callable[[], Story], cycle: str, rule: str, why: str, lifted_by: str
) -> None:
    """Also where doses were planned before the hold began; a plan is refused with the same words."""
    held = story()
    found = sheet(held.state, cycle)
    assert (found["status"], found["administrations"]) == ("ON_HOLD", [])
    (hold,) = found["on_hold"]
    assert hold["why"].startswith(why)
    assert (hold["rule"], hold["lifted_by"]) == (rule, lifted_by)
    text = printed(found)
    assert "No amount is to be given" in text
    assert " mg" not in text
    no = refused(when(held, c.PlanDoses(cycle=cycle, choice="CISPLATIN", why="x")), Reason.RULE, rule=rule)
    assert why in no.detail
    assert lifted_by in no.accepts


def test_what_changed_during_a_hold_is_worked_out_when_it_is_lifted() -> None:
    """The plan of before is not shown meanwhile and is not changed either (3.4)."""
    heavier = told(paused(), c.RecordEvidence(assessed_on=day(7), weight_kg=Decimal(90)))
    assert heavier.state.current_cycle.doses == planned().state.current_cycle.doses
    outcome = when(heavier, c.LearnDosingResumption(resumed_at=heavier.now))
    assert "body weight" in the(outcome, f.DosesPlanned).because
    assert sheet(outcome.story.state, "C1")["status"] == "PLANNED"


def test_a_cycle_nobody_awaits_any_more_shows_no_amount() -> None:
    """Left out, or treatment has ended."""
    omitted = told(planned(), c.OmitDose(cycle="C1", decided_on=day(7), why="infection"))
    ended = told(planned(), c.DiscontinueTreatment(decided_on=day(7), why="toxicity"))
    for story, why in ((omitted, "left out"), (ended, "treatment ended (DISCONTINUED)")):
        found = sheet(story.state, "C1")
        assert (found["status"], found["administrations"], found["not_awaited"]) == ("NOT_AWAITED", [], why)
        assert f"NOT AWAITED: {why}" in printed(found)


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
