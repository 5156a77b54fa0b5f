"""The shape of a protocol of this family as one typed value. It holds no number of any trial and no rule's outcome."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.values import Code, Frozen

Anchor = Literal["CONSENT", "RANDOMIZATION", "CYCLE_DAY_1", "LAST_DOSE", "PROCEDURE", "EVALUATION", "EPOCH_START"]
Role = Literal["COORDINATOR", "INVESTIGATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST", "MONITOR", "SPONSOR"]
Resection = Literal["R0", "R1", "R2", "RX", "NOT_RESECTED"]
Recipient = Literal["SPONSOR", "EC", "AUTHORITY"]
Stage = Literal["INITIAL", "FOLLOW_UP"]


class Source(Frozen):
    """Where a value comes from: a rule of the clinical specification, or an assumption with its open question."""

    rule: str
    question: str = ""
    text: str = ""

    @property
    def is_assumption(self) -> bool:
        """Say whether the registry record is silent and the value is our default."""
        return self.question != ""

    def __str__(self) -> str:
        """Give the source in one short form, for tables."""
        return f"{self.rule} (assumption {self.question})" if self.is_assumption else self.rule


class Question(Frozen):
    """A question only the protocol owner can answer, and the default used meanwhile."""

    id: str
    asks: str
    default: str


class Arm(Frozen):
    """A planned pathway. The registry record calls it a cohort."""

    code: Code
    label: str
    cap: int = Field(gt=0)
    source: Source


class Window(Frozen):
    """Inclusive days from an anchor within which an act belongs, and the day aimed at."""

    anchor: Anchor
    drug: Code | None = Field(None, description="for LAST_DOSE: the drug whose last actual dose is the anchor")
    earliest_days: int
    target_days: int
    latest_days: int
    source: Source


class Reminder(Frozen):
    """A notice to roles, so many days after the anchor of the window it belongs to."""

    after_days: int
    notice: Code
    to: tuple[Role, ...]
    text: str
    source: Source


class Escalation(Frozen):
    """Whom to tell when an act is overdue, and whether it counts as an important deviation."""

    to: tuple[Role, ...]
    notice: Code
    important: bool
    source: Source


class ReportClock(Frozen):
    """A safety report that must be made in time: for which class of event, to whom, and by when.

    Hours count from awareness. Days count from the day the sponsor learns (day 0), to the end of the last one.
    """

    code: Code
    applies_to: Code = Field(description="the class of event: a row of `events` of the same name is told")
    label: str
    recipient: Recipient
    stage: Stage = "INITIAL"
    hours: int | None = Field(None, gt=0)
    days: int | None = Field(None, gt=0)
    remind_hours_before: int
    reminder: Escalation
    overdue: Escalation
    source: Source


class SafetyRule(Frozen):
    """What a coded event of these grades asks of the investigator. It asks; only `stops_dosing` holds the doses."""

    event: Code
    grade_from: int = 1
    grade_to: int = 5
    sex: Literal["FEMALE"] | None = Field(None, description="the only sex it can happen to")
    drugs: tuple[Code, ...] = Field((), description="asked only where the arm gets one of these; empty: any study drug")
    command: str = Field(description="kind of the command that answers it")
    stops_dosing: bool = False
    report: Code | None = Field(None, description="class of report it is due like")
    notice: Code
    to: tuple[Role, ...]
    text: str
    source: Source


class VaccineRule(Frozen):
    """From how many days before the first dose of a drug, and to the end of treatment, no live vaccine is given."""

    drug: Code
    days_before: int
    source: Source


class SafetyPlan(Frozen):
    """Safety reporting and what happenings on treatment ask for."""

    fatal_grade: int
    clocks: tuple[ReportClock, ...]
    rules: tuple[SafetyRule, ...]
    vaccine: VaccineRule
    source: Source


class Contraception(Frozen):
    """For whom contraception goes on (ages in completed years), and how many days after the last of all study drugs."""

    sex: Literal["FEMALE"]
    age_from: int
    age_to: int
    ends: Reminder
    source: Source


class PathologicalResponse(Frozen):
    """What pathological response means. Unit: percent of viable tumour in the tumour bed."""

    major_at_most: Decimal
    complete_at_most: Decimal
    source: Source


class Dose(Frozen):
    """A drug and its amount. Unit: UCUM; per m2 and AUC amounts are turned into mg when the dose is planned."""

    drug: Code
    amount: Decimal
    unit: str


class RegimenLine(Frozen):
    """One place in a regimen. With several options the investigator picks one per cycle."""

    options: tuple[Dose, ...]
    route: Literal["IV", "PO", "NOT_STATED"]
    days: tuple[int, ...]
    self_administered: bool = Field(False, description="taken at home: day 1 starts the course")
    source: Source

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs that can fill this place."""
        return tuple(option.drug for option in self.options)


