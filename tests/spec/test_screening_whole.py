"""Screening, consent and signatures fact by fact: what each act leaves, and what a refusal names (T1.1, I1.1, 3.1)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import evidence as e
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.evidence import answers, clean
from tests.given import START, day, facts_of, given, noon, refused, the, when
from tests.stories import (
    allocating,
    begin,
    eligible,
    in_neoadjuvant,
    passing,
    registered,
    results,
    screened,
    told,
)

NEEDS_SCREENING: tuple[Any, ...] = (
    c.ConfirmEligibility(judged_on=day(3)),
    c.RequestRandomization(),
    c.ReportScreenFailure(decided_on=day(3), why="I11.2"),
)


@pytest.mark.parametrize("command", NEEDS_SCREENING, ids=lambda command: command.kind)
def test_what_belongs_to_screening_says_so_and_where_the_subject_is(command: Any) -> None:
    """T1.1: refused later, and while the answer on the allocation is awaited."""
    no = refused(when(in_neoadjuvant(), command), Reason.PHASE, rule="T1.1")
    assert no.detail == f"{command.kind} belongs to screening; the subject is in NEOADJUVANT"
    assert refused(when(allocating(), command), Reason.CONTRADICTS, rule="T1.1").accepts == "its answer"


def test_a_subject_registered_while_dosing_is_paused_is_told_of_it() -> None:
    """T7: the pause of the trial is a fact of the subject from its first act on."""
    pause = c.LearnDosingPause(paused_at=noon(day(0)) - timedelta(hours=1), why="safety signal")
    paused = the(when(given(), begin(dosing_pause=pause)), f.DosingPaused)
    assert (paused.paused_at, paused.why) == (pause.paused_at, "safety signal")
    assert not facts_of(when(given(), begin()), f.DosingPaused)


def test_evidence_without_a_section_keeps_none() -> None:
    """3.1: a weight alone; and with a section that one alone."""
    weight = c.RecordEvidence(assessed_on=START, weight_kg=Decimal(71))
    assert the(when(registered(), weight), f.EvidenceRecorded) == f.EvidenceRecorded(
        assessed_on=START, weight_kg=Decimal(71), sections=None
    )
    brain = e.BrainImaging(on=START, modality="MRI", metastasis="NONE")
    told_with = weight.model_copy(update={"brain": brain})
    recorded = the(when(registered(), told_with), f.EvidenceRecorded).sections
    assert recorded is not None
    assert recorded.model_dump(exclude_none=True) == {"brain": brain.model_dump(exclude_none=True)}


def test_answers_that_come_with_evidence_are_the_sender_s() -> None:
    """3.6 roles: with the number of the evidence they came with."""
    story = registered()
    command = c.RecordEvidence(assessed_on=START, judgements=answers(START))
    given_answers = the(when(story, command, role="COORDINATOR", staff="CRC1"), f.JudgementsGiven)
    assert (given_answers.by, given_answers.role) == ("CRC1", "COORDINATOR")
    assert given_answers.entered_with == len(story.facts) + 1


@pytest.mark.parametrize(("on", "off"), [(27, None), (28, None), (29, 1)])
def test_randomization_after_its_window_is_a_deviation(on: int, off: int | None) -> None:
    """3.1: 28 d from the consent; recorded, and not important."""
    again = c.RecordEvidence.model_validate(clean(day(on)).model_dump())
    story = told(passing(eligible(), day(on)), again)
    story = told(story, c.TypeLabResults(results=results(day(on))))
    outcome = when(story, c.RequestRandomization())
    found = facts_of(outcome, f.DeviationRecorded)
    if off is None:
        assert found == []
        return
    text = f"randomization {off} d late, expected {day(0)} to {day(28)}"
    (row,) = found
    assert (row.item, row.text, row.important, row.days_off) == ("SCREENING", text, False, off)
    assert (row.expected_from, row.expected_to, row.actual_on) == (day(0), day(28), day(on))
    assert not facts_of(outcome, f.NoticeRequested), "the missed window was told when it closed"


def test_a_screen_failure_ends_the_study_with_its_reason() -> None:
    """3.1: the verdict with its findings, then the end."""
    outcome = when(screened(), c.ReportScreenFailure(decided_on=day(4), why="I11.2"), on=day(4))
    failed = the(outcome, f.ScreenFailed)
    assert (failed.decided_on, failed.why, len(failed.findings) > 0) == (day(4), "I11.2", True)
    assert the(outcome, f.StudyEnded) == f.StudyEnded(ended_on=day(4), reason="SCREEN_FAILURE", why="I11.2")


# Versions of the consent


def test_a_consent_to_a_version_of_none_is_a_deviation_of_its_day_until_the_version_is_learnt() -> None:
    """I1.1: approved on the day of the signature or before, the deviation of that very version is withdrawn."""
    signed = c.RecordConsent(signed_on=day(11), version="V2.0", obtained_by="INV1")
    story = passing(in_neoadjuvant("COHORT_1", 1), day(12))
    versions = c.LearnIcf(version="V1.5", approved_on=day(0), deadline=day(25))
    story = told(told(story, versions), signed)
    deviation = story.state.deviations["CONSENT/V2.0"]
    assert (deviation.rule, deviation.important, deviation.actual_on) == ("I1.1", True, day(11))
    for approved_on, withdrawn in ((day(10), True), (day(11), True), (day(12), False)):
        outcome = when(story, c.LearnIcf(version="V2.0", approved_on=approved_on, deadline=day(25)))
        gone = [(row.item, row.why) for row in facts_of(outcome, f.DeviationWithdrawn)]
        assert gone == ([("CONSENT/V2.0", f"V2.0 was approved on {approved_on}")] if withdrawn else [])
        assert bool(facts_of(outcome, f.ReconsentAsked)) is not withdrawn


# Judgements


def test_an_answer_that_another_role_judges_is_refused_by_its_place() -> None:
    """3.6 roles: a surgeon judges I7 alone; the second answer is what is wrong."""
    rows = tuple(row for rule in ("I7", "I9") for row in answers(day(1)) if row.rule == rule)
    no = refused(when(screened(), c.Judge(answers=rows), role="SURGEON"), Reason.ROLE, rule="I9")
    assert (no.field, no.accepts) == ("answers.1.rule", "INVESTIGATOR")
