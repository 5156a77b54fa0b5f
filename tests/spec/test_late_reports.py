"""Reports after the end of study of what happened before it: taken, never refused (rule 9 of the design, T6.1)."""

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.given import Story, day, facts_of, refused, when
from tests.stories import in_adjuvant, in_surgery_wait, operable, passing, told


def ended(how: str) -> Story:
    """The study ended on day 82 for a subject who waited for surgery; it is day 90."""
    story = passing(operable(), day(82))
    if how == "DEATH":
        story = told(story, c.ReportDeath(died_on=day(82)))
    else:
        story = told(story, c.ReportWithdrawal.model_validate({"withdrawn_on": day(82), "level": how}))
    return passing(story, day(90))


@pytest.mark.parametrize("how", ["DEATH", "STUDY"])
def test_surgery_of_before_the_end_is_recorded_and_starts_nothing(how: str) -> None:
    """The day of the end belongs to it; the day after does not."""
    outcome = when(ended(how), c.ReportSurgery(performed_on=day(82), resection="R0"))
    assert [fact.performed_on for fact in facts_of(outcome, f.SurgeryPerformed)] == [day(82)]
    assert not facts_of(outcome, f.EpochEntered)
    assert outcome.story.state.is_over
    late = when(ended(how), c.ReportSurgery(performed_on=day(83), resection="R0"))
    refused(late, Reason.OVER)


def test_a_dose_a_progression_and_a_vaccine_of_before_a_death_are_recorded() -> None:
    """With their deviations; no cycle is planned, no treatment ends again."""
    story = passing(in_adjuvant("COHORT_1"), day(130))
    story = told(story, c.ReportDeath(died_on=day(130)))
    planned = story.state.cycles[4].planned_on
    given = (c.GivenDrug(drug="BENMELSTOBART"),)
    report = c.ReportDose(cycle="C4", given_on=planned, drugs=given)
    outcome = when(story, report, confirmed=True, reason="found in the notes")
    assert facts_of(outcome, f.DoseGiven)
    assert not facts_of(outcome, f.CyclePlanned)
    for command in (c.ReportProgression(found_on=day(129)), c.ReportLiveVaccine(given_on=day(128))):
        later = when(outcome.story, command)
        assert later.refusal is None
        assert not facts_of(later, f.TreatmentEnded)


def test_after_a_withdrawal_of_consent_nothing_further_is_collected() -> None:
    """Not even what happened before it."""
    refused(when(ended("CONSENT"), c.ReportSurgery(performed_on=day(81), resection="R0")), Reason.OVER)


def test_the_refusal_names_what_is_taken_and_up_to_when() -> None:
    """So that the sender knows the way."""
    no = refused(when(ended("STUDY"), c.ReportContact(contacted_on=day(85))), Reason.OVER)
    assert f"of up to {day(82)}: dose_given" in no.accepts
    assert "correct" in no.accepts
    assert in_surgery_wait().state.study_ended_on is None
