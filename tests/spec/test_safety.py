"""Adverse events and their reports: the clocks, who is told by when, and what is late (T10, Q12)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.decider import PATIENT
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.patient.clocks import clocks
from domain.submission import Reason
from tests.given import Story, day, facts_of, given, noon, refused, the, then_kinds, when
from tests.stories import PHASES, in_neoadjuvant, in_surgery_wait, passing, screened, told

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OPEN = [name for name in PHASES if name not in ("not registered", "ended", "died", "screen failure", "lost")]
SUSAR: dict[str, Any] = {"serious": True, "causality": "RELATED", "expected": False}


def event(on: Any, **changed: Any) -> c.ReportAdverseEvent:
    """Give an adverse event of grade 2, not serious, with changes."""
    fields = {"term": "rash", "grade": 2, "serious": False, "onset_on": on}
    return c.ReportAdverseEvent.model_validate(fields | changed)


def sae(story: Story, **changed: Any) -> Story:
    """A serious adverse event is reported now."""
    return told(story, event(story.today, **({"serious": True, "grade": 3} | changed)), confirmed=True, reason="told")


def number(story: Story) -> int:
    """Give the number of the latest safety event."""
    latest: int = max(story.state.safety.events)
    return latest


def reported(story: Story, to: str, at: datetime, stage: str = "INITIAL") -> c.ReportSafety:
    """Give a report of the latest event."""
    fields = {"event": number(story), "reported_at": at, "to": to, "stage": stage}
    return c.ReportSafety.model_validate(fields)


def late(story: Story) -> set[str]:
    """Name the reports that are deviations."""
    return {item.split("/")[2] for item in story.state.deviations if item.startswith("REPORT/")}


def deadlines(story: Story) -> dict[str, datetime]:
    """Give the deadline of each report of the latest event."""
    return {clock.row.code: clock.deadline for clock in clocks(story.state) if clock.event.number == number(story)}


def at(story: Story, instant: datetime) -> Story:
    """Let time pass to an instant, with every due instant on the way acted on."""
    while (due := PATIENT.due(story.state)) is not None and due.at <= instant:
        story = told(story, c.TimePassed(), at=max(due.at, story.now))
    return replace(story, now=max(instant, story.now))


# The SAE clock


def test_a_serious_event_is_told_with_its_number_and_deadlines() -> None:
    """To investigator and sponsor at once, with the hours that are left (T10)."""
    story = in_neoadjuvant()
    outcome = when(story, event(day(3), serious=True, grade=4))
    then_kinds(outcome, f.AdverseEventReported, f.NoticeRequested)
    seq = outcome.story.seq_of(f.AdverseEventReported)
    notice = the(outcome, f.NoticeRequested)
    assert (notice.notice, notice.urgent, notice.to) == ("SERIOUS_ADVERSE_EVENT", True, ("INVESTIGATOR", "SPONSOR"))
    assert notice.text == (
        f"adverse event grade 4: SAE fact {seq}: report to SPONSOR by {day(4)} 12:00; "
        f"SAE fact {seq}: report to EC by {day(4)} 12:00"
    )
    fact = the(outcome, f.AdverseEventReported)
    assert (fact.aware_at, fact.classes) == (noon(day(3)), ("SERIOUS_ADVERSE_EVENT",))


@pytest.mark.parametrize("phase", OPEN)
def test_the_clock_runs_in_every_phase(phase: str) -> None:
    """The report is asked for first and by its instant; reminder, then deviation and escalation (T10)."""
    story = sae(PHASES[phase]())
    first = asks(story.state)[0]
    assert (first.kind, first.at, first.overdue) == ("sae_reported", story.now + 24 * HOUR, False)
    assert f"SAE fact {number(story)}: report to SPONSOR by" in first.text
    assert first.to == story.state.protocol.permission("sae_reported").roles
    assert first.text in PATIENT.details(story.state)
    started = story.now
    assert late(at(story, started + 24 * HOUR)) == set()
    after = at(story, started + 24 * HOUR + MINUTE)
    assert late(after) == {"SAE_SPONSOR", "SAE_EC"}
    assert all(row.important for key, row in after.state.deviations.items() if key.startswith("REPORT/"))
    assert [ask.overdue for ask in asks(after.state) if ask.kind == "sae_reported"] == [True, True]
    assert PATIENT.attributes(after.state)["Overdue"] is True


def test_a_reminder_comes_12_hours_before_and_the_escalation_after() -> None:
    """One notice a report, each once (T10, Q12)."""
    story = sae(in_neoadjuvant())

    def told_by(hours: float) -> list[str]:
        facts = at(story, story.now + hours * HOUR).facts[len(story.facts) :]
        return [fact.notice for fact in facts if isinstance(fact, f.NoticeRequested) and "SAFETY" in fact.notice]

    assert told_by(11.9) == []
    assert told_by(12) == ["SAFETY_REPORT_DUE"] * 2
    assert told_by(25) == ["SAFETY_REPORT_DUE"] * 2 + ["SAFETY_REPORT_OVERDUE"] * 2
    assert told_by(400) == told_by(25)


@pytest.mark.parametrize(("minutes", "hours_late"), [(-1, 0), (0, 0), (1, 1), (60, 1), (61, 2), (300, 5)])
def test_a_report_within_24_hours_is_in_time(minutes: int, hours_late: int) -> None:
    """At 24 h exactly it still is; later is a deviation that says by how many hours, begun ones counted (T10)."""
    story = sae(in_neoadjuvant())
    made_at = story.now + 24 * HOUR + minutes * MINUTE
    outcome = when(story, reported(story, "SPONSOR", made_at), at=made_at)
    found = facts_of(outcome, f.DeviationRecorded)
    assert [row.text.endswith(f"made {hours_late} h late") for row in found] == [True] * (hours_late > 0)
    assert [ask.text.split(" by ")[0] for ask in asks(outcome.story.state) if ask.kind == "sae_reported"] == [
        f"SAE fact {number(story)}: report to EC"
    ]


def test_a_report_in_time_stops_its_clock() -> None:
    """Nothing falls due for it any more; the other recipient still waits (T10)."""
    story = sae(in_neoadjuvant())
    story = told(story, reported(story, "SPONSOR", story.now + HOUR), at=story.now + HOUR)
    assert late(at(story, story.now + 30 * HOUR)) == {"SAE_EC"}


def test_a_report_that_was_made_in_time_and_told_late_withdraws_the_deviation() -> None:
    """What counts is when it was made (T10)."""
    story = sae(in_neoadjuvant())
    made_at = story.now + HOUR
    story = at(story, story.now + 30 * HOUR)
    outcome = when(story, reported(story, "EC", made_at))
    then_kinds(outcome, f.SafetyReportMade, f.DeviationWithdrawn)
    assert late(outcome.story) == {"SAE_SPONSOR"}


def test_a_late_report_says_more_of_the_same_deviation() -> None:
    """It counts once, and is told once more by nobody (T10)."""
    story = at(sae(in_neoadjuvant()), noon(day(5)))
    outcome = when(story, reported(story, "EC", story.now))
    then_kinds(outcome, f.SafetyReportMade, f.DeviationRecorded)
    assert the(outcome, f.DeviationRecorded).text.endswith("made 24 h late")
    assert len(outcome.story.state.deviations) == len(story.state.deviations)


def test_the_clock_starts_at_awareness() -> None:
    """Aware 30 h ago: late from the start (T10)."""
    story = in_neoadjuvant()
    aware_at = story.now - 30 * HOUR
    story = told(story, event(day(1), serious=True, aware_at=aware_at))
    assert deadlines(story) == dict.fromkeys(("SAE_SPONSOR", "SAE_EC"), aware_at + 24 * HOUR)
    due = PATIENT.due(story.state)
    assert due is not None
    assert due.at < story.now
    after = told(story, c.TimePassed())
    assert late(after) == {"SAE_SPONSOR", "SAE_EC"}
    kinds = [fact.notice for fact in after.facts[len(story.facts) :] if isinstance(fact, f.NoticeRequested)]
    assert kinds == ["SAFETY_REPORT_OVERDUE"] * 2


@pytest.mark.parametrize(("minutes", "taken"), [(-1, True), (0, True), (1, False)])
def test_awareness_cannot_lie_ahead(minutes: int, taken: bool) -> None:  # noqa: FBT001 - of the table
    """Now is the latest (T10)."""
    story = in_neoadjuvant()
    outcome = when(story, event(day(3), aware_at=story.now + minutes * MINUTE))
    assert (outcome.refusal is None) == taken
    if not taken:
        refused(outcome, Reason.FUTURE, rule="T10", field="aware_at")


def test_awareness_before_the_onset_is_asked_back() -> None:
    """On the day before: send again, with a reason. On the day itself it is taken (T10)."""
    story = in_neoadjuvant()
    before = event(day(2), aware_at=noon(day(1)))
    refused(when(story, before), Reason.CONFIRM, rule="T10", field="aware_at")
    assert when(story, before, confirmed=True, reason="onset corrected").refusal is None
    assert when(story, event(day(2), aware_at=noon(day(2)))).refusal is None


@pytest.mark.parametrize(("ago", "asked"), [(59, False), (60, False), (61, True)])
def test_an_awareness_long_ago_is_asked_back(ago: int, asked: bool) -> None:  # noqa: FBT001 - of the table
    """A follow-up of which the site learnt more than 60 days ago (Q9)."""
    story = passing(told(in_neoadjuvant(), event(day(3))), day(80))
    outcome = when(story, c.UpdateAdverseEvent(event=number(story), grade=3, aware_at=noon(day(80 - ago))))
    assert (outcome.refusal is not None) == asked
    if asked:
        refused(outcome, Reason.CONFIRM, field="aware_at")


def test_an_event_of_before_this_release_has_no_clock() -> None:
    """It never promised one: its fact names no class of report."""
    facts = (*in_neoadjuvant().facts, f.AdverseEventReported(term="x", grade=4, serious=True, onset_on=day(3)))
    story = given(*facts, at=noon(day(3)))
    assert clocks(story.state) == ()
    assert story.state.adverse_events == 1


# Reports


def test_a_report_names_an_event_on_record() -> None:
    """Another number is refused with those that are (T10)."""
    nothing = c.ReportSafety(event=1, reported_at=noon(day(3)), to="EC")
    assert (
        refused(when(in_neoadjuvant(), nothing), Reason.CONTRADICTS, field="event").accepts == "no event is on record"
    )
    story = sae(in_neoadjuvant())
    assert refused(when(story, nothing), Reason.CONTRADICTS).accepts == f"one of {number(story)}"


def test_a_report_is_made_once_and_not_in_the_future() -> None:
    """A second initial report to the same recipient contradicts the first (T10)."""
    story = sae(in_neoadjuvant())
    refused(when(story, reported(story, "EC", story.now + MINUTE)), Reason.FUTURE, field="reported_at")
    early = reported(story, "EC", story.now - MINUTE)
    refused(when(story, early), Reason.CONFIRM, field="reported_at")
    assert when(story, early, confirmed=True, reason="clock of the fax").refusal is None
    story = told(story, reported(story, "EC", story.now))
    refused(when(story, reported(story, "EC", story.now)), Reason.CONTRADICTS, field="to")
    assert when(story, reported(story, "EC", story.now, "FOLLOW_UP")).refusal is None


def test_a_report_of_an_event_that_needs_none_is_recorded() -> None:
    """It happened; no clock is asked (rule 9)."""
    story = told(in_neoadjuvant(), event(day(3)))
    assert not [ask for ask in asks(story.state) if ask.kind == "sae_reported"]
    then_kinds(when(story, reported(story, "EC", story.now)), f.SafetyReportMade)


# What makes an event serious


@pytest.mark.parametrize(
    ("changed", "serious", "fatal"),
    [
        ({}, False, False),
        ({"criteria": ["HOSPITALISATION"]}, True, False),
        ({"criteria": ["DEATH"]}, True, True),
        ({"outcome": "FATAL"}, True, True),
        ({"grade": 4}, False, False),
        ({"grade": 5}, True, True),
        ({"serious": True}, True, False),
    ],
)
def test_a_criterion_or_a_death_makes_an_event_serious(changed: dict[str, Any], serious: bool, fatal: bool) -> None:  # noqa: FBT001 - of the table
    """Whatever the box says: grade 5 is death (CTCAE 5.0), and seriousness is not severity (T10)."""
    outcome = when(in_neoadjuvant(), event(day(3), **changed))
    fact = the(outcome, f.AdverseEventReported)
    assert (fact.serious, fact.fatal, bool(fact.classes)) == (serious, fatal, serious)
    asked = [ask.kind for ask in asks(outcome.story.state)]
    assert ("death" in asked) == fatal
    assert ("sae_reported" in asked) == serious


def test_a_fatal_event_asks_for_the_death_until_it_is_on_record() -> None:
    """The death is a report of its own (T10)."""
    story = told(in_neoadjuvant(), event(day(3), grade=5))
    story = told(story, c.ReportDeath(died_on=day(3)))
    assert "death" not in [ask.kind for ask in asks(story.state)]


def test_an_end_before_the_onset_is_refused() -> None:
    """On the day of the onset it is taken."""
    refused(when(in_neoadjuvant(), event(day(3), resolved_on=day(2))), Reason.CONTRADICTS, field="resolved_on")
    assert when(in_neoadjuvant(), event(day(3), resolved_on=day(3))).refusal is None


# Follow-up


def test_an_event_that_becomes_serious_starts_its_clock_then() -> None:
    """From the awareness of the seriousness, not of the event (T10)."""
    story = passing(told(in_neoadjuvant(), event(day(3))), day(5))
    aware_at = story.now - 2 * HOUR
    outcome = when(story, c.UpdateAdverseEvent(event=number(story), criteria=("DISABILITY",), aware_at=aware_at))
    then_kinds(outcome, f.AdverseEventUpdated, f.NoticeRequested)
    assert the(outcome, f.NoticeRequested).notice == "SERIOUS_ADVERSE_EVENT"
    assert deadlines(outcome.story)["SAE_EC"] == aware_at + 24 * HOUR
    refused(
        when(story, c.UpdateAdverseEvent(event=number(story), grade=3, aware_at=story.now + MINUTE)),
        Reason.FUTURE,
        field="aware_at",
    )


def test_a_report_of_before_the_seriousness_does_not_stop_its_clock() -> None:
    """The serious event has to be reported as such (T10)."""
    story = told(in_neoadjuvant(), event(day(3)))
    story = told(story, reported(story, "EC", story.now))
    story = told(story, c.UpdateAdverseEvent(event=number(story), serious=True))
    assert [clock.made for clock in clocks(story.state)] == [None, None]


def test_a_follow_up_changes_what_it_names_and_starts_no_clock_again() -> None:
    """Grade, outcome and end; what is serious stays so from its first awareness."""
    story = sae(in_neoadjuvant())
    before = deadlines(story)
    later = at(story, story.now + HOUR)
    update = c.UpdateAdverseEvent(event=number(story), grade=4, outcome="RECOVERED", resolved_on=day(3))
    outcome = when(later, update)
    then_kinds(outcome, f.AdverseEventUpdated)
    known = outcome.story.state.safety.events[number(story)]
    assert (known.grade, known.outcome, known.resolved_on, known.serious) == (4, "RECOVERED", day(3), True)
    assert deadlines(outcome.story) == before


def test_seriousness_is_taken_back_only_when_confirmed() -> None:
    """It is told to whom the event was told, and nothing is due any more (T10)."""
    story = sae(in_neoadjuvant(), criteria=["HOSPITALISATION"])
    update = c.UpdateAdverseEvent(event=number(story), serious=False)
    refused(when(story, update), Reason.CONFIRM, rule="T10", field="serious")
    outcome = when(story, update, confirmed=True, reason="planned admission")
    assert the(outcome, f.NoticeRequested).notice == "SERIOUSNESS_WITHDRAWN"
    assert clocks(outcome.story.state) == ()


def test_what_is_fatal_stays_serious() -> None:
    """Whatever the box says."""
    story = sae(in_neoadjuvant(), grade=5)
    outcome = when(story, c.UpdateAdverseEvent(event=number(story), serious=False))
    assert the(outcome, f.AdverseEventUpdated).serious is True


def test_a_follow_up_says_something_about_an_adverse_event() -> None:
    """Nothing changed, no such event, an unknown code, an end before the onset: each is refused by its field."""
    story = told(in_neoadjuvant(), event(day(3)))
    seq = number(story)
    refused(when(story, c.UpdateAdverseEvent(event=seq)), Reason.MALFORMED, field="event")
    refused(when(story, c.UpdateAdverseEvent(event=1, grade=3)), Reason.CONTRADICTS, field="event")
    no = refused(when(story, c.UpdateAdverseEvent(event=seq, aesi="MARS")), Reason.MALFORMED, field="aesi")
    assert no.accepts == "BLEEDING, ILD, PREGNANCY"
    refused(when(story, c.UpdateAdverseEvent(event=seq, resolved_on=day(2))), Reason.CONTRADICTS, field="resolved_on")


def test_an_unassessed_serious_event_says_so_where_its_report_is_asked_for() -> None:
    """Until causality is given, overall or for one drug (T10)."""
    story = sae(in_neoadjuvant())
    assert asks(story.state)[0].text.endswith("(causality not assessed)")
    drug = c.DrugCausality(drug="CISPLATIN", causality="NOT_RELATED")
    story = told(story, c.UpdateAdverseEvent(event=number(story), drug_causality=(drug,)))
    assert not asks(story.state)[0].text.endswith("(causality not assessed)")


# SUSAR


@pytest.mark.parametrize(
    ("changed", "classes"),
    [
        (SUSAR, {"SUSAR"}),
        (SUSAR | {"expected": None}, set()),
        (SUSAR | {"expected": True}, set()),
        (SUSAR | {"causality": "NOT_RELATED"}, set()),
        (SUSAR | {"causality": "NOT_ASSESSED"}, set()),
        (SUSAR | {"serious": False}, set()),
        (SUSAR | {"causality": "NOT_RELATED", "drug_causality": [{"drug": "X", "causality": "RELATED"}]}, {"SUSAR"}),
        (SUSAR | {"criteria": ["LIFE_THREATENING"]}, {"SUSAR_FATAL"}),
        (SUSAR | {"criteria": ["HOSPITALISATION"]}, {"SUSAR"}),
        (SUSAR | {"grade": 5}, {"SUSAR_FATAL"}),
    ],
)
def test_a_susar_is_serious_not_expected_and_related(changed: dict[str, Any], classes: set[str]) -> None:
    """All three are known; fatal or life-threatening ones are faster (T10)."""
    fact = the(when(in_neoadjuvant(), event(day(3), **changed)), f.AdverseEventReported)
    assert set(fact.classes) - {"SERIOUS_ADVERSE_EVENT"} == classes


def end_of(number_of_day: int) -> datetime:
    """Give the last instant of a day at the site."""
    return noon(day(number_of_day)) + 12 * HOUR - timedelta(microseconds=1)


def test_a_susar_is_due_15_days_after_the_sponsor_learns() -> None:
    """Day 0 is the day of the report to the sponsor, and the last day counts whole (T10)."""
    story = sae(in_neoadjuvant(), **SUSAR)
    assert deadlines(story)["SUSAR"] == end_of(3 + 15)
    story = at(story, story.now + 20 * HOUR)
    story = told(story, reported(story, "SPONSOR", story.now))
    assert deadlines(story)["SUSAR"] == end_of(4 + 15)
    told_of = [fact.notice for fact in story.facts if isinstance(fact, f.NoticeRequested)]
    assert "SUSAR" in told_of


@pytest.mark.parametrize(("minutes", "is_late"), [(-1, False), (0, False), (1, True)])
def test_a_susar_report_is_in_time_to_the_end_of_its_last_day(minutes: int, is_late: bool) -> None:  # noqa: FBT001 - of the table
    """A minute into the next day it is late (T10)."""
    story = sae(in_neoadjuvant(), **SUSAR)
    made_at = end_of(18) + minutes * MINUTE
    story = at(story, made_at)
    outcome = when(story, reported(story, "AUTHORITY", made_at))
    assert ("SUSAR" in late(outcome.story)) == is_late


def test_a_fatal_susar_is_due_in_7_days_and_complete_in_8_more() -> None:
    """Two reports to the authority: the first, and the complete one (T10)."""
    story = sae(in_neoadjuvant(), **SUSAR, criteria=["LIFE_THREATENING"])
    assert (deadlines(story)["SUSAR_FATAL"], deadlines(story)["SUSAR_FATAL_COMPLETE"]) == (end_of(10), end_of(18))
    story = told(story, reported(story, "AUTHORITY", story.now))
    later = at(story, noon(day(30)))
    assert late(later) == {"SAE_SPONSOR", "SAE_EC", "SUSAR_FATAL_COMPLETE"}
    story = told(story, reported(story, "AUTHORITY", story.now, "FOLLOW_UP"))
    assert late(at(story, noon(day(30)))) == {"SAE_SPONSOR", "SAE_EC"}


def test_a_susar_known_by_a_follow_up_counts_from_its_awareness() -> None:
    """Also when the sponsor was told of the event before; the later of both is day 0 (T10)."""
    story = sae(in_neoadjuvant(), causality="RELATED")
    story = told(story, reported(story, "SPONSOR", story.now))
    story = passing(story, day(5))
    story = told(story, c.UpdateAdverseEvent(event=number(story), expected=False))
    assert deadlines(story)["SUSAR"] == end_of(5 + 15)


def test_a_deadline_that_moves_takes_its_deviation_with_it() -> None:
    """The sponsor learnt on day 15: the SUSAR that was held to be late on day 19 is due on day 30 (T10)."""
    story = at(sae(in_neoadjuvant(), **SUSAR), noon(day(19)))
    assert "SUSAR" in late(story)
    outcome = when(story, reported(story, "SPONSOR", noon(day(15))))
    assert "SUSAR" not in late(outcome.story)
    assert deadlines(outcome.story)["SUSAR"] == end_of(30)


# After the end


def test_a_clock_that_began_before_the_end_goes_on() -> None:
    """The journey is over and its run stays open until the report is made, or overdue (T10)."""
    story = sae(in_surgery_wait())
    story = told(story, c.ReportDeath(died_on=story.today))
    assert story.state.is_over
    assert not PATIENT.is_over(story.state)
    assert asks(story.state)[0].kind == "sae_reported"
    after = at(story, story.now + 25 * HOUR)
    assert late(after) == {"SAE_SPONSOR", "SAE_EC"}
    assert PATIENT.is_over(after.state)
    for to in ("SPONSOR", "EC"):
        story = told(story, reported(story, to, story.now))
    assert PATIENT.is_over(story.state)


@pytest.mark.parametrize("phase", ["ended", "died", "screen failure"])
def test_an_event_told_after_the_end_has_its_deadline_in_the_notice(phase: str) -> None:
    """The run closes at once and reminds nobody, so the notice says it; the report is still asked for (T10)."""
    before = PHASES[phase]()
    story = sae(before)
    notice = story.facts[-1]
    assert isinstance(notice, f.NoticeRequested)
    assert notice.text.endswith("the journey is over: nobody will be reminded")
    assert story.state.site.shown(story.now + 24 * HOUR) in notice.text
    assert PATIENT.due(story.state) is None
    assert PATIENT.is_over(story.state)
    assert [ask.kind for ask in asks(story.state)] == ["sae_reported"] * 2
    made_at = story.now + 26 * HOUR
    outcome = when(story, reported(story, "EC", made_at), at=made_at)
    assert the(outcome, f.DeviationRecorded).text.endswith("made 2 h late")


def test_the_state_shows_events_in_coded_words() -> None:
    """Number, grade, seriousness, and each report with its deadline; never the words of the report."""
    story = sae(screened(), term="a private word")
    story = told(story, reported(story, "EC", story.now))
    shown = PATIENT.show(story.state)["safety"]
    assert [(row["event"], row["grade"], row["serious"]) for row in shown] == [(number(story), 3, True)]
    assert [row["made"] for row in shown[0]["reports"]] == [None, story.state.site.shown(story.now)]
    assert "a private word" not in PATIENT.details(story.state) + str(PATIENT.show(story.state))
    assert PATIENT.attributes(story.state)["NextDue"] == (story.now + 24 * HOUR).astimezone(UTC).isoformat()
