"""Resection and pathology in detail: reasons, R(un), ypTNM, response; contradictions are asked back (T5, T6)."""

from decimal import Decimal
from typing import Any

import pytest

from domain.decider import PATIENT
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.submission import Reason
from tests.given import Story, day, facts_of, refused, the, then_kinds, when
from tests.stories import operable, passing, told

NOT_RESECTED = c.ReportSurgery(performed_on=day(80), resection="NOT_RESECTED")


def operated(**changed: Any) -> Story:
    """Surgery on day 80, R0 unless changed."""
    fields = {"performed_on": day(80), "resection": "R0"}
    return told(passing(operable(), day(80)), c.ReportSurgery.model_validate(fields | changed))


def report(**changed: Any) -> c.ReportPathology:
    """Give a final report of R0 on day 90, with changes."""
    return c.ReportPathology.model_validate({"reported_on": day(90), "resection": "R0"} | changed)


# Not resected


def test_without_a_reason_a_surgery_without_resection_is_recorded_and_the_reason_asked_for() -> None:
    """A deviation that is not important; treatment ends as before (T6.1)."""
    outcome = when(passing(operable(), day(80)), NOT_RESECTED)
    assert the(outcome, f.DeviationRecorded, item="NOT_RESECTED").important is False
    assert the(outcome, f.TreatmentEnded).reason == "RESECTION_NOT_RESECTED"
    assert asks(outcome.story.state)[0].text == "the same surgery again, with why it was not resected"


def test_the_reason_can_be_given_afterwards_once() -> None:
    """The same surgery with the reason; without it, or another surgery, it contradicts what is on record (T6.1)."""
    story = told(passing(operable(), day(80)), NOT_RESECTED)
    with_reason = NOT_RESECTED.model_copy(update={"why": "invasion"})
    refused(when(story, NOT_RESECTED), Reason.CONTRADICTS, field="performed_on")
    for changed in ({"resection": "R0"}, {"performed_on": day(79)}):
        refused(when(story, with_reason.model_copy(update=changed)), Reason.CONTRADICTS, field="performed_on")
    outcome = when(story, with_reason)
    then_kinds(outcome, f.SurgeryExplained, f.DeviationWithdrawn)
    assert "surgery_done" not in [ask.kind for ask in asks(outcome.story.state)]
    refused(when(outcome.story, with_reason), Reason.CONTRADICTS, field="performed_on")


def test_with_its_reason_nothing_is_asked() -> None:
    """It stands in the fact (T6.1)."""
    outcome = when(passing(operable(), day(80)), NOT_RESECTED.model_copy(update={"why": "invasion"}))
    assert the(outcome, f.SurgeryPerformed).why == "invasion"
    assert not facts_of(outcome, f.DeviationRecorded)


# Residual tumour uncertain


def test_an_uncertain_margin_at_surgery_is_flagged_and_the_branch_stays_on_r0() -> None:
    """Told to the investigator and shown (T6)."""
    surgery = c.ReportSurgery(performed_on=day(80), resection="R0", residual_uncertain=True)
    outcome = when(passing(operable(), day(80)), surgery)
    then_kinds(outcome, f.SurgeryPerformed, f.NoticeRequested, f.EpochEntered)
    notice = the(outcome, f.NoticeRequested)
    assert (notice.notice, notice.to, notice.text) == (
        "RESECTION_UNCERTAIN", ("INVESTIGATOR",), "R(un) by surgery; the branch follows UICC R0",
    )  # fmt: skip
    assert PATIENT.show(outcome.story.state)["resection_uncertain"] is True
    assert outcome.story.state.epoch == "EVALUATION"


def test_an_uncertain_margin_in_pathology_is_flagged_once() -> None:
    """Not again when surgery has said so (T6)."""
    outcome = when(operated(), report(residual_uncertain=True), on=day(90))
    assert the(outcome, f.NoticeRequested).notice == "RESECTION_UNCERTAIN"
    assert outcome.story.state.epoch == "EVALUATION"
    then_kinds(
        when(operated(residual_uncertain=True), report(residual_uncertain=True), on=day(90)), f.PathologyReported
    )


