"""Corrections in detail: what each difference says, which states of an event count, and which report is which."""

from datetime import timedelta
from typing import Any

import pytest

from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.clocks import clocks
from domain.submission import Reason
from tests.correcting import changed, correct, day_1, seq, void
from tests.given import Outcome, Story, day, facts_of, noon, refused, the, when
from tests.stories import (
    as_woman,
    at_visit,
    eligible,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    results,
    screened,
    told,
)

SECOND = timedelta(seconds=1)
SERIOUS = "SERIOUS_ADVERSE_EVENT"


def row(code: str, value: str, unit: str, sampled: int, **about: Any) -> dict[str, Any]:
    """Give one result as a person types it in a correction."""
    at = noon(day(sampled)).isoformat()
    return {"code": code, "system": "analyte", "value": value, "unit": unit, "collected_at": at, **about}


def event(story: Story, **changes: Any) -> Story:
    """Report an adverse event of today."""
    fields: dict[str, Any] = {"term": "rash", "grade": 2, "serious": False, "onset_on": story.today} | changes
    return told(story, c.ReportAdverseEvent(**fields))


def bleeding(grade: int = 3, **changes: Any) -> tuple[Story, int]:
    """A bleeding after C1, and its number."""
    story = event(in_neoadjuvant("COHORT_1", 1), aesi="BLEEDING", grade=grade, **changes)
    return story, seq(story, f.AdverseEventReported)


def open_acts(story: Story) -> list[tuple[int, str]]:
    """Give the events that ask for a decision, with the act."""
    return [(ask.event, ask.command) for ask in story.state.safety.open]


def gone(outcome: Outcome, kind: str) -> list[tuple[int, int | None]]:
    """Give the facts of a kind that count as never said, with what they follow from."""
    return [(fact.fact, fact.follows) for fact in facts_of(outcome, f.FactCorrected, of=kind) if fact.content is None]


# The differences