class Area(Frozen):
    """How the body surface area is worked out, and its cap where there is one. Unit: m2."""

    formula: Literal["MOSTELLER", "DUBOIS"]
    cap_m2: Decimal | None = None
    source: Source


class Clearance(Frozen):
    """How the clearance behind an AUC dose is worked out. What is None is off. Unit: mL/min, days, kg/m2, umol/L."""

    cap_ml_per_min: Decimal | None
    creatinine_max_age_days: int
    adjusted_weight_from_bmi: Decimal | None = None
    minimum_creatinine: Decimal | None = None
    source: Source


class Rounding(Frozen):
    """The one rounding of a planned amount: to the nearest step, half a step up. Unit: mg."""

    step_mg: Decimal = Field(gt=0)
    source: Source


class Share(Frozen):
    """A share of a value from which something counts, for example 0.10."""

    share: Decimal
    source: Source


class DoseLevels(Frozen):
    """The levels a drug may be planned at. A drug without a row is planned at its regimen's amount alone."""

    drug: Code
    amounts: tuple[Decimal, ...]
    source: Source


class Dosing(Frozen):
    """How amounts are worked out, and when anew."""

    area: Area
    clearance: Clearance
    rounding: Rounding
    weight_change: Share
    important_difference: Share
    levels: tuple[DoseLevels, ...]
    level_source: Source

    def levels_of(self, dose: Dose) -> tuple[tuple[Decimal, ...], Source]:
        """Give the levels a drug may be planned at, and the rule that says so."""
        row = next((row for row in self.levels if row.drug == dose.drug), None)
        return (row.amounts, row.source) if row else ((dose.amount,), self.level_source)


class LabLimit(Frozen):
    """One bound on a laboratory value: absolute in `unit`, so many times the upper limit of normal, or above it.

    Of an inclusion it is what is required, of an exclusion what triggers.
    """

    analyte: Code
    relation: Literal[">=", "<=", "<", ">"]
    value: Decimal
    unit: str = ""
    times_uln: bool = False
    plus_uln: bool = Field(False, description="the bound is the upper limit of normal plus `value`")
    optional: bool = Field(False, description="the investigator may decide not to measure it")


class Criterion(Frozen):
    """An eligibility or gate criterion: its rule id names the function, the other fields are its numbers and words."""

    rule: str
    title: str
    kind: Literal["INCLUSION", "EXCLUSION"] = "INCLUSION"
    limits: tuple[LabLimit, ...] = ()
    days: int | None = Field(None, description="look-back in days, the last day included")
    months: int | None = Field(None, description="look-back in calendar months, the last day included")
    max_age_days: int | None = Field(None, description="age of the evidence at randomization and at C1D1, at most")
    low: int | None = None
    high: int | None = None
    accepts: tuple[str, ...] = Field((), description="coded words the criterion is about")
    names: tuple[str, ...] = Field((), description="fields of the evidence the criterion looks at")
    table: dict[str, Decimal] = Field({}, description="numbers by name, each in the unit its name or rule says")
    judged_by: tuple[Role, ...] = ()
    source: Source

    @property
    def is_exclusion(self) -> bool:
        """Say whether this criterion keeps a subject out when it holds."""
        return self.kind == "EXCLUSION"


class Gate(Frozen):
    """The pre-dose laboratory gate: which criteria must hold on how fresh a sample, and when it is ordered."""

    criteria: tuple[str, ...]
    before_first_dose: tuple[str, ...] = Field((), description="criteria that must hold again before the first dose")
    order_days_before: int
    max_age_days: int
    give_up_days: int
    override_by: tuple[Role, ...]
    notice: Code
    to: tuple[Role, ...]
    source: Source


