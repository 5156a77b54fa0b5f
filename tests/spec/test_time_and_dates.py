"""Time as data: what falls due and when, and which dates a report can have."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from domain.catalogue import latest
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from domain.values import Clock, ClockPace, Site
from tests.given import START, TRIAL_ID, day, given, noon, nothing_happened, refused, then_kinds, when
from tests.stories import (
    PHASES,
    begin,
    died,
    eligible,
    ended,
    in_adjuvant,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    registered,
    screened,
    told,
)

AE = c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=day(1))


@pytest.mark.parametrize("phase", [name for name in PHASES if name != "not registered"])
def test_time_does_nothing_before_something_is_due(phase: str) -> None:
    """An instant before the due one, and again after it was acted on."""
    story = PHASES[phase]()
    due = story.decider.due(story.state)
    if due is None:
        nothing_happened(when(story, c.TimePassed(), on=day(4000)))
        return
    nothing_happened(when(story, c.TimePassed(), at=due.at - timedelta(microseconds=1)))
    outcome = when(story, c.TimePassed(), at=due.at)
    assert isinstance(outcome.facts[0], f.DueReached)
    assert (outcome.facts[0].item, outcome.facts[0].due_at) == (due.key, due.at)
    nothing_happened(when(outcome.story, c.TimePassed(), at=due.at))


@pytest.mark.parametrize("phase", [name for name in PHASES if name != "not registered"])
def test_after_time_passed_nothing_stays_due(phase: str) -> None:
    """However long nobody looked."""
    after = when(PHASES[phase](), c.TimePassed(), on=day(4000)).story
    due = after.decider.due(after.state)
    assert due is None or due.at > noon(day(4000))


def test_a_date_falls_due_at_the_site_s_hour() -> None:
    """08:00 in Shanghai is midnight UTC; another site has its own zone and hour."""
    story = in_surgery_wait("COHORT_2")
    assert story.due.at == datetime(2025, 8, 11, 0, 0, tzinfo=UTC)
    site = Site(code="BER", time_zone="Europe/Berlin", due_hour=7)
    assert site.due_at(date(2026, 3, 28)) == datetime(2026, 3, 28, 6, 0, tzinfo=UTC)
    assert site.due_at(date(2026, 3, 29)) == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    assert site.start_of(date(2026, 3, 29)) < datetime(2026, 3, 28, 23, 0, tzinfo=UTC)


def test_today_is_the_site_s_date() -> None:
    """At 17:00 UTC it is tomorrow in Shanghai: a report of that date is not in the future."""
    late = datetime(2025, 6, 2, 17, 0, tzinfo=UTC)
    assert when(registered(), AE.model_copy(update={"onset_on": date(2025, 6, 3)}), at=late).refusal is None
    early = datetime(2025, 6, 2, 15, 0, tzinfo=UTC)
    refused(when(registered(), AE.model_copy(update={"onset_on": date(2025, 6, 3)}), at=early), Reason.FUTURE)


def test_a_future_date_is_refused_and_says_up_to_when() -> None:
    """Naming the field and what would be accepted."""
    no = refused(
        when(in_surgery_wait(), c.ReportSurgery(performed_on=day(52), resection="R0")),
        Reason.FUTURE,
        field="performed_on",
    )
    assert no.accepts == f"a date up to {day(51)}"


def test_a_future_instant_of_occurrence_is_refused() -> None:
    """What happened cannot happen later; the same instant is no future."""
    command = c.ReportProgression(found_on=day(1))
    later = noon(day(4)) + timedelta(seconds=1)
    refused(when(eligible(), command, on=day(4), occurred_at=later), Reason.FUTURE, field="occurred_at")
    assert when(eligible(), command, on=day(4), occurred_at=noon(day(4))).refusal is None


def test_a_date_before_birth_is_refused() -> None:
    """1960-02-02 for a subject born on 1960-02-03."""
    command = AE.model_copy(update={"onset_on": date(1960, 2, 2)})
    refused(when(screened(), command), Reason.IMPOSSIBLE, field="onset_on")


def test_a_date_after_death_is_refused_but_for_what_follows_a_death() -> None:
    """No adverse event begins after the death; its report, pathology and cause are dated later."""
    refused(when(died(), AE.model_copy(update={"onset_on": day(61)}), on=day(70)), Reason.CONTRADICTS, field="onset_on")
    then_kinds(when(died(), AE.model_copy(update={"onset_on": day(60)}), on=day(70)), f.AdverseEventReported)


def test_a_death_before_the_last_dose_asks_for_confirmation() -> None:
    """One of the two dates is wrong. On the day of the dose it may be; confirmed with a reason it is taken."""
    story = in_surgery_wait()
    last = max(story.state.last_dose.values())
    before = c.ReportDeath(died_on=last - timedelta(days=1))
    refused(when(story, before), Reason.CONFIRM, field="died_on")
    assert when(story, before, confirmed=True, reason="the dose is dated wrongly").refusal is None
    assert when(story, c.ReportDeath(died_on=last)).refusal is None


@pytest.mark.parametrize(("days_ago", "asked"), [(60, False), (61, True)])
def test_a_report_of_long_ago_must_be_confirmed_with_a_reason(days_ago: int, asked: bool) -> None:  # noqa: FBT001 - a table
    """More than 60 d back; then it is recorded (rule 9)."""
    story = in_adjuvant()
    command = c.ReportProgression(found_on=story.today - timedelta(days=days_ago))
    outcome = when(story, command)
    if asked:
        no = refused(outcome, Reason.CONFIRM, rule="T4 (assumption Q9)", field="found_on")
        assert no.accepts == "the same, sent again with confirmed and a reason"
        refused(when(story, command, confirmed=True), Reason.CONFIRM)
        outcome = when(story, command, confirmed=True, reason="found in the archive")
    assert outcome.refusal is None


def test_a_report_dated_before_consent_must_be_confirmed() -> None:
    """Other than adverse events, evidence and the consent itself (I1.1)."""
    command = c.ReportProgression(found_on=day(-1))
    refused(when(screened(), command), Reason.CONFIRM, rule="I1.1", field="found_on")
    assert when(screened(), command, confirmed=True, reason="standard of care").refusal is None
    assert when(screened(), AE.model_copy(update={"onset_on": day(-1)})).refusal is None
    assert when(screened(), c.RecordEvidence(assessed_on=day(-1))).refusal is None


def test_the_last_support_may_be_long_ago() -> None:
    """It is history, not an act of the trial."""
    evidence = c.RecordEvidence(assessed_on=day(1), last_support_on=day(-400))
    then_kinds(when(screened(), evidence), f.EvidenceRecorded)


def test_a_plan_may_lie_in_the_future() -> None:
    """A delay is no report."""
    assert when(in_neoadjuvant(), c.DelayDose(cycle="C1", until=day(20), why="bed")).refusal is None


def test_the_trial_clock_runs_as_it_is_told() -> None:
    """Ten times as fast until a trial instant, at the real pace for two days, then twice as fast; and back again."""
    epoch = datetime(2026, 1, 1, tzinfo=UTC)
    trial = datetime(2025, 6, 2, tzinfo=UTC)
    paces = (
        ClockPace(since=trial + timedelta(days=10), factor=1),
        ClockPace(since=trial + timedelta(days=12), factor=2),
    )
    clock = Clock(real_epoch=epoch, trial_epoch=trial, factor=10, paces=paces)
    for real, expected in ((-1, -10), (0, 0), (0.5, 5), (1, 10), (2, 11), (3, 12), (4, 14)):
        at = clock.trial_time(epoch + timedelta(days=real))
        assert at == trial + timedelta(days=expected)
        assert clock.real_time(at) == epoch + timedelta(days=real)
    assert not clock.is_real


def test_a_clock_whose_paces_are_out_of_order_is_refused() -> None:
    """Trial time is one line."""
    at = datetime(2025, 6, 2, tzinfo=UTC)
    with pytest.raises(ValidationError, match="in order of time"):
        Clock(real_epoch=at, trial_epoch=at, paces=(ClockPace(since=at, factor=2),))


def test_the_real_clock_is_the_real_time() -> None:
    """Production has no other."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Clock.real().is_real
    assert Clock.real().trial_time(now) == now == Clock.real().real_time(now)


def test_an_end_today_is_no_future() -> None:
    """The study's last day belongs to it."""
    assert ended().state.study_ended == "COMPLETED"
    assert passing(given(), START).now == noon(START)
    assert begin().site.due_hour == 8


def test_an_overdue_visit_waits_on_and_asks_on() -> None:
    """Two years later: the dose is still awaited from a named person (G4)."""
    story = passing(in_neoadjuvant(), day(700))
    assert story.due.at > story.now
    report = c.ReportDose(cycle="C1", given_on=day(700), choice="CISPLATIN")
    assert told(story, report).state.current_cycle.label == "C2"


def test_a_copy_works_out_anew_what_the_original_had_worked_out() -> None:
    """A protocol with other epochs has other cycles (values that were asked for are kept with a value)."""
    ours = latest(TRIAL_ID)
    assert ours.last_cycle == 15
    shorter = ours.model_copy(update={"epochs": tuple(row for row in ours.epochs if row.code != "ADJUVANT")})
    assert (shorter.last_cycle, shorter.epoch_of_cycle(4)) == (3, None)
    assert ours.epoch_of_cycle(4) is ours.epoch("ADJUVANT")
