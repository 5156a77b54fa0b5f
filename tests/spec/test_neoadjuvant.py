"""Neoadjuvant treatment: doses as planned and otherwise, delays, omissions, and the pre-dose gate."""

from decimal import Decimal

import pytest
from pydantic import BaseModel

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import UNATTRIBUTED, Reason
from tests.given import Story, day, facts_of, noon, nothing_happened, refused, the, then_kinds, when
from tests.stories import (
    answered,
    at_visit,
    cycle_given,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    results,
    screened,
    told,
)

LOW = {"PLT": ("40", "10*9/L", "")}


def c1(**changed: object) -> c.ReportDose:
    """Give the report of C1D1 on its planned date, day 7."""
    return c.ReportDose.model_validate({"cycle": "C1", "given_on": day(7), "choice": "CISPLATIN"} | changed)


def c2(number: int) -> c.ReportDose:
    """Give the report of C2D1 on a date. It is planned for day 28."""
    return c.ReportDose(cycle="C2", given_on=day(number))


def at_c1(arm: str = "COHORT_1") -> Story:
    """It is day 7, and the gate of C1 has passed."""
    return at_visit(in_neoadjuvant(arm))


def names(fact: f.DoseGiven) -> list[str]:
    """Give the drugs of a dose."""
    return [drug.drug for drug in fact.drugs]


@pytest.mark.parametrize(
    ("arm", "drugs"),
    [
        ("COHORT_1", ["BENMELSTOBART", "ETOPOSIDE", "CISPLATIN", "ANLOTINIB"]),
        ("COHORT_2", ["BENMELSTOBART", "ETOPOSIDE", "CISPLATIN"]),
    ],
)
def test_day_1_as_planned_gives_the_arm_s_regimen_and_plans_the_next_cycle(arm: str, drugs: list[str]) -> None:
    """In time, with a passed gate, all drugs: no deviation; C2D1 is planned 21 d after the actual C1D1 (T2, T2.1)."""
    outcome = when(at_c1(arm), c1())
    then_kinds(outcome, f.DoseGiven, f.CyclePlanned)
    assert names(the(outcome, f.DoseGiven)) == drugs
    plan = the(outcome, f.CyclePlanned)
    assert (plan.cycle, plan.earliest_on, plan.planned_on, plan.latest_on) == (2, day(25), day(28), day(31))
    assert (plan.anchor_on, plan.rule) == (day(7), "T2.2")


def test_the_next_cycle_follows_the_actual_date_not_the_planned_one() -> None:
    """C1D1 on day 9 moves C2D1 to day 30 (T2.2)."""
    outcome = when(passing(at_c1(), day(9)), c1(given_on=day(9)))
    assert the(outcome, f.CyclePlanned).planned_on == day(30)


@pytest.mark.parametrize(
    ("given_on", "days_off", "important"),
    [(24, -1, True), (25, None, None), (31, None, None), (32, 1, False), (40, 9, False)],
)
def test_outside_its_window_a_dose_is_a_deviation(given_on: int, days_off: int | None, important: bool | None) -> None:  # noqa: FBT001 - a table
    """3 d either side are in time; earlier is important, later is not; the dose is recorded all the same (T2.2)."""
    story = passing(in_neoadjuvant("COHORT_2", 1), day(22))
    story = told(story, c.TypeLabResults(results=results(day(22))), day(22))
    story = passing(story, day(given_on))
    outcome = when(story, c2(given_on))
    assert the(outcome, f.CyclePlanned).planned_on == day(given_on + 21)
    found = facts_of(outcome, f.DeviationRecorded, item="C2")
    assert [(row.days_off, row.important) for row in found] == ([] if days_off is None else [(days_off, important)])


