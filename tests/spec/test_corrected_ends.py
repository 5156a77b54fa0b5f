"""Corrected ends: what a fact had ended is taken back, moved or brought back, and what it had hidden ends again."""

from datetime import date
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda
from domain.patient.asks import asks
from domain.patient.windows import epoch_dates
from domain.submission import Reason
from tests.correcting import correct, day_1, seq, void
from tests.given import Outcome, Story, day, facts_of, refused, the
from tests.stories import (
    at_visit,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    lost,
    operable,
    passing,
    screened,
    told,
)

Ends = tuple[str, date | None, str, date | None]


def ends(story: Story) -> Ends:
    """Give reason and date of the end of treatment, and of the end of study."""
    state = story.state
    return (state.treatment_ended, state.treatment_ended_on, state.study_ended, state.study_ended_on)


def superseded(outcome: Outcome) -> list[tuple[int, str, int | None]]:
    """Give number and kind of each fact that reads otherwise, and the number it follows from."""
    return [(fact.fact, fact.of, fact.follows) for fact in facts_of(outcome, f.FactCorrected)]


def notices(outcome: Outcome) -> list[tuple[str, str]]:
    """Give name and text of each notice."""
    return [(fact.notice, fact.text) for fact in facts_of(outcome, f.NoticeRequested)]


def asked(story: Story) -> list[str]:
    """Give the kinds of acts people are asked for."""
    return [ask.kind for ask in asks(story.state)]


def anchor(story: Story) -> date:
    """Give the date the current window runs from."""
    window = epoch_dates(story.state)
    assert window is not None
    return window.anchor_on


def operated(result: str = "R0", *, on: int = 80, now: int = 95) -> Story:
    """Operated on a day, with a margin as seen; it is some days later."""
    report = c.ReportSurgery.model_validate({"performed_on": day(on), "resection": result})
    return passing(told(passing(operable(), day(on)), report), day(now))


