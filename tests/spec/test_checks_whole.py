"""What holds for every command, refusal by refusal as a whole: the end, the death, and dates long ago (T6.1, Q9)."""

from datetime import timedelta
from typing import Any

import pytest

from domain import evidence as e
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.correcting import correct, seq
from tests.given import START, Outcome, day, facts_of, the, when
from tests.stories import (
    died,
    ended,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    lost,
    passing,
    registered,
    told,
)

AGO = "T4 (assumption Q9)"
AGAIN = "the same, sent again with confirmed and a reason"


def no_of(outcome: Outcome) -> tuple[str, str, str, str]:
    """Give a refusal: reason, rule, field, what would be accepted."""
    no = outcome.refusal
    assert no is not None, outcome.facts
    return no.reason, no.rule, no.field, no.accepts


# After the end


@pytest.mark.parametrize(("off", "taken"), [(-1, True), (0, True), (1, False)])
def test_what_happened_up_to_the_end_is_taken_after_it(off: int, taken: bool) -> None:  # noqa: FBT001 - a table
    """T6.1: the day of the end belongs to it; what came later is refused with what would be accepted."""
    end = ended().state.study_ended_on
    story = passing(ended(), end + timedelta(days=5))
    outcome = when(story, c.ReportProgression(found_on=end + timedelta(days=off)))
    if taken:
        assert the(outcome, f.ProgressionFound).found_on == end + timedelta(days=off)
        return
    reason, rule, field, accepts = no_of(outcome)
    assert (reason, rule, field) == (Reason.OVER, "T6.1", "")
    before = "dose_given, course_taken, surgery_done, live_vaccine, progression, follow_up_contact"
    assert accepts.endswith(f"sign, correct; of up to {end}: {before}")


def test_a_plan_is_refused_after_each_kind_of_end_with_what_is_still_taken() -> None:
    """T6.1: after a loss every report and the way back; after a withdrawal of consent nothing new."""
    plan = c.EndStudy(ended_on=START)
    withdrawn = in_neoadjuvant("COHORT_1", 1)
    withdrawn = told(withdrawn, c.ReportWithdrawal(withdrawn_on=withdrawn.today, level="CONSENT"))
    taken = {}
    for name, story in {"ended": ended(), "lost": lost(), "withdrawn": withdrawn}.items():
        reason, rule, field, accepts = no_of(when(story, plan))
        assert (reason, rule, field) == (Reason.OVER, "T6.1", "")
        taken[name] = accepts
    end = ended().state.study_ended_on
    safety = "adverse_event, adverse_event_update, sae_reported, pregnancy, death, pathology, lab_results"
    assert taken["withdrawn"] == "adverse_event_update, sae_reported, acknowledge, correct"
    assert taken["ended"].startswith(f"{safety}, acknowledge, sign, correct; of up to {end}: dose_given")
    assert taken["lost"].startswith(f"{safety}, acknowledge, sign, correct, contact_regained, record_consent")
    assert "of up to" not in taken["lost"]
    again = c.ReportWithdrawal(withdrawn_on=withdrawn.today, level="CONSENT")
    assert no_of(when(withdrawn, again))[:2] == (Reason.OVER, "T6.1")
    assert facts_of(when(ended(), again.model_copy(update={"withdrawn_on": ended().today})), f.SubjectWithdrew)


# After a death


@pytest.mark.parametrize(("off", "taken"), [(-1, True), (0, True), (1, False)])
def test_nothing_happens_to_a_subject_after_the_death(off: int, taken: bool) -> None:  # noqa: FBT001 - a table
    """T6.1: the day of the death belongs to the life; the field is named, and `correct` of the death is offered."""
    story = passing(died(), day(70))
    on = day(60 + off)
    event = c.ReportAdverseEvent(term="rash", grade=1, serious=False, onset_on=on)
    outcome = when(story, event)
    if taken:
        assert the(outcome, f.AdverseEventReported).onset_on == on
    else:
        accepts = f"a date up to {day(60)}, or `correct` of the death"
        assert no_of(outcome) == (Reason.CONTRADICTS, "", "onset_on", accepts)


