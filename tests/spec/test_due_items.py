"""What falls due, item by item as a whole: signatures, stops, the gate, what is told again (T2.2, T11)."""

import pytest

from domain import catalogue
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda, every_item
from domain.patient.clocks import clocks, open_clocks
from domain.patient.items import Item
from tests.another_protocol import SMALL
from tests.given import SITE, Story, day, facts_of, given, noon, the, when
from tests.stories import (
    HEALED,
    PHASES,
    answered,
    as_woman,
    at_visit,
    begin,
    dosing_paused,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    operable,
    passing,
    told,
)

Row = tuple[str, int, str, str, str, tuple[str, ...], int | None]
INVESTIGATOR = ("INVESTIGATOR",)
BOTH = ("COORDINATOR", "INVESTIGATOR")


def row(item: Item) -> Row:
    """Give an item: key, day, act, text, notice, roles and the day until which it is told."""
    on, until = SITE.date_of(item.at), item.until and SITE.date_of(item.until)
    assert item.at == SITE.due_at(on)
    last = (until - day(0)).days if until else None
    return (item.key, (on - day(0)).days, item.act, item.text, item.tells.notice, item.tells.to, last)


def rows(story: Story, *acts: str) -> list[Row]:
    """Give all items of these acts, those that fell due already among them."""
    return [row(item) for item in every_item(story.state) if item.act in acts]


def c2() -> Story:
    """C1 is given on day 7; it is day 20."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(20))


def rash(story: Story, on: int) -> Story:
    """A coordinator reports a rash, which awaits a signature."""
    event = c.ReportAdverseEvent(term="rash", grade=1, serious=False, onset_on=day(on))
    return told(passing(story, day(on)), event, role="COORDINATOR")


# What is to be signed (Q12)


def signature(since: int, due: int) -> Row:
    """Give the item of signatures awaited since a day."""
    key, text = f"SIGNATURES_OVERDUE/signatures/{day(due)}", f"signatures awaited since {day(since)}"
    return (key, due, "SIGNATURES_OVERDUE", text, "SIGNATURES_OVERDUE", INVESTIGATOR, None)


def test_signatures_that_wait_by_then_go_out_in_one_notice() -> None:
    """Asked on days 20, 25, 34 and 35: the first three on day 34, the last on day 49; again from day 41 on (Q12)."""
    story = c2()
    assert rows(story, "SIGNATURES_OVERDUE", "AGAIN") == []
    for on in (20, 25):
        story = rash(story, on)
    assert rows(story, "SIGNATURES_OVERDUE", "AGAIN") == [signature(20, 34)]
    for on in (34, 35):
        story = rash(story, on)
    again = (
        f"AGAIN/SIGNATURES_OVERDUE/signatures/{day(41)}",
        41,
        "AGAIN",
        f"signatures awaited since {day(20)}: still waiting (1)",
        "STILL_WAITING",
        INVESTIGATOR,
        48,
    )
    assert rows(story, "SIGNATURES_OVERDUE", "AGAIN") == [signature(20, 34), again, signature(35, 49)]


def test_overdue_signatures_are_told_to_who_signs() -> None:
    """At the site's hour of day 34, once (Q12)."""
    story = passing(rash(c2(), 20), day(33))
    outcome = when(story, c.TimePassed(), at=SITE.due_at(day(34)))
    (notice,) = facts_of(outcome, f.NoticeRequested, notice="SIGNATURES_OVERDUE")
    assert (notice.to, notice.text) == (INVESTIGATOR, f"signatures awaited since {day(20)}")
    assert [fact.item for fact in facts_of(outcome, f.DueReached)] == [
        item.key for item in agenda(story.state) if item.at <= SITE.due_at(day(34))
    ]


# What stops or pauses all doses (E25, T6, T11)


def test_while_events_stop_the_doses_only_that_is_told_again() -> None:
    """Seven days after the planned day 1 at the earliest; it names each of them (E25, T6)."""
    story = told(as_woman(c2()), c.ReportPregnancy(found_on=day(20)))
    first = story.seq_of(f.PregnancyFound)
    story = told(story, c.ReportAdverseEvent(term="myocarditis", grade=3, serious=False, onset_on=day(20)))
    second = story.seq_of(f.AdverseEventReported)
    asked = f.SafetyActionAsked(event=second, command="safety_decision", rule="T6", text="stop", stops_dosing=True)
    story = story.with_facts((asked,), story.now)
    text = f"C2D1 planned {day(28)}: dosing is stopped by fact {first}, {second}, decision awaited: still waiting (1)"
    key = f"AGAIN/stopped-{first}, {second}/{day(35)}"
    stopped = (key, 35, "AGAIN", text, "STILL_WAITING", INVESTIGATOR, 42)
    assert rows(story, "AGAIN", "OVERDUE", "ORDER_LABS", "MAXIMUM_DELAY") == [stopped]
    story = told(passing(story, day(21)), c.LearnDosingPause(paused_at=noon(day(21)), why="safety signal"))
    assert rows(story, "AGAIN", "OVERDUE", "ORDER_LABS", "MAXIMUM_DELAY") == [stopped, pause(49, 77, 21, 1)]


