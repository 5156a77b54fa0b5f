"""A trial's state as a fold over facts. `evolve` is total: it has no rule, reads no clock and never raises."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from domain import catalogue
from domain.patient.commands import IcfVersion
from domain.protocol import Protocol
from domain.trial import facts as f
from domain.trial.commands import Delegation
from domain.values import Clock, Site

IntentFact = f.AllocationListRequested | f.SubjectEnrolled | f.SlotReserved | f.ActPassedOn


@dataclass(frozen=True, slots=True)
class Intent:
    """An outside effect that has been decided and has no outcome yet. Its key is stream/seq."""

    seq: int
    fact: IntentFact


@dataclass(frozen=True, slots=True)
class Allocation:
    """A subject's slot, and its arm once opened."""

    slot: int
    randomized_on: date
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """Everything known of one trial."""

    seq: int = 0
    trial: str = ""
    protocol_version: str = ""
    clock: Clock = field(default_factory=Clock.real)
    sites: dict[str, Site] = field(default_factory=dict)
    staff: tuple[Delegation, ...] = ()
    sha256: str = ""
    subjects: dict[str, str] = field(default_factory=dict)
    rescreened: dict[str, str] = field(default_factory=dict)
    allocations: dict[str, Allocation] = field(default_factory=dict)
    slot_of: dict[int, str] = field(default_factory=dict)
    declined: dict[str, tuple[int, str]] = field(default_factory=dict)
    intents: dict[int, Intent] = field(default_factory=dict)
    icf_versions: tuple[IcfVersion, ...] = ()
    enrolment_pause: f.EnrolmentPaused | None = None
    dosing_pause: f.DosingPaused | None = None
    stop: f.TrialStopped | None = None

    @property
    def protocol(self) -> Protocol:
        """The protocol the trial runs."""
        return catalogue.protocol(self.trial, self.protocol_version)

    def arm_counts(self) -> dict[str, int]:
        """Count the opened slots per arm."""
        arms = [allocation.arm for allocation in self.allocations.values()]
        return {arm.code: arms.count(arm.code) for arm in self.protocol.arms}

    def first_number(self, subject: str) -> str:
        """Give the number under which a person was screened first: re-screening gives one person a new number."""
        while subject in self.rescreened:
            subject = self.rescreened[subject]
        return subject

    def roles(self, staff: str, on: date, site: str | None = None) -> tuple[str, ...]:
        """Give the roles a staff member holds on a date, at a site or anywhere."""
        return tuple(
            dict.fromkeys(
                role
                for row in self.staff
                if row.staff == staff
                and row.valid_from <= on
                and (row.valid_to is None or on <= row.valid_to)
                and (site is None or row.site is None or row.site == site)
                for role in row.roles
            )
        )


def evolve(register: Register, fact: f.Fact) -> Register:  # noqa: C901, PLR0911, PLR0912 - a table
    """Give the register after one more fact."""
    now = replace(register, seq=register.seq + 1)
    match fact:
        case f.TrialOpened():
            return replace(
                now,
                trial=fact.trial,
                protocol_version=fact.protocol_version,
                clock=fact.clock,
                icf_versions=fact.icf_versions,
            )
        case f.SiteAdded():
            return replace(now, sites=now.sites | {fact.site.code: fact.site})
        case f.StaffDelegated():
            return replace(now, staff=(*now.staff, fact.delegation))
        case f.DelegationEnded():
            ended = tuple(
                row.model_copy(update={"valid_to": min(fact.valid_to, row.valid_to or fact.valid_to)})
                if row.staff == fact.staff
                else row
                for row in now.staff
            )
            return replace(now, staff=ended)
        case f.AllocationListRequested():
            return _open(now, fact)
        case f.AllocationListSealed():
            return _close(replace(now, sha256=fact.sha256), fact.request)
        case f.SubjectEnrolled():
            before = fact.begin.rescreening_of
            if before is not None:
                now = replace(now, rescreened=now.rescreened | {fact.subject: before})
            return _open(replace(now, subjects=now.subjects | {fact.subject: fact.begin.site.code}), fact)
        case f.JourneyBegan():
            return _close(now, fact.request)
        case f.SlotReserved():
            allocations = now.allocations | {fact.subject: Allocation(fact.slot, fact.randomized_on)}
            now = replace(now, allocations=allocations, slot_of=now.slot_of | {now.seq: fact.subject})
            return _open(now, fact)
        case f.SubjectAllocated():
            subject = now.slot_of.get(fact.request, "")
            if subject in now.allocations:
                opened = replace(now.allocations[subject], arm=fact.arm)
                now = replace(now, allocations=now.allocations | {subject: opened})
            return _close(now, fact.request)
        case f.AllocationDeclined():
            return replace(now, declined=now.declined | {fact.subject: (fact.request, fact.why)})
        case f.IcfApproved():
            version = IcfVersion(version=fact.version, approved_on=fact.approved_on)
            return replace(now, icf_versions=(*now.icf_versions, version))
        case f.EnrolmentPaused():
            return replace(now, enrolment_pause=fact)
        case f.EnrolmentResumed():
            return replace(now, enrolment_pause=None)
        case f.DosingPaused():
            return replace(now, dosing_pause=fact)
        case f.DosingResumed():
            return replace(now, dosing_pause=None)
        case f.TrialStopped():
            return replace(now, stop=fact)
        case f.ActPassedOn():
            return _open(now, fact)
        case f.ActReached():
            return _close(now, fact.request)
        case f.CancellationAsked():
            return now
        case _:
            assert_never(fact)


def _open(now: Register, fact: IntentFact) -> Register:
    return replace(now, intents=now.intents | {now.seq: Intent(now.seq, fact)})


def _close(now: Register, seq: int) -> Register:
    return replace(now, intents={key: intent for key, intent in now.intents.items() if key != seq})
