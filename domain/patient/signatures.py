"""Signatures: which act opens a question for one, who answers it, and what waits for it.

An act sent in a role that signs it is signed by being sent. One sent in another role, or by nobody known, takes effect
and leaves a question (SignatureAsked) in the same act, so that a later change of the table never rewrites the past.
"""

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient import judging
from domain.patient.draft import Draft
from domain.patient.journey import Journey
from domain.protocol import EvaluationEpoch, Role, SignatureBlock
from domain.submission import UNATTRIBUTED, Reason, Refused, Submission

BOOKKEEPING = (
    f.DeviationRecorded,
    f.DeviationWithdrawn,
    f.NoticeRequested,
    f.EpochEntered,
    f.CyclePlanned,
    f.DosesPlanned,
    f.LabsOrdered,
    f.GateChecked,
    f.FactSigned,
    f.SignatureAsked,
)
"""What follows from an act by rule: nobody signs it. The first other fact is the act itself."""


def signers(journey: Journey, kind: str, role: str) -> tuple[Role, ...]:
    """Give the roles one of which must still sign an act of a kind done in a role; none when it is signed by it.

    What nobody signed with a name is countersigned by any role that may do it.
    """
    row = journey.protocol.permission(kind)
    if row is None or role in row.signs:
        return ()
    return row.roles if role == UNATTRIBUTED else row.signs


def close_act(draft: Draft, submission: Submission[c.Command]) -> None:
    """Ask for the signature of what was just recorded, or let a signed act sign what it rests on."""
    kind: str = submission.command.kind
    role = submission.sender.role
    if isinstance(submission.command, c.Begin):
        kind, role = "enroll", submission.command.role
    elif isinstance(submission.command, c.FromSystem):
        return
    made = [seq for seq, fact in enumerate(draft.facts, start=draft.begun + 1) if not isinstance(fact, BOOKKEEPING)]
    if not made or not role:
        return
    to = signers(draft.journey, kind, role)
    if to:
        draft.add(f.SignatureAsked(fact=made[0], act=kind, to=to, asked_on=draft.today))
        return
    row = draft.protocol.permission(kind)
    resting = [] if row is None else [seq for seq, ask in draft.journey.unsigned.items() if ask.act in row.covers]
    covered = tuple(seq for seq in resting if role in draft.journey.unsigned[seq].to)
    if covered:
        draft.add(f.FactSigned(facts=covered, meaning=kind, signed_at=draft.at))


def sign(draft: Draft, submission: Submission[c.Command], command: c.Sign) -> None:
    """Sign facts that await the sender's role. A countersignature may leave the signature of another role to ask for.

    What waited for these signatures goes on.
    """
    facts = tuple(dict.fromkeys(command.facts))
    proof = submission.signature
    meaning = proof.meaning if proof else command.meaning
    _check(draft, submission, facts, meaning)
    signed_at = proof.signed_at if proof else submission.occurred_at or draft.at
    asked = [draft.journey.unsigned[seq] for seq in facts if seq in draft.journey.unsigned]
    draft.add(f.FactSigned(facts=facts, meaning=meaning, signed_at=signed_at, proof=proof.proof if proof else ""))
    for ask in asked:
        to = signers(draft.journey, ask.act, draft.sender.role)
        if to:
            asked_on = draft.today if draft.sender.role in ask.to else ask.asked_on
            draft.add(f.SignatureAsked(fact=ask.fact, act=ask.act, to=to, asked_on=asked_on))
    judging.signed(draft, facts, meaning)
    _go_on(draft)


def _check(draft: Draft, submission: Submission[c.Command], facts: tuple[int, ...], meaning: str) -> None:
    unsigned, role, proof = draft.journey.unsigned, draft.sender.role, submission.signature
    awaited = ", ".join(str(seq) for seq, ask in sorted(unsigned.items()) if role in ask.to)
    accepts = f"of {awaited}" if awaited else f"no fact awaits a signature of {role}"
    judges = judging.is_judging(draft.protocol, meaning)
    for seq in facts:
        if judges and judging.awaiting(draft.journey, seq, role):
            continue
        if seq not in unsigned:
            raise Refused(Reason.CONTRADICTS, f"fact {seq} awaits no signature", field="facts", accepts=accepts)
        if role not in unsigned[seq].to:
            detail = f"fact {seq} ({unsigned[seq].act}) is not {role}'s to sign"
            raise Refused(Reason.ROLE, detail, rule="3.6 roles", field="role", accepts=" or ".join(unsigned[seq].to))
    if proof is not None and proof.staff != submission.sender.staff:
        detail = f"the signature is {proof.staff}'s, the sender {submission.sender.staff}"
        raise Refused(Reason.CONTRADICTS, detail, field="signature.staff", accepts=submission.sender.staff)
    if proof is not None and proof.signed_at > draft.at:
        detail = "the signature lies in the future"
        raise Refused(Reason.FUTURE, detail, field="signature.signed_at", accepts=f"up to {draft.at}")


def missing_for(journey: Journey, what: str) -> list[tuple[SignatureBlock, f.SignatureAsked]]:
    """Give the signatures a kind of command, or the entry into an epoch, still waits for. Source: protocol data."""
    blocks = journey.protocol.signatures.needed_for(what)
    return [(row, ask) for row in blocks for ask in journey.unsigned.values() if ask.act in row.until_signed]


def refuse_unsigned(draft: Draft, kind: str) -> None:
    """Raise Refused when a plan waits for a signature."""
    for row, ask in missing_for(draft.journey, kind):
        detail = f"fact {ask.fact} ({ask.act}) is not signed"
        raise Refused(Reason.RULE, detail, rule=row.source.rule, accepts=f"sign by {' or '.join(ask.to)} first")


def enter_when_signed(draft: Draft, kind: str, epoch: str) -> None:
    """Enter an epoch, or leave that to the signature that is still missing: on record, or of the act at hand."""
    until_signed = {act for row in draft.protocol.signatures.needed_for(epoch) for act in row.until_signed}
    unsigned = kind in until_signed and signers(draft.journey, kind, draft.sender.role)
    if not unsigned and not missing_for(draft.journey, epoch) and not _result_is_awaited(draft.journey):
        draft.enter(epoch)


def go_on_when_signed(draft: Draft, kind: str) -> None:
    """Enter the epoch after a positive evaluation that is on record, now that an act of this kind has come. Source: T5.

    The evaluation is a report and was recorded when it came; only what it leads to has waited.
    """
    epoch = _left_to_enter(draft.journey)
    if epoch is not None:
        enter_when_signed(draft, kind, epoch)


def _left_to_enter(journey: Journey) -> str | None:
    """Give the epoch that a positive evaluation on record leads to, while it has not been entered."""
    epoch = journey.protocol.epoch(journey.epoch)
    if journey.is_over or not isinstance(epoch, EvaluationEpoch) or journey.evaluated_on is None:
        return None
    return journey.protocol.after(epoch.code).code


def _result_is_awaited(journey: Journey) -> bool:
    """Say whether the final result of the procedure, on which the branch rests, is not on record. Source: T5, T6."""
    evaluates = isinstance(journey.protocol.epoch(journey.epoch), EvaluationEpoch)
    return evaluates and journey.surgery_on is not None and journey.pathology is None


def _go_on(draft: Draft) -> None:
    """Enter the epoch that has waited, once every signature it waited for is there."""
    after = _left_to_enter(draft.journey)
    if after is not None and not missing_for(draft.journey, after) and not _result_is_awaited(draft.journey):
        draft.enter(after)
