"""The pre-dose gate, verdict by verdict as a whole: what it looks at, what it orders, what a day 1 departs by (T11)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.evidence import Reproduction
from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from tests.evidence import asked_again
from tests.given import SITE, Outcome, Story, day, facts_of, noon, the, told_kinds, when
from tests.stories import (
    answered,
    as_woman,
    at_visit,
    in_neoadjuvant,
    passing,
    registered,
    results,
    screened,
    told,
)

LOW = {"PLT": ("40", "10*9/L", "")}
P = day(28)
"""C2D1 as planned."""
GATE = ("HB", "ANC", "PLT", "TBIL", "ALT", "AST", "CREAT", "UPROT")


def result(code: str, value: str, on: date | datetime, unit: str = "10*9/L", **how: Any) -> ReportedResult:
    """Give one result of noon of a date, or of an instant."""
    at = on if isinstance(on, datetime) else noon(on)
    return ReportedResult(code=code, system="analyte", value=value, unit=unit, collected_at=at, **how)


def typed(*rows: ReportedResult) -> c.TypeLabResults:
    """Give results typed in."""
    return c.TypeLabResults(results=rows)


def ordered() -> Story:
    """C1 is given; it is day 25, and the results for C2's gate are ordered."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(25))


def passed(sampled: int = 27) -> Story:
    """C2's gate has passed on a sample of a day, on that day."""
    return answered(passing(in_neoadjuvant("COHORT_1", 1), day(sampled)), day(sampled))


def low() -> Story:
    """C2 is on hold: platelets of 40 in a sample of day 26, on that day."""
    return answered(passing(ordered(), day(26)), day(26), LOW)


def c2(on: date = P) -> c.ReportDose:
    """C2D1 was given."""
    return c.ReportDose(cycle="C2", given_on=on, choice="CISPLATIN")


def gate_deviations(outcome: Outcome) -> list[f.DeviationRecorded]:
    """Give the deviations of the gate."""
    return [row for row in facts_of(outcome, f.DeviationRecorded) if row.item.startswith(("GATE/", "FIRST_DOSE/"))]


def found(check: f.GateChecked, rule: str) -> tuple[str, list[tuple[str, date | None]]]:
    """Give a verdict on one criterion with the samples it rests on."""
    (finding,) = [row for row in check.findings if row.rule == rule]
    return str(finding.verdict), [(row.what, row.on) for row in finding.evidence]


def late_gate(text: str) -> f.DeviationRecorded:
    """Give the deviation of C2D1 of day 28 by results that came later."""
    text = f"C2D1 given on values that later results show failing: {text}"
    return f.DeviationRecorded(item="GATE/C2", rule="T11", text=text, important=True, actual_on=P)


# Results that hold the gate again, and those that do not


def test_a_result_that_passes_again_is_one_verdict_and_nothing_more() -> None:
    """T11: nobody is told, no order is answered twice."""
    outcome = when(passing(passed(), P), typed(result("PLT", "150", P)))
    kinds = told_kinds(outcome)
    assert kinds[:2] == [f.LabResultsRecorded, f.GateChecked]
    assert len(facts_of(outcome, f.LabResultsRecorded)) == 1
    assert not facts_of(outcome, f.LabsOrdered)


@pytest.mark.parametrize("first", [True, False])
def test_what_no_gate_looks_at_holds_none_again(first: bool) -> None:  # noqa: FBT001 - a table
    """T11: albumin; and of a later cycle statements. On the day after the planned one, when a verdict would differ."""
    story = at_visit(in_neoadjuvant()) if first else passing(passed(), P)
    story = passing(story, story.today + timedelta(days=1))
    albumin = when(story, typed(result("ALB", "20", story.today, unit="g/L")))
    assert not facts_of(albumin, f.GateChecked)
    said = when(story, asked_again(story.today))
    assert [check.cycle for check in facts_of(said, f.GateChecked)] == ([1] if first else [])
    lighter = c.RecordEvidence(assessed_on=story.today, weight_kg=Decimal(40))
    assert [check.cycle for check in facts_of(when(story, lighter), f.GateChecked)] == ([1] if first else [])