class ScreeningEpoch(Frozen):
    """Consent to randomization."""

    kind: Literal["SCREENING"] = "SCREENING"
    code: Code
    label: str
    window: Window
    reminders: tuple[Reminder, ...]
    overdue: Escalation
    criteria: tuple[Criterion, ...]
    analytes: tuple[Code, ...]
    analytes_by_rule: dict[str, tuple[Code, ...]] = Field({}, description="analytes of criteria that not all must meet")
    lab_max_age_days: int
    lab_give_up_days: int
    ruled_by_sponsor: tuple[str, ...] = Field((), description="criteria that contradict others until the sponsor rules")
    result_notice: Reminder
    source: Source


class TreatmentEpoch(Frozen):
    """Cycles of treatment. Cycle numbers run on from the treatment epoch before."""

    kind: Literal["TREATMENT"] = "TREATMENT"
    code: Code
    label: str
    cycles: int = Field(gt=0)
    cycle_days: int = Field(gt=0)
    start: Window
    visit: Window
    max_delay_days: int
    max_delay_notice: Escalation
    overdue: Escalation
    visit_notice: Reminder
    regimens: dict[Code, tuple[RegimenLine, ...]]
    gate: Gate
    completes_after_days: int | None = Field(None, description="days after the last D1 at which the epoch is over")
    source: Source


class Washout(Frozen):
    """A drug that must have been stopped so many full days before the procedure."""

    drug: Code
    days: int
    source: Source


class ProcedureEpoch(Frozen):
    """The wait for a procedure, and the procedure."""

    kind: Literal["PROCEDURE"] = "PROCEDURE"
    code: Code
    label: str
    window: Window
    fallback_source: Source
    reminders: tuple[Reminder, ...]
    overdue: Escalation
    clearance: Source
    washouts: tuple[Washout, ...]
    goes_on: tuple[Resection, ...]
    goes_on_source: Source
    source: Source


class EvaluationEpoch(Frozen):
    """The investigator's evaluation after the procedure."""

    kind: Literal["EVALUATION"] = "EVALUATION"
    code: Code
    label: str
    window: Window
    reminders: tuple[Reminder, ...]
    overdue: Escalation
    source: Source


class FollowUpEpoch(Frozen):
    """From the end of treatment to the end of study."""

    kind: Literal["FOLLOW_UP"] = "FOLLOW_UP"
    code: Code
    label: str
    visit: Window
    visit_notice: Reminder
    overdue: Escalation
    close_notice: Escalation
    source: Source


Epoch = Annotated[
    ScreeningEpoch | TreatmentEpoch | ProcedureEpoch | EvaluationEpoch | FollowUpEpoch, Field(discriminator="kind")
]


class Plausibility(Frozen):
    """Limits beyond which a report must be sent again with confirmation and reason. Nothing is refused for good."""

    backdated_days: int
    source: Source


class Permission(Frozen):
    """Who may send one kind of command, and who must sign it when somebody else of them did it."""

    kind: str
    roles: tuple[Role, ...]
    signs: tuple[Role, ...] = Field((), description="whose own act is signed by being sent; they sign for the others")
    covers: tuple[str, ...] = Field((), description="kinds an act of this kind, once signed, signs as well")
    unattributed: bool = False
    source: Source


class SignatureBlock(Frozen):
    """What waits while an act of some kinds lacks its signature: a kind of command, or the entry into an epoch."""

    blocks: str
    until_signed: tuple[str, ...]
    source: Source


class SignaturePlan(Frozen):
    """How long a signature may be awaited before it is escalated, and what must wait for which."""

    after_days: int
    overdue: Escalation
    blocks: tuple[SignatureBlock, ...]
    source: Source

    def needed_for(self, what: str) -> tuple[SignatureBlock, ...]:
        """Give what a kind of command, or the entry into an epoch, waits for."""
        return tuple(row for row in self.blocks if row.blocks == what)


class TrialActs(Frozen):
    """What the sponsor's acts on the whole trial mean for each subject."""

    consent_within_days: int
    consent_reminder: Reminder = Field(description="its days are counted from the deadline of the re-consent")
    consent_overdue: Escalation
    pause: Source
    after_stop: Literal["FOLLOW_UP", "END"] = Field(description="where a subject goes whose treatment a stop ends")
    stop: Source
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
