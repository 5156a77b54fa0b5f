"""Corrected safety reports, judgements and doses: clocks, asks, cycles and deviations of every kind follow."""

from datetime import timedelta
from typing import Any

import pytest

from domain.evidence import Answer
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda
from domain.patient.asks import asks
from domain.patient.clocks import clocks
from domain.submission import Reason
from tests.correcting import changed, correct, day_1, seq, void
from tests.given import Outcome, Story, day, facts_of, refused
from tests.stories import (
    as_woman,
    at_visit,
    cycle_given,
    eligible,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    in_surgery_wait,
    operable,
    passing,
    screened,
    told,
)

HOUR = timedelta(hours=1)


def event(story: Story, **changes: Any) -> Story:
    """Report an adverse event of today."""
    fields: dict[str, Any] = {"term": "rash", "grade": 2, "serious": False, "onset_on": story.today} | changes
    return told(story, c.ReportAdverseEvent(**fields))


def withdrawn(outcome: Outcome) -> list[str]:
    """Give the deviations a correction withdrew."""
    return [fact.item for fact in facts_of(outcome, f.DeviationWithdrawn)]


def recorded(outcome: Outcome) -> list[str]:
    """Give the deviations a correction recorded."""
    return [fact.item for fact in facts_of(outcome, f.DeviationRecorded)]


def notices(outcome: Outcome) -> list[str]:
    """Give the notices a command asked for."""
    return [notice.notice for notice in facts_of(outcome, f.NoticeRequested)]


def asked(story: Story) -> list[str]:
    """Give the kinds of acts people are asked for."""
    return [ask.kind for ask in asks(story.state)]


# Follow-ups of adverse events


def test_a_follow_up_corrected_to_serious_starts_the_clock_at_its_awareness() -> None:
    """T10: 24 hours from when the site learnt of the change; the timers are there."""
    story = event(in_neoadjuvant("COHORT_1", 1))
    number = seq(story, f.AdverseEventReported)
    story = told(story, c.UpdateAdverseEvent(event=number, grade=3, aware_at=story.now - 2 * HOUR))
    outcome = correct(story, seq(story, f.AdverseEventUpdated), serious=True)
    made: Any = facts_of(outcome, f.FactCorrected)[0].content
    assert made.classes == ("SERIOUS_ADVERSE_EVENT",)
    deadlines = {clock.deadline for clock in clocks(outcome.story.state)}
    assert deadlines == {story.now + 22 * HOUR}
    assert "SERIOUS_ADVERSE_EVENT" in notices(outcome)
    assert "sae_reported" in asked(outcome.story)
    assert [item.act for item in agenda(outcome.story.state)].count("REPORT_OVERDUE") == 2
    back = correct(outcome.story, seq(story, f.AdverseEventUpdated), serious=False)
    assert clocks(back.story.state) == ()
    assert "SERIOUSNESS_WITHDRAWN" in notices(back)


def test_a_report_corrected_to_not_serious_stays_so_after_a_follow_up_that_said_nothing_of_it() -> None:
    """A follow-up carries over what it does not name; what it named itself stays."""
    story = event(in_neoadjuvant("COHORT_1", 1), serious=True)
    number = seq(story, f.AdverseEventReported)
    story = told(story, c.UpdateAdverseEvent(event=number, outcome="RECOVERED"))
    outcome = correct(story, number, serious=False)
    assert not outcome.story.state.safety.events[number].serious
    assert facts_of(outcome, f.FactCorrected, of="AdverseEventUpdated")[0].follows == number
    assert clocks(outcome.story.state) == ()
    other = told(event(in_neoadjuvant("COHORT_1", 1)), c.UpdateAdverseEvent(event=number, serious=True))
    outcome = correct(other, number, grade=3)
    assert outcome.story.state.safety.events[number].serious


