"""Epochs, planned cycles, and what fell due."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.values import Code, Frozen


class EpochEntered(Frozen):
    kind: Literal["EpochEntered"] = "EpochEntered"
    epoch: Code
    entered_on: date


class CyclePlanned(Frozen):
    kind: Literal["CyclePlanned"] = "CyclePlanned"
    cycle: int
    planned_on: date
    earliest_on: date
    latest_on: date
    anchor_on: date
    rule: str


class DueReached(Frozen):
    kind: Literal["DueReached"] = "DueReached"
    item: str
    due_at: AwareDatetime


ScheduleFact = EpochEntered | CyclePlanned | DueReached
