"""Adjuvant treatment in both arms, its end, and follow-up."""

from datetime import timedelta

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.given import Story, day, facts_of, nothing_happened, refused, the, then_kinds, when
from tests.stories import at_visit, cycle_given, ended, in_adjuvant, in_follow_up, in_neoadjuvant, passing, told


def doses(story: Story) -> list[f.DoseGiven]:
    """Give the doses of a story."""
    return [fact for fact in story.facts if isinstance(fact, f.DoseGiven)]


@pytest.mark.parametrize(
    ("arm", "drugs"), [("COHORT_1", ["BENMELSTOBART", "ANLOTINIB"]), ("COHORT_2", ["BENMELSTOBART"])]
)
def test_both_arms_get_twelve_cycles_of_21_days(arm: str, drugs: list[str]) -> None:
    """C4 to C15, each 21 d after the last, without a deviation (T7, Q2)."""
    story = in_follow_up(arm)
    adjuvant = [dose for dose in doses(story) if dose.cycle > 3]
    assert [dose.cycle for dose in adjuvant] == list(range(4, 16))
    assert {dose.given_on for dose in adjuvant} == {day(122) + timedelta(days=21 * n) for n in range(12)}
    assert all([drug.drug for drug in dose.drugs] == drugs for dose in adjuvant)
    assert not [fact for fact in story.facts if isinstance(fact, f.DeviationRecorded)]


