"""The eligibility criteria of NCT06978153 as rows: rule id, words, numbers. One function a rule is in `criteria/`."""

from decimal import Decimal
from typing import Any

from domain.nct06978153.people import INVESTIGATOR
from domain.nct06978153.remarks import (
    BLED,
    FEW_PLATELETS,
    FRESH,
    HALF,
    ILD,
    LOW_CLEARANCE,
    OTHER_TEST,
    PREGNANT,
    PRIOR_CYCLE,
    RESTAGED,
    VACCINATED,
    WINDOW_DAYS,
)
from domain.nct06978153.safety import CHILDBEARING
from domain.nct06978153.sources import assumed, rule
from domain.nct06978153.stages import STAGE_GROUPS, STAGE_SOURCE
from domain.nct06978153.waits import SURGEONS
from domain.protocol import Criterion, LabLimit, Source

LOCAL = ("T1", "T2", "T3", "N0", "N1", "N2", "M0")
NOT_COUNTED = ("CERVICAL_CIS", "BASAL_CELL_CURED", "BLADDER_TA_TIS")
STAGES = ("I", "IA", "IA1", "IA2", "IA3", "IB", "II", "IIA", "IIB", "IIIA", "IIIB")


def _limit(analyte: str, relation: str, value: str, unit: str = "", **how: bool | int) -> LabLimit:
    return LabLimit.model_validate({"analyte": analyte, "relation": relation, "value": value, "unit": unit, **how})


def _optional(rule_id: str, analyte: str, value: str, unit: str, what: str) -> LabLimit:
    """Give a limb of an exclusion whose test not every site does: it triggers above a value."""
    text = f"{what} neither measured nor declared: UNKNOWN; it passes when the evidence declares it not measured"
    source = assumed(rule_id, "Q11", f"{text} (`not_measured`), which the investigator signs; measured, it counts")
    fields = {"analyte": analyte, "relation": ">", "value": value, "unit": unit}
    return LabLimit.model_validate({**fields, "optional": True, "optional_source": source})


def _serology(analyte: str, relation: str, value: str) -> LabLimit:
    return _limit(analyte, relation, value, "{ordinal}", max_age_days=WINDOW_DAYS)


def _uln(analyte: str, relation: str, times: str) -> LabLimit:
    return _limit(analyte, relation, times, times_uln=True)


def _row(
    rule_id: str,
    title: str,
    source: Source | None = None,
    **fields: Any,  # noqa: ANN401 - fields of a row
) -> Criterion:
    kind = "EXCLUSION" if rule_id.startswith("E") else "INCLUSION"
    if "table" in fields:
        fields["table"] = {name: Decimal(value) for name, value in fields["table"].items()}
    return Criterion.model_validate(
        {"rule": rule_id, "title": title, "kind": kind, "source": source or rule(rule_id), **fields}
    )


def _aged(rule_id: str, title: str, what: str, **fields: Any) -> Criterion:  # noqa: ANN401 - fields of a row
    source = assumed(rule_id, "Q5", f"{what} at most {WINDOW_DAYS} d old at randomization and at C1D1")
    return _row(rule_id, title, source, max_age_days=WINDOW_DAYS, **fields)


