"""What a correction may say: as much as the report at first, held to the same limits, and asked back alike."""

from datetime import timedelta
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.correcting import correct, day_1, reading, seq, void
from tests.given import Story, day, refused
from tests.stories import (
    as_woman,
    at_visit,
    diaries,
    in_adjuvant,
    in_neoadjuvant,
    operable,
    passing,
    screened,
    told,
)

SURE: dict[str, Any] = {"confirmed": True, "reason": "seen in the chart"}


def treated() -> Story:
    """C1 was given on day 7; it is day 20, and what was taken at home is reported."""
    return passing(diaries(in_neoadjuvant("COHORT_1", 1), day(20)), day(20))


def after(story: Story, command: Any, **how: Any) -> Story:
    """Tell one thing more, confirmed."""
    return told(story, command, **SURE, **how)


# Dates before the consent (I1.1)


def vaccinated() -> Story:
    """A live vaccine of day -10, before the consent of day 0, told with its confirmation."""
    return after(treated(), c.ReportLiveVaccine(given_on=day(-10), product="MMR"))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (c.ReportSurgery(performed_on=day(5), resection="R0"), "performed_on"),
        (c.ReportDeath(died_on=day(20)), "died_on"),
        (c.ReportWithdrawal(withdrawn_on=day(20), level="TREATMENT"), "withdrawn_on"),
        (c.ReportProgression(found_on=day(20)), "found_on"),
        (c.ReportContact(contacted_on=day(20)), "contacted_on"),
        (c.ReportLiveVaccine(given_on=day(20)), "given_on"),
    ],
)
def test_a_date_before_the_consent_is_asked_about(command: Any, name: str) -> None:
    """I1.1: on the day of the consent it is taken, or asked about for another reason; the day before names it."""
    story = after(treated(), command)
    number = next(
        seq for seq, fact in enumerate(story.facts, start=1) if fact.kind != "DoseGiven" and hasattr(fact, name)
    )
    before: dict[str, Any] = {name: str(day(-1))}
    no = refused(correct(story, number, **before), Reason.CONFIRM, rule="I1.1", field=f"fields.{name}")
    assert no.detail == f"{day(-1)} is before the informed consent of {day(0)}"
    on_the_day: dict[str, Any] = {name: str(day(0))}
    same_day = correct(story, number, **on_the_day)
    assert same_day.refusal is None or same_day.refusal.rule != "I1.1"


def test_a_date_that_stays_is_not_asked_about_again() -> None:
    """I1.1, T10: what was confirmed at first stands; another field is corrected without a question."""
    story = vaccinated()
    number = seq(story, f.LiveVaccineGiven)
    assert correct(story, number, product="yellow fever").refusal is None
    sure = correct(story, number, how=dict(SURE), given_on=str(day(-11)))
    assert reading(sure).given_on == day(-11)


def test_a_dose_is_put_off_to_a_date_to_come() -> None:
    """T2.2: the date until which it is put off lies ahead, as at first; a decision does not."""
    story = told(treated(), c.DelayDose(cycle="C2", until=day(30), why="fever"))
    number = seq(story, f.DoseDelayed)
    outcome = correct(story, number, until=str(day(31)))
    assert reading(outcome, fact=number).until == day(31)
    assert correct(story, number, why="infection").refusal is None


# Verdicts, instants, events


def test_a_negative_verdict_names_its_rule() -> None:
    """T12: not operable, and not fit, without a reason."""
    waiting, fit = operable(), in_adjuvant()
    for asked in (
        correct(waiting, seq(waiting, f.OperabilityJudged), operable=False),
        correct(fit, seq(fit, f.EvaluationJudged), fit=False),
    ):
        no = refused(asked, Reason.RULE, rule="T12", field="fields.why")
        assert no.accepts == "a reason"


def test_an_event_said_after_all_has_its_awareness_again() -> None:
    """T10: nothing is compared with what counted as never said; what lies ahead is refused."""
    story = told(treated(), c.ReportAdverseEvent(term="rash", grade=2, serious=True, onset_on=day(19)))
    number = seq(story, f.AdverseEventReported)
    gone = void(story, number).story
    later = (story.now + timedelta(seconds=1)).isoformat()
    refused(correct(gone, number, aware_at=later), Reason.FUTURE, rule="T10", field="fields.aware_at")
    back = correct(gone, number, aware_at=story.now.isoformat())
    assert back.story.state.safety.events[number].serious


