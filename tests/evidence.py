"""A whole evidence document without a finding, as of a date: each test changes what it is about."""

from datetime import date
from decimal import Decimal
from typing import Any

from domain import evidence as e
from domain.patient import commands as c

JUDGED = {
    "I1.2": "MET",
    "I1.3": "MET",
    "I7": "MET",
    "I9": "MET",
    **dict.fromkeys(("E5", "E10", "E15", "E16.4", "E26", "E27"), "NOT_TRIGGERED"),
}
"""The criteria that always ask for judgement, with the answer that lets the subject pass."""

ASKED_AGAIN = ("medication", "bleeding", "events", "effusion")
"""The sections that speak of the last days."""


def answers(on: date, **changed: str) -> tuple[e.Answer, ...]:
    """Give every judgement; `I7="NOT_MET"` changes one (a dot is written as an underscore)."""
    verdicts = JUDGED | {rule.replace("_", "."): verdict for rule, verdict in changed.items()}
    return tuple(
        e.Answer.model_validate(
            {"rule": rule, "verdict": verdict, "on": on, "surgeon": "SUR1" if rule == "I7" else None}
        )
        for rule, verdict in verdicts.items()
    )


def sections(on: date) -> dict[str, e.Section]:
    """Give every section of a man with limited-stage SCLC and nothing else."""
    return {
        "histology": e.Histology(
            on=on, document="PATH-1", diagnosis="SCLC", method="HISTOLOGY", other_components="NONE"
        ),
        "staging": e.Staging(on=on, edition=9, t="T2A", n="N1", m="M0", stage="IIB", extent="LIMITED"),
        "prior_treatment": e.PriorTreatment(
            on=on, chemotherapy_cycles=0, others=(), antiangiogenic=False, immune_modulator=False
        ),
        "performance": e.PerformanceStatus(on=on, scores=(1,)),
        "thorax": e.ThoracicImaging(
            on=on,
            lesions=(e.Lesion(kind="TUMOUR", diameter_mm=Decimal(32), slice_mm=Decimal(5)),),
            after_prior_cycle=False,
            vessel_invasion=False,
            cavity_or_necrosis=False,
        ),
        "brain": e.BrainImaging(on=on, modality="MRI", metastasis="NONE"),
        "effusion": e.Effusion(on=on, uncontrolled=False, malignant=False, drained_on=(), drainage_planned=False),
        "medication": e.Medication(on=on, immunostimulants=(), steroids=(), immunosuppressants=()),
        "anticoagulation": e.Anticoagulation(on=on, drug="NONE"),
        "blood_pressure": e.BloodPressure(
            on=on, readings=(e.Pressure(systolic=128, diastolic=82), e.Pressure(systolic=132, diastolic=80))
        ),
        "heart": e.Heart(on=on, ischaemia=0, arrhythmia=0, nyha=0, qt_ms=Decimal(390), rr_ms=Decimal(850)),
        "liver": e.Liver(on=on, cirrhosis=False, decompensated=False, antivirals=False),
        "conditions": e.Conditions(
            on=on,
            dialysis=False,
            immunodeficiency=False,
            transplant=False,
            treated_epilepsy=False,
            unhealed_wound_or_fracture=False,
            component_hypersensitivity=False,
            antibody_hypersensitivity=0,
            lung_disease=False,
            steroid_pneumonitis=False,
            neuropathy=0,
        ),
        "bleeding": e.Bleeding(on=on, tendency=False, haemoptysis_ml=Decimal(0)),
        "events": e.Events(on=on, residual_effects=False, other_trial="NONE", live_vaccine_planned=False),
        "malignancies": e.Malignancies(on=on, found=()),
        "not_measured": e.NotMeasured(on=on, analytes=("CA_ION", "UPROT24")),
    }


def clean(on: date, **changed: Any) -> c.Evidence:
    """Give the document; `staging=None` leaves a section out, `staging={"t": "T4"}` changes some of its fields."""
    known: dict[str, Any] = {
        "assessed_on": on, "weight_kg": Decimal(70), "height_cm": Decimal(170), "no_support": True,
        "judgements": answers(on), **sections(on),
    }  # fmt: skip
    for name, value in changed.items():
        known[name] = known[name].model_copy(update=value) if isinstance(value, dict) else value
    return c.Evidence(**known)


def asked_again(on: date, *names: str) -> c.RecordEvidence:
    """Give what a subject is asked again shortly before randomization or C1D1: drugs, bleeding, events, support."""
    told = {name: section for name, section in sections(on).items() if name in (names or ASKED_AGAIN)}
    return c.RecordEvidence.model_validate({"assessed_on": on, "no_support": True, **told})
