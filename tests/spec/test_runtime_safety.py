"""What happens on treatment and asks for a decision: pregnancy, ILD, bleeding, live vaccines (E18, E23, E25, T9)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.decider import PATIENT
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.submission import Reason
from tests.given import Story, day, facts_of, given, refused, the, then_kinds, when
from tests.stories import (
    as_woman,
    at_visit,
    diaries,
    in_adjuvant,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    screened,
    told,
)

DECIDED: dict[str, Any] = {"decided_on": day(10), "why": "seen"}


def woman(given: int = 0) -> Story:
    """A woman in neoadjuvant treatment, so many cycles given."""
    return as_woman(in_neoadjuvant("COHORT_1", given))


def pregnant(story: Story) -> Story:
    """A positive test is reported today."""
    return told(story, c.ReportPregnancy(found_on=story.today))


def coded(story: Story, code: str, grade: int = 1) -> c.ReportAdverseEvent:
    """Give a coded adverse event of today."""
    return c.ReportAdverseEvent(term="x", grade=grade, serious=False, onset_on=story.today, aesi=code)


def asked(story: Story) -> list[str]:
    """Give the kinds asked for, the next one first."""
    return [ask.kind for ask in asks(story.state)]


# Pregnancy


def test_a_pregnancy_on_treatment_stops_the_doses_and_its_report_is_due() -> None:
    """Told to the investigator and, like a serious event, to the sponsor; due in 24 h (E25, Q12)."""
    story = woman(1)
    outcome = when(story, c.ReportPregnancy(found_on=story.today))
    then_kinds(outcome, f.PregnancyFound, f.NoticeRequested, f.SafetyActionAsked, f.NoticeRequested)
    assert [row.notice for row in facts_of(outcome, f.NoticeRequested)] == ["PREGNANCY", "DOSING_STOPPED"]
    action = the(outcome, f.SafetyActionAsked)
    assert (action.command, action.rule, action.stops_dosing) == ("safety_decision", "E25", True)
    after = outcome.story
    number = after.seq_of(f.PregnancyFound)
    assert asked(after) == ["sae_reported", "sae_reported", "safety_decision", "acknowledge", "acknowledge"]
    assert asks(after.state)[0].text.startswith(f"PREGNANCY fact {number}: report to SPONSOR by")
    assert asks(after.state)[2].to == ("INVESTIGATOR",)
    assert PATIENT.show(after.state)["dosing_stopped_by"] == [number]


def test_no_dose_falls_due_while_dosing_is_stopped() -> None:
    """Neither visit nor laboratory order nor maximum delay; nobody is asked to dose (E25)."""
    story = pregnant(woman(1))
    before = len(story.facts)
    story = passing(story, day(100))
    assert not [fact for fact in story.facts[before:] if isinstance(fact, f.LabsOrdered)]
    assert "C2" not in story.state.deviations
    assert "dose_given" not in asked(story)
    assert "safety_decision" in asked(story)


@pytest.mark.parametrize(
    "plan",
    [c.DelayDose(cycle="C2", until=day(60), why="x"), c.OverrideGate(cycle="C2", why="x")],
    ids=lambda plan: plan.kind,
)
def test_a_plan_to_dose_is_refused_while_dosing_is_stopped(plan: Any) -> None:
    """The decision comes first (E25)."""
    no = refused(when(pregnant(woman(1)), plan), Reason.RULE, rule="E25")
    assert no.accepts == "safety_decision or discontinue_treatment first"


def test_a_dose_given_while_dosing_is_stopped_is_an_important_deviation() -> None:
    """It happened, so it is recorded; one of before the positive test is none (E25)."""
    story = passing(pregnant(passing(woman(), day(7))), day(8))
    report = c.ReportDose(cycle="C1", given_on=day(8), choice="CISPLATIN")
    assert the(when(story, report), f.DeviationRecorded, item="STOPPED/C1D1").important
    for given_on, count in ((day(6), 0), (day(7), 1)):
        earlier = report.model_copy(update={"given_on": given_on})
        assert len(facts_of(when(story, earlier), f.DeviationRecorded, item="STOPPED/C1D1")) == count


def test_the_investigator_decides_that_dosing_goes_on() -> None:
    """A test that was wrong: the next cycle is asked for again. The report stays due (E25)."""
    story = passing(pregnant(woman(1)), day(12))
    number = story.seq_of(f.PregnancyFound)
    story = told(story, c.DecideSafety(event=number, dosing="CONTINUE", **DECIDED))
    assert [kind for kind in asked(story) if kind != "sae_reported"] == ["dose_given", "acknowledge"]
    assert "C2D1" in diaries(story, day(20)).due.text
    refused(when(story, c.DecideSafety(event=number, dosing="HOLD", **DECIDED)), Reason.CONTRADICTS, field="event")


def test_a_decision_to_hold_keeps_asking_how_it_ends() -> None:
    """Until dosing goes on or treatment ends (E25)."""
    story = passing(pregnant(woman(1)), day(10))
    number = story.seq_of(f.PregnancyFound)
    story = told(story, c.DecideSafety(event=number, dosing="HOLD", **DECIDED))
    assert "safety_decision" in asked(story)
    assert "dose_given" not in asked(story)
    story = told(story, c.DiscontinueTreatment(decided_on=day(10), why="pregnancy"))
    assert [kind for kind in asked(story) if kind != "sae_reported"] == ["follow_up_contact", "acknowledge"]


def test_a_decision_needs_an_event_that_asks_for_one() -> None:
    """Any other number is refused with those that do."""
    decision = c.DecideSafety(event=1, dosing="HOLD", **(DECIDED | {"decided_on": day(3)}))
    assert refused(when(woman(), decision), Reason.CONTRADICTS, field="event").accepts == "none is open"
    story = pregnant(woman())
    number = story.seq_of(f.PregnancyFound)
    assert refused(when(story, decision), Reason.CONTRADICTS).accepts == f"one of {number}"


@pytest.mark.parametrize(
    ("story", "due", "stops"),
    [(screened, False, False), (in_surgery_wait, True, True), (in_evaluation, True, True), (in_follow_up, True, False)],
)
def test_a_pregnancy_is_recorded_in_any_phase(story: Any, due: bool, stops: bool) -> None:  # noqa: FBT001 - of the table
    """A report from randomization on; a stop while treatment is still to go on (E25)."""
    before = as_woman(story())
    outcome = when(before, c.ReportPregnancy(found_on=before.today))
    assert bool(the(outcome, f.PregnancyFound).classes) == due
    assert bool(facts_of(outcome, f.SafetyActionAsked)) == stops
    assert facts_of(outcome, f.NoticeRequested)[0].notice == "PREGNANCY"


def test_a_pregnancy_is_told_once_and_contradicts_a_man() -> None:
    """The same test again, or the sex on record: refused (rule 9)."""
    story = pregnant(woman())
    refused(when(story, c.ReportPregnancy(found_on=story.today)), Reason.CONTRADICTS, field="found_on")
    refused(when(story, c.UpdateAdverseEvent(event=story.seq_of(f.PregnancyFound), grade=2)), Reason.CONTRADICTS)
    man = in_neoadjuvant()
    refused(when(man, c.ReportPregnancy(found_on=man.today)), Reason.CONTRADICTS, rule="E25")
    refused(when(man, coded(man, "PREGNANCY")), Reason.CONTRADICTS, rule="E25")


def test_a_pregnancy_coded_as_an_adverse_event_does_the_same() -> None:
    """Stop and report, whichever way it comes in (E25)."""
    story = woman()
    outcome = when(story, coded(story, "PREGNANCY"))
    assert the(outcome, f.AdverseEventReported).classes == ("PREGNANCY",)
    assert the(outcome, f.SafetyActionAsked).stops_dosing


# Interstitial lung disease and bleeding


@pytest.mark.parametrize("grade", [1, 2, 5])
def test_ild_of_any_grade_asks_for_a_hold(grade: int) -> None:
    """It asks the investigator and stops nothing by itself (E18, Q12)."""
    story = in_neoadjuvant("COHORT_2")
    outcome = when(story, coded(story, "ILD", grade))
    action = the(outcome, f.SafetyActionAsked)
    assert (action.command, action.drugs, action.stops_dosing) == ("hold_drug", (), False)
    assert the(outcome, f.NoticeRequested, notice="ILD").to == ("INVESTIGATOR",)
    assert "hold_drug" in asked(outcome.story)
    assert "dose_given" in asked(outcome.story)


@pytest.mark.parametrize(
    ("arm", "grade", "command"),
    [
        ("COHORT_1", 1, None),
        ("COHORT_1", 2, "hold_drug"),
        ("COHORT_1", 3, "discontinue_drug"),
        ("COHORT_1", 5, "discontinue_drug"),
        ("COHORT_2", 2, None),
        ("COHORT_2", 3, None),
    ],
)
def test_bleeding_asks_for_anlotinib_by_its_grade(arm: str, grade: int, command: str | None) -> None:
    """Grade 2: hold; 3 to 5: for good; only where the arm gets it (T9, Q8)."""
    story = in_neoadjuvant(arm)
    actions = facts_of(when(story, coded(story, "BLEEDING", grade)), f.SafetyActionAsked)
    assert [(action.command, action.drugs) for action in actions] == ([(command, ("ANLOTINIB",))] if command else [])


def test_bleeding_that_gets_worse_asks_for_more_and_nothing_twice() -> None:
    """Grade 1, then 2, then 2 again, then 3; a decision closes what is open (T9)."""
    story = told(in_neoadjuvant(), coded(in_neoadjuvant(), "BLEEDING"))
    number = story.seq_of(f.AdverseEventReported)
    seen = []
    for grade in (2, 2, 3):
        outcome = when(story, c.UpdateAdverseEvent(event=number, grade=grade))
        seen += [action.command for action in facts_of(outcome, f.SafetyActionAsked)]
        story = outcome.story
    assert seen == ["hold_drug", "discontinue_drug"]
    assert {"hold_drug", "discontinue_drug"} <= set(asked(story))
    decision = c.DecideSafety(event=number, dosing="CONTINUE", decided_on=story.today, why="local bleeding")
    assert asked(told(story, decision)) == ["dose_given"]


def test_a_code_that_comes_later_asks_then() -> None:
    """By a follow-up."""
    story = told(in_neoadjuvant(), c.ReportAdverseEvent(term="x", grade=3, serious=False, onset_on=day(3)))
    outcome = when(story, c.UpdateAdverseEvent(event=story.seq_of(f.AdverseEventReported), aesi="ILD"))
    then_kinds(outcome, f.AdverseEventUpdated, f.SafetyActionAsked, f.NoticeRequested)


@pytest.mark.parametrize("story", [screened, in_follow_up])
def test_off_treatment_nothing_is_asked(story: Any) -> None:
    """There is no drug to hold; the event is recorded."""
    before = story()
    then_kinds(when(before, coded(before, "ILD")), f.AdverseEventReported)


def test_an_unknown_code_is_refused_with_the_known_ones() -> None:
    """The list is the protocol's (Q12)."""
    no = refused(when(in_neoadjuvant(), coded(in_neoadjuvant(), "MARS")), Reason.MALFORMED, field="aesi")
    assert no.accepts == "BLEEDING, ILD, PREGNANCY"


