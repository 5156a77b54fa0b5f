"""Corrected days: what is counted from a day 1 moves with it, and what cannot be true beside the rest is refused."""

from datetime import timedelta
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.patient.windows import epoch_dates
from domain.submission import Reason
from tests.correcting import changed, correct, day_1, seq, void
from tests.given import Outcome, Story, day, facts_of, refused, the
from tests.stories import (
    at_visit,
    cycle_given,
    diaries,
    died,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    reconsent_asked,
    registered,
    told,
)

BENMELSTOBART = (c.GivenDrug(drug="BENMELSTOBART"),)
ETOPOSIDE = (c.GivenDrug(drug="ETOPOSIDE"),)


def dose(cycle: str, on: int, drugs: tuple[c.GivenDrug, ...], number: int = 1) -> c.ReportDose:
    """Give the report of a dose."""
    return c.ReportDose(cycle=cycle, day=number, given_on=day(on), drugs=drugs)


def moves(outcome: Outcome) -> list[tuple[int, str, int | None]]:
    """Give number and kind of each fact that reads otherwise, and the number it follows from."""
    return [(fact.fact, fact.of, fact.follows) for fact in facts_of(outcome, f.FactCorrected)]


def withdrawn(outcome: Outcome) -> list[tuple[str, str]]:
    """Give each deviation a correction withdrew, with the reason."""
    return [(fact.item, fact.why) for fact in facts_of(outcome, f.DeviationWithdrawn)]


def recorded(outcome: Outcome) -> list[str]:
    """Give the deviations a correction recorded."""
    return [fact.item for fact in facts_of(outcome, f.DeviationRecorded)]


def in_two_reports() -> Story:
    """C1D1 was told in two reports of day 7, benmelstobart and etoposide, and day 2 in a third; it is day 30."""
    story = told(at_visit(in_neoadjuvant()), dose("C1", 7, BENMELSTOBART))
    story = passing(told(story, dose("C1", 7, ETOPOSIDE)), day(8))
    return passing(told(story, dose("C1", 8, ETOPOSIDE, 2)), day(30))


# What is counted from a day 1


def test_the_course_at_home_moves_with_day_1() -> None:
    """T2.1, T3: the last capsule is a day later too; surgery is counted from it."""
    story = passing(diaries(in_neoadjuvant("COHORT_1", 1), day(20)), day(25))
    course = seq(story, f.CourseTaken)
    assert story.facts[course - 1].last_on == day(20)
    first, second, third = (seq(story, f.DoseGiven, cycle=1, day=number) for number in (1, 2, 3))
    outcome = correct(story, first, given_on=str(day(8)))
    assert moves(outcome) == [
        (first, "DoseGiven", None),
        (second, "DoseGiven", first),
        (third, "DoseGiven", first),
        (course, "CourseTaken", first),
    ]
    moved: Any = facts_of(outcome, f.FactCorrected, of="CourseTaken")[0].content
    assert (moved.cycle, moved.days, moved.last_on) == (1, tuple(range(1, 15)), day(21))
    assert outcome.story.state.last_dose["ANLOTINIB"] == day(21)
    assert [(d, on) for d, drug, on in outcome.story.state.cycles[1].given if drug == "ETOPOSIDE"] == [
        (1, day(8)), (2, day(9)), (3, day(10)),
    ]  # fmt: skip


@pytest.mark.parametrize(("taken", "last_on"), [((), None), ((1, 2), day(29))])
def test_a_course_goes_along_to_the_other_cycle(taken: tuple[int, ...], last_on: object) -> None:
    """T2.1: C2 was C3 that came early; what was taken at home, or that nothing was, belongs to C3."""
    story = passing(diaries(in_neoadjuvant("COHORT_1", 2), day(20)), day(43))
    story = told(story, c.ReportCourse(cycle="C2", drug="ANLOTINIB", days=taken))
    outcome = correct(story, day_1(story, 2), cycle="C3")
    after = outcome.story.state
    assert [(row.days, row.last_on) for row in after.cycles[3].courses] == [(taken, last_on)]
    assert after.cycles[2].courses == ()
    assert [row.cycle for row in after.cycles[1].courses] == [1]


