"""Given, when, then. A story is the facts of a stream so far; it is only ever told by deciding real commands."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

from domain.catalogue import latest
from domain.decider import PATIENT, TRIAL, Decider, Due
from domain.patient import commands as c
from domain.patient.history import Entry
from domain.submission import SYSTEM, UNATTRIBUTED, Reason, Refused, Sender, Submission
from domain.trial import commands as t
from domain.values import Site

TRIAL_ID = "NCT06978153"
SITE = Site(code="TDH", time_zone="Asia/Shanghai")
START = date(2025, 6, 2)
OWN = (*get_args(c.FromSystem), *get_args(t.FromSystem))
TRIAL_ROLES: dict[type, str] = {t.Enroll: "COORDINATOR", t.OpenTrial: UNATTRIBUTED}
FactT = TypeVar("FactT")


def day(number: int) -> date:
    """Give the date so many days after the trial's start, 2025-06-02."""
    return START + timedelta(days=number)


def noon(on: date) -> datetime:
    """Give noon of a date at the site."""
    return datetime.combine(on, time(12), ZoneInfo(SITE.time_zone)).astimezone(UTC)


BEGINNING = noon(START)


@dataclass(frozen=True, slots=True)
class Story:
    """The facts of one stream so far, the state they fold to, and the latest instant of the story."""

    decider: Decider
    state: Any
    facts: tuple[Any, ...] = ()
    now: datetime = BEGINNING
    entered: tuple[tuple[str, str, datetime], ...] = ()

    @property
    def today(self) -> date:
        """The site's date at the latest instant."""
        return SITE.date_of(self.now)

    @property
    def due(self) -> Due:
        """The next thing to fall due. Fails when nothing is."""
        due = self.decider.due(self.state)
        assert due is not None
        return due

    def with_facts(self, facts: tuple[Any, ...], at: datetime, staff: str = "ANYONE1") -> "Story":
        """Tell more facts."""
        every = self.facts + facts
        state = self.decider.fold_on(self.state, facts, lambda: every)
        entered = (*self.entered, *((staff, f"act {len(self.facts)}", at) for _ in facts))
        return replace(self, state=state, facts=every, entered=entered, now=at)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The whole record, with who entered each fact."""
        return tuple(Entry(fact, *by) for fact, by in zip(self.facts, self.entered, strict=True))

    def seq_of(self, kind: type) -> int:
        """Give the number of the latest fact of a kind."""
        return max(seq for seq, fact in enumerate(self.facts, start=1) if isinstance(fact, kind))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: facts, or a refusal."""

    before: Story
    at: datetime
    facts: tuple[Any, ...] = ()
    refusal: Refused | None = None
    staff: str = "ANYONE1"

    @property
    def story(self) -> Story:
        """The story after it. A refusal that was not expected is raised."""
        if self.refusal is not None:
            raise self.refusal
        return self.before.with_facts(self.facts, self.at, self.staff)


def given(*facts: Any, at: datetime = BEGINNING) -> Story:
    """Give a subject's story from its facts."""
    return Story(PATIENT, PATIENT.initial).with_facts(facts, at)


def given_trial(*facts: Any) -> Story:
    """Give a trial's story from its facts."""
    return Story(TRIAL, TRIAL.initial).with_facts(facts, BEGINNING)


def when(  # noqa: PLR0913 - each is part of a submission
    story: Story,
    command: Any,
    *,
    on: date | None = None,
    at: datetime | None = None,
    role: str | None = None,
    confirmed: bool = False,
    reason: str | None = None,
    occurred_at: datetime | None = None,
    staff: str = "ANYONE1",
) -> Outcome:
    """Submit a command at noon of a date, or at an instant, or now; by default in a role that may send it."""
    at = at or (noon(on) if on else story.now)
    role = role or _role(story, command)
    staff = SYSTEM if role == SYSTEM else staff
    submission = Submission(
        id="00000000-0000-4000-8000-000000000000",
        sender=Sender(staff=staff, role=role),
        command=command,
        confirmed=confirmed,
        reason=reason,
        occurred_at=occurred_at,
    )
    try:
        if story.decider.revises(command):
            return Outcome(story, at, facts=story.decider.revise(story.entries, submission, at), staff=staff)
        return Outcome(story, at, facts=story.decider.decide(story.state, submission, at), staff=staff)
    except Refused as no:
        return Outcome(story, at, refusal=no)


def _role(story: Story, command: Any) -> str:
    if isinstance(command, OWN):
        return SYSTEM
    if story.decider is TRIAL:
        return TRIAL_ROLES.get(type(command), "SPONSOR")
    row = latest(TRIAL_ID).permission(command.kind)
    roles = row.roles if row else ()
    return "INVESTIGATOR" if "INVESTIGATOR" in roles else roles[0]


def then(outcome: Outcome, *facts: Any) -> None:
    """Assert that exactly these facts came of it."""
    assert outcome.story.facts[len(outcome.before.facts) :] == facts


def then_kinds(outcome: Outcome, *kinds: type) -> None:
    """Assert that facts of exactly these kinds came of it, in this order."""
    assert [type(fact).__name__ for fact in outcome.story.facts[len(outcome.before.facts) :]] == [
        kind.__name__ for kind in kinds
    ]


def told_kinds(outcome: Outcome) -> list[type]:
    """Give the kinds of the new facts."""
    return [type(fact) for fact in outcome.story.facts[len(outcome.before.facts) :]]


def the(outcome: Outcome, kind: type[FactT], **fields: object) -> FactT:
    """Give the one new fact of a kind with these values. Fails when there is none, or more than one."""
    found = facts_of(outcome, kind, **fields)
    assert len(found) == 1, f"{len(found)} facts of kind {kind.__name__} {fields} among {outcome.facts}"
    return found[0]


def facts_of(outcome: Outcome, kind: type[FactT], **fields: object) -> list[FactT]:
    """Give the new facts of a kind with these values."""
    assert outcome.refusal is None, outcome.refusal
    return [
        fact
        for fact in outcome.facts
        if isinstance(fact, kind) and all(getattr(fact, name) == value for name, value in fields.items())
    ]


def nothing_happened(outcome: Outcome) -> None:
    """Assert that the command was taken and no fact came of it."""
    then(outcome)


def refused(outcome: Outcome, reason: Reason, *, rule: str | None = None, field: str | None = None) -> Refused:
    """Assert that the command was refused for this reason, and give the refusal."""
    no = outcome.refusal
    assert no is not None, f"applied: {outcome.facts}"
    assert no.reason == reason, f"{no.reason}: {no.detail}"
    assert rule is None or no.rule == rule, no.rule
    assert field is None or no.field == field, no.field
    return no