# Live vaccines


def vaccinated(story: Story, on: Any) -> list[f.DeviationRecorded]:
    """Give the deviations of a live vaccine given on a day."""
    outcome = when(story, c.ReportLiveVaccine(given_on=on), confirmed=True, reason="vaccination card")
    assert f.LiveVaccineGiven(given_on=on) in outcome.facts
    return facts_of(outcome, f.DeviationRecorded)


@pytest.mark.parametrize(("before", "count"), [(29, 1), (30, 1), (31, 0)])
def test_a_live_vaccine_close_before_the_first_dose_is_a_deviation(before: int, count: int) -> None:
    """30 days before count in; the first dose is the actual one, else the planned (E23)."""
    first = in_neoadjuvant("COHORT_1", 1)
    assert len(vaccinated(first, day(7 - before))) == count
    planned = in_neoadjuvant()
    assert len(vaccinated(planned, planned.state.cycles[1].planned_on - timedelta(days=before))) == count


def test_a_live_vaccine_during_treatment_is_an_important_deviation() -> None:
    """To the last day of treatment, not after it (E23)."""
    assert vaccinated(in_adjuvant(), day(100))[0].important
    story = in_follow_up()
    ended_on = story.state.treatment_ended_on
    assert len(vaccinated(story, ended_on)) == 1
    assert vaccinated(passing(story, ended_on + timedelta(days=1)), ended_on + timedelta(days=1)) == []