def treated() -> Story:
    """C1 was given on day 7; it is day 40."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(40))


# Dates


def test_a_corrected_withdrawal_from_treatment_moves_its_end_and_the_follow_up() -> None:
    """T12, Q13: told of day 40, it was day 35; the next contact is counted from there."""
    story = told(treated(), c.ReportWithdrawal(withdrawn_on=day(40), level="TREATMENT", why="tired"))
    assert anchor(story) == day(40)
    number = seq(story, f.SubjectWithdrew)
    outcome = correct(story, number, withdrawn_on=str(day(35)))
    assert ends(outcome.story) == ("WITHDRAWAL", day(35), "", None)
    assert (outcome.story.state.epoch, outcome.story.state.epoch_on, anchor(outcome.story)) == (
        "FOLLOW_UP", day(35), day(35),
    )  # fmt: skip
    assert superseded(outcome) == [
        (number, "SubjectWithdrew", None),
        (seq(story, f.TreatmentEnded), "TreatmentEnded", number),
        (seq(story, f.EpochEntered), "EpochEntered", number),
    ]
    again = correct(outcome.story, number, why="travel").story
    assert ends(again) == ("WITHDRAWAL", day(35), "", None)
    assert again.state.epoch_on == day(35)


def test_a_reason_alone_moves_no_date() -> None:
    """T12: the end of treatment has the corrected reason; follow-up stands as it was entered."""
    story = told(treated(), c.ReportWithdrawal(withdrawn_on=day(38), level="TREATMENT", why="tired"))
    number = seq(story, f.SubjectWithdrew)
    outcome = correct(story, number, why="travel")
    assert superseded(outcome) == [
        (number, "SubjectWithdrew", None),
        (seq(story, f.TreatmentEnded), "TreatmentEnded", number),
    ]
    end: Any = facts_of(outcome, f.FactCorrected, of="TreatmentEnded")[0].content
    assert (end.ended_on, end.reason, end.why) == (day(38), "WITHDRAWAL", "travel")


def test_a_level_that_means_the_same_in_screening_moves_nothing() -> None:
    """T1.1: before randomization a withdrawal from treatment leaves the study, as one from the study does."""
    story = told(screened(), c.ReportWithdrawal(withdrawn_on=day(2), level="TREATMENT", why="tired"))
    number = seq(story, f.SubjectWithdrew)
    outcome = correct(story, number, level="STUDY")
    assert superseded(outcome) == [(number, "SubjectWithdrew", None)]
    assert ends(outcome.story) == ("", None, "WITHDRAWAL", day(2))


def test_a_corrected_discontinuation_moves_the_follow_up() -> None:
    """T6.1, Q13: decided on day 35, not 40."""
    story = told(treated(), c.DiscontinueTreatment(decided_on=day(40), why="tired"))
    number = seq(story, f.TreatmentEnded)
    outcome = correct(story, number, ended_on=str(day(35)))
    assert ends(outcome.story) == ("DISCONTINUED", day(35), "", None)
    assert outcome.story.state.epoch_on == day(35)
    assert superseded(outcome) == [
        (number, "TreatmentEnded", None),
        (seq(story, f.EpochEntered), "EpochEntered", number),
    ]


def test_a_corrected_loss_moves_the_end_of_the_study_with_that_of_treatment() -> None:
    """Q13: lost to follow-up is one act: both ends have its date and its reason."""
    story = passing(lost(), lost().today)
    number = seq(story, f.TreatmentEnded)
    on = story.state.treatment_ended_on
    earlier = date.fromordinal(on.toordinal() - 3)
    outcome = correct(story, number, ended_on=str(earlier))
    assert ends(outcome.story) == ("LOST_TO_FOLLOW_UP", earlier, "LOST_TO_FOLLOW_UP", earlier)
    end: Any = facts_of(outcome, f.FactCorrected, of="StudyEnded")[0]
    assert (end.fact, end.follows, end.content.why) == (number + 1, number, "moved")
    reason = correct(outcome.story, number, why="abroad")
    why: Any = facts_of(reason, f.FactCorrected, of="StudyEnded")[0].content
    assert (why.ended_on, why.why) == (earlier, "abroad")


def test_a_corrected_screen_failure_moves_the_end_of_the_study() -> None:
    """T1.1: decided on day 3, told as of day 4."""
    story = told(screened(), c.ReportScreenFailure(decided_on=day(4), why="I6"), day(4))
    number = seq(story, f.ScreenFailed)
    outcome = correct(story, number, decided_on=str(day(3)))
    assert ends(outcome.story) == ("", None, "SCREEN_FAILURE", day(3))
    assert superseded(outcome)[1:] == [(seq(story, f.StudyEnded), "StudyEnded", number)]


def test_a_corrected_surgery_date_moves_the_end_its_margin_brought() -> None:
    """T6, Q13: R1 on day 79, not 80; follow-up and its contacts are counted from there."""
    story = operated("R1")
    outcome = correct(story, seq(story, f.SurgeryPerformed), performed_on=str(day(79)))
    assert ends(outcome.story) == ("RESECTION_R1", day(79), "", None)
    assert (outcome.story.state.epoch, outcome.story.state.epoch_on) == ("FOLLOW_UP", day(79))


def test_a_corrected_surgery_date_moves_no_entry_into_the_evaluation() -> None:
    """T5: the epoch was entered when surgery was told; its window runs from the surgery."""
    story = operated("R0")
    outcome = correct(story, seq(story, f.SurgeryPerformed), performed_on=str(day(79)))
    assert (outcome.story.state.epoch, outcome.story.state.epoch_on) == ("EVALUATION", day(80))
    assert anchor(outcome.story) == day(79)


def test_a_corrected_pathology_date_moves_the_end_its_result_brought() -> None:
    """T6: R1 of day 90 ended treatment; the report is of day 88."""
    story = operated("R0", now=90)
    story = told(story, c.ReportPathology(reported_on=day(90), resection="R1"))
    assert ends(story) == ("RESECTION_R1", day(90), "", None)
    outcome = correct(story, seq(story, f.PathologyReported), reported_on=str(day(88)))
    assert ends(outcome.story) == ("RESECTION_R1", day(88), "", None)
    assert outcome.story.state.epoch_on == day(88)


def test_a_corrected_date_of_a_regained_contact_moves_the_follow_up() -> None:
    """Q13: follow-up goes on from that contact."""
    story = passing(lost(), lost().today)
    story = passing(story, date.fromordinal(story.today.toordinal() + 10))
    on = date.fromordinal(story.today.toordinal() - 1)
    story = told(story, c.RegainContact(regained_on=story.today, why="called"))
    outcome = correct(story, seq(story, f.ContactRegained), regained_on=str(on))
    assert (outcome.story.state.epoch, outcome.story.state.epoch_on) == ("FOLLOW_UP", on)
    assert outcome.story.state.regained_on == on


# Levels, and ends behind ends


def test_a_withdrawal_from_treatment_that_was_one_from_the_study_ends_both() -> None:
    """T12: treatment and study end on its date, by it; no follow-up is left to ask for."""
    story = told(treated(), c.ReportWithdrawal(withdrawn_on=day(39), level="TREATMENT", why="tired"))
    outcome = correct(story, seq(story, f.SubjectWithdrew), level="STUDY")
    assert ends(outcome.story) == ("WITHDRAWAL", day(39), "WITHDRAWAL", day(39))
    assert the(outcome, f.StudyEnded).why == "tired"
    assert agenda(outcome.story.state) == ()
    consent = correct(story, seq(story, f.SubjectWithdrew), level="CONSENT")
    assert ends(consent.story) == ("WITHDRAWAL_OF_CONSENT", day(39), "WITHDRAWAL_OF_CONSENT", day(39))
    assert consent.story.state.consent_withdrawn_on == day(39)


def test_a_level_corrected_after_the_planned_end_of_study_keeps_that_end() -> None:
    """T6.1: the study ended as planned before anyone knew; treatment ended by the withdrawal, on its date."""
    story = told(treated(), c.ReportWithdrawal(withdrawn_on=day(38), level="TREATMENT", why="tired"))
    story = told(story, c.EndStudy(ended_on=day(40)))
    outcome = correct(story, seq(story, f.SubjectWithdrew), level="STUDY")
    assert ends(outcome.story) == ("WITHDRAWAL", day(38), "COMPLETED", day(40))
    assert the(outcome, f.TreatmentEnded).why == "tired"


@pytest.mark.parametrize("how", ["void", "TREATMENT"])
def test_a_death_behind_a_withdrawal_ends_the_study_when_that_is_taken_back(how: str) -> None:
    """T6.1: who died is asked for nothing, whatever becomes of the withdrawal that ended the study first."""
    story = told(treated(), c.ReportWithdrawal(withdrawn_on=day(36), level="STUDY", why="tired"))
    story = told(story, c.ReportDeath(died_on=day(39), cause="unknown"))
    number = seq(story, f.SubjectWithdrew)
    outcome = void(story, number) if how == "void" else correct(story, number, level="TREATMENT")
    expected = {
        "void": ("DEATH", day(39), "DEATH", day(39)),
        "TREATMENT": ("WITHDRAWAL", day(36), "DEATH", day(39)),
    }
    assert ends(outcome.story) == expected[how]
    assert outcome.story.decider.is_over(outcome.story.state)
    assert asked(outcome.story) == []


def test_a_progression_behind_a_withdrawal_ends_treatment_when_that_is_taken_back() -> None:
    """T6.1: nobody is treated on after progression."""
    story = told(treated(), c.ReportWithdrawal(withdrawn_on=day(36), level="TREATMENT", why="tired"))
    story = told(story, c.ReportProgression(found_on=day(39)))
    outcome = void(story, seq(story, f.SubjectWithdrew))
    assert ends(outcome.story) == ("PROGRESSION", day(39), "", None)
    assert (outcome.story.state.epoch, outcome.story.state.epoch_on) == ("FOLLOW_UP", day(39))
    assert ("END_OF_TREATMENT", "end of treatment: PROGRESSION") in notices(outcome)
    both = void(outcome.story, seq(story, f.ProgressionFound))
    assert ends(both.story) == ("", None, "", None)
    assert both.story.state.epoch == "NEOADJUVANT"
    earlier = correct(outcome.story, seq(story, f.ProgressionFound), found_on=str(day(37)))
    assert ends(earlier.story) == ("PROGRESSION", day(37), "", None)
    assert earlier.story.state.epoch_on == day(37)


def test_a_progression_of_before_randomization_ends_nothing_later() -> None:
    """T6.1: it was known when the subject was randomized; a withdrawal taken back leaves treatment going on."""
    story = told(screened(), c.ReportProgression(found_on=day(2)))
    state = story.state
    assert (state.progressed_on, state.treatment_ended) == (day(2), "")
    later = story.with_facts(in_neoadjuvant().facts[len(screened().facts) :], in_neoadjuvant().now)
    left = told(later, c.ReportWithdrawal(withdrawn_on=later.today, level="STUDY", why="tired"))
    back = void(left, seq(left, f.SubjectWithdrew)).story
    assert ends(back) == ("", None, "", None)


def test_a_verdict_of_not_operable_after_the_death_changes_no_end() -> None:
    """T6.1, T12: the subject died on day 75; the corrected verdict of day 72 is on record, the death ended all."""
    story = passing(operable(), day(75))
    story = told(story, c.ReportDeath(died_on=day(75), cause="embolism"))
    outcome = correct(story, seq(story, f.OperabilityJudged), operable=False, why="lung function")
    assert outcome.story.state.operable is False
    assert ends(outcome.story) == ("DEATH", day(75), "DEATH", day(75))
    assert facts_of(outcome, f.TreatmentEnded) == []
    assert notices(outcome) == []


def test_a_verdict_of_not_operable_after_progression_changes_no_end() -> None:
    """T6.1, T12: treatment ended once."""
    story = told(passing(operable(), day(75)), c.ReportProgression(found_on=day(75)))
    outcome = correct(story, seq(story, f.OperabilityJudged), operable=False, why="lung function")
    assert ends(outcome.story) == ("PROGRESSION", day(75), "", None)
    assert facts_of(outcome, f.TreatmentEnded) == []


def test_not_fit_after_c4_stops_dosing_and_asks() -> None:
    """T12, T6: after C4D1 nothing ends by itself; the investigator decides."""
    story = in_adjuvant("COHORT_1", 1)
    number = len(story.facts) + 1
    outcome = correct(story, seq(story, f.EvaluationJudged), fit=False, why="wound")
    after = outcome.story
    text = "evaluation corrected to not fit after the start of ADJUVANT"
    stop = the(outcome, f.SafetyActionAsked)
    assert (stop.event, stop.command, stop.rule, stop.text, stop.stops_dosing) == (
        number, "safety_decision", "T6", f"{text} (fact {number})", True,
    )  # fmt: skip
    assert ("RESECTION_REVIEW", f"{text}: dosing stops; safety_decision or discontinue_treatment") in notices(outcome)
    assert ends(after) == ("", None, "", None)
    assert (after.state.epoch, after.state.safety.stopped) == ("ADJUVANT", {number})
    assert "dose_given" not in asked(after)


def test_not_fit_after_treatment_ended_stops_nothing() -> None:
    """T12: progression ended it after C4; there is no dose to stop."""
    story = in_adjuvant("COHORT_1", 1)
    story = told(story, c.ReportProgression(found_on=story.today))
    outcome = correct(story, seq(story, f.EvaluationJudged), fit=False, why="wound")
    assert facts_of(outcome, f.SafetyActionAsked) == []
    assert ends(outcome.story) == ("PROGRESSION", story.today, "", None)


# The branch after surgery


def test_a_result_corrected_after_another_end_changes_no_end() -> None:
    """T6: treatment ended by progression; R0 turned to R1, and R1 to R0, end and reopen nothing."""
    story = told(operated("R0"), c.ReportProgression(found_on=day(95)))
    worse = correct(story, seq(story, f.SurgeryPerformed), resection="R1")
    assert worse.story.state.resection == "R1"
    assert ends(worse.story) == ("PROGRESSION", day(95), "", None)
    better = correct(worse.story, seq(story, f.SurgeryPerformed), resection="R0")
    assert better.story.state.resection == "R0"
    assert ends(better.story) == ("PROGRESSION", day(95), "", None)
    for outcome in (worse, better):
        assert facts_of(outcome, f.TreatmentEnded) == []
        assert facts_of(outcome, f.EpochEntered) == []
        assert notices(outcome) == []


def test_a_result_corrected_there_and_back_after_c4_leaves_the_stop_to_the_investigator() -> None:
    """T6: two readings disagree; nothing is reopened or lifted by itself."""
    story = in_adjuvant("COHORT_1", 1)
    pathology = seq(story, f.PathologyReported)
    stopped = correct(story, pathology, resection="R1").story
    outcome = correct(stopped, pathology, resection="R0")
    assert [type(fact) for fact in outcome.facts] == [f.FactCorrected]
    after = outcome.story.state
    assert (after.epoch, after.pathology, ends(outcome.story)) == ("ADJUVANT", "R0", ("", None, "", None))
    assert after.safety.stopped == {len(story.facts) + 1}
    assert "safety_decision" in asked(outcome.story)


def test_pathology_corrected_to_r0_goes_back_to_the_epoch_it_had_ended() -> None:
    """T5, T6: R1 ended it in the evaluation, not in the surgery wait; the evaluation is asked for again."""
    story = told(operated("R0", now=90), c.ReportPathology(reported_on=day(90), resection="R1"))
    outcome = correct(story, seq(story, f.PathologyReported), resection="R0")
    assert facts_of(outcome, f.EpochEntered) == []
    assert (outcome.story.state.epoch, outcome.story.state.epoch_on) == ("EVALUATION", day(80))
    assert ends(outcome.story) == ("", None, "", None)
    assert asked(outcome.story) == ["adjuvant_evaluation"]


def test_r1_of_a_surgery_before_its_time_corrected_to_r0_leads_to_the_evaluation() -> None:
    """T6, T4.1: as when R0 had been told at first; no third cycle is asked for after the tumour is out."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(45))
    early = {"performed_on": day(45), "resection": "R1"}
    story = told(story, c.ReportSurgery.model_validate(early))
    assert ends(story) == ("RESECTION_R1", day(45), "", None)
    outcome = correct(passing(story, day(50)), seq(story, f.SurgeryPerformed), resection="R0")
    after = outcome.story
    assert (after.state.epoch, after.state.epoch_on) == ("EVALUATION", day(50))
    assert ends(after) == ("", None, "", None)
    assert anchor(after) == day(45)


