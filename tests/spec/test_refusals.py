"""Each refusal as a whole: its reason, the rule and the field it names. What would be accepted is words for people."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import UNATTRIBUTED
from tests.given import Story, day, given, noon, when
from tests.stories import (
    allocating,
    at_visit,
    begin,
    died,
    eligible,
    ended,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    operable,
    passing,
    screened,
    told,
)

Row = tuple[Callable[[], Story], Any, dict[str, Any], tuple[str, str, str]]
NEGATIVE = {"judged_on": day(72), "operable": False}
AE: dict[str, Any] = {"term": "rash", "grade": 2, "serious": False}


def at_c1() -> Story:
    """It is day 7, and the gate of C1 has passed."""
    return at_visit(in_neoadjuvant())


def in_c2() -> Story:
    """C1 is given, and it is day 20."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(20))


def c1_given() -> Story:
    """C1D1 is given on day 7."""
    return told(at_c1(), dose())


def held() -> Story:
    """Anlotinib is held from day 20 on."""
    return told(in_c2(), c.HoldDrug(drug="ANLOTINIB", decided_on=day(20), why="bleeding"))


def gone() -> Story:
    """Treatment ended on day 20."""
    return told(in_c2(), c.DiscontinueTreatment(decided_on=day(20), why="toxicity"))


def operated() -> Story:
    """Surgery on day 80, without pathology."""
    return told(passing(operable(), day(80)), c.ReportSurgery(performed_on=day(80), resection="R0"))


def with_event() -> Story:
    """An adverse event is on record."""
    return told(in_c2(), c.ReportAdverseEvent(onset_on=day(20), **AE))


def number(story: Story) -> int:
    """Give the number of the adverse event."""
    return story.seq_of(f.AdverseEventReported)


def dose(cycle: str = "C1", on: int = 7, **changed: Any) -> c.ReportDose:
    """Give the report of a day 1."""
    return c.ReportDose.model_validate({"cycle": cycle, "given_on": day(on), "choice": "CISPLATIN"} | changed)


def course(**changed: Any) -> c.ReportCourse:
    """Give the report of a course of C1."""
    return c.ReportCourse.model_validate({"cycle": "C1", "drug": "ANLOTINIB"} | changed)


def plan(cycle: str = "C1", **changed: Any) -> c.PlanDoses:
    """Give the plan of a cycle."""
    return c.PlanDoses.model_validate({"cycle": cycle, "why": "renal function"} | changed)


def hold(drug: str = "ANLOTINIB", on: int = 20) -> c.HoldDrug:
    """Give a hold."""
    return c.HoldDrug(drug=drug, decided_on=day(on), why="bleeding")


def judged(rule: str, verdict: str) -> c.Judge:
    """Give one answer."""
    return c.Judge.model_validate({"answers": [{"rule": rule, "verdict": verdict, "on": day(1)}]})


def beyond_screening() -> Story:
    """An older record: in treatment without any consent."""
    story = told(given(), begin(consent=None, evidence=None))
    return story.with_facts((f.EpochEntered(epoch="NEOADJUVANT", entered_on=day(0)),), noon(day(0)))


def resume(on: int) -> c.ResumeDrug:
    """Give a resumption."""
    return c.ResumeDrug(drug="ANLOTINIB", decided_on=day(on), why="resolved")


def stop() -> c.DiscontinueDrug:
    """Give a discontinuation."""
    return c.DiscontinueDrug(drug="ANLOTINIB", decided_on=day(20), why="bleeding")


