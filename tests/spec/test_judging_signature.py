"""A signature that judges: answers a coordinator entered become the signer's own (3.6 roles, I7)."""

from typing import Any

import pytest

from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.eligibility import findings_on
from domain.submission import Reason, Sender, Signature, Submission
from tests.evidence import JUDGED, answers, clean
from tests.given import Story, day, facts_of, given, noon, refused, the, then_kinds, when
from tests.stories import answered, begin, told

BY_INVESTIGATOR = set(JUDGED)


def entered(**changed: Any) -> Story:
    """A coordinator enrolled with a whole document, answers to the judgements in it: fact 1 awaits a signature."""
    return answered(told(given(), begin(role="COORDINATOR", by="CRC1", **changed)), day(1), on=day(2))


def verdicts(story: Story) -> dict[str, Verdict]:
    """Give each verdict as of the story's latest instant."""
    return {row.rule: row.verdict for row in findings_on(story.state, story.now)}


def pending(story: Story) -> set[str]:
    """Give the rules that await a judgement."""
    return {rule for rule, verdict in verdicts(story).items() if verdict == Verdict.JUDGEMENT_PENDING}


def judge(fact: int = 1, meaning: str = "judged by me") -> c.Sign:
    """Give the signature of a fact."""
    return c.Sign(facts=(fact,), meaning=meaning)


def test_an_investigator_makes_entered_answers_their_own_by_signing() -> None:
    """Every judgement of the document is then that investigator's; the verdict may follow (3.6 roles)."""
    story = entered()
    assert pending(story) == BY_INVESTIGATOR
    outcome = when(story, judge(), role="INVESTIGATOR", staff="INV2")
    then_kinds(outcome, f.FactSigned, f.JudgementsGiven)
    given_now = the(outcome, f.JudgementsGiven)
    assert (given_now.by, given_now.role, given_now.answers) == ("INV2", "INVESTIGATOR", answers(day(0)))
    assert pending(outcome.story) == set()
    assert {verdicts(outcome.story)[rule] for rule in JUDGED} == {Verdict.MET, Verdict.NOT_TRIGGERED}
    assert outcome.story.state.unsigned == {}
    told(outcome.story, c.ConfirmEligibility(judged_on=day(2)))


def test_a_negative_answer_becomes_the_verdict_too() -> None:
    """NOT_MET as entered, once the investigator has signed it (I9)."""
    document = clean(day(0), judgements=answers(day(0), I9="NOT_MET"))
    story = told(entered(evidence=document), judge(), role="INVESTIGATOR")
    assert verdicts(story)["I9"] == Verdict.NOT_MET


def test_a_surgeon_makes_i7_their_own_and_the_investigator_s_signature_is_still_awaited() -> None:
    """Of a whole document I7 alone, whatever else stands in it; the evidence stays with the investigator (I7)."""
    story = entered()
    outcome = when(story, judge(), role="SURGEON", staff="SUR1")
    then_kinds(outcome, f.FactSigned, f.SignatureAsked, f.JudgementsGiven)
    assert [answer.rule for answer in the(outcome, f.JudgementsGiven).answers] == ["I7"]
    assert pending(outcome.story) == BY_INVESTIGATOR - {"I7"}
    assert outcome.story.state.unsigned == story.state.unsigned
    done = told(outcome.story, judge(), role="INVESTIGATOR", staff="INV1")
    assert done.state.judgements["I7"].by == "SUR1"
    assert (pending(done), done.state.unsigned) == (set(), {})


@pytest.mark.parametrize(("meaning", "judges"), [("reviewed", False), ("judged", False), (" Judged  by ME ", True)])
def test_only_the_meaning_of_the_protocol_judges(meaning: str, *, judges: bool) -> None:
    """Another signature signs the evidence and leaves the judgement pending."""
    outcome = when(entered(), judge(meaning=meaning), role="INVESTIGATOR")
    assert outcome.story.state.unsigned == {}
    assert bool(facts_of(outcome, f.JudgementsGiven)) == judges
    assert pending(outcome.story) == (set() if judges else BY_INVESTIGATOR)


def test_a_proof_says_what_the_signature_means() -> None:
    """The meaning of the signature itself counts, not the one in the command."""
    story = entered()
    proof = Signature(staff="INV1", signed_at=noon(day(2)), meaning="judged by me")
    submission = Submission[c.Command](
        id="12345678", sender=Sender(staff="INV1", role="INVESTIGATOR"), command=judge(meaning="read"), signature=proof
    )
    made = story.decider.decide(story.state, submission, noon(day(2)))
    assert [type(fact) for fact in made] == [f.FactSigned, f.JudgementsGiven]


def test_evidence_signed_as_reviewed_may_still_be_judged_by_signing_it() -> None:
    """Once; then nothing of it awaits a signature any more."""
    story = told(entered(), judge(meaning="reviewed"), role="INVESTIGATOR")
    story = told(story, judge(), role="INVESTIGATOR")
    assert pending(story) == set()
    refused(when(story, judge(), role="INVESTIGATOR"), Reason.CONTRADICTS, field="facts")


def test_other_roles_and_later_answers_are_left_alone() -> None:
    """A pathologist judges nothing; what an investigator judged since is not overwritten by the older answer."""
    story = entered()
    refused(when(story, judge(), role="PATHOLOGIST"), Reason.ROLE, field="role")
    story = told(story, c.Judge(answers=(answers(day(2), I9="NOT_MET")[3],)), role="INVESTIGATOR", staff="INV1")
    assert story.state.judgements["I9"].answer.verdict == "NOT_MET"
    signed = told(story, judge(), role="INVESTIGATOR", staff="INV2")
    assert signed.state.judgements["I9"].by == "INV1"
    assert verdicts(signed)["I9"] == Verdict.NOT_MET


def test_evidence_of_its_own_command_names_the_fact_to_sign() -> None:
    """The pending sentence says how it is answered."""
    story = told(given(), begin(evidence=None))
    report = c.RecordEvidence(assessed_on=day(1), judgements=answers(day(1)))
    story = told(story, report, day(1), role="COORDINATOR", staff="CRC1")
    number = story.seq_of(f.EvidenceRecorded)
    found = next(row for row in findings_on(story.state, story.now) if row.rule == "E5")
    assert f"`sign` of fact {number} with the meaning judged by me" in found.sentence
    assert pending(told(story, judge(number), role="INVESTIGATOR")) == set()


def test_the_eligibility_verdict_and_a_screen_failure_judge_nothing() -> None:
    """They sign the evidence they rest on; answers stay with who gave them (3.6 roles)."""
    outcome = when(entered(), c.ReportScreenFailure(decided_on=day(2), why="I9"), role="INVESTIGATOR")
    the(outcome, f.FactSigned, facts=(1,))
    assert not facts_of(outcome, f.JudgementsGiven)


def test_answers_of_before_are_as_they_were() -> None:
    """A stored fact that names no evidence folds, and a signature leaves it pending."""
    story = entered()
    place = story.seq_of(f.JudgementsGiven) - 1
    body = story.facts[place].model_dump(mode="json", exclude={"entered_with"})
    old = f.FACT.validate_python(body | {"answers": story.facts[place].answers})
    before = given(*story.facts[:place], old, *story.facts[place + 1 :], at=story.now)
    assert pending(told(before, judge(), role="INVESTIGATOR")) == BY_INVESTIGATOR