def test_a_fact_that_counts_no_longer_and_again_is_one_difference() -> None:
    """Both ways, by its name, cycle and number."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    third = seq(story, f.DoseGiven, cycle=1, day=3)
    away = void(story, third)
    assert changed(away)[f"dose given C1D3 #{third}"] == ("on record", "entered in error")
    back = correct(away.story, third, given_on=str(day(9)))
    assert changed(back)[f"dose given C1D3 #{third}"] == ("entered in error", "on record")


def test_a_corrected_result_is_one_difference_and_so_is_each_criterion_of_its_gate() -> None:
    """T11, I11.4: value before and after; the verdict with its sentence; what is asked and ordered then."""
    story = at_visit(in_neoadjuvant())
    order = len(story.facts) + 4
    rows = changed(correct(story, seq(story, f.LabResultsRecorded), results=[row("PLT", "79", "10*9/L", 6)]))
    assert rows[f"PLT of {day(6)} 12:00"] == ("231 10*3/uL", "79 10*9/L")
    assert rows["C1 gate I11.4"] == (
        "MET: Platelets 231 10*9/L, >= 80 required",
        "NOT_MET: Platelets 79 10*9/L, >= 80 required",
    )
    assert rows["C1 gate"] == (f"PASSED on {day(6)}", f"FAILED on {day(6)}")
    assert rows[f"laboratory order {order}"] == ("", "GATE: HB, ANC, PLT, TBIL, ALT, AST, CREAT, UPROT")
    assert rows["asked: override_gate"] == ("", "INVESTIGATOR: C1D1 on hold: gate failed, new sample awaited")
    assert rows["notice DOSE_ON_HOLD"] == ("", "to COORDINATOR, INVESTIGATOR: C1D1 on hold: I11.4 NOT_MET")
    assert rows["end of the gate's samples C1"][1] == ""
    assert not {"HB of 2025-06-08 12:00", "C1 gate I11.2", "C1"} & set(rows)


def test_a_result_that_is_set_aside_says_why() -> None:
    """T11: kept, not used; a gate without a sample has no date."""
    story = at_visit(in_neoadjuvant())
    rows = changed(void(story, seq(story, f.LabResultsRecorded)))
    assert rows[f"HB of {day(6)} 12:00"] == ("13.2 g/dL", "13.2 g/dL, not used: entered in error: misread")
    assert rows["C1 gate"] == (f"PASSED on {day(6)}", "FAILED")


def test_an_event_is_shown_with_grade_seriousness_and_classes() -> None:
    """T10, T9: what it was and is, its timers, and what it asks for."""
    story, number = bleeding(serious=True)
    rows = changed(correct(story, number, grade=2, serious=False))
    assert rows[f"event of fact {number}"] == (f"grade 3, serious, {SERIOUS}", "grade 2")
    assert rows[f"adverse event reported #{number}: serious"] == ("yes", "no")
    assert rows[f"adverse event reported #{number}: grade"] == ("3", "2")
    text = f"SAE fact {number}: report to SPONSOR by {story.today + timedelta(days=1)} 12:00"
    assert rows[f"reminder of report {number} SAE_SPONSOR"] == (text, "")
    assert rows[f"deadline of report {number} SAE_SPONSOR"] == (f"{text}: overdue", "")
    assert rows["asked: discontinue_drug"] == (
        f"INVESTIGATOR: bleeding: discontinue anlotinib for good (fact {number})", "",
    )  # fmt: skip
    before, after = rows["asked: sae_reported"]
    assert (before.count("; "), before.count(" or SURGEON or "), after) == (1, 1, "")
    renamed = changed(correct(story, number, resolved_on=str(story.today), expected=True))
    assert renamed[f"adverse event reported #{number}: resolved_on"] == ("none", str(story.today))
    assert renamed[f"adverse event reported #{number}: expected"] == ("none", "yes")
    pregnant = as_woman(in_neoadjuvant("COHORT_1", 1))
    pregnant = told(pregnant, c.ReportPregnancy(found_on=pregnant.today))
    found = seq(pregnant, f.PregnancyFound)
    rows = changed(void(pregnant, found))
    assert rows[f"event of fact {found}"] == ("pregnancy, PREGNANCY", "")
    assert rows["dosing stopped by"] == (f"fact {found}", "")


def test_instants_are_the_site_s_and_long_values_are_cut() -> None:
    """T10: 20:00 in Shanghai is 12:00 UTC; 400 characters of one value are shown."""
    story, number = bleeding(serious=True)
    earlier = story.now - timedelta(hours=4)
    rows = changed(correct(story, number, aware_at=earlier.isoformat()))
    assert rows[f"adverse event reported #{number}: aware_at"] == (f"{story.today} 12:00", f"{story.today} 08:00")
    drugs = [{"drug": f"DRUG_{place:02d}", "causality": "NOT_RELATED"} for place in range(20)]
    before, after = changed(correct(story, number, drug_causality=drugs))[
        f"adverse event reported #{number}: drug_causality"
    ]
    assert (before, len(after)) == ("", 400)
    assert after.startswith("drug DRUG_00, causality NOT_RELATED; drug DRUG_01, ")


def test_the_end_the_verdict_and_the_phase_are_differences() -> None:
    """T6, T1.1: as people read them; what is not there is empty."""
    story = in_evaluation()
    rows = changed(correct(story, seq(story, f.PathologyReported), resection="R1"))
    assert rows["phase"] == ("EVALUATION", "FOLLOW_UP")
    assert rows["epoch"] == ("EVALUATION", "FOLLOW_UP")
    assert rows["end of treatment"] == ("", f"{story.today} RESECTION_R1")
    assert rows["window"][0] == f"{day(108)} to {day(122)} (T5)"
    assert rows["notice END_OF_TREATMENT"][1].endswith(": end of treatment: RESECTION_R1")
    rows = changed(correct(eligible(), 1, born_on="2010-01-01"))
    assert rows["eligibility confirmed"] == (str(day(3)), "")
    dead = told(in_surgery_wait(), c.ReportDeath(died_on=in_surgery_wait().today))
    assert changed(void(dead, seq(dead, f.SubjectDied)))["end of study"] == ("DEATH", "")


# Events and their states


def test_what_another_event_asks_for_stays() -> None:
    """T9: two bleedings; one is entered in error."""
    story, first = bleeding(3)
    story = event(story, aesi="BLEEDING", grade=3, term="nosebleed")
    second = seq(story, f.AdverseEventReported)
    assert open_acts(story) == [(first, "discontinue_drug"), (second, "discontinue_drug")]
    outcome = void(story, second)
    asked = seq(story, f.SafetyActionAsked)
    assert gone(outcome, "SafetyActionAsked") == [(asked, second)]
    assert open_acts(outcome.story) == [(first, "discontinue_drug")]


@pytest.mark.parametrize(
    ("grade", "acts"),
    [(1, []), (2, ["hold_drug"]), (3, ["discontinue_drug"]), (4, ["discontinue_drug"]), (5, ["discontinue_drug"])],
)
@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_corrected_grade_asks_for_what_its_rule_wants(first: int, grade: int, acts: list[str]) -> None:
    """T9: grade 2 holds anlotinib, 3 to 5 stops it for good, 1 asks for nothing; from each of them to each."""
    story, number = bleeding(first)
    if first == grade:
        refused(correct(story, number, grade=grade), Reason.CONTRADICTS, field="fields")
        return
    outcome = correct(story, number, grade=grade)
    assert open_acts(outcome.story) == [(number, act) for act in acts]
    state = outcome.story.state.safety.events[number]
    assert (state.grade, state.fatal, state.serious) == (grade, grade == 5, grade == 5)


def test_an_ask_that_fits_one_state_of_the_event_stays() -> None:
    """T9: grade 3 by its follow-up; the report corrected from 1 to 2 changes no ask."""
    story, number = bleeding(1)
    story = told(story, c.UpdateAdverseEvent(event=number, grade=3))
    assert open_acts(story) == [(number, "discontinue_drug")]
    outcome = correct(story, number, grade=2)
    assert gone(outcome, "SafetyActionAsked") == []
    assert open_acts(outcome.story) == [(number, "discontinue_drug")]
    assert outcome.story.state.safety.events[number].grade == 3


def test_a_follow_up_is_corrected_on_the_event_as_it_was_before_it() -> None:
    """T10: what a later follow-up said is none of the earlier one's."""
    story, number = bleeding(2)
    story = told(story, c.UpdateAdverseEvent(event=number, outcome="RECOVERING"))
    first = seq(story, f.AdverseEventUpdated)
    story = told(story, c.UpdateAdverseEvent(event=number, serious=True))
    second = seq(story, f.AdverseEventUpdated)
    outcome = correct(story, first, outcome="NOT_RECOVERED")
    made: Any = the(outcome, f.FactCorrected, fact=first).content
    assert (made.outcome, made.serious, made.classes, made.grade) == ("NOT_RECOVERED", False, (), None)
    assert facts_of(outcome, f.FactCorrected, fact=second) == []
    after = outcome.story.state.safety.events[number]
    assert (after.outcome, after.serious, after.grade) == ("NOT_RECOVERED", True, 2)
    assert {clock.event.classes[SERIOUS].seq for clock in clocks(outcome.story.state)} == {second}