def test_a_follow_up_entered_in_error_takes_what_it_led_to_with_it() -> None:
    """E18: the hold it asked for, the class, the grade."""
    story = event(in_neoadjuvant("COHORT_1", 1))
    number = seq(story, f.AdverseEventReported)
    story = told(story, c.UpdateAdverseEvent(event=number, aesi="ILD", grade=3, serious=True))
    assert "hold_drug" in asked(story)
    outcome = void(story, seq(story, f.AdverseEventUpdated))
    after = outcome.story
    assert after.state.safety.events[number].grade == 2
    assert after.state.safety.open == ()
    assert "hold_drug" not in asked(after)
    assert "sae_reported" not in asked(after)
    gone = void(story, number).story
    refused(correct(gone, seq(story, f.AdverseEventUpdated), grade=2), Reason.CONTRADICTS, field="event")
    again = correct(after, seq(story, f.AdverseEventUpdated), grade=2)
    assert "hold_drug" in asked(again.story)


def test_a_corrected_code_asks_for_what_it_now_is_and_no_longer_for_what_it_was() -> None:
    """T9: bleeding of grade 3 stops anlotinib; it was grade 2, which holds it."""
    story = event(in_neoadjuvant("COHORT_1", 1), aesi="BLEEDING", grade=3)
    outcome = correct(story, seq(story, f.AdverseEventReported), grade=2)
    assert asked(outcome.story).count("hold_drug") == 1
    assert "discontinue_drug" not in asked(outcome.story)
    kept = told(event(in_neoadjuvant("COHORT_1", 1), aesi="BLEEDING", grade=3),
                c.UpdateAdverseEvent(event=seq(story, f.AdverseEventReported), grade=1))  # fmt: skip
    renamed = correct(kept, seq(story, f.AdverseEventReported), term="nosebleed")
    assert "discontinue_drug" in asked(renamed.story)


def test_what_cannot_be_true_of_an_event_is_refused() -> None:
    """As in the report at first: ends before the onset, unknown codes, instants to come."""
    story = event(in_neoadjuvant("COHORT_1", 1))
    number = seq(story, f.AdverseEventReported)
    story = told(story, c.UpdateAdverseEvent(event=number, grade=3))
    update = seq(story, f.AdverseEventUpdated)
    before = str(story.today - timedelta(days=1))
    refused(correct(story, update, resolved_on=before), Reason.CONTRADICTS, field="fields.resolved_on")
    refused(correct(story, update, aesi="HICCUP"), Reason.MALFORMED, field="fields.aesi")
    later = (story.now + HOUR).isoformat()
    for fact in (number, update):
        refused(correct(story, fact, aware_at=later), Reason.FUTURE, rule="T10", field="fields.aware_at")
    refused(correct(story, number, aesi="PREGNANCY"), Reason.CONTRADICTS, rule="E25")


# Reports made


def serious(hours_later: int = 0) -> Story:
    """A serious event, reported to sponsor and ethics committee so many hours after the awareness."""
    story = event(in_neoadjuvant("COHORT_1", 1), serious=True)
    number, aware_at = seq(story, f.AdverseEventReported), story.now
    story = passing(story, story.today + timedelta(days=2))
    for to in ("SPONSOR", "EC"):
        at = aware_at + hours_later * HOUR
        story = told(story, c.ReportSafety(event=number, reported_at=at, to=to))
    return story


@pytest.mark.parametrize(("hours", "late"), [(23, False), (24, False), (25, True)])
def test_a_corrected_time_of_a_report_is_held_against_its_clock(hours: int, late: bool) -> None:  # noqa: FBT001 - a table
    """T10: before, at and after 24 h; a deviation comes and goes with it."""
    story = serious(1)
    assert [item for item in story.state.deviations if item.startswith("REPORT/")] == []
    number = seq(story, f.SafetyReportMade, to="SPONSOR")
    onset = story.facts[number - 1].reported_at - HOUR
    outcome = correct(story, number, reported_at=(onset + hours * HOUR).isoformat())
    assert len(recorded(outcome)) == late
    back = correct(outcome.story, number, reported_at=(onset + 2 * HOUR).isoformat())
    assert withdrawn(back) == recorded(outcome)


