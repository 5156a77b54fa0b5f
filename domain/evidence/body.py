"""Evidence about organs, conditions, events and childbearing."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from domain.evidence.section import Grade, Section
from domain.values import Frozen


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


class Reproduction(Section):
    """Childbearing potential. For women only. Source: I10, E25."""

    sterile: bool = Field(description="permanently sterile by surgery")
    lactating: bool
    contraception_agreed: bool = Field(description="until 8 weeks after the last study drug (I10.3)")
