"""Acts that are asked for, as whole values: roles, words, date and whether it has passed (3.6 roles, T3, T10, T11)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import catalogue
from domain.nct06978153 import PROTOCOL
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import Ask, asks
from domain.protocol import Protocol, Role
from tests.given import Story, day, noon, when
from tests.stories import (
    answered,
    as_woman,
    in_follow_up,
    in_neoadjuvant,
    passing,
    reconsent_asked,
    told,
)

SITE_STAFF: tuple[Role, ...] = ("COORDINATOR", "INVESTIGATOR")
INVESTIGATOR: tuple[Role, ...] = ("INVESTIGATOR",)


def asked(story: Story, kind: str) -> list[Ask]:
    """Give the asks of a kind."""
    return [ask for ask in asks(story.state) if ask.kind == kind]


def c2() -> Story:
    """C1 is given on day 7; it is day 20."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(20))


def pregnant() -> Story:
    """A woman after C1 with a pregnancy of day 20."""
    return told(as_woman(c2()), c.ReportPregnancy(found_on=day(20)))


def held_against(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Let the subject's protocol read otherwise."""
    reads = Protocol.model_validate({name: getattr(PROTOCOL, name) for name in Protocol.model_fields} | changed)
    monkeypatch.setitem(catalogue.PROTOCOLS, (PROTOCOL.trial, PROTOCOL.version), reads)


def test_a_report_is_overdue_from_the_minute_after_its_deadline() -> None:
    """T10: a reminder before it makes it no later; the other report of the event has its own deadline."""
    event = c.ReportAdverseEvent(term="rash", grade=3, serious=True, onset_on=day(20), causality="RELATED")
    story = told(c2(), event)
    deadline = noon(day(20)) + timedelta(days=1)
    before = asked(told(story, c.TimePassed(), at=deadline), "sae_reported")
    assert [(ask.at, ask.overdue, ask.to) for ask in before] == [(deadline, False, before[0].to)] * len(before)
    late = asked(passing(story, day(22)), "sae_reported")
    assert [(ask.at, ask.overdue) for ask in late] == [(deadline, True)] * len(before)
    number = story.seq_of(f.AdverseEventReported)
    reported = told(story, c.ReportSafety(event=number, reported_at=story.now, to="SPONSOR"))
    left = asked(passing(reported, day(22)), "sae_reported")
    assert [(ask.at, ask.overdue) for ask in left if ask.at == deadline] == [(deadline, True)]
    assert all(ask.overdue == (ask.at is not None and ask.at < passing(reported, day(22)).now) for ask in left)


def test_what_an_event_wants_is_asked_of_whom_the_protocol_s_row_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """E25: the row of that very command; without one the roles that may send it are asked."""
    story = pregnant()
    text = f"pregnancy: dosing is stopped until you decide (fact {story.seq_of(f.PregnancyFound)})"
    assert asked(story, "safety_decision") == [Ask("safety_decision", INVESTIGATOR, text)]
    rules = tuple(
        row.model_copy(update={"to": ("SURGEON",)}) if row.command == "safety_decision" else row
        for row in PROTOCOL.safety.rules
    )
    held_against(monkeypatch, safety=PROTOCOL.safety.model_copy(update={"rules": rules}))
    assert asked(story, "safety_decision") == [Ask("safety_decision", ("SURGEON",), text)]
    others = tuple(row for row in rules if row.command != "safety_decision")
    held_against(monkeypatch, safety=PROTOCOL.safety.model_copy(update={"rules": others}))
    assert asked(story, "safety_decision") == [Ask("safety_decision", INVESTIGATOR, text)]


def test_with_every_drug_discontinued_the_end_of_treatment_is_asked_for_first() -> None:
    """T3: by the day of the visit, which is still asked for as it may be left out."""
    story = c2()
    for drug in ("BENMELSTOBART", "ANLOTINIB", "ETOPOSIDE", "CISPLATIN", "CARBOPLATIN"):
        outcome = when(story, c.DiscontinueDrug(drug=drug, decided_on=day(20), why="rash"))
        story = outcome.story if outcome.refusal is None else story
    text = "every drug of NEOADJUVANT is discontinued: end treatment, or leave the cycle out"
    assert asked(story, "discontinue_treatment") == [Ask("discontinue_treatment", INVESTIGATOR, text, day(31))]
    kinds = [ask.kind for ask in asks(story.state)]
    assert kinds.index("discontinue_treatment") + 1 == kinds.index("dose_given")


def test_a_first_dose_on_hold_for_old_statements_asks_for_them_by_its_visit() -> None:
    """T11: the statements of screening are too old on day 20; C1D1 was possible until day 10."""
    story = answered(passing(in_neoadjuvant(), day(20)), day(20))
    (found,) = asked(story, "screening_evidence")
    assert (found.to, found.by, found.overdue) == (SITE_STAFF, day(10), True)
    (override,) = asked(story, "override_gate")
    assert override == Ask("override_gate", INVESTIGATOR, "C1D1 on hold: gate failed", day(10), overdue=True)


def test_a_re_consent_is_asked_of_the_site_by_its_deadline() -> None:
    """I1.1: overdue when the deadline has passed."""
    story = reconsent_asked()
    wanted = Ask("record_consent", SITE_STAFF, "re-consent to V2.0", day(25))
    assert asked(story, "record_consent") == [wanted]
    assert asked(passing(story, day(26)), "record_consent") == [replace(wanted, overdue=True)]


@pytest.mark.parametrize(("before", "kind"), [(1, "follow_up_contact"), (0, "follow_up_contact"), (-1, "end_of_study")])
def test_a_contact_that_falls_on_the_trial_s_completion_is_still_asked_for(
    monkeypatch: pytest.MonkeyPatch, before: int, kind: str
) -> None:
    """Q13: the last one is planned on the completion's date; past it the end of the study is asked for."""
    story = in_follow_up()
    planned = day(464)
    held_against(monkeypatch, completion_on=planned + timedelta(days=before))
    found = [ask for ask in asks(story.state) if ask.kind in ("follow_up_contact", "end_of_study")]
    assert [ask.kind for ask in found] == [kind]