def test_a_follow_up_that_said_nothing_of_it_is_serious_with_the_report() -> None:
    """T10: the clock runs from the report's awareness; the follow-up is listed as it reads now."""
    story, number = bleeding(2)
    aware_at = story.now
    story = told(story, c.UpdateAdverseEvent(event=number, outcome="RECOVERED"))
    update = seq(story, f.AdverseEventUpdated)
    outcome = correct(story, number, serious=True)
    made: Any = the(outcome, f.FactCorrected, fact=update, follows=number).content
    assert (made.serious, made.classes) == (True, (SERIOUS,))
    since = outcome.story.state.safety.events[number].classes[SERIOUS]
    assert (since.at, since.seq) == (aware_at, number)
    assert [row.notice for row in facts_of(outcome, f.NoticeRequested)].count(SERIOUS) == 1
    again = correct(outcome.story, number, term="haemorrhage")
    assert SERIOUS not in [row.notice for row in facts_of(again, f.NoticeRequested)]


def test_a_follow_up_that_said_not_serious_itself_keeps_that() -> None:
    """T10: eased by its own word; the report's other words change nothing of it, and nothing is told twice."""
    story, number = bleeding(2, serious=True)
    eased = c.UpdateAdverseEvent(event=number, serious=False)
    story = told(story, eased, confirmed=True, reason="not admitted")
    outcome = correct(story, number, term="haemorrhage")
    after = outcome.story.state.safety.events[number]
    assert (after.term, after.serious, dict(after.classes)) == ("haemorrhage", False, {})
    assert facts_of(outcome, f.NoticeRequested) == []


def test_seriousness_withdrawn_is_told_once_with_its_number() -> None:
    """T10: whoever was told of it is told that it is none."""
    story, number = bleeding(2, serious=True)
    outcome = correct(story, number, serious=False)
    notice = the(outcome, f.NoticeRequested, notice="SERIOUSNESS_WITHDRAWN")
    assert notice.text == f"adverse event fact {number} is no longer held to be serious"
    again = correct(outcome.story, number, term="haemorrhage")
    assert facts_of(again, f.NoticeRequested) == []


