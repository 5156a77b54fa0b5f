"""Who sent a submission, and what it rests on in another stream: both are held against the journal, never believed."""

from datetime import datetime
from typing import Any

from activities.folded import FoldedStreams
from domain.decider import Decider, Voucher, decider_of, trial_of, trial_stream
from domain.intake import Message
from domain.patient.journey import Journey
from domain.submission import SYSTEM, UNATTRIBUTED, Reason, Refused, Sender, Submission
from domain.trial.delegation import acting_role
from domain.trial.register import Register
from journal.store import Stream


class Vouching:
    """Holds submissions against the delegation log and against the streams they rest on, in the same transaction."""

    def __init__(self, streams: FoldedStreams) -> None:
        """Read streams through these."""
        self._streams = streams

    def authenticated(
        self, stream: Stream, state: Journey | Register, message: Message, submission: Submission[Any], at: datetime
    ) -> Submission[Any]:
        """Give the submission with the sender's role as the delegation log has it. Raises Refused."""
        sender = submission.sender
        if message.channel == "system" or sender.role == UNATTRIBUTED:
            return submission
        register = state if isinstance(state, Register) else self._register(stream)
        if SYSTEM in (sender.staff, sender.role):
            voucher = decider_of(stream.name).voucher(stream.name, submission.command)
            _vouched(stream, voucher, submission.command.kind)
            return submission.model_copy(update={"sender": Sender(staff=SYSTEM, role=SYSTEM)})
        if register.seq == 0:
            return submission
        site = state.site if isinstance(state, Journey) else register.sites.get(getattr(submission.command, "site", ""))
        role = acting_role(register, site, submission, at)
        return submission.model_copy(update={"sender": sender.model_copy(update={"role": role})})

    def hold_against(self, stream: Stream, decider: Decider, submission: Submission[Any]) -> None:
        """Raise Refused when what was decided does not agree with the other stream that it rests on."""
        witness = decider.witness(stream.name, submission.command)
        if witness is not None:
            decider.hold_against(self._streams.state_of(stream, witness), submission.command)

    def _register(self, stream: Stream) -> Register:
        register: Register = self._streams.state_of(stream, trial_stream(trial_of(stream.name)))
        return register


def _vouched(stream: Stream, voucher: Voucher | None, kind: str) -> None:
    """Believe a message of the product's own from outside only when the fact that led to it is on record."""
    if voucher is not None:
        facts = stream.facts_of(voucher.stream, voucher.seq - 1)
        if facts and (facts[0].seq, facts[0].kind) == (voucher.seq, voucher.kind):
            read = decider_of(voucher.stream).read(facts[0].body)
            if voucher.fact is None or read == voucher.fact:
                return
    detail = f"{kind} comes from the product itself, never from outside"
    raise Refused(Reason.ROLE, detail, field="staff", accepts="a command of people, with a staff code")