# Final and preliminary


def test_preliminary_pathology_decides_nothing() -> None:
    """It is recorded and told; the final report is still asked for, and an evaluation without it deviates (T5)."""
    outcome = when(operated(), report(final=False, resection="R1"), on=day(90))
    then_kinds(outcome, f.PathologyReported, f.NoticeRequested)
    story = outcome.story
    assert (story.state.epoch, story.state.pathology) == ("EVALUATION", None)
    assert asks(story.state)[0].kind == "pathology"
    evaluated = when(passing(story, day(110)), c.EvaluateAdjuvant(evaluated_on=day(110), fit=True))
    assert the(evaluated, f.DeviationRecorded, item="PATHOLOGY").important


def test_the_final_report_follows_a_preliminary_one() -> None:
    """And then none does (T5)."""
    story = told(operated(), report(final=False), day(90))
    story = told(story, report(reported_on=day(92)), day(92))
    assert story.state.pathology == "R0"
    refused(when(story, report(final=False)), Reason.CONTRADICTS, field="resection")


# What contradicts itself


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"pcr": True, "viable_tumour_percent": "0"}, None),
        ({"pcr": True, "viable_tumour_percent": "0.1"}, "pcr"),
        ({"pcr": False, "viable_tumour_percent": "0"}, None),
        ({"pcr": True, "mpr": True, "yp_t": "T0", "yp_n": "N0"}, None),
        ({"pcr": True, "mpr": False}, "mpr"),
        ({"pcr": True, "yp_t": "T1a"}, "pcr"),
        ({"pcr": True, "yp_n": "N1"}, "pcr"),
        ({"mpr": True, "viable_tumour_percent": "9.9"}, None),
        ({"mpr": True, "viable_tumour_percent": "10"}, None),
        ({"mpr": True, "viable_tumour_percent": "10.1"}, "mpr"),
        ({"mpr": False, "viable_tumour_percent": "10.1"}, None),
        ({"mpr": False, "viable_tumour_percent": "10"}, "mpr"),
        ({"margin_mm": "0.1"}, None),
        ({"margin_mm": "0"}, "margin_mm"),
        ({"margin_mm": "0", "resection": "R1"}, None),
        ({"residual_uncertain": True, "resection": "R1"}, "residual_uncertain"),
        ({"residual_uncertain": True, "resection": "RX"}, None),
    ],
)
def test_what_contradicts_itself_is_asked_back(changed: dict[str, Any], field: str | None) -> None:
    """MPR is at most 10 % viable tumour, pCR none; R0 has a margin. Confirmed, it is taken as it is (T6, Q3)."""
    story, command = operated(), report(**changed)
    outcome = when(story, command, on=day(90))
    if field is None:
        assert f.PathologyReported in [type(fact) for fact in outcome.facts]
        return
    refused(outcome, Reason.CONFIRM, rule="T6", field=field)
    confirmed = when(story, command, on=day(90), confirmed=True, reason="read again by a second pathologist")
    assert f.PathologyReported in [type(fact) for fact in confirmed.facts]


@pytest.mark.parametrize(
    "wrong", [{"yp_t": "T5"}, {"yp_n": "N4"}, {"yp_m": "M2"}, {"viable_tumour_percent": "100.1"}, {"margin_mm": "-1"}]
)
def test_words_and_numbers_that_do_not_exist_are_malformed(wrong: dict[str, Any]) -> None:
    """TNM words of AJCC 9, percent of 0 to 100, a margin of 0 mm or more."""
    with pytest.raises(ValueError, match="1 validation error"):
        report(**wrong)


def test_the_state_shows_what_pathology_says() -> None:
    """As reported, without what was left out."""
    story = told(operated(), report(mpr=True, viable_tumour_percent=Decimal("4.5"), yp_t="T1a", yp_n="N0"), day(90))
    shown = PATIENT.show(story.state)["pathology"]
    assert (shown["viable_tumour_percent"], shown["mpr"], shown["yp_t"], shown["yp_n"]) == ("4.5", True, "T1a", "N0")
    assert "yp_m" not in shown
