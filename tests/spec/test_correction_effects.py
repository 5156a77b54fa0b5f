"""What follows from a correction, fact by fact: what rests on what, what goes with it, and what is told of it."""

from datetime import timedelta
from typing import Any

import pytest

from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.correcting import correct, day_1, followed, reading, readings, seq, treated, void
from tests.given import day, noon, refused, the
from tests.stories import (
    as_woman,
    in_adjuvant,
    in_neoadjuvant,
    in_surgery_wait,
    lost,
    operable,
    passing,
    screened,
    told,
)

# What rests on what


def test_a_day_1_is_not_void_while_its_course_is_on_record() -> None:
    """T2.1: the days at home are counted from it; a report that nothing was taken has no date, and rests on nothing."""
    story = treated()
    first, course = day_1(story, 1), seq(story, f.CourseTaken)
    numbers = [seq(story, f.DoseGiven, cycle=1, day=number) for number in (2, 3)]
    no = refused(void(story, first), Reason.CONTRADICTS, field="void")
    named = ", ".join(map(str, [*numbers, course]))
    assert (no.detail, no.accepts) == (f"fact {named} rests on fact {first}", f"`correct` of fact {named} first")
    for number in numbers:
        story = void(story, number).story
    assert refused(void(story, first), Reason.CONTRADICTS).accepts == f"`correct` of fact {course} first"
    none = correct(story, course, days=[]).story
    assert void(none, first).story.state.cycles[1].day_1_on is None


def test_only_a_loss_rests_under_a_regained_contact() -> None:
    """Q13: the loss is not void while the contact is on record; an earlier end of treatment may be."""
    story = passing(lost(), lost().today + timedelta(days=10))
    story = told(story, c.RegainContact(regained_on=story.today, why="called"))
    number, regained = seq(story, f.TreatmentEnded), seq(story, f.ContactRegained)
    no = refused(void(story, number), Reason.CONTRADICTS, field="void")
    assert (no.detail, no.accepts) == (
        f"fact {regained} rests on fact {number}", f"`correct` of fact {regained} first",
    )  # fmt: skip
    other = told(treated(40), c.DiscontinueTreatment(decided_on=day(40), why="tired"))
    ended = seq(other, f.TreatmentEnded)
    other = told(passing(other, day(60)), c.LoseToFollowUp(decided_on=day(60), why="moved"))
    other = told(passing(other, day(70)), c.RegainContact(regained_on=day(70), why="called"))
    assert void(other, ended).refusal is None
    refused(void(other, seq(other, f.StudyEnded)), Reason.CONTRADICTS, field="void")


# What goes with a fact


def test_the_signature_a_report_awaited_goes_with_it() -> None:
    """3.6: nobody signs what counts as never said; what else awaits a signature stays."""
    story = told(treated(), c.HoldDrug(drug="ANLOTINIB", decided_on=day(20), why="wound"))
    progression = c.ReportProgression(found_on=day(20))
    story = told(story, progression, role="COORDINATOR", staff="CRC1")
    number = seq(story, f.ProgressionFound)
    asked = seq(story, f.SignatureAsked)
    outcome = void(story, number)
    made = the(outcome, f.FactCorrected, of="SignatureAsked")
    assert (made.fact, made.content, made.follows) == (asked, None, number)
    assert correct(story, number, found_on=str(day(19))).story.state.unsigned.keys() == story.state.unsigned.keys()


def test_what_a_withdrawn_pregnancy_asked_for_follows_from_the_results() -> None:
    """E25: the finding and its stop, both by the number of the corrected results."""
    sample = ReportedResult(code="HCG", system="analyte", value="positive", collected_at=noon(day(20)))
    story = told(as_woman(treated()), c.TypeLabResults(results=(sample,)))
    number = seq(story, f.LabResultsRecorded)
    negative = {"code": "HCG", "system": "analyte", "value": "negative", "collected_at": noon(day(20)).isoformat()}
    outcome = correct(story, number, results=[negative])
    assert followed(outcome) == [("PregnancyFound", number), ("SafetyActionAsked", number)]
    assert outcome.story.state.safety.stopped == frozenset()


@pytest.mark.parametrize("result", ["R1", "R2"])
def test_what_a_margin_had_ended_is_taken_back_by_the_correction(result: str) -> None:
    """T6: the end and the entry into follow-up, each by the number of the correction; surgery leads on as with R0."""
    report: dict[str, Any] = {"performed_on": day(80), "resection": result}
    story = told(passing(operable(), day(80)), c.ReportSurgery(**report))
    number = len(story.facts) + 1
    outcome = correct(story, seq(story, f.SurgeryPerformed), resection="R0")
    assert followed(outcome) == [("TreatmentEnded", number), ("EpochEntered", number)]
    assert outcome.story.state.epoch == "EVALUATION"
    other = "R2" if result == "R1" else "R1"
    relabelled = correct(story, seq(story, f.SurgeryPerformed), resection=other)
    assert followed(relabelled) == [("TreatmentEnded", number)]
    assert (relabelled.story.state.treatment_ended, relabelled.story.state.treatment_ended_on) == (
        f"RESECTION_{other}", day(80),
    )  # fmt: skip


