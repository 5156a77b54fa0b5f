"""Corrected results as whole facts: which rows change where, what a gate says then, and what is ordered (T11, 3.6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.labs import LOINC, LabValue, ReportedResult, UnusedResult
from domain.patient import commands as c
from domain.patient import facts as f
from tests.correcting import correct, seq, void
from tests.given import SITE, Outcome, Story, day, facts_of, given, noon, the, when
from tests.stories import (
    allocating,
    answered,
    at_visit,
    in_neoadjuvant,
    passing,
    registered,
    results,
    screen_failure,
    screened,
    told,
)

LOW = {"PLT": ("40", "10*9/L", "")}


def row(code: str, value: str, unit: str, sampled: int, **about: Any) -> dict[str, Any]:
    """Give one result as a person types it in a correction."""
    at = noon(day(sampled)).isoformat()
    return {"code": code, "system": "analyte", "value": value, "unit": unit, "collected_at": at, **about}


def named(on: int, *left_out: str, **about: Any) -> tuple[ReportedResult, ...]:
    """Give a result set in which each result has the laboratory's id, without some."""
    return tuple(
        one.model_copy(update={"observation": f"obs-{on}-{one.code}", **about})
        for one in results(day(on))
        if one.code not in left_out
    )


def reported(story: Story, *reports: ReportedResult, complete: bool = True) -> Outcome:
    """Let the laboratory answer the latest order."""
    return when(story, c.LabsReported(order=story.seq_of(f.LabsOrdered), results=reports, complete=complete))


def answer(story: Story) -> int:
    """Give the number of the laboratory's latest answer."""
    return max(
        n for n, fact in enumerate(story.facts, start=1) if isinstance(fact, f.LabResultsRecorded) and fact.order
    )


def corrected(outcome: Outcome, kind: str = "LabResultsRecorded") -> dict[int, f.FactCorrected]:
    """Give the corrections of facts of a kind, by the number of the fact."""
    found = facts_of(outcome, f.FactCorrected, of=kind)
    assert len({fact.fact for fact in found}) == len(found)
    return {fact.fact: fact for fact in found}


def accepted(fact: Any) -> tuple[LabValue, ...]:
    """Give the values that a fact, or its correction, holds."""
    rows: tuple[LabValue, ...] = fact.accepted
    return rows


# The same result in two answers


def two_answers() -> tuple[Story, int, int]:
    """Screening's first answer has no HIV; the second brings all with the same ids."""
    story = passing(registered(), day(2))
    story = reported(story, *named(1, "HIV"), complete=False).story
    first = answer(story)
    story = reported(story, *named(1)).story
    return story, first, answer(story)


def test_a_correction_of_one_answer_changes_the_same_result_of_the_other_and_nothing_else() -> None:
    """3.6: the other rows stand in their places; it says which correction brought it along."""
    story, first, second = two_answers()
    rows = [row("HB", "8.9", "g/dL", 1), row("HIV", "positive", "", 1)]
    made = corrected(correct(story, second, results=rows))
    assert sorted(made) == [first, second]
    assert [made[number].follows for number in (first, second)] == [second, None]
    (hemoglobin,) = [value for value in accepted(made[second].content) if value.analyte == "HB"]
    before = accepted(story.facts[first - 1])
    assert accepted(made[first].content) == (*(value for value in before if value.analyte != "HB"), hemoglobin)
    assert made[first].content == story.facts[first - 1].model_copy(update={"accepted": accepted(made[first].content)})


def test_results_without_an_id_are_each_answer_s_own() -> None:
    """3.6: nobody can say that they are the same."""
    story = passing(registered(), day(2))
    story = reported(story, *(one for one in results(day(1)) if one.code != "HIV"), complete=False).story
    story = reported(story, *results(day(1))).story
    number = answer(story)
    assert sorted(corrected(correct(story, number, results=[row("HB", "8.9", "g/dL", 1)]))) == [number]