def test_a_live_vaccine_in_screening_is_recorded() -> None:
    """Whether it excludes is a matter of eligibility (E23)."""
    assert vaccinated(screened(), day(1)) == []


# Contraception


def until(story: Story) -> str | None:
    """Give the day the state shows."""
    shown: str | None = PATIENT.show(story.state)["contraception_until"]
    return shown


def test_contraception_ends_56_days_after_the_last_of_all_drugs() -> None:
    """The course of anlotinib outlasts the infusion by 13 days; it ends with treatment if that is earlier (T8, Q10)."""
    story = passing(woman(1), day(40))
    for ended, last in ((10, 10), (20, 20), (30, 20)):
        stopped = told(story, c.DiscontinueTreatment(decided_on=day(ended), why="x"))
        assert until(stopped) == str(day(last + 56)), ended
    assert until(story) is None


def test_cohort_2_counts_from_the_infusion() -> None:
    """No anlotinib: the last day of etoposide is day 9 (T8)."""
    story = as_woman(in_neoadjuvant("COHORT_2", 1))
    assert until(told(story, c.DiscontinueTreatment(decided_on=day(9), why="x"))) == str(day(9 + 56))


def test_the_end_of_contraception_is_told_once_and_shown() -> None:
    """On its day, to coordinator and investigator; no follow-up reminder is lost for it (T8)."""
    story = told(woman(1), c.DiscontinueTreatment(decided_on=day(10), why="x"), day(10))
    assert f"Contraception until | {day(66)}" in PATIENT.details(story.state)

    def told_by(number: int) -> list[str]:
        facts = passing(story, day(number)).facts
        return [fact.text for fact in facts if isinstance(fact, f.NoticeRequested) and "CONTRA" in fact.notice]

    assert told_by(65) == []
    assert told_by(66) == told_by(300) == [f"contraception is required until {day(66)}"]