def test_an_event_of_before_randomization_stays_one() -> None:
    """E25: a pregnancy told in screening is not reportable later, whatever of its words is corrected."""
    story = event(as_woman(screened()), aesi="PREGNANCY", grade=1, term="test")
    number = seq(story, f.AdverseEventReported)
    assert dict(story.state.safety.events[number].classes) == {}
    later = story.with_facts(in_neoadjuvant().facts[len(screened().facts) :], in_neoadjuvant().now)
    outcome = correct(later, number, term="positive test")
    assert dict(outcome.story.state.safety.events[number].classes) == {}
    assert clocks(outcome.story.state) == ()
    early, number = bleeding(2)
    assert dict(early.state.safety.events[number].classes) == {}


# Pregnancies that results told of


def sampled(story: Story, *tests: tuple[str, int]) -> Story:
    """Type in pregnancy tests of samples of noon of days."""
    rows = tuple(ReportedResult(code="HCG", system="analyte", value=value, collected_at=noon(day(on))) for value, on in
                 tests)  # fmt: skip
    return told(story, c.TypeLabResults(results=rows))


def test_a_pregnancy_keeps_its_date_while_one_of_its_samples_tells_of_it() -> None:
    """E25: of two positive samples one was misread; the other dates it."""
    story = sampled(passing(as_woman(in_neoadjuvant("COHORT_1", 1)), day(20)), ("positive", 19), ("positive", 20))
    number, found = seq(story, f.LabResultsRecorded), seq(story, f.PregnancyFound)
    assert story.facts[found - 1].found_on == day(20)
    kept = correct(story, number, results=[row("HCG", "positive", "", 20), row("HCG", "negative", "", 19)])
    assert facts_of(kept, f.FactCorrected, of="PregnancyFound") == []
    moved = correct(story, number, results=[row("HCG", "positive", "", 18), row("HCG", "positive", "", 19)])
    made: Any = the(moved, f.FactCorrected, of="PregnancyFound", follows=number).content
    assert (made.found_on, made.result) == (day(18), number)
    assert moved.story.state.safety.stopped == {found}


def test_a_pregnancy_that_is_withdrawn_leaves_what_another_event_asks_for() -> None:
    """E25, T9: the bleeding still asks for its hold."""
    story = event(as_woman(in_neoadjuvant("COHORT_1", 1)), aesi="BLEEDING", grade=2)
    first = seq(story, f.AdverseEventReported)
    story = sampled(passing(story, day(20)), ("positive", 20))
    number, found = seq(story, f.LabResultsRecorded), seq(story, f.PregnancyFound)
    assert open_acts(story) == [(first, "hold_drug"), (found, "safety_decision")]
    outcome = correct(story, number, results=[row("HCG", "negative", "", 20)])
    assert open_acts(outcome.story) == [(first, "hold_drug")]
    assert gone(outcome, "PregnancyFound") == [(found, number)]


# Later reports of the laboratory


def first_gate() -> Story:
    """C1 was given on a passed gate; the gate of C2 awaits its results on day 27."""
    story = passing(in_neoadjuvant(), day(6))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(6)), complete=True)
    story = passing(told(story, report), day(7))
    return passing(told(story, c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN")), day(27))


def one(code: str, on: int, **about: Any) -> ReportedResult:
    """Give a later report of one clean result."""
    return next(row for row in results(day(on)) if row.code == code).model_copy(update=about)


def test_two_later_reports_are_one_correction_that_names_both() -> None:
    """T11: their status in words, what reads otherwise and what is not used, without values."""
    story = first_gate()
    number = seq(story, f.LabResultsRecorded)
    later = (one("PLT", 6, status="corrected", value="200"), one("HB", 6, status="entered-in-error"))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=(*results(day(27)), *later), complete=True)
    outcome = when(story, report)
    made = the(outcome, f.FactCorrected, of="LabResultsRecorded")
    assert (made.fact, made.why) == (number, "report of the laboratory: corrected, entered-in-error")
    assert made.follows is None
    notice = the(outcome, f.NoticeRequested, notice="LABORATORY_AMENDED")
    assert notice.text == f"the laboratory changed results of fact {number}: PLT corrected, HB not used"
    deviation = the(outcome, f.DeviationRecorded, item="GATE/C1")
    assert (deviation.text, deviation.actual_on) == ("C1D1 given with the pre-dose gate failed", day(7))


@pytest.mark.parametrize(("after", "taken"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)])
def test_an_amended_result_nobody_took_in_counts_when_its_sample_was_asked_for(
    after: timedelta, *, taken: bool
) -> None:
    """T11: of a sample after the instant the order asks from; at it and before it, it is another order's."""
    story = first_gate()
    number = story.seq_of(f.LabsOrdered)
    at = story.facts[number - 1].after + after
    amended = one("PLT", 27, status="corrected", value="199", collected_at=at)
    outcome = when(story, c.LabsReported(order=number, results=(amended,), complete=False))
    values = [value.reported for fact in facts_of(outcome, f.LabResultsRecorded) for value in fact.accepted]
    assert ("199 10*3/uL" in values) == taken
    assert facts_of(outcome, f.FactCorrected) == []


