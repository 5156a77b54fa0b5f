"""The surgery wait and surgery: window, reminders, operability, departures, and the R0 branch."""

from datetime import timedelta

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda
from domain.patient.asks import asks
from domain.patient.windows import epoch_dates, plan_cycle
from domain.submission import UNATTRIBUTED, Reason
from tests.given import Story, day, facts_of, noon, nothing_happened, refused, the, then_kinds, when
from tests.stories import (
    PHASES,
    at_visit,
    cycle_given,
    eligible,
    in_adjuvant,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    in_surgery_wait,
    operable,
    passing,
    screened,
    told,
)


def surgery(number: int, resection: str = "R0") -> c.ReportSurgery:
    """Give the report of surgery on a day. The window of the stories is day 77 to day 91."""
    return c.ReportSurgery.model_validate({"performed_on": day(number), "resection": resection})


def window(story: Story) -> tuple[object, ...]:
    """Give the window of the current wait."""
    dates = epoch_dates(story.state)
    assert dates is not None
    return (dates.earliest_on, dates.latest_on, dates.rule)


def without_benmelstobart(story: Story, cycle: str) -> Story:
    """The awaited cycle is given without benmelstobart."""
    drugs = tuple(c.GivenDrug(drug=name) for name in ("ETOPOSIDE", "CISPLATIN"))
    story = at_visit(story)
    return told(story, c.ReportDose(cycle=cycle, given_on=story.today, drugs=drugs))


# The window


def test_the_window_runs_from_the_last_actual_benmelstobart() -> None:
    """28 to 42 d after day 49 (T4)."""
    assert window(in_surgery_wait()) == (day(77), day(91), "T4")


def test_without_benmelstobart_in_c3_the_window_runs_from_c2() -> None:
    """C3 gave chemotherapy only: the anchor is the benmelstobart of C2, day 28 (T4)."""
    story = without_benmelstobart(in_neoadjuvant("COHORT_2", 2), "C3")
    assert window(story) == (day(56), day(70), "T4")


def test_without_any_benmelstobart_the_window_runs_from_the_last_dose() -> None:
    """Of any drug (T4.1)."""
    story = without_benmelstobart(in_neoadjuvant("COHORT_2"), "C1")
    story = told(story, c.ProceedToSurgery(decided_on=day(20), why="toxicity"), day(20))
    assert window(story) == (day(35), day(49), "T4.1")