def test_a_positive_pregnancy_test_before_c1_holds_its_gate() -> None:
    """I10.2: it counts for the first dose alone."""
    about = Reproduction(on=day(3), sterile=False, lactating=False, contraception_agreed=True)
    story = as_woman(in_neoadjuvant())
    story = told(story, c.RecordEvidence(assessed_on=day(3), reproduction=about), day(3))
    negative = result("HCG", "negative", day(3), unit="")
    story = told(told(story, typed(negative), day(3)), asked_again(day(3)), day(3))
    story = answered(passing(story, day(6)), day(6), {"HCG": ("negative", "", "")})
    assert story.state.cycles[1].gate == "PASSED"
    check = the(when(story, typed(result("HCG", "positive", day(7), unit="")), on=day(7)), f.GateChecked)
    assert (check.passed, check.day_1_on, found(check, "I10.2")[0]) == (False, day(7), "NOT_MET")


@pytest.mark.parametrize("over", [c.ReportDeath(died_on=P), c.ReportWithdrawal(withdrawn_on=P, level="STUDY")])
def test_results_after_the_end_hold_no_gate_and_no_day_1(over: Any) -> None:
    """T6.1: they are kept; neither the awaited dose nor one that was given is held against them."""
    story = told(passing(passed(), P), over)
    for sampled in (P, day(6)):
        outcome = when(story, typed(result("PLT", "20", sampled)))
        assert facts_of(outcome, f.LabResultsRecorded)
        assert not facts_of(outcome, f.GateChecked)
        assert not facts_of(outcome, f.DeviationRecorded)


def test_an_override_does_not_cover_a_worse_value_of_the_same_criterion() -> None:
    """T11: given on platelets of 40; with 15 the dose is on hold again."""
    story = told(low(), c.OverrideGate(cycle="C2", why="stable"))
    assert when(story, typed(result("PLT", "40", day(26)))).story.state.cycles[2].gate == "OVERRIDDEN"
    assert when(story, typed(result("PLT", "15", day(27))), on=day(27)).story.state.cycles[2].gate == "FAILED"


def test_an_override_covers_statements_that_come_in_part() -> None:
    """T11: it was given on all that were too old; one of them said anew is nothing new against the dose."""
    story = answered(passing(in_neoadjuvant(), day(20)), day(20))
    story = told(story, c.OverrideGate(cycle="C1", why="asked on the ward"))
    outcome = when(story, asked_again(day(20), "bleeding"))
    assert not facts_of(outcome, f.GateChecked)
    assert outcome.story.state.cycles[1].gate == "OVERRIDDEN"


def test_after_an_override_a_later_verdict_counts_again() -> None:
    """T11: a result that passes ends it; a worse one that came after it makes day 1 a deviation."""
    story = told(low(), c.OverrideGate(cycle="C2", why="stable"))
    passes = when(story, typed(result("PLT", "150", day(27))), on=day(27))
    assert the(passes, f.GateChecked).passed
    assert passes.story.state.cycles[2].gate == "PASSED"
    worse = passing(told(story, typed(result("PLT", "15", day(27))), day(27)), P)
    (row,) = gate_deviations(when(worse, c2()))
    assert (row.text, row.important) == ("C2D1 given with the pre-dose gate failed", True)


# What a verdict rests on


def test_a_result_that_is_missing_stays_missing_whatever_was_known_earlier() -> None:
    """T11: hemoglobin of C1 is no sample for C2; a sample is asked for, no statement."""
    story = passing(ordered(), day(26))
    first = when(
        story,
        c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(26), {"HB": None}), complete=True),
    )
    check = the(first, f.GateChecked)
    assert found(check, "I11.2") == ("UNKNOWN", [])
    assert the(first, f.NoticeRequested).text == "C2D1 on hold: I11.2 UNKNOWN"
    assert the(first, f.LabsOrdered).after == noon(day(26))
    held = [ask for ask in asks(first.story.state) if ask.kind in ("screening_evidence", "override_gate")]
    assert [(ask.kind, ask.text) for ask in held] == [
        ("override_gate", "C2D1 on hold: gate failed, new sample awaited")
    ]
    again = when(first.story, typed(result("PLT", "20", day(27))), on=day(27))
    check = the(again, f.GateChecked)
    assert (found(check, "I11.2"), found(check, "I11.4")) == (("UNKNOWN", []), ("NOT_MET", [("Platelets", day(27))]))


