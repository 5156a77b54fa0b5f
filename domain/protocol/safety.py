"""Safety reporting, what happenings on treatment ask for, contraception, pathological response."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from domain.protocol.basis import Escalation, Reminder, Role, Source
from domain.protocol.criteria import LabLimit
from domain.values import Code, Frozen, Sex

Recipient = Literal["SPONSOR", "EC", "AUTHORITY"]
Stage = Literal["INITIAL", "FOLLOW_UP"]


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
    found_by: tuple[LabLimit, ...] = Field((), description="results that tell of it by themselves after randomization")
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


class Childbearing(Frozen):
    """Who is reckoned to be of childbearing potential: by sex, and age in completed years at consent."""

    sex: Sex
    age_from: int
    age_to: int
    source: Source

    def covers(self, sex: Sex, age: int) -> bool:
        """Say whether pregnancy is to be reckoned with at this age, the first and the last year included."""
        return sex == self.sex and self.age_from <= age <= self.age_to


class Contraception(Frozen):
    """How many days after the last of all study drugs contraception goes on, in those of childbearing potential."""

    ends: Reminder
    source: Source


class PathologicalResponse(Frozen):
    """What pathological response means. Unit: percent of viable tumour in the tumour bed."""

    major_at_most: Decimal
    complete_at_most: Decimal
    source: Source