def test_a_progression_behind_r1_ends_treatment_when_that_was_r0() -> None:
    """T6, T6.1: R1 hid it."""
    story = told(operated("R1"), c.ReportProgression(found_on=day(93)))
    outcome = correct(story, seq(story, f.SurgeryPerformed), resection="R0")
    assert ends(outcome.story) == ("PROGRESSION", day(93), "", None)
    assert (outcome.story.state.epoch, outcome.story.state.epoch_on) == ("FOLLOW_UP", day(93))


def test_a_result_of_a_surgery_of_before_the_trial_leads_nowhere() -> None:
    """T6: told in screening, recorded as out of its phase; corrected to R1 it ends no treatment."""
    story = told(screened(), c.ReportSurgery(performed_on=day(1), resection="R0"), confirmed=True, reason="letter")
    outcome = correct(story, seq(story, f.SurgeryPerformed), resection="R1")
    assert (outcome.story.state.epoch, outcome.story.state.resection) == ("SCREENING", "R1")
    assert ends(outcome.story) == ("", None, "", None)
    back = correct(outcome.story, seq(story, f.SurgeryPerformed), resection="R0")
    assert (back.story.state.epoch, back.story.state.resection) == ("SCREENING", "R0")


# Said after all


@pytest.mark.parametrize(("result", "epoch"), [("R0", "EVALUATION"), ("R1", "FOLLOW_UP")])
def test_a_surgery_said_after_all_leads_on_again(result: str, epoch: str) -> None:
    """T6, G4: else surgery would be awaited that is on record, and nobody could report it."""
    story = operated(result)
    number = seq(story, f.SurgeryPerformed)
    gone = void(story, number).story
    assert (gone.state.epoch, gone.state.surgery_on) == ("SURGERY", None)
    assert "surgery_done" in asked(gone)
    back = correct(gone, number, performed_on=str(day(79))).story
    assert (back.state.epoch, back.state.surgery_on) == (epoch, day(79))
    assert ends(back) == (("", None, "", None) if result == "R0" else ("RESECTION_R1", day(79), "", None))
    assert "surgery_done" not in asked(back)


