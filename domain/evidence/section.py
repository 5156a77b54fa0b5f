"""What every section of the evidence holds."""

from datetime import date
from typing import Annotated

from pydantic import Field

from domain.values import Frozen

Grade = Annotated[int, Field(ge=0, le=5, description="CTCAE 5.0 grade, 0 for none")]


class Section(Frozen):
    """What every section holds: the date it is true of, and where it stands."""

    on: date = Field(description="date of the assessment, report or examination")
    document: str = Field("", max_length=200, description="source document, for example a report number")
    standard_of_care: bool = Field(False, description="done for care, not for the trial: may be before the consent")
