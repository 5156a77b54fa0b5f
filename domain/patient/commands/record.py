"""About the record itself."""

from typing import Literal

from pydantic import Field

from domain.values import Frozen, Text


class Acknowledge(Frozen):
    """A notice was read by someone it was for."""

    kind: Literal["acknowledge"] = "acknowledge"
    notice: int = Field(ge=1, description="fact number of the notice")


class Sign(Frozen):
    """Sign facts that await a signature of the sender's role: several in one go."""

    kind: Literal["sign"] = "sign"
    facts: tuple[int, ...] = Field(min_length=1, max_length=200, description="fact numbers, for example 12,31")
    meaning: Text = Field(description="what the signature says, for example reviewed")


RecordCommand = Acknowledge | Sign