def test_the_platinum_is_picked_and_then_kept() -> None:
    """The first time it must be named; without a word the next cycle keeps it (T2)."""
    no = refused(when(at_c1(), c1(choice=None)), Reason.MALFORMED, field="choice")
    assert no.accepts == "CISPLATIN or CARBOPLATIN"
    refused(when(at_c1(), c1(choice="OXALIPLATIN")), Reason.MALFORMED, field="choice")
    story = at_visit(told(at_c1(), c1(choice="CARBOPLATIN")))
    assert "CARBOPLATIN" in names(the(when(story, c2(28)), f.DoseGiven))


def test_the_platinum_may_be_switched_and_must_then_be_named_again() -> None:
    """After both were given once, no one is guessed."""
    story = told(at_visit(told(at_c1(), c1())), c.ReportDose(cycle="C2", given_on=day(28), choice="CARBOPLATIN"))
    refused(when(at_visit(story), c.ReportDose(cycle="C3", given_on=day(49))), Reason.MALFORMED, field="choice")


@pytest.mark.parametrize("at_once", [True, False])
def test_both_platinums_in_one_cycle_is_an_important_deviation(at_once: bool) -> None:  # noqa: FBT001 - a table
    """In one report or in two (T2)."""
    both = (c.GivenDrug(drug="CISPLATIN"), c.GivenDrug(drug="CARBOPLATIN"))
    outcome = when(at_c1(), c1(drugs=both)) if at_once else when(told(at_c1(), c1()), c1(drugs=both[1:]))
    assert the(outcome, f.DeviationRecorded, item="BOTH/C1").important
    assert facts_of(outcome, f.NoticeRequested, notice="IMPORTANT_DEVIATION")


def test_a_wrong_drug_is_recorded_as_an_important_deviation() -> None:
    """Anlotinib in cohort 2: what happened is never refused."""
    rows = tuple(c.GivenDrug(drug=name) for name in ("BENMELSTOBART", "ETOPOSIDE", "CISPLATIN", "ANLOTINIB"))
    outcome = when(at_c1("COHORT_2"), c1(drugs=rows))
    deviation = the(outcome, f.DeviationRecorded)
    assert (deviation.item, deviation.important) == ("DRUG/C1D1/ANLOTINIB", True)


def test_a_reduced_benmelstobart_is_an_important_deviation() -> None:
    """1200 mg, never reduced, in any unit of mass (T2, T9)."""
    given = (c.GivenDrug(drug="BENMELSTOBART", amount=Decimal(600), unit="mg"),)
    found = facts_of(when(at_c1(), c1(drugs=given)), f.DeviationRecorded, item="AMOUNT/C1D1/BENMELSTOBART")
    assert [row.important for row in found] == [True]
    for amount, unit in ((Decimal(1200), "mg"), (Decimal("1.2"), "g")):
        given = (c.GivenDrug(drug="BENMELSTOBART", amount=amount, unit=unit),)
        assert not facts_of(when(at_c1(), c1(drugs=given)), f.DeviationRecorded, item="AMOUNT/C1D1/BENMELSTOBART")


def test_what_was_planned_and_not_given_is_a_deviation_each() -> None:
    """Only benmelstobart was given on C1D1 (T2)."""
    outcome = when(at_c1(), c1(drugs=(c.GivenDrug(drug="BENMELSTOBART"),)))
    items = {row.item for row in facts_of(outcome, f.DeviationRecorded)}
    assert items == {"MISSED/C1D1/ETOPOSIDE", "MISSED/C1D1/CISPLATIN", "MISSED/C1D1/ANLOTINIB"}


def test_days_2_and_3_take_etoposide_and_plan_nothing() -> None:
    """Their dates follow from day 1; the drugs need not be named (T2)."""
    story = told(at_c1(), c1())
    for number in (2, 3):
        outcome = when(story, c.ReportDose(cycle="C1", day=number, given_on=day(6 + number)), on=day(9))
        then_kinds(outcome, f.DoseGiven)
        assert names(the(outcome, f.DoseGiven)) == ["ETOPOSIDE"]
    wrong = c.ReportDose(cycle="C1", day=2, given_on=day(9))
    assert refused(when(story, wrong, on=day(9)), Reason.CONTRADICTS, field="given_on").accepts.endswith("or day 3")


