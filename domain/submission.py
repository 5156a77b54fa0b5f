"""A submission: one command with who sent it and when; and the two ways in which the core says no."""

from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

from domain.values import Frozen, StaffCode, Text

UNATTRIBUTED = "UNATTRIBUTED"
SYSTEM = "SYSTEM"

CommandT = TypeVar("CommandT")


class Reason(StrEnum):
    """Why a submission was refused. The word is stored and shown: it never changes its meaning."""

    MALFORMED = "MALFORMED"
    UNKNOWN_KIND = "UNKNOWN_KIND"
    TOO_LARGE = "TOO_LARGE"
    UNKNOWN_SUBJECT = "UNKNOWN_SUBJECT"
    UNKNOWN_STAFF = "UNKNOWN_STAFF"
    ROLE = "ROLE"
    PHASE = "PHASE"
    RULE = "RULE"
    FUTURE = "FUTURE"
    IMPOSSIBLE = "IMPOSSIBLE"
    CONTRADICTS = "CONTRADICTS"
    CONFIRM = "CONFIRM"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    FULL = "FULL"
    OVER = "OVER"

    @property
    def is_malformed(self) -> bool:
        """Say whether the message itself was wrong, not what it asked for."""
        return self in (Reason.MALFORMED, Reason.UNKNOWN_KIND, Reason.TOO_LARGE)


class Refused(Exception):
    """The domain says no. `field` names what was wrong, `accepts` what would be accepted."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        rule: str = "",
        field: str = "",
        accepts: str = "",
        facts: tuple[BaseModel, ...] = (),
    ) -> None:
        """Keep what the sender must be told, and the facts a refusal itself leaves."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.rule = rule
        self.field = field
        self.accepts = accepts
        self.facts = facts


class Signature(Frozen):
    """A signature: who, when, and what it means. The cryptographic proof has its place here."""

    staff: StaffCode
    signed_at: AwareDatetime
    meaning: Text
    proof: str = Field("", max_length=4000)


class Sender(Frozen):
    """Who sent a submission. `identity` is Temporal's free text, kept when no staff member is named."""

    staff: str
    role: str
    identity: str = ""

    @property
    def is_system(self) -> bool:
        """Say whether the submission is the product's own."""
        return self.role == SYSTEM


class Submission(Frozen, Generic[CommandT]):
    """One command, sent once. `id` makes it apply at most once."""

    id: str
    sender: Sender
    command: CommandT
    occurred_at: AwareDatetime | None = None
    reason: Text | None = None
    confirmed: bool = False
    signature: Signature | None = None


class Envelope(Frozen):
    """What a client sends under the name `submit`: the command as it stands, and about it."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.:/-]{8,200}$", description="UUID made by the sender")
    staff: StaffCode | None = Field(None, description="staff code, for example CRC1")
    role: str | None = Field(None, max_length=40, description="the role acted in")
    occurred_at: AwareDatetime | None = Field(None, description="when it happened, if not now")
    reason: Text | None = Field(None, description="why, where a reason is asked for")
    confirmed: bool = Field(False, description="confirms an unusual report")
    signature: Signature | None = None
    command: dict[str, object] = Field(description="the command: kind and fields")
