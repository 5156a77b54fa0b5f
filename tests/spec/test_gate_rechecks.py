"""The pre-dose gate after its first verdict: new results, samples that age, and day 1 as it was (T11, I10.2)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.evidence import Reproduction
from domain.findings import Finding
from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.patient.samples import expires_on
from tests.evidence import asked_again
from tests.given import Story, day, facts_of, given, noon, the, told_kinds, when
from tests.stories import (
    answered,
    as_woman,
    at_visit,
    in_neoadjuvant,
    passing,
    results,
    told,
)

LOW = {"PLT": ("20", "10*9/L", "")}
P = day(28)
"""C2D1 as planned."""
EVENING = noon(P - timedelta(days=1)) + timedelta(hours=8)


def result(code: str, value: str, at: datetime, unit: str = "10*9/L", **how: Any) -> ReportedResult:
    """Give one result."""
    return ReportedResult(code=code, system="analyte", value=value, unit=unit, collected_at=at, **how)


def typed(*rows: ReportedResult) -> c.TypeLabResults:
    """Give results typed in."""
    return c.TypeLabResults(results=rows)


def passed() -> Story:
    """C2's gate has passed on a sample of the day before; it is the day before."""
    return answered(passing(in_neoadjuvant("COHORT_1", 1), P - timedelta(days=1)), P - timedelta(days=1))


def c2(on: date = P) -> c.ReportDose:
    """C2D1 was given."""
    return c.ReportDose(cycle="C2", given_on=on, choice="CISPLATIN")


def gate_deviations(story: Story, command: c.ReportDose, on: date | None = None) -> list[f.DeviationRecorded]:
    """Give the deviations of the gate that a report of day 1 leads to."""
    found = facts_of(when(story, command, on=on), f.DeviationRecorded)
    return [row for row in found if row.item.startswith(("GATE/", "FIRST_DOSE/"))]


@pytest.mark.parametrize(
    ("row", "on"),
    [
        (result("PLT", "20", noon(P - timedelta(days=1)), status="corrected"), P - timedelta(days=1)),
        (result("PLT", "20", noon(P)), P),
        (result("CREAT", "400", noon(P), unit="umol/L", upper_limit="106"), P),
    ],
    ids=["corrected report", "newer sample", "creatinine"],
)
def test_a_failing_result_after_a_passed_gate_holds_the_dose(row: ReportedResult, on: date) -> None:
    """Recorded, told, asked and ordered again; given all the same it is an important deviation (T11)."""
    outcome = when(passing(passed(), on), typed(row))
    check = the(outcome, f.GateChecked)
    assert (check.cycle, check.passed, check.day_1_on) == (2, False, P)
    assert "on hold" in the(outcome, f.NoticeRequested, notice="DOSE_ON_HOLD").text
    assert the(outcome, f.LabsOrdered).cycle == 2
    assert outcome.story.state.cycles[2].gate == "FAILED"
    (deviation,) = gate_deviations(passing(outcome.story, P), c2())
    assert (deviation.item, deviation.important) == ("GATE/C2", True)


def test_a_corrected_report_of_the_laboratory_for_an_answered_order_holds_it_too() -> None:
    """Whatever the channel (T11)."""
    story = passed()
    row = result("PLT", "20", noon(P - timedelta(days=1)), status="corrected")
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=(row,), complete=True)
    assert told(story, report).state.cycles[2].gate == "FAILED"


def test_a_result_that_passes_is_recorded_and_tells_nobody() -> None:
    """The verdict rests on it from now on (T11)."""
    outcome = when(passing(passed(), P), typed(result("PLT", "150", noon(P))))
    assert the(outcome, f.GateChecked).sampled_on == P
    assert not facts_of(outcome, f.NoticeRequested)
    assert gate_deviations(outcome.story, c2()) == []


def test_what_the_gate_does_not_look_at_changes_nothing() -> None:
    """Albumin is no criterion of it."""
    outcome = when(passing(passed(), P), typed(result("ALB", "20", noon(P), unit="g/L")))
    assert told_kinds(outcome)[0] is f.LabResultsRecorded
    assert not facts_of(outcome, f.GateChecked)


def test_two_results_of_one_day_that_disagree_hold_the_dose() -> None:
    """CONFLICT is no pass (3.1)."""
    check = the(when(passed(), typed(result("PLT", "20", EVENING)), at=EVENING), f.GateChecked)
    assert {finding.verdict for finding in check.findings if not finding.is_clear} == {"CONFLICT"}


def test_a_corrected_report_lets_a_held_dose_go_and_ends_its_order() -> None:
    """The failing value was wrong; the values beside it are young enough (T11)."""
    held = at_visit(in_neoadjuvant("COHORT_1", 1), LOW)
    row = result("PLT", "200", noon(P - timedelta(days=1)), status="corrected")
    outcome = when(held, typed(row))
    assert the(outcome, f.NoticeRequested, notice="GATE_RELEASED").text.startswith("C2D1 no longer on hold")
    story = outcome.story
    assert story.state.cycles[2].gate == "PASSED"
    assert not any(isinstance(intent.fact, f.LabsOrdered) for intent in story.state.intents.values())