def _asked(
    rule_id: str,
    title: str,
    source: Source | None = None,
    *,
    last_days: int | None = None,
    **fields: Any,  # noqa: ANN401 - fields of a row
) -> Criterion:
    """Give a row on what people are asked: how old the statement may be, and that it covers half of a look-back."""
    assumptions = (*fields.pop("assumptions", ()), FRESH if last_days is None else HALF)
    ages = {"max_age_days": WINDOW_DAYS}
    if last_days is not None:
        ages = {"max_age_days": last_days // 2, "max_age_at_first_dose_days": min(last_days, WINDOW_DAYS)}
    return _row(rule_id, title, source, assumptions=assumptions, **ages, **fields)


def _judged(rule_id: str, title: str) -> Criterion:
    return _asked(rule_id, title, judged_by=INVESTIGATOR)


INCLUSION = (
    _row("I1.1", "Informed consent signed, and who obtained it recorded",
         assumed("I1.1", "Q12", "two names: who obtained the consent and who entered it (one person may be both); "
                 "without the first UNKNOWN; a consent recorded before it was asked for is judged as it was then"),
         names=("obtained_by",)),
    _judged("I1.2", "Willing and able to comply"),
    _judged("I1.3", "Follow-up agreed"),
    _row("I2", "Age 18 to 75 completed years at consent", low=18, high=75),
    _row("I3", "SCLC by histology", judged_by=INVESTIGATOR),
    _row("I4.1", "T1 to T3, N0 to N2, M0 (AJCC 9)", low=9, accepts=LOCAL,
         groups=STAGE_GROUPS, after_progression=("staging",), assumptions=(STAGE_SOURCE, RESTAGED)),
    _row("I4.2", "Stage I to IIIB (AJCC 9)", low=9, accepts=STAGES, groups=STAGE_GROUPS,
         after_progression=("staging",)),
    _asked("I5.1", "At most one prior cycle of chemotherapy",
         assumed("I5.1", "Q4", "the prior cycle does not count towards the three"), high=1,
           cautions=(PRIOR_CYCLE,)),
    _asked("I5.2", "No other prior anti-tumour treatment"),
    _aged("I6", "ECOG 0 or 1", "ECOG", high=1),
    _asked("I7", "No contraindication to surgery", judged_by=SURGEONS),
    _aged("I8", "At least one measurable lesion (RECIST 1.1)", "imaging", table={"TUMOUR": 10, "NODE": 15, "SLICE": 5},
          after_progression=("thorax",)),
    _judged("I9", "Expected survival at least 8 weeks"),
    _asked("I10.1", "Childbearing potential", CHILDBEARING.source),
    _row("I10.2", "Serum hCG negative in 7 d before C1D1", limits=(_limit("HCG", "<=", "0", "{ordinal}"),),
         max_age_days=7),
    _asked("I10.3", "Contraception agreed until 8 weeks after the last dose",
         assumed("I10.3", "Q10", "8 weeks after the last of all study drugs")),
    _asked("I11.1", "No transfusion, blood product, G-CSF or stimulant in 14 d before the sample", last_days=14,
           days=14),
    _row("I11.2", "Hemoglobin >= 90 g/L", limits=(_limit("HB", ">=", "90", "g/L"),)),
    _row("I11.3", "Neutrophils >= 1.5 10*9/L", limits=(_limit("ANC", ">=", "1.5", "10*9/L"),)),
    _row("I11.4", "Platelets >= 80 10*9/L", limits=(_limit("PLT", ">=", "80", "10*9/L"),),
         cautions=(FEW_PLATELETS,)),
    _row("I12.1", "Total bilirubin <= 1.5 x ULN", limits=(_uln("TBIL", "<=", "1.5"),)),
    _row("I12.2", "ALT and AST <= 2.5 x ULN", limits=(_uln("ALT", "<=", "2.5"), _uln("AST", "<=", "2.5"))),
    _row("I12.3", "Creatinine <= 1.5 x ULN or creatinine clearance >= 60 mL/min",
         assumed("I12.3", "Q11", "clearance by Cockcroft-Gault with actual weight, uncapped"),
         limits=(_uln("CREAT", "<=", "1.5"), _limit("CCR", ">=", "60", "mL/min")),
         cautions=(LOW_CLEARANCE,)),
    _row("I13.1", "Urine protein < 2+", limits=(_limit("UPROT", "<", "2", "{ordinal}"),)),
    _asked("I13.2", "INR <= 1.5, if not anticoagulated", limits=(_limit("INR", "<=", "1.5", "{INR}"),)),
    _asked("I13.3", "APTT <= 1.5 x ULN, if not anticoagulated", limits=(_uln("APTT", "<=", "1.5"),)),
    _asked("I13.4", "Anticoagulated: dose stable for 14 d, test in its therapeutic range",
         assumed("I13.4", "Q1", "contradicts E16.3: CONFLICT until the sponsor rules"),
         assumptions=(OTHER_TEST,), days=14, limits=(_limit("INR", "<=", "1.5", "{INR}"), _uln("APTT", "<=", "1.5"))),
)  # fmt: skip

EXCLUSION = (
    _row("E1", "Mixed or combined SCLC"),
    _row("E2", "Extensive stage", accepts=LOCAL, after_progression=("staging",)),
    _aged("E3", "ECOG above 1", "ECOG", high=1),
    _aged("E4", "Active or untreated CNS metastasis", "brain imaging", after_progression=("brain",)),
    _judged("E5", "Uncontrolled tumour pain"),
    _asked("E6", "Uncontrolled effusion, or drained in 30 d", last_days=30, days=30),
    _row("E7", "Hypercalcaemia", rule("E7", "12 mg/dL x 0.2495 is 2.994 mmol/L"),
         limits=(_optional("E7", "CA_ION", "1.5", "mmol/L", "ionized calcium"),
                 _limit("CA", ">", "2.994", "mmol/L"))),
    _asked("E8", "Systemic immunostimulant in 28 d", last_days=28, days=28, accepts=("STIMULANT",)),
    _asked("E9.1", "Corticosteroid above 10 mg/d prednisone-equivalent in 14 d", last_days=14, days=14,
          table={"PREDNISONE": 5, "METHYLPREDNISOLONE": 4, "HYDROCORTISONE": 20, "DEXAMETHASONE": "0.75",
                 "LIMIT": 10, "SHORT_DAYS": 7}),
    _asked("E9.2", "Other immunosuppressant in 14 d", last_days=14, days=14, accepts=("SUPPRESSANT",)),
    _asked("E10", "Vessel invasion, cavity or necrosis, or high risk of fatal bleeding", judged_by=INVESTIGATOR),
    _asked("E11", "Other malignancy in 5 years", months=60, accepts=NOT_COUNTED),
    _asked("E12", "Prior anlotinib or antiangiogenic drug", accepts=("ANTIANGIOGENIC",)),
    _asked("E13", "Prior immune checkpoint or co-stimulation drug", accepts=("IMMUNE_MODULATOR",)),
    _asked("E14", "Hypersensitivity to a component", names=("component_hypersensitivity",)),
    _judged("E15", "Dysphagia, chronic diarrhoea, obstruction or the like"),
    _aged("E16.1", "Blood pressure 150/100 or above, poorly controlled", "blood pressure", low=2,
          table={"SYSTOLIC": 150, "DIASTOLIC": 100}),
    _row("E16.2", "Ischaemia, arrhythmia, QTc >= 480 ms, or NYHA II",
         assumed("E16.2", "Q11", f"Fridericia; at most {WINDOW_DAYS} d old; by another formula from 460 ms on: repeat"),
         low=2, max_age_days=WINDOW_DAYS, table={"QTC": 480, "QTC_NEAR": 460}),
    _asked("E16.3", "Coagulation, bleeding tendency, thrombolytic or anticoagulant",
         assumed("E16.3", "Q1", "contradicts I13.4: CONFLICT until the sponsor rules"), days=14,
         limits=(_limit("INR", ">", "1.5", "{INR}"), _limit("PT", ">", "4", "s", plus_uln=True),
                 _uln("APTT", ">", "1.5")),
         table={"HEPARIN_LOW": 6000, "HEPARIN_HIGH": 12000, "ASPIRIN": 100}),
    _judged("E16.4", "Active or severe uncontrolled infection"),
    _aged("E16.5", "Cirrhosis, decompensated liver, treated hepatitis", "hepatitis serology", judged_by=INVESTIGATOR,
          limits=(_serology("HBSAG", ">", "0"), _serology("HCV", ">", "0"))),
    _asked("E16.6", "Renal failure needing dialysis", names=("dialysis",)),
    _aged("E16.7", "HIV, immunodeficiency, transplant", "HIV test", limits=(_serology("HIV", ">=", "2"),),
          names=("immunodeficiency", "transplant")),
    _row("E16.8", "Fasting glucose > 10 mmol/L", limits=(_limit("GLU_F", ">", "10", "mmol/L"),)),
    _row("E16.9", "Urine protein 2+ or above, or above 1.0 g in 24 h",
         limits=(_limit("UPROT", ">=", "2", "{ordinal}"),
                 _optional("E16.9", "UPROT24", "1.0", "g/(24.h)", "24 h urine protein"))),
    _asked("E16.10", "Epilepsy needing treatment", names=("treated_epilepsy",)),
    _asked("E16.11", "Unhealed wound or fracture", names=("unhealed_wound_or_fracture",)),
    _asked("E17", "Haemoptysis > 50 mL/d in 14 d, bleeding in 3 months, occult blood 2+", last_days=14, days=14,
          months=3, limits=(_limit("FOB", ">=", "2", "{ordinal}", at_randomization=True),), table={"HAEMOPTYSIS": 50},
          reports=(BLED,)),
    _asked("E18", "Interstitial lung disease, ever", names=("lung_disease", "steroid_pneumonitis"),
         reports=(ILD,)),
    _asked("E19", "Thromboembolism in 6 months", months=6),
    _asked("E20", "Peripheral neuropathy grade 2 or above", assumed("E20", "Q11", "CTCAE 5.0"), low=2,
         names=("neuropathy",)),
    _asked("E21", "Major surgery or severe trauma in 14 d", last_days=14, days=14),
    _asked("E22", "In another trial, or less than 28 d since its treatment", last_days=28, days=28,
           judged_by=INVESTIGATOR),
    _asked("E23", "Live vaccine in 30 d, or planned", last_days=30, days=30, reports=(VACCINATED,)),
    _asked("E24", "Severe hypersensitivity to an antibody", low=3, names=("antibody_hypersensitivity",)),
    _asked("E25", "Pregnant or lactating", limits=(_limit("HCG", ">", "0", "{ordinal}"),), reports=(PREGNANT,)),
    _judged("E26", "Uncontrolled psychiatric or neurological disorder"),
    _judged("E27", "Another factor, by the investigator"),
)  # fmt: skip

CRITERIA = (*INCLUSION, *EXCLUSION)
BEFORE_FIRST_DOSE = (
    "I6",
    "I8",
    "I10.2",
    "I11.1",
    "E4",
    "E8",
    "E9.1",
    "E9.2",
    "E16.1",
    "E16.2",
    "E17",
    "E18",
    "E19",
    "E21",
    "E23",
    "E25",
)
"""What is held against C1D1 again, beside the gate: evidence with an age, and look-backs. Source: 3.1, anchors."""
