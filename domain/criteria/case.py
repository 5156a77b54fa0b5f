"""The evidence on one subject as the criteria see it, and how a criterion says what it found.

A criterion asks a `Reading` for evidence. The reading notes what was asked for, so that results of one day that
disagree can be held against the criterion one by one.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from domain import evidence as e
from domain.findings import EvidenceUsed, Finding, Verdict
from domain.labs import ANALYTES, LabValue
from domain.protocol import Criterion
from domain.values import Sex, Site

SectionT = TypeVar("SectionT", bound=e.Section)


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer on record, and who gave it in which role."""

    answer: e.Answer
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """The sponsor's ruling on rules that contradict each other."""

    allowed: bool
    on: date
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Case:
    """The evidence on one subject on one date.

    Laboratory values and sections: those of the latest date, the newest entry last. `on` is the date samples are aged
    against; `rand_on` is randomization, or today before it; `first_dose_on` is C1D1 as planned, once it is.
    """

    site: Site
    on: date
    sex: Sex
    born_on: date
    consent_on: date | None
    labs: Mapping[str, tuple[LabValue, ...]]
    lab_max_age_days: int
    weight_kg: Decimal | None = None
    no_support: bool | None = None
    last_support_on: date | None = None
    support_assessed_on: date | None = None
    sections: Mapping[str, tuple[e.Section, ...]] = field(default_factory=dict)
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    rand_on: date | None = None
    first_dose_on: date | None = None
    last_support_known: bool = True
    consent_version: str = ""
    consent_by: str = ""
    icf_versions: tuple[str, ...] = ()

    @property
    def randomized(self) -> date:
        """The date look-backs count from: randomization, or the date of this case before it."""
        return self.rand_on or self.on

    @property
    def latest_anchor(self) -> date:
        """The date freshness is held against: C1D1 when it is planned, else randomization."""
        return max(self.randomized, self.first_dose_on or self.randomized)


class Reading:
    """A case as one criterion reads it: one entry of each kind of evidence, the newest unless another is chosen."""

    def __init__(self, case: Case, chosen: Mapping[str, int] | None = None) -> None:
        """Read a case; `chosen` names another entry of the same date than the newest, by its place."""
        self.case = case
        self.rivals: dict[str, int] = {}
        self._chosen = chosen or {}

    def lab(self, analyte: str) -> LabValue | None:
        """Give the result of an analyte."""
        found = self.case.labs.get(analyte, ())
        return found[self._place(analyte, len(found))] if found else None

    def section(self, kind: type[SectionT]) -> SectionT | None:
        """Give the section of a topic."""
        name = NAME_OF[kind]
        found = self.case.sections.get(name, ())
        if not found:
            return None
        section = found[self._place(name, len(found))]
        return section if isinstance(section, kind) else None

    def sampled_on(self, value: LabValue) -> date:
        """Give the site's date of a sample."""
        return self.case.site.date_of(value.collected_at)

    def not_measured(self, analyte: str) -> bool:
        """Say whether the investigator decided against this test."""
        section = self.section(e.NotMeasured)
        return section is not None and analyte in section.analytes

    def _place(self, key: str, count: int) -> int:
        if count > 1:
            self.rivals[key] = count
        return self._chosen.get(key, count - 1)


NAME_OF: Mapping[type[e.Section], str] = {
    kind: name
    for name, field_ in e.Sections.model_fields.items()
    for kind in getattr(field_.annotation, "__args__", ())
    if isinstance(kind, type) and issubclass(kind, e.Section)
}


@dataclass(frozen=True, slots=True)
class Limb:
    """What one part of a criterion came to. MET lets the subject pass, NOT_MET does not, whatever the criterion."""

    verdict: Verdict
    sentence: str
    evidence: tuple[EvidenceUsed, ...] = ()


WORST_FIRST = (Verdict.NOT_MET, Verdict.CONFLICT, Verdict.UNKNOWN, Verdict.JUDGEMENT_PENDING, Verdict.MET)


