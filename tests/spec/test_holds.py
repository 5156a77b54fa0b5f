"""What the sponsor's acts mean for a subject: re-consent, dosing that waits, an early stop."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.decider import PATIENT
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import Ask, asks
from domain.patient.holds import lateness
from domain.patient.view import next_due_instant
from domain.patient.waiting import dosing_holds
from domain.submission import Reason
from tests.another_protocol import SMALL
from tests.given import (
    SITE,
    START,
    Outcome,
    Story,
    day,
    facts_of,
    given,
    noon,
    nothing_happened,
    refused,
    the,
    then_kinds,
    told_kinds,
    when,
)
from tests.stories import (
    PHASES,
    at_visit,
    begin,
    diaries,
    dosing_paused,
    ended,
    in_adjuvant,
    in_follow_up,
    in_neoadjuvant,
    passing,
    reconsent_asked,
    registered,
    screened,
    told,
)

V2 = c.LearnIcf(version="V2.0", approved_on=day(10), deadline=day(25))
RESUME = c.LearnDosingResumption(resumed_at=noon(day(40)))
STOP = c.LearnTrialStop(stopped_at=noon(day(20)), why="futility")


def ask(story: Story, kind: str) -> Ask:
    """Give the one ask of a kind."""
    (found,) = [row for row in asks(story.state) if row.kind == kind]
    return found


def consent(version: str, on: int) -> c.RecordConsent:
    """Give a consent to a version on a day."""
    return c.RecordConsent(signed_on=day(on), version=version, obtained_by="INV1")


def holds(outcome: Outcome) -> list[str]:
    """Give the deviations of doses given although dosing waited."""
    return [fact.item for fact in facts_of(outcome, f.DeviationRecorded) if fact.item.startswith("HOLD/")]


# Consent versions (I1.1)


@pytest.mark.parametrize(
    ("versions", "version", "text"),
    [
        ((c.IcfVersion(version="V1.0"),), "V1.0", ""),
        ((c.IcfVersion(version="V1.0"),), "V9.0", "which is not approved"),
        ((c.IcfVersion(version="V1.0", approved_on=START),), "V1.0", ""),
        ((c.IcfVersion(version="V1.0", approved_on=day(1)),), "V1.0", f"approved on {day(1)}"),
        ((c.IcfVersion(version="V1.0"), c.IcfVersion(version="V2.0", approved_on=START)), "V1.0", ""),
        ((c.IcfVersion(version="V1.0"), c.IcfVersion(version="V2.0", approved_on=day(-1))), "V1.0", "replaced by V2.0"),
        ((c.IcfVersion(version="V1.0"), c.IcfVersion(version="V2.0", approved_on=day(-1))), "V2.0", ""),
    ],
)
def test_a_consent_is_recorded_whatever_its_version(versions: Any, version: str, text: str) -> None:
    """Not approved, approved after the signature, or replaced before it: an important deviation (I1.1)."""
    outcome = when(given(), begin(icf_versions=versions, consent=c.Consent(signed_on=START, version=version)))
    assert facts_of(outcome, f.ConsentGiven)
    deviations = facts_of(outcome, f.DeviationRecorded)
    assert [(row.item, row.rule, row.important) for row in deviations] == (
        [(f"CONSENT/{version}", "I1.1", True)] if text else []
    )
    assert all(text in row.text for row in deviations)


def test_a_new_version_asks_for_re_consent_and_tells_the_site() -> None:
    """Until the deadline; the ask and the next date show it (I1.1)."""
    outcome = when(passing(in_neoadjuvant("COHORT_1", 1), day(10)), V2)
    then_kinds(outcome, f.IcfApproved, f.ReconsentAsked, f.NoticeRequested)
    assert the(outcome, f.ReconsentAsked) == f.ReconsentAsked(version="V2.0", deadline=day(25))
    wanted = ask(outcome.story, "record_consent")
    assert (wanted.text, wanted.by, wanted.overdue) == ("re-consent to V2.0", day(25), False)
    assert next_due_instant(outcome.story.state) == SITE.due_at(day(25)).isoformat()
    nothing_happened(when(outcome.story, V2))


def test_re_consent_is_asked_in_every_phase_that_is_not_over() -> None:
    """In follow-up too; before a first consent the version is only learnt."""
    for phase, build in PHASES.items():
        story = build()
        if story.state.seq == 0:
            continue
        outcome = when(story, V2)
        wanted = 0 if story.state.is_over or story.state.consent_on is None else 1
        assert len(facts_of(outcome, f.ReconsentAsked)) == wanted, phase
    assert f.IcfApproved in told_kinds(when(PHASES["registered"](), V2))
    nothing_happened(when(ended(), V2))


def test_a_re_consent_answers_the_question() -> None:
    """The first consent stays the anchor of screening and of the age; the same version again is refused (I1.1)."""
    story = told(reconsent_asked(), consent("V2.0", 12), day(12))
    assert (story.state.reconsent, story.state.consent_on) == (None, START)
    assert [row.kind for row in asks(story.state)] == ["dose_given"]
    refused(when(story, consent("V2.0", 12), on=day(13)), Reason.CONTRADICTS, rule="I1.1", field="version")
    no = refused(when(reconsent_asked(), consent("V1.0", 10)), Reason.CONTRADICTS, rule="I1.1")
    assert no.accepts == "version V2.0, or `correct` of fact 3"
    assert not facts_of(when(story, c.TimePassed(), on=day(40)), f.DeviationRecorded, item="RECONSENT/V2.0")


def test_a_re_consent_orders_no_new_screening() -> None:
    """Only the first consent does."""
    outcome = when(told(screened(), V2, day(10)), consent("V2.0", 11), on=day(11))
    then_kinds(outcome, f.ConsentGiven)


def test_a_consent_signed_before_its_version_was_learnt_is_no_deviation_any_more() -> None:
    """The word of the approval came later than the signature: the deviation is withdrawn, nothing is asked."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(12)), consent("V2.0", 11), day(12))
    assert "CONSENT/V2.0" in story.state.deviations
    outcome = when(story, V2)
    then_kinds(outcome, f.IcfApproved, f.DeviationWithdrawn)
    early = told(passing(in_neoadjuvant("COHORT_1", 1), day(12)), consent("V2.0", 9), day(12))
    then_kinds(when(early, V2), f.IcfApproved, f.ReconsentAsked, f.NoticeRequested)


