"""Why no dose of the awaited cycle may be planned: each hold as a whole, in its order (I1.1, T6, T11, E25)."""

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.waiting import Hold, dosing_holds
from tests.given import Story, day, noon
from tests.stories import PHASES, as_woman, at_visit, in_neoadjuvant, passing, reconsent_asked, told

LOW_PLATELETS = {"PLT": ("40", "10*9/L", "")}
OVERDUE = Hold(
    "re-consent",
    f"re-consent to V2.0 is overdue since {day(25)}",
    "I1.1",
    "record_consent",
    ("COORDINATOR", "INVESTIGATOR"),
)
PAUSED = Hold("dosing paused by sponsor", "dosing is paused by the sponsor", "T11", "resume_dosing", ("SPONSOR",))
GATE = Hold(
    "gate",
    "the gate of C2 has failed",
    "T11",
    "override_gate",
    ("INVESTIGATOR",),
    ", or results and statements that pass",
)


def stopped_by(number: int, rule: str = "E25") -> Hold:
    """Give the hold of an event that stops every dose."""
    why = f"dosing is stopped by fact {number}"
    return Hold("stopped", why, rule, "safety_decision", ("INVESTIGATOR",))


def failed_gate() -> Story:
    """A woman's C2 is due on day 28; she has 40 platelets, and did not consent to V2.0 by day 25."""
    return at_visit(as_woman(reconsent_asked()), LOW_PLATELETS)


def every_hold() -> Story:
    """Beside that, a pregnancy was found and the sponsor paused dosing, on day 28."""
    story = told(failed_gate(), c.ReportPregnancy(found_on=day(28)))
    return told(story, c.LearnDosingPause(paused_at=noon(day(28)), why="safety signal"))


def test_each_reason_names_its_rule_the_act_that_lifts_it_and_who_may() -> None:
    """What stops every dose first, then what the trial waits for, then the gate (E25, I1.1, T11)."""
    story = every_hold()
    number = story.seq_of(f.PregnancyFound)
    assert dosing_holds(story.state) == (stopped_by(number), OVERDUE, PAUSED, GATE)
    assert GATE.lifted == "override_gate by INVESTIGATOR, or results and statements that pass"
    assert OVERDUE.lifted == "record_consent by COORDINATOR or INVESTIGATOR"


@pytest.mark.parametrize(
    ("lifts", "left"),
    [
        (c.RecordConsent(signed_on=day(28), version="V2.0", obtained_by="INV1"), (PAUSED, GATE)),
        (c.LearnDosingResumption(resumed_at=noon(day(28))), (OVERDUE, GATE)),
    ],
    ids=("consent", "resumption"),
)
def test_a_hold_is_lifted_by_the_act_it_names(lifts: c.Command, left: tuple[Hold, ...]) -> None:
    """And the other reasons stay (I1.1, T11)."""
    story = told(every_hold(), lifts)
    assert dosing_holds(story.state) == (stopped_by(story.seq_of(f.PregnancyFound)), *left)


def test_a_decision_to_continue_lifts_the_stop() -> None:
    """E25: the investigator's decision is on the event."""
    story = every_hold()
    number = story.seq_of(f.PregnancyFound)
    decided = c.DecideSafety(event=number, decided_on=day(28), dosing="CONTINUE", why="test was wrong")
    assert dosing_holds(told(story, decided).state) == (OVERDUE, PAUSED, GATE)


def test_a_stop_has_the_rule_that_asked_for_it() -> None:
    """Two events stop the doses, each by its own rule, in the order of their facts (E25, T6)."""
    story = told(as_woman(in_neoadjuvant("COHORT_1", 1)), c.ReportPregnancy(found_on=day(7)))
    event = c.ReportAdverseEvent(term="myocarditis", grade=3, serious=True, onset_on=day(8))
    story = told(story, event)
    first, second = story.seq_of(f.PregnancyFound), story.seq_of(f.AdverseEventReported)
    asked = f.SafetyActionAsked(
        event=second, command="safety_decision", rule="T6", text="stopped", drugs=(), stops_dosing=True
    )
    other = f.SafetyActionAsked(
        event=first, command="hold_drug", rule="T9", text="hold", drugs=("ANLOTINIB",), stops_dosing=False
    )
    story = story.with_facts((asked, other), story.now)
    assert dosing_holds(story.state) == (stopped_by(first), stopped_by(second, "T6"))


def test_a_re_consent_is_no_hold_up_to_its_deadline() -> None:
    """On day 25 it may still be given; from the site's hour of day 26 on dosing waits (I1.1)."""
    assert dosing_holds(passing(reconsent_asked(), day(25)).state) == ()
    assert dosing_holds(passing(reconsent_asked(), day(26)).state) == (OVERDUE,)


@pytest.mark.parametrize("phase", ["registered", "screening", "surgery wait", "follow-up", "died", "not registered"])
def test_nothing_waits_where_no_cycle_is_awaited(phase: str) -> None:
    """Before randomization, between the treatments, after them, and before there is a subject (T11)."""
    story = PHASES[phase]()
    if phase in ("screening", "surgery wait", "follow-up"):
        story = told(story, c.LearnDosingPause(paused_at=story.now, why="safety signal"))
    assert dosing_holds(story.state) == ()


def test_after_a_death_in_a_cycle_nothing_waits() -> None:
    """The holds of day 28 were there, and end with the journey (T6)."""
    story = told(every_hold(), c.ReportDeath(died_on=day(28), cause="unknown"))
    assert dosing_holds(story.state) == ()
