"""Judgements of investigators and rulings of the sponsor: signed answers that criteria wait for."""

from collections.abc import Sequence

from domain.evidence import Answer
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.journey import Journey
from domain.protocol import Criterion, Protocol, ScreeningEpoch
from domain.submission import Reason, Refused


def judge(draft: Draft, command: c.Judge) -> None:
    """Record answers of someone who may judge these criteria."""
    role = draft.sender.role
    may_judge(draft.protocol, command.answers, role)
    record_answers(draft, command.answers, draft.sender.staff, role)


def may_judge(protocol: Protocol, answers: Sequence[Answer], role: str) -> None:
    """Raise Refused for an answer to what asks for none, in other words than its own, or by another role."""
    check_answers(protocol, answers)
    for number, answer in enumerate(answers):
        row = _judged(protocol)[answer.rule]
        if role not in row.judged_by:
            detail = f"{role} may not judge {answer.rule}"
            raise Refused(Reason.ROLE, detail, rule=answer.rule, field=f"answers.{number}.rule",
                          accepts=" or ".join(row.judged_by))  # fmt: skip


def record_answers(
    draft: Draft, answers: Sequence[Answer], by: str, role: str, entered_with: int | None = None
) -> None:
    """Record answers as they came, with who gave them: one who may not judge leaves the judgement pending."""
    if answers:
        draft.add(f.JudgementsGiven(answers=tuple(answers), by=by, role=role, entered_with=entered_with))


def awaiting(journey: Journey, number: int, role: str) -> tuple[Answer, ...]:
    """Give the answers entered with a fact by one who may not judge them, which a role may make its own by signing."""
    rows = _judged(journey.protocol)
    return tuple(
        found.answer
        for rule, found in journey.judgements.items()
        if found.entered_with == number and found.role not in rows[rule].judged_by and role in rows[rule].judged_by
    )


def is_judging(protocol: Protocol, meaning: str) -> bool:
    """Say whether a signature's meaning makes the answers it signs the signer's own."""
    return " ".join(meaning.casefold().split()) in protocol.signatures.judging


def signed(draft: Draft, facts: Sequence[int], meaning: str) -> None:
    """Record the answers that a judging signature makes the signer's. Source: 3.6 roles, I7."""
    if is_judging(draft.protocol, meaning):
        sender = draft.sender
        answers = [answer for number in facts for answer in awaiting(draft.journey, number, sender.role)]
        record_answers(draft, answers, sender.staff, sender.role)


def check_answers(protocol: Protocol, answers: Sequence[Answer]) -> None:
    """Refuse an answer to a criterion that asks for none, or in words that are not its own."""
    known = _judged(protocol)
    for number, answer in enumerate(answers):
        row = known.get(answer.rule)
        if row is None:
            detail = f"{answer.rule} asks for no judgement"
            raise Refused(Reason.RULE, detail, field=f"judgements.{number}.rule", accepts=", ".join(known))
        words = ("TRIGGERED", "NOT_TRIGGERED") if row.is_exclusion else ("MET", "NOT_MET")
        if answer.verdict not in words:
            detail = f"{answer.rule} is judged {' or '.join(words)}, not {answer.verdict}"
            raise Refused(Reason.RULE, detail, rule=answer.rule, field=f"judgements.{number}.verdict",
                          accepts=" or ".join(words))  # fmt: skip


def _judged(protocol: Protocol) -> dict[str, Criterion]:
    return {row.rule: row for row in protocol.screening.criteria if row.judged_by}


def rule_on_conflict(draft: Draft, command: c.RuleOnConflict) -> None:
    """Record the sponsor's ruling; while screening lasts it decides I13.4 against E16.3. Source: Q1."""
    conflicts = draft.protocol.screening.ruled_by_sponsor
    if command.rule not in conflicts:
        detail = f"{command.rule} is no rule that contradicts another"
        raise Refused(Reason.RULE, detail, rule=command.rule, field="rule", accepts=", ".join(conflicts) or "none")
    if not isinstance(draft.protocol.epoch(draft.journey.epoch), ScreeningEpoch):
        detail = f"a ruling belongs to screening; the subject is in {draft.journey.epoch}"
        raise Refused(Reason.PHASE, detail, rule=command.rule, accepts="before randomization")
    draft.add(
        f.ConflictRuled(rule=command.rule, allowed=command.allowed, ruled_on=command.ruled_on, why=command.why,
                        by=draft.sender.staff)
    )  # fmt: skip