def test_another_report_of_day_1_keeps_the_later_days() -> None:
    """T2: etoposide told as of C1D1 was that of C2D1; C1 keeps its day 1, its day 2 and its dates."""
    story = in_two_reports()
    number = seq(story, f.DoseGiven, cycle=1, day=1)
    outcome = correct(story, number, cycle="C2", given_on=str(day(28)))
    assert moves(outcome) == [(number, "DoseGiven", None)]
    after = outcome.story.state
    assert after.cycles[1].given == ((1, "BENMELSTOBART", day(7)), (2, "ETOPOSIDE", day(8)))
    assert after.cycles[2].given == ((1, "ETOPOSIDE", day(28)),)
    assert (after.cycles[1].day_1_on, after.cycles[2].day_1_on) == (day(7), day(28))
    assert (after.current_cycle.label, after.current_cycle.planned_on) == ("C3", day(49))


@pytest.mark.parametrize(("now", "taken"), [(51, False), (52, True)])
def test_a_later_day_moves_up_to_today(now: int, *, taken: bool) -> None:
    """C3D3 of day 51 would be day 52: the day before it that is in the future, on it it is not."""
    story = in_surgery_wait() if now == 51 else passing(in_surgery_wait(), day(52))
    outcome = correct(story, day_1(story, 3), given_on=str(day(50)))
    third = seq(story, f.DoseGiven, cycle=3, day=3)
    if taken:
        moved: Any = the(outcome, f.FactCorrected, fact=third).content
        assert moved.given_on == day(52)
        return
    no = refused(outcome, Reason.FUTURE, field="fields.given_on")
    assert no.detail == f"fact {third} would move to {day(52)}, which lies in the future"
    assert no.accepts == f"`correct` of fact {third} first"


def test_a_dose_that_turns_out_to_be_of_another_cycle_after_the_end_plans_nothing() -> None:
    """T2.2, T6.1: C2 was C3, and treatment was discontinued: C2 was left out, and no cycle is awaited."""
    story = in_neoadjuvant("COHORT_1", 2)
    story = told(story, c.DiscontinueTreatment(decided_on=story.today, why="tired"))
    outcome = correct(story, day_1(story, 2), cycle="C3")
    after = outcome.story.state
    assert (after.epoch, after.treatment_ended) == ("FOLLOW_UP", "DISCONTINUED")
    assert facts_of(outcome, f.CyclePlanned) == []
    omitted = the(outcome, f.DoseOmitted)
    assert (omitted.cycle, omitted.drug, omitted.decided_on, omitted.why) == (
        2, None, day(28), "the record was corrected",
    )  # fmt: skip
    deviation = the(outcome, f.DeviationRecorded, item="OMITTED/C2")
    assert (deviation.rule, deviation.text, deviation.important) == ("T2.2", "C2 omitted", False)
    assert "dose_given" not in [ask.kind for ask in asks(outcome.story.state)]


@pytest.mark.parametrize(("until", "first", "planned"), [(35, 8, 35), (29, 10, 29), (29, 11, 29), (29, 12, 30)])
def test_a_cycle_that_was_put_off_stays_so_unless_its_window_opens_later(until: int, first: int, planned: int) -> None:
    """T2.2: the investigator's date stands, up to the day before which nothing may be given: 18 d after day 1."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    story = told(story, c.DelayDose(cycle="C2", until=day(until), why="bed"))
    outcome = correct(story, day_1(story, 1), given_on=str(day(first)))
    plan = the(outcome, f.CyclePlanned)
    assert (plan.cycle, plan.anchor_on, plan.planned_on) == (2, day(first), day(planned))
    assert (plan.earliest_on, plan.latest_on) == (day(first + 18), day(first + 24))
    cycle = outcome.story.state.current_cycle
    assert (cycle.delayed, cycle.delay_why, cycle.planned_on) == (True, "bed", day(planned))


@pytest.mark.parametrize(("first", "gone"), [(8, False), (9, True), (10, True)])
def test_a_missed_window_of_a_cycle_that_moved_is_none_while_it_lasts(first: int, *, gone: bool) -> None:
    """T2.2: overdue since day 31, on day 33; up to day 32 it still is, up to day 33 it is not."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(33))
    assert "C2" in story.state.deviations
    number = day_1(story, 1)
    outcome = correct(story, number, given_on=str(day(first)))
    assert (("C2", f"the record was corrected: fact {number}") in withdrawn(outcome)) == gone
    assert ("C2" in outcome.story.state.deviations) != gone