def test_a_last_dose_said_after_all_leads_to_the_surgery_wait_again() -> None:
    """T2.2, T4: the window runs from it."""
    story = at_visit(in_neoadjuvant("COHORT_1", 2))
    story = told(story, c.ReportDose(cycle="C3", given_on=day(49), drugs=(c.GivenDrug(drug="BENMELSTOBART"),)))
    number = day_1(story, 3)
    gone = void(story, number).story
    assert (gone.state.epoch, gone.state.current_cycle.label) == ("NEOADJUVANT", "C3")
    back = correct(gone, number, given_on=str(day(48))).story
    assert (back.state.epoch, back.state.current_cycle) == ("SURGERY", None)
    assert anchor(back) == day(48)
    assert "operability" in asked(back)


def test_a_middle_dose_said_after_all_asks_for_the_next() -> None:
    """T2.2: C2 again 21 d after C1 as it reads now."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(12))
    three = [seq(story, f.DoseGiven, cycle=1, day=number) for number in (3, 2, 1)]
    gone = story
    for number in three:
        gone = void(gone, number).story
    assert gone.state.current_cycle.label == "C1"
    back = correct(gone, three[-1], given_on=str(day(8))).story
    cycle = back.state.current_cycle
    assert (cycle.label, cycle.anchor_on, cycle.planned_on) == ("C2", day(8), day(29))


def test_a_discontinuation_said_after_all_leads_to_follow_up_again() -> None:
    """T6.1: on its corrected date."""
    story = told(treated(), c.DiscontinueTreatment(decided_on=day(40), why="tired"))
    number = seq(story, f.TreatmentEnded)
    gone = void(story, number).story
    assert (gone.state.epoch, ends(gone)) == ("NEOADJUVANT", ("", None, "", None))
    back = correct(gone, number, ended_on=str(day(38))).story
    assert (back.state.epoch, back.state.epoch_on) == ("FOLLOW_UP", day(38))
    assert ends(back) == ("DISCONTINUED", day(38), "", None)
    assert "dose_given" not in asked(back)


def test_a_loss_and_a_screen_failure_said_after_all_end_the_study_again() -> None:
    """Q13, T1.1: each with its corrected reason."""
    story = lost()
    number, on = seq(story, f.TreatmentEnded), story.state.treatment_ended_on
    gone = void(story, number).story
    assert ends(gone) == ("", None, "", None)
    back = correct(gone, number, why="abroad").story
    assert ends(back) == ("LOST_TO_FOLLOW_UP", on, "LOST_TO_FOLLOW_UP", on)
    failed = told(screened(), c.ReportScreenFailure(decided_on=day(4), why="I6"), day(4))
    number = seq(failed, f.ScreenFailed)
    gone = void(failed, number).story
    assert (gone.state.screen_failed, gone.state.study_ended) == (False, "")
    back = correct(gone, number, why="I11.2").story
    assert (back.state.screen_failed, ends(back)) == (True, ("", None, "SCREEN_FAILURE", day(4)))


def test_an_evaluation_without_a_surgery_is_refused() -> None:
    """T5: as in the report at first; pathology too."""
    story = in_evaluation()
    evaluated = passing(story, day(110))
    evaluated = told(evaluated, c.EvaluateAdjuvant(evaluated_on=day(110), fit=False, why="wound"))
    numbers = [seq(evaluated, kind) for kind in (f.EvaluationJudged, f.PathologyReported, f.SurgeryPerformed)]
    gone = evaluated
    for number in numbers:
        gone = void(gone, number).story
    assert (gone.state.surgery_on, gone.state.epoch, ends(gone)) == (None, "SURGERY", ("", None, "", None))
    for number in numbers[:2]:
        no = (
            refused(correct(gone, number, why="healed"), Reason.CONTRADICTS, rule="T5", field="fields")
            if number == numbers[0]
            else refused(correct(gone, number, reported_on=str(day(91))), Reason.CONTRADICTS, rule="T5", field="fields")
        )
        assert (no.detail, no.accepts) == (
            "no surgery is on record", "surgery_done, or `correct` of the surgery, first",
        )  # fmt: skip


def test_the_surgery_wait_is_as_it_was_when_nothing_ended() -> None:
    """T4: no end, no entry moves with an operability verdict of another date."""
    story = operable()
    outcome = correct(story, seq(story, f.OperabilityJudged), judged_on=str(day(70)))
    assert superseded(outcome) == [(seq(story, f.OperabilityJudged), "OperabilityJudged", None)]
    assert anchor(outcome.story) == anchor(in_surgery_wait()) == day(49)


def test_an_end_of_study_behind_a_progression_ends_treatment_when_that_is_taken_back() -> None:
    """T6.1: the study ended as planned on day 40, and with it treatment; progression of day 39 was an error."""
    story = told(treated(), c.ReportProgression(found_on=day(39)))
    story = told(story, c.EndStudy(ended_on=day(40), why="moved"))
    outcome = void(story, seq(story, f.ProgressionFound))
    assert ends(outcome.story) == ("COMPLETED", day(40), "COMPLETED", day(40))
    assert the(outcome, f.TreatmentEnded).why == "moved"


def test_an_end_of_treatment_by_a_correction_keeps_the_date_of_that() -> None:
    """T6: R0 turned out to be R1 on day 95, which ended treatment then; a date of surgery read again moves no end."""
    story = operated("R0")
    number = seq(story, f.SurgeryPerformed)
    turned = correct(story, number, resection="R1").story
    assert ends(turned) == ("RESECTION_R1", day(95), "", None)
    again = correct(turned, number, performed_on=str(day(79)))
    assert ends(again.story) == ("RESECTION_R1", day(95), "", None)
    assert superseded(again) == [(number, "SurgeryPerformed", None)]
    other = correct(again.story, number, resection="R2").story
    assert ends(other) == ("RESECTION_R2", day(95), "", None)


def test_an_omission_said_after_all_leads_on_again() -> None:
    """T4.1, G4: to surgery after two cycles, with its deviation; else nobody would be asked for anything."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(45))
    story = told(story, c.ProceedToSurgery(decided_on=day(45), why="sepsis"))
    number = seq(story, f.DoseOmitted)
    text = "surgery planned after 2 of 3 cycles"
    assert (story.state.epoch, story.state.deviations["CYCLES"].text) == ("SURGERY", text)
    gone = void(story, number)
    assert (gone.story.state.epoch, gone.story.state.current_cycle.label) == ("NEOADJUVANT", "C3")
    assert [row.item for row in facts_of(gone, f.DeviationWithdrawn)] == ["CYCLES"]
    back = correct(gone.story, number, why="pneumonia")
    assert (back.story.state.epoch, back.story.state.current_cycle) == ("SURGERY", None)
    deviation = the(back, f.DeviationRecorded)
    assert (deviation.item, deviation.text, deviation.important) == ("CYCLES", text, False)
    assert ("DEVIATION", text) in notices(back)
    assert {"operability", "surgery_done"} <= set(asked(back.story))
    assert anchor(back.story) == day(28)