def test_an_order_that_is_never_answered_is_asked_again_from_the_same_instant() -> None:
    """T11: earlier samples are none of it, of C1 or of screening."""
    story = ordered()
    before = the(Outcome(story, story.now, facts=(story.facts[story.seq_of(f.LabsOrdered) - 1],)), f.LabsOrdered)
    outcome = when(story, c.LabsReported(order=story.seq_of(f.LabsOrdered), results=(), complete=False), on=day(39))
    check = the(outcome, f.GateChecked)
    assert (check.passed, check.sampled_on, check.day_1_on) == (False, None, day(39))
    assert the(outcome, f.LabsOrdered) == before.model_copy(update={"give_up_at": SITE.due_at(day(53))})


def test_what_grew_too_old_is_shown_with_its_date() -> None:
    """T11: the verdict of the day it expires rests on the sample of P-1, and asks for one after it."""
    outcome = when(passing(passed(), P + timedelta(days=2)), c.TimePassed(), on=P + timedelta(days=3))
    check = the(outcome, f.GateChecked)
    assert (check.passed, check.sampled_on, check.day_1_on) == (False, day(27), day(31))
    assert found(check, "I11.4") == ("UNKNOWN", [("Platelets", day(27))])
    assert the(outcome, f.LabsOrdered).after == noon(day(27))


def test_a_sample_of_three_days_before_day_1_is_young_though_it_was_taken_before_its_order() -> None:
    """T11: hemoglobin of day 25 beside platelets that failed on day 26 and were taken again on day 27."""
    for sampled, gate in ((25, "PASSED"), (24, "FAILED")):
        hb = result("HB", "13.2", noon(day(sampled)), unit="g/dL")
        story = told(ordered(), typed(hb))
        report = c.LabsReported(
            order=story.seq_of(f.LabsOrdered), results=results(day(26), {**LOW, "HB": None}), complete=True
        )
        story = told(story, report, day(26))
        outcome = when(story, typed(result("PLT", "150", day(27))), on=day(27))
        assert outcome.story.state.cycles[2].gate == gate


def test_the_sample_that_failed_is_none_of_the_order_that_it_led_to() -> None:
    """T11: four days later it is not there, rather than too old; one of its very instant answers no order."""
    outcome = when(passing(low(), day(30)), typed(result("HB", "13.2", day(30), unit="g/dL")))
    assert found(the(outcome, f.GateChecked), "I11.4") == ("UNKNOWN", [])
    same = when(low(), c.TypeLabResults(results=results(day(26))))
    assert [row.order for row in facts_of(same, f.LabResultsRecorded)] == [None]
    assert low().seq_of(f.LabsOrdered) in same.story.state.intents


def test_a_delayed_dose_whose_gate_failed_asks_for_a_sample_after_the_failing_one() -> None:
    """T11: put off by a day, its three days would begin before the sample that failed."""
    for until, after in ((29, noon(day(26))), (31, SITE.start_of(day(28)))):
        story = told(low(), c.DelayDose(cycle="C2", until=day(until), why="bed"))
        story = passing(story, day(until - 3) if until > 29 else day(27))
        (order,) = [row for row in story.facts[len(low().facts) :] if isinstance(row, f.LabsOrdered)]
        assert (order.cycle, order.after, order.analytes) == (2, after, GATE)


def test_a_pregnancy_test_is_ordered_for_the_first_dose_alone() -> None:
    """I10.2: not for C2."""
    order = the(when(as_woman(in_neoadjuvant("COHORT_1", 1)), c.TimePassed(), on=day(25)), f.LabsOrdered)
    assert order.analytes == GATE


# Day 1 as it was given