def test_a_consent_from_before_versions_were_checked_has_no_deviation_to_withdraw() -> None:
    """An older release recorded it and said nothing."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(12)), consent("V2.0", 11), day(12))
    silent = (f.DeviationRecorded, f.NoticeRequested)
    older = given(*(fact for fact in story.facts if not isinstance(fact, silent)), at=story.now)
    then_kinds(when(older, V2), f.IcfApproved)


def test_a_version_approved_before_the_signature_needs_no_deviation_to_withdraw() -> None:
    """Consent to it was recorded in a trial that had it: learning it once more changes nothing."""
    known = (c.IcfVersion(version="V1.0"), c.IcfVersion(version="V2.0", approved_on=day(10)))
    nothing_happened(when(registered(icf_versions=known), V2))


def test_a_later_version_never_prolongs_an_open_deadline() -> None:
    """V3.0 with more time keeps the day by which V2.0 was due."""
    v3 = c.LearnIcf(version="V3.0", approved_on=day(15), deadline=day(60))
    story = told(passing(reconsent_asked(), day(15)), v3)
    assert story.state.reconsent == f.ReconsentAsked(version="V3.0", deadline=day(25))
    assert told(story, consent("V2.0", 16), day(16)).state.reconsent is not None
    assert told(story, consent("V3.0", 16), day(16)).state.reconsent is None


def test_a_re_consent_is_reminded_of_and_escalated() -> None:
    """7 d before the deadline, and on the day after it with an important deviation (Q12)."""
    story = passing(reconsent_asked(), day(17))
    assert not [fact for fact in story.facts if getattr(fact, "notice", "") == "RECONSENT_REMINDER"]
    story = passing(story, day(18))
    assert story.facts[-1].notice == "RECONSENT_REMINDER"
    on_time = passing(story, day(25))
    assert (ask(on_time, "record_consent").overdue, ask(on_time, "dose_given").text) == (
        False,
        f"C2D1 planned {day(28)}",
    )
    late = passing(story, day(26))
    deviation = late.state.deviations["RECONSENT/V2.0"]
    assert (deviation.rule, deviation.important, deviation.expected_to) == ("I1.1", True, day(25))
    assert late.facts[-1].notice == "RECONSENT_OVERDUE"
    assert late.facts[-1].to == ("COORDINATOR", "INVESTIGATOR", "SPONSOR")
    assert ask(late, "record_consent").overdue
    assert PATIENT.attributes(late.state)["Overdue"] is True
    assert ask(late, "dose_given").text == f"C2D1 planned {day(28)}; on hold: re-consent"


@pytest.mark.parametrize(("on", "held"), [(24, []), (25, []), (26, ["HOLD/RECONSENT/C2D1"])])
def test_a_dose_past_the_deadline_is_recorded_as_an_important_deviation(on: int, held: list[str]) -> None:
    """The day before, at and after the deadline; what happened is never refused (I1.1)."""
    story = passing(reconsent_asked(), day(on))
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(on), choice="CISPLATIN"))
    assert holds(outcome) == held
    assert all(row.important for row in facts_of(outcome, f.DeviationRecorded) if row.item in held)


def test_after_the_re_consent_dosing_goes_on() -> None:
    """The missed deadline stays on record."""
    story = told(passing(reconsent_asked(), day(27)), consent("V2.0", 27))
    assert ask(story, "dose_given").text == f"C2D1 planned {day(28)}"
    report = c.ReportDose(cycle="C2", given_on=day(28), choice="CISPLATIN")
    outcome = when(story, report, on=day(28))
    assert holds(outcome) == []
    assert "RECONSENT/V2.0" in outcome.story.state.deviations


# Pause of dosing (T11, Q12)


def test_a_pause_of_dosing_is_told_where_a_dose_may_be_awaited() -> None:
    """Who is not randomized yet is told nothing and remembers it; who ended treatment is not concerned."""
    pause = c.LearnDosingPause(paused_at=noon(day(20)), why="signal")
    then_kinds(when(in_neoadjuvant(), pause, on=day(20)), f.DosingPaused, f.NoticeRequested)
    then_kinds(when(screened(), pause, on=day(20)), f.DosingPaused)
    nothing_happened(when(in_follow_up(), pause))
    nothing_happened(when(ended(), pause))
    nothing_happened(when(dosing_paused(), pause))
    paused = c.DosingPause(paused_at=noon(day(-1)), why="signal")
    assert told(given(), begin(dosing_pause=paused)).state.is_dosing_paused


def test_while_dosing_is_paused_the_visit_stays_asked_and_nothing_of_it_falls_due() -> None:
    """No laboratory order, no overdue visit, no deviation: the sponsor's own pause is nobody's lapse."""
    before = diaries(dosing_paused(), day(20))
    story = passing(before, day(47))
    wanted = ask(story, "dose_given")
    assert wanted.text == f"C2D1 planned {day(28)}; on hold: dosing paused by sponsor"
    assert not wanted.overdue
    assert PATIENT.attributes(story.state)["Overdue"] is False
    assert story.facts == before.facts


def test_after_a_pause_the_visit_is_planned_for_today_with_a_new_gate() -> None:
    """The planned day passed during the pause; overdue is counted from the new one (T2.2)."""
    story = told(passing(dosing_paused(), day(40)), RESUME)
    assert [type(fact) for fact in story.facts[-3:]] == [f.DosingResumed, f.NoticeRequested, f.DoseDelayed]
    assert story.facts[-1].until == day(40)
    assert story.due.key == f"ORDER_LABS/C2/{day(40)}"
    story = passing(story, day(43))
    assert not story.state.deviations
    assert "C2" in passing(story, day(44)).state.deviations
    nothing_happened(when(story, RESUME))


def test_a_pause_that_ends_before_the_planned_day_changes_no_plan() -> None:
    """C2D1 of day 28 stays."""
    story = told(passing(dosing_paused(), day(27)), c.LearnDosingResumption(resumed_at=noon(day(27))))
    assert story.state.current_cycle.planned_on == day(28)
    assert isinstance(story.facts[-1], f.NoticeRequested)


def test_a_pause_that_ends_for_someone_off_treatment_is_only_recorded() -> None:
    """In screening, and after the end of treatment."""
    pause = c.LearnDosingPause(paused_at=noon(day(2)), why="signal")
    then_kinds(when(told(screened(), pause), RESUME, on=day(40)), f.DosingResumed)
    story = told(dosing_paused(), c.DiscontinueTreatment(decided_on=day(20), why="toxicity"))
    then_kinds(when(story, RESUME, on=day(40)), f.DosingResumed)


def test_the_late_visit_carries_the_pause_as_its_reason() -> None:
    """The window's deviation is recorded by the dose report (T2.2)."""
    story = at_visit(told(passing(dosing_paused(), day(40)), RESUME))
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(40), choice="CISPLATIN"))
    late = the(outcome, f.DeviationRecorded, item="C2")
    assert late.days_off == 9
    assert late.text.endswith(f"; dosing paused by sponsor {day(20)} to {day(40)}")
    assert holds(outcome) == []