def test_an_override_covers_what_it_was_given_on_and_nothing_new() -> None:
    """The same failing value again changes nothing; another failing one holds the dose (T11)."""
    story = told(at_visit(in_neoadjuvant("COHORT_1", 1), LOW), c.OverrideGate(cycle="C2", why="stable"))
    same = told(story, typed(result("HB", "131", noon(P - timedelta(days=1)), unit="g/L", status="corrected")))
    assert same.state.cycles[2].gate == "OVERRIDDEN"
    assert gate_deviations(same, c2()) == []
    held = when(story, typed(result("HB", "60", noon(P), unit="g/L")))
    assert held.story.state.cycles[2].gate == "FAILED"
    assert len([row for row in held.facts if isinstance(row, f.LabsOrdered)]) == 0, "one is open already"


def test_an_override_before_any_result_is_not_undone_by_a_part_of_them() -> None:
    """What is missing it was given on; a value that fails it was not (T11)."""
    story = told(in_neoadjuvant("COHORT_1", 1), c.OverrideGate(cycle="C2", why="results by telephone"), day(26))
    assert told(story, typed(result("PLT", "150", noon(day(26))))).state.cycles[2].gate == "OVERRIDDEN"
    assert told(story, typed(result("PLT", "15", noon(day(26))))).state.cycles[2].gate == "FAILED"


def test_a_held_dose_is_told_once_for_the_same_reason() -> None:
    """Another result that changes no reason is kept (T11)."""
    held = at_visit(in_neoadjuvant("COHORT_1", 1), LOW)
    outcome = when(held, typed(result("PLT", "19", noon(P))))
    assert told_kinds(outcome)[0] is f.LabResultsRecorded
    assert not facts_of(outcome, f.NoticeRequested)


def test_results_that_came_after_day_1_are_held_against_it() -> None:
    """It was given on such values: a deviation, told once; what was overridden is none (T11)."""
    story = told(passing(passed(), P), c2())
    late = typed(result("PLT", "20", noon(P - timedelta(days=1)), status="corrected"))
    deviation = the(when(story, late), f.DeviationRecorded)
    assert (deviation.item, deviation.rule, deviation.important) == ("GATE/C2", "T11", True)
    assert "I11.4 NOT_MET" in deviation.text
    after = typed(result("PLT", "20", noon(P + timedelta(days=1))))
    assert not facts_of(when(story, after, on=P + timedelta(days=1)), f.DeviationRecorded)
    over = told(at_visit(in_neoadjuvant("COHORT_1", 1), LOW), c.OverrideGate(cycle="C2", why="stable"))
    assert not facts_of(when(told(over, c2()), late), f.DeviationRecorded)


@pytest.mark.parametrize(("given_on", "old"), [(27, []), (28, []), (29, ["GATE/C2"]), (30, ["GATE/C2"])])
def test_each_value_has_its_own_age_on_the_actual_day_1(given_on: int, old: list[str]) -> None:
    """Hemoglobin and others of p-3, creatinine of p: only the young one passes later (T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    others = tuple(row for row in results(day(25)) if row.code != "CREAT")
    story = told(story, typed(*others))
    story = told(passing(story, day(27)), typed(*(row for row in results(day(27)) if row.code == "CREAT")))
    assert story.state.cycles[2].gate == "PASSED"
    found = gate_deviations(replace(story, now=noon(day(given_on))), c2(day(given_on)))
    assert [row.item for row in found] == old
    assert all("Creatinine" not in row.text and "Hemoglobin" in row.text for row in found)


def test_samples_that_grow_too_old_hold_the_dose_and_are_taken_again() -> None:
    """Of p-1: too old from p+3 on (T11)."""
    story = passing(passed(), P + timedelta(days=2))
    assert story.state.cycles[2].gate == "PASSED"
    story = passing(story, P + timedelta(days=3))
    assert story.state.cycles[2].gate == "FAILED"
    again = answered(story, P + timedelta(days=3))
    assert again.state.cycles[2].gate == "PASSED"
    assert gate_deviations(again, c2(P + timedelta(days=3))) == []


def test_a_day_1_in_time_that_is_told_late_is_held_against_the_verdict_of_its_day() -> None:
    """Neither samples taken since nor their age since then count (T11)."""
    expired = passing(passed(), P + timedelta(days=3))
    assert gate_deviations(expired, c2()) == []
    failed_since = answered(expired, P + timedelta(days=3), LOW)
    assert gate_deviations(failed_since, c2()) == []


@pytest.mark.parametrize(("sampled", "fails"), [(24, False), (25, False), (21, True)])
def test_an_early_day_1_within_its_window_is_held_against_the_record(sampled: int, fails: bool) -> None:  # noqa: FBT001 - a table
    """On p-3, before or with the order: samples of at most 3 d before that very day pass its gate (T11, T2.2)."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(24)), typed(*results(day(sampled))), day(25))
    outcome = when(story, c2(day(25)))
    found = [row for row in facts_of(outcome, f.DeviationRecorded) if row.item == "GATE/C2"]
    assert bool(found) is fails
    assert [row.day_1_on for row in facts_of(outcome, f.GateChecked)] == ([] if fails else [day(25)])