def pause(on: int, until: int, since: int, number: int, *also: str) -> Row:
    """Give the item of a pause that goes on."""
    text = f"C2D1: dosing paused by sponsor since {day(since)}: still waiting ({number})"
    return (f"AGAIN/pause/{day(on)}", on, "AGAIN", text, "STILL_WAITING", ("SPONSOR", *also), until)


def test_a_pause_is_told_again_to_the_sponsor_every_28_days() -> None:
    """The second time to the investigator too; what else the visit would ask for waits (T11)."""
    acts = ("AGAIN", "OVERDUE", "ORDER_LABS", "MAXIMUM_DELAY")
    assert rows(dosing_paused(), *acts) == [pause(48, 76, 20, 1)]
    assert rows(passing(dosing_paused(), day(48)), *acts) == [pause(76, 104, 20, 2, "INVESTIGATOR")]


# The visit (T2.2, T11)


def visit(*between: Row) -> list[Row]:
    """Give what falls due of C2, planned on day 28."""
    order = f"C2D1 planned {day(28)}: laboratory order and reminder"
    overdue, limit = f"C2D1 overdue since {day(31)}", "C2D1 beyond the maximum delay"
    return [
        (f"ORDER_LABS/C2/{day(28)}", 25, "ORDER_LABS", order, "VISIT_DUE", BOTH, None),
        *between,
        (f"OVERDUE/C2/{day(32)}", 32, "OVERDUE", overdue, "VISIT_OVERDUE", BOTH, None),
        (f"MAXIMUM_DELAY/C2/{day(50)}", 50, "MAXIMUM_DELAY", limit, "MAXIMUM_DELAY", INVESTIGATOR, None),
    ]


def test_a_passed_gate_expires_once_its_sample_is_too_old() -> None:
    """A sample of day 27 is 3 d old on day 30; a gate that failed, or none, does not expire (T11)."""
    text = f"C2D1 not given: samples of its gate too old from {day(31)}"
    expires = (f"GATE_EXPIRED/C2/{day(31)}", 31, "GATE_EXPIRED", text, "VISIT_DUE", BOTH, None)
    acts = ("ORDER_LABS", "GATE_EXPIRED", "OVERDUE", "MAXIMUM_DELAY")
    story = in_neoadjuvant("COHORT_1", 1)
    assert rows(at_visit(story), *acts) == visit(expires)
    assert rows(at_visit(story, {"PLT": ("40", "10*9/L", "")}), *acts) == visit()
    assert rows(c2(), *acts) == visit()


