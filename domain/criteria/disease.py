"""Criteria about the tumour: histology, stage, prior treatment, lesions, metastasis."""

from datetime import date

from domain import evidence as e
from domain.criteria.case import Reading, within_days
from domain.criteria.limbs import (
    Limb,
    conflict,
    every,
    fails,
    fresh,
    holds,
    judged,
    missing,
    passes,
    stale,
    unknown,
    used,
)
from domain.criteria.staging import metastases, of_group
from domain.findings import EvidenceUsed, Finding
from domain.protocol import Criterion


def i3(reading: Reading, criterion: Criterion) -> Finding:
    """SCLC by histology; by cytology alone the investigator must accept it. Source: I3."""
    section = reading.section(e.Histology)
    if section is None:
        return every(criterion, missing("histology"))
    evidence = used("diagnosis", f"{section.diagnosis} by {section.method}", section)
    if section.diagnosis != "SCLC":
        return every(criterion, fails(f"the diagnosis is {section.diagnosis}", evidence))
    if not section.document:
        return every(criterion, unknown("the pathology report is not named", evidence))
    if section.method == "CYTOLOGY":
        if criterion.rule not in reading.case.judgements:
            return every(criterion, unknown("cytology alone: the investigator must accept it", evidence))
        return every(criterion, judged(reading, criterion, "cytology alone"))
    return every(criterion, passes(f"SCLC by histology, report {section.document}", evidence))


def _staging(reading: Reading, criterion: Criterion) -> tuple[e.Staging, EvidenceUsed] | Limb:
    section = reading.section(e.Staging)
    if section is None:
        return missing("stage")
    shown = f"{section.t} {section.n} {section.m}, stage {section.stage}, edition {section.edition}"
    evidence = used("stage", shown, section)
    if section.edition != criterion.low:
        return unknown(f"staged by edition {section.edition}: stage again by edition {criterion.low}", evidence)
    return section, evidence


def i4_1(reading: Reading, criterion: Criterion) -> Finding:
    """T1 to T3, N0 to N2, M0 by the edition in force. Source: I4.1."""
    found = _staging(reading, criterion)
    if isinstance(found, Limb):
        return every(criterion, found)
    section, evidence = found
    limbs = []
    for word in (section.t, section.n, section.m):
        if word.endswith("X"):
            limbs.append(unknown(f"{word} says nothing", evidence))
        else:
            limbs.append(holds(word[:2] in criterion.accepts, f"{word}", evidence))
    limbs.extend(of_group(section, criterion.groups, evidence))
    return every(criterion, *limbs, *metastases(reading, section, evidence))


def i4_2(reading: Reading, criterion: Criterion) -> Finding:
    """Stage group I to IIIB by the edition in force. Source: I4.2."""
    found = _staging(reading, criterion)
    if isinstance(found, Limb):
        return every(criterion, found)
    section, evidence = found
    accepted = f"{criterion.accepts[0]} to {criterion.accepts[-1]} accepted"
    limb = holds(section.stage in criterion.accepts, f"stage {section.stage}, {accepted}", evidence)
    return every(criterion, limb, *of_group(section, criterion.groups, evidence))


def i5_1(reading: Reading, criterion: Criterion) -> Finding:
    """At most one cycle of chemotherapy before. Source: I5.1."""
    section = reading.section(e.PriorTreatment)
    if section is None:
        return every(criterion, missing("prior treatment"))
    count, high = section.chemotherapy_cycles, criterion.high or 0
    evidence = used("prior chemotherapy", f"{count} cycles", section)
    limb = holds(count <= high, f"{count} cycles, at most {high} accepted", evidence)
    return every(criterion, limb, *fresh(reading, criterion, "prior treatment", section))


def i5_2(reading: Reading, criterion: Criterion) -> Finding:
    """No other anti-tumour treatment before. Source: I5.2."""
    section = reading.section(e.PriorTreatment)
    if section is None:
        return every(criterion, missing("prior treatment"))
    found = ", ".join(section.others) or "none"
    limb = holds(not section.others, f"other prior treatment: {found}", used("others", found, section))
    return every(criterion, limb, *fresh(reading, criterion, "prior treatment", section))


def prior_drug(reading: Reading, criterion: Criterion) -> Finding:
    """No drug of this class ever before. Source: E12, E13."""
    section = reading.section(e.PriorTreatment)
    if section is None:
        return every(criterion, missing("prior treatment"))
    had = section.antiangiogenic if criterion.accepts == ("ANTIANGIOGENIC",) else section.immune_modulator
    what = criterion.title
    limb = holds(not had, f"{what}: {'yes' if had else 'never'}", used(what, had, section))
    return every(criterion, limb, *fresh(reading, criterion, "prior treatment", section))


