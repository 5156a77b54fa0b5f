"""One look at a whole trial, for a monitor or the sponsor: counted from the rows of the read models. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.last_start import last_first_dose_on
from domain.trial.facts import SponsorActed
from read_models.trial import TrialRecord, tables_of
from read_models.work_list import Work

TABLES = ("subjects", "deviations", "notices")
OLDEST = 5
"""Overdue acts that are named; the rest is counted."""
NO_RULE = "no rule named"
NOT_BEGUN = "REGISTERED"
TENTH = Decimal("0.1")
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """The straight line from nobody on the trial's opening to the target on the last possible C1D1."""

    opened_on: date
    last_first_dose_on: date
    target: int
    rules: tuple[str, str]
    """The rules of the target and of the date."""

    def by(self, on: date) -> Decimal:
        """Give how many should be randomized by a date, to a tenth. Unit: subjects."""
        days, passed = (self.last_first_dose_on - self.opened_on).days, (on - self.opened_on).days
        if passed >= days:
            return Decimal(self.target).quantize(TENTH)
        return (Decimal(self.target) * max(passed, 0) / days).quantize(TENTH, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Point:
    """The enrolment curve on a date: planned, and randomized (None: that date has not come)."""

    on: date
    planned: Decimal
    randomized: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """A date on which somebody was randomized, and how many are from then on."""

    on: date
    randomized: int


@dataclass(frozen=True, slots=True)
class ArmCount:
    """How many are randomized to an arm, and at most may be."""

    arm: str
    randomized: int
    cap: int


@dataclass(frozen=True, slots=True)
class Screening:
    """What became of the numbers issued: who is screened again has two. A failure by two rules counts under both."""

    screened: int
    in_screening: int
    randomized: int
    screen_failures: int
    left_otherwise: int
    failed_by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is overdue on the work list: acts, subjects they are about, and the oldest."""

    acts: int
    subjects: int
    commands: Mapping[str, int]
    """How many by the command that is awaited, most first."""
    oldest: tuple[Work, ...]

    def told(self) -> str:
        """Say how many there are, and how many are named."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.commands.items())
        rest = f"; the oldest {len(self.oldest)}" if len(self.oldest) < self.acts else ""
        return f"{self.acts} acts of {self.subjects} subjects" + (f": {kinds}" if kinds else "") + rest


@dataclass(frozen=True, slots=True)
class DeviationCount:
    """Deviations from a rule that hold."""

    rule: str
    deviations: int
    important: int
    subjects: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A subject on treatment whose dosing waits, whole or in part."""

    subject: str
    site: str
    dosing_stopped: bool
    drugs_held: str | None
    drugs_discontinued: str | None


@dataclass(frozen=True, slots=True)
class NoticeCount:
    """Notices that were asked for: how many are still on their way, were not sent in time, or wait to be read."""

    asked_for: int
    on_their_way: int
    missed: int
    not_acknowledged: int

    def told(self) -> str:
        """Say it in a sentence."""
        known = f"{self.asked_for} asked for, {self.on_their_way} on their way, {self.missed} missed as too late"
        return f"{known}, {self.not_acknowledged} wait for an acknowledgement"


@dataclass(frozen=True, slots=True)
class Overview:
    """One look at a trial. Dates are those of its first site."""

    trial: str
    today: date
    plan: Plan
    randomized: int
    planned_today: Decimal
    curve: tuple[Point, ...]
    randomizations: tuple[Step, ...]
    arms: tuple[ArmCount, ...]
    screening: Screening
    phases: Mapping[str, int]
    overdue: Overdue
    deviations: tuple[DeviationCount, ...]
    notices: NoticeCount
    enrolment: str
    dosing: str
    holds: tuple[Hold, ...]


def overview(trial: TrialRecord, today: date, work: Sequence[Work]) -> Overview:
    """Count what the journal holds of a trial; `work` is its work list."""
    register, rows = trial.register, tables_of(trial, TABLES)
    protocol, numbers, subjects = register.protocol, rows["enrolment"], rows["subjects"]
    plan = Plan(
        trial.opened_on,
        last_first_dose_on(protocol),
        protocol.target,
        (protocol.target_source.rule, protocol.last_start_source.rule),
    )
    arms = Counter(row["arm"] for row in numbers)
    found = Counter(row["phase"] for row in subjects) + Counter({NOT_BEGUN: len(numbers) - len(subjects)})
    epochs = [epoch.code for epoch in protocol.epochs]
    randomized_on = sorted(row["randomized_on"] for row in numbers if row["randomized_on"])
    return Overview(
        trial=register.trial,
        today=today,
        plan=plan,
        randomized=len(randomized_on),
        planned_today=plan.by(today),
        curve=tuple(curve(plan, randomized_on, today)),
        randomizations=tuple(Step(on, bisect_right(randomized_on, on)) for on in dict.fromkeys(randomized_on)),
        arms=tuple(ArmCount(arm.code, arms[arm.code], arm.cap) for arm in protocol.arms),
        screening=_screening(numbers, subjects),
        phases={code: found.pop(code, 0) for code in epochs} | dict(sorted(found.items())),
        overdue=_overdue([row for row in work if row.overdue]),
        deviations=tuple(_deviations(rows["deviations"])),
        notices=_notices(rows["notices"], work),
        enrolment=_by(trial, register.stop or register.enrolment_pause, "open"),
        dosing=_by(trial, register.dosing_pause, "on"),
        holds=tuple(_holds(subjects)),
    )


def curve(plan: Plan, randomized_on: Sequence[date], today: date) -> Iterator[Point]:
    """Give a point for the opening, the end of each month, today and the end of the plan.

    It goes on until today, or until the target was reached: what comes after that is one line to nowhere.
    """
    is_full = len(randomized_on) >= plan.target
    last = max(plan.last_first_dose_on, randomized_on[plan.target - 1] if is_full else today)
    dates, on = {plan.opened_on, plan.last_first_dose_on, last, min(today, last)}, _month_end(plan.opened_on)
    while on < last:
        dates.add(on)
        on = _month_end(on + timedelta(days=1))
    for one in sorted(dates):
        yield Point(one, plan.by(one), bisect_right(randomized_on, one) if one <= today else None)


def _month_end(on: date) -> date:
    """Give the last day of a date's month."""
    return (on.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _screening(numbers: Rows, subjects: Rows) -> Screening:
    status = Counter(row["status"] for row in numbers)
    open_, randomized, failed = (status.pop(name, 0) for name in ("SCREENING", "RANDOMIZED", "SCREEN_FAILURE"))
    failures = [row["screen_failed_by"] or "" for row in subjects if row["study_ended"] == "SCREEN_FAILURE"]
    rules = Counter(rule for named in failures for rule in named.split() or (NO_RULE,))
    return Screening(len(numbers), open_, randomized, failed, status.total(), dict(rules.most_common()))


def _overdue(late: Sequence[Work]) -> Overdue:
    kinds = Counter(row.kind for row in late)
    return Overdue(len(late), len({row.subject for row in late}), dict(kinds.most_common()), tuple(late[:OLDEST]))


def _deviations(rows: Rows) -> Iterator[DeviationCount]:
    """Count by rule, most first."""
    hold = [row for row in rows if not row["withdrawn"]]
    for rule, count in sorted(Counter(row["rule"] for row in hold).items(), key=lambda item: (-item[1], item[0])):
        of_rule = [row for row in hold if row["rule"] == rule]
        important = sum(row["important"] for row in of_rule)
        yield DeviationCount(rule, count, important, len({row["subject"] for row in of_rule}))


def _notices(rows: Rows, work: Sequence[Work]) -> NoticeCount:
    missed, unread = sum(row["missed_at"] is not None for row in rows), sum(row.kind == "acknowledge" for row in work)
    return NoticeCount(len(rows), sum(row["reached_at"] is None for row in rows) - missed, missed, unread)


def _holds(subjects: Rows) -> Iterator[Hold]:
    for row in subjects:
        on_treatment = row["randomized_on"] and not row["treatment_ended"] and not row["study_ended"]
        if on_treatment and (row["dosing_stopped"] or row["drugs_held"] or row["drugs_discontinued"]):
            names = ("subject", "site", "dosing_stopped", "drugs_held", "drugs_discontinued")
            yield Hold(**{name: row[name] for name in names})


def _by(trial: TrialRecord, act: SponsorActed | None, without: str) -> str:
    """Say that something is stopped or paused, by whom and since when; why is free text and stays in the register."""
    if act is None:
        return without
    word = "stopped" if act is trial.register.stop else "paused"
    return f"{word} by {act.by} since {trial.date_of(act.at)}"