FIT = c.JudgeOperability(judged_on=day(1), operable=True)
FAILURE = c.ReportScreenFailure(decided_on=day(20), why="x")
CONSENT = c.RecordConsent(signed_on=day(0), version="V1.0")
DELIVERED = c.NoticeDelivered(notice=1, sink="console")
LATE_EVENT = c.ReportAdverseEvent(onset_on=day(61), **AE)
ROWS: dict[str, Row] = {
    # who may send what, and when (3.6, T6.1)
    "registered twice": (screened, begin(), {}, ("PHASE", "", "")),
    "not registered": (given, c.ReportDeath(died_on=day(0)), {"role": "INVESTIGATOR"}, ("PHASE", "", "")),
    "the product's own": (screened, c.TimePassed(), {"role": "INVESTIGATOR"}, ("ROLE", "", "")),
    "another role": (screened, c.ReportDeath(died_on=day(1)), {"role": "MONITOR"}, ("ROLE", "3.6 roles", "role")),
    "nobody": (held, hold("ETOPOSIDE"), {"role": UNATTRIBUTED}, ("ROLE", "", "staff")),
    "after the end": (ended, hold(), {}, ("OVER", "T6.1", "")),
    "occurred later": (
        screened,
        c.ReportProgression(found_on=day(1)),
        {"occurred_at": noon(day(300))},
        ("FUTURE", "", "occurred_at"),
    ),
    "to come": (screened, c.ReportProgression(found_on=day(300)), {}, ("FUTURE", "", "found_on")),
    "before birth": (screened, c.ReportProgression(found_on=day(-30000)), {}, ("IMPOSSIBLE", "", "found_on")),
    "after death": (
        died,
        LATE_EVENT,
        {"on": day(70)},
        ("CONTRADICTS", "", "onset_on"),
    ),
    "before consent": (screened, c.ReportProgression(found_on=day(-1)), {}, ("CONFIRM", "I1.1", "found_on")),
    "long ago": (in_adjuvant, c.ReportProgression(found_on=day(50)), {}, ("CONFIRM", "T4 (assumption Q9)", "found_on")),
    "death before a dose": (
        in_surgery_wait,
        c.ReportDeath(died_on=day(48)),
        {},
        ("CONFIRM", "T4 (assumption Q9)", "died_on"),
    ),
    # screening (I1.1, T1.1)
    "consent in treatment": (
        beyond_screening,
        CONSENT,
        {},
        ("PHASE", "T1.1", ""),
    ),
    "eligible in treatment": (in_c2, c.ConfirmEligibility(judged_on=day(3)), {}, ("PHASE", "T1.1", "")),
    "eligible once allocating": (allocating, c.ConfirmEligibility(judged_on=day(3)), {}, ("CONTRADICTS", "T1.1", "")),
    "eligible before consent": (
        screened,
        c.ConfirmEligibility(judged_on=day(-1)),
        {},
        ("IMPOSSIBLE", "I1.1", "judged_on"),
    ),
    "allocation before the verdict": (screened, c.RequestRandomization(), {}, ("RULE", "T1.1", "")),
    "allocation in treatment": (in_c2, c.RequestRandomization(), {}, ("PHASE", "T1.1", "")),
    "screen failure in treatment": (
        in_c2,
        FAILURE,
        {},
        ("PHASE", "T1.1", ""),
    ),
    "slot nobody asked for": (
        eligible,
        c.SlotAllocated(slot=1, arm="COHORT_1", randomized_on=day(3)),
        {},
        ("CONTRADICTS", "T1.1", ""),
    ),
    "consent twice": (
        screened,
        CONSENT,
        {},
        ("CONTRADICTS", "I1.1", "version"),
    ),
    "no judgement": (screened, judged("I2", "MET"), {}, ("RULE", "", "judgements.0.rule")),
    "judged in other words": (screened, judged("I7", "TRIGGERED"), {}, ("RULE", "I7", "judgements.0.verdict")),
    "ruling on no conflict": (
        screened,
        c.RuleOnConflict(rule="I2", allowed=True, ruled_on=day(1), why="x"),
        {},
        ("RULE", "I2", "rule"),
    ),
    "ruling in treatment": (
        in_c2,
        c.RuleOnConflict(rule="I13.4", allowed=True, ruled_on=day(1), why="x"),
        {},
        ("PHASE", "I13.4", ""),
    ),
    # doses (T2, T2.2, T9, T11)
    "no such cycle": (at_c1, dose("C16"), {}, ("IMPOSSIBLE", "", "cycle")),
    "no choice": (at_c1, dose(choice=None), {}, ("MALFORMED", "T2 (assumption Q8)", "choice")),
    "nothing planned": (c1_given, dose(day=4, given_on=day(10)), {"on": day(10)}, ("IMPOSSIBLE", "", "day")),
    "twice": (c1_given, dose(), {}, ("CONTRADICTS", "", "cycle")),
    "days backwards": (c1_given, dose(day=3, until_day=2), {"on": day(9)}, ("IMPOSSIBLE", "", "until_day")),
    "days to come": (
        c1_given,
        dose(day=2, until_day=3, given_on=day(8)),
        {"on": day(8)},
        ("FUTURE", "", "until_day"),
    ),
    "another date of the day": (
        c1_given,
        dose(day=2, given_on=day(9)),
        {"on": day(9)},
        ("CONTRADICTS", "", "given_on"),
    ),
    "before an earlier cycle": (in_c2, dose("C2", 7), {}, ("CONTRADICTS", "", "given_on")),
    "out of turn": (
        lambda: passing(in_c2(), day(49)),
        dose("C3", 49),
        {},
        ("CONFIRM", "T2.2", "cycle"),
    ),
    "delay of another cycle": (in_c2, c.DelayDose(cycle="C3", until=day(60), why="x"), {}, ("PHASE", "", "cycle")),
    "delay before the window": (in_c2, c.DelayDose(cycle="C2", until=day(24), why="x"), {}, ("RULE", "T2.2", "until")),
    "delay to the same day": (in_c2, c.DelayDose(cycle="C2", until=day(28), why="x"), {}, ("RULE", "T2.2", "until")),
    "a drug of a cycle to come": (
        in_c2,
        c.OmitDose(cycle="C3", drug="ANLOTINIB", decided_on=day(20), why="x"),
        {},
        ("PHASE", "", "cycle"),
    ),
    "override of a passed gate": (at_c1, c.OverrideGate(cycle="C1", why="x"), {}, ("PHASE", "", "cycle")),
    # plans of doses (T2, T9, 3.4)
    "a drug twice": (
        at_c1,
        plan(choice="CISPLATIN", levels=[{"drug": "ANLOTINIB", "amount": "8", "unit": "mg"}] * 2),
        {},
        ("RULE", "", "levels"),
    ),
    "no reason": (at_c1, plan(choice="CISPLATIN", why=None), {}, ("RULE", "T2", "why")),
    "nothing to go by": (at_c1, plan(), {}, ("RULE", "3.4", "cycle")),
    "no drug of the arm": (
        lambda: at_visit(in_neoadjuvant("COHORT_2")),
        plan(choice="CISPLATIN", levels=[{"drug": "ANLOTINIB", "amount": "10", "unit": "mg"}]),
        {},
        ("RULE", "T2.1", "levels"),
    ),
    "no listed level": (
        at_c1,
        plan(choice="CISPLATIN", levels=[{"drug": "BENMELSTOBART", "amount": "600", "unit": "mg"}]),
        {},
        ("RULE", "T9", "levels"),
    ),
    "both platinums": (
        at_c1,
        plan(choice="CISPLATIN", levels=[{"drug": "CARBOPLATIN", "amount": "5", "unit": "mg.min/mL"}]),
        {},
        ("RULE", "T2 (assumption Q8)", "choice"),
    ),
    "no option": (at_c1, plan(choice="OXALIPLATIN"), {}, ("RULE", "T2", "choice")),
    "a held drug": (
        lambda: at_visit(held()),
        plan("C2", levels=[{"drug": "ANLOTINIB", "amount": "8", "unit": "mg"}]),
        {},
        ("RULE", "T9", "levels"),
    ),
    "a held choice": (
        lambda: told(at_c1(), hold("CISPLATIN", 7)),
        plan(choice="CISPLATIN"),
        {},
        ("RULE", "T9", "choice"),
    ),
    # drugs one by one, T9
    "held twice": (held, hold(), {}, ("CONTRADICTS", "T9", "drug")),
    "no drug of the arm held": (
        lambda: in_neoadjuvant("COHORT_2", 1),
        hold(on=10),
        {"on": day(10)},
        ("RULE", "T9", "drug"),
    ),
    "held before treatment": (screened, hold(on=1), {}, ("PHASE", "T9", "")),
    "held after treatment": (gone, hold(), {}, ("PHASE", "T9", "")),
    "resumed and not held": (
        in_c2,
        resume(20),
        {},
        ("CONTRADICTS", "T9", "drug"),
    ),
    "resumed before": (
        held,
        resume(19),
        {},
        ("CONTRADICTS", "T9", "decided_on"),
    ),
    "discontinued twice": (
        lambda: told(in_c2(), stop()),
        stop(),
        {},
        ("CONTRADICTS", "T9", "drug"),
    ),
    # courses (T2.1)
    "a course of no cycle": (in_c2, course(cycle="C16", last_day=1), {}, ("IMPOSSIBLE", "", "cycle")),
    "a course not begun": (in_c2, course(cycle="C2", last_day=1), {}, ("PHASE", "T2.1", "cycle")),
    "a course of days to come": (
        lambda: in_neoadjuvant("COHORT_1", 1),
        course(last_day=14),
        {},
        ("FUTURE", "", "days"),
    ),
    "a course said twice": (in_c2, course(last_day=1, days=[1]), {}, ("MALFORMED", "", "days")),
    # surgery, pathology, evaluation (T4.1, T5, T6.1, T12)
    "early surgery from the wait": (
        in_surgery_wait,
        c.ProceedToSurgery(decided_on=day(51), why="x"),
        {},
        ("PHASE", "T4.1", ""),
    ),
    "inoperable without a reason": (
        lambda: passing(in_surgery_wait(), day(72)),
        c.JudgeOperability.model_validate(NEGATIVE),
        {},
        ("RULE", "T12", "why"),
    ),
    "operable after surgery": (
        operated,
        FIT,
        {},
        ("CONTRADICTS", "", ""),
    ),
    "operable before randomization": (
        screened,
        FIT,
        {},
        ("PHASE", "", ""),
    ),
    "operable after treatment": (gone, FIT, {}, ("PHASE", "", "")),
    "surgery twice": (
        operated,
        c.ReportSurgery(performed_on=day(80), resection="R0"),
        {},
        ("CONTRADICTS", "", "performed_on"),
    ),
    "pathology without surgery": (
        in_surgery_wait,
        c.ReportPathology(reported_on=day(51), resection="R0"),
        {},
        ("PHASE", "T5", ""),
    ),
    "pathology twice": (
        in_evaluation,
        c.ReportPathology(reported_on=day(90), resection="R0"),
        {},
        ("CONTRADICTS", "", "resection"),
    ),
    "pathology before surgery": (
        operated,
        c.ReportPathology(reported_on=day(79), resection="R0"),
        {},
        ("IMPOSSIBLE", "", "reported_on"),
    ),
    "pathology against itself": (
        operated,
        c.ReportPathology(reported_on=day(80), resection="R0", margin_mm=Decimal(0)),
        {},
        ("CONFIRM", "T6", "margin_mm"),
    ),
    "evaluation without surgery": (
        in_surgery_wait,
        c.EvaluateAdjuvant(evaluated_on=day(51), fit=True),
        {},
        ("PHASE", "T5", ""),
    ),
    "evaluation before surgery": (
        in_evaluation,
        c.EvaluateAdjuvant(evaluated_on=day(79), fit=True),
        {},
        ("IMPOSSIBLE", "", "evaluated_on"),
    ),
    "unfit without a reason": (
        in_evaluation,
        c.EvaluateAdjuvant(evaluated_on=day(90), fit=False),
        {},
        ("RULE", "T12", "why"),
    ),
    # ways out (T6.1)
    "no treatment to end": (screened, c.DiscontinueTreatment(decided_on=day(1), why="x"), {}, ("PHASE", "", "")),
    "treatment ended before": (gone, c.DiscontinueTreatment(decided_on=day(20), why="x"), {}, ("PHASE", "", "")),
    "death twice": (died, c.ReportDeath(died_on=day(60)), {}, ("CONTRADICTS", "", "died_on")),
    "end before follow-up": (in_c2, c.EndStudy(ended_on=day(20)), {}, ("PHASE", "", "")),
    "no notice": (in_c2, c.Acknowledge(notice=1), {}, ("CONTRADICTS", "", "notice")),
    "a notice of others": (
        in_c2,
        lambda story: c.Acknowledge(notice=max(story.state.notices)),
        {"role": "SURGEON"},
        ("ROLE", "3.6 roles", "role"),
    ),
    "a notice delivered that is none": (
        in_c2,
        DELIVERED,
        {},
        ("CONTRADICTS", "", "notice"),
    ),
    "an order that is none": (
        in_c2,
        c.LabsReported(order=1, results=(), complete=True),
        {},
        ("CONTRADICTS", "", "order"),
    ),
    # signatures
    "nothing to sign": (in_c2, c.Sign(facts=(1,), meaning="seen"), {}, ("CONTRADICTS", "", "facts")),
    # safety events, T10 and E25
    "reported ahead": (
        with_event,
        lambda story: reported(story, noon(day(20)) + timedelta(seconds=1)),
        {},
        ("FUTURE", "T10", "reported_at"),
    ),
    "no event": (with_event, c.UpdateAdverseEvent(event=1, grade=3), {}, ("CONTRADICTS", "", "event")),
    "no change": (with_event, lambda story: c.UpdateAdverseEvent(event=number(story)), {}, ("MALFORMED", "", "event")),
    "aware ahead": (
        in_c2,
        c.ReportAdverseEvent(onset_on=day(20), aware_at=noon(day(20)) + timedelta(seconds=1), **AE),
        {},
        ("FUTURE", "T10", "aware_at"),
    ),
    "aware before the onset": (
        in_c2,
        c.ReportAdverseEvent(onset_on=day(20), aware_at=noon(day(19)), **AE),
        {},
        ("CONFIRM", "T10", "aware_at"),
    ),
    "over before the onset": (
        in_c2,
        c.ReportAdverseEvent(onset_on=day(20), resolved_on=day(19), **AE),
        {},
        ("CONTRADICTS", "", "resolved_on"),
    ),
    "no coded event": (in_c2, c.ReportAdverseEvent(onset_on=day(20), aesi="RASH", **AE), {}, ("MALFORMED", "", "aesi")),
    "a pregnant man": (in_c2, c.ReportPregnancy(found_on=day(20)), {}, ("CONTRADICTS", "E25", "")),
    "a decision nobody asked for": (
        with_event,
        lambda story: c.DecideSafety(event=number(story), decided_on=day(20), dosing="CONTINUE", why="x"),
        {},
        ("CONTRADICTS", "", "event"),
    ),
}


def reported(story: Story, at: Any) -> c.ReportSafety:
    """Give a report of the adverse event to the sponsor."""
    return c.ReportSafety(event=number(story), reported_at=at, to="SPONSOR")


@pytest.mark.parametrize("name", ROWS)
def test_a_refusal_names_reason_rule_and_field(name: str) -> None:
    """And says what would be accepted, unless it is the product's own business."""
    build, command, how, expected = ROWS[name]
    story = build()
    refusal = when(story, command(story) if callable(command) else command, **how).refusal
    assert refusal is not None, "it was applied"
    assert (str(refusal.reason), refusal.rule, refusal.field) == expected
    assert refusal.detail