def test_treatment_is_completed_21_days_after_the_last_cycle() -> None:
    """Not with the last dose; then it is told, and follow-up begins (T7)."""
    story = in_adjuvant("COHORT_2", 12)
    assert doses(story)[-1].given_on == day(353)
    nothing_happened(when(story, c.TimePassed(), on=day(373)))
    outcome = when(story, c.TimePassed(), on=day(374))
    then_kinds(outcome, f.DueReached, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    assert (the(outcome, f.TreatmentEnded).reason, the(outcome, f.EpochEntered).epoch) == ("COMPLETED", "FOLLOW_UP")


def test_an_omitted_last_cycle_completes_from_its_planned_date() -> None:
    """C15, planned for day 353, is left out (T7)."""
    story = told(in_adjuvant("COHORT_2", 11), c.OmitDose(cycle="C15", decided_on=day(340), why="x"), day(340))
    assert story.due.key == f"COMPLETE/ADJUVANT/{day(374)}"


def test_omitted_adjuvant_cycles_are_planned_on() -> None:
    """Cycles keep their numbers; the next is 21 d after the one left out."""
    outcome = when(in_adjuvant(), c.OmitDose(cycle="C4", decided_on=day(116), why="x"), on=day(116))
    assert (the(outcome, f.CyclePlanned).cycle, the(outcome, f.CyclePlanned).planned_on) == (5, day(143))


def test_an_adjuvant_cycle_given_too_early_is_not_planned_again() -> None:
    """C4 given out of turn in neoadjuvant treatment: adjuvant treatment goes on with C5 from it."""
    story = told(
        at_visit(in_neoadjuvant("COHORT_2", 1)),
        c.ReportDose(cycle="C4", given_on=day(28), drugs=(c.GivenDrug(drug="BENMELSTOBART"),)),
        confirmed=True,
        reason="given in error",
    )
    story = told(story, c.ReportSurgery(performed_on=day(28), resection="R0"))
    story = told(story, c.ReportPathology(reported_on=day(40), resection="R0"), day(40))
    outcome = when(story, c.EvaluateAdjuvant(evaluated_on=day(60), fit=True), on=day(60))
    assert (the(outcome, f.CyclePlanned).cycle, the(outcome, f.CyclePlanned).planned_on) == (5, day(49))


def test_the_pre_dose_gate_holds_in_adjuvant_treatment_too() -> None:
    """A failed gate keeps C4 on hold (T11)."""
    story = at_visit(in_adjuvant(), {"ANC": ("0.9", "10*9/L", "")})
    assert story.state.current_cycle.gate == "FAILED"
    report = c.ReportDose(cycle="C4", given_on=day(122))
    assert the(when(story, report), f.DeviationRecorded).item == "GATE/C4"


def test_follow_up_asks_for_a_contact_every_90_days() -> None:
    """Counted from the last contact, 14 d either side (Q13)."""
    begun = in_follow_up().state.epoch_on
    story = passing(in_follow_up(), begun + timedelta(days=90))
    assert story.facts[-1].notice == "FOLLOW_UP_DUE"
    outcome = when(story, c.ReportContact(contacted_on=story.today, disease_free=True))
    then_kinds(outcome, f.FollowUpContacted)
    assert outcome.story.due.key == f"REMIND/FOLLOW_UP/{begun + timedelta(days=180)}"


def test_an_older_contact_told_late_does_not_bring_the_next_one_forward() -> None:
    """The newest contact counts."""
    story = in_follow_up()
    begun = story.state.epoch_on
    for days in (80, 40):
        contact = c.ReportContact(contacted_on=begun + timedelta(days=days))
        story = told(story, contact, begun + timedelta(days=80))
    assert story.due.key == f"REMIND/FOLLOW_UP/{begun + timedelta(days=170)}"


def test_a_missed_contact_is_a_deviation_and_escalated() -> None:
    """After 104 d without a word (Q13); each missed contact by itself."""
    story = in_follow_up()
    begun = story.state.epoch_on
    story = passing(story, begun + timedelta(days=105))
    deviation, notice = story.facts[-2:]
    assert deviation.expected_to == begun + timedelta(days=104)
    assert notice.notice == "FOLLOW_UP_OVERDUE"
    story = told(story, c.ReportContact(contacted_on=story.today))
    story = passing(story, story.today + timedelta(days=105))
    missed = [fact.item for fact in story.facts if isinstance(fact, f.DeviationRecorded)]
    assert len(set(missed)) == 2


def test_after_a_missed_contact_the_next_ones_still_fall_due() -> None:
    """Every 90 d until somebody reaches the subject; overdue all the while, and each one is recorded (Q13)."""
    story = in_follow_up()
    begun = story.state.epoch_on
    story = passing(story, begun + timedelta(days=180))
    assert story.facts[-1].notice == "FOLLOW_UP_DUE"
    assert story.decider.attributes(story.state)["Overdue"]
    story = passing(story, begun + timedelta(days=195))
    missed = [fact for fact in story.facts if isinstance(fact, f.DeviationRecorded)]
    assert [fact.expected_to for fact in missed[-2:]] == [begun + timedelta(days=104), begun + timedelta(days=194)]
    story = told(story, c.ReportContact(contacted_on=story.today))
    assert not story.decider.attributes(story.state)["Overdue"]
    assert story.due.key == f"REMIND/FOLLOW_UP/{story.today + timedelta(days=90)}"


def test_follow_up_counts_from_the_end_of_treatment_not_from_its_report() -> None:
    """Told 10 d late, the first contact is still due 90 d after treatment ended (Q13)."""
    story = in_adjuvant("COHORT_2", 1)
    ended_on = story.today
    story = told(story, c.ReportProgression(found_on=ended_on), ended_on + timedelta(days=10))
    assert story.due.key == f"REMIND/FOLLOW_UP/{ended_on + timedelta(days=90)}"


def test_at_the_completion_date_the_investigator_closes_the_subject() -> None:
    """From the last contact that fits before 2027-11-01 there is nothing more to wait for (Q13)."""
    story = in_follow_up()
    end = story.state.protocol.completion_on
    story = told(passing(story, end - timedelta(days=30)), c.ReportContact(contacted_on=end - timedelta(days=30)))
    story = passing(story, end)
    assert story.facts[-1].notice == "END_OF_STUDY_DUE"
    assert story.due.key == f"AGAIN/CLOSE/end-of-study/{end + timedelta(days=7)}"
    outcome = when(story, c.EndStudy(ended_on=end))
    then_kinds(outcome, f.StudyEnded)
    assert the(outcome, f.StudyEnded).reason == "COMPLETED"


def test_the_study_ends_in_follow_up_only() -> None:
    """Before it the subject must leave treatment first."""
    refused(when(in_adjuvant(), c.EndStudy(ended_on=day(115))), Reason.PHASE)
    nothing_happened(when(ended(), c.TimePassed(), on=day(2000)))


def test_a_whole_journey_leaves_no_intent_but_notices() -> None:
    """Every laboratory order and the allocation have their outcome at the end."""
    kinds = {intent.fact.kind for intent in ended().state.intents.values()}
    assert kinds == {"NoticeRequested"}


def test_every_notice_is_delivered_once() -> None:
    """The sink's word closes the notice; said again it changes nothing; of what is no notice it is refused."""
    story = in_neoadjuvant()
    seq = story.seq_of(f.NoticeRequested)
    outcome = when(story, c.NoticeDelivered(notice=seq, sink="console"))
    then_kinds(outcome, f.NoticeReached)
    assert seq not in outcome.story.state.intents
    nothing_happened(when(outcome.story, c.NoticeDelivered(notice=seq, sink="console")))
    refused(when(story, c.NoticeDelivered(notice=1, sink="console")), Reason.CONTRADICTS, field="notice")


def test_a_notice_is_acknowledged_once_by_a_role_it_is_for() -> None:
    """Anyone else is refused, and so is what is no notice."""
    story = in_neoadjuvant()
    first, seq = sorted(story.state.notices)
    outcome = when(story, c.Acknowledge(notice=seq), role="PHARMACIST")
    then_kinds(outcome, f.NoticeAcknowledged)
    nothing_happened(when(outcome.story, c.Acknowledge(notice=seq), role="COORDINATOR"))
    assert refused(when(story, c.Acknowledge(notice=seq), role="SURGEON"), Reason.ROLE).accepts.startswith("COORD")
    assert refused(when(story, c.Acknowledge(notice=1)), Reason.CONTRADICTS).accepts == f"one of {first}, {seq}"


def test_the_cycles_of_the_stories_leave_one_fact_each() -> None:
    """A cycle given as planned leaves the course before it, order, results, gate, notice, doses and the next plan."""
    story = in_adjuvant("COHORT_1", 1)
    outcome_facts = cycle_given(story).facts[len(story.facts) :]
    assert [type(fact).__name__ for fact in outcome_facts] == [
        "CourseTaken",
        "DueReached",
        "LabsOrdered",
        "NoticeRequested",
        "LabResultsRecorded",
        "GateChecked",
        "DosesPlanned",
        "DoseGiven",
        "CyclePlanned",
    ]
    assert not facts_of(when(story, c.TimePassed()), f.DueReached)
