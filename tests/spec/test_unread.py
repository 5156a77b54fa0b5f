"""Notices that must be acknowledged go one step higher until somebody does (T10, T11, T4; Q8, Q9, Q12)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError

from domain.decider import PATIENT
from domain.nct06978153.notices import NOTICES
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import Ask, asks
from domain.protocol import Acknowledgement, Step, Usefulness
from domain.submission import Reason
from tests.given import Story, day, facts_of, nothing_happened, refused, then_kinds, when
from tests.stories import PHASES, as_woman, at_visit, in_neoadjuvant, in_surgery_wait, passing, told

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TOLD_AGAIN = "NOT_ACKNOWLEDGED"
SERIOUS = c.ReportAdverseEvent(term="sepsis", grade=3, serious=True, onset_on=day(3))


def serious() -> Story:
    """A serious adverse event before C1."""
    return told(in_neoadjuvant(), SERIOUS)


def pregnant() -> Story:
    """A pregnancy that stops the doses after C1."""
    story = as_woman(in_neoadjuvant("COHORT_2", 1))
    return told(story, c.ReportPregnancy(found_on=story.today))


def on_hold() -> Story:
    """C1 is on hold at its gate."""
    return PHASES["neoadjuvant C1 on hold"]()


def operated_late() -> Story:
    """Surgery was reported on a day before its window: an important deviation."""
    story = passing(in_surgery_wait("COHORT_2"), day(70))
    story = told(story, c.JudgeOperability(judged_on=day(70), operable=True))
    return told(story, c.ReportSurgery(performed_on=day(70), resection="R0"))


def waits(story: Story) -> list[Ask]:
    """Give the acknowledgements that are asked for."""
    return [ask for ask in asks(story.state) if ask.kind == "acknowledge"]


def number_of(story: Story, notice: str) -> int:
    """Give the fact number of the latest notice of a code."""
    return max(int(number) for number, row in story.state.notices.items() if row.notice == notice)


def later(story: Story, span: timedelta) -> Story:
    """Let time pass, at each due instant as the workflow does."""
    end = story.now + span
    while (due := PATIENT.due(story.state)) is not None and due.at <= end:
        story = when(story, c.TimePassed(), at=max(due.at, story.now)).story
    return when(story, c.TimePassed(), at=end).story


def told_again(story: Story, span: timedelta) -> list[tuple[str, ...]]:
    """Give whom it was told again in a span, each time."""
    new = later(story, span).facts[len(story.facts) :]
    return [fact.to for fact in new if isinstance(fact, f.NoticeRequested) and fact.notice == TOLD_AGAIN]


STEPS = [
    (serious, "SERIOUS_ADVERSE_EVENT", (24, 48)),
    (pregnant, "PREGNANCY", (24, 48)),
    (on_hold, "DOSE_ON_HOLD", (96, 168)),
    (operated_late, "IMPORTANT_DEVIATION", (168,)),
]


@pytest.mark.parametrize(("story", "notice", "hours"), STEPS)
def test_each_step_is_told_once_and_then_no_more(
    story: Callable[[], Story], notice: str, hours: tuple[int, ...]
) -> None:
    """A minute before nothing, at its hour one step, one role more each time; after the last the work list asks on."""
    known = story()
    row = NOTICES.acknowledgement(notice)
    assert row is not None
    assert tuple(step.after_hours for step in row.steps) == hours
    number = number_of(known, notice)
    other = {one: fact for one, fact in known.state.notices.items() if fact.unread_since and one != number}
    known = known.with_facts(tuple(f.NoticeAcknowledged(notice=one) for one in other), known.now)
    since = known.state.notices[number].unread_since - known.now
    for count, after in enumerate(hours):
        assert len(told_again(known, since + after * HOUR - MINUTE)) == count
        assert len(told_again(known, since + after * HOUR)) == count + 1
    roles = told_again(known, since + hours[-1] * HOUR)
    assert [step.to in to for step, to in zip(row.steps, roles, strict=True)] == [True] * len(hours)
    if notice != "DOSE_ON_HOLD":  # what is on hold does not wait so long
        silent = later(known, timedelta(days=15))
        assert told_again(silent, timedelta(days=40)) == []
        assert [ask.overdue for ask in waits(silent) if f"fact {number}:" in ask.text] == [True]


@pytest.mark.parametrize(("story", "notice"), [row[:2] for row in STEPS])
def test_an_acknowledgement_ends_it(story: Callable[[], Story], notice: str) -> None:
    """Of anybody who was told; then nothing more comes and nothing is asked."""
    known = story()
    number = number_of(known, notice)
    assert [ask.overdue for ask in waits(known) if f"fact {number}:" in ask.text] == [False]
    outcome = when(known, c.Acknowledge(notice=number), role="INVESTIGATOR")
    then_kinds(outcome, f.NoticeAcknowledged)
    after = outcome.story
    assert not [ask for ask in waits(after) if f"fact {number}:" in ask.text]
    again = later(after, timedelta(days=10)).facts[len(after.facts) :]
    assert not [fact for fact in again if isinstance(fact, f.NoticeRequested) and fact.repeats == number]


def test_who_was_told_later_may_acknowledge_and_either_number_counts() -> None:
    """The monitor is told after 48 h: before, the acknowledgement is not theirs to give."""
    story = serious()
    number = number_of(story, "SERIOUS_ADVERSE_EVENT")
    no = refused(when(story, c.Acknowledge(notice=number), role="MONITOR"), Reason.ROLE, field="role")
    assert no.accepts == "INVESTIGATOR or SPONSOR"
    after = later(story, 48 * HOUR)
    (ask,) = waits(after)
    assert ask.to == ("INVESTIGATOR", "SPONSOR", "MONITOR")
    then_kinds(when(after, c.Acknowledge(notice=number), role="MONITOR"), f.NoticeAcknowledged)
    again = number_of(after, TOLD_AGAIN)
    outcome = when(after, c.Acknowledge(notice=again), role="MONITOR")
    assert [fact.notice for fact in facts_of(outcome, f.NoticeAcknowledged)] == [again, number]
    assert waits(outcome.story) == []
    nothing_happened(when(outcome.story, c.Acknowledge(notice=number), role="SPONSOR"))


def test_the_reports_of_a_serious_event_settle_its_notice() -> None:
    """One of the two does not; both do (T10)."""
    story = serious()
    event = max(story.state.safety.events)
    one = told(story, c.ReportSafety(event=event, reported_at=story.now, to="SPONSOR"))
    assert len(waits(one)) == 1
    both = told(one, c.ReportSafety(event=event, reported_at=one.now, to="EC"))
    assert waits(both) == []
    assert told_again(both, timedelta(days=5)) == []


def test_an_event_that_is_not_serious_any_more_needs_none() -> None:
    """Nor one that was entered in error."""
    story = serious()
    event = max(story.state.safety.events)
    assert waits(told(story, c.Correct(fact=event, fields={"serious": False}, why="misread"))) == []
    assert waits(told(story, c.Correct(fact=event, void=True, why="another subject's"))) == []


def test_a_pregnancy_before_randomization_needs_an_acknowledgement_all_the_same() -> None:
    """No report is due then: only the acknowledgement ends it (E25)."""
    story = as_woman(PHASES["screening"]())
    known = told(story, c.ReportPregnancy(found_on=story.today))
    assert len(waits(known)) == 1
    assert len(told_again(known, timedelta(days=3))) == 2


def test_a_decision_settles_stopped_dosing() -> None:
    """That the doses go on; a decision to hold leaves it open (E25)."""
    story = pregnant()
    event = max(story.state.safety.events)
    decision = c.DecideSafety(event=event, decided_on=story.today, dosing="HOLD", why="ultrasound awaited")
    stopped = f"fact {number_of(story, 'DOSING_STOPPED')}:"
    assert [stopped in ask.text for ask in waits(story)] == [False, True]
    held = told(story, decision)
    assert [stopped in ask.text for ask in waits(held)] == [False, True]
    goes_on = told(story, decision.model_copy(update={"dosing": "CONTINUE"}))
    assert [stopped in ask.text for ask in waits(goes_on)] == [False]


def test_one_hold_is_one_wait_however_often_it_is_told() -> None:
    """A second failing sample tells again and does not begin anew; when the dose is released nothing waits (T11)."""
    story = on_hold()
    first = number_of(story, "DOSE_ON_HOLD")
    again = at_visit(story, {"PLT": ("45", "10*9/L", "")})
    second = number_of(again, "DOSE_ON_HOLD")
    assert second > first
    assert again.state.notices[second].repeats == first
    assert [f"fact {first}:" in ask.text for ask in waits(again)] == [True]
    then_kinds(when(again, c.Acknowledge(notice=second)), f.NoticeAcknowledged, f.NoticeAcknowledged)
    released = told(story, c.OverrideGate(cycle="C1", why="checked by hand"))
    assert waits(released) == []


def test_a_withdrawn_deviation_needs_none() -> None:
    """The date was misread: surgery was in its window."""
    story = operated_late()
    assert len(waits(story)) == 1
    story = passing(story, day(85))
    surgery = story.seq_of(f.SurgeryPerformed)
    corrected = told(story, c.Correct(fact=surgery, fields={"performed_on": str(day(80))}, why="misread"))
    assert waits(corrected) == []


def test_after_long_silence_only_the_last_step_is_told() -> None:
    """Both steps fell due while nobody looked."""
    story = serious()
    outcome = when(story, c.TimePassed(), at=story.now + timedelta(days=3))
    assert len(facts_of(outcome, f.NoticeRequested, notice=TOLD_AGAIN)) == 1
    assert facts_of(outcome, f.NoticeRequested, notice=TOLD_AGAIN)[0].to[-1] == "MONITOR"


def test_the_end_of_the_study_ends_it() -> None:
    """Nobody is asked about a journey that is over; the acknowledgement is still taken."""
    story = serious()
    over = told(story, c.ReportDeath(died_on=story.today, cause="sepsis"))
    assert waits(over) == []
    then_kinds(when(over, c.Acknowledge(notice=number_of(story, "SERIOUS_ADVERSE_EVENT"))), f.NoticeAcknowledged)


def test_a_notice_of_an_older_release_is_never_escalated() -> None:
    """It has no instant from which it waits: what was recorded stays as it was."""
    story = serious()
    bare = {"about": "", "unread_since": None}
    facts = tuple(fact.model_copy(update=bare) if isinstance(fact, f.NoticeRequested) else fact for fact in story.facts)
    old = Story(PATIENT, PATIENT.initial).with_facts(facts, story.now)
    assert waits(old) == []
    assert told_again(old, timedelta(days=5)) == []


def test_the_next_clinical_act_is_not_an_acknowledgement() -> None:
    """NextDue in the Temporal UI stays the report's deadline, then the visit's."""
    story = serious()
    assert PATIENT.attributes(story.state)["NextDue"] == (story.now + 24 * HOUR).isoformat()


def test_the_table_of_notices_cannot_contradict_itself() -> None:
    """What must be acknowledged is never too late to be sent, and each step comes later than the one before."""
    source, steps = NOTICES.useful[0].source, (Step(after_hours=24, to="SPONSOR"), Step(after_hours=24, to="MONITOR"))
    late = Usefulness(notices=("SUSAR",), hours=24, source=source)
    with pytest.raises(ValidationError, match="SUSAR must be acknowledged"):
        type(NOTICES)(useful=(late,), acknowledged=NOTICES.acknowledged, notice=NOTICES.notice)
    with pytest.raises(ValidationError, match="later than the one before"):
        Acknowledgement(notices=("SUSAR",), steps=steps, settled_by="REPORTS", urgent=True, source=source)


def test_every_notice_of_the_table_is_one_that_is_told() -> None:
    """A code that is misspelt would never be found."""
    protocol = in_neoadjuvant().state.protocol
    codes = {NOTICES.notice, *(code for row in NOTICES.useful for code in row.notices)}
    codes |= {code for row in NOTICES.acknowledged for code in row.notices}
    assert codes <= set(protocol.notice_words)
