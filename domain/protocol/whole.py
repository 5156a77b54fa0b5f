"""One protocol version of one trial, whole."""

from datetime import date
from decimal import Decimal

from pydantic import Field

from domain.protocol.basis import Arm, Escalation, Question, Source
from domain.protocol.dosing import Dosing
from domain.protocol.epochs import (
    Epoch,
    FollowUpEpoch,
    ProcedureEpoch,
    ScreeningEpoch,
    TreatmentEpoch,
)
from domain.protocol.people import Permission, SignaturePlan, TrialActs
from domain.protocol.safety import (
    Contraception,
    PathologicalResponse,
    SafetyPlan,
)
from domain.values import Code, Frozen


class Plausibility(Frozen):
    """Limits beyond which a report must be sent again with confirmation and reason. Nothing is refused for good."""

    backdated_days: int
    source: Source


class AllocationPlan(Frozen):
    """How the allocation list is made."""

    block_sizes: tuple[int, ...]
    source: Source


class Protocol(Frozen):
    """One protocol version of one trial."""

    trial: str
    version: str
    title: str
    target: int = Field(gt=0)
    target_source: Source
    completion_on: date
    completion_source: Source
    arms: tuple[Arm, ...]
    allocation: AllocationPlan
    dosing: Dosing
    epochs: tuple[Epoch, ...]
    lab_bounds: dict[Code, tuple[Decimal, Decimal]]
    lab_bounds_source: Source
    plausibility: Plausibility
    deviation_notice: Escalation
    important_deviation_notice: Escalation
    events: dict[Code, Escalation] = Field(description="notices for happenings outside the schedule, by event")
    safety: SafetyPlan
    contraception: Contraception
    response: PathologicalResponse
    permissions: tuple[Permission, ...]
    trial_permissions: tuple[Permission, ...] = Field(description="who may send what to the trial's register")
    signatures: SignaturePlan
    acts: TrialActs
    last_start_source: Source
    questions: tuple[Question, ...]

    def epoch(self, code: str) -> Epoch:
        """Give the epoch of a code. Raises KeyError when the protocol has no such epoch."""
        for epoch in self.epochs:
            if epoch.code == code:
                return epoch
        raise KeyError(code)

    def after(self, code: str) -> Epoch:
        """Give the epoch that follows. The last one follows itself."""
        at = [epoch.code for epoch in self.epochs].index(code)
        return self.epochs[min(at + 1, len(self.epochs) - 1)]

    @property
    def screening(self) -> ScreeningEpoch:
        """The first epoch of kind SCREENING."""
        return next(epoch for epoch in self.epochs if isinstance(epoch, ScreeningEpoch))

    @property
    def follow_up(self) -> FollowUpEpoch:
        """The epoch every subject whose treatment ended goes to."""
        return next(epoch for epoch in self.epochs if isinstance(epoch, FollowUpEpoch))

    @property
    def procedure(self) -> ProcedureEpoch | None:
        """The procedure epoch, where the protocol has one."""
        return next((epoch for epoch in self.epochs if isinstance(epoch, ProcedureEpoch)), None)

    @property
    def treatments(self) -> tuple[TreatmentEpoch, ...]:
        """The treatment epochs in their order."""
        return tuple(epoch for epoch in self.epochs if isinstance(epoch, TreatmentEpoch))

    def first_cycle(self, epoch: TreatmentEpoch) -> int:
        """Give the number of an epoch's first cycle."""
        before = self.treatments[: self.treatments.index(epoch)]
        return 1 + sum(earlier.cycles for earlier in before)

    def epoch_of_cycle(self, number: int) -> TreatmentEpoch | None:
        """Give the treatment epoch a cycle number belongs to."""
        for epoch in self.treatments:
            first = self.first_cycle(epoch)
            if first <= number < first + epoch.cycles:
                return epoch
        return None

    def treatment_of(self, number: int) -> TreatmentEpoch:
        """Give the treatment epoch of a cycle the protocol has. Raises KeyError for another number."""
        epoch = self.epoch_of_cycle(number)
        if epoch is None:
            raise KeyError(number)
        return epoch

    @property
    def last_cycle(self) -> int:
        """The highest cycle number."""
        return sum(epoch.cycles for epoch in self.treatments)

    @property
    def drugs(self) -> frozenset[str]:
        """Every drug some arm may get."""
        return frozenset(
            drug
            for epoch in self.treatments
            for regimen in epoch.regimens.values()
            for line in regimen
            for drug in line.drugs
        )

    def permission(self, kind: str) -> Permission | None:
        """Give the row of the permission table for a kind of command."""
        return next((row for row in (*self.permissions, *self.trial_permissions) if row.kind == kind), None)