def test_a_second_drug_of_the_same_day_misses_nothing() -> None:
    """Etoposide of day 2 is on record when another drug of day 2 is added."""
    story = told(told(at_c1(), c1()), c.ReportDose(cycle="C1", day=2, given_on=day(8)), day(8))
    added = c.ReportDose(cycle="C1", day=2, given_on=day(8), drugs=(c.GivenDrug(drug="ASPIRIN"),))
    deviation = the(when(story, added), f.DeviationRecorded)
    assert deviation.item == "DRUG/C1D2/ASPIRIN"


def test_nothing_is_planned_on_day_4() -> None:
    """A report must name the drugs then."""
    no = refused(
        when(told(at_c1(), c1()), c.ReportDose(cycle="C1", day=4, given_on=day(10)), on=day(10)), Reason.IMPOSSIBLE
    )
    assert no.accepts == "day 1, 2, 3, or name the drugs"


def test_the_same_dose_twice_is_refused() -> None:
    """For the same cycle, day and drug; twice in one report too."""
    refused(when(told(at_c1(), c1()), c1()), Reason.CONTRADICTS, field="cycle")
    twice = (c.GivenDrug(drug="BENMELSTOBART"), c.GivenDrug(drug="BENMELSTOBART"))
    refused(when(at_c1(), c1(drugs=twice)), Reason.CONTRADICTS, field="cycle")


def test_a_drug_given_later_that_day_is_added() -> None:
    """Day 1 may be told in two reports; it plans the next cycle once, and what the second one adds was not missed."""
    story = told(at_c1(), c1(drugs=(c.GivenDrug(drug="BENMELSTOBART"),)))
    missed = {"MISSED/C1D1/ETOPOSIDE", "MISSED/C1D1/CISPLATIN", "MISSED/C1D1/ANLOTINIB"}
    assert story.state.deviations.keys() == missed
    outcome = when(story, c1(drugs=(c.GivenDrug(drug="CARBOPLATIN"), c.GivenDrug(drug="ETOPOSIDE"))))
    assert facts_of(outcome, f.CyclePlanned) == []
    assert {fact.item for fact in facts_of(outcome, f.DeviationWithdrawn)} == missed - {"MISSED/C1D1/ANLOTINIB"}
    assert outcome.story.state.deviations.keys() == {"MISSED/C1D1/ANLOTINIB"}


