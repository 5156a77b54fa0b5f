"""Screening evidence that is no laboratory value: one section a topic, each a whole statement as of its date.

A section that is absent is unknown, never "none": an empty list or `false` says that somebody looked and found none.
The latest section of a topic counts; two of the same date that lead to different verdicts are a CONFLICT.
"""

from domain.evidence.body import Bleeding, BloodPressure, Conditions, Events, Heart, Liver, Pressure, Reproduction
from domain.evidence.document import NAMES, Answer, Judged, NotMeasured, Sections
from domain.evidence.drugs import Anticoagulation, Course, Medication, SteroidCourse
from domain.evidence.section import Grade, Section
from domain.evidence.tumour import (
    BrainImaging,
    Effusion,
    Histology,
    Lesion,
    Malignancies,
    Malignancy,
    PerformanceStatus,
    PriorTreatment,
    Staging,
    ThoracicImaging,
)

__all__ = [
    "NAMES",
    "Answer",
    "Anticoagulation",
    "Bleeding",
    "BloodPressure",
    "BrainImaging",
    "Conditions",
    "Course",
    "Effusion",
    "Events",
    "Grade",
    "Heart",
    "Histology",
    "Judged",
    "Lesion",
    "Liver",
    "Malignancies",
    "Malignancy",
    "Medication",
    "NotMeasured",
    "PerformanceStatus",
    "Pressure",
    "PriorTreatment",
    "Reproduction",
    "Section",
    "Sections",
    "Staging",
    "SteroidCourse",
    "ThoracicImaging",
]
