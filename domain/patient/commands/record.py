"""About the record itself."""

from typing import Literal

from pydantic import Field, JsonValue

from domain.values import Frozen, Text


class Acknowledge(Frozen):
    """A notice was read by someone it was for."""

    kind: Literal["acknowledge"] = "acknowledge"
    notice: int = Field(ge=1, description="fact number of the notice")


class Sign(Frozen):
    """Sign facts that await a signature of the sender's role: several in one go.

    With the meaning `judged by me` the judgements entered with a fact become the signer's own, as far as they may.
    """

    kind: Literal["sign"] = "sign"
    facts: tuple[int, ...] = Field(min_length=1, max_length=200, description="fact numbers, for example 12,31")
    meaning: Text = Field(description="what the signature says, for example reviewed, or judged by me")


class Correct(Frozen):
    """An earlier fact was wrong: give the fields as they should read, or say that it was entered in error."""

    kind: Literal["correct"] = "correct"
    fact: int = Field(ge=1, description="number of the fact, as history shows it")
    fields: dict[str, JsonValue] = Field(
        default_factory=dict, description='the fields as they should read: {"given_on": "2025-07-22"}'
    )
    void: bool = Field(False, description="true: entered in error, it counts as never said")
    why: Text


RecordCommand = Acknowledge | Sign | Correct
