"""Corrections: an earlier fact reads otherwise, and whatever follows from it moves in the same act."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda, due
from domain.patient.asks import asks
from domain.patient.windows import epoch_dates
from domain.submission import Reason
from tests.correcting import changed, correct, day_1, seq, void
from tests.given import Story, day, facts_of, refused, the, when
from tests.stories import (
    PHASES,
    allocating,
    at_visit,
    cycle_given,
    died,
    eligible,
    ended,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    operable,
    passing,
    registered,
    screened,
    told,
)


def resected(result: str, on: int = 80) -> Story:
    """Operated on day 80, with this result."""
    return told(passing(operable(), day(on)), c.ReportSurgery(performed_on=day(on), resection=result))  # type: ignore[arg-type] # a result


def test_a_corrected_c3_date_moves_the_surgery_window_its_timer_and_its_reminders() -> None:
    """T4: the window runs from the actual last benmelstobart, two days earlier than first told; so do all items."""
    story = passing(in_surgery_wait(), day(60))
    before = {item.key: item.at for item in agenda(story.state)}
    outcome = correct(story, day_1(story, 3), given_on=str(day(47)))
    after = outcome.story
    window = epoch_dates(after.state)
    assert window is not None
    assert (window.anchor_on, window.earliest_on, window.latest_on) == (day(47), day(75), day(89))
    moved = {item.key: item.at for item in agenda(after.state)}
    assert set(before).isdisjoint(key for key in moved if "SURGERY" in key)
    assert sorted(moved.values()) == [at - timedelta(days=2) for at in sorted(before.values())]
    assert changed(outcome)["window"] == (f"{day(77)} to {day(91)} (T4)", f"{day(75)} to {day(89)} (T4)")
    assert changed(outcome)[f"dose given C3D1 #{day_1(story, 3)}: given_on"] == (str(day(49)), str(day(47)))
    assert "next due" in changed(outcome)


def test_the_later_days_of_a_cycle_move_with_its_day_1() -> None:
    """Days are counted from day 1: each moves by its own correction, listed, and none into the future."""
    story = passing(in_surgery_wait(), day(60))
    outcome = correct(story, day_1(story, 3), given_on=str(day(47)))
    moved = facts_of(outcome, f.FactCorrected, follows=day_1(story, 3))
    assert [(row.content.day, row.content.given_on) for row in moved if isinstance(row.content, f.DoseGiven)] == [
        (2, day(48)),
        (3, day(49)),
    ]
    fresh = in_surgery_wait()
    refused(correct(fresh, day_1(fresh, 3), given_on=str(day(51))), Reason.FUTURE, field="fields.given_on")


def test_a_day_that_is_not_its_day_of_the_cycle_is_refused() -> None:
    """As in the report at first; day 1 moves them all."""
    story = passing(in_surgery_wait(), day(60))
    no = refused(
        correct(story, seq(story, f.DoseGiven, cycle=3, day=2), given_on=str(day(52))),
        Reason.CONTRADICTS,
        field="fields.given_on",
    )
    assert no.accepts == str(day(50))


def test_benmelstobart_of_c3_not_given_after_all_moves_the_anchor_to_c2() -> None:
    """T4: 28 to 42 days after the benmelstobart of C2; that it was missed is a deviation now."""
    story = passing(in_surgery_wait(), day(60))
    drugs = [
        row.model_dump(mode="json") for row in story.facts[day_1(story, 3) - 1].drugs if row.drug != "BENMELSTOBART"
    ]
    outcome = correct(story, day_1(story, 3), drugs=drugs)
    window = epoch_dates(outcome.story.state)
    assert window is not None
    assert (window.anchor_on, window.earliest_on) == (day(28), day(56))
    assert the(outcome, f.DeviationRecorded).item == "MISSED/C3D1/BENMELSTOBART"
    assert [row.notice for row in facts_of(outcome, f.NoticeRequested)] == ["DEVIATION"]


def test_a_cycle_that_was_not_given_after_all_is_awaited_again() -> None:
    """T2.2: C3 entered in error: back before surgery, unless later facts rest on it."""
    story = in_neoadjuvant("COHORT_1", 2)
    report = c.ReportDose(cycle="C3", given_on=day(49), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    given = told(at_visit(story), report)
    assert given.state.epoch == "SURGERY"
    outcome = void(given, day_1(given, 3))
    assert (outcome.story.state.epoch, outcome.story.state.current_cycle.label) == ("NEOADJUVANT", "C3")
    full = in_surgery_wait()
    no = refused(void(full, day_1(full, 3)), Reason.CONTRADICTS, field="void")
    assert no.accepts.startswith("`correct` of fact ")


def test_a_corrected_day_1_plans_the_awaited_cycle_anew() -> None:
    """T2.2: C2 from the actual C1D1, one day later."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(12))
    outcome = correct(story, day_1(story, 1), given_on=str(day(8)))
    planned = the(outcome, f.CyclePlanned, cycle=2)
    assert (planned.anchor_on, planned.planned_on) == (day(8), day(29))
    assert changed(outcome)["C2"][1].startswith(f"planned {day(29)}")


