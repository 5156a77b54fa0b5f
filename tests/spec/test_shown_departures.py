"""The deviations that a record shows by itself once it was corrected: each as a whole (3.4, T1.1, T10)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.expected import expected
from domain.patient.history import effective
from tests.correcting import correct, void
from tests.evidence import clean
from tests.given import Story, day
from tests.spec.test_agenda import sae
from tests.spec.test_corrected_results import gate_results, row
from tests.stories import (
    answered,
    as_woman,
    at_visit,
    in_adjuvant,
    in_follow_up,
    in_neoadjuvant,
    operable,
    passing,
    registered,
    results,
    told,
)


def shown(story: Story) -> Mapping[str, f.DeviationRecorded]:
    """Give what the record shows, corrections applied."""
    return expected(story.entries, effective(story.facts), story.state, story.now)


def c2() -> Story:
    """C1 is given on day 7; it is day 20."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(20))


def vaccinated() -> Story:
    """A live vaccine on day 19, in treatment (E23)."""
    return told(c2(), c.ReportLiveVaccine(given_on=day(19), product="measles"))


def operated_in_treatment() -> Story:
    """Surgery on day 21, while C2 is awaited (T4)."""
    report = c.ReportSurgery(performed_on=day(21), resection="R0")
    return told(passing(c2(), day(22)), report, confirmed=True, reason="emergency")


def randomized_after(days: int) -> Story:
    """Consent so many days before the allocation was asked for, on day 3 (3.1)."""
    signed = c.Consent(signed_on=day(3 - days), version="V1.0", obtained_by="INV1")
    story = answered(registered(consent=signed), day(1), on=day(2))
    return told(told(story, c.ConfirmEligibility(judged_on=day(3)), day(3)), c.RequestRandomization())


def missed_contact() -> Story:
    """No contact in the window of days 450 to 478; it is day 485 (Q13)."""
    return passing(in_follow_up(), day(485))


def contacted(on: int) -> Story:
    """The missed contact is told on day 485 after all."""
    return told(missed_contact(), c.ReportContact(contacted_on=day(on)), confirmed=True, reason="found")


def unreported() -> Story:
    """Nobody reported a serious event of day 9 within 24 h; three days later (T10)."""
    story = sae(in_neoadjuvant("COHORT_1", 1))
    return passing(story, story.today + timedelta(days=3))


def reported_late() -> Story:
    """Reported to the sponsor after three days, 48 h late; not to the committee (T10)."""
    story = unreported()
    number = story.seq_of(f.AdverseEventReported)
    return told(story, c.ReportSafety(event=number, reported_at=story.now, to="SPONSOR", stage="INITIAL"))


def unexplained() -> Story:
    """Not resected on day 80, without a reason (T6.1)."""
    report = c.ReportSurgery(performed_on=day(80), resection="NOT_RESECTED")
    return told(passing(operable(), day(80)), report)


@pytest.mark.parametrize(
    ("build", "items"),
    [
        (vaccinated, {f"VACCINE/{day(19)}"}),
        (operated_in_treatment, {"SURGERY", "OPERABILITY", "WASHOUT/ANLOTINIB", "SURGERY_PHASE"}),
        (lambda: randomized_after(28), set()),
        (lambda: randomized_after(29), {"SCREENING"}),
        (missed_contact, {f"OVERDUE/FOLLOW_UP/{day(479)}"}),
        (lambda: contacted(449), {f"OVERDUE/FOLLOW_UP/{day(479)}"}),
        (lambda: contacted(479), {f"OVERDUE/FOLLOW_UP/{day(479)}"}),
        (unreported, {"REPORT/24/SAE_SPONSOR", "REPORT/24/SAE_EC"}),
        (reported_late, {"REPORT/24/SAE_SPONSOR", "REPORT/24/SAE_EC"}),
        (unexplained, {"NOT_RESECTED"}),
    ],
)
def test_the_record_shows_what_was_recorded_when_it_was_told(build: Callable[[], Story], items: set[str]) -> None:
    """Item, rule, text, importance, window and date are those on record (E23, T4, 3.1, Q13, T10, T6.1)."""
    story = build()
    assert set(story.state.deviations) == items
    assert shown(story) == story.state.deviations