def test_an_end_that_was_taken_back_follows_from_its_fact() -> None:
    """T6.1: both ends and the entry, by the number of the death or the progression."""
    story = told(treated(40), c.ReportProgression(found_on=day(40)))
    number = seq(story, f.ProgressionFound)
    assert sorted(followed(void(story, number))) == [("EpochEntered", number), ("TreatmentEnded", number)]
    gone = void(story, number).story
    back = correct(gone, number, found_on=str(day(39)))
    assert the(back, f.TreatmentEnded).ended_on == day(39)
    failed = told(screened(), c.ReportScreenFailure(decided_on=day(4), why="I6"), day(4))
    number = seq(failed, f.ScreenFailed)
    reopened = void(failed, number)
    assert followed(reopened) == [("StudyEnded", number)]
    again = correct(reopened.story, number, why="I11.2")
    assert {follows for _, follows in followed(again)} == {number}
    assert again.story.state.study_ended == "SCREEN_FAILURE"
    late = told(screened(), c.ReportScreenFailure(decided_on=day(4), why="I6"), day(5))
    end = reading(correct(late, seq(late, f.ScreenFailed), why="I11.2"), of="StudyEnded")
    assert (end.ended_on, end.why) == (day(5), "I11.2")


def test_an_end_has_the_reason_that_is_on_record_now() -> None:
    """T12: a cause of death and the reasons of not operable and of a cancelled surgery, as they are corrected."""
    waiting = passing(in_surgery_wait(), day(60))
    story = told(waiting, c.ReportDeath(died_on=day(60), cause="unknown"))
    outcome = correct(story, seq(story, f.SubjectDied), cause="embolism")
    ends = readings(outcome)[1:]
    assert [(end.reason, end.why) for end in ends] == [("DEATH", "embolism"), ("DEATH", "embolism")]
    story = told(waiting, c.CancelSurgery(decided_on=day(60), why="refusal"))
    outcome = correct(story, seq(story, f.SurgeryCancelled), why="heart", decided_on=str(day(59)))
    end = reading(outcome, of="TreatmentEnded")
    assert (end.reason, end.why, end.ended_on) == ("NO_SURGERY", "heart", day(59))
    story = told(waiting, c.JudgeOperability(judged_on=day(60), operable=True))
    outcome = correct(story, seq(story, f.OperabilityJudged), operable=False, why="lung function")
    ended = the(outcome, f.TreatmentEnded)
    assert (ended.reason, ended.why, ended.ended_on) == ("NOT_OPERABLE", "lung function", day(60))
    again = correct(outcome.story, seq(story, f.OperabilityJudged), why="heart", judged_on=str(day(58)))
    moved = reading(again, of="TreatmentEnded")
    assert (moved.why, moved.ended_on) == ("heart", day(58))
    assert ("EpochEntered", seq(story, f.OperabilityJudged)) in followed(again)


def test_an_entry_into_the_surgery_wait_stays_once_someone_built_on_it() -> None:
    """T4.1: the omission that led there is taken back after operability was judged: the wait was really entered."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(45))
    story = told(story, c.ProceedToSurgery(decided_on=day(45), why="sepsis"))
    number = seq(story, f.DoseOmitted)
    judged = told(story, c.JudgeOperability(judged_on=day(45), operable=True))
    assert void(story, number).story.state.epoch == "NEOADJUVANT"
    assert void(judged, number).story.state.epoch == "SURGERY"
    assert ("EpochEntered", number) not in followed(void(judged, number))


def test_an_end_that_a_correction_brought_goes_with_the_fact() -> None:
    """T6: the margin was corrected to R1, which ended treatment; then the whole surgery turns out an error."""
    report: dict[str, Any] = {"performed_on": day(80), "resection": "R0"}
    story = told(passing(operable(), day(80)), c.ReportSurgery(**report))
    number = seq(story, f.SurgeryPerformed)
    ended = correct(story, number, resection="R1").story
    assert ended.state.treatment_ended == "RESECTION_R1"
    gone = void(ended, number).story.state
    assert (gone.epoch, gone.treatment_ended, gone.surgery_on) == ("SURGERY", "", None)


def test_an_epoch_that_was_left_since_stays_entered() -> None:
    """T5, T6.1: the evaluation was left by a progression; the surgery that led to it was an error."""
    report: dict[str, Any] = {"performed_on": day(80), "resection": "R0"}
    story = told(passing(operable(), day(80)), c.ReportSurgery(**report))
    number = seq(story, f.SurgeryPerformed)
    later = told(story, c.ReportProgression(found_on=day(80)))
    outcome = void(later, number)
    assert followed(outcome) == []
    assert (outcome.story.state.epoch, outcome.story.state.treatment_ended) == ("FOLLOW_UP", "PROGRESSION")


def test_the_end_by_a_margin_moves_with_the_surgery() -> None:
    """T6, Q13: end and follow-up by the number of the surgery; not fit ends on the date it was judged, with its why."""
    report: dict[str, Any] = {"performed_on": day(80), "resection": "R1"}
    story = told(passing(operable(), day(80)), c.ReportSurgery(**report))
    number = seq(story, f.SurgeryPerformed)
    outcome = correct(story, number, performed_on=str(day(79)))
    assert followed(outcome) == [("TreatmentEnded", number), ("EpochEntered", number)]
    fit = in_adjuvant()
    judged = seq(fit, f.EvaluationJudged)
    ended = the(correct(fit, judged, fit=False, why="frail"), f.TreatmentEnded)
    assert (ended.reason, ended.ended_on, ended.why) == ("NOT_FIT", day(115), "frail")