def test_a_report_entered_in_error_is_due_again() -> None:
    """T10: its clock runs on, and rings when it has passed; a report to another recipient is none to this one."""
    story = serious(1)
    number = seq(story, f.SafetyReportMade, to="EC")
    outcome = void(story, number)
    assert "sae_reported" in asked(outcome.story)
    rung = passing(outcome.story, outcome.story.today)
    assert [item for item in rung.state.deviations if item.startswith("REPORT/")] != []
    other = correct(story, number, to="AUTHORITY")
    assert "sae_reported" in asked(other.story)
    refused(correct(story, number, event=999), Reason.CONTRADICTS, field="fields.event")
    early = (story.facts[number - 1].reported_at - 3 * HOUR).isoformat()
    refused(correct(story, number, reported_at=early), Reason.CONFIRM, field="fields.reported_at")
    later = (story.now + HOUR).isoformat()
    refused(correct(story, number, reported_at=later), Reason.FUTURE, field="fields.reported_at")


def test_a_corrected_awareness_moves_the_clock_of_a_missed_report() -> None:
    """T10: it rang too early; the deviation is withdrawn, and the clock rings at its new time."""
    story = event(in_neoadjuvant("COHORT_1", 1), serious=True)
    number = seq(story, f.AdverseEventReported)
    story = passing(story, story.today + timedelta(days=1))
    story = passing(story, story.today + timedelta(days=1))
    late = [item for item in story.state.deviations if item.startswith("REPORT/")]
    assert late
    outcome = correct(story, number, aware_at=(story.now - HOUR).isoformat())
    assert sorted(withdrawn(outcome)) == sorted(late)
    assert {clock.deadline for clock in clocks(outcome.story.state)} == {story.now + 23 * HOUR}
    back = correct(outcome.story, number, aware_at=(story.now - 48 * HOUR).isoformat())
    assert sorted(recorded(back)) == sorted(late)


# Pregnancies