def test_results_typed_in_error_take_the_laboratory_s_same_ones_with_them() -> None:
    """3.6: known by their ids; those that were not typed stay."""
    story = passing(registered(), day(2))
    typed = tuple(one for one in named(1) if one.code in ("HB", "PLT"))
    story = told(story, c.TypeLabResults(results=typed))
    number = seq(story, f.LabResultsRecorded)
    story = reported(story, *named(1)).story
    other = answer(story)
    made = corrected(void(story, number))
    assert made[number].content is None
    left = [value.analyte for value in accepted(made[other].content)]
    assert left == [one.code for one in named(1) if one.code not in ("HB", "PLT")]
    assert made[other].follows == number


# Which result a correction or a later report is about


def test_of_two_samples_of_a_test_the_one_of_the_named_instant_is_corrected() -> None:
    """3.6: hemoglobin of day 5 and of day 6."""
    story = passing(in_neoadjuvant(), day(6))
    early = next(one for one in results(day(5)) if one.code == "HB")
    story = reported(story, early, *results(day(6))).story
    number = answer(story)
    made = corrected(correct(story, number, results=[row("HB", "12.0", "g/dL", 5)]))[number]
    shown = [(value.reported, value.collected_at) for value in accepted(made.content) if value.analyte == "HB"]
    assert shown == [("12.0 g/dL", noon(day(5))), ("13.2 g/dL", noon(day(6)))]


