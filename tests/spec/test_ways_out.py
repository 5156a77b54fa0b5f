"""Every way out of treatment and of the study, safety reports, and what is still taken after the end."""

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import UNATTRIBUTED, Reason
from tests.given import day, facts_of, nothing_happened, refused, the, then, then_kinds, when
from tests.stories import (
    PHASES,
    died,
    ended,
    in_adjuvant,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    results,
    screen_failure,
    screened,
    told,
)

ON_TREATMENT = ["neoadjuvant C1", "neoadjuvant C3", "surgery wait", "surgery overdue", "evaluation", "adjuvant C4"]
AE = c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=day(1))


@pytest.mark.parametrize("phase", ON_TREATMENT)
def test_withdrawal_from_treatment_keeps_follow_up(phase: str) -> None:
    """Treatment ends, it is told, and follow-up begins."""
    story = PHASES[phase]()
    outcome = when(story, c.ReportWithdrawal(withdrawn_on=story.today, level="TREATMENT", why="wish"))
    then_kinds(outcome, f.SubjectWithdrew, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    assert (the(outcome, f.TreatmentEnded).reason, the(outcome, f.EpochEntered).epoch) == ("WITHDRAWAL", "FOLLOW_UP")


@pytest.mark.parametrize("phase", ON_TREATMENT)
def test_withdrawal_from_the_study_ends_everything(phase: str) -> None:
    """Nothing is due any more, and only notices are still on their way."""
    story = PHASES[phase]()
    outcome = when(story, c.ReportWithdrawal(withdrawn_on=story.today, level="STUDY"))
    then_kinds(outcome, f.SubjectWithdrew, f.TreatmentEnded, f.StudyEnded)
    after = outcome.story
    assert after.decider.due(after.state) is None
    assert all(isinstance(intent.fact, f.NoticeRequested) for intent in after.state.intents.values())


@pytest.mark.parametrize("level", ["TREATMENT", "STUDY"])
def test_withdrawal_in_screening_is_a_screen_failure(level: str) -> None:
    """At either level: there is no treatment to withdraw from."""
    withdrawal = c.ReportWithdrawal.model_validate({"withdrawn_on": day(2), "level": level})
    outcome = when(screened(), withdrawal, on=day(2))
    then_kinds(outcome, f.SubjectWithdrew, f.ScreenFailed, f.StudyEnded)
    assert the(outcome, f.StudyEnded).reason == "WITHDRAWAL"


def test_withdrawal_from_treatment_that_has_ended_is_recorded_only() -> None:
    """Follow-up goes on as it was."""
    story = in_follow_up()
    then_kinds(
        when(story, c.ReportWithdrawal(withdrawn_on=story.today, level="TREATMENT")),
        f.SubjectWithdrew,
    )


def test_withdrawal_from_the_study_in_follow_up_keeps_how_treatment_ended() -> None:
    """It was completed before."""
    story = in_follow_up()
    outcome = when(story, c.ReportWithdrawal(withdrawn_on=story.today, level="STUDY"))
    then_kinds(outcome, f.SubjectWithdrew, f.StudyEnded)


@pytest.mark.parametrize("phase", ON_TREATMENT)
def test_the_investigator_discontinues_treatment(phase: str) -> None:
    """With a reason; follow-up goes on."""
    story = PHASES[phase]()
    outcome = when(story, c.DiscontinueTreatment(decided_on=story.today, why="toxicity"))
    then(
        outcome,
        f.TreatmentEnded(ended_on=story.today, reason="DISCONTINUED", why="toxicity"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: DISCONTINUED"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=story.today),
    )


def test_there_must_be_treatment_to_discontinue() -> None:
    """Neither before randomization nor after it ended."""
    stop = c.DiscontinueTreatment(decided_on=day(2), why="x")
    assert "has not begun" in refused(when(screened(), stop, on=day(2)), Reason.PHASE).detail
    assert "COMPLETED" in refused(when(in_follow_up(), stop), Reason.PHASE).detail


@pytest.mark.parametrize("phase", ON_TREATMENT)
def test_progression_ends_treatment(phase: str) -> None:
    """It is told to the investigator, and follow-up begins (T6.1)."""
    story = PHASES[phase]()
    outcome = when(story, c.ReportProgression(found_on=story.today))
    then_kinds(outcome, f.ProgressionFound, f.NoticeRequested, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    assert the(outcome, f.TreatmentEnded).reason == "PROGRESSION"


@pytest.mark.parametrize("phase", ["screening", "follow-up"])
def test_progression_off_treatment_is_recorded_and_told(phase: str) -> None:
    """There is no treatment to end."""
    story = PHASES[phase]()
    then_kinds(when(story, c.ReportProgression(found_on=story.today)), f.ProgressionFound, f.NoticeRequested)


@pytest.mark.parametrize("phase", [*ON_TREATMENT, "follow-up"])
def test_a_death_ends_everything_and_is_told_at_once(phase: str) -> None:
    """To investigator and sponsor, as urgent (T10)."""
    story = PHASES[phase]()
    outcome = when(story, c.ReportDeath(died_on=story.today, cause="unknown"), role=UNATTRIBUTED)
    assert the(outcome, f.StudyEnded).reason == "DEATH"
    notice = the(outcome, f.NoticeRequested, notice="DEATH")
    assert (notice.to, notice.urgent) == (("INVESTIGATOR", "SPONSOR"), True)
    assert bool(facts_of(outcome, f.TreatmentEnded)) == (phase != "follow-up")
    assert outcome.story.decider.due(outcome.story.state) is None


def test_a_death_in_screening_is_a_screen_failure() -> None:
    """The study ends for the subject."""
    outcome = when(screened(), c.ReportDeath(died_on=day(2)), on=day(2))
    then_kinds(outcome, f.SubjectDied, f.NoticeRequested, f.ScreenFailed, f.StudyEnded)


def test_a_subject_lost_to_follow_up_has_ended_the_study() -> None:
    """From any phase."""
    for phase in ("screening", "adjuvant C4", "follow-up"):
        story = PHASES[phase]()
        outcome = when(story, c.LoseToFollowUp(decided_on=story.today))
        assert the(outcome, f.StudyEnded).reason == "LOST_TO_FOLLOW_UP"


def test_an_adverse_event_is_recorded_in_any_phase() -> None:
    """Only a serious one is told, and that at once (T10)."""
    serious = AE.model_copy(update={"serious": True, "grade": 4})
    for phase in ("screening", "neoadjuvant C1", "surgery wait", "follow-up", "ended", "died", "screen failure"):
        story = PHASES[phase]()
        on = max(story.today, day(1))
        then_kinds(when(story, AE, on=on, confirmed=True, reason="told late"), f.AdverseEventReported)
        outcome = when(story, serious, on=on, role=UNATTRIBUTED, confirmed=True, reason="told late")
        then_kinds(outcome, f.AdverseEventReported, f.NoticeRequested, f.SignatureAsked)
        assert the(outcome, f.NoticeRequested).urgent


# After the end


@pytest.mark.parametrize("phase", ["ended", "died", "screen failure"])
def test_after_the_end_only_late_reports_are_taken(phase: str) -> None:
    """The refusal names what still is."""
    story = PHASES[phase]()
    no = refused(when(story, c.ReportProgression(found_on=story.today)), Reason.OVER)
    assert no.accepts == "adverse_event, death, pathology, lab_results, acknowledge, sign"
    then_kinds(when(story, c.TypeLabResults(results=results(day(4)))), f.LabResultsRecorded)


def test_a_death_after_the_end_is_recorded_and_told() -> None:
    """The study does not end twice; a second death is refused."""
    story = ended()
    outcome = when(story, c.ReportDeath(died_on=story.today))
    then_kinds(outcome, f.SubjectDied, f.NoticeRequested)
    refused(when(outcome.story, c.ReportDeath(died_on=story.today)), Reason.CONTRADICTS, field="died_on")


def test_final_pathology_after_the_end_is_recorded() -> None:
    """The subject died between surgery and pathology; a difference is told all the same."""
    story = told(passing(in_surgery_wait(), day(80)), c.ReportSurgery(performed_on=day(80), resection="R0"))
    story = told(story, c.ReportDeath(died_on=day(81)), day(81))
    then_kinds(when(story, c.ReportPathology(reported_on=day(90), resection="R0"), on=day(90)), f.PathologyReported)
    outcome = when(story, c.ReportPathology(reported_on=day(90), resection="R1"), on=day(90))
    then_kinds(outcome, f.PathologyReported, f.NoticeRequested)


def test_late_laboratory_answers_are_kept_and_drive_nothing() -> None:
    """The order was closed by the end."""
    story = passing(in_neoadjuvant(), day(5))
    order = story.seq_of(f.LabsOrdered)
    story = told(story, c.LoseToFollowUp(decided_on=day(5)))
    outcome = when(story, c.LabsReported(order=order, results=results(day(5)), complete=True))
    then_kinds(outcome, f.LabResultsRecorded)
    assert the(outcome, f.LabResultsRecorded).order is None


def test_late_deliveries_and_acknowledgements_are_taken() -> None:
    """A notice reaches its sink after the end, and is read."""
    story = died()
    seq = story.seq_of(f.NoticeRequested)
    outcome = when(story, c.NoticeDelivered(notice=seq, sink="console"))
    then_kinds(outcome, f.NoticeReached)
    then_kinds(when(outcome.story, c.Acknowledge(notice=seq)), f.NoticeAcknowledged)


def test_time_stands_still_after_the_end() -> None:
    """Nothing falls due for a subject whose study has ended."""
    for story in (ended(), died(), screen_failure()):
        nothing_happened(when(story, c.TimePassed(), on=day(3000)))


@pytest.mark.parametrize("story", [screened, in_neoadjuvant, in_evaluation, in_adjuvant, ended])
def test_a_cancel_request_is_recorded_and_nothing_else(story: object) -> None:
    """The journey goes on (rule 11)."""
    assert callable(story)
    then(when(story(), c.CancelRequested()), f.CancellationAsked())