def test_a_deviation_that_no_longer_holds_is_withdrawn_and_comes_back() -> None:
    """T2.2: C2 four days early was a deviation; it was typed wrongly. The deviation stays on record, withdrawn."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(24))
    early = told(story, c.ReportDose(cycle="C2", given_on=day(24), drugs=(c.GivenDrug(drug="BENMELSTOBART"),)))
    assert "C2" in early.state.deviations
    later = passing(early, day(27))
    outcome = correct(later, day_1(later, 2), given_on=str(day(25)))
    assert "C2" in [row.item for row in facts_of(outcome, f.DeviationWithdrawn)]
    assert "deviation C2" in changed(outcome)
    back = correct(outcome.story, day_1(later, 2), given_on=str(day(24)))
    assert the(back, f.DeviationRecorded, item="C2").days_off == -1
    assert "IMPORTANT_DEVIATION" in [row.notice for row in facts_of(back, f.NoticeRequested)]


@pytest.mark.parametrize(("on", "off"), [(76, -1), (77, None), (91, None), (92, 1)])
def test_a_corrected_surgery_date_is_held_against_its_window(on: int, off: int | None) -> None:
    """T4: 28 to 42 days; below, at and above both ends."""
    story = passing(resected("R0"), day(95))
    outcome = correct(story, seq(story, f.SurgeryPerformed), performed_on=str(day(on)))
    found = facts_of(outcome, f.DeviationRecorded, item="SURGERY")
    assert [row.days_off for row in found] == ([] if off is None else [off])
    window = epoch_dates(outcome.story.state)
    assert window is not None
    assert window.anchor_on == day(on)


def test_r0_corrected_to_r1_before_adjuvant_start_ends_treatment() -> None:
    """T6: only R0 goes on."""
    story = resected("R0")
    outcome = correct(story, seq(story, f.SurgeryPerformed), resection="R1")
    assert the(outcome, f.TreatmentEnded).reason == "RESECTION_R1"
    assert outcome.story.state.epoch == "FOLLOW_UP"
    assert changed(outcome)["epoch"] == ("EVALUATION", "FOLLOW_UP")


def test_pathology_corrected_to_r1_in_adjuvant_before_its_first_dose_ends_treatment() -> None:
    """T6: final pathology counts before the margin as seen."""
    story = in_adjuvant()
    outcome = correct(story, seq(story, f.PathologyReported), resection="R1")
    assert the(outcome, f.TreatmentEnded).reason == "RESECTION_R1"


def test_r0_corrected_to_r1_after_adjuvant_start_stops_dosing_and_asks() -> None:
    """T6: after C4D1 no cycle is asked for; the investigator ends treatment or lets it go on."""
    story = in_adjuvant("COHORT_1", 1)
    outcome = correct(story, seq(story, f.PathologyReported), resection="R1")
    after = outcome.story
    assert facts_of(outcome, f.TreatmentEnded) == []
    assert next(ask.kind for ask in asks(after.state) if "INVESTIGATOR" in ask.to) == "safety_decision"
    assert "dose_given" not in [ask.kind for ask in asks(after.state)]
    assert "RESECTION_REVIEW" in [row.notice for row in facts_of(outcome, f.NoticeRequested)]
    number = len(story.facts) + 1
    decided = c.DecideSafety(event=number, decided_on=after.today, dosing="CONTINUE", why="second reading")
    assert "dose_given" in [ask.kind for ask in asks(told(after, decided).state)]
    later = passing(after, after.today + timedelta(days=20))
    given = told(later, c.ReportDose(cycle="C5", given_on=later.today), confirmed=True, reason="given")
    assert "STOPPED/C5D1" in given.state.deviations
    stopped = told(after, c.DiscontinueTreatment(decided_on=after.today, why="R1"))
    assert stopped.state.treatment_ended == "DISCONTINUED"


@pytest.mark.parametrize(("on", "epoch"), [(100, "EVALUATION"), (122, "EVALUATION"), (123, "FOLLOW_UP")])
def test_r1_corrected_to_r0_goes_back_to_the_evaluation_within_its_window(on: int, epoch: str) -> None:
    """T5, T6: up to 42 days after surgery; later it is reviewed, and nothing is reopened by itself."""
    story = passing(resected("R1"), day(on))
    outcome = correct(story, seq(story, f.SurgeryPerformed), resection="R0")
    assert outcome.story.state.epoch == epoch
    assert (outcome.story.state.treatment_ended == "") == (epoch == "EVALUATION")
    if epoch == "FOLLOW_UP":
        assert "RESECTION_REVIEW" in [row.notice for row in facts_of(outcome, f.NoticeRequested)]


def test_a_death_of_another_subject_reopens_the_journey() -> None:
    """Nothing it ended stays ended; what was due before is due again, and the run goes on."""
    story = passing(died(), day(62))
    assert story.decider.is_over(story.state)
    outcome = void(story, seq(story, f.SubjectDied))
    after = outcome.story.state
    assert (after.epoch, after.died_on, after.treatment_ended, after.study_ended) == ("SURGERY", None, "", "")
    assert not story.decider.is_over(after)
    assert due(after) is not None
    assert changed(outcome)["phase"] == ("DEATH", "SURGERY")
    assert told(outcome.story, c.JudgeOperability(judged_on=day(62), operable=True)).state.operable


def test_a_corrected_date_of_death_moves_the_ends_it_brought() -> None:
    """One act: death, end of treatment, end of study."""
    story = passing(died(), day(70))
    after = correct(story, seq(story, f.SubjectDied), died_on=str(day(59))).story.state
    assert (after.died_on, after.treatment_ended_on, after.study_ended) == (day(59), day(59), "DEATH")


def test_a_withdrawal_entered_in_error_reopens_treatment() -> None:
    """Also one of consent, after which nothing else is taken; and a level corrected down keeps follow-up."""
    story = in_neoadjuvant("COHORT_1", 1)
    level: Any
    for level in ("TREATMENT", "STUDY", "CONSENT"):
        left = told(story, c.ReportWithdrawal(withdrawn_on=story.today, level=level))
        back = void(left, seq(left, f.SubjectWithdrew)).story.state
        assert (back.epoch, back.treatment_ended, back.study_ended) == ("NEOADJUVANT", "", "")
    eased = correct(left, seq(left, f.SubjectWithdrew), level="TREATMENT").story.state
    assert (eased.epoch, eased.treatment_ended, eased.study_ended) == ("FOLLOW_UP", "WITHDRAWAL", "")


def test_an_end_of_study_entered_in_error_reopens_follow_up() -> None:
    """A fact that follows from another one is not corrected by itself."""
    story = ended()
    assert void(story, seq(story, f.StudyEnded)).story.state.epoch == "FOLLOW_UP"
    assert void(story, seq(story, f.StudyEnded)).story.state.study_ended == ""
    dead = died()
    refused(void(dead, seq(dead, f.StudyEnded)), Reason.RULE, field="fact")


def test_a_progression_voided_after_a_death_leaves_treatment_ended_by_the_death() -> None:
    """T6.1: each end has its own cause."""
    story = told(in_surgery_wait(), c.ReportProgression(found_on=in_surgery_wait().today))
    story = told(story, c.ReportDeath(died_on=story.today))
    after = void(story, seq(story, f.ProgressionFound)).story.state
    assert (after.treatment_ended, after.study_ended) == ("DEATH", "DEATH")


def test_verdicts_turn_both_ways() -> None:
    """T12: not operable and not fit end treatment; corrected they do not, and the other way round."""
    story = operable()
    no = correct(story, seq(story, f.OperabilityJudged), operable=False, why="lung function")
    assert no.story.state.treatment_ended == "NOT_OPERABLE"
    assert correct(no.story, seq(story, f.OperabilityJudged), operable=True).story.state.epoch == "SURGERY"
    refused(correct(story, seq(story, f.OperabilityJudged), operable=False), Reason.RULE, field="fields.why")
    fit = in_adjuvant()
    frail = correct(fit, seq(fit, f.EvaluationJudged), fit=False, why="frail")
    assert frail.story.state.treatment_ended == "NOT_FIT"
    assert correct(frail.story, seq(fit, f.EvaluationJudged), fit=True).story.state.epoch == "ADJUVANT"


def test_evidence_corrected_before_randomization_withdraws_the_verdict() -> None:
    """T1.1: it must be confirmed again; there is no waiver (I2)."""
    story = eligible()
    outcome = correct(story, 1, born_on="2010-01-01")
    assert outcome.story.state.eligible_on is None
    assert "ELIGIBILITY_WITHDRAWN" in [row.notice for row in facts_of(outcome, f.NoticeRequested)]
    assert next(ask.kind for ask in asks(outcome.story.state)) == "confirm_eligibility"
    refused(when(outcome.story, c.ConfirmEligibility(judged_on=day(3))), Reason.NOT_ELIGIBLE, rule="I2")


def test_evidence_corrected_after_randomization_is_an_important_deviation() -> None:
    """The subject stays in; investigator and sponsor are told, and corrected back it is withdrawn."""
    story = in_neoadjuvant()
    outcome = correct(story, 1, born_on="2010-01-01")
    deviation = the(outcome, f.DeviationRecorded)
    assert (deviation.item, deviation.important) == ("ELIGIBILITY/I2", True)
    assert deviation.text.startswith("randomized on evidence that was corrected: I2 NOT_MET")
    assert the(outcome, f.NoticeRequested).to == ("INVESTIGATOR", "SPONSOR")
    back = correct(outcome.story, 1, born_on="1960-02-03")
    assert the(back, f.DeviationWithdrawn).item == "ELIGIBILITY/I2"
    assert "ELIGIBILITY/I2" in correct(allocating(), 1, born_on="2010-01-01").story.state.deviations


def test_a_corrected_weight_plans_the_doses_anew() -> None:
    """3.4: whatever the difference, for the plan rested on a number that is not on record any more."""
    story = at_visit(in_neoadjuvant())
    story = told(story, c.PlanDoses(cycle="C1", choice="CISPLATIN", why="kidneys"))
    kilos = story.state.weight_kg - Decimal(1)
    outcome = correct(story, seq(story, f.EvidenceRecorded), weight_kg=str(kilos))
    planned = the(outcome, f.DosesPlanned)
    assert (planned.basis.weight_kg, planned.because) == (kilos, "body weight corrected")
    assert "C1 doses" in changed(outcome)


def test_typed_in_results_are_corrected_and_the_gate_checked_again() -> None:
    """T11: platelets of 40 were typed in wrongly."""
    story = in_neoadjuvant()
    story = passing(story, day(6))
    low = [{"code": "PLT", "system": "analyte", "value": "40", "unit": "10*9/L", "collected_at": day_at(6)}]
    typed = told(story, c.TypeLabResults.model_validate_json(json.dumps({"results": low})))
    good = [{**low[0], "value": "231"}]
    after = correct(typed, seq(typed, f.LabResultsRecorded), results=good).story.state
    assert after.labs["PLT"].value == Decimal(231)
    assert void(typed, seq(typed, f.LabResultsRecorded)).story.state.labs["PLT"].value != Decimal(40)


def day_at(number: int) -> str:
    """Give the morning of a day at the site."""
    return f"{day(number)}T08:00:00+08:00"


def test_an_adverse_event_corrected_to_serious_starts_its_clock_and_void_it_stops() -> None:
    """T10, E25: the reports fall due with it and go with it; what it asked for goes too."""
    story = in_neoadjuvant("COHORT_1", 1)
    report = c.ReportAdverseEvent(term="pneumonitis", grade=2, serious=False, onset_on=story.today, aesi="ILD")
    story = told(story, report)
    number = seq(story, f.AdverseEventReported)
    serious = correct(story, number, serious=True)
    assert "sae_reported" in [ask.kind for ask in asks(serious.story.state)]
    assert "SERIOUS_ADVERSE_EVENT" in [row.notice for row in facts_of(serious, f.NoticeRequested)]
    after = void(serious.story, number).story.state
    assert after.safety.events == {}
    assert after.safety.open == ()
    assert "sae_reported" not in [ask.kind for ask in asks(after)]


def test_the_latest_correction_of_a_fact_counts() -> None:
    """Void, and said after all; the original and each correction stay as they were written."""
    contact = told(PHASES["follow-up"](), c.ReportContact(contacted_on=PHASES["follow-up"]().today))
    number = seq(contact, f.FollowUpContacted)
    gone = void(contact, number).story
    assert gone.state.contacted_on is None
    refused(void(gone, number), Reason.CONTRADICTS, field="void")
    again = correct(gone, number, disease_free=True).story
    assert again.state.contacted_on == contact.today
    assert again.facts[: len(contact.facts)] == contact.facts
    refused(correct(again, number, disease_free=True), Reason.CONTRADICTS, field="fields")


def test_what_may_not_be_corrected_is_refused_naming_what_may() -> None:
    """Bookkeeping, what follows from others, fields of identity, a number that is not there, nothing at all."""
    story = screened()
    no = refused(correct(story, seq(story, f.EpochEntered), epoch="ADJUVANT"), Reason.RULE, field="fact")
    assert "DoseGiven" in no.accepts
    no = refused(correct(story, 1, subject="S002"), Reason.MALFORMED, field="fields.subject")
    assert no.accepts == "fields: born_on, sex"
    refused(correct(story, 1), Reason.MALFORMED, field="fields")
    refused(void(story, 1), Reason.RULE, field="void")
    refused(correct(story, 999, sex="MALE"), Reason.CONTRADICTS, field="fact")
    refused(correct(story, 1, born_on="soon"), Reason.MALFORMED, field="fields.born_on")
    weight = seq(story, f.EvidenceRecorded)
    refused(correct(story, weight, weight_kg="250"), Reason.MALFORMED, field="fields.weight_kg")
    refused(correct(story, weight, void=True, weight_kg="70"), Reason.MALFORMED, field="fields")


def test_dates_to_come_before_birth_and_out_of_order_are_refused_as_at_first() -> None:
    """A correction is a report."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(40))
    refused(correct(story, day_1(story, 2), given_on=str(day(41))), Reason.FUTURE, field="fields.given_on")
    refused(correct(story, day_1(story, 2), given_on="1950-01-01"), Reason.IMPOSSIBLE, field="fields.given_on")
    no = refused(correct(story, day_1(story, 2), given_on=str(day(7))), Reason.CONTRADICTS, field="fields.given_on")
    assert no.accepts == f"a date after {day(7)}"
    no = refused(correct(story, day_1(story, 1), given_on=str(day(28))), Reason.CONTRADICTS)
    assert no.accepts == f"a date before {day(28)}"
    evaluated = in_evaluation()
    surgery = seq(evaluated, f.SurgeryPerformed)
    refused(correct(passing(evaluated, day(95)), surgery, performed_on=str(day(91))), Reason.CONTRADICTS)
    refused(correct(evaluated, seq(evaluated, f.PathologyReported), reported_on=str(day(79))), Reason.IMPOSSIBLE)
    refused(void(evaluated, surgery), Reason.CONTRADICTS, field="void")
    refused(correct(registered(), 1, born_on=str(day(0))), Reason.CONTRADICTS, field="fields.born_on")


