"""About the record itself."""

from typing import Literal

from pydantic import Field

from domain.values import Frozen


class Acknowledge(Frozen):
    """A notice was read by someone it was for."""

    kind: Literal["acknowledge"] = "acknowledge"
    notice: int = Field(ge=1, description="fact number of the notice")


RecordCommand = Acknowledge