def test_a_dose_out_of_turn_needs_confirmation_and_is_a_deviation() -> None:
    """C3 reported while C2 is awaited: asked back first, then recorded, and the journey goes on from it (rule 9)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(49))
    report = c.ReportDose(cycle="C3", given_on=day(49))
    no = refused(when(story, report), Reason.CONFIRM, rule="T2.2", field="cycle")
    assert "C2D1 is awaited" in no.detail
    refused(when(story, report, confirmed=True), Reason.CONFIRM)
    outcome = when(story, report, confirmed=True, reason="C2 is being entered")
    assert the(outcome, f.DeviationRecorded, item="TURN/C3D1").important
    assert the(outcome, f.EpochEntered).epoch == "SURGERY"
    late = when(outcome.story, c2(28), confirmed=True, reason="entered late")
    assert "no dose is awaited in SURGERY" in the(late, f.DeviationRecorded, item="TURN/C2D1").text
    assert not facts_of(late, f.CyclePlanned)


def test_cycles_cannot_run_backwards() -> None:
    """Day 1 of a cycle lies after that of every earlier one and before that of every later one."""
    story = told(
        passing(in_neoadjuvant("COHORT_1", 1), day(49)),
        c.ReportDose(cycle="C3", given_on=day(49)),
        confirmed=True,
        reason="C2 unknown",
    )
    refused(when(story, c2(7), confirmed=True, reason="late"), Reason.CONTRADICTS, field="given_on")
    refused(when(story, c2(49), confirmed=True, reason="late"), Reason.CONTRADICTS, field="given_on")
    assert when(story, c2(28), confirmed=True, reason="late").refusal is None


def test_day_2_before_day_1_needs_confirmation_and_fixes_the_dates() -> None:
    """Day 2 told first: day 1 was the day before, whatever comes later."""
    story = passing(at_c1(), day(8))
    day_2 = c.ReportDose(cycle="C1", day=2, given_on=day(8))
    refused(when(story, day_2), Reason.CONFIRM)
    story = told(story, day_2, confirmed=True, reason="day 1 follows on paper")
    refused(when(story, c1(given_on=day(8))), Reason.CONTRADICTS, field="given_on")
    outcome = when(story, c1(given_on=day(7)))
    assert the(outcome, f.CyclePlanned).anchor_on == day(7)


def test_a_day_of_a_later_cycle_does_not_hide_the_awaited_one() -> None:
    """C3 day 2 on record by mistake: C2 is awaited next all the same, and C3 is planned anew after it."""
    story = passing(in_neoadjuvant("COHORT_1", 0), day(7))
    odd = c.ReportDose(cycle="C3", day=2, given_on=day(7))
    story = told(story, odd, confirmed=True, reason="given in error")
    story = told(story, c1())
    assert story.state.current_cycle.label == "C2"
    outcome = when(passing(story, day(28)), c2(28))
    assert (the(outcome, f.CyclePlanned).cycle, the(outcome, f.CyclePlanned).anchor_on) == (3, day(28))
    assert outcome.story.state.current_cycle.rule == "T2.2"


def test_there_is_no_sixteenth_cycle() -> None:
    """The protocol has fifteen."""
    refused(when(at_c1(), c1(cycle="C16")), Reason.IMPOSSIBLE, field="cycle")


def test_a_dose_before_randomization_is_recorded_with_what_is_wrong() -> None:
    """In screening: the drugs must be named, confirmation is asked, three deviations stand (rule 9)."""
    report = c1(given_on=day(2), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    assert refused(when(screened(), c1(given_on=day(2))), Reason.IMPOSSIBLE).accepts == "name the drugs given"
    refused(when(screened(), report), Reason.CONFIRM)
    outcome = when(screened(), report, confirmed=True, reason="given in error")
    items = [row.item for row in facts_of(outcome, f.DeviationRecorded)]
    assert items == ["TURN/C1D1", "RAND/C1", "DRUG/C1D1/BENMELSTOBART"]
    assert all(row.important for row in facts_of(outcome, f.DeviationRecorded))


def test_a_dose_dated_before_randomization_is_an_important_deviation() -> None:
    """C1D1 on the day before randomization (T1.1)."""
    outcome = when(at_c1(), c1(given_on=day(2)))
    assert the(outcome, f.DeviationRecorded, item="RAND/C1").important


def test_a_dose_after_treatment_ended_is_out_of_turn() -> None:
    """After a withdrawal from treatment no dose is awaited; one that was given is recorded and escalated."""
    story = told(in_neoadjuvant("COHORT_1", 1), c.ReportWithdrawal(withdrawn_on=day(20), level="TREATMENT"), day(20))
    refused(when(story, c2(28), on=day(28)), Reason.CONFIRM)
    outcome = when(story, c2(28), on=day(28), confirmed=True, reason="given in error")
    assert the(outcome, f.DeviationRecorded, item="TURN/C2D1").important
    assert not facts_of(outcome, f.CyclePlanned)


def test_an_unattributed_dose_is_taken() -> None:
    """A bare signal tells a dose too; it is recorded as nobody's and waits for a countersignature."""
    then_kinds(when(at_c1(), c1(), role=UNATTRIBUTED), f.DoseGiven, f.CyclePlanned, f.SignatureAsked)


