"""Signatures and countersignatures: who must sign what, when it is escalated, and what waits (3.6 roles, Q12)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.catalogue import PROTOCOLS
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import Ask, asks
from domain.patient.view import next_due_instant
from domain.protocol import Protocol
from domain.submission import UNATTRIBUTED, Reason, Refused, Sender, Signature, Submission
from tests.evidence import answers
from tests.given import BEGINNING, Story, day, facts_of, given, noon, nothing_happened, refused, the, then_kinds, when
from tests.stories import (
    answered,
    at_visit,
    begin,
    eligible,
    in_adjuvant,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    registered,
    results,
    screened,
    told,
)

RASH = c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=day(20))
FIT = c.EvaluateAdjuvant(evaluated_on=day(115), fit=True)


def signing(story: Story) -> list[Ask]:
    """Give the asks for signatures."""
    return [ask for ask in asks(story.state) if ask.kind == "sign"]


def coordinated(**changed: Any) -> Story:
    """C1 is given and a coordinator reported a rash on day 20: it awaits the investigator's signature."""
    return told(passing(in_neoadjuvant("COHORT_1", 1), day(20)), RASH.model_copy(update=changed), role="COORDINATOR")


def sign(*facts: int, meaning: str = "reviewed") -> c.Sign:
    """Give a signature of facts."""
    return c.Sign(facts=facts, meaning=meaning)


def changed_protocol(monkeypatch: pytest.MonkeyPatch, **rows: dict[str, Any]) -> None:
    """Let some kinds be done by others than the table has it."""
    protocol: Protocol = PROTOCOLS["NCT06978153", "1"]
    permissions = tuple(row.model_copy(update=rows.get(row.kind, {})) for row in protocol.permissions)
    changed = protocol.model_copy(update={"permissions": permissions})
    monkeypatch.setitem(PROTOCOLS, ("NCT06978153", "1"), changed)


# What asks for a signature