# Which fact


def test_a_number_that_is_not_there_is_refused_and_the_last_is_not() -> None:
    """From 1 to the last fact."""
    story = told(in_surgery_wait(), c.ReportContact(contacted_on=in_surgery_wait().today))
    last = len(story.facts)
    no = refused(correct(story, last + 1, disease_free=True), Reason.CONTRADICTS, field="fact")
    assert (no.detail, no.accepts) == (f"fact {last + 1} is not on record", f"a number from 1 to {last}")
    number = seq(story, f.FollowUpContacted)
    assert correct(story, number, disease_free=True).refusal is None


def test_what_a_refusal_of_a_correction_says() -> None:
    """Each names the fact, and what would be taken."""
    story = in_neoadjuvant("COHORT_1", 1)
    dead = told(story, c.ReportDeath(died_on=story.today))
    death, end = seq(dead, f.SubjectDied), seq(dead, f.StudyEnded)
    no = refused(void(dead, end), Reason.RULE, field="fact")
    assert (no.detail, no.accepts) == (f"fact {end} follows from fact {death}", f"fact {death}")
    no = refused(void(story, 1), Reason.RULE, field="void")
    assert (no.detail, no.accepts) == ("SubjectRegistered cannot be void", "fields")
    first = day_1(story, 1)
    no = refused(correct(story, first, void=True, given_on=str(day(8))), Reason.MALFORMED, field="fields")
    assert (no.detail, no.accepts) == (
        "a fact that counts as never said has no fields", "void alone, or fields alone",
    )  # fmt: skip
    third = seq(story, f.DoseGiven, cycle=1, day=3)
    away = void(story, third).story
    no = refused(void(away, third), Reason.CONTRADICTS, field="void")
    assert (no.detail, no.accepts) == (
        f"fact {third} counts as never said already", "fields, when it was said after all",
    )  # fmt: skip
    no = refused(correct(story, third, given_on=str(day(9))), Reason.CONTRADICTS, field="fields")
    assert (no.detail, no.accepts) == (f"fact {third} reads like that already", "a field that differs")
    resting = ", ".join(str(seq(story, f.DoseGiven, cycle=1, day=number)) for number in (2, 3))
    for no in (
        refused(void(story, first), Reason.CONTRADICTS, field="void"),
        refused(correct(story, first, day=2, given_on=str(day(8))), Reason.CONTRADICTS, field="fields.day"),
    ):
        assert (no.detail, no.accepts) == (
            f"fact {resting} rests on fact {first}",
            f"`correct` of fact {resting} first",
        )
    no = refused(void(story, first, role="COORDINATOR", staff="CRC9"), Reason.ROLE, rule="3.6 corrections")
    assert (no.detail, no.accepts) == (f"fact {first} was entered by ANYONE1", "ANYONE1 or INVESTIGATOR")


def test_a_surgery_that_others_rest_on_names_them() -> None:
    """T5: pathology and evaluation first."""
    story = in_adjuvant()
    surgery = seq(story, f.SurgeryPerformed)
    numbers = ", ".join(map(str, sorted(seq(story, kind) for kind in (f.PathologyReported, f.EvaluationJudged))))
    no = refused(void(story, surgery), Reason.CONTRADICTS, field="void")
    assert (no.detail, no.accepts) == (f"fact {numbers} rests on fact {surgery}", f"`correct` of fact {numbers} first")
