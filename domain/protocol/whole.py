"""One protocol version of one trial, whole."""

from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import accumulate

from pydantic import Field

from domain.protocol.basis import Arm, Escalation, Question, Repeats, Source
from domain.protocol.dosing import Dosing
from domain.protocol.epochs import (
    Epoch,
    FollowUpEpoch,
    ProcedureEpoch,
    ScreeningEpoch,
    TreatmentEpoch,
)
from domain.protocol.notices import NoticePlan, NoticeWords
from domain.protocol.people import Permission, SignaturePlan, TrialActs
from domain.protocol.safety import (
    Childbearing,
    Contraception,
    PathologicalResponse,
    SafetyPlan,
)
from domain.values import Code, Frozen


class Plausibility(Frozen):
    """Limits beyond which a report must be sent again with confirmation and reason. Nothing is refused for good."""

    backdated_days: int
    source: Source
    dose_times: Decimal = Field(gt=1, description="so many times the planned amount, or less than that share of it")
    dose_source: Source


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
    repeats: Repeats = Field(description="what is overdue, told again until a person acts")
    pause_repeats: Repeats = Field(description="a pause of dosing, told again until the sponsor ends it")
    events: dict[Code, Escalation] = Field(description="notices for happenings outside the schedule, by event")
    notices: NoticePlan = Field(description="until when notices are worth sending, and which must be acknowledged")
    notice_words: dict[Code, NoticeWords] = Field(description="what each notice is called, by its code")
    safety: SafetyPlan
    childbearing: Childbearing
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

    @cached_property
    def treatments(self) -> tuple[TreatmentEpoch, ...]:
        """The treatment epochs in their order."""
        return tuple(epoch for epoch in self.epochs if isinstance(epoch, TreatmentEpoch))

    @cached_property
    def _first_cycles(self) -> dict[str, int]:
        """The number of each treatment epoch's first cycle, by the epoch's code."""
        counts = accumulate((epoch.cycles for epoch in self.treatments), initial=1)
        return {epoch.code: first for epoch, first in zip(self.treatments, counts, strict=False)}

    @cached_property
    def _epochs_of_cycles(self) -> dict[int, TreatmentEpoch]:
        """The treatment epoch of each cycle."""
        return {
            self._first_cycles[epoch.code] + number: epoch
            for epoch in self.treatments
            for number in range(epoch.cycles)
        }

    def first_cycle(self, epoch: TreatmentEpoch) -> int:
        """Give the number of an epoch's first cycle."""
        return self._first_cycles[epoch.code]

    def epoch_of_cycle(self, number: int) -> TreatmentEpoch | None:
        """Give the treatment epoch a cycle number belongs to."""
        return self._epochs_of_cycles.get(number)

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

    @cached_property
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