# Delays and omissions


def test_a_delay_moves_the_plan_and_orders_new_results() -> None:
    """Put off from day 28 to day 33: ordered again on day 30, overdue 3 d after the new date (T2.2)."""
    story = told(
        passing(in_neoadjuvant("COHORT_1", 1), day(27)),
        c.DelayDose(cycle="C2", until=day(33), why="neutropenia"),
        day(27),
    )
    story = passing(story, day(30))
    order = story.facts[-2]
    assert (order.kind, order.cycle, order.after < noon(day(30))) == ("LabsOrdered", 2, True)
    story = passing(answered(story, day(32)), day(36))
    assert not [fact for fact in story.facts if fact.kind == "DeviationRecorded"]
    late = when(story, c2(33))
    assert the(late, f.DeviationRecorded).days_off == 2


def test_a_delay_by_one_day_still_orders_results() -> None:
    """C1 put off from day 7 to day 5 and to day 6: each new plan has its own order."""
    story = in_neoadjuvant()
    for until in (5, 6):
        story = told(story, c.DelayDose(cycle="C1", until=day(until), why="bed"), day(3))
        outcome = when(story, c.TimePassed(), on=day(3))
        assert the(outcome, f.LabsOrdered).cycle == 1
        story = outcome.story


@pytest.mark.parametrize("until", [24, 26, 28])
def test_a_plan_before_the_window_in_the_past_or_unchanged_is_refused(until: int) -> None:
    """A plan may be refused: before day 25, before today, or what is planned already (T2.2)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(27))
    refused(when(story, c.DelayDose(cycle="C2", until=day(until), why="bed")), Reason.RULE, field="until")


def test_a_delay_beyond_21_days_is_the_investigator_s_to_decide() -> None:
    """Told at once, and again when the day comes (Q7)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(27))
    assert not facts_of(when(story, c.DelayDose(cycle="C2", until=day(49), why="bed")), f.NoticeRequested)
    outcome = when(story, c.DelayDose(cycle="C2", until=day(50), why="bed"))
    assert the(outcome, f.NoticeRequested).notice == "MAXIMUM_DELAY"
    story = passing(outcome.story, day(50))
    assert any(fact.kind == "DueReached" and fact.item.startswith("MAXIMUM_DELAY/C2") for fact in story.facts)


def test_the_maximum_delay_of_a_first_cycle_counts_from_its_planned_date() -> None:
    """C4D1 is planned 7 d after the evaluation, within 14 d; 21 d of delay run from the 7th (T7, Q7)."""
    story = told(in_evaluation(), c.EvaluateAdjuvant(evaluated_on=day(115), fit=True), day(115))
    assert not facts_of(when(story, c.DelayDose(cycle="C4", until=day(143), why="wound")), f.NoticeRequested)
    assert facts_of(when(story, c.DelayDose(cycle="C4", until=day(144), why="wound")), f.NoticeRequested)


@pytest.mark.parametrize("kind", [c.DelayDose, c.OmitDose, c.OverrideGate])
def test_only_the_awaited_cycle_can_be_planned(kind: type[BaseModel]) -> None:
    """Neither a later one, nor any after treatment ended."""
    fields = {"cycle": "C3", "until": day(60), "decided_on": day(20), "why": "bed"}
    command = kind.model_validate({name: value for name, value in fields.items() if name in kind.model_fields})
    story = in_neoadjuvant("COHORT_1", 1)
    no = refused(when(story, command, on=day(20)), Reason.PHASE, field="cycle")
    assert no.accepts == "cycle: C2"
    gone = told(story, c.ReportWithdrawal(withdrawn_on=day(20), level="TREATMENT"), day(20))
    no = refused(when(gone, command.model_copy(update={"cycle": "C2"}), on=day(20)), Reason.PHASE, field="cycle")
    assert no.accepts == "cycle: none (FOLLOW_UP)"