def test_the_first_visit_is_overdue_after_its_own_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another trial: planned for day 4, up to day 5; a later visit has one day more (T2.2)."""
    monkeypatch.setitem(catalogue.PROTOCOLS, (SMALL.trial, SMALL.version), SMALL)
    story = answered(told(given(), begin(trial=SMALL.trial)), day(1))
    story = told(told(story, c.ConfirmEligibility(judged_on=day(3)), day(3)), c.RequestRandomization())
    story = told(story, c.SlotAllocated(slot=1, arm="ALL", randomized_on=day(3)))
    found = {item.act: (SITE.date_of(item.at) - day(0)).days for item in every_item(story.state)}
    assert (found["OVERDUE"], found["MAXIMUM_DELAY"]) == (6, 4 + 22)
    story = told(story, c.DelayDose(cycle="C1", until=day(4 + 1), why="bed"))
    found = {item.act: (SITE.date_of(item.at) - day(0)).days for item in every_item(story.state)}
    assert found["OVERDUE"] == 5 + 2 + 1


def test_a_drug_that_waits_for_an_answer_is_told_with_the_order() -> None:
    """Cohort 1, C4: anlotinib waits for the wound to have healed; in cohort 2 nothing does (T7)."""
    story = passing(in_evaluation(), day(115))
    story = passing(told(story, c.EvaluateAdjuvant(evaluated_on=day(115), fit=True)), day(118))
    outcome = when(story, c.TimePassed(), on=day(119))
    check = story.state.protocol.treatment_of(4).gate.drug_checks[0]
    (notice,) = facts_of(outcome, f.NoticeRequested, notice=check.notice)
    assert notice.to == check.to == INVESTIGATOR
    assert notice.text == f"C4: ANLOTINIB waits for drug_check: {check.asks}"
    healed = when(told(story, HEALED), c.TimePassed(), on=day(119))
    assert facts_of(healed, f.NoticeRequested, notice=check.notice) == []


# Waits for surgery and evaluation (T4, T5)


def test_what_is_overdue_is_told_again_by_its_own_name() -> None:
    """Surgery, overdue on day 92: again on days 99, 106, 113 and 141, with who was told first (T4)."""
    story = PHASES["surgery overdue"]()
    text = f"Surgery overdue since {day(91)}: still waiting (4)"
    to = ("INVESTIGATOR", "SURGEON", "SPONSOR")
    assert rows(story, "AGAIN") == [(f"AGAIN/OVERDUE/SURGERY/{day(141)}", 141, "AGAIN", text, "STILL_WAITING", to, 169)]


def test_of_two_steps_that_fell_due_the_later_one_is_told() -> None:
    """At the very instant of the second the first is told no more; a minute before it is not due (T4)."""
    story = passing(PHASES["surgery wait"](), day(92))
    (first,) = [item for item in every_item(story.state) if item.act == "AGAIN"]
    assert first.until is not None
    outcome = when(story, c.TimePassed(), at=first.until)
    assert "still waiting (2)" in the(outcome, f.NoticeRequested, notice="STILL_WAITING").text
    outcome = when(story, c.TimePassed(), at=first.at)
    assert "still waiting (1)" in the(outcome, f.NoticeRequested, notice="STILL_WAITING").text


def reminders(story: Story) -> list[str]:
    """Give the keys of what the evaluation waits for, without their dates."""
    return [item.key.rpartition("/")[0] for item in every_item(story.state) if item.act in ("REMIND", "OVERDUE")]


def test_the_evaluation_is_waited_for_until_both_it_and_the_pathology_are_known() -> None:
    """Judged on day 110 without pathology, or pathology without the judgement: its window still counts (T5)."""
    waits = ["REMIND/EVALUATION+28", "REMIND/EVALUATION+42", "OVERDUE/EVALUATION"]
    operated = told(passing(operable(), day(80)), c.ReportSurgery(performed_on=day(80), resection="R0"))
    judged = told(passing(operated, day(110)), c.EvaluateAdjuvant(evaluated_on=day(110), fit=True))
    assert (judged.state.epoch, reminders(judged)) == ("EVALUATION", waits)
    assert (in_evaluation().state.epoch, reminders(in_evaluation())) == ("EVALUATION", waits)


# Follow-up and its end (Q13)


def test_the_end_of_the_trial_is_told_and_told_again() -> None:
    """On day 882, to who ends the study; a week later again (Q13)."""
    story = passing(in_follow_up(), day(852))
    story = passing(told(story, c.ReportContact(contacted_on=day(852))), day(881))
    notice = story.state.protocol.epoch("FOLLOW_UP").close_notice
    close = (f"CLOSE/end-of-study/{day(882)}", 882, "CLOSE", "end of study", notice.notice, notice.to, None)
    assert rows(story, "CLOSE", "AGAIN") == [close]
    outcome = when(story, c.TimePassed(), on=day(882))
    requested = the(outcome, f.NoticeRequested)
    assert (requested.notice, requested.to, requested.text) == (notice.notice, notice.to, "end of study")
    again = rows(outcome.story, "AGAIN")
    assert [(key, on, text) for key, on, _, text, *_ in again] == [
        (f"AGAIN/CLOSE/end-of-study/{day(889)}", 889, "end of study: still waiting (1)")
    ]


def test_treatment_is_completed_on_its_day() -> None:
    """Day 374: 21 d after day 1 of C15; the end is recorded of that day and told (T7)."""
    story = PHASES["adjuvant done"]()
    (item,) = rows(story, "COMPLETE")
    told_by = story.state.protocol.events["END_OF_TREATMENT"]
    assert item == (
        f"COMPLETE/ADJUVANT/{day(374)}",
        374,
        "COMPLETE",
        f"end of treatment {day(374)}",
        told_by.notice,
        told_by.to,
        None,
    )
    outcome = when(passing(story, day(373)), c.TimePassed(), on=day(374))
    ended = the(outcome, f.TreatmentEnded)
    assert (ended.reason, ended.ended_on, ended.why) == ("COMPLETED", day(374), None)
    assert outcome.story.state.epoch == "FOLLOW_UP"


def test_contraception_is_told_of_a_woman_on_its_last_day() -> None:
    """56 d after the last dose of day 366, to both (T8)."""
    text = f"contraception is required until {day(422)}"
    key = f"TELL/contraception/{day(422)}"
    story = as_woman(in_follow_up())
    assert rows(story, "TELL") == [(key, 422, "TELL", text, "CONTRACEPTION_ENDS", BOTH, None)]
    assert rows(in_follow_up(), "TELL") == []


# Clocks of safety reports (T10)


def test_a_clock_that_stands_still_hides_no_other() -> None:
    """Serious after the end: no timer; the event of before it is still reminded of, whichever is first (T10)."""
    story = told(c2(), c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=day(20)))
    first = story.seq_of(f.AdverseEventReported)
    story = told(story, c.ReportAdverseEvent(term="sepsis", grade=3, serious=True, onset_on=day(20)))
    second = story.seq_of(f.AdverseEventReported)
    story = told(story, c.LoseToFollowUp(decided_on=day(20), why="moved"))
    assert story.state.is_over
    story = told(story, c.UpdateAdverseEvent(event=first, serious=True))
    found = [(clock.event.number, clock.row.recipient, clock.runs) for clock in open_clocks(story.state)]
    assert found == [
        (first, "SPONSOR", False),
        (first, "EC", False),
        (second, "SPONSOR", True),
        (second, "EC", True),
    ]
    assert clocks(story.state) == open_clocks(story.state)
    assert {item.about for item in every_item(story.state)} == {
        f"REPORT/{second}/SAE_SPONSOR",
        f"REPORT/{second}/SAE_EC",
    }