def passes(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that a part lets the subject pass."""
    return Limb(Verdict.MET, sentence, used)


def fails(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that a part keeps the subject out."""
    return Limb(Verdict.NOT_MET, sentence, used)


def holds(good: bool, sentence: str, *used: EvidenceUsed) -> Limb:  # noqa: FBT001 - reads as a statement
    """Say that a part lets the subject pass or keeps it out."""
    return (passes if good else fails)(sentence, *used)


def unknown(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that the evidence for a part is absent, too old or not usable."""
    return Limb(Verdict.UNKNOWN, sentence, used)


def conflict(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that rules or evidence contradict each other."""
    return Limb(Verdict.CONFLICT, sentence, used)


def pending(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that an investigator must decide."""
    return Limb(Verdict.JUDGEMENT_PENDING, sentence, used)


def not_applicable(criterion: Criterion, sentence: str, *used: EvidenceUsed) -> Finding:
    """Say that a criterion is not about this subject."""
    return Finding(rule=criterion.rule, verdict=Verdict.NOT_APPLICABLE, sentence=sentence, evidence=used)


def every(criterion: Criterion, *limbs: Limb) -> Finding:
    """Give the finding of a criterion all of whose parts must pass: the worst of them."""
    return _joined(criterion, limbs, min((limb.verdict for limb in limbs), key=WORST_FIRST.index))


def one_suffices(criterion: Criterion, *limbs: Limb) -> Finding:
    """Give the finding of a criterion of which one part must pass: the best of them."""
    order = (Verdict.MET, Verdict.UNKNOWN, Verdict.NOT_MET)
    return _joined(criterion, limbs, min((limb.verdict for limb in limbs), key=order.index))


def _joined(criterion: Criterion, limbs: tuple[Limb, ...], verdict: Verdict) -> Finding:
    if criterion.is_exclusion:
        words = {Verdict.MET: Verdict.NOT_TRIGGERED, Verdict.NOT_MET: Verdict.TRIGGERED}
        verdict = words.get(verdict, verdict)
    sentence = "; ".join(limb.sentence for limb in limbs)
    used = tuple(dict.fromkeys(used for limb in limbs for used in limb.evidence))
    return Finding(rule=criterion.rule, verdict=verdict, sentence=sentence, evidence=used)


def used_lab(reading: Reading, found: LabValue) -> EvidenceUsed:
    """Give a laboratory value as evidence."""
    limit = "" if found.upper_limit is None else f"{found.upper_limit} {found.unit}"
    value = f"{found.value} {found.unit} (reported {found.reported})"
    return EvidenceUsed(
        what=ANALYTES[found.analyte].label,
        value=value,
        on=reading.sampled_on(found),
        upper_limit=limit,
        document=found.document,
    )


def used(what: str, value: object, section: e.Section, on: date | None = None) -> EvidenceUsed:
    """Give a statement of a section as evidence."""
    return EvidenceUsed(what=what, value=str(value), on=on or section.on, document=section.document)


def stale(reading: Reading, what: str, on: date, max_age_days: int | None, *evidence: EvidenceUsed) -> Limb | None:
    """Give what is wrong with the age of evidence, or None. It is held against randomization and C1D1."""
    case = reading.case
    if on > case.latest_anchor:
        return unknown(f"{what} of {on} is later than {case.latest_anchor}", *evidence)
    age = (case.latest_anchor - on).days
    if max_age_days is not None and age > max_age_days:
        anchor = "C1D1" if case.first_dose_on else "randomization"
        sentence = (
            f"{what} of {on} is {age} d old at {anchor} ({case.latest_anchor}), at most {max_age_days} d accepted"
        )
        return unknown(sentence, *evidence)
    return None


def within_days(reading: Reading, on: date, days: int) -> bool:
    """Say whether an event lies within so many days before randomization, the last day included, or after it."""
    return on >= reading.case.randomized - timedelta(days=days)


def months_later(on: date, months: int) -> date:
    """Give the same day so many months later, the last day of a shorter month at most."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def within_months(reading: Reading, on: date, months: int) -> bool:
    """Say whether an event lies within so many calendar months before randomization, the last day included."""
    return months_later(on, months) >= reading.case.randomized


def completed_years(born_on: date, on: date) -> int:
    """Give the age in completed years. Born on 29 February: birthday on 1 March in other years. Source: I2."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def judged(reading: Reading, criterion: Criterion, what: str) -> Limb:
    """Give an investigator's signed answer, or ask for it."""
    found = reading.case.judgements.get(criterion.rule)
    roles = " or ".join(criterion.judged_by)
    if found is None:
        return pending(f"{what}: the judgement of {roles} is awaited")
    answer = found.answer
    evidence = EvidenceUsed(what="judgement", value=f"{answer.verdict} by {found.by} ({found.role})", on=answer.on)
    if found.role not in criterion.judged_by:
        return pending(f"{what}: {found.by} ({found.role}) answered; the judgement of {roles} is awaited", evidence)
    if answer.on > reading.case.latest_anchor:
        return unknown(f"{what}: the judgement of {answer.on} is later than {reading.case.latest_anchor}", evidence)
    why = f" ({answer.why})" if answer.why else ""
    good = answer.verdict in ("MET", "NOT_TRIGGERED")
    return holds(good, f"{what}: judged {answer.verdict} by {found.by}{why}", evidence)


def missing(what: str) -> Limb:
    """Say that a section is absent."""
    return unknown(f"{what} not documented")