def test_an_omitted_cycle_is_a_deviation_and_the_next_is_planned_from_its_date() -> None:
    """C2, planned for day 28, is left out: C3 is planned for day 49."""
    outcome = when(
        in_neoadjuvant("COHORT_1", 1), c.OmitDose(cycle="C2", decided_on=day(28), why="toxicity"), on=day(28)
    )
    then_kinds(outcome, f.DoseOmitted, f.DeviationRecorded, f.NoticeRequested, f.CyclePlanned)
    assert (the(outcome, f.CyclePlanned).cycle, the(outcome, f.CyclePlanned).planned_on) == (3, day(49))


def test_an_omitted_last_cycle_leads_to_surgery() -> None:
    """The window then runs from the benmelstobart of C2, day 28 (T4.1)."""
    story = passing(in_neoadjuvant("COHORT_1", 2), day(49))
    outcome = when(story, c.OmitDose(cycle="C3", decided_on=day(49), why="toxicity"))
    assert the(outcome, f.EpochEntered).epoch == "SURGERY"
    assert outcome.story.due.key.endswith(str(day(49)))


def test_a_cycle_given_after_it_was_omitted_counts_as_given() -> None:
    """Confirmed out of turn, and the next cycle follows its actual date."""
    story = told(in_neoadjuvant("COHORT_1", 1), c.OmitDose(cycle="C2", decided_on=day(28), why="toxicity"), day(28))
    outcome = when(passing(story, day(33)), c2(33), confirmed=True, reason="given after all")
    assert (the(outcome, f.CyclePlanned).cycle, the(outcome, f.CyclePlanned).planned_on) == (3, day(54))
    assert not outcome.story.state.cycles[2].omitted


def test_one_drug_omitted_is_not_among_what_is_given() -> None:
    """Held by the investigator, anlotinib is missed in C2 and everything else is given; HOLD is per drug."""
    story = at_visit(in_neoadjuvant("COHORT_1", 1))
    omit = c.OmitDose(cycle="C2", drug="ANLOTINIB", decided_on=day(28), why="bleeding grade 2")
    then_kinds(when(story, omit), f.DoseOmitted, f.DosesPlanned, f.NoticeRequested)
    outcome = when(told(story, omit), c2(28))
    assert names(the(outcome, f.DoseGiven)) == ["BENMELSTOBART", "ETOPOSIDE", "CISPLATIN"]
    assert the(outcome, f.DeviationRecorded).item == "MISSED/C2D1/ANLOTINIB"


def test_an_omitted_platinum_is_not_replaced_by_guess() -> None:
    """Cisplatin held: whether carboplatin was given instead must be said."""
    story = at_visit(in_neoadjuvant("COHORT_1", 1))
    story = told(story, c.OmitDose(cycle="C2", drug="CISPLATIN", decided_on=day(28), why="hearing"))
    refused(when(story, c2(28)), Reason.MALFORMED, field="choice")


def test_a_drug_can_be_omitted_only_in_a_planned_cycle() -> None:
    """C3 is not planned while C2 is awaited."""
    omit = c.OmitDose(cycle="C3", drug="ANLOTINIB", decided_on=day(20), why="bleeding")
    refused(when(in_neoadjuvant("COHORT_1", 1), omit, on=day(20)), Reason.PHASE, field="cycle")


# The gate


def test_results_are_ordered_three_days_before_and_the_visit_announced() -> None:
    """On day 25 for C2D1 of day 28 (T11)."""
    outcome = when(in_neoadjuvant("COHORT_2", 1), c.TimePassed(), on=day(25))
    then_kinds(outcome, f.DueReached, f.LabsOrdered, f.NoticeRequested)
    order = the(outcome, f.LabsOrdered)
    assert (order.purpose, order.cycle) == ("GATE", 2)
    assert order.analytes == ("HB", "ANC", "PLT", "TBIL", "ALT", "AST", "CREAT", "UPROT")
    assert the(outcome, f.NoticeRequested).text == f"C2D1 planned {day(28)}, window {day(25)} to {day(31)}"


