"""Evidence about drugs that act on the immune system or on coagulation."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from domain.evidence.section import Section
from domain.values import Code, Frozen


class Course(Frozen):
    """A drug over some days. `stopped_on` is the last day; without it the drug is still taken."""

    drug: Code
    started_on: date
    stopped_on: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Course":
        """Refuse a course that ends before it begins."""
        if self.stopped_on is not None and self.stopped_on < self.started_on:
            raise ValueError("stopped_on is expected on or after started_on")
        return self


class SteroidCourse(Course):
    """A corticosteroid. Unit: mg a day."""

    mg_per_day: Decimal = Field(gt=0, le=5000)
    route: Literal["SYSTEMIC", "TOPICAL", "OCULAR", "INTRA_ARTICULAR", "NASAL", "INHALED"]
    purpose: Literal["REPLACEMENT", "PROPHYLAXIS", "NON_AUTOIMMUNE", "OTHER"]


class Medication(Section):
    """Drugs that act on the immune system, of the last months. Source: E8, E9."""

    immunostimulants: tuple[Course, ...] = Field(description="systemic: interferon alpha, interleukin-2, TNF")
    steroids: tuple[SteroidCourse, ...]
    immunosuppressants: tuple[Course, ...] = Field(description="other than corticosteroids")


class Anticoagulation(Section):
    """Drugs that act on coagulation. Source: I13.2, I13.3, I13.4, E16.3."""

    drug: Literal["NONE", "LOW_DOSE_HEPARIN", "ASPIRIN", "FULL_DOSE", "PARENTERAL", "THROMBOLYTIC"]
    units_per_day: Decimal | None = Field(None, gt=0, description="heparin, units a day; a dose in mg stays out")
    mg_per_day: Decimal | None = Field(None, gt=0, description="aspirin, mg a day")
    stable_since: date | None = Field(None, description="since when the dose is unchanged")
    tested: Literal["INR", "APTT"] | None = Field(None, description="the test that guides the dose")
    range_low: Decimal | None = Field(None, description="therapeutic range, as the investigator entered it")
    range_high: Decimal | None = None