def test_an_end_said_after_all_and_taken_back_again_is_taken_back() -> None:
    """T6.1: the latest correction counts, whatever act its end was recorded with."""
    story = told(passing(in_surgery_wait(), day(60)), c.CancelSurgery(decided_on=day(60), why="refusal"))
    number = seq(story, f.SurgeryCancelled)
    assert ends(story) == ("NO_SURGERY", day(60), "", None)
    gone = void(story, number).story
    assert (gone.state.epoch, ends(gone)) == ("SURGERY", ("", None, "", None))
    back = correct(gone, number, decided_on=str(day(59))).story
    assert (back.state.epoch, back.state.epoch_on, ends(back)) == (
        "FOLLOW_UP", day(59), ("NO_SURGERY", day(59), "", None),
    )  # fmt: skip
    again = void(back, number).story
    assert (again.state.epoch, ends(again)) == ("SURGERY", ("", None, "", None))


def test_a_contact_regained_in_error_and_after_all() -> None:
    """Q13: lost until then, and followed from the corrected date on."""
    story = lost()
    on = story.state.study_ended_on
    story = passing(story, date.fromordinal(on.toordinal() + 10))
    story = told(story, c.RegainContact(regained_on=story.today, why="called"))
    number = seq(story, f.ContactRegained)
    gone = void(story, number).story
    assert ends(gone) == ("LOST_TO_FOLLOW_UP", on, "LOST_TO_FOLLOW_UP", on)
    back_on = date.fromordinal(on.toordinal() + 8)
    back = correct(gone, number, regained_on=str(back_on)).story
    assert ends(back) == ("LOST_TO_FOLLOW_UP", on, "", None)
    assert (back.state.epoch, back.state.epoch_on) == ("FOLLOW_UP", back_on)
    assert "follow_up_contact" in asked(back)