def test_one_corrects_what_one_entered_and_an_investigator_everything() -> None:
    """3.6 roles; a correction by another role than investigator awaits an investigator's signature."""
    story = in_surgery_wait()
    told_by = when(story, c.ReportProgression(found_on=story.today), role="COORDINATOR", staff="CRC1").story
    number = seq(told_by, f.ProgressionFound)
    other = {"role": "COORDINATOR", "staff": "CRC2"}
    no = refused(void(told_by, number, **other), Reason.ROLE, rule="3.6 corrections", field="fact")
    assert no.accepts == "CRC1 or INVESTIGATOR"
    own = void(told_by, number, role="COORDINATOR", staff="CRC1")
    assert the(own, f.SignatureAsked).to == ("INVESTIGATOR",)
    assert [row.act for row in own.story.state.unsigned.values()].count("progression") == 0
    signed = void(told_by, number, role="INVESTIGATOR", staff="INV2")
    assert facts_of(signed, f.SignatureAsked) == []


def test_a_refused_second_report_says_which_fact_to_correct() -> None:
    """What is on record stands until it is corrected."""
    story = in_evaluation()
    again = refused(when(story, c.ReportSurgery(performed_on=day(81), resection="R0")), Reason.CONTRADICTS)
    assert again.accepts == f"`correct` of fact {seq(story, f.SurgeryPerformed)}"
    dead = died()
    again = refused(when(dead, c.ReportDeath(died_on=day(59))), Reason.CONTRADICTS)
    assert again.accepts == f"`correct` of fact {seq(dead, f.SubjectDied)}"
    dosed = in_neoadjuvant("COHORT_1", 1)
    again = refused(when(dosed, c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN")), Reason.CONTRADICTS)
    assert again.accepts.endswith(f"`correct` of fact {day_1(dosed, 1)}")


def test_a_correction_without_the_record_is_refused() -> None:
    """Whoever decides gives the whole record."""
    story = Story(in_surgery_wait().decider, in_surgery_wait().state)
    refused(correct(story, 1, sex="FEMALE"), Reason.PHASE)


def test_a_cycle_before_a_given_one_that_was_not_given_after_all_is_left_out() -> None:
    """T2.2: C2 entered in error after C3 was given: omitted, a deviation; C3's window stands from the plan of C2."""
    story = in_neoadjuvant("COHORT_1", 1)
    report = c.ReportDose(cycle="C2", given_on=day(28), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    story = cycle_given(told(at_visit(story), report))
    outcome = void(story, day_1(story, 2))
    assert the(outcome, f.DoseOmitted).cycle == 2
    assert "OMITTED/C2" in outcome.story.state.deviations
    assert outcome.story.state.epoch == "SURGERY"
