"""A whole trial's record as readers need it: the register's facts and each subject's record. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from domain.decider import TRIAL
from domain.patient.clinical_time import Said, as_of, dated
from domain.patient.facts import SubjectRegistered
from domain.trial import facts as t
from domain.trial.register import Register
from domain.values import Site
from journal.store import StoredFact
from read_models.record import Head, SubjectRecord
from read_models.rows import rows_of


@dataclass(frozen=True)
class TrialRecord:
    """Everything the journal holds of one trial. `told` is the register's stream; a subject not begun has no record."""

    told: tuple[StoredFact, ...]
    register: Register
    head: Head
    subjects: Mapping[str, SubjectRecord]

    @property
    def site(self) -> Site | None:
        """The site that was added first: its calendar dates the register's facts."""
        return next(iter(self.register.sites.values()), None)

    @property
    def opened_on(self) -> date:
        """The date on which the trial was opened."""
        return self.date_of(datetime.fromisoformat(self.told[0].recorded_at))

    @property
    def heads(self) -> tuple[Head, ...]:
        """How far each stream was read: the register's first."""
        return (self.head, *(record.head for record in self.subjects.values()))

    def date_of(self, at: datetime) -> date:
        """Give the date of an instant in the trial's calendar: that of its first site, else UTC."""
        return self.site.date_of(at) if self.site else at.astimezone(UTC).date()

    def as_of(self, on: date) -> "TrialRecord":
        """Give the trial as of a date, corrections applied: the register's facts of until then, and each subject's."""
        told = tuple(row for row in self.told if self.date_of(datetime.fromisoformat(row.recorded_at)) <= on)
        register: Register = TRIAL.fold([TRIAL.read(row.body) for row in told])
        subjects = {name: _as_of(record, on) for name, record in self.subjects.items() if name in register.subjects}
        return TrialRecord(told, register, self.head, subjects)


def _as_of(record: SubjectRecord, on: date) -> SubjectRecord:
    said = [
        Said(
            row.recorded,
            row.stored.submission_id,
            datetime.fromisoformat(row.stored.occurred_at or row.stored.recorded_at),
        )
        for row in record.told
    ]
    since = [date.min if isinstance(fact, SubjectRegistered) else when for fact, when in dated(said)]
    told = tuple(row for row, when in zip(record.told, since, strict=True) if when <= on)
    return SubjectRecord(as_of(said, on), told, record.head)


def tables_of(trial: TrialRecord, names: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of these tables of subjects, and of `enrolment`, by table."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for record in trial.subjects.values():
        for name, made in rows_of(record, names).items():
            found[name] += made
    return found | {"enrolment": list(_enrolment(trial))}


def _enrolment(trial: TrialRecord) -> Iterator[dict[str, Any]]:
    """Give one row for each number the register issued, in that order."""
    number = 0
    for row in trial.told:
        fact = TRIAL.read(row.body)
        if not isinstance(fact, t.SubjectEnrolled):
            continue
        number += 1
        record, drawn = trial.subjects.get(fact.subject), trial.register.allocations.get(fact.subject)
        yield {
            "subject": fact.subject,
            "number": number,
            "site": fact.begin.site.code,
            "enrolled_at": datetime.fromisoformat(row.recorded_at),
            "begun": record is not None,
            "status": _status(record),
            "randomized_on": record.journey.randomized_on if record else None,
            "arm": (record.journey.arm if record else "") or None,
            "slot": drawn.slot if drawn else None,
        }


def _status(record: SubjectRecord | None) -> str:
    if record is None:
        return "SCREENING"
    if record.journey.randomized_on:
        return "RANDOMIZED"
    return record.journey.study_ended or "SCREENING"