def test_a_pregnancy_entered_in_error_lets_the_doses_go_on() -> None:
    """E25: the stop, the report and what was given meanwhile; said after all, it stops them again."""
    story = as_woman(in_neoadjuvant("COHORT_1", 1))
    story = told(story, c.ReportPregnancy(found_on=story.today))
    number = seq(story, f.PregnancyFound)
    report = c.ReportDose(cycle="C2", given_on=day(28), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    story = told(passing(story, day(28)), report)
    assert "STOPPED/C2D1" in story.state.deviations
    outcome = void(story, number)
    assert "STOPPED/C2D1" in withdrawn(outcome)
    assert (outcome.story.state.safety.stopped, outcome.story.state.safety.events) == (frozenset(), {})
    assert "dose_given" in asked(outcome.story)
    assert changed(outcome)["dosing stopped by"] == (f"fact {number}", "")
    again = correct(outcome.story, number, found_on=str(day(10)))
    assert number in again.story.state.safety.stopped


def test_a_corrected_date_of_a_pregnancy_moves_what_counts_as_given_while_stopped() -> None:
    """E25: a dose of the day before the test was none; nor may it lie ahead."""
    story = as_woman(in_neoadjuvant("COHORT_1", 1))
    story = told(story, c.ReportPregnancy(found_on=story.today))
    number = seq(story, f.PregnancyFound)
    report = c.ReportDose(cycle="C2", given_on=day(28), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    story = passing(told(passing(story, day(28)), report), day(29))
    outcome = correct(story, number, found_on=str(day(29)))
    assert "STOPPED/C2D1" in withdrawn(outcome)
    assert "STOPPED/C2D1" in recorded(correct(outcome.story, number, found_on=str(day(28))))
    refused(correct(story, number, found_on=str(day(30))), Reason.FUTURE, field="fields.found_on")
    aware_at = (story.now - 2 * HOUR).isoformat()
    deadlines = {clock.deadline for clock in clocks(correct(story, number, aware_at=aware_at).story.state)}
    assert deadlines == {story.now + 22 * HOUR}


def test_a_decision_on_safety_is_corrected() -> None:
    """E25: CONTINUE was a slip; the doses stay stopped."""
    story = as_woman(in_neoadjuvant("COHORT_1", 1))
    story = told(story, c.ReportPregnancy(found_on=story.today))
    number = seq(story, f.PregnancyFound)
    story = told(story, c.DecideSafety(event=number, decided_on=story.today, dosing="CONTINUE", why="test repeated"))
    assert story.state.safety.stopped == frozenset()
    after = correct(story, seq(story, f.SafetyDecided), dosing="HOLD").story
    assert after.state.safety.stopped == {number}


# Judgements


def answers_of(story: Story, number: int, rule: str, verdict: str) -> list[dict[str, Any]]:
    """Give the recorded answers with one of them changed."""
    rows: tuple[Answer, ...] = story.facts[number - 1].answers
    return [row.model_dump(mode="json") | ({"verdict": verdict} if row.rule == rule else {}) for row in rows]


def test_a_corrected_judgement_turns_the_verdict() -> None:
    """E16.4, T1.1: triggered, eligibility is withdrawn; after randomization it is an important deviation."""
    story = eligible()
    number = seq(story, f.JudgementsGiven)
    outcome = correct(story, number, answers=answers_of(story, number, "E16.4", "TRIGGERED"))
    assert outcome.story.state.eligible_on is None
    assert outcome.story.state.judgements["E16.4"].by == "ANYONE1"
    later = in_neoadjuvant()
    outcome = correct(later, number, answers=answers_of(later, number, "E16.4", "TRIGGERED"))
    assert "ELIGIBILITY/E16.4" in recorded(outcome)
    back = correct(outcome.story, number, answers=answers_of(later, number, "E16.4", "NOT_TRIGGERED"))
    assert withdrawn(back) == ["ELIGIBILITY/E16.4"]
    assert void(screened(), number).story.state.judgements == {}


def test_a_judgement_is_corrected_by_who_may_judge() -> None:
    """3.6 roles: the answer becomes the sender's; another role, another word and another rule are refused."""
    story = screened()
    number = seq(story, f.JudgementsGiven)
    rows = answers_of(story, number, "E16.4", "TRIGGERED")
    by = story.facts[number - 1].by
    no = refused(correct(story, number, how={"role": "COORDINATOR", "staff": by}, answers=rows), Reason.ROLE)
    assert "INVESTIGATOR" in no.accepts
    refused(correct(story, number, how={"role": "COORDINATOR", "staff": "CRC9"}, answers=rows), Reason.ROLE)
    words = answers_of(story, number, "E16.4", "MET")
    refused(correct(story, number, answers=words), Reason.RULE, rule="E16.4")
    other = correct(story, number, how={"role": "INVESTIGATOR", "staff": "INV2"}, answers=rows).story
    assert (other.state.judgements["E16.4"].by, other.state.judgements["E16.4"].role) == ("INV2", "INVESTIGATOR")


# The cycle and the day of a dose


def test_a_dose_of_another_cycle_is_planned_from_there() -> None:
    """T2.2: C1D1 was reported as C2D1, out of turn; C2 is awaited now, 21 d after it."""
    story = at_visit(in_neoadjuvant())
    report = c.ReportDose(cycle="C2", given_on=day(7), choice="CISPLATIN")
    story = told(story, report, confirmed=True, reason="typed so")
    assert "TURN/C2D1" in story.state.deviations
    outcome = correct(story, day_1(story, 2), cycle="C1")
    after = outcome.story.state
    assert after.cycles[1].day_1_on == day(7)
    assert (after.current_cycle.label, after.current_cycle.planned_on) == ("C2", day(28))
    assert "TURN/C2D1" in withdrawn(outcome)
    assert "TURN/C2D1" not in after.deviations
    whole = cycle_given(cycle_given(outcome.story))
    assert whole.state.epoch == "SURGERY"


def test_the_later_days_go_along_to_the_other_cycle() -> None:
    """T2: C2 was really C3 that came early: C2 is left out, with its deviation, and its days 2 and 3 are C3's."""
    story = in_neoadjuvant("COHORT_1", 2)
    outcome = correct(story, day_1(story, 2), cycle="C3")
    after = outcome.story.state
    assert {day for day, _, _ in after.cycles[3].given} == {1, 2, 3}
    assert (after.cycles[2].day_1_on, after.cycles[2].omitted) == (None, True)
    assert "OMITTED/C2" in recorded(outcome)
    assert after.epoch == "SURGERY"


def test_a_dose_that_ended_the_last_cycle_and_was_of_another_goes_back() -> None:
    """T2.2: C3D1 was a second part of nothing: it was day 2 of C2, so C3 is awaited again."""
    story = in_neoadjuvant("COHORT_1", 1)
    two = c.ReportDose(cycle="C2", given_on=day(28), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    story = told(at_visit(story), two)
    three = c.ReportDose(cycle="C3", given_on=day(29), drugs=(c.GivenDrug(drug="ETOPOSIDE"),))
    story = told(passing(story, day(29)), three)
    assert story.state.epoch == "SURGERY"
    outcome = correct(story, day_1(story, 3), cycle="C2", day=2)
    after = outcome.story.state
    assert (after.epoch, after.current_cycle.label) == ("NEOADJUVANT", "C3")
    assert after.current_cycle.planned_on == day(49)
    assert changed(outcome)[f"dose given C3D1 #{day_1(story, 3)}: cycle"] == ("3", "2")


def test_a_day_is_corrected_with_its_date() -> None:
    """T2: etoposide of day 2 was of day 3: day 2 was missed."""
    story = in_neoadjuvant("COHORT_1", 1)
    number = seq(story, f.DoseGiven, cycle=1, day=3)
    gone = void(story, number).story
    two = seq(gone, f.DoseGiven, cycle=1, day=2)
    outcome = correct(gone, two, day=3, given_on=str(day(9)))
    assert {row[0] for row in outcome.story.state.cycles[1].given} == {1, 3}
    no = refused(correct(story, seq(story, f.DoseGiven, cycle=1, day=2), day=3), Reason.CONTRADICTS)
    assert no.accepts == str(day(9))


def test_a_cycle_or_day_that_cannot_be_is_refused() -> None:
    """No such cycle, a day 1 that others rest on, a cycle before an earlier one, a drug twice."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(40))
    first = day_1(story, 1)
    refused(correct(story, first, cycle="C99"), Reason.IMPOSSIBLE)
    refused(correct(story, first, cycle=2), Reason.MALFORMED, field="fields.cycle")
    refused(correct(story, first, day=2, given_on=str(day(8))), Reason.CONTRADICTS, field="fields.day")
    refused(correct(story, first, cycle="C3"), Reason.CONTRADICTS)
    refused(correct(story, first, cycle="C2"), Reason.CONTRADICTS)


# Deviations of every kind come and go with what they rest on


def test_a_vaccine_of_another_date_is_held_against_the_rule_again() -> None:
    """E23: 30 d before the first benmelstobart counts, 31 d does not."""
    story = in_neoadjuvant("COHORT_1", 1)
    story = told(story, c.ReportLiveVaccine(given_on=story.today), confirmed=True, reason="x")
    number = seq(story, f.LiveVaccineGiven)
    old = f"VACCINE/{story.today}"
    sure = {"confirmed": True, "reason": "seen on the card"}
    outcome = correct(story, number, how=sure, given_on=str(day(7 - 31)))
    assert (withdrawn(outcome), recorded(outcome)) == ([old], [])
    outcome = correct(story, number, how=sure, given_on=str(day(7 - 30)))
    assert (withdrawn(outcome), recorded(outcome)) == ([old], [f"VACCINE/{day(7 - 30)}"])
    assert withdrawn(void(story, number)) == [old]


def test_a_surgery_out_of_its_phase_follows_what_phase_it_was() -> None:
    """T4: surgery before C3 was told is none out of phase once the last cycle counts as left out."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(60))
    story = told(story, c.ReportSurgery(performed_on=day(60), resection="R0"))
    assert "SURGERY_PHASE" in story.state.deviations
    gone = void(story, seq(story, f.SurgeryPerformed))
    assert "SURGERY_PHASE" in withdrawn(gone)
    again = correct(gone.story, seq(story, f.SurgeryPerformed), performed_on=str(day(59)))
    assert "SURGERY_PHASE" in recorded(again)


def test_a_tumour_not_resected_without_a_reason_is_a_deviation_as_long_as_it_is_one() -> None:
    """T6.1: corrected to R1 there is nothing to explain; corrected back there is."""
    story = told(passing(operable(), day(80)), c.ReportSurgery(performed_on=day(80), resection="NOT_RESECTED"))
    number = seq(story, f.SurgeryPerformed)
    outcome = correct(story, number, resection="R1")
    assert "NOT_RESECTED" in withdrawn(outcome)
    back = correct(outcome.story, number, resection="NOT_RESECTED")
    assert "NOT_RESECTED" in recorded(back)
    told_why = told(back.story, c.ReportSurgery(performed_on=day(80), resection="NOT_RESECTED", why="aorta"))
    assert "NOT_RESECTED" in recorded(void(told_why, seq(told_why, f.SurgeryExplained)))


@pytest.mark.parametrize(("signed", "late"), [(-24, False), (-25, False), (-26, True)])
def test_a_randomization_is_held_against_the_corrected_consent(signed: int, late: bool) -> None:  # noqa: FBT001 - a table
    """Q5: within 28 d of the consent; 27, 28 and 29 d."""
    story = in_neoadjuvant()
    number = seq(story, f.ConsentGiven)
    outcome = correct(story, number, signed_on=str(day(signed)))
    assert ("SCREENING" in recorded(outcome)) == late
    back = correct(outcome.story, number, signed_on=str(day(0)))
    assert ("SCREENING" in withdrawn(back)) == late


def test_a_missed_contact_is_none_once_a_contact_lay_in_its_window() -> None:
    """Q13: the contact was held, and its date was mistyped."""
    story = in_follow_up()
    first = next(item for item in agenda(story.state) if item.act == "OVERDUE" and item.dates is not None)
    assert first.dates is not None
    story = passing(story, first.dates.latest_on + timedelta(days=2))
    assert first.key in story.state.deviations
    story = told(story, c.ReportContact(contacted_on=story.today))
    outcome = correct(story, seq(story, f.FollowUpContacted), contacted_on=str(first.dates.latest_on))
    assert first.key in withdrawn(outcome)
    back = correct(outcome.story, seq(story, f.FollowUpContacted), contacted_on=str(story.today))
    assert first.key in recorded(back)


def test_a_missed_reconsent_is_none_once_it_was_signed_in_time() -> None:
    """I1.1: signed by the deadline, told later."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(10))
    story = told(story, c.LearnIcf(version="V2.0", approved_on=day(10), deadline=day(25)))
    story = passing(story, day(27))
    assert "RECONSENT/V2.0" in story.state.deviations
    story = told(story, c.RecordConsent(signed_on=day(26), version="V2.0"))
    number = seq(story, f.ConsentGiven)
    outcome = correct(story, number, signed_on=str(day(25)))
    assert "RECONSENT/V2.0" in withdrawn(outcome)
    assert "RECONSENT/V2.0" in recorded(correct(outcome.story, number, signed_on=str(day(26))))


def test_the_answer_lists_each_kind_of_difference_before_and_after() -> None:
    """Fields, window, timers, who must act: as a coordinator reads them."""
    story = passing(in_surgery_wait(), day(60))
    rows = changed(correct(story, day_1(story, 3), given_on=str(day(47))))
    assert rows[f"dose given C3D1 #{day_1(story, 3)}: given_on"] == (str(day(49)), str(day(47)))
    assert rows["overdue after SURGERY"] == (
        f"{day(92)} Surgery overdue since {day(91)}",
        f"{day(90)} Surgery overdue since {day(89)}",
    )
    assert {"window", "next due", "C3", "asked: surgery_done", "reminder SURGERY+28"} <= set(rows)


def test_the_answer_names_the_branch_the_end_and_what_was_told() -> None:
    """T6: R0 to R1."""
    story = in_evaluation()
    rows = changed(correct(story, seq(story, f.PathologyReported), resection="R1"))
    assert rows["resection"] == ("R0", "R1")
    assert rows["end of treatment"][1].endswith("RESECTION_R1")
    assert rows["notice END_OF_TREATMENT"][1].endswith("end of treatment: RESECTION_R1")
    assert rows["asked: adjuvant_evaluation"][1] == ""


def test_a_correction_of_evidence_is_shown_in_words() -> None:
    """No JSON, no type names: name and value."""
    story = at_visit(in_neoadjuvant())
    rows = changed(correct(story, seq(story, f.EvidenceRecorded), no_support=False, last_support_on=str(day(-30))))
    assert rows[f"evidence recorded #{seq(story, f.EvidenceRecorded)}: no_support"] == ("yes", "no")
    assert all("{" not in before + after for before, after in rows.values())
