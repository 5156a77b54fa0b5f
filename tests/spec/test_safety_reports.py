"""Safety reports, follow-ups and pregnancies: what a refusal names, and what stays as it was (T8, T9, T10, E25)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.clocks import clocks
from domain.patient.contraception import contraception_until
from domain.submission import Reason
from tests.given import SITE, Story, day, facts_of, noon, nothing_happened, refused, the, when
from tests.stories import as_woman, in_neoadjuvant, passing, told

MINUTE = timedelta(minutes=1)


def c2() -> Story:
    """C1 is given on day 7; it is day 20."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(20))


def event(**changed: Any) -> c.ReportAdverseEvent:
    """Give a serious event of day 20, with changes."""
    fields = {"term": "rash", "grade": 3, "serious": True, "onset_on": day(20)}
    return c.ReportAdverseEvent.model_validate(fields | changed)


def update(number: int, **changed: Any) -> c.UpdateAdverseEvent:
    """Give a follow-up of an event."""
    return c.UpdateAdverseEvent.model_validate({"event": number} | changed)


def report(number: int, to: str, at: Any, stage: str = "INITIAL") -> c.ReportSafety:
    """Give a report of an event."""
    return c.ReportSafety.model_validate({"event": number, "reported_at": at, "to": to, "stage": stage})


# Refusals name field, rule and what would be accepted


def test_what_is_refused_of_a_report_names_its_rule_and_field() -> None:
    """Before the site was aware, a second time, and in the future (T10)."""
    story = told(c2(), event())
    number = story.seq_of(f.AdverseEventReported)
    early = when(story, report(number, "EC", story.now - MINUTE))
    refused(early, Reason.CONFIRM, rule="T10", field="reported_at")
    future = refused(when(story, report(number, "EC", story.now + MINUTE)), Reason.FUTURE, rule="T10")
    assert (future.field, future.accepts) == ("reported_at", f"up to {story.now.isoformat()}")
    story = told(story, report(number, "EC", story.now))
    twice = refused(when(story, report(number, "EC", story.now)), Reason.CONTRADICTS, rule="T10", field="to")
    assert twice.accepts == "another recipient or stage"


def test_an_awareness_long_ago_names_the_rule_of_its_limit() -> None:
    """More than 60 d ago (Q9)."""
    story = passing(told(c2(), event()), day(90))
    late = update(story.seq_of(f.AdverseEventReported), grade=4, aware_at=noon(day(29)))
    no = refused(when(story, late), Reason.CONFIRM, field="aware_at")
    assert no.rule == str(story.state.protocol.plausibility.source)


def test_a_pregnancy_is_followed_up_as_no_adverse_event() -> None:
    """The refusal names the events there are (E25)."""
    story = told(as_woman(c2()), c.ReportPregnancy(found_on=day(20)))
    number = story.seq_of(f.PregnancyFound)
    no = refused(when(story, update(number, grade=3)), Reason.CONTRADICTS, field="event")
    assert no.accepts == f"one of {number}"


# Follow-ups


def test_a_follow_up_leaves_the_criteria_it_does_not_name() -> None:
    """And takes them back only with the seriousness itself (T10)."""
    story = told(c2(), event(criteria=["HOSPITALISATION"]))
    number = story.seq_of(f.AdverseEventReported)
    graded = told(story, update(number, grade=4)).state.safety.events[number]
    assert (graded.grade, graded.serious, graded.criteria) == (4, True, ("HOSPITALISATION",))
    kept = told(story, update(number, serious=False, criteria=["DISABILITY"])).state.safety.events[number]
    assert (kept.serious, kept.criteria) == (True, ("DISABILITY",))
    taken_back = told(story, update(number, serious=False), confirmed=True, reason="planned admission")
    eased = taken_back.state.safety.events[number]
    assert (eased.serious, eased.criteria, dict(eased.classes)) == (False, (), {})


@pytest.mark.parametrize(("grade", "asks"), [(1, []), (2, ["hold_drug"]), (3, ["discontinue_drug"])])
def test_a_bleeding_that_got_worse_asks_for_what_its_grade_wants(grade: int, asks: list[str]) -> None:
    """Grade 2 holds anlotinib, grade 3 ends it; grade 1 asks for nothing (T9)."""
    story = told(c2(), event(grade=1, serious=False, aesi="BLEEDING"))
    outcome = when(story, update(story.seq_of(f.AdverseEventReported), grade=grade, outcome="NOT_RECOVERED"))
    assert [fact.command for fact in facts_of(outcome, f.SafetyActionAsked)] == asks


# Deadlines


def susar() -> Story:
    """A SUSAR of noon of day 20; the sponsor was told of it on day 21, which is on record only later."""
    return told(c2(), event(causality="RELATED", expected=False))


