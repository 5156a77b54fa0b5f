"""Safety reports."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from domain.values import Frozen, Text


class ReportAdverseEvent(Frozen):
    """An adverse event."""

    kind: Literal["adverse_event"] = "adverse_event"
    term: Text
    grade: int = Field(ge=1, le=5, description="CTCAE grade 1 to 5")
    serious: bool
    onset_on: date
    aware_at: AwareDatetime | None = Field(None, description="when the site learnt of it")


SafetyCommand = ReportAdverseEvent