@pytest.mark.parametrize("role", ["COORDINATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST"])
def test_an_act_of_a_role_that_only_does_it_asks_who_signs_it(role: str) -> None:
    """In the same act, with the fact's number, the kind and the roles of that day's table."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    outcome = when(story, RASH, role=role)
    then_kinds(outcome, f.AdverseEventReported, f.SignatureAsked)
    number = len(story.facts) + 1
    asked = f.SignatureAsked(fact=number, act="adverse_event", to=("INVESTIGATOR",), asked_on=day(20))
    assert the(outcome, f.SignatureAsked) == asked
    (ask,) = signing(outcome.story)
    assert (ask.to, ask.text, ask.by) == (("INVESTIGATOR",), f"signature of #{number} adverse_event", day(34))


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (RASH, "INVESTIGATOR"),
        (c.ReportSurgery(performed_on=day(80), resection="R0"), "SURGEON"),
        (c.ReportSurgery(performed_on=day(80), resection="R0"), "INVESTIGATOR"),
        (c.JudgeOperability(judged_on=day(80), operable=True), "SURGEON"),
    ],
)
def test_an_act_of_a_role_that_signs_it_is_signed_by_being_sent(command: Any, role: str) -> None:
    """No question, no fact more."""
    outcome = when(passing(in_surgery_wait(), day(80)), command, role=role)
    assert not facts_of(outcome, f.SignatureAsked)
    assert not facts_of(outcome, f.FactSigned)


def test_surgery_told_by_a_coordinator_is_signed_by_surgeon_or_investigator() -> None:
    """The fact that was told is signed, not the deviation before it."""
    story = passing(in_surgery_wait(), day(80))
    outcome = when(story, c.ReportSurgery(performed_on=day(80), resection="R0"), role="COORDINATOR")
    asked = the(outcome, f.SignatureAsked)
    assert asked.to == ("INVESTIGATOR", "SURGEON")
    assert isinstance(outcome.story.facts[asked.fact - 1], f.SurgeryPerformed)
    assert isinstance(outcome.facts[0], f.DeviationRecorded)


def test_what_changes_nothing_asks_for_nothing() -> None:
    """A refusal leaves no question, and neither does an acknowledgement: nobody signs those."""
    outcome = when(registered(), c.ConfirmEligibility(judged_on=day(0)), role="COORDINATOR")
    assert outcome.facts == ()
    serious = coordinated(serious=True)
    read = c.Acknowledge(notice=serious.seq_of(f.NoticeRequested))
    then_kinds(when(serious, read, role="INVESTIGATOR"), f.NoticeAcknowledged)


# Enrolment, and the verdict that signs what it rests on


def test_what_a_verdict_covers_is_an_assumption_of_its_own() -> None:
    """The eligibility verdict and the screen failure, and nothing else; the register names it (3.6 roles, Q12)."""
    covering = {row.kind: row for row in PROTOCOLS["NCT06978153", "1"].permissions if row.covers}
    assert set(covering) == {"confirm_eligibility", "screen_failure"}
    for row in covering.values():
        assert set(row.covers) == {"enroll", "record_consent", "screening_evidence", "lab_results"}
        assert row.covers_source is not None
        assert row.covers_source.question == "Q12"


def test_an_enrolment_by_a_coordinator_is_signed_with_the_eligibility_verdict() -> None:
    """Registration, consent and evidence are one act; the verdict of the investigator covers what it rests on."""
    story = told(given(), begin(role="COORDINATOR"))
    asked = f.SignatureAsked(fact=1, act="enroll", to=("INVESTIGATOR",), asked_on=day(0))
    assert story.state.unsigned == {1: asked}
    story = told(story, c.TypeLabResults(results=results(day(1))), day(2), role="COORDINATOR")
    typed = story.seq_of(f.LabResultsRecorded) - 1
    story = told(story, RASH.model_copy(update={"onset_on": day(2)}), day(2), role="COORDINATOR")
    rash = story.seq_of(f.AdverseEventReported)
    assert set(story.state.unsigned) == {1, typed, rash}
    story = told(story, c.Judge(answers=answers(day(2))), day(2))
    outcome = when(story, c.ConfirmEligibility(judged_on=day(3)), on=day(3))
    signed = f.FactSigned(facts=(1, typed), meaning="confirm_eligibility", signed_at=noon(day(3)))
    assert the(outcome, f.FactSigned) == signed
    assert set(outcome.story.state.unsigned) == {rash}


@pytest.mark.parametrize("role", ["INVESTIGATOR", ""])
def test_an_enrolment_by_an_investigator_needs_no_signature(role: str) -> None:
    """Nor does one from before the role was kept."""
    assert told(given(), begin(role=role)).state.unsigned == {}


# Signing


def test_a_signature_closes_the_question_and_keeps_its_meaning() -> None:
    """Once; a second one is refused."""
    story = coordinated()
    (number,) = story.state.unsigned
    outcome = when(story, sign(number), on=day(21))
    assert outcome.facts == (f.FactSigned(facts=(number,), meaning="reviewed", signed_at=noon(day(21))),)
    assert signing(outcome.story) == []
    no = refused(when(outcome.story, sign(number)), Reason.CONTRADICTS, field="facts")
    assert no.accepts == "no fact awaits a signature of INVESTIGATOR"


def test_a_visit_s_worth_is_signed_in_one_go() -> None:
    """One fact for all; one that is not awaited refuses the whole, naming those that are."""
    story = told(coordinated(), RASH.model_copy(update={"term": "fever"}), role="PHARMACIST")
    first, second = story.state.unsigned
    no = refused(when(story, sign(first, 1)), Reason.CONTRADICTS, field="facts")
    assert (no.detail, no.accepts) == ("fact 1 awaits no signature", f"of {first}, {second}")
    outcome = when(story, sign(second, first, second))
    assert the(outcome, f.FactSigned).facts == (second, first)
    assert outcome.story.state.unsigned == {}


def test_only_the_roles_asked_may_sign() -> None:
    """The refusal says which; a monitor may not sign anything."""
    story = coordinated()
    (number,) = story.state.unsigned
    for role in ("COORDINATOR", "SURGEON"):
        no = refused(when(story, sign(number), role=role), Reason.ROLE, rule="3.6 roles", field="role")
        assert no.accepts == "INVESTIGATOR"
    refused(when(story, sign(number), role="MONITOR"), Reason.ROLE, rule="3.6 roles")
    refused(when(story, sign(number), role=UNATTRIBUTED), Reason.ROLE, field="staff")


def signed_by(story: Story, staff: str, signature: Signature) -> tuple[Any, ...]:
    """Send a signature with the wire format's signature field."""
    submission = Submission(
        id="00000000-0000-4000-8000-000000000000",
        sender=Sender(staff="INV1", role="INVESTIGATOR"),
        command=sign(*story.state.unsigned),
        signature=signature.model_copy(update={"staff": staff}),
    )
    return story.decider.decide(story.state, submission, story.now)