def _woman() -> Story:
    """A woman with a serum hCG of day 1, whose C1 is planned on day 7 and whose gate has passed on day 6."""
    story = as_woman(in_neoadjuvant())
    about = Reproduction(on=day(3), sterile=False, lactating=False, contraception_agreed=True)
    story = told(story, c.RecordEvidence(assessed_on=day(3), reproduction=about), day(3))
    story = told(story, typed(result("HCG", "negative", noon(day(1)), unit="")), day(3))
    story = told(story, asked_again(day(3)), day(3))
    return answered(passing(story, day(6)), day(6))


def test_a_pregnancy_test_is_held_against_the_actual_first_day_1() -> None:
    """Of day 1: 6 d old on day 7, 8 d on day 9, where it is asked for again (I10.2)."""
    story = _woman()
    assert story.state.cycles[1].gate == "PASSED"
    c1 = c.ReportDose(cycle="C1", given_on=day(8), choice="CISPLATIN")
    assert gate_deviations(replace(story, now=noon(day(8))), c1) == []
    late = c1.model_copy(update={"given_on": day(9)})
    (deviation,) = gate_deviations(replace(story, now=noon(day(9))), late)
    assert (deviation.item, deviation.rule, deviation.important) == ("FIRST_DOSE/I10.2", "I10.2", True)
    slipped = passing(story, day(9))
    assert slipped.state.cycles[1].gate == "FAILED"
    assert "HCG" in slipped.facts[slipped.seq_of(f.LabsOrdered) - 1].analytes
    again = answered(slipped, day(9), {"HCG": ("negative", "", "")})
    assert again.state.cycles[1].gate == "PASSED"
    assert gate_deviations(again, late) == []


def _stale() -> Story:
    """C1 slipped to day 20, where a good sample came and the statements of screening are too old."""
    return answered(passing(in_neoadjuvant(), day(20)), day(20))


def test_for_statements_that_are_too_old_no_sample_is_taken_again() -> None:
    """It could not help: the statements are asked for, and what lifts the hold is told (T11)."""
    held = _stale()
    assert held.state.cycles[1].gate == "FAILED"
    assert held.state.cycles[1].ordered not in held.state.intents
    assert len([fact for fact in held.facts if isinstance(fact, f.LabsOrdered) and fact.cycle == 1]) == 1
    notice = next(fact for fact in reversed(held.facts) if isinstance(fact, f.NoticeRequested))
    assert notice.text.startswith("C1D1 on hold: I11.1 UNKNOWN")
    assert "; wanted by screening_evidence: statements as of now on I11.1" in notice.text
    awaited = {ask.kind: ask for ask in asks(held.state)}
    assert awaited["screening_evidence"].text.startswith("C1D1 on hold: statements as of now on I11.1")
    assert awaited["screening_evidence"].to == ("COORDINATOR", "INVESTIGATOR")
    assert awaited["override_gate"].text == "C1D1 on hold: gate failed"


def test_statements_let_a_first_dose_on_hold_go() -> None:
    """The gate is held against them at once (T11)."""
    outcome = when(_stale(), asked_again(day(20)))
    assert the(outcome, f.GateChecked).passed
    assert outcome.story.state.cycles[1].gate == "PASSED"


def test_statements_that_come_when_the_sample_is_too_old_have_it_taken_again() -> None:
    """On day 24 the sample of day 20 is 4 d old (T11)."""
    outcome = when(passing(_stale(), day(24)), asked_again(day(24)))
    assert not the(outcome, f.GateChecked).passed
    assert the(outcome, f.LabsOrdered).cycle == 1
    again = answered(outcome.story, day(24))
    assert again.state.cycles[1].gate == "PASSED"


def test_statements_of_a_later_cycle_hold_no_gate() -> None:
    """They are asked for before the first dose alone (T11)."""
    assert not facts_of(when(passed(), asked_again(P - timedelta(days=1))), f.GateChecked)


def test_a_verdict_stored_without_the_dates_of_its_samples_never_grows_too_old() -> None:
    """T11: facts of before hold no date of a sample; those that do are too old 4 d after it: 3 d are accepted."""
    story = passed()
    assert expires_on(story.state.protocol, story.state.cycles[2]) == P + timedelta(days=3)
    bare = [
        fact.model_copy(update={"findings": tuple(undated(row) for row in fact.findings)})
        if isinstance(fact, f.GateChecked)
        else fact
        for fact in story.facts
    ]
    old = given(*bare, at=story.now)
    assert expires_on(old.state.protocol, old.state.cycles[2]) is None


def undated(finding: Finding) -> Finding:
    """Give a finding whose evidence has no dates."""
    return replace(finding, evidence=tuple(replace(row, on=None) for row in finding.evidence))
