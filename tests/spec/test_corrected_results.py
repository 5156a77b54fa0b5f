"""Corrected laboratory results: by a person, and by the laboratory itself; the gate, the doses and the verdicts follow.

A result that was used is replaced or set aside by a recorded correction, and what rested on it is evaluated again.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.submission import Reason
from tests.correcting import changed, correct, day_1, seq, void
from tests.given import Outcome, Story, day, facts_of, noon, refused, the, when
from tests.stories import (
    answered,
    at_visit,
    cycle_given,
    eligible,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    registered,
    results,
    screened,
    told,
)

LOW = ("40", "10*9/L", "")


def row(code: str, value: str, unit: str, sampled: int, **about: Any) -> dict[str, Any]:
    """Give one result as a person types it in a correction."""
    at = noon(day(sampled)).isoformat()
    return {"code": code, "system": "analyte", "value": value, "unit": unit, "collected_at": at, **about}


def gate_results(story: Story) -> int:
    """Give the number of the laboratory's latest answer."""
    return max(
        n for n, fact in enumerate(story.facts, start=1) if isinstance(fact, f.LabResultsRecorded) and fact.order
    )


def kinds_asked(story: Story) -> list[str]:
    """Give the kinds of acts people are asked for."""
    return [ask.kind for ask in asks(story.state)]


def told_notices(outcome: Outcome) -> list[str]:
    """Give the notices a command asked for."""
    return [notice.notice for notice in facts_of(outcome, f.NoticeRequested)]


# Gate verdicts that turn by a correction (T11)


@pytest.mark.parametrize(("platelets", "gate"), [("79", "FAILED"), ("80", "PASSED"), ("81", "PASSED")])
def test_a_corrected_result_holds_the_awaited_dose_or_not(platelets: str, gate: str) -> None:
    """I11.4 below, at and above 80: pass to fail with the dose not given holds it, asks, and orders again."""
    story = at_visit(in_neoadjuvant())
    assert story.state.current_cycle.gate == "PASSED"
    outcome = correct(story, gate_results(story), results=[row("PLT", platelets, "10*9/L", 6)])
    after = outcome.story
    assert after.state.current_cycle.gate == gate
    assert after.state.labs["PLT"].value == Decimal(platelets)
    held = gate == "FAILED"
    assert ("DOSE_ON_HOLD" in told_notices(outcome)) == held
    assert ("override_gate" in kinds_asked(after)) == held
    orders = facts_of(outcome, f.LabsOrdered)
    assert [order.cycle for order in orders] == ([1] if held else [])
    assert all(order.after == noon(day(6)) for order in orders)
    if held:
        assert changed(outcome)["C1 gate"] == (f"PASSED on {day(6)}", f"FAILED on {day(6)}")
        again = answered(after, day(7), on=day(7))
        assert again.state.current_cycle.gate == "PASSED"


def test_a_gate_that_turns_to_fail_after_the_dose_is_an_important_deviation_and_back_none() -> None:
    """T11: given with the gate failed, as the record reads now; corrected back, the deviation is withdrawn."""
    story = cycle_given(in_neoadjuvant(), choice="CISPLATIN")
    number = max(n for n, fact in enumerate(story.facts, start=1) if isinstance(fact, f.LabResultsRecorded)
                 and any(value.collected_at == noon(day(6)) for value in fact.accepted))  # fmt: skip
    outcome = correct(story, number, results=[row("PLT", "79", "10*9/L", 6)])
    deviation = the(outcome, f.DeviationRecorded, item="GATE/C1")
    assert (deviation.important, deviation.actual_on) == (True, day(7))
    assert "IMPORTANT_DEVIATION" in told_notices(outcome)
    assert facts_of(outcome, f.LabsOrdered) == []
    assert outcome.story.state.current_cycle.label == "C2"
    back = correct(outcome.story, number, results=[row("PLT", "80", "10*9/L", 6)])
    assert [gone.item for gone in facts_of(back, f.DeviationWithdrawn)] == ["GATE/C1"]
    assert back.story.state.deviations == story.state.deviations


def test_a_gate_that_turns_to_pass_lifts_the_hold() -> None:
    """T11: the order for a new sample is closed, the doses are planned, and it is told."""
    story = told(in_neoadjuvant(), c.PlanDoses(cycle="C1", choice="CISPLATIN", why="kidneys"))
    story = at_visit(story, {"PLT": LOW})
    assert "override_gate" in kinds_asked(story)
    outcome = correct(story, gate_results(story), results=[row("PLT", "140", "10*9/L", 6)])
    after = outcome.story
    assert after.state.current_cycle.gate == "PASSED"
    assert "override_gate" not in kinds_asked(after)
    assert [i for i in after.state.intents.values() if isinstance(i.fact, f.LabsOrdered)] == []
    assert "GATE_RELEASED" in told_notices(outcome)
    given = when(after, c.ReportDose(cycle="C1", given_on=day(7)))
    assert facts_of(given, f.DeviationRecorded, item="GATE/C1") == []