def test_the_signature_of_the_wire_format_is_kept() -> None:
    """Its meaning, its instant and its proof; it must be the sender's own and not of the future."""
    story = coordinated()
    at = story.now - timedelta(hours=1)
    signature = Signature(staff="INV1", signed_at=at, meaning="approved", proof="c2ln")
    (fact,) = signed_by(story, "INV1", signature)
    assert (fact.meaning, fact.signed_at, fact.proof) == ("approved", at, "c2ln")
    with pytest.raises(Refused, match="SUR1's") as other:
        signed_by(story, "SUR1", signature)
    assert (other.value.reason, other.value.field) == (Reason.CONTRADICTS, "signature.staff")
    with pytest.raises(Refused, match="future") as later:
        signed_by(story, "INV1", signature.model_copy(update={"signed_at": story.now + timedelta(seconds=1)}))
    assert (later.value.reason, later.value.field) == (Reason.FUTURE, "signature.signed_at")


def test_an_act_of_the_past_is_signed_when_it_says() -> None:
    """With occurred_at and no signature field."""
    story = coordinated()
    outcome = when(story, sign(*story.state.unsigned), on=day(25), occurred_at=noon(day(24)))
    assert the(outcome, f.FactSigned).signed_at == noon(day(24))


def test_a_missing_signature_is_given_after_the_end_too() -> None:
    """It stays asked for when the study has ended for the subject."""
    story = told(coordinated(), c.ReportDeath(died_on=day(20)), role="COORDINATOR")
    assert story.state.is_over
    (ask,) = signing(story)
    assert len(story.state.unsigned) == 2
    assert ask.text.endswith("death")
    assert signing(told(story, sign(*story.state.unsigned), day(90))) == []


def test_one_ask_names_at_most_ten_facts() -> None:
    """And counts the rest."""
    story = coordinated()
    for number in range(10):
        story = told(story, RASH.model_copy(update={"term": f"rash {number}"}), role="COORDINATOR")
    (ask,) = signing(story)
    assert ask.text.count("#") == 10
    assert ask.text.endswith(" and 1 more")


# Escalation


def test_signatures_are_escalated_together_and_each_once() -> None:
    """14 d after the oldest; what came meanwhile goes with it, and what comes later has 14 d of its own (Q12)."""
    story = told(coordinated(), RASH.model_copy(update={"term": "fever"}), day(30), role="COORDINATOR")
    before = len(facts_of_notice(passing(story, day(33))))
    late = passing(story, day(34))
    assert (before, len(facts_of_notice(late))) == (0, 1)
    assert signing(late)[0].overdue
    assert len(facts_of_notice(passing(late, day(90)))) == 1
    fresh = told(passing(late, day(35)), RASH.model_copy(update={"term": "cough"}), role="COORDINATOR")
    assert [len(facts_of_notice(passing(fresh, day(on)))) for on in (48, 49)] == [1, 2]


def facts_of_notice(story: Story) -> list[f.NoticeRequested]:
    """Give the escalations of signatures in a story."""
    return [fact for fact in story.facts if getattr(fact, "notice", "") == "SIGNATURES_OVERDUE"]


def test_a_signature_moves_neither_the_next_clinical_date_nor_the_overdue_mark() -> None:
    """Those are about the subject's visits."""
    story, before = coordinated(), passing(in_neoadjuvant("COHORT_1", 1), day(20))
    assert next_due_instant(story.state) == next_due_instant(before.state)
    late = passing(told(before, RASH, role="COORDINATOR"), day(27))
    assert late.decider.attributes(passing(late, day(29)).state)["Overdue"] is False


# Countersigning what nobody signed with a name


def test_what_nobody_sent_takes_effect_and_waits_for_a_countersignature() -> None:
    """By any role that may do it; the branch goes on meanwhile."""
    story = passing(in_surgery_wait(), day(80))
    outcome = when(story, c.ReportSurgery(performed_on=day(80), resection="R0"), role=UNATTRIBUTED)
    assert outcome.story.state.epoch == "EVALUATION"
    assert the(outcome, f.SignatureAsked).to == ("COORDINATOR", "INVESTIGATOR", "SURGEON")
    (number,) = outcome.story.state.unsigned
    then_kinds(when(outcome.story, sign(number, meaning="I did it"), role="SURGEON"), f.FactSigned)


def test_a_countersignature_of_a_role_that_only_does_it_leaves_the_signature() -> None:
    """The coordinator attributes it; investigator or surgeon still sign it."""
    story = passing(in_surgery_wait(), day(80))
    story = told(story, c.ReportSurgery(performed_on=day(80), resection="R0"), role=UNATTRIBUTED)
    (number,) = story.state.unsigned
    outcome = when(story, sign(number), role="COORDINATOR")
    then_kinds(outcome, f.FactSigned, f.SignatureAsked)
    assert the(outcome, f.SignatureAsked).to == ("INVESTIGATOR", "SURGEON")
    assert told(outcome.story, sign(number), role="SURGEON").state.unsigned == {}


