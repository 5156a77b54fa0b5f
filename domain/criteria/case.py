"""The evidence on one subject as the criteria see it.

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
from domain.labs import LabValue
from domain.protocol import Childbearing
from domain.values import Sex, Site

PROPHYLACTIC = ("NONE", "LOW_DOSE_HEPARIN", "ASPIRIN")
"""What does not make a subject an anticoagulated one for I13."""
SectionT = TypeVar("SectionT", bound=e.Section)


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer on record, who gave it in which role, and the number of the fact it was entered with, if any."""

    answer: e.Answer
    by: str
    role: str
    entered_with: int | None = None


@dataclass(frozen=True, slots=True)
class Consented:
    """Who obtained a consent and who entered it: staff codes.

    Obtained by None: it was not said. By "": from before it was asked for, and judged as it was then.
    """

    on: date
    obtained_by: str | None = ""
    entered_by: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The sponsor's ruling on rules that contradict each other."""

    allowed: bool
    on: date
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A happening that staff reported beside the evidence, by its coded word and the number of its fact.

    `until` is its last day: the day itself of what happens once, None of what goes on.
    """

    event: str
    on: date
    until: date | None
    grade: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """The evidence on one subject on one date.

    Laboratory values, sections and judgements: those of the latest date, the newest entry last. `on` is the date
    samples are aged against; `rand_on` is randomization, or today before it; `first_dose_on` is C1D1 as planned.
    """

    site: Site
    on: date
    sex: Sex
    born_on: date
    consent_on: date | None
    labs: Mapping[str, tuple[LabValue, ...]]
    lab_max_age_days: int
    childbearing: Childbearing
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
    consents: Mapping[str, Consented] = field(default_factory=dict)
    icf_versions: tuple[str, ...] = ()
    reported: tuple[Reported, ...] = ()
    progressed_on: date | None = None
    baseline: Mapping[str, LabValue] = field(default_factory=dict)
    icf_approved: Mapping[str, date | None] = field(default_factory=dict)
    day_judgements: Mapping[str, tuple[Judgement, ...]] = field(default_factory=dict)

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
        """Read a case; `chosen` names another entry of the same date than the newest, by its place.

        `rivals` notes how many entries of its latest date each kind of evidence has that was asked for.
        """
        self.case = case
        self.rivals: dict[str, int] = {}
        self._chosen = chosen or {}

    def lab(self, analyte: str) -> LabValue | None:
        """Give the result of an analyte."""
        found = self.case.labs.get(analyte)
        return found[self._place(analyte, len(found))] if found else None

    def results(self, analyte: str) -> tuple[LabValue, ...]:
        """Give every result of the latest date, for a criterion that takes them together."""
        return self.case.labs.get(analyte, ())

    def section(self, kind: type[SectionT]) -> SectionT | None:
        """Give the section of a topic."""
        name = NAME_OF[kind]
        found = self.case.sections.get(name)
        if not found:
            return None
        section = found[self._place(name, len(found))]
        return section if isinstance(section, kind) else None

    def sampled_on(self, value: LabValue) -> date:
        """Give the site's date of a sample."""
        return self.case.site.date_of(value.collected_at)

    @property
    def anticoagulated(self) -> bool:
        """Say whether the newest statement tells of a full dose. What a grade is held against; no criterion asks it."""
        said = self.case.sections.get("anticoagulation", ())
        return bool(said) and isinstance(said[-1], e.Anticoagulation) and said[-1].drug not in PROPHYLACTIC

    def not_measured(self, analyte: str) -> bool:
        """Say whether the investigator decided against this test."""
        section = self.section(e.NotMeasured)
        return section is not None and analyte in section.analytes

    def _place(self, key: str, count: int) -> int:
        self.rivals[key] = count
        return self._chosen.get(key, count - 1)


NAME_OF: Mapping[type[e.Section], str] = {
    kind: name
    for name, field_ in e.Sections.model_fields.items()
    for kind in getattr(field_.annotation, "__args__", ())
    if isinstance(kind, type) and issubclass(kind, e.Section)
}


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