def test_a_report_of_an_event_that_is_not_serious_any_more_is_corrected() -> None:
    """T10: no clock runs, so there is no awareness it could be too early for."""
    story = told(treated(), c.ReportAdverseEvent(term="rash", grade=2, serious=True, onset_on=day(19)))
    number, now = seq(story, f.AdverseEventReported), story.now
    story = told(story, c.ReportSafety(event=number, reported_at=now, to="SPONSOR"))
    report = seq(story, f.SafetyReportMade)
    eased = correct(story, number, serious=False).story
    at = now - timedelta(days=2)
    outcome = correct(eased, report, reported_at=at.isoformat())
    assert reading(outcome).reported_at == at


def test_what_cannot_be_true_of_an_event_names_its_field() -> None:
    """T10, E25: an end before the onset, an unknown code, a pregnancy of a man."""
    story = told(treated(), c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=day(19)))
    number = seq(story, f.AdverseEventReported)
    no = refused(correct(story, number, resolved_on=str(day(18))), Reason.CONTRADICTS, field="fields.resolved_on")
    assert no.accepts == f"a date from {day(19)}"
    assert correct(story, number, resolved_on=str(day(19))).refusal is None
    refused(correct(story, number, onset_on=str(day(18)), resolved_on=str(day(17))), Reason.CONTRADICTS,
            field="fields.resolved_on")  # fmt: skip
    refused(correct(story, number, aesi="HICCUP"), Reason.MALFORMED, field="fields.aesi")
    woman = told(as_woman(treated()), c.ReportPregnancy(found_on=day(20)))
    found = seq(woman, f.PregnancyFound)
    man = correct(woman, 1, sex="MALE", born_on="1960-02-03").story
    refused(correct(man, found, found_on=str(day(19))), Reason.CONTRADICTS, rule="E25")
    assert correct(woman, found, found_on=str(day(19))).refusal is None


# What each field takes


def test_a_value_is_of_its_kind_and_no_other() -> None:
    """3.6: words are not yes or no, a number is not a date; whoever asks is told what is taken."""
    story = told(treated(), c.DiscontinueTreatment(decided_on=day(20), why="tired"))
    number = seq(story, f.TreatmentEnded)
    no = refused(correct(story, number, ended_on=1_750_377_600), Reason.MALFORMED, field="fields.ended_on")
    assert no.accepts == "fields: ended_on, why; or void"
    weight = seq(story, f.EvidenceRecorded)
    refused(correct(story, weight, no_support="yes"), Reason.MALFORMED, field="fields.no_support")
    first = day_1(story, 1)
    no = refused(correct(story, first, given_on=1_749_427_200), Reason.MALFORMED, field="fields.given_on")
    assert no.accepts == "date on which they were given"
    no = refused(correct(story, first, day="2"), Reason.MALFORMED, field="fields.day")
    assert no.accepts == "day of the cycle"


def test_a_field_that_is_none_is_named_as_far_as_it_fits() -> None:
    """80 characters of it."""
    unknown: dict[str, Any] = {"x" * 200: "1"}
    no = refused(correct(treated(), 1, **unknown), Reason.MALFORMED)
    assert no.field == "fields." + "x" * 73
    no = refused(correct(screened(), seq(screened(), f.EpochEntered), epoch="ADJUVANT"), Reason.RULE, field="fact")
    assert no.detail == f"fact {seq(screened(), f.EpochEntered)} is EpochEntered, which follows from others"


# Who corrects


def test_answers_that_came_with_the_registration_are_those_of_who_gave_them() -> None:
    """3.6 roles: the person named in them, whoever passed them on, takes them back."""
    story = screened()
    number = seq(story, f.JudgementsGiven)
    mine = void(story, number, role="COORDINATOR", staff="INV1")
    assert mine.story.state.judgements == {}
    no = refused(void(story, number, role="COORDINATOR", staff="CRC2"), Reason.ROLE, rule="3.6 corrections")
    assert (no.detail, no.accepts) == (f"fact {number} was entered by INV1", "INV1 or INVESTIGATOR")


def test_what_came_with_the_registration_is_not_said_to_be_of_the_laboratory() -> None:
    """3.6 roles: an investigator corrects it."""
    for fact in (1, seq(screened(), f.ConsentGiven)):
        no = refused(void(screened(), fact, role="COORDINATOR", staff="CRC1"), Reason.ROLE, field="fact")
        assert (no.detail, no.accepts) == (f"fact {fact} was entered by the product", "INVESTIGATOR")


def test_a_gate_entered_in_error_is_no_more_to_be_corrected() -> None:
    """T11: the verdict follows from the results."""
    story = at_visit(in_neoadjuvant())
    number = seq(story, f.GateChecked)
    no = refused(void(story, number), Reason.RULE, field="fact")
    assert no.detail == f"fact {number} is GateChecked, which follows from others"