def test_a_gate_passes_on_fresh_results() -> None:
    """Every gate criterion holds on the sample (T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(26)), complete=True)
    outcome = when(story, report, on=day(27))
    then_kinds(outcome, f.LabResultsRecorded, f.GateChecked, f.DosesPlanned)
    gate = the(outcome, f.GateChecked)
    assert (gate.cycle, gate.passed, gate.sampled_on, len(gate.findings)) == (2, True, day(26), 7)


def test_a_failed_gate_holds_the_dose_asks_and_orders_again() -> None:
    """The reason is told; a new sample is asked for; it passes on the next one (T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(26), LOW), complete=True)
    outcome = when(story, report, on=day(26))
    then_kinds(outcome, f.LabResultsRecorded, f.GateChecked, f.NoticeRequested, f.LabsOrdered)
    assert the(outcome, f.NoticeRequested).text == "C2D1 on hold: I11.4 NOT_MET"
    assert the(outcome, f.LabsOrdered).after == noon(day(26))
    again = answered(outcome.story, day(29))
    assert again.facts[-2].passed


def test_a_dose_on_hold_that_was_given_is_an_important_deviation() -> None:
    """What happened is never refused (rule 9)."""
    outcome = when(at_visit(in_neoadjuvant(), LOW), c1())
    deviation = the(outcome, f.DeviationRecorded)
    assert (deviation.item, deviation.rule, deviation.important) == ("GATE/C1", "T11", True)
    assert "failed" in deviation.text


def test_an_override_lets_the_dose_start() -> None:
    """By the investigator, with a reason; a passed gate has nothing to override (T11)."""
    override = c.OverrideGate(cycle="C1", why="stable thrombocytes")
    then_kinds(when(told(at_visit(in_neoadjuvant(), LOW), override), c1()), f.DoseGiven, f.CyclePlanned)
    refused(when(at_c1(), override), Reason.PHASE, field="cycle")
    refused(when(at_c1(), override, role="COORDINATOR"), Reason.ROLE)


def test_a_dose_without_results_is_an_important_deviation() -> None:
    """The gate was not checked."""
    outcome = when(passing(in_neoadjuvant(), day(7)), c1())
    assert "not checked" in the(outcome, f.DeviationRecorded, item="GATE/C1").text


SAMPLES = [(25, 28, False), (25, 29, True), (28, 28, False), (29, 28, True)]