@pytest.mark.parametrize("on", [450, 478])
def test_a_contact_in_its_window_was_not_missed(on: int) -> None:
    """On the first and on the last day of the window, whenever it was told (Q13)."""
    assert shown(contacted(on)) == {}


def test_a_late_report_has_the_date_on_which_it_was_made() -> None:
    """48 h after the deadline of noon of day 10; what nobody made has none (T10)."""
    found = shown(reported_late())
    assert found["REPORT/24/SAE_SPONSOR"].actual_on == day(12)
    assert found["REPORT/24/SAE_SPONSOR"].text.endswith("made 48 h late")
    assert found["REPORT/24/SAE_EC"].actual_on is None
    assert found["REPORT/24/SAE_EC"].text.endswith("overdue")


@pytest.mark.parametrize(("found_on", "stopped"), [(27, True), (28, True), (29, False)])
def test_a_dose_given_while_doses_were_stopped_is_shown(found_on: int, stopped: bool) -> None:  # noqa: FBT001 - of the table
    """A pregnancy told on day 29, and then C2 of day 28: on or after the day it was found (E25)."""
    story = told(passing(as_woman(c2()), day(29)), c.ReportPregnancy(found_on=day(found_on)))
    number = story.seq_of(f.PregnancyFound)
    story = told(story, c.ReportDose(cycle="C2", given_on=day(28), choice="CISPLATIN"))
    text = f"C2D1 given while dosing is stopped by fact {number}"
    deviation = f.DeviationRecorded(item="STOPPED/C2D1", rule="E25", text=text, important=True, actual_on=day(28))
    assert shown(story).get("STOPPED/C2D1") == (deviation if stopped else None)


def test_a_report_that_may_still_be_made_is_no_deviation() -> None:
    """Its clock has not rung (T10)."""
    assert shown(sae(in_neoadjuvant("COHORT_1", 1))) == {}


# A plan that rests on a measurement which was corrected (3.4)


def carboplatin(*levels: c.DoseLevel) -> Story:
    """C1 is planned with carboplatin on a creatinine of 0.9 mg/dL, and given on day 7."""
    plan = c.PlanDoses(cycle="C1", choice="CARBOPLATIN", why="kidneys", levels=levels)
    return told(told(at_visit(in_neoadjuvant()), plan), c.ReportDose(cycle="C1", given_on=day(7)))


def with_creatinine(story: Story, value: str) -> Story:
    """The creatinine behind the plan was really another one."""
    number = gate_results(story)
    return correct(story, number, results=[row("CREAT", value, "mg/dL", 6, upper_limit="1.2")]).story


@pytest.mark.parametrize(
    ("creatinine", "right", "important"),
    [
        ("0.78", 592, True),
        ("0.79", 586, False),
        ("0.85", 554, False),
        ("1.02", 482, False),
        ("1.03", 479, True),
        ("1.1", 456, True),
    ],
)
def test_a_given_dose_is_held_against_what_it_would_have_been(creatinine: str, right: int, important: bool) -> None:  # noqa: FBT001 - of the table
    """530 mg were planned. Important from 10 % of the right dose on; dated by day 1 (3.4, T9)."""
    story = with_creatinine(carboplatin(), creatinine)
    text = f"CARBOPLATIN of C1 was planned at 530 mg on a measurement that was corrected: {right} mg"
    deviation = f.DeviationRecorded(
        item="BASIS/C1/CARBOPLATIN", rule="3.4", text=text, important=important, actual_on=day(7)
    )
    assert shown(story) == story.state.deviations == {"BASIS/C1/CARBOPLATIN": deviation}