@pytest.mark.parametrize(("on", "held"), [(19, False), (20, True), (21, True)])
def test_a_dose_during_the_pause_is_an_important_deviation(on: int, *, held: bool) -> None:
    """From the day of the pause on; a report of the day before is none."""
    story = passing(dosing_paused(), day(22))
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(on), choice="CISPLATIN"))
    assert holds(outcome) == (["HOLD/PAUSE/C2D1"] if held else [])
    for row in facts_of(outcome, f.DeviationRecorded, item="HOLD/PAUSE/C2D1"):
        assert (row.important, row.rule) == (True, "T11")


@pytest.mark.parametrize(("hours", "held"), [(-1, False), (0, True), (1, True)])
def test_on_the_day_of_the_pause_the_hour_decides_where_it_is_told(hours: int, *, held: bool) -> None:
    """Paused at noon of day 20."""
    occurred_at: datetime = noon(day(20)) + timedelta(hours=hours)
    story = passing(dosing_paused(), day(21))
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(20), choice="CISPLATIN"), occurred_at=occurred_at)
    assert bool(holds(outcome)) == held


@pytest.mark.parametrize(("on", "held"), [(39, True), (40, False), (41, False)])
def test_a_dose_from_the_day_of_the_resumption_on_is_none(on: int, *, held: bool) -> None:
    """Resumed on day 40."""
    story = passing(told(passing(dosing_paused(), day(40)), RESUME), day(42))
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(on), choice="CISPLATIN"))
    assert bool(holds(outcome)) == held


