"""Who may send what, who signs it, and what the sponsor's acts mean."""

from typing import Literal

from pydantic import Field

from domain.protocol.basis import Escalation, Reminder, Role, Source
from domain.values import Frozen


class Permission(Frozen):
    """Who may send one kind of command, and who must sign it when somebody else of them did it."""

    kind: str
    roles: tuple[Role, ...]
    signs: tuple[Role, ...] = Field((), description="whose own act is signed by being sent; they sign for the others")
    covers: tuple[str, ...] = Field((), description="kinds an act of this kind, once signed, signs as well")
    covers_source: Source | None = None
    unattributed: bool = False
    source: Source


class SignatureBlock(Frozen):
    """What waits while an act of some kinds lacks its signature: a kind of command, or the entry into an epoch."""

    blocks: str
    until_signed: tuple[str, ...]
    source: Source


class SignaturePlan(Frozen):
    """How long a signature may be awaited before it is escalated, and what must wait for which."""

    after_days: int
    overdue: Escalation
    blocks: tuple[SignatureBlock, ...]
    judging: tuple[str, ...] = Field((), description="meanings, in lower case, that make entered judgements one's own")
    judging_source: Source
    source: Source

    def needed_for(self, what: str) -> tuple[SignatureBlock, ...]:
        """Give what a kind of command, or the entry into an epoch, waits for."""
        return tuple(row for row in self.blocks if row.blocks == what)


class TrialActs(Frozen):
    """What the sponsor's acts on the whole trial mean for each subject."""

    consent_within_days: int
    consent_reminder: Reminder = Field(description="its days are counted from the deadline of the re-consent")
    consent_overdue: Escalation
    pause: Source
    after_stop: Literal["FOLLOW_UP", "END"] = Field(description="where a subject goes whose treatment a stop ends")
    stop: Source
    source: Source
