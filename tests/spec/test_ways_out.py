"""Every way out of treatment and of the study, safety reports, and what is still taken after the end."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda
from domain.patient.asks import asks
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
    no = refused(when(story, c.HoldDrug(drug="BENMELSTOBART", decided_on=story.today, why="rash")), Reason.OVER)
    assert no.accepts == (
        "adverse_event, adverse_event_update, sae_reported, pregnancy, death, pathology, lab_results, acknowledge, "
        f"sign, correct; of up to {story.state.study_ended_on}: dose_given, course_taken, surgery_done, live_vaccine, "
        "progression, follow_up_contact"
    )
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


# Withdrawal levels, loss and death: what of the agenda remains

LEAVINGS: dict[str, Callable[[date], Any]] = {
    "treatment": lambda on: c.ReportWithdrawal(withdrawn_on=on, level="TREATMENT"),
    "study": lambda on: c.ReportWithdrawal(withdrawn_on=on, level="STUDY"),
    "consent": lambda on: c.ReportWithdrawal(withdrawn_on=on, level="CONSENT"),
    "lost": lambda on: c.LoseToFollowUp(decided_on=on),
    "death": lambda on: c.ReportDeath(died_on=on),
    "progression": lambda on: c.ReportProgression(found_on=on),
}
CLOCK = {"REPORT_DUE", "REPORT_OVERDUE"}
FOLLOWS = {"REMIND", "OVERDUE", "CLOSE"}
VISIT = {"ORDER_LABS", "OVERDUE", "MAXIMUM_DELAY"}
EPOCHS = {
    "screening": {"REMIND", "OVERDUE"},
    "neoadjuvant C2": VISIT,
    "surgery wait": {"REMIND", "OVERDUE"},
    "evaluation": {"REMIND", "OVERDUE"},
    "adjuvant C4": VISIT,
    "follow-up": FOLLOWS,
}
ENDS = {
    "treatment": "",
    "study": "WITHDRAWAL",
    "consent": "WITHDRAWAL_OF_CONSENT",
    "lost": "LOST_TO_FOLLOW_UP",
    "death": "DEATH",
    "progression": "",
}


@pytest.mark.parametrize("phase", EPOCHS)
@pytest.mark.parametrize("leaving", LEAVINGS)
def test_each_way_out_keeps_and_cancels_the_right_timers(phase: str, leaving: str) -> None:
    """A safety report that is due stays due; follow-up goes on unless the study ends for the subject (T10, T6.1)."""
    story = PHASES[phase]()
    assert {item.act for item in agenda(story.state)} == EPOCHS[phase]
    story = told(story, c.ReportAdverseEvent(term="x", grade=3, serious=True, onset_on=story.today))
    outcome = when(story, LEAVINGS[leaving](story.today))
    after = outcome.story
    is_screening, stays = phase == "screening", leaving in ("treatment", "progression")
    ended = "WITHDRAWAL" if is_screening and leaving == "treatment" else ENDS[leaving]
    assert after.state.study_ended == ended
    left = {item.act for item in agenda(after.state)}
    follows = EPOCHS["screening"] if is_screening else FOLLOWS
    assert left == (CLOCK | follows | {"UNREAD"} if stays and not ended else CLOCK)
    assert [intent for intent in after.state.intents.values() if isinstance(intent.fact, f.NoticeRequested)]
    orders = [intent for intent in after.state.intents.values() if isinstance(intent.fact, f.LabsOrdered)]
    assert not ended or not orders


@pytest.mark.parametrize("phase", EPOCHS)
def test_after_a_withdrawal_of_consent_nothing_further_is_collected(phase: str) -> None:
    """Only what belongs to a safety event on record is taken; late laboratory answers are not kept."""
    story = passing(PHASES[phase](), PHASES[phase]().today)
    story = told(story, c.ReportAdverseEvent(term="x", grade=3, serious=True, onset_on=story.today))
    number = story.seq_of(f.AdverseEventReported)
    story = told(story, LEAVINGS["consent"](story.today))
    for command in (
        AE.model_copy(update={"onset_on": story.today}),
        c.TypeLabResults(results=results(story.today)),
        c.ReportDeath(died_on=story.today),
        c.ReportContact(contacted_on=story.today),
        c.ReportProgression(found_on=story.today),
        LEAVINGS["consent"](story.today),
    ):
        no = refused(when(story, command, confirmed=True, reason="x"), Reason.OVER)
        assert no.accepts == "adverse_event_update, sae_reported, acknowledge, correct"
        assert "consent was withdrawn" in no.detail
    then_kinds(when(story, c.UpdateAdverseEvent(event=number, outcome="RECOVERED")), f.AdverseEventUpdated)
    then_kinds(when(story, c.ReportSafety(event=number, reported_at=story.now, to="EC")), f.SafetyReportMade)
    for order in story.state.orders:
        nothing_happened(when(story, c.LabsReported(order=order, results=results(story.today), complete=True)))


@pytest.mark.parametrize("phase", ["ended", "died", "screen failure"])
def test_consent_can_be_withdrawn_after_the_end(phase: str) -> None:
    """The study ended before; from then on nothing further is collected either."""
    story = PHASES[phase]()
    outcome = when(story, LEAVINGS["consent"](story.today if phase != "died" else day(60)))
    then_kinds(outcome, f.SubjectWithdrew)
    assert outcome.story.state.study_ended == story.state.study_ended
    refused(when(outcome.story, c.TypeLabResults(results=results(day(4)))), Reason.OVER)


def test_follow_up_contacts_go_on_after_a_progression() -> None:
    """Every 90 days, to the end of study (T6.1, Q13)."""
    story = told(PHASES["adjuvant C4"](), c.ReportProgression(found_on=day(115)))
    assert [ask.kind for ask in asks(story.state)] == ["follow_up_contact"]
    story = passing(story, day(115 + 91))
    assert story.facts[-1].notice == "FOLLOW_UP_DUE"
    then_kinds(when(story, c.ReportContact(contacted_on=story.today)), f.FollowUpContacted)