def test_a_gate_that_failed_when_the_dose_was_given_and_passes_now_withdraws_the_deviation() -> None:
    """T11: the dose was given on hold; the value was misread."""
    story = at_visit(in_neoadjuvant(), {"PLT": LOW})
    number = gate_results(story)
    story = told(story, c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN"))
    assert "GATE/C1" in story.state.deviations
    outcome = correct(story, number, results=[row("PLT", "140", "10*9/L", 6)])
    assert "GATE/C1" in [gone.item for gone in facts_of(outcome, f.DeviationWithdrawn)]
    assert "GATE/C1" not in outcome.story.state.deviations


def test_a_gate_that_was_overridden_stays_so() -> None:
    """The investigator's override holds; entered in error, the dose is on hold again."""
    story = told(at_visit(in_neoadjuvant(), {"PLT": LOW}), c.OverrideGate(cycle="C1", why="stable"))
    outcome = correct(story, gate_results(story), results=[row("PLT", "60", "10*9/L", 6)])
    assert outcome.story.state.current_cycle.gate == "OVERRIDDEN"
    gone = void(outcome.story, seq(story, f.GateOverridden))
    assert gone.story.state.current_cycle.gate == "FAILED"
    assert "override_gate" in kinds_asked(gone.story)


def test_a_gate_looks_at_the_other_evidence_again_too() -> None:
    """I12.3: a clearance that failed with 70 kg passes with 120 kg; nothing of the laboratory was corrected."""
    story = at_visit(in_neoadjuvant(), {"CREAT": ("2.0", "mg/dL", "1.2")})
    assert story.state.current_cycle.gate == "FAILED"
    outcome = correct(story, seq(story, f.EvidenceRecorded), weight_kg="120")
    assert outcome.story.state.current_cycle.gate == "PASSED"
    assert changed(outcome)["C1 gate"] == (f"FAILED on {day(6)}", f"PASSED on {day(6)}")


# The laboratory's own results, corrected by a person


def test_results_of_the_laboratory_are_an_investigators_to_correct() -> None:
    """3.6 roles: nobody of the site entered them."""
    story = at_visit(in_neoadjuvant())
    command = c.Correct(fact=gate_results(story), fields={"results": [row("PLT", "70", "10*9/L", 6)]}, why="called")
    entered = tuple(
        ("SYSTEM", *about[1:]) if isinstance(fact, f.LabResultsRecorded) else about
        for fact, about in zip(story.facts, story.entered, strict=True)
    )
    story = Story(story.decider, story.state, story.facts, story.now, entered)
    no = refused(when(story, command, role="COORDINATOR", staff="CRC1"), Reason.ROLE, field="fact")
    assert (no.accepts, no.detail.endswith("entered by the laboratory")) == ("INVESTIGATOR", True)
    assert when(story, command, role="INVESTIGATOR", staff="INV1").story.state.labs["PLT"].value == Decimal(70)


def test_the_other_results_of_the_laboratory_stand() -> None:
    """Only those named are replaced; the limits of the others, their ids and documents stay."""
    story = at_visit(in_neoadjuvant())
    before = story.state.labs
    after = correct(story, gate_results(story), results=[row("HB", "11.0", "g/dL", 6)]).story.state.labs
    assert (before["HB"].value, after["HB"].value) == (Decimal(132), Decimal(110))
    assert {code: after[code] for code in after if code != "HB"} == {
        code: before[code] for code in before if code != "HB"
    }


def test_a_result_of_the_laboratory_that_is_not_there_is_refused() -> None:
    """It names what may be corrected; a second sample is another result."""
    story = at_visit(in_neoadjuvant())
    no = refused(
        correct(story, gate_results(story), results=[row("CA_ION", "1.2", "mmol/L", 6)]),
        Reason.CONTRADICTS,
        field="fields.results.0.code",
    )
    assert "PLT" in no.accepts


def test_the_instant_of_a_sample_is_corrected() -> None:
    """T11: a sample of 4 days before day 1 is too old for the gate that passed on it."""
    story = cycle_given(in_neoadjuvant(), choice="CISPLATIN")
    number = max(n for n, fact in enumerate(story.facts, start=1) if isinstance(fact, f.LabResultsRecorded)
                 and any(value.collected_at == noon(day(6)) for value in fact.accepted))  # fmt: skip
    moved = [{**row(value.analyte, str(value.value), value.unit, 3),
              **({"upper_limit": str(value.upper_limit)} if value.upper_limit else {})}
             for value in story.facts[number - 1].accepted if value.analyte == "PLT"]  # fmt: skip
    after = correct(story, number, results=moved).story.state
    assert after.labs["PLT"].collected_at == noon(day(3))
    assert "GATE/C1" in after.deviations


def test_results_of_the_laboratory_entered_in_error_are_set_aside_and_the_order_stays_answered() -> None:
    """Kept, not used: the gate is held, and new samples are ordered. Said once; they may be told after all."""
    story = at_visit(in_neoadjuvant())
    number = gate_results(story)
    order = story.facts[number - 1].order
    outcome = void(story, number)
    after = outcome.story
    assert after.state.current_cycle.gate == "FAILED"
    assert order not in after.state.intents
    made: Any = next(fact for fact in facts_of(outcome, f.FactCorrected) if fact.fact == number).content
    assert made.accepted == ()
    assert {value.why for value in made.unused} == {"entered in error: misread"}
    refused(void(after, number), Reason.CONTRADICTS, field="void")
    again = correct(after, number, results=[row("PLT", "231", "10*9/L", 6)])
    assert again.story.state.labs["PLT"].collected_at == noon(day(6))


def test_a_corrected_creatinine_plans_the_doses_anew() -> None:
    """3.4: carboplatin by the corrected creatinine, with the reason; a newer weight is not needed."""
    story = at_visit(in_neoadjuvant())
    story = told(story, c.PlanDoses(cycle="C1", choice="CARBOPLATIN", why="kidneys"))
    before = {one.drug: one.amount for one in story.state.current_cycle.doses.administrations}
    outcome = correct(story, gate_results(story), results=[row("CREAT", "1.2", "mg/dL", 6, upper_limit="1.2")])
    planned = the(outcome, f.DosesPlanned)
    amounts = {one.drug: one.amount for one in planned.administrations}
    assert planned.because == "creatinine corrected"
    assert amounts["CARBOPLATIN"] < before["CARBOPLATIN"]
    assert "DOSES_RECALCULATED" in told_notices(outcome)
    assert changed(outcome)["C1 doses"][0] != changed(outcome)["C1 doses"][1]


def test_a_dose_given_on_a_creatinine_that_was_wrong_is_a_deviation() -> None:
    """3.4: what was given stands; what it would have been is told, and withdrawn when it was right after all."""
    story = told(at_visit(in_neoadjuvant()), c.PlanDoses(cycle="C1", choice="CARBOPLATIN", why="kidneys"))
    number = gate_results(story)
    story = told(story, c.ReportDose(cycle="C1", given_on=day(7)))
    outcome = correct(story, number, results=[row("CREAT", "1.4", "mg/dL", 6, upper_limit="1.2")])
    deviation = the(outcome, f.DeviationRecorded)
    assert (deviation.item, deviation.important) == ("BASIS/C1/CARBOPLATIN", True)
    assert "measurement that was corrected" in deviation.text
    back = correct(outcome.story, number, results=[row("CREAT", "0.9", "mg/dL", 6, upper_limit="1.2")])
    assert the(back, f.DeviationWithdrawn).item == "BASIS/C1/CARBOPLATIN"
    lost = void(story, number)
    assert "missing: creatinine" in lost.story.state.deviations["BASIS/C1/CARBOPLATIN"].text


def test_a_result_of_screening_that_was_corrected_withdraws_the_verdict() -> None:
    """T1.1, I11.2 below and at 90 g/L: eligibility is to be confirmed again."""
    story = eligible()
    number = gate_results(story)
    low = correct(story, number, results=[row("HB", "8.9", "g/dL", 1)])
    assert low.story.state.eligible_on is None
    assert "ELIGIBILITY_WITHDRAWN" in told_notices(low)
    assert correct(story, number, results=[row("HB", "9.0", "g/dL", 1)]).story.state.eligible_on is not None


def test_what_screening_lost_is_ordered_again() -> None:
    """A set of results entered in error before the verdict: a new sample is ordered."""
    story = screened()
    outcome = void(story, gate_results(story))
    order = the(outcome, f.LabsOrdered)
    assert (order.purpose, order.after) == ("SCREENING", noon(day(1)))
    assert {"HB", "PLT", "HIV"} <= set(order.analytes)
    again = answered(outcome.story, day(3), on=day(3))
    assert told(again, c.ConfirmEligibility(judged_on=day(3))).state.eligible_on == day(3)


# Later reports of the laboratory


def reported(story: Story, *reports: ReportedResult, order: int | None = None, complete: bool = True) -> Outcome:
    """Let the laboratory answer the latest order."""
    number = story.seq_of(f.LabsOrdered) if order is None else order
    return when(story, c.LabsReported(order=number, results=reports, complete=complete))


def named(on: int, changed: dict[str, tuple[str, str, str]] | None = None, **about: Any) -> tuple[ReportedResult, ...]:
    """Give a result set in which each result has the laboratory's id."""
    return tuple(
        one.model_copy(update={"observation": f"obs-{on}-{one.code}", **about}) for one in results(day(on), changed)
    )


def first_gate() -> Story:
    """The gate of C1 passed on a sample of day 6, with ids; C1 was given, and the gate of C2 awaits its results."""
    story = passing(in_neoadjuvant(), day(6))
    story = passing(reported(story, *named(6)).story, day(7))
    story = told(story, c.PlanDoses(cycle="C1", choice="CARBOPLATIN", why="kidneys"))
    return passing(told(story, c.ReportDose(cycle="C1", given_on=day(7))), day(27))


def one_of(rows: tuple[ReportedResult, ...], code: str, **about: Any) -> ReportedResult:
    """Give a later report of one result."""
    return next(one for one in rows if one.code == code).model_copy(update=about)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_result_the_laboratory_withdraws_counts_no_longer(status: str) -> None:
    """I11.4, T11: a recorded correction of the laboratory's own; the dose it released was given without a result."""
    story = first_gate()
    withdrawn = one_of(named(6), "PLT", status=status)
    outcome = reported(story, *named(27), withdrawn)
    made = facts_of(outcome, f.FactCorrected, of="LabResultsRecorded")
    assert [fact.why for fact in made] == [f"report of the laboratory: {status}"]
    content: Any = made[0].content
    assert [value.code for value in content.unused] == ["PLT"]
    assert content.unused[0].why == f"withdrawn: status is {status!r}"
    assert "GATE/C1" in outcome.story.state.deviations
    assert {"LABORATORY_AMENDED", "IMPORTANT_DEVIATION"} <= set(told_notices(outcome))
    assert outcome.story.state.current_cycle.gate == "PASSED"
    assert changed(outcome)["deviation GATE/C1"][0] == ""
    recorded = the(outcome, f.LabResultsRecorded)
    assert {value.collected_at for value in recorded.accepted} == {noon(day(27))}


@pytest.mark.parametrize("status", ["corrected", "amended"])
def test_an_amended_report_replaces_the_earlier_value_of_the_same_result(status: str) -> None:
    """By the laboratory's id, even when the instant of the sample was what was wrong; the dose is held against it."""
    story = first_gate()
    amended = one_of(named(6), "CREAT", status=status, value="1.5", collected_at=noon(day(5)))
    outcome = reported(story, *named(27), amended)
    corrected: Any = facts_of(outcome, f.FactCorrected, of="LabResultsRecorded")[0].content
    values = [value for value in corrected.accepted if value.analyte == "CREAT"]
    assert [(value.reported, value.status, value.collected_at) for value in values] == [
        ("1.5 mg/dL", status, noon(day(5)))
    ]
    assert outcome.story.state.labs["CREAT"].collected_at == noon(day(27))
    assert "BASIS/C1/CARBOPLATIN" in outcome.story.state.deviations


def test_the_same_later_report_again_changes_nothing() -> None:
    """Each order brings every later report once more."""
    story = first_gate()
    amended = one_of(named(6), "HB", status="corrected", value="12.0")
    after = reported(story, *named(27), amended).story
    later = told(after, c.ReportDose(cycle="C2", given_on=day(28), choice="CARBOPLATIN"), on=day(28))
    later = passing(later, day(48))
    again = reported(later, *named(48), amended)
    assert facts_of(again, f.FactCorrected) == []
    assert "LABORATORY_AMENDED" not in told_notices(again)


def test_the_laboratory_is_asked_again_after_it_had_answered() -> None:
    """T11: a corrected count holds a dose that is still to come; asked once more it brings nothing at all."""
    story = passing(first_gate(), day(26))
    story = reported(story, *named(27)).story
    assert story.state.current_cycle.gate == "PASSED"
    amended = one_of(named(27), "ANC", status="corrected", value="0.6")
    outcome = reported(story, amended, complete=False)
    assert outcome.story.state.current_cycle.gate == "FAILED"
    assert {"LABORATORY_AMENDED", "DOSE_ON_HOLD"} <= set(told_notices(outcome))
    assert facts_of(outcome, f.LabResultsRecorded) == []
    order = story.seq_of(f.LabsOrdered)
    assert reported(outcome.story, amended, order=order, complete=False).facts == ()


def test_of_several_reports_of_a_result_the_latest_issued_counts() -> None:
    """Whichever file is read first: final, corrected, withdrawn."""
    story = first_gate()
    issued = [noon(day(8)) + timedelta(hours=hour) for hour in range(3)]
    reports = (
        one_of(named(6), "PLT", status="entered-in-error", issued_at=issued[2]),
        one_of(named(6), "PLT", status="corrected", value="200", issued_at=issued[1]),
    )
    outcome = reported(story, *reports, *named(27))
    assert [fact.why for fact in facts_of(outcome, f.FactCorrected, of="LabResultsRecorded")] == [
        "report of the laboratory: entered-in-error"
    ]


def test_a_later_report_without_an_id_is_one_of_the_same_test_and_sample() -> None:
    """A laboratory without ids: test and instant tell. Of another instant it is a result of its own."""
    story = passing(in_neoadjuvant(), day(6))
    story = passing(reported(story, *results(day(6))).story, day(7))
    story = passing(told(story, c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN")), day(27))
    withdrawn = one_of(results(day(6)), "PLT", status="entered-in-error")
    assert "GATE/C1" in reported(story, *results(day(27)), withdrawn).story.state.deviations
    other = withdrawn.model_copy(update={"collected_at": noon(day(5))})
    assert facts_of(reported(story, *results(day(27)), other), f.FactCorrected) == []


def test_a_later_report_that_can_be_used_takes_the_place_of_one_that_could_not() -> None:
    """A missing unit, corrected by the laboratory."""
    story = passing(in_neoadjuvant(), day(6))
    story = reported(story, *named(6, {"HB": ("13.2", "", ""), "CA": ("9.4", "", "")})).story
    assert story.state.current_cycle.gate == "FAILED"
    amended = one_of(named(6), "HB", status="corrected")
    outcome = reported(passing(story, day(7)), amended, *named(7)[:1], complete=False)
    made: Any = facts_of(outcome, f.FactCorrected, of="LabResultsRecorded")[0].content
    assert "HB" in [value.analyte for value in made.accepted]
    assert "HB" not in [value.code for value in made.unused]


def test_a_later_report_lifts_the_hold_it_caused_and_the_new_sample_is_held_against_the_gate() -> None:
    """T11: the answer brings the amended old sample and a new one; the new one decides."""
    story = passing(in_neoadjuvant(), day(6))
    story = passing(reported(story, *named(6, {"PLT": LOW})).story, day(7))
    amended = one_of(named(6), "PLT", status="corrected")
    assert reported(story, amended, *named(7)).story.state.current_cycle.gate == "PASSED"
    low = reported(story, amended, *named(7, {"PLT": LOW})).story
    assert low.state.current_cycle.gate == "FAILED"
    assert [i for i in low.state.intents.values() if isinstance(i.fact, f.LabsOrdered)] != []


def test_a_later_report_of_a_sample_nobody_took_in_is_not_taken() -> None:
    """Amended before it was ever accepted, and older than the order asks for."""
    story = passing(in_neoadjuvant(), day(27))
    old = one_of(named(-40), "PLT", status="corrected")
    outcome = reported(story, *named(27), old)
    assert all(value.collected_at == noon(day(27)) for value in the(outcome, f.LabResultsRecorded).accepted)


def test_the_same_result_in_two_answers_is_corrected_in_both() -> None:
    """Screening asks again for what is missing, and gets what is known once more."""
    story = passing(registered(), day(2))
    some = tuple(one for one in named(1) if one.code != "HIV")
    story = reported(story, *some, complete=False).story
    story = reported(story, *named(1)).story
    number = seq(story, f.LabResultsRecorded)
    outcome = correct(story, number, results=[row("HB", "8.9", "g/dL", 1)])
    assert outcome.story.state.labs["HB"].value == Decimal(89)
    first = next(n for n, fact in enumerate(story.facts, start=1) if isinstance(fact, f.LabResultsRecorded))
    outcome = correct(story, first, results=[row("HB", "8.9", "g/dL", 1)])
    assert outcome.story.state.labs["HB"].value == Decimal(89)


def test_the_surgery_wait_is_not_moved_by_results() -> None:
    """What does not hang on a result stays: window and timers."""
    story = in_surgery_wait()
    number = gate_results(story)
    outcome = correct(story, number, results=[row("HB", "11", "g/dL", 48)])
    assert "window" not in changed(outcome)
    assert day_1(outcome.story, 3) == day_1(story, 3)