def test_a_first_dose_before_its_order_is_held_against_the_record_with_its_pregnancy_test() -> None:
    """T11, I10.2: on the day of randomization, on the sample of screening; the pregnancy test is the latest sample."""
    story = as_woman(in_neoadjuvant())
    about = Reproduction(on=day(3), sterile=False, lactating=False, contraception_agreed=True)
    story = told(story, c.RecordEvidence(assessed_on=day(3), reproduction=about), day(3))
    story = told(story, typed(result("HCG", "negative", day(2), unit="")), day(3))
    outcome = when(story, c.ReportDose(cycle="C1", given_on=day(3), choice="CISPLATIN"))
    check = the(outcome, f.GateChecked)
    assert (check.passed, check.sampled_on, check.day_1_on) == (True, day(2), day(3))
    assert gate_deviations(outcome) == []


def test_a_dose_told_after_its_order_was_given_up_is_held_against_what_was_known() -> None:
    """T11: on day 26 with a good sample of day 24; on day 30 the laboratory has nothing, and the gate fails."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(24)), typed(*results(day(24))))
    story = passing(story, day(30))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=(), complete=False)
    story = told(story, report)
    assert story.state.cycles[2].gate == "FAILED"
    outcome = when(story, c2(day(26)))
    check = the(outcome, f.GateChecked)
    assert (check.passed, check.sampled_on, check.day_1_on) == (True, day(24), day(26))
    assert gate_deviations(outcome) == []


def test_an_early_day_1_is_held_against_the_latest_verdict_on_samples_of_before_it() -> None:
    """T11: failed on day 26, passed on a sample of day 27 for day 28, given on day 27."""
    story = told(passing(low(), day(27)), typed(result("PLT", "150", day(27))))
    assert story.state.cycles[2].gate == "PASSED"
    assert gate_deviations(when(story, c2(day(27)))) == []
    expected = f.DeviationRecorded(
        item="GATE/C2", rule="T11", text="C2D1 given with the pre-dose gate failed", important=True, actual_on=day(26)
    )
    assert gate_deviations(when(story, c2(day(26)))) == [expected]


def test_a_dose_on_the_day_its_samples_expired_was_given_on_a_failed_gate() -> None:
    """T11: the verdict of that very day counts; told of the day before the one before it does."""
    story = passing(passed(), P + timedelta(days=3))
    expected = f.DeviationRecorded(
        item="GATE/C2", rule="T11", text="C2D1 given with the pre-dose gate failed", important=True, actual_on=day(31)
    )
    assert gate_deviations(when(story, c2(day(31)))) == [expected]
    assert gate_deviations(when(story, c2(day(30)))) == []


def test_a_dose_on_samples_too_old_names_each_of_them_once() -> None:
    """T11: two of day 25, on day 29; the verdict itself had passed for day 28."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    old = ("HB", "PLT")
    story = told(story, typed(*(row for row in results(day(25)) if row.code in old)))
    story = told(passing(story, day(27)), typed(*(row for row in results(day(27)) if row.code not in old)))
    assert story.state.cycles[2].gate == "PASSED"
    of = f"of {day(25)} (4 d old, at most 3 d)"
    expected = f.DeviationRecorded(
        item="GATE/C2",
        rule="T11",
        text=f"C2D1 given on Hemoglobin {of}, Platelets {of}",
        important=False,
        actual_on=day(29),
    )
    assert gate_deviations(when(replace(story, now=noon(day(29))), c2(day(29)))) == [expected]


def test_a_dose_before_its_sample_and_one_on_an_override_without_any() -> None:
    """T11: a sample taken later is a deviation that is not important; what was overridden is none."""
    story = passed(28)
    text = f"C2D1 given on a sample of {P}, at most 3 d old"
    (row,) = gate_deviations(when(story, c2(day(27))))
    assert (row.text, row.important, row.actual_on) == (text, False, day(27))
    over = told(ordered(), c.OverrideGate(cycle="C2", why="results by telephone"))
    assert gate_deviations(when(passing(over, P), c2())) == []
    (bare,) = gate_deviations(when(passing(ordered(), P), c2()))
    assert (bare.text, bare.important, bare.actual_on) == ("C2D1 given with the pre-dose gate not checked", True, P)


