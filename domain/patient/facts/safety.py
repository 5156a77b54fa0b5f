"""Safety."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.values import Frozen


class AdverseEventReported(Frozen):
    kind: Literal["AdverseEventReported"] = "AdverseEventReported"
    term: str
    grade: int
    serious: bool
    onset_on: date
    aware_at: AwareDatetime | None = None


SafetyFact = AdverseEventReported