@pytest.mark.parametrize(("minutes", "in_time"), [(-1, True), (0, True), (1, False)])
def test_a_deadline_that_moved_is_kept_up_to_its_last_instant(minutes: int, in_time: bool) -> None:  # noqa: FBT001 - of the table
    """Held to be late since day 36; the sponsor learnt on day 21, so that day 36 was the last (T10)."""
    story = passing(susar(), day(36))
    number = story.seq_of(f.AdverseEventReported)
    item = f"REPORT/{number}/SUSAR"
    assert item in story.state.deviations
    last = SITE.start_of(day(37))
    outcome = when(story, report(number, "SPONSOR", noon(day(21))), at=last + minutes * MINUTE)
    (clock,) = [row for row in clocks(outcome.story.state) if row.row.code == "SUSAR"]
    assert clock.deadline == last
    withdrawn = [fact.item for fact in facts_of(outcome, f.DeviationWithdrawn)]
    assert withdrawn == [f"REPORT/{number}/SAE_SPONSOR", *([item] if in_time else [])]


def test_a_late_report_is_dated_by_when_it_was_made() -> None:
    """Due at noon of day 21, made on day 22, told on day 23: 24 h late, important (T10)."""
    story = passing(told(c2(), event()), day(23))
    number = story.seq_of(f.AdverseEventReported)
    outcome = when(story, report(number, "SPONSOR", noon(day(22))))
    found = the(outcome, f.DeviationRecorded)
    assert (found.item, found.rule, found.important) == (f"REPORT/{number}/SAE_SPONSOR", "T10", True)
    assert (found.actual_on, found.text.endswith("made 24 h late")) == (day(22), True)


# When a pregnancy is found (E25)


def test_a_pregnancy_counts_from_the_awareness_it_names() -> None:
    """Found on day 18, known since day 19, told on day 20 (E25, T10)."""
    story = as_woman(c2())
    found = the(when(story, c.ReportPregnancy(found_on=day(18), aware_at=noon(day(19)))), f.PregnancyFound)
    assert (found.found_on, found.aware_at, found.classes) == (day(18), noon(day(19)), ("PREGNANCY",))
    ahead = c.ReportPregnancy(found_on=day(18), aware_at=story.now + MINUTE)
    refused(when(story, ahead), Reason.FUTURE, rule="T10", field="aware_at")
    before = c.ReportPregnancy(found_on=day(18), aware_at=noon(day(17)))
    refused(when(story, before), Reason.CONFIRM, rule="T10", field="aware_at")
    sent = when(story, before, confirmed=True, reason="the test was repeated")
    assert the(sent, f.PregnancyFound).aware_at == noon(day(17))


def test_only_the_same_pregnancy_is_on_record_already() -> None:
    """An event of that date is none, and one of another date is another (E25)."""
    story = told(as_woman(c2()), event(onset_on=day(18)))
    story = told(story, c.ReportPregnancy(found_on=day(18)))
    refused(when(story, c.ReportPregnancy(found_on=day(18))), Reason.CONTRADICTS, field="found_on")
    number = story.seq_of(f.PregnancyFound)
    decided = c.DecideSafety(event=number, decided_on=day(20), dosing="CONTINUE", why="not carried")
    the(when(told(story, decided), c.ReportPregnancy(found_on=day(20))), f.PregnancyFound)


def test_a_result_of_a_pregnancy_on_record_tells_nothing_new() -> None:
    """Found on day 20 by the site, and by a sample of that day; a later one neither, while it is undecided (E25)."""
    story = told(as_woman(c2()), c.ReportPregnancy(found_on=day(20)))
    for on in (20, 22):
        story = passing(story, day(on))
        result = {"code": "HCG", "system": "analyte", "value": "positive", "collected_at": noon(day(on))}
        typed = c.TypeLabResults.model_validate({"results": [result]})
        outcome = when(story, typed)
        assert facts_of(outcome, f.PregnancyFound) == []
        story = outcome.story


# How long contraception goes on (T8)


def test_contraception_counts_from_study_drugs_alone() -> None:
    """Etoposide of day 9 was the last of them; aspirin of day 11 is none (T8)."""
    story = passing(as_woman(in_neoadjuvant("COHORT_2", 1)), day(12))
    aspirin = c.ReportDose(cycle="C1", day=5, given_on=day(11), drugs=(c.GivenDrug(drug="ASPIRIN"),))
    story = told(story, aspirin, confirmed=True, reason="on record")
    ended = c.DiscontinueTreatment(decided_on=day(12), why="moved")
    assert contraception_until(told(story, ended).state) == day(9 + 56)


def test_time_alone_changes_no_safety_state() -> None:
    """Nothing is due at once after a report in time (T10)."""
    story = told(c2(), event())
    number = story.seq_of(f.AdverseEventReported)
    for to in ("SPONSOR", "EC"):
        story = told(story, report(number, to, story.now))
    nothing_happened(when(story, c.TimePassed()))
