"""A subject's record as the checker folds it: what counts now, corrections applied. A few fields, no rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from chaos.checker.evidence import Fact

FOR_GOOD = date.max


@dataclass(frozen=True, slots=True)
class Dose:
    """A drug given on a day of a cycle, or the last day on which it was taken at home."""

    seq: int
    cycle: int
    day: int
    drug: str
    on: date
    amount: str = ""


@dataclass(frozen=True, slots=True)
class Lab:
    """A result fit for use."""

    seq: int
    analyte: str
    value: Decimal
    upper_limit: Decimal | None
    collected_at: datetime
    reported: str
    corrected: bool


@dataclass(slots=True)
class Hold:
    """A drug that waits, from a date to a date."""

    seq: int
    drug: str
    since: date
    until: date = FOR_GOOD


@dataclass(slots=True)
class Record:
    """What counts of a subject."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    born_on: date | None = None
    sex: str = ""
    weight_kg: Decimal | None = None
    consent_on: date | None = None
    eligible_on: date | None = None
    arm: str = ""
    randomized_on: date | None = None
    epoch: str = ""
    treatment_ended: str = ""
    treatment_ended_on: date | None = None
    study_ended: str = ""
    withdrawn_on: date | None = None
    surgery_on: date | None = None
    resection: str = ""
    pathology: str = ""
    evaluations: list[date] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    labs: list[Lab] = field(default_factory=list)
    overridden: set[int] = field(default_factory=set)
    planned: dict[int, int] = field(default_factory=dict)
    """The number of the fact that first planned each cycle."""
    deviations: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> "Record":
        """Fold facts as they count: the latest correction of a fact stands in its place."""
        reads: dict[int, Mapping[str, Any] | None] = {}
        for fact in facts:
            if fact.kind == "FactCorrected":
                reads[fact.body["fact"]] = fact.body.get("content")
        record = cls()
        for fact in facts:
            body = reads.get(fact.seq, fact.body)
            if body is not None:
                record.add(fact.seq, body)
        return record

    def add(self, seq: int, body: Mapping[str, Any]) -> None:
        """Take one more fact."""
        match body.get("kind"):
            case "SubjectRegistered":
                self.zone, self.sex = ZoneInfo(body["site"]["time_zone"]), body["sex"]
                self.born_on = _date(body["born_on"])
            case "ConsentGiven":
                self.consent_on = self.consent_on or _date(body["signed_on"])
            case "EvidenceRecorded" if body.get("weight_kg") is not None:
                self.weight_kg = Decimal(str(body["weight_kg"]))
            case "LabResultsRecorded":
                self.labs += [_lab(seq, row) for row in body["accepted"]]
                weights = [row.value for row in self.labs if row.seq == seq and row.analyte == "WEIGHT"]
                self.weight_kg = weights[-1] if weights else self.weight_kg
            case "EligibilityConfirmed":
                self.eligible_on = _date(body["judged_on"])
            case "Randomized":
                self.arm, self.randomized_on = body["arm"], _date(body["randomized_on"])
            case "EpochEntered":
                self.epoch = body["epoch"]
            case _:
                self._treatment(seq, body)

    def _treatment(self, seq: int, body: Mapping[str, Any]) -> None:
        """Take a fact of the doses."""
        match body.get("kind"):
            case "CyclePlanned":
                self.planned.setdefault(body["cycle"], seq)
            case "GateOverridden":
                self.overridden.add(body["cycle"])
            case "DoseGiven":
                on = _date(body["given_on"])
                self.doses += [
                    Dose(seq, body["cycle"], body["day"], row["drug"], on, f"{row.get('amount')} {row.get('unit')}")
                    for row in body["drugs"]
                ]
            case "CourseTaken" if body.get("last_on"):
                self.doses.append(Dose(seq, body["cycle"], max(body["days"]), body["drug"], _date(body["last_on"])))
            case "DrugHeld":
                self.holds.append(Hold(seq, body["drug"], _date(body["decided_on"])))
            case "DrugResumed":
                for hold in self.holds:
                    if hold.drug == body["drug"] and hold.until == FOR_GOOD:
                        hold.until = _date(body["decided_on"])
            case "DrugDiscontinued":
                self.holds.append(Hold(seq, body["drug"], _date(body["decided_on"])))
            case _:
                self._course(body)

    def _course(self, body: Mapping[str, Any]) -> None:
        """Take a fact of the way after the doses, and of the record."""
        match body.get("kind"):
            case "SurgeryPerformed":
                self.surgery_on, self.resection = _date(body["performed_on"]), body["resection"]
            case "PathologyReported" if body.get("final", True):
                self.pathology = body["resection"]
            case "EvaluationJudged":
                self.evaluations.append(_date(body["evaluated_on"]))
            case "SubjectWithdrew" if body["level"] != "TREATMENT":
                self.withdrawn_on = _date(body["withdrawn_on"])
            case "TreatmentEnded":
                self.treatment_ended, self.treatment_ended_on = body["reason"], _date(body["ended_on"])
            case "StudyEnded":
                self.study_ended = body["reason"]
            case "ContactRegained":
                self.study_ended = ""
            case "DeviationRecorded":
                self.deviations[body["item"]] = body
            case "DeviationWithdrawn":
                self.deviations.pop(body["item"], None)
            case _:
                pass

    @property
    def is_resected(self) -> bool:
        """Say whether the tumour was resected without residue (R0), by pathology, or until it is in, as seen."""
        return (self.pathology or self.resection) == "R0"

    def date_of(self, at: datetime) -> date:
        """Give the site's date."""
        return at.astimezone(self.zone).date()

    def tells(self, item: str, rule: str, on: date) -> bool:
        """Say whether this very departure is on record: of this item and rule, and where it has a date, of this one."""
        row = self.deviations.get(item)
        return row is not None and row["rule"] == rule and row.get("actual_on") in (None, str(on))


def walk(facts: Sequence[Fact]) -> Iterator[tuple[Record, Fact]]:
    """Give each fact with the record as it stood before it."""
    record = Record()
    for number, fact in enumerate(facts):
        yield record, fact
        if fact.kind == "FactCorrected":
            record = Record.of(facts[: number + 1])
        else:
            record.add(fact.seq, fact.body)


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _lab(seq: int, row: Mapping[str, Any]) -> Lab:
    limit = row.get("upper_limit")
    return Lab(
        seq=seq,
        analyte=row["analyte"],
        value=Decimal(str(row["value"])),
        upper_limit=None if limit is None else Decimal(str(limit)),
        collected_at=datetime.fromisoformat(row["collected_at"]),
        reported=row.get("reported", ""),
        corrected=row.get("status") in ("amended", "corrected"),
    )