def test_an_old_pregnancy_test_at_the_first_dose_is_told_with_its_date() -> None:
    """I10.2: of day 1, on day 9."""
    story = as_woman(in_neoadjuvant())
    about = Reproduction(on=day(3), sterile=False, lactating=False, contraception_agreed=True)
    story = told(story, c.RecordEvidence(assessed_on=day(3), reproduction=about), day(3))
    story = told(story, typed(result("HCG", "negative", day(1), unit="")), day(3))
    story = told(story, asked_again(day(3)), day(3))
    story = answered(passing(story, day(6)), day(6))
    late = c.ReportDose(cycle="C1", given_on=day(9), choice="CISPLATIN")
    (row,) = gate_deviations(when(replace(story, now=noon(day(9))), late))
    assert (row.item, row.important, row.actual_on) == ("FIRST_DOSE/I10.2", True, day(9))


# Results that came after day 1


@pytest.mark.parametrize(("sampled", "told_late"), [(24, False), (25, True), (27, True), (28, True), (29, False)])
def test_a_late_result_counts_from_three_days_before_day_1_to_day_1(sampled: int, told_late: bool) -> None:  # noqa: FBT001 - a table
    """T11: of the last cycle that was begun; the deviation says which criterion fails."""
    story = passing(told(passing(passed(), P), c2()), day(30))
    outcome = when(story, typed(result("PLT", "20", day(sampled))))
    assert gate_deviations(outcome) == ([late_gate("I11.4 NOT_MET")] if told_late else [])


def test_late_results_name_each_criterion_that_fails_and_no_other() -> None:
    """T11: platelets and neutrophils are of the gate, INR is not."""
    story = told(passing(passed(), P), c2())
    rows = (result("PLT", "20", P), result("ANC", "0.3", P), result("INR", "3.4", P, unit="{INR}"))
    assert gate_deviations(when(story, typed(*rows))) == [late_gate("I11.3 NOT_MET, I11.4 NOT_MET")]
    assert gate_deviations(when(story, typed(rows[2]))) == []


def test_a_late_result_of_what_the_gate_knew_is_no_new_departure() -> None:
    """T11: given on platelets of 40, which the deviation of day 1 says; of 41 in a later report they fail as before."""
    story = told(passing(low(), P), c2())
    again = typed(result("PLT", "41", day(26)))
    assert gate_deviations(when(story, again)) == []
    other = typed(result("ANC", "0.3", P))
    assert gate_deviations(when(story, other)) == [late_gate("I11.3 NOT_MET")]


def test_late_results_are_held_against_the_verdict_that_counts_for_day_1() -> None:
    """T11: platelets failed on day 26 and passed on day 27; later results show both days' values failing."""
    story = told(passing(low(), day(27)), typed(result("PLT", "150", day(27))))
    story = told(passing(story, P), c2())
    rows = (result("PLT", "20", P), result("ANC", "0.3", P))
    assert gate_deviations(when(story, typed(*rows))) == [late_gate("I11.3 NOT_MET, I11.4 NOT_MET")]


def test_results_that_answer_an_open_order_after_day_1_are_held_against_it() -> None:
    """T11: given before the laboratory answered; what answers the order is a fact of its own, with nothing new."""
    story = told(passing(ordered(), P), c2())
    outcome = when(story, typed(*results(P, LOW)))
    assert late_gate("I11.4 NOT_MET") in gate_deviations(outcome)


# Orders that are answered late


def test_a_complete_screening_answer_is_told_in_one_sentence() -> None:
    """3.1: nothing is missing, nothing is asked again."""
    story = registered()
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(1)), complete=True)
    outcome = when(story, report, on=day(2))
    assert the(outcome, f.NoticeRequested).text == "screening laboratory results are in"
    assert not facts_of(outcome, f.LabsOrdered)
    assert outcome.story.facts == screened().facts


def test_an_answer_for_a_cycle_that_was_left_out_holds_no_other_gate() -> None:
    """T11: C2 is left out while its results are awaited; they are kept."""
    story = ordered()
    order = story.seq_of(f.LabsOrdered)
    story = told(story, c.OmitDose(cycle="C2", decided_on=day(25), why="moved"))
    outcome = when(story, c.LabsReported(order=order, results=results(day(26), LOW), complete=True), on=day(26))
    assert facts_of(outcome, f.LabResultsRecorded)
    assert not facts_of(outcome, f.GateChecked)