@pytest.mark.parametrize(
    ("sex", "born", "applies"),
    [
        ("FEMALE", (1975, 6, 3), True),
        ("FEMALE", (1975, 6, 2), False),
        ("FEMALE", (2007, 6, 2), True),
        ("FEMALE", (2007, 6, 3), False),
        ("MALE", (1985, 2, 3), False),
    ],
)
def test_contraception_is_for_women_of_18_to_49_years(sex: str, born: tuple[int, int, int], applies: bool) -> None:  # noqa: FBT001 - of the table
    """Completed years at consent, on 2025-06-02; men are not covered (I10.1, Q10)."""
    story = told(in_neoadjuvant("COHORT_1", 1), c.DiscontinueTreatment(decided_on=day(10), why="x"), day(10))
    first, *rest = story.facts
    story = given(first.model_copy(update={"sex": sex, "born_on": day(0).replace(*born)}), *rest, at=story.now)
    assert (until(story) is not None) == applies


def test_without_a_dose_there_is_nothing_to_wait_for() -> None:
    """Treatment ended before it began (T8)."""
    assert until(told(woman(), c.DiscontinueTreatment(decided_on=day(3), why="x"))) is None


def test_a_visit_waits_for_the_decision_even_on_its_day() -> None:
    """The results are in and the gate has passed: the dose is not asked for (E25)."""
    story = as_woman(at_visit(in_neoadjuvant()))
    assert "dose_given" in asked(story)
    assert "dose_given" not in asked(pregnant(story))
