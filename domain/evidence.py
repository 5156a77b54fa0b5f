"""Screening evidence that is no laboratory value: one section a topic, each a whole statement as of its date.

A section that is absent is unknown, never "none": an empty list or `false` says that somebody looked and found none.
The latest section of a topic counts; two of the same date that lead to different verdicts are a CONFLICT.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.values import Code, Frozen

Grade = Annotated[int, Field(ge=0, le=5, description="CTCAE 5.0 grade, 0 for none")]


class Section(Frozen):
    """What every section holds: the date it is true of, and where it stands."""

    on: date = Field(description="date of the assessment, report or examination")
    document: str = Field("", max_length=200, description="source document, for example a report number")
    standard_of_care: bool = Field(False, description="done for care, not for the trial: may be before the consent")


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


class Pressure(Frozen):
    """One reading. Unit: mm[Hg]."""

    systolic: int = Field(gt=40, lt=300)
    diastolic: int = Field(gt=20, lt=200)


class BloodPressure(Section):
    """The last readings on treatment, the newest last. Source: E16.1."""

    readings: tuple[Pressure, ...] = Field(min_length=1, max_length=20)


class Heart(Section):
    """Heart disease and the electrocardiogram. Source: E16.2."""

    ischaemia: Grade = Field(description="myocardial ischaemia or infarction, CTCAE 5.0 grade")
    arrhythmia: Grade = Field(description="arrhythmia, CTCAE 5.0 grade")
    nyha: int = Field(ge=0, le=4, description="NYHA class, 0 for no heart failure")
    qt_ms: Decimal | None = Field(None, gt=100, lt=1000, description="QT interval, ms")
    rr_ms: Decimal | None = Field(None, gt=200, lt=3000, description="RR interval, ms")
    qtc_ms: Decimal | None = Field(None, gt=100, lt=1000, description="QTc as reported, ms, when QT and RR are not")
    formula: Literal["FRIDERICIA", "BAZETT", "OTHER"] | None = Field(None, description="formula of the reported QTc")


class Liver(Section):
    """Liver disease. Source: E16.5."""

    cirrhosis: bool
    decompensated: bool
    antivirals: bool = Field(description="hepatitis treated with antivirals")


class Conditions(Section):
    """Conditions that a history and an examination answer with yes or no. Source: E11 to E26."""

    dialysis: bool = Field(description="renal failure that needs dialysis (E16.6)")
    immunodeficiency: bool = Field(description="HIV, acquired or inborn immunodeficiency (E16.7)")
    transplant: bool = Field(description="any organ or stem-cell transplant (E16.7)")
    treated_epilepsy: bool = Field(description="epilepsy that needs treatment now (E16.10)")
    unhealed_wound_or_fracture: bool = Field(description="(E16.11)")
    component_hypersensitivity: bool = Field(description="to a component of anlotinib or benmelstobart (E14)")
    antibody_hypersensitivity: Grade = Field(description="worst reaction to a monoclonal antibody, grade (E24)")
    lung_disease: bool = Field(description="any history of interstitial lung disease, drug-induced too (E18)")
    steroid_pneumonitis: bool = Field(description="radiation pneumonitis that needed steroids (E18)")
    neuropathy: Grade = Field(description="peripheral neuropathy, not from trauma, grade (E20)")


class Bleeding(Section):
    """Bleeding. Source: E16.3, E17."""

    tendency: bool = Field(description="bleeding tendency (E16.3)")
    haemoptysis_ml: Decimal = Field(ge=0, le=5000, description="most blood coughed up on one day, mL")
    haemoptysis_on: date | None = Field(None, description="the day of it; needed when above 0")
    significant_on: date | None = Field(None, description="the last clinically significant bleeding, if any")


class Events(Section):
    """Events that count for a while. Source: E11, E19, E21, E22, E23."""

    thromboembolism_on: date | None = Field(None, description="last arterial or venous thromboembolism (E19)")
    major_surgery_on: date | None = Field(None, description="last major surgery or severe trauma; no biopsy (E21)")
    residual_effects: bool = Field(description="of surgery or trauma (E21)")
    trial_treatment_on: date | None = Field(None, description="last treatment in another trial (E22)")
    other_trial: Literal["NONE", "INTERVENTIONAL", "OBSERVATIONAL"] = Field(description="in another trial now (E22)")
    live_vaccine_on: date | None = Field(None, description="last live vaccine (E23)")
    live_vaccine_planned: bool = Field(description="a live vaccine is planned (E23)")


class Malignancy(Frozen):
    """Another malignancy; of the two dates the later one counts."""

    kind: Literal["CERVICAL_CIS", "BASAL_CELL_CURED", "BLADDER_TA_TIS", "OTHER"]
    evidence_on: date = Field(description="last evidence of disease")
    treated_on: date | None = Field(None, description="last treatment")


class Malignancies(Section):
    """Other malignancies, ever. Source: E11."""

    found: tuple[Malignancy, ...]


class Reproduction(Section):
    """Childbearing potential. For women only. Source: I10, E25."""

    sterile: bool = Field(description="permanently sterile by surgery")
    lactating: bool
    contraception_agreed: bool = Field(description="until 8 weeks after the last study drug (I10.3)")


class NotMeasured(Section):
    """Tests that the investigator decided not to do, where a criterion offers another limb. Source: E7, E16.9."""

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
