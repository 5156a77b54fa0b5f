"""Evidence about the tumour, its treatment so far, and other malignancies."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.evidence.section import Section
from domain.values import Frozen


class Histology(Section):
    """The pathology report of the diagnosis. Source: I3, E1."""

    diagnosis: Literal["SCLC", "OTHER"]
    method: Literal["HISTOLOGY", "CYTOLOGY"]
    other_components: Literal["NONE", "PRESENT", "NOT_EXCLUDED"] = Field(description="non-SCLC components")


class Staging(Section):
    """The stage of the tumour. Source: I4, E2."""

    edition: int = Field(ge=1, le=20, description="AJCC edition, 9 is required")
    t: Literal["TX", "T0", "T1", "T1A", "T1B", "T1C", "T2", "T2A", "T2B", "T3", "T4"]
    n: Literal["NX", "N0", "N1", "N2", "N2A", "N2B", "N3"]
    m: Literal["MX", "M0", "M1", "M1A", "M1B", "M1C", "M1C1", "M1C2"]
    stage: Literal["I", "IA", "IA1", "IA2", "IA3", "IB", "II", "IIA", "IIB", "IIIA", "IIIB", "IIIC", "IV", "IVA", "IVB"]
    extent: Literal["LIMITED", "EXTENSIVE"] | None = Field(None, description="VA stage, as the report has it")


class PriorTreatment(Section):
    """Anti-tumour treatment before the trial. Source: I5, E12, E13."""

    chemotherapy_cycles: int = Field(ge=0, le=50)
    others: tuple[Literal["RADIOTHERAPY", "SURGERY", "IMMUNOTHERAPY", "TARGETED", "OTHER"], ...]
    antiangiogenic: bool = Field(description="ever anlotinib, bevacizumab, endostar or another antiangiogenic drug")
    immune_modulator: bool = Field(description="ever anti-PD-1, PD-L1, CTLA-4, ICOS, CD40, CD137, GITR, OX40")


class PerformanceStatus(Section):
    """ECOG performance status; with two raters both scores. Source: I6, E3."""

    scores: tuple[Annotated[int, Field(ge=0, le=5)], ...] = Field(min_length=1, max_length=5)


class Lesion(Frozen):
    """One target lesion. Unit: mm."""

    kind: Literal["TUMOUR", "NODE"]
    diameter_mm: Decimal = Field(gt=0, le=500, description="longest diameter; of a node the short axis")
    slice_mm: Decimal = Field(gt=0, le=50, description="slice thickness of the CT")


class ThoracicImaging(Section):
    """CT or MRI of the chest. Source: I8, E10."""

    lesions: tuple[Lesion, ...]
    after_prior_cycle: bool = Field(description="made after the one permitted prior cycle; false when there was none")
    vessel_invasion: bool = Field(description="tumour invades a major vessel")
    cavity_or_necrosis: bool = Field(description="any cavity or necrosis of a lung tumour is reported")


class BrainImaging(Section):
    """CT or MRI of the brain. Source: E4."""

    modality: Literal["MRI", "CT"]
    metastasis: Literal["NONE", "TREATED_STABLE", "UNTREATED", "ACTIVE"]


class Effusion(Section):
    """Pleural or pericardial effusion, ascites. Source: E6."""

    uncontrolled: bool
    malignant: bool
    drained_on: tuple[date, ...] = Field(description="dates of drainages")
    drainage_planned: bool


class Malignancy(Frozen):
    """Another malignancy; of the two dates the later one counts."""

    kind: Literal["CERVICAL_CIS", "BASAL_CELL_CURED", "BLADDER_TA_TIS", "OTHER"]
    evidence_on: date = Field(description="last evidence of disease")
    treated_on: date | None = Field(None, description="last treatment")


class Malignancies(Section):
    """Other malignancies, ever. Source: E11."""

    found: tuple[Malignancy, ...]