def test_a_death_behind_a_loss_or_a_withdrawal_in_screening_ends_the_study() -> None:
    """T6.1: the loss was an error; the death of the same day stands. In screening it fails the screening."""
    story = told(lost(), c.ReportDeath(died_on=lost().today))
    after = void(story, seq(story, f.TreatmentEnded)).story
    assert ends(after) == ("DEATH", story.today, "DEATH", story.today)
    early = told(screened(), c.ReportWithdrawal(withdrawn_on=day(2), level="STUDY", why="tired"))
    early = told(early, c.ReportDeath(died_on=day(2)))
    after = void(early, seq(early, f.SubjectWithdrew)).story
    assert (after.state.screen_failed, ends(after)) == (True, ("", None, "DEATH", day(2)))


def test_an_evaluation_said_after_all_leads_to_adjuvant_treatment_again() -> None:
    """T5, T7: C4 is counted from its corrected date."""
    story = in_adjuvant()
    number = seq(story, f.EvaluationJudged)
    gone = void(story, number).story
    assert (gone.state.epoch, gone.state.evaluated_on) == ("EVALUATION", None)
    assert asked(gone) == ["adjuvant_evaluation"]
    back = correct(gone, number, evaluated_on=str(day(114))).story
    assert (back.state.epoch, back.state.evaluated_on) == ("ADJUVANT", day(114))
    cycle = back.state.current_cycle
    assert (cycle.label, cycle.anchor_on, cycle.planned_on) == ("C4", day(114), day(121))


def test_an_evaluation_that_was_positive_leads_to_adjuvant_treatment() -> None:
    """T12, T7: not fit was a slip; treatment goes on, and C4 is awaited."""
    story = passing(in_evaluation(), day(115))
    story = told(story, c.EvaluateAdjuvant(evaluated_on=day(115), fit=False, why="frail"))
    assert ends(story) == ("NOT_FIT", day(115), "", None)
    outcome = correct(story, seq(story, f.EvaluationJudged), fit=True)
    assert ends(outcome.story) == ("", None, "", None)
    assert outcome.story.state.epoch == "ADJUVANT"
    plan = the(outcome, f.CyclePlanned)
    assert (plan.cycle, plan.anchor_on, plan.planned_on) == (4, day(115), day(122))