def test_a_pause_that_ends_on_the_planned_day_changes_no_plan() -> None:
    """C2D1 of day 28 stays; a day later it is planned for that day."""
    for on, moved in ((28, False), (29, True)):
        story = told(passing(dosing_paused(), day(on)), c.LearnDosingResumption(resumed_at=noon(day(on))))
        assert isinstance(story.facts[-1], f.DoseDelayed) == moved


@pytest.mark.parametrize(("minutes", "held"), [(-1, True), (0, False), (1, False)])
def test_on_the_day_of_the_resumption_the_hour_decides_where_it_is_told(minutes: int, *, held: bool) -> None:
    """Resumed at noon of day 40: a dose of that instant is none of the pause."""
    story = passing(told(passing(dosing_paused(), day(40)), RESUME), day(41))
    at = noon(day(40)) + timedelta(minutes=minutes)
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(40), choice="CISPLATIN"), occurred_at=at)
    assert bool(holds(outcome)) == held


def paused(since: int, until: int | None, story: Story | None = None) -> Story:
    """Dosing is paused on a day of C2, and goes on again on another one."""
    story = passing(story or in_neoadjuvant("COHORT_1", 1), day(since))
    story = told(story, c.LearnDosingPause(paused_at=noon(day(since)), why="signal"))
    if until is None:
        return story
    return told(passing(story, day(until)), c.LearnDosingResumption(resumed_at=noon(day(until))))


