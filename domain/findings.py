"""What a criterion found: verdict, evidence and one sentence."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """The verdicts of the clinical specification 3.1 and 3.2."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    UNKNOWN = "UNKNOWN"
    JUDGEMENT_PENDING = "JUDGEMENT_PENDING"
    CONFLICT = "CONFLICT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    TRIGGERED = "TRIGGERED"
    NOT_TRIGGERED = "NOT_TRIGGERED"


CLEAR = frozenset({Verdict.MET, Verdict.NOT_APPLICABLE, Verdict.NOT_TRIGGERED})


@dataclass(frozen=True, slots=True)
class EvidenceUsed:
    """One piece of evidence: value with unit, its date, the upper limit of normal it was held against, and its age.

    `ctcae` is its CTCAE 5.0 grade, or why there is none. Ages in days: at randomization (or at the date of the verdict,
    before it) and at C1D1 as planned.
    """

    what: str
    value: str
    on: date | None = None
    upper_limit: str = ""
    document: str = ""
    days_before_rand: int | None = None
    days_before_c1d1: int | None = None
    ctcae: str = ""

    def aged(self, before_rand: int | None, before_c1d1: int | None) -> "EvidenceUsed":
        """Give the same evidence with its ages."""
        return replace(self, days_before_rand=before_rand, days_before_c1d1=before_c1d1)


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one criterion; `warnings` tell what to mind although it lets the subject pass."""

    rule: str
    verdict: Verdict
    sentence: str
    evidence: tuple[EvidenceUsed, ...] = ()
    warnings: tuple[str, ...] = ()

    def aged(self, on: date) -> "Finding":
        """Give the same finding with the age of its evidence on another date of randomization or verdict."""
        used = tuple(row.aged((on - row.on).days if row.on else None, row.days_before_c1d1) for row in self.evidence)
        return replace(self, evidence=used)

    @property
    def is_clear(self) -> bool:
        """Say whether this criterion lets the subject pass."""
        return self.verdict in CLEAR