@pytest.mark.parametrize(("first", "gone"), [(50, False), (51, True)])
def test_a_missed_window_of_surgery_that_moved_is_none_while_it_lasts(first: int, *, gone: bool) -> None:
    """T4: overdue since day 91, on day 93; up to day 92 it still is, up to day 93 it is not."""
    story = passing(diaries(in_surgery_wait(), day(93)), day(93))
    assert "SURGERY" in story.state.deviations
    outcome = correct(story, day_1(story, 3), given_on=str(day(first)))
    assert ("SURGERY" in [item for item, _ in withdrawn(outcome)]) == gone
    assert ("SURGERY" in outcome.story.state.deviations) != gone
    window = epoch_dates(outcome.story.state)
    assert window is not None
    assert window.latest_on == day(first + 42)


# What others rest on


def left_out() -> Story:
    """C2 is left out on day 28, and C3 is awaited."""
    story = at_visit(in_neoadjuvant("COHORT_1", 1))
    return told(story, c.OmitDose(cycle="C2", decided_on=day(28), why="sepsis"))


def test_an_omission_that_a_later_cycle_rests_on_is_not_void() -> None:
    """T2.2: C3 was given after C2 was left out; each of its reports is named, none of C1's."""
    story = left_out()
    number = seq(story, f.DoseOmitted)
    back = void(story, number).story
    assert (back.state.current_cycle.label, back.state.cycles[2].omitted) == ("C2", False)
    given = cycle_given(story)
    no = refused(void(given, number), Reason.CONTRADICTS, field="void")
    named = [seq(given, f.DoseGiven, cycle=3, day=one) for one in (1, 2, 3)]
    shown = ", ".join(map(str, sorted(named)))
    assert no.detail == f"fact {shown} rests on fact {number}"
    assert no.accepts == f"`correct` of fact {shown} first"


@pytest.mark.parametrize("evaluated", [115, 122])
def test_an_evaluation_that_a_dose_rests_on_is_not_void(evaluated: int) -> None:
    """T5, T7: C4 was given on day 122, also when that was the day of the evaluation; C1 to C3 rest on nothing of it."""
    story = in_adjuvant("COHORT_1", 1)
    number = seq(story, f.EvaluationJudged)
    if evaluated != 115:
        story = correct(story, number, evaluated_on=str(day(evaluated))).story
    no = refused(void(story, number), Reason.CONTRADICTS, field="void")
    assert no.accepts == f"`correct` of fact {day_1(story, 4)} first"
    free = void(in_adjuvant(), number)
    assert free.refusal is None


# What cannot be true beside the rest


def test_a_drug_that_would_stand_twice_is_refused() -> None:
    """T2: benmelstobart of C1D1 is in another report; one that is in none is taken."""
    story = in_two_reports()
    number = seq(story, f.DoseGiven, cycle=1, day=1)
    rows = [{"drug": name} for name in ("ETOPOSIDE", "BENMELSTOBART")]
    no = refused(correct(story, number, drugs=rows), Reason.CONTRADICTS, field="fields.drugs")
    assert (no.detail, no.accepts) == ("BENMELSTOBART on C1D1 stands twice", "each drug once")
    other = correct(story, number, drugs=[{"drug": "CISPLATIN"}]).story
    assert [drug for one, drug, _ in other.state.cycles[1].given if one == 1] == ["BENMELSTOBART", "CISPLATIN"]


def test_a_consent_to_a_version_that_is_on_record_is_refused() -> None:
    """I1.1: one consent to a version; which fact it is, is told."""
    story = passing(reconsent_asked(), day(12))
    story = told(story, c.RecordConsent(signed_on=day(12), version="V2.0"))
    first, second = seq(story, f.ConsentGiven, version="V1.0"), seq(story, f.ConsentGiven)
    no = refused(correct(story, second, version="V1.0"), Reason.CONTRADICTS, rule="I1.1", field="fields.version")
    assert no.detail == f"consent to V1.0 is fact {first}"
    assert no.accepts == f"another version, or `correct` of fact {first}"
    after = correct(story, second, version="V2.0", signed_on=str(day(11))).story
    assert after.state.consents == {"V1.0": day(0), "V2.0": day(11)}


