"""The sections together as one document, and the answers to criteria that ask for judgement."""

from datetime import date
from typing import Literal

from pydantic import Field

from domain.evidence.body import Bleeding, BloodPressure, Conditions, Events, Heart, Liver, Reproduction
from domain.evidence.drugs import Anticoagulation, Medication
from domain.evidence.section import Section
from domain.evidence.tumour import (
    BrainImaging,
    Effusion,
    Histology,
    Malignancies,
    PerformanceStatus,
    PriorTreatment,
    Staging,
    ThoracicImaging,
)
from domain.values import Code, Frozen


class NotMeasured(Section):
    """Tests that the investigator decided not to do, where a criterion offers another limb. Source: E7, E16.9, Q11."""

    analytes: tuple[Code, ...] = Field(description="for example CA_ION, UPROT24")


class Sections(Frozen):
    """The sections of an evidence document. What is not known is left out, never guessed."""

    histology: Histology | None = None
    staging: Staging | None = None
    prior_treatment: PriorTreatment | None = None
    performance: PerformanceStatus | None = None
    thorax: ThoracicImaging | None = None
    brain: BrainImaging | None = None
    effusion: Effusion | None = None
    medication: Medication | None = None
    anticoagulation: Anticoagulation | None = None
    blood_pressure: BloodPressure | None = None
    heart: Heart | None = None
    liver: Liver | None = None
    conditions: Conditions | None = None
    bleeding: Bleeding | None = None
    events: Events | None = None
    malignancies: Malignancies | None = None
    reproduction: Reproduction | None = None
    not_measured: NotMeasured | None = None


NAMES = tuple(Sections.model_fields)
"""The names of the sections."""
Judged = Literal["MET", "NOT_MET", "TRIGGERED", "NOT_TRIGGERED"]


class Answer(Frozen):
    """An investigator's answer to a criterion that asks for judgement."""

    rule: Code = Field(description="the criterion, for example I7")
    verdict: Judged = Field(description="MET or NOT_MET of an inclusion, TRIGGERED or NOT_TRIGGERED of an exclusion")
    on: date = Field(description="date of the judgement")
    why: str = Field("", max_length=1000, description="grounds; required for E27 when triggered")
    surgeon: Code | None = Field(None, description="I7: the thoracic surgeon's staff code")