# What waits


def test_randomization_waits_for_the_signed_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the table lets a coordinator enter the verdict; with ours the investigator's own act is signed (T1.1)."""
    assert when(eligible(), c.RequestRandomization()).refusal is None
    changed_protocol(monkeypatch, confirm_eligibility={"roles": ("COORDINATOR", "INVESTIGATOR")})
    story = told(screened(), c.ConfirmEligibility(judged_on=day(3)), day(3), role="COORDINATOR")
    no = refused(when(story, c.RequestRandomization()), Reason.RULE, rule="T1.1")
    assert no.accepts == "sign by INVESTIGATOR first"
    signed = told(story, sign(*story.state.unsigned))
    then_kinds(when(signed, c.RequestRandomization()), f.AllocationRequested)


def test_a_request_by_a_coordinator_is_allocated_and_waits_for_its_signature() -> None:
    """Its own signature blocks nothing."""
    outcome = when(eligible(), c.RequestRandomization(), role="COORDINATOR")
    then_kinds(outcome, f.AllocationRequested, f.SignatureAsked)


def test_adjuvant_treatment_waits_for_the_signed_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The evaluation is recorded; the signature leads on. No second evaluation is taken meanwhile (T5)."""
    changed_protocol(monkeypatch, adjuvant_evaluation={"roles": ("COORDINATOR", "INVESTIGATOR")})
    story = passing(in_evaluation(), day(115))
    outcome = when(story, FIT, role="COORDINATOR")
    then_kinds(outcome, f.EvaluationJudged, f.SignatureAsked)
    waiting = outcome.story
    assert [ask.kind for ask in asks(waiting.state)] == ["sign"]
    refused(when(waiting, FIT), Reason.CONTRADICTS, rule="T5", field="evaluated_on")
    assert not [
        fact for fact in passing(waiting, day(125)).facts if getattr(fact, "notice", "") == "EVALUATION_OVERDUE"
    ]
    signed = when(waiting, sign(*waiting.state.unsigned), on=day(117))
    then_kinds(signed, f.FactSigned, f.EpochEntered, f.CyclePlanned)
    assert the(signed, f.CyclePlanned).anchor_on == day(115)


def test_adjuvant_treatment_waits_for_the_signed_resection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pathologist's; a signature of something else does not lead on (T5)."""
    changed_protocol(monkeypatch, pathology={"roles": ("COORDINATOR", "PATHOLOGIST")})
    surgery = c.ReportSurgery(performed_on=day(80), resection="R0")
    story = told(passing(in_surgery_wait(), day(80)), surgery, role="COORDINATOR")
    story = told(passing(story, day(90)), c.ReportPathology(reported_on=day(90), resection="R0"), role="COORDINATOR")
    operated, final = story.state.unsigned
    waiting = told(passing(story, day(115)), FIT)
    assert waiting.state.epoch == "EVALUATION"
    waiting = told(waiting, sign(operated), role="SURGEON")
    assert waiting.state.epoch == "EVALUATION"
    assert told(waiting, sign(final), role="PATHOLOGIST").state.epoch == "ADJUVANT"
    negative = told(passing(story, day(115)), FIT.model_copy(update={"fit": False, "why": "frail"}))
    nothing_more = when(negative, sign(final), role="PATHOLOGIST")
    then_kinds(nothing_more, f.FactSigned)


def test_without_a_missing_signature_adjuvant_treatment_begins_at_once() -> None:
    """As ever: pathologist and investigator sign by sending."""
    assert in_adjuvant().state.epoch == "ADJUVANT"
    assert in_adjuvant().state.unsigned == {}
    nothing_happened(when(in_adjuvant(), c.TimePassed(), at=max(BEGINNING, in_adjuvant().now)))


def test_doses_by_a_pharmacist_are_signed_at_the_end_of_the_visit() -> None:
    """Day 1 by the investigator, days 2 and 3 by the pharmacist: two facts, one signature."""
    story = at_visit(answered(in_neoadjuvant(), day(6), on=day(6)))
    story = told(story, c.ReportDose(cycle="C1", given_on=day(7), choice="CISPLATIN"))
    for number in (2, 3):
        report = c.ReportDose(cycle="C1", given_on=day(6 + number), day=number)
        story = told(story, report, day(6 + number), role="PHARMACIST")
    (ask,) = signing(story)
    assert ask.text.count("dose_given") == 2
    assert told(story, sign(*story.state.unsigned)).state.unsigned == {}