@pytest.mark.parametrize(("on", "taken"), [(8, True), (7, False)])
def test_a_day_1_follows_the_one_before_by_a_day_at_least(on: int, *, taken: bool) -> None:
    """T2.2: on the same day there are not two cycles; the day after is far too early, and happened."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(40))
    outcome = correct(story, day_1(story, 2), given_on=str(day(on)))
    if taken:
        assert outcome.story.state.cycles[2].day_1_on == day(8)
        assert outcome.story.state.deviations["C2"].days_off == -17
        return
    no = refused(outcome, Reason.CONTRADICTS, field="fields.given_on")
    assert (no.detail, no.accepts) == (f"C1D1 was {day(7)}", f"a date after {day(7)}")


@pytest.mark.parametrize(("on", "taken"), [(27, True), (28, False)])
def test_a_day_1_comes_before_the_next_by_a_day_at_least(on: int, *, taken: bool) -> None:
    """T2.2: C1 on the day before C2, or on its day."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(40))
    outcome = correct(story, day_1(story, 1), given_on=str(day(on)))
    if taken:
        assert outcome.story.state.cycles[1].day_1_on == day(27)
        return
    no = refused(outcome, Reason.CONTRADICTS, field="fields.given_on")
    assert (no.detail, no.accepts) == (f"C2D1 was {day(28)}", f"a date before {day(28)}")


def test_surgery_and_what_comes_after_it_stay_in_order() -> None:
    """T5: pathology of day 90; the same day is possible, the day before is not, from either side."""
    story = passing(in_evaluation(), day(95))
    surgery, report = seq(story, f.SurgeryPerformed), seq(story, f.PathologyReported)
    assert correct(story, surgery, performed_on=str(day(90))).story.state.surgery_on == day(90)
    no = refused(correct(story, surgery, performed_on=str(day(91))), Reason.CONTRADICTS, field="fields.performed_on")
    assert (no.detail, no.accepts) == (f"reported_on is {day(90)}", f"a date up to {day(90)}")
    assert correct(story, report, reported_on=str(day(80))).story.state.pathology_report.reported_on == day(80)
    no = refused(correct(story, report, reported_on=str(day(79))), Reason.IMPOSSIBLE, field="fields.reported_on")
    assert (no.detail, no.accepts) == (f"surgery was on {day(80)}", f"a date from {day(80)}")
    judged = in_adjuvant()
    number = seq(judged, f.EvaluationJudged)
    no = refused(correct(judged, number, evaluated_on=str(day(79))), Reason.IMPOSSIBLE, field="fields.evaluated_on")
    assert (no.detail, no.accepts) == (f"surgery was on {day(80)}", f"a date from {day(80)}")
    outcome = correct(judged, number, evaluated_on=str(day(80)))
    assert outcome.story.state.evaluated_on == day(80)
    found = [(row.item, row.days_off, row.important) for row in facts_of(outcome, f.DeviationRecorded)]
    assert found == [("EVALUATION", -28, True), ("PATHOLOGY", None, True)]