def i8(reading: Reading, criterion: Criterion) -> Finding:
    """At least one measurable lesion on a fresh scan. Source: I8 (RECIST 1.1)."""
    section = reading.section(e.ThoracicImaging)
    if section is None:
        return every(criterion, missing("imaging of the chest"))
    evidence = used("lesions", len(section.lesions), section)
    old = stale(reading, "imaging", section.on, criterion.max_age_days, evidence)
    if old is not None:
        return every(criterion, old)
    prior = reading.section(e.PriorTreatment)
    if prior is None:
        return every(criterion, unknown("whether there was a prior cycle of chemotherapy is not documented", evidence))
    if prior.chemotherapy_cycles > 0 and not section.after_prior_cycle:
        return every(criterion, unknown("the scan was made before the prior cycle of chemotherapy", evidence))
    slice_mm = criterion.table["SLICE"]
    measurable = [
        lesion for lesion in section.lesions
        if lesion.diameter_mm >= criterion.table[lesion.kind] and lesion.slice_mm <= slice_mm
    ]  # fmt: skip
    sentence = f"{len(measurable)} of {len(section.lesions)} lesions measurable"
    return every(criterion, holds(bool(measurable), sentence, evidence))


def e1(reading: Reading, criterion: Criterion) -> Finding:
    """Mixed or combined SCLC. Source: E1."""
    section = reading.section(e.Histology)
    if section is None:
        return every(criterion, missing("histology"))
    evidence = used("other components", section.other_components, section)
    if section.other_components == "NOT_EXCLUDED":
        return every(criterion, unknown("non-SCLC components are not excluded", evidence))
    present = section.other_components == "PRESENT"
    return every(criterion, holds(not present, f"non-SCLC components: {section.other_components}", evidence))


def e2(reading: Reading, criterion: Criterion) -> Finding:
    """Extensive stage, or M1; TNM, extent and a malignant effusion must agree. Source: E2, E6."""
    section = reading.section(e.Staging)
    if section is None:
        return every(criterion, missing("stage"))
    evidence = used("stage", f"{section.m}, {section.extent or 'extent not reported'}", section)
    if section.m == "MX":
        return every(criterion, unknown("MX says nothing", evidence))
    metastatic = section.m != "M0"
    local = section.t[:2] in criterion.accepts and section.n[:2] in criterion.accepts
    if (section.extent == "LIMITED" and metastatic) or (section.extent == "EXTENSIVE" and not metastatic and local):
        return every(
            criterion, conflict(f"{section.extent} and {section.t} {section.n} {section.m} disagree", evidence)
        )
    extensive = metastatic or section.extent == "EXTENSIVE"
    limb = holds(not extensive, f"{section.m}, {section.extent or 'extent from TNM'}", evidence)
    return every(criterion, limb, *metastases(reading, section, evidence))


def e4(reading: Reading, criterion: Criterion) -> Finding:
    """Active or untreated metastasis of the central nervous system; any is M1, so TNM must agree. Source: E4."""
    section = reading.section(e.BrainImaging)
    if section is None:
        return every(criterion, unknown("no brain imaging"))
    evidence = used(f"brain {section.modality}", section.metastasis, section)
    bad = section.metastasis in ("UNTREATED", "ACTIVE")
    old = None if bad else stale(reading, "brain imaging", section.on, criterion.max_age_days, evidence)
    if old is not None:
        return every(criterion, old)
    limb, staging = holds(not bad, f"metastasis: {section.metastasis}", evidence), reading.section(e.Staging)
    if section.metastasis == "NONE":
        return every(criterion, limb)
    if staging is None:
        return every(criterion, limb, missing("stage, which must be M1,"))
    return every(criterion, limb, *metastases(reading, staging, used("stage", staging.m, staging)))


def e6(reading: Reading, criterion: Criterion) -> Finding:
    """Effusion or ascites that is uncontrolled or drained monthly. Source: E6."""
    section = reading.section(e.Effusion)
    if section is None:
        return every(criterion, missing("effusions"))
    recent = [on for on in section.drained_on if within_days(reading, on, criterion.days or 0)]
    limbs = [holds(not section.uncontrolled, "uncontrolled" if section.uncontrolled else "controlled or none",
                   used("effusion", "uncontrolled" if section.uncontrolled else "controlled", section))]  # fmt: skip
    last: date | None = max(recent, default=None)
    drained = f"drained on {last}" if last else f"not drained in {criterion.days} d"
    limbs.append(holds(not recent and not section.drainage_planned,
                       f"{drained}, {'planned' if section.drainage_planned else 'none planned'}",
                       used("drainages", len(section.drained_on), section, last)))  # fmt: skip
    return every(criterion, *limbs, *fresh(reading, criterion, "effusion", section))


def e10(reading: Reading, criterion: Criterion) -> Finding:
    """Vessel invasion, cavity or necrosis on imaging, or a high risk of fatal bleeding. Source: E10."""
    section = reading.section(e.ThoracicImaging)
    if section is None:
        return every(criterion, missing("imaging of the chest"))
    limbs = []
    for what, found in (("invasion of a major vessel", section.vessel_invasion),
                        ("cavity or necrosis", section.cavity_or_necrosis)):  # fmt: skip
        limbs.append(holds(not found, f"{what}: {'yes' if found else 'no'}", used(what, found, section)))
    return every(criterion, *limbs, judged(reading, criterion, "risk of fatal bleeding"))