@pytest.mark.parametrize(
    ("since", "until", "note"),
    [
        (20, 30, ""),
        (20, 31, ""),
        (20, 32, f"; dosing paused by sponsor {day(20)} to {day(32)}"),
        (32, 33, f"; dosing paused by sponsor {day(32)} to {day(33)}"),
        (33, None, f"; dosing paused by sponsor {day(33)}"),
        (34, None, ""),
    ],
)
def test_a_pause_explains_a_late_visit_when_it_lies_past_the_window(since: int, until: int | None, note: str) -> None:
    """C2D1 was possible to day 31 and is given on day 33: a pause over by then, or begun after it, explains nothing."""
    assert lateness(paused(since, until).state, day(31), day(33)) == note


def test_a_visit_in_its_window_needs_no_explanation() -> None:
    """On day 31 it is in time; two pauses are both named."""
    assert lateness(paused(20, 32).state, day(31), day(31)) == ""
    twice = paused(34, None, paused(20, 32)).state
    first, second = f"; dosing paused by sponsor {day(20)} to {day(32)}", f"; dosing paused by sponsor {day(34)}"
    assert lateness(twice, day(31), day(34)) == first + second


def test_a_pause_in_the_surgery_wait_holds_the_first_adjuvant_visit() -> None:
    """It counts wherever the subject is when a dose is awaited."""
    story = told(in_adjuvant(), c.LearnDosingPause(paused_at=noon(day(115)), why="signal"))
    assert ask(story, "dose_given").text.endswith("; on hold: dosing paused by sponsor")
    both = told(passing(told(story, V2), day(140)), c.TimePassed())
    assert ask(both, "dose_given").text.endswith("; on hold: re-consent; on hold: dosing paused by sponsor")


# Early stop (T6.1, Q3)


def test_a_stop_ends_treatment_and_follow_up_goes_on() -> None:
    """Told as an end of treatment and as a stop."""
    outcome = when(passing(in_neoadjuvant("COHORT_1", 1), day(20)), STOP)
    then_kinds(outcome, f.NoticeRequested, f.TreatmentEnded, f.NoticeRequested, f.EpochEntered)
    ended_by = the(outcome, f.TreatmentEnded)
    assert (ended_by.reason, ended_by.ended_on, ended_by.why) == ("TRIAL_STOPPED", day(20), "futility")
    assert the(outcome, f.EpochEntered).epoch == "FOLLOW_UP"
    nothing_happened(when(outcome.story, STOP))


def test_a_stop_ends_screening() -> None:
    """There is nothing to follow up: a screen failure by the trial's stop."""
    outcome = when(screened(), STOP, on=day(20))
    then_kinds(outcome, f.NoticeRequested, f.ScreenFailed, f.StudyEnded)
    assert the(outcome, f.StudyEnded).reason == "TRIAL_STOPPED"


def test_a_stop_changes_nothing_in_follow_up_or_after_the_end() -> None:
    """Those are where a stop leads to."""
    for build in (in_follow_up, ended):
        nothing_happened(when(build(), STOP))


def test_a_protocol_may_end_the_study_with_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data of the protocol: where a stop leads to."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    protocol = story.state.protocol
    acts = protocol.acts.model_copy(update={"after_stop": "END"})
    key = (protocol.trial, protocol.version)
    catalogue = __import__("domain.catalogue").catalogue.PROTOCOLS
    monkeypatch.setitem(catalogue, key, protocol.model_copy(update={"acts": acts}))
    outcome = when(story, STOP)
    assert told_kinds(outcome)[-1] is f.StudyEnded
    assert outcome.story.state.is_over
    assert SMALL.acts.after_stop == "FOLLOW_UP"


@pytest.mark.parametrize("phase", ["screening", "surgery wait", "evaluation", "adjuvant done"])
def test_where_no_cycle_is_awaited_a_pause_holds_none(phase: str) -> None:
    """T11: the sponsor's pause is on record, and there is no dose that it could hold; of an awaited cycle it is."""
    story = PHASES[phase]()
    story = told(story, c.LearnDosingPause(paused_at=story.now, why="safety signal"))
    assert story.state.is_dosing_paused
    assert dosing_holds(story.state) == ()
    assert [hold.word for hold in dosing_holds(dosing_paused().state)] == ["dosing paused by sponsor"]