def test_a_dose_reported_late_moves_the_window() -> None:
    """A benmelstobart of day 56, confirmed out of turn, moves window and reminders (T4)."""
    late = c.ReportDose(cycle="C3", day=8, given_on=day(56), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    story = told(in_surgery_wait("COHORT_2"), late, day(57))
    assert window(story) == (day(84), day(98), "T4")
    assert next(item.key for item in agenda(story.state) if item.act == "REMIND").endswith(str(day(77)))


def test_four_reminders_then_overdue() -> None:
    """On +21, +28, +35 and +42 d at 08:00 of the site; after that a deviation and an escalation, once (T4)."""
    begun = in_surgery_wait("COHORT_2")
    story = passing(begun, day(98))
    facts = story.facts[len(begun.facts) :]
    reached = [fact for fact in facts if isinstance(fact, f.DueReached)]
    assert [noon(day(49 + n)) - reached[i].due_at for i, n in enumerate((21, 28, 35, 42, 43))] == [
        noon(day(0)) - story.state.site.due_at(day(0))
    ] * 5
    notices = [fact.notice for fact in facts if isinstance(fact, f.NoticeRequested)]
    assert notices == ["SURGERY_REMINDER"] * 4 + ["SURGERY_OVERDUE"]
    (deviation,) = [fact for fact in facts if isinstance(fact, f.DeviationRecorded)]
    assert (deviation.item, deviation.rule, deviation.important) == ("SURGERY", "T4", True)
    nothing_happened(when(story, c.TimePassed()))


def test_after_a_long_silence_only_the_last_word_is_sent() -> None:
    """Reminders that are outdated when they are reached are recorded and not sent."""
    outcome = when(in_surgery_wait("COHORT_2"), c.TimePassed(), on=day(120))
    assert len(facts_of(outcome, f.DueReached)) == 5 + 3
    notices = [(notice.notice, notice.text) for notice in facts_of(outcome, f.NoticeRequested)]
    overdue = f"Surgery overdue since {day(91)}"
    assert notices == [("SURGERY_OVERDUE", overdue), ("STILL_WAITING", f"{overdue}: still waiting (3)")]


def test_fewer_cycles_need_the_investigator_s_decision() -> None:
    """After C1, surgery is planned from its benmelstobart; a deviation says after how many cycles (T4.1)."""
    outcome = when(in_neoadjuvant("COHORT_1", 1), c.ProceedToSurgery(decided_on=day(20), why="toxicity"), on=day(20))
    then_kinds(outcome, f.DoseOmitted, f.DeviationRecorded, f.NoticeRequested, f.EpochEntered)
    assert the(outcome, f.DeviationRecorded).text == "surgery planned after 1 of 3 cycles"
    assert window(outcome.story) == (day(35), day(49), "T4")


@pytest.mark.parametrize("phase", ["screening", "neoadjuvant C1", "surgery wait", "adjuvant C4", "follow-up"])
def test_before_the_first_dose_and_after_the_last_there_is_nothing_to_cut_short(phase: str) -> None:
    """Only between the first dose and the last cycle (T4.1)."""
    story = PHASES[phase]()
    refused(when(story, c.ProceedToSurgery(decided_on=story.today, why="x")), Reason.PHASE, rule="T4.1")


# Operability


def test_a_positive_verdict_is_recorded_and_the_journey_waits_on() -> None:
    """By investigator or surgeon (T12)."""
    judged = c.JudgeOperability(judged_on=day(60), operable=True)
    then_kinds(when(in_surgery_wait(), judged, on=day(60), role="SURGEON"), f.OperabilityJudged)


def test_a_negative_verdict_needs_its_reason_and_ends_treatment() -> None:
    """Follow-up goes on (T6.1, T12)."""
    refused(
        when(in_surgery_wait(), c.JudgeOperability(judged_on=day(60), operable=False), on=day(60)),
        Reason.RULE,
        rule="T12",
        field="why",
    )
    negative = c.JudgeOperability(judged_on=day(60), operable=False, why="lung function")
    outcome = when(in_surgery_wait(), negative, on=day(60))
    then_kinds(outcome, f.OperabilityJudged, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    assert the(outcome, f.TreatmentEnded).reason == "NOT_OPERABLE"


def test_a_cancelled_surgery_ends_treatment() -> None:
    """There will be no surgery (T6.1)."""
    outcome = when(in_surgery_wait(), c.CancelSurgery(decided_on=day(60), why="refused"), on=day(60))
    then_kinds(outcome, f.SurgeryCancelled, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    assert the(outcome, f.TreatmentEnded).reason == "NO_SURGERY"


@pytest.mark.parametrize(
    "command",
    [c.JudgeOperability(judged_on=day(3), operable=True), c.CancelSurgery(decided_on=day(3), why="refused")],
)
def test_verdict_and_cancelling_belong_between_randomization_and_surgery(command: object) -> None:
    """Not before, not after surgery, not after the end of treatment."""
    refused(when(eligible(), command), Reason.PHASE)
    refused(when(in_evaluation(), command), Reason.CONTRADICTS)
    ended = told(in_neoadjuvant(), c.DiscontinueTreatment(decided_on=day(3), why="x"))
    refused(when(ended, command), Reason.PHASE)


# Surgery


@pytest.mark.parametrize("number", [77, 84, 91])
def test_in_time_with_r0_the_evaluation_follows(number: int) -> None:
    """Both ends of the window belong to it; no deviation (T4, T6)."""
    outcome = when(passing(operable(), day(number)), surgery(number))
    then_kinds(outcome, f.SurgeryPerformed, f.EpochEntered)
    assert the(outcome, f.EpochEntered).epoch == "EVALUATION"
    assert window(outcome.story) == (day(number + 28), day(number + 42), "T5")


@pytest.mark.parametrize(("number", "off"), [(74, -3), (76, -1), (92, 1), (130, 39)])
def test_outside_the_window_surgery_is_an_important_deviation(number: int, off: int) -> None:
    """Day 25 after the last dose, or three months: recorded, escalated, and the journey goes on (rule 9)."""
    outcome = when(passing(operable(), day(number)), surgery(number))
    deviation = the(outcome, f.DeviationRecorded, item="SURGERY")
    assert (deviation.days_off, deviation.important, deviation.expected_from) == (off, True, day(77))
    assert the(outcome, f.EpochEntered).epoch == "EVALUATION"


@pytest.mark.parametrize("resection", ["R1", "R2", "RX", "NOT_RESECTED"])
def test_anything_but_r0_ends_treatment_and_follow_up_goes_on(resection: str) -> None:
    """No protocol adjuvant treatment (T6, Q3)."""
    report = surgery(80, resection).model_copy(update={"why": "invasion" if resection == "NOT_RESECTED" else None})
    outcome = when(passing(operable(), day(80)), report)
    then_kinds(outcome, f.SurgeryPerformed, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    assert the(outcome, f.TreatmentEnded).reason == f"RESECTION_{resection}"
    assert the(outcome, f.EpochEntered).epoch == "FOLLOW_UP"


def test_surgery_without_an_operability_verdict_is_an_important_deviation() -> None:
    """Recorded all the same (T12)."""
    outcome = when(passing(in_surgery_wait(), day(80)), surgery(80))
    assert the(outcome, f.DeviationRecorded).item == "OPERABILITY"


@pytest.mark.parametrize(("number", "days"), [(68, 6), (69, 7), (70, 8)])
def test_anlotinib_is_stopped_seven_days_before_surgery(number: int, days: int) -> None:
    """The course of C3 ends on day 62: surgery 6 d later departs, 7 d later does not (T3). Early it is in any case."""
    outcome = when(passing(operable(), day(number)), surgery(number), on=day(72))
    found = facts_of(outcome, f.DeviationRecorded, item="WASHOUT/ANLOTINIB")
    assert [row.important for row in found] == ([True] if days < 7 else [])


def test_a_day_of_the_course_told_by_itself_prolongs_nothing() -> None:
    """Anlotinib of day 14 on record ends the course where it was planned to end (T3)."""
    last = c.ReportDose(cycle="C3", day=14, given_on=day(62), drugs=(c.GivenDrug(drug="ANLOTINIB"),))
    story = told(operable(), last, day(72))
    assert not facts_of(when(story, surgery(69)), f.DeviationRecorded, item="WASHOUT/ANLOTINIB")


def test_an_early_surgery_meets_the_course_that_still_runs() -> None:
    """On day 55 anlotinib of that day is assumed taken; a dose after surgery does not count back (T3)."""
    story = told(
        passing(in_surgery_wait(), day(58)),
        c.ReportDose(cycle="C3", day=8, given_on=day(56), drugs=(c.GivenDrug(drug="ANLOTINIB"),)),
    )
    deviation = the(when(story, surgery(55)), f.DeviationRecorded, item="WASHOUT/ANLOTINIB")
    assert f"last taken {day(55)}, 0 d before surgery" in deviation.text


def test_cohort_2_has_no_washout() -> None:
    """No anlotinib was given."""
    outcome = when(operable("COHORT_2"), surgery(60))
    assert not facts_of(outcome, f.DeviationRecorded, item="WASHOUT/ANLOTINIB")


def test_an_unattributed_report_is_taken_and_marked() -> None:
    """Whoever tells it: surgery is recorded, as nobody's word."""
    outcome = when(passing(operable(), day(80)), surgery(80), role=UNATTRIBUTED)
    assert the(outcome, f.SurgeryPerformed).attributed is False
    assert the(outcome, f.EpochEntered).epoch == "EVALUATION"


def test_surgery_is_told_once() -> None:
    """A second report contradicts the first."""
    refused(when(in_evaluation(), surgery(81)), Reason.CONTRADICTS, field="performed_on")


@pytest.mark.parametrize("phase", ["screening", "eligible", "allocating", "neoadjuvant C1", "neoadjuvant C3"])
def test_surgery_in_any_earlier_phase_is_recorded(phase: str) -> None:
    """Out of phase: an important deviation, never a refusal (rule 9)."""
    story = PHASES[phase]()
    outcome = when(story, c.ReportSurgery(performed_on=story.today, resection="R0"))
    assert the(outcome, f.SurgeryPerformed).performed_on == story.today
    assert the(outcome, f.DeviationRecorded, item="SURGERY_PHASE").important
    entered = [row.epoch for row in facts_of(outcome, f.EpochEntered)]
    assert entered == (["EVALUATION"] if phase.startswith("neoadjuvant") else [])


def test_surgery_in_follow_up_is_recorded_and_changes_nothing_else() -> None:
    """Treatment had ended before."""
    story = told(in_neoadjuvant("COHORT_1", 1), c.DiscontinueTreatment(decided_on=day(20), why="x"), day(20))
    then_kinds(
        when(story, surgery(40), on=day(40)),
        *(f.DeviationRecorded, f.NoticeRequested) * 2,
        f.SurgeryPerformed,
    )


@pytest.mark.parametrize(("resection", "epoch"), [("R0", "EVALUATION"), ("R1", "FOLLOW_UP")])
def test_a_surgery_on_record_before_its_wait_is_not_waited_for(resection: str, epoch: str) -> None:
    """Reported in screening: when the wait would begin, the journey goes on by the result that is known."""
    story = told(screened(), surgery(2, resection), day(2))
    story = told(story, c.ConfirmEligibility(judged_on=day(3)), day(3))
    story = told(told(story, c.RequestRandomization()), c.SlotAllocated(slot=1, arm="COHORT_2", randomized_on=day(3)))
    story = cycle_given(story, choice="CISPLATIN")
    outcome = when(story, c.ProceedToSurgery(decided_on=day(20), why="operated before"), on=day(20))
    assert [row.epoch for row in facts_of(outcome, f.EpochEntered)] == ["SURGERY", epoch]


# Pathology


def test_final_pathology_needs_a_surgery() -> None:
    """And is dated on or after it (T5)."""
    report = c.ReportPathology(reported_on=day(79), resection="R0")
    refused(when(in_surgery_wait(), report, on=day(79)), Reason.PHASE, rule="T5")
    story = told(passing(operable(), day(80)), surgery(80))
    refused(when(story, report), Reason.IMPOSSIBLE, field="reported_on")


def test_pathology_that_agrees_is_recorded_once() -> None:
    """R0 seen, R0 found."""
    story = told(passing(operable(), day(80)), surgery(80))
    then_kinds(when(story, c.ReportPathology(reported_on=day(80), resection="R0")), f.PathologyReported)
    again = c.ReportPathology(reported_on=day(90), resection="R1")
    refused(when(in_evaluation(), again), Reason.CONTRADICTS, field="resection")


def test_pathology_that_finds_r1_ends_treatment_before_the_evaluation() -> None:
    """The branch follows final pathology, and the difference is told (T6)."""
    story = told(passing(operable(), day(80)), surgery(80))
    outcome = when(story, c.ReportPathology(reported_on=day(90), resection="R1"), on=day(90))
    assert the(outcome, f.TreatmentEnded).reason == "RESECTION_R1"
    assert facts_of(outcome, f.NoticeRequested)[-1].notice == "RESECTION_REVIEW"


def test_adjuvant_treatment_waits_for_the_final_pathology() -> None:
    """A positive evaluation alone does not start it, nor does a preliminary report; the final R0 does (T5, T6)."""
    story = told(passing(operable(), day(80)), surgery(80))
    outcome = when(passing(story, day(115)), c.EvaluateAdjuvant(evaluated_on=day(115), fit=True))
    assert the(outcome, f.DeviationRecorded).item == "PATHOLOGY"
    assert outcome.story.state.epoch == "EVALUATION"
    assert [row.kind for row in asks(outcome.story.state) if row.kind != "sign"] == ["pathology", "acknowledge"]
    early = told(outcome.story, c.ReportPathology(reported_on=day(115), resection="R0", final=False))
    assert early.state.epoch == "EVALUATION"
    final = when(early, c.ReportPathology(reported_on=day(117), resection="R0"), on=day(117))
    assert the(final, f.EpochEntered).epoch == "ADJUVANT"
    late = passing(early, day(124))
    assert any(fact.kind == "NoticeRequested" and fact.notice == "EVALUATION_OVERDUE" for fact in late.facts)


def test_final_pathology_of_r1_after_a_positive_evaluation_ends_treatment() -> None:
    """Nothing was given yet: the branch follows UICC R (T6)."""
    story = told(passing(operable(), day(80)), surgery(80))
    story = told(passing(story, day(115)), c.EvaluateAdjuvant(evaluated_on=day(115), fit=True))
    outcome = when(story, c.ReportPathology(reported_on=day(116), resection="R1"), on=day(116))
    assert the(outcome, f.TreatmentEnded).reason == "RESECTION_R1"
    assert "RESECTION_REVIEW" in [fact.notice for fact in facts_of(outcome, f.NoticeRequested)]


@pytest.mark.parametrize("given", [False, True])
def test_pathology_that_finds_r1_in_adjuvant_treatment(given: bool) -> None:  # noqa: FBT001 - two cases
    """On a record of an older release that went on without it: before C4D1 it ends, after it dosing stops (T6)."""
    story = told(passing(operable(), day(80)), surgery(80))
    story = told(passing(story, day(115)), c.EvaluateAdjuvant(evaluated_on=day(115), fit=True))
    entered = f.EpochEntered(epoch="ADJUVANT", entered_on=day(115))
    story = story.with_facts((entered,), story.now)
    story = story.with_facts((plan_cycle(story.state, 4),), story.now)
    if given:
        drugs = (c.GivenDrug(drug="BENMELSTOBART"),)
        report = c.ReportDose(cycle="C4", given_on=day(122), drugs=drugs)
        story = told(passing(story, day(122)), report)
    outcome = when(story, c.ReportPathology(reported_on=day(123), resection="R1"), on=day(123))
    assert bool(outcome.story.state.safety.stopped) is given
    assert (outcome.story.state.treatment_ended == "RESECTION_R1") is not given
    assert "RESECTION_REVIEW" in [fact.notice for fact in facts_of(outcome, f.NoticeRequested)]
    if given:
        later = c.ReportDose(cycle="C5", given_on=day(143), drugs=drugs)
        after = when(passing(outcome.story, day(143)), later)
        assert [row.rule for row in facts_of(after, f.DeviationRecorded) if row.item == "STOPPED/C5D1"] == ["T6"]
        refused(when(outcome.story, c.DelayDose(cycle="C5", until=day(150), why="bed")), Reason.RULE, rule="T6")


@pytest.mark.parametrize(("number", "off"), [(27, -1), (28, None), (42, None), (43, 1)])
def test_surgery_out_of_its_phase_is_held_against_its_window_too(number: int, off: int | None) -> None:
    """Counted from the last benmelstobart given before it (T4)."""
    story = in_neoadjuvant("COHORT_1", 2)
    last = story.state.last_dose["BENMELSTOBART"]
    on = last + timedelta(days=number)
    outcome = when(passing(story, on), c.ReportSurgery(performed_on=on, resection="R0"))
    found = {row.item: row.days_off for row in facts_of(outcome, f.DeviationRecorded)}
    assert "SURGERY_PHASE" in found
    assert found.get("SURGERY") == off


@pytest.mark.parametrize(("judged", "text"), [(-1, "before randomization"), (0, ""), (79, ""), (80, ""), (81, "81")])
def test_the_operability_verdict_lies_between_randomization_and_surgery(judged: int, text: str) -> None:
    """One of another time clears nothing (T12)."""
    story = in_surgery_wait()
    on = day(judged) if judged > 0 else story.state.randomized_on + timedelta(days=judged)
    story = told(passing(story, day(82)), c.JudgeOperability(judged_on=on, operable=True))
    outcome = when(story, c.ReportSurgery(performed_on=day(80), resection="R0"))
    found = [row.text for row in facts_of(outcome, f.DeviationRecorded) if row.item == "OPERABILITY"]
    assert len(found) == bool(text)
    assert all(text in row or str(day(81)) in row for row in found)


def test_pathology_that_finds_r0_after_r1_was_seen_asks_for_a_review() -> None:
    """Treatment has ended; people decide whether that stands (T6)."""
    story = told(passing(operable(), day(80)), surgery(80, "R1"))
    outcome = when(story, c.ReportPathology(reported_on=day(90), resection="R0"), on=day(90))
    then_kinds(outcome, f.PathologyReported, f.NoticeRequested)


# The adjuvant evaluation


@pytest.mark.parametrize(("number", "off"), [(107, -1), (108, None), (122, None), (123, 1)])
def test_the_evaluation_lies_28_to_42_days_after_surgery(number: int, off: int | None) -> None:
    """Outside: an important deviation, and adjuvant treatment starts all the same (T5)."""
    outcome = when(passing(in_evaluation(), day(number)), c.EvaluateAdjuvant(evaluated_on=day(number), fit=True))
    assert the(outcome, f.EpochEntered).epoch == "ADJUVANT"
    found = facts_of(outcome, f.DeviationRecorded)
    assert [(row.item, row.days_off) for row in found] == ([] if off is None else [("EVALUATION", off)])


def test_a_fit_subject_starts_adjuvant_treatment_within_14_days() -> None:
    """C4D1 is planned 7 d after the evaluation (T7, Q9)."""
    outcome = when(passing(in_evaluation(), day(115)), c.EvaluateAdjuvant(evaluated_on=day(115), fit=True))
    then_kinds(outcome, f.EvaluationJudged, f.EpochEntered, f.CyclePlanned)
    plan = the(outcome, f.CyclePlanned)
    assert (plan.cycle, plan.earliest_on, plan.planned_on, plan.latest_on) == (4, day(115), day(122), day(129))


def test_an_unfit_subject_goes_to_follow_up_with_the_reason() -> None:
    """A negative evaluation ends treatment (T12)."""
    refused(
        when(in_evaluation(), c.EvaluateAdjuvant(evaluated_on=day(90), fit=False)),
        Reason.RULE,
        rule="T12",
        field="why",
    )
    unfit = c.EvaluateAdjuvant(evaluated_on=day(110), fit=False, why="wound")
    outcome = when(passing(in_evaluation(), day(110)), unfit)
    then_kinds(outcome, f.EvaluationJudged, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    assert the(outcome, f.TreatmentEnded).reason == "NOT_FIT"


def test_an_evaluation_before_the_final_pathology_is_an_important_deviation() -> None:
    """Pathology must be final before it; the evaluation happened all the same (T5, rule 9)."""
    story = told(passing(operable(), day(80)), surgery(80))
    outcome = when(passing(story, day(110)), c.EvaluateAdjuvant(evaluated_on=day(110), fit=True))
    deviation = the(outcome, f.DeviationRecorded)
    assert (deviation.item, deviation.rule, deviation.important) == ("PATHOLOGY", "T5", True)


def test_an_evaluation_belongs_after_surgery() -> None:
    """Not in screening, not in adjuvant treatment, not before the date of surgery (T5)."""
    evaluation = c.EvaluateAdjuvant(evaluated_on=day(2), fit=True)
    for story in (screened(), in_surgery_wait(), in_adjuvant(), in_follow_up()):
        no = refused(when(story, evaluation), Reason.PHASE, rule="T5")
        assert no.accepts == "after surgery_done with R0"
    refused(
        when(in_evaluation(), c.EvaluateAdjuvant(evaluated_on=day(79), fit=True)),
        Reason.IMPOSSIBLE,
        field="evaluated_on",
    )


def test_the_evaluation_reminds_and_then_deviates() -> None:
    """Reminders 28 and 42 d after surgery, then deviation and escalation (T5)."""
    story = passing(in_evaluation(), day(129))
    notices = [fact.notice for fact in story.facts if isinstance(fact, f.NoticeRequested)]
    assert notices[-3:] == ["EVALUATION_REMINDER", "EVALUATION_REMINDER", "EVALUATION_OVERDUE"]


def test_pathology_that_finds_another_margin_than_r0_changes_nothing_once_treatment_has_ended_by_it() -> None:
    """R1 was seen, R2 is found: neither goes on, and treatment ended at surgery, by what was seen (T6)."""
    story = told(passing(operable(), day(80)), surgery(80, "R1"))
    outcome = when(story, c.ReportPathology(reported_on=day(90), resection="R2"), on=day(90))
    then_kinds(outcome, f.PathologyReported)
    after = outcome.story.state
    assert (after.pathology, after.treatment_ended, after.treatment_ended_on) == ("R2", "RESECTION_R1", day(80))


def test_pathology_that_finds_r1_after_treatment_ended_otherwise_is_told_and_ends_nothing() -> None:
    """Progression on day 85 ended it; final pathology of day 90 says R1 for R0: a review, no second end (T6, T6.1)."""
    story = passing(told(passing(operable(), day(80)), surgery(80)), day(85))
    story = passing(told(story, c.ReportProgression(found_on=day(85))), day(90))
    outcome = when(story, c.ReportPathology(reported_on=day(90), resection="R1"))
    then_kinds(outcome, f.PathologyReported, f.NoticeRequested)
    notice = the(outcome, f.NoticeRequested)
    assert (notice.notice, notice.text) == ("RESECTION_REVIEW", "pathology R1, margin as seen R0")
    after = outcome.story.state
    assert (after.treatment_ended, after.treatment_ended_on) == ("PROGRESSION", day(85))
    assert after.epoch == "FOLLOW_UP"