@pytest.mark.parametrize(("on", "taken"), [(-1, False), (0, True), (1, True)])
def test_a_dose_before_the_consent_is_asked_about(on: int, *, taken: bool) -> None:
    """I1.1: before the consent of day 0 it is sent again with confirm and reason; from that day on it is taken."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(12))
    number = day_1(story, 1)
    outcome = correct(story, number, given_on=str(day(on)))
    if taken:
        assert outcome.story.state.cycles[1].day_1_on == day(on)
        return
    no = refused(outcome, Reason.CONFIRM, rule="I1.1", field="fields.given_on")
    assert no.detail == f"{day(on)} is before the informed consent of {day(0)}"
    assert no.accepts == "the same, sent again with confirmed and a reason"
    sure = correct(story, number, how={"confirmed": True, "reason": "seen in the chart"}, given_on=str(day(on)))
    assert sure.story.state.cycles[1].day_1_on == day(on)
    half = correct(story, number, how={"confirmed": True}, given_on=str(day(on)))
    refused(half, Reason.CONFIRM, rule="I1.1", field="fields.given_on")


def test_a_birth_lies_before_the_consent() -> None:
    """I2: on the day of the consent it is impossible; the day before is a matter of the criteria."""
    no = refused(correct(registered(), 1, born_on=str(day(0))), Reason.CONTRADICTS, field="fields.born_on")
    assert (no.detail, no.accepts) == (f"the informed consent is of {day(0)}", f"a date before {day(0)}")
    assert correct(registered(), 1, born_on=str(day(-1))).story.state.born_on == day(-1)


def test_a_death_before_what_shows_the_subject_alive_is_asked_about() -> None:
    """Q9: the last infusion was on day 51; on its day the death is possible."""
    story = passing(died(), day(62))
    number = seq(story, f.SubjectDied)
    assert correct(story, number, died_on=str(day(51))).story.state.died_on == day(51)
    no = refused(correct(story, number, died_on=str(day(50))), Reason.CONFIRM, field="died_on")
    assert no.detail == f"{day(50)} is before the last dose of ETOPOSIDE of {day(51)}"


def test_an_instant_of_now_is_taken_and_one_after_it_is_not() -> None:
    """T10: awareness and report, up to the instant the correction is sent."""
    story = in_neoadjuvant("COHORT_1", 1)
    event = {"term": "rash", "grade": 3, "serious": True, "onset_on": story.today}
    story = told(story, c.ReportAdverseEvent.model_validate(event))
    number = seq(story, f.AdverseEventReported)
    story = told(story, c.ReportSafety(event=number, reported_at=story.now, to="SPONSOR"))
    story = passing(story, story.today + timedelta(days=1))
    report = seq(story, f.SafetyReportMade)
    second = timedelta(seconds=1)
    for fact, name in ((number, "aware_at"), (report, "reported_at")):
        assert correct(story, report, reported_at=story.now.isoformat()).refusal is None
        later: dict[str, Any] = {name: (story.now + second).isoformat()}
        no = refused(correct(story, fact, **later), Reason.FUTURE, rule="T10", field=f"fields.{name}")
        assert (no.detail, no.accepts) == (f"{name} lies in the future", f"up to {story.now.isoformat()}")
    aware_at = story.facts[number - 1].aware_at
    minute = timedelta(minutes=1)
    assert correct(story, report, reported_at=(aware_at + minute).isoformat()).refusal is None
    no = refused(correct(story, report, reported_at=(aware_at - minute).isoformat()), Reason.CONFIRM, rule="T10",
                 field="fields.reported_at")  # fmt: skip
    assert no.detail == f"reported before the site was aware ({story.state.site.shown(aware_at)})"
    moved = correct(story, report, reported_at=(aware_at + minute).isoformat()).story
    assert correct(moved, report, reported_at=aware_at.isoformat()).refusal is None
    no = refused(correct(story, report, event=1), Reason.CONTRADICTS, field="fields.event")
    assert (no.detail, no.accepts) == ("fact 1 is no adverse event and no pregnancy", f"one of {number}")


# What a fact may read


def test_what_no_command_takes_is_held_against_the_fact() -> None:
    """A date that is none, of a field that the fact names otherwise than its command; a list that is no list."""
    story = in_neoadjuvant("COHORT_1", 1)
    ended = told(story, c.DiscontinueTreatment(decided_on=story.today, why="tired"))
    no = refused(correct(ended, seq(ended, f.TreatmentEnded), ended_on="soon"), Reason.MALFORMED,
                 field="fields.ended_on")  # fmt: skip
    assert no.detail.startswith("ended_on: ")
    assert no.accepts == "fields: ended_on, why; or void"
    no = refused(correct(story, day_1(story, 1), drugs=None), Reason.MALFORMED, field="fields.drugs")
    assert no.detail.startswith("drugs: ")
    assert no.accepts == "fields: cycle, day, given_on, drugs; or void"


def test_the_differences_of_a_day_name_what_moved() -> None:
    """Before and after, in the words people read; what did not change is not among them."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    first = day_1(story, 1)
    rows = changed(correct(story, first, given_on=str(day(8))))
    assert rows[f"dose given C1D1 #{first}: given_on"] == (str(day(7)), str(day(8)))
    assert rows[f"dose given C1D2 #{seq(story, f.DoseGiven, cycle=1, day=2)}: given_on"] == (str(day(8)), str(day(9)))
    assert rows["C1"][0].endswith(f", given {day(7)}")
    assert rows["C1"][1] == rows["C1"][0].replace(f", given {day(7)}", f", given {day(8)}")
    assert rows["C2"] == (
        f"planned {day(28)}, {day(25)} to {day(31)}",
        f"planned {day(29)}, {day(26)} to {day(32)}",
    )
    assert rows["window"] == (f"{day(25)} to {day(31)} (T2.2)", f"{day(26)} to {day(32)} (T2.2)")
    assert not {"phase", "epoch", "resection", "end of treatment", "eligibility confirmed"} & set(rows)