def test_a_later_report_with_an_id_is_one_of_a_result_that_had_none() -> None:
    """3.6: by test and instant, when only one of them names an id."""
    story = passing(in_neoadjuvant(), day(6))
    story = reported(story, *results(day(6))).story
    number = answer(story)
    story = passing(
        told(passing(story, day(7)), c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN")), day(27)
    )
    later = next(one for one in named(6) if one.code == "HB").model_copy(update={"status": "corrected", "value": "12"})
    made = corrected(reported(story, *named(27), later))
    assert list(made) == [number]
    (value,) = [value for value in accepted(made[number].content) if value.analyte == "HB"]
    assert (value.reported, value.status, value.observation) == ("12 g/dL", "corrected", "obs-6-HB")


def test_a_result_that_could_not_be_used_is_corrected_by_another_code_of_the_same_test() -> None:
    """3.5: creatinine by LOINC 2160-0 without its unit is creatinine by 14682-9; unknown codes are no test."""
    at = noon(day(6))

    def loinc(code: str, value: str, unit: str, **how: Any) -> ReportedResult:
        return ReportedResult(code=code, system=LOINC, value=value, unit=unit, collected_at=at, **how)

    story = passing(in_neoadjuvant(), day(6))
    rest = tuple(one for one in results(day(6)) if one.code != "CREAT")
    story = reported(story, *rest, loinc("2160-0", "0.9", ""), loinc("99999-1", "5", "")).story
    number = answer(story)
    assert [one.code for one in story.facts[number - 1].unused] == ["2160-0", "99999-1"]
    typed = loinc("14682-9", "80", "umol/L", upper_limit="106").model_dump(mode="json", exclude={"issued_at"})
    made: Any = corrected(correct(story, number, results=[typed]))[number].content
    assert [value.reported for value in made.accepted if value.analyte == "CREAT"] == ["80 umol/L"]
    assert [one.code for one in made.unused] == ["99999-1"]
    other = loinc("99999-2", "5", "").model_dump(mode="json", exclude={"issued_at"})
    no = correct(story, number, results=[other]).refusal
    assert no is not None
    assert no.field == "fields.results.0.code"
    same = loinc("99999-1", "6", "").model_dump(mode="json", exclude={"issued_at"})
    again: Any = corrected(correct(story, number, results=[same]))[number].content
    assert [one.reported for one in again.unused] == ["0.9", "6"]


def test_what_is_set_aside_keeps_its_document_and_its_id() -> None:
    """3.5: a sample of the future; and results entered in error."""
    tomorrow = named(3, document="LAB-3")[0]
    outcome = when(passing(registered(), day(2)), c.TypeLabResults(results=(tomorrow,)))
    assert the(outcome, f.LabResultsRecorded).unused == (
        UnusedResult(
            code="HB",
            reported="13.2 g/dL",
            why="the sample is dated in the future",
            collected_at=noon(day(3)),
            document="LAB-3",
            observation="obs-3-HB",
        ),
    )
    story = reported(passing(registered(), day(2)), *named(1, document="LAB-1")).story
    made: Any = corrected(void(story, answer(story)))[answer(story)].content
    assert made.unused[0] == UnusedResult(
        code="HB",
        reported="13.2 g/dL",
        why="entered in error: misread",
        collected_at=noon(day(1)),
        document="LAB-1",
        observation="obs-1-HB",
    )


# Gates as the record reads now


def test_a_verdict_anew_is_of_its_order_and_of_its_day() -> None:
    """T11: hemoglobin that the order did not bring stays missing; day 1 is the one of the verdict."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(30))
    report = c.LabsReported(
        order=story.seq_of(f.LabsOrdered), results=tuple(one for one in results(day(30)) if one.code != "HB"),
        complete=True,
    )  # fmt: skip
    story = told(story, report)
    check: Any = story.facts[story.seq_of(f.GateChecked) - 1]
    story = passing(story, day(31))
    outcome = correct(story, answer(story), results=[row("PLT", "40", "10*9/L", 30)])
    number = story.seq_of(f.GateChecked)
    made = corrected(outcome, "GateChecked")[number]
    assert made.follows == answer(story)
    anew: Any = made.content
    assert (anew.cycle, anew.passed, anew.sampled_on, anew.day_1_on) == (2, False, day(30), day(30))
    changed = [finding.rule for finding, old in zip(anew.findings, check.findings, strict=True) if finding != old]
    assert changed == ["I11.4"]


def test_a_hold_that_stays_is_not_told_again() -> None:
    """T11: platelets of 30, not 40; and an override stays what it was."""
    held = at_visit(in_neoadjuvant(), LOW)
    outcome = correct(held, answer(held), results=[row("PLT", "30", "10*9/L", 6)])
    assert corrected(outcome, "GateChecked")
    assert not facts_of(outcome, f.LabsOrdered)
    assert not [told.notice for told in facts_of(outcome, f.NoticeRequested) if "HOLD" in told.notice]
    over = told(held, c.OverrideGate(cycle="C1", why="stable"))
    stays = correct(over, answer(over), results=[row("PLT", "30", "10*9/L", 6)])
    assert not facts_of(stays, f.NoticeRequested, notice="GATE_RELEASED")
    assert not facts_of(stays, f.NoticeRequested, notice="DOSE_ON_HOLD")


def test_a_gate_that_lost_its_results_asks_for_samples_as_its_order_did() -> None:
    """T11: from day 4 on; those of screening are none of them."""
    story = at_visit(in_neoadjuvant())
    order = the(void(story, answer(story)), f.LabsOrdered)
    assert (order.cycle, order.after, order.give_up_at) == (1, SITE.start_of(day(4)), SITE.due_at(day(21)))


def test_an_order_after_a_sample_entered_in_error_keeps_its_instant() -> None:
    """T11: ordered after the failing sample of day 26, which is void; the laboratory has nothing, and it is asked."""
    story = answered(passing(in_neoadjuvant("COHORT_1", 1), day(26)), day(26), LOW)
    story = void(story, answer(story)).story
    outcome = reported(passing(story, day(30)), complete=False)
    assert the(outcome, f.LabsOrdered).after == noon(day(26))


def test_a_correction_of_something_else_leaves_a_stored_verdict_as_it_was_decided() -> None:
    """T11: an earlier release said it in other words; only what the correction changes reads anew."""
    story = at_visit(in_neoadjuvant())
    number = story.seq_of(f.GateChecked)
    check: Any = story.facts[number - 1]
    older = check.model_copy(update={"findings": check.findings[:-1]})
    facts = (*story.facts[: number - 1], older, *story.facts[number:])
    old = replace(given(*facts, at=story.now), entered=story.entered)
    old = told(old, c.ReportAdverseEvent(term="rash", grade=1, serious=False, onset_on=day(6)))
    outcome = correct(old, seq(old, f.AdverseEventReported), grade=2)
    assert outcome.refusal is None
    assert not corrected(outcome, "GateChecked")


def test_a_verdict_that_reads_right_already_is_not_written_again() -> None:
    """T11: the record held another value than the verdict was decided on; the correction makes them agree."""
    story = at_visit(in_neoadjuvant())
    number = answer(story)
    known: Any = story.facts[number - 1]
    wrong = tuple(
        value.model_copy(update={"value": value.value - 1, "reported": "230 10*9/L"})
        if value.analyte == "PLT" else value
        for value in known.accepted
    )  # fmt: skip
    facts = (*story.facts[: number - 1], known.model_copy(update={"accepted": wrong}), *story.facts[number:])
    old = replace(given(*facts, at=story.now), entered=story.entered)
    outcome = correct(old, number, results=[row("PLT", "231", "10*3/uL", 6)])
    assert list(corrected(outcome)) == [number]
    assert not corrected(outcome, "GateChecked")


def test_an_early_day_1_that_was_held_against_the_record_is_held_against_it_anew() -> None:
    """T11: given on day 24, before its gate had an order, on a sample of that day whose platelets were misread."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(24)), c.TypeLabResults(results=results(day(24))))
    number = seq(story, f.LabResultsRecorded)
    story = told(story, c.ReportDose(cycle="C2", given_on=day(24), choice="CISPLATIN"))
    assert "GATE/C2" not in story.state.deviations
    low = [one.model_dump(mode="json", exclude={"issued_at"}) for one in results(day(24), LOW)]
    outcome = correct(story, number, results=low)
    anew: Any = corrected(outcome, "GateChecked")[seq(story, f.GateChecked)].content
    assert (anew.cycle, anew.passed, anew.sampled_on, anew.day_1_on) == (2, False, day(24), day(24))
    assert not facts_of(outcome, f.LabsOrdered)
    deviation = the(outcome, f.DeviationRecorded)
    text = "C2D1 given with the pre-dose gate failed"
    assert (deviation.item, deviation.rule, deviation.text) == ("GATE/C2", "T11", text)
    assert (deviation.important, deviation.actual_on) == (True, day(24))
    right = [one.model_dump(mode="json", exclude={"issued_at"}) for one in results(day(24))]
    assert "GATE/C2" not in correct(outcome.story, number, results=right).story.state.deviations


# What screening lost


@pytest.mark.parametrize("build", [screen_failure, allocating, in_neoadjuvant])
def test_nothing_is_ordered_again_once_screening_is_over(build: Any) -> None:
    """3.1: a screen failure, an allocation that was asked for, a randomized subject."""
    story = build()
    outcome = void(story, answer(story))
    assert facts_of(outcome, f.FactCorrected)
    assert not facts_of(outcome, f.LabsOrdered)


def test_what_another_report_still_shows_is_not_ordered_again() -> None:
    """3.1: platelets typed in beside the laboratory's set; albumin is no more wanted than before."""
    story = screened()
    platelets = tuple(one for one in results(day(2)) if one.code == "PLT")
    story = told(story, c.TypeLabResults(results=platelets))
    order = the(void(story, answer(story)), f.LabsOrdered)
    assert order == f.LabsOrdered(
        purpose="SCREENING",
        cycle=None,
        analytes=tuple(one.code for one in results(day(1)) if one.code != "PLT"),
        after=noon(day(1)),
        give_up_at=SITE.due_at(story.today + timedelta(days=21)),
    )


def test_an_order_that_is_open_brings_what_was_lost() -> None:
    """3.1: the answer was incomplete and its order was asked again; no second one is made."""
    story = reported(passing(registered(), day(2)), *named(1, "HIV"), complete=False).story
    assert not facts_of(void(story, answer(story)), f.LabsOrdered)
