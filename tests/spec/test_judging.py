"""Judgements and the sponsor's ruling: who may give them, in which words, and what they change."""

from datetime import date

import pytest

from domain.evidence import Answer
from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.evidence import answers, clean
from tests.given import START, Story, day, refused, the, then_kinds, when
from tests.stories import answered, in_neoadjuvant, registered, results, screened, told


def answer(rule: str, word: str, on: date = START, **more: object) -> Answer:
    """Give one answer."""
    return Answer.model_validate({"rule": rule, "verdict": word, "on": on, **more})


def confirmed(story: Story) -> f.EligibilityConfirmed:
    """Confirm eligibility on day 2."""
    return the(when(story, c.ConfirmEligibility(judged_on=day(2)), on=day(2)), f.EligibilityConfirmed)


def test_a_coordinator_s_document_waits_for_the_investigator_s_judgements() -> None:
    """They are recorded as they came, and count once an investigator gives them (I1.2, E27)."""
    story = screened(by="CRC1", role="COORDINATOR")
    no = refused(when(story, c.ConfirmEligibility(judged_on=day(2)), on=day(2)), Reason.NOT_ELIGIBLE)
    assert no.rule == "I1.2, I1.3, I7, I9, E5, E10, E15, E16.4, E26, E27"
    assert "CRC1 (COORDINATOR) answered" in no.detail
    outcome = when(story, c.Judge(answers=answers(day(2))), on=day(2))
    then_kinds(outcome, f.JudgementsGiven)
    assert (the(outcome, f.JudgementsGiven).by, the(outcome, f.JudgementsGiven).role) == ("ANYONE1", "INVESTIGATOR")
    assert {finding.rule for finding in confirmed(outcome.story).findings if finding.verdict == Verdict.MET}


def test_the_latest_answer_counts() -> None:
    """An investigator may change a judgement while screening lasts (E5)."""
    story = told(screened(), c.Judge(answers=(answer("E5", "TRIGGERED", day(2)),)), day(2))
    refused(when(story, c.ConfirmEligibility(judged_on=day(2)), on=day(2)), Reason.NOT_ELIGIBLE, rule="E5")
    assert confirmed(told(story, c.Judge(answers=(answer("E5", "NOT_TRIGGERED", day(2)),)), day(2))).judged_on == day(2)


@pytest.mark.parametrize(
    ("given", "field", "accepts"),
    [
        (answer("I2", "MET"), "judgements.0.rule", "I1.2, "),
        (answer("X1", "MET"), "judgements.0.rule", "I1.2, "),
        (answer("I9", "TRIGGERED"), "judgements.0.verdict", "MET or NOT_MET"),
        (answer("E5", "MET"), "judgements.0.verdict", "TRIGGERED or NOT_TRIGGERED"),
    ],
)
def test_an_answer_must_fit_its_criterion(given: Answer, field: str, accepts: str) -> None:
    """A rule that asks for a judgement, in its own words."""
    for command in (c.Judge(answers=(given,)), c.RecordEvidence(assessed_on=START, judgements=(given,))):
        no = refused(when(screened(), command, on=day(2)), Reason.RULE, field=field)
        assert no.accepts.startswith(accepts)


def test_a_surgeon_judges_i7_alone() -> None:
    """The refusal names who may (I7)."""
    no = refused(when(screened(), c.Judge(answers=(answer("I9", "MET"),)), role="SURGEON"), Reason.ROLE, rule="I9")
    assert no.accepts == "INVESTIGATOR"
    then_kinds(when(screened(), c.Judge(answers=(answer("I7", "MET"),)), role="SURGEON"), f.JudgementsGiven)


def on_full_dose() -> Story:
    """A subject on a stable full dose of anticoagulant in its range."""
    section = {"drug": "FULL_DOSE", "stable_since": day(-40), "tested": "INR", "range_low": 2, "range_high": 3}
    story = registered(evidence=clean(START, anticoagulation=section))
    return answered(story, day(1), {"INR": ("2.4", "{INR}", ""), "PT": ("17", "s", "13.5")}, on=day(2))


def test_a_conflict_blocks_until_the_sponsor_rules() -> None:
    """Then it lets pass or excludes; the ruling is on record with its author (Q1)."""
    story = on_full_dose()
    no = refused(when(story, c.ConfirmEligibility(judged_on=day(2)), on=day(2)), Reason.NOT_ELIGIBLE)
    assert no.rule == "I13.4, E16.3"
    ruling = c.RuleOnConflict(rule="I13.4", allowed=True, ruled_on=day(2), why="low bleeding risk")
    refused(when(story, ruling, role="INVESTIGATOR"), Reason.ROLE, rule="3.6 roles")
    outcome = when(story, ruling, on=day(2))
    assert the(outcome, f.ConflictRuled).by == "ANYONE1"
    verdicts = {finding.rule: finding.verdict for finding in confirmed(outcome.story).findings}
    assert (verdicts["I13.4"], verdicts["E16.3"]) == (Verdict.MET, Verdict.NOT_TRIGGERED)
    denied = told(story, ruling.model_copy(update={"allowed": False}), day(2))
    refused(when(denied, c.ConfirmEligibility(judged_on=day(2)), on=day(2)), Reason.NOT_ELIGIBLE, rule="I13.4, E16.3")


def test_a_ruling_is_about_rules_that_contradict_each_other_and_comes_in_screening() -> None:
    """Nothing else is waived (no waivers)."""
    other = c.RuleOnConflict(rule="I11.4", allowed=True, ruled_on=day(2), why="just so")
    assert refused(when(on_full_dose(), other, on=day(2)), Reason.RULE, field="rule").accepts == "I13.4"
    late = c.RuleOnConflict(rule="I13.4", allowed=True, ruled_on=day(2), why="late")
    refused(when(in_neoadjuvant(), late), Reason.PHASE, rule="I13.4")


def test_a_document_with_results_needs_no_laboratory() -> None:
    """Results in the document answer the screening order at once."""
    labs = results(START)
    story = registered(evidence=clean(START, labs=labs))
    assert not any(isinstance(intent.fact, f.LabsOrdered) for intent in story.state.intents.values())
    assert confirmed(story).findings


def test_a_section_of_tomorrow_is_refused_with_its_path() -> None:
    """So is one from before birth."""
    for on, reason in ((day(1), Reason.FUTURE), (date(1950, 1, 1), Reason.IMPOSSIBLE)):
        evidence = clean(START, staging={"on": on})
        command = c.RecordEvidence(**dict(evidence))
        refused(when(registered(), command, on=START), reason, field="staging.on")


def test_evidence_comes_in_parts_and_the_latest_of_a_topic_counts() -> None:
    """An older section entered late changes nothing; a newer one does."""
    older = clean(day(-5), staging={"t": "T4", "stage": "IIIA"}).staging
    newer = clean(day(2), staging={"t": "T4", "stage": "IIIA"}).staging
    story = told(screened(), c.RecordEvidence(assessed_on=day(2), staging=older), day(2))
    assert confirmed(story).judged_on == day(2)
    story = told(story, c.RecordEvidence(assessed_on=day(2), staging=newer), day(2))
    refused(when(story, c.ConfirmEligibility(judged_on=day(2)), on=day(2)), Reason.NOT_ELIGIBLE, rule="I4.1")