def test_a_correction_names_no_day_after_the_death_but_for_what_is_told_later() -> None:
    """T6.1: a dose is not given after it; a pathology report, or when it was decided, may be dated after it."""
    story = told(passing(in_evaluation(), day(95)), c.ReportLiveVaccine(given_on=day(94)))
    story = told(passing(story, day(100)), c.ReportDeath(died_on=day(95)))
    number = seq(story, f.LiveVaccineGiven)
    moved: Any = the(correct(story, number, given_on=day(95).isoformat()), f.FactCorrected).content
    assert moved.given_on == day(95)
    accepts = f"a date up to {day(95)}, or `correct` of the death"
    late = correct(story, number, given_on=day(96).isoformat())
    assert no_of(late) == (Reason.CONTRADICTS, "", "fields.given_on", accepts)
    later = correct(story, seq(story, f.PathologyReported), reported_on=day(97).isoformat())
    told_later: Any = the(later, f.FactCorrected).content
    assert told_later.reported_on == day(97)


@pytest.mark.parametrize(("off", "taken"), [(-1, False), (0, True), (1, True)])
def test_a_death_before_a_sign_of_life_is_confirmed(off: int, taken: bool) -> None:  # noqa: FBT001 - a table
    """T4, Q9: before the last dose, which is on record."""
    story = passing(in_surgery_wait(), day(75))
    alive = max(story.state.last_dose.values())
    report = c.ReportDeath(died_on=alive + timedelta(days=off))
    outcome = when(story, report)
    if taken:
        assert the(outcome, f.SubjectDied).died_on == report.died_on
    else:
        assert no_of(outcome) == (Reason.CONFIRM, AGO, "died_on", AGAIN)
        sure = when(story, report, confirmed=True, reason="the certificate says so")
        assert the(sure, f.SubjectDied).died_on == report.died_on
    told_again = when(outcome.story if taken else sure.story, report)
    assert told_again.refusal is None or told_again.refusal.reason != Reason.CONFIRM


def test_a_death_before_any_consent_needs_no_confirmation() -> None:
    """T6.1: nothing but the birth shows the subject alive."""
    story = passing(registered(consent=None, evidence=None), day(3))
    assert the(when(story, c.ReportDeath(died_on=day(2))), f.SubjectDied).died_on == day(2)


# Long ago, and before the consent


@pytest.mark.parametrize(("ago", "taken"), [(59, True), (60, True), (61, False)])
def test_a_report_of_long_ago_is_confirmed(ago: int, taken: bool) -> None:  # noqa: FBT001 - a table
    """T4, Q9: more than 60 d ago; the refusal names the date's field and the rule."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(90))
    report = c.ReportLiveVaccine(given_on=day(90 - ago), product="BCG")
    outcome = when(story, report)
    if not taken:
        assert no_of(outcome) == (Reason.CONFIRM, AGO, "given_on", AGAIN)
        for how in ({"confirmed": True}, {"reason": "found in the chart"}):
            assert no_of(when(story, report, **how))[0] == Reason.CONFIRM
        outcome = when(story, report, confirmed=True, reason="found in the chart")
    assert the(outcome, f.LiveVaccineGiven).given_on == day(90 - ago)


@pytest.mark.parametrize(("off", "taken"), [(-1, False), (0, True), (1, True)])
def test_what_happened_before_the_consent_is_confirmed(off: int, taken: bool) -> None:  # noqa: FBT001 - a table
    """I1.1: the day of the consent itself is in the trial."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    report = c.ReportLiveVaccine(given_on=START + timedelta(days=off))
    outcome = when(story, report)
    if taken:
        assert facts_of(outcome, f.LiveVaccineGiven)
    else:
        assert no_of(outcome) == (Reason.CONFIRM, "I1.1", "given_on", AGAIN)


def test_dates_inside_evidence_may_be_of_long_ago() -> None:
    """Q9: an imaging or a support of long ago is what the look-backs are about; the assessment is of now."""
    story = registered(evidence=None)
    brain = e.BrainImaging(on=day(-100), modality="MRI", metastasis="NONE")
    taken = c.RecordEvidence(assessed_on=START, last_support_on=day(-200), brain=brain)
    assert the(when(story, taken), f.EvidenceRecorded).last_support_on == day(-200)
    old = c.RecordEvidence(assessed_on=day(-61))
    assert no_of(when(story, old)) == (Reason.CONFIRM, AGO, "assessed_on", AGAIN)