@pytest.mark.parametrize(("sampled", "given_on", "stale"), SAMPLES)
def test_a_stale_sample_is_a_deviation(sampled: int, given_on: int, stale: bool) -> None:  # noqa: FBT001 - a table
    """At most 3 d before D1, and not after it (T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    story = answered(story, day(sampled), on=day(max(sampled, 26)))
    found = facts_of(when(story, c2(given_on), on=day(max(sampled, given_on))), f.DeviationRecorded, item="GATE/C2")
    assert [row.important for row in found] == ([False] if stale else [])


def test_a_late_order_takes_a_sample_of_the_days_before() -> None:
    """What is young enough on day 1 counts, also when it was taken before the order was made (T11)."""
    order = the(when(in_neoadjuvant("COHORT_1", 1), c.TimePassed(), on=day(27)), f.LabsOrdered)
    assert noon(day(24)) < order.after < noon(day(25))


def test_results_typed_in_before_the_order_answer_it_at_once() -> None:
    """The record holds them already: nothing is awaited (T11)."""
    story = told(in_neoadjuvant("COHORT_1", 1), c.TypeLabResults(results=results(day(26))), day(26))
    outcome = when(story, c.TimePassed(), on=day(27))
    assert the(outcome, f.GateChecked).passed
    assert not any(isinstance(intent.fact, f.LabsOrdered) for intent in outcome.story.state.intents.values())


def test_after_a_delay_the_sample_that_failed_is_not_asked_for_again() -> None:
    """Only a later one is; without a failure the sample still counts (T11)."""
    failed = told(at_visit(in_neoadjuvant(), LOW), c.DelayDose(cycle="C1", until=day(9), why="platelets"))
    assert the(when(failed, c.TimePassed(), on=day(8)), f.LabsOrdered).after == noon(day(6))
    passed = told(at_c1(), c.DelayDose(cycle="C1", until=day(9), why="bed"))
    outcome = when(passed, c.TimePassed(), on=day(8))
    assert the(outcome, f.GateChecked).passed
    assert the(outcome, f.GateChecked).sampled_on == day(6)


def test_missing_results_hold_the_dose() -> None:
    """When the order is given up, the gate is UNKNOWN: on hold, and ordered again."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=(), complete=False)
    outcome = when(story, report, on=day(39))
    gate = the(outcome, f.GateChecked)
    assert (gate.passed, gate.sampled_on) == (False, None)
    assert {finding.verdict for finding in gate.findings} == {"UNKNOWN"}
    assert the(outcome, f.LabsOrdered).cycle == 2


def test_an_answer_for_a_cycle_that_was_given_drives_nothing() -> None:
    """The dose did not wait for its results; they are kept, and what they say of it stands in its deviation (T11)."""
    story = told(passing(in_neoadjuvant(), day(7)), c1())
    order = story.seq_of(f.LabsOrdered)
    good = c.LabsReported(order=order, results=results(day(6)), complete=True)
    then_kinds(when(story, good), f.LabResultsRecorded)
    report = c.LabsReported(order=order, results=results(day(6), LOW), complete=True)
    then_kinds(when(story, report), f.LabResultsRecorded, f.DeviationRecorded)


def test_an_answer_to_an_order_that_a_delay_replaced_drives_nothing() -> None:
    """The delay closed the order; its late results are kept."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(26))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(26), LOW), complete=True)
    story = told(story, c.DelayDose(cycle="C2", until=day(35), why="bed"))
    then_kinds(when(story, report), f.LabResultsRecorded)


def test_an_override_before_the_order_leaves_nothing_to_order() -> None:
    """The visit is still announced."""
    story = told(in_neoadjuvant("COHORT_2", 1), c.OverrideGate(cycle="C2", why="results by telephone"), day(20))
    then_kinds(when(story, c.TimePassed(), on=day(25)), f.DueReached, f.NoticeRequested)


def test_an_overdue_visit_is_a_deviation_once_and_told_once() -> None:
    """After day 31: deviation and escalation; the late dose says more of the same deviation (T2.2)."""
    story = passing(at_visit(in_neoadjuvant("COHORT_1", 1)), day(31))
    outcome = when(story, c.TimePassed(), on=day(32))
    then_kinds(outcome, f.DueReached, f.DeviationRecorded, f.NoticeRequested)
    assert the(outcome, f.NoticeRequested).notice == "VISIT_OVERDUE"
    late = when(outcome.story, c2(32))
    assert the(late, f.DeviationRecorded, item="C2").days_off == 1
    assert not facts_of(
        late, f.NoticeRequested, notice="DEVIATION", text=the(late, f.DeviationRecorded, item="C2").text
    )
    nothing_happened(when(late.story, c.TimePassed()))


def test_surgery_waits_for_no_fourth_cycle() -> None:
    """The third cycle leads to the surgery wait by itself (T2, T4)."""
    story = cycle_given(in_neoadjuvant("COHORT_2", 2))
    assert story.facts == in_surgery_wait("COHORT_2").facts
    assert story.facts[-3] == f.EpochEntered(epoch="SURGERY", entered_on=day(49))