def test_a_difference_below_the_rounding_is_none() -> None:
    """A creatinine of 0.901 in place of 0.9 mg/dL moves less than 1 mg (3.4)."""
    assert shown(with_creatinine(carboplatin(), "0.901")) == {}


def test_a_level_that_was_planned_stays_what_it_was() -> None:
    """Anlotinib at 8 mg is no consequence of the creatinine (3.4, T9)."""
    level = c.DoseLevel(drug="ANLOTINIB", amount=Decimal(8), unit="mg")
    assert set(shown(with_creatinine(carboplatin(level), "1.4"))) == {"BASIS/C1/CARBOPLATIN"}


def test_only_the_plan_that_was_given_is_held_against_its_measurements() -> None:
    """A first plan on 0.9 mg/dL gave way to one on a later sample: the first sample was wrong, no matter (3.4)."""
    plan = c.PlanDoses(cycle="C1", choice="CARBOPLATIN", why="kidneys")
    story = told(at_visit(in_neoadjuvant()), plan)
    number = gate_results(story)
    sample = tuple(one for one in results(day(7), {"CREAT": ("1.2", "mg/dL", "1.2")}) if one.code == "CREAT")
    story = told(told(story, c.TypeLabResults(results=sample)), plan)
    story = told(story, c.ReportDose(cycle="C1", given_on=day(7)))
    corrected = correct(story, number, results=[row("CREAT", "1.1", "mg/dL", 6, upper_limit="1.2")]).story
    assert shown(corrected) == corrected.state.deviations == {}


# What the allocation rested on (T1.1)


def test_a_result_after_the_request_is_not_what_the_allocation_rested_on() -> None:
    """Haemoglobin of 60 g/L, told right after the allocation was asked for (T1.1, I11.2)."""
    story = told(answered(registered(), day(1), on=day(2)), c.ConfirmEligibility(judged_on=day(3)), day(3))
    story = told(story, c.RequestRandomization())
    low = tuple(one for one in results(day(3), {"HB": ("6.0", "g/dL", "")}) if one.code == "HB")
    story = told(story, c.TypeLabResults(results=low))
    assert shown(story) == {}


def test_the_last_result_before_the_request_is_what_the_allocation_rested_on() -> None:
    """Results of day 1 are too old on day 9, those of day 9 are not; entered in error, nothing is left (T1.1)."""
    story = told(answered(registered(), day(1), on=day(2)), c.RecordEvidence(**dict(clean(day(5)))), day(5))
    story = told(story, c.ConfirmEligibility(judged_on=day(5)))
    story = told(passing(story, day(9)), c.TypeLabResults(results=results(day(9))))
    story = told(story, c.RequestRandomization())
    story = told(story, c.SlotAllocated(slot=1, arm="COHORT_1", randomized_on=day(9)))
    assert shown(story) == {}
    lost = void(story, story.seq_of(f.LabResultsRecorded)).story
    found = shown(lost)["ELIGIBILITY/I11.2"]
    assert (found.rule, found.important, found.text) == (
        "I11.2",
        True,
        "randomized on evidence that was corrected: I11.2 UNKNOWN",
    )


def test_an_evaluation_without_its_surgery_has_no_window() -> None:
    """The surgery was entered in error; what was judged stays on record without dates to hold it against (T5)."""
    story = in_adjuvant()
    facts = [fact for fact in story.facts if not isinstance(fact, f.SurgeryPerformed)]
    kept = [number for number, fact in enumerate(story.facts) if not isinstance(fact, f.SurgeryPerformed)]
    alone = story.decider.fold_on(story.decider.initial, tuple(facts), lambda: tuple(facts))
    assert alone.surgery_on is None
    found = expected([story.entries[number] for number in kept], facts, alone, story.now)
    assert not {"EVALUATION", "PATHOLOGY", "SURGERY"} & set(found)
