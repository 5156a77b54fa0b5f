"""Whether the parts of a stage agree: T, N and M with the stage group, and M with what imaging and effusions show."""

from collections.abc import Iterator, Mapping

from domain import evidence as e
from domain.criteria.case import Reading
from domain.criteria.limbs import Limb, conflict, unknown, used
from domain.findings import EvidenceUsed

PARTS: Mapping[str, tuple[str, ...]] = {
    "T1": ("T1A", "T1B", "T1C"),
    "T2": ("T2A", "T2B"),
    "N2": ("N2A", "N2B"),
    "M1": ("M1A", "M1B", "M1C1", "M1C2"),
    "M1C": ("M1C1", "M1C2"),
    "I": ("IA1", "IA2", "IA3", "IB"),
    "IA": ("IA1", "IA2", "IA3"),
    "II": ("IIA", "IIB"),
    "IV": ("IVA", "IVB"),
}
"""What a word without its letter or number may mean."""


def of_group(section: e.Staging, groups: Mapping[str, tuple[str, ...]], evidence: EvidenceUsed) -> Iterator[Limb]:
    """Give what contradicts the stage group: T, N and M that are another one. Source: I4.1, I4.2."""
    possible = stages_of(section, groups)
    if possible and not possible.intersection(_meanings(section.stage)):
        shown = " or ".join(sorted(possible))
        tnm = f"{section.t} {section.n} {section.m}"
        yield conflict(f"{tnm} is stage {shown}, reported as stage {section.stage}", evidence)


def metastases(reading: Reading, section: e.Staging, evidence: EvidenceUsed) -> Iterator[Limb]:
    """Give what shows a metastasis in a tumour staged M0, and what is not documented of it. Source: E2, E4, E6."""
    if section.m != "M0":
        return
    effusion, brain = reading.section(e.Effusion), reading.section(e.BrainImaging)
    if effusion is None:
        yield unknown("whether an effusion is malignant (M1a) is not documented", evidence)
    elif effusion.malignant:
        yield conflict("a malignant effusion is M1a, staged as M0", evidence, used("effusion", "malignant", effusion))
    if brain is None:
        yield unknown("whether the central nervous system has a metastasis (M1) is not documented", evidence)
    elif brain.metastasis != "NONE":
        shown = used(f"brain {brain.modality}", brain.metastasis, brain)
        yield conflict("a metastasis of the central nervous system is M1, staged as M0", evidence, shown)


def stages_of(section: e.Staging, groups: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Give the stage groups that T, N and M may be; none where the table says nothing (TX, T0, NX, MX)."""
    found: set[str] = set()
    for m in _meanings(section.m):
        if m in groups:
            found.update(groups[m])
        for t in _meanings(section.t):
            for n in _meanings(section.n):
                found.update(groups.get(f"{t} {n} {m}", ()))
    return found


def _meanings(word: str) -> tuple[str, ...]:
    return PARTS.get(word, (word,))
