"""The stage groups of lung cancer by T, N and M, AJCC 9th edition. From general knowledge: a site must confirm them."""

from domain.nct06978153.sources import assumed

_N = ("N0", "N1", "N2A", "N2B", "N3")
_LOCAL = {
    "T1A": ("IA1", "IIA", "IIB", "IIIA", "IIIB"),
    "T1B": ("IA2", "IIA", "IIB", "IIIA", "IIIB"),
    "T1C": ("IA3", "IIA", "IIB", "IIIA", "IIIB"),
    "T2A": ("IB", "IIB", "IIIA", "IIIB", "IIIB"),
    "T2B": ("IIA", "IIB", "IIIA", "IIIB", "IIIB"),
    "T3": ("IIB", "IIIA", "IIIA", "IIIB", "IIIC"),
    "T4": ("IIIA", "IIIA", "IIIB", "IIIB", "IIIC"),
}
"""By T, the group of each N without metastasis."""
_METASTATIC = {"M1A": "IVA", "M1B": "IVA", "M1C1": "IVB", "M1C2": "IVB"}

STAGE_GROUPS: dict[str, tuple[str, ...]] = {
    **{f"{t} {n} M0": (group,) for t, groups in _LOCAL.items() for n, group in zip(_N, groups, strict=True)},
    **{m: (group,) for m, group in _METASTATIC.items()},
}
STAGE_SOURCE = assumed(
    "I4.2",
    "Q11",
    "stage groups of AJCC 9 as tabled here (ok); a stage that T, N and M do not give is a CONFLICT, "
    "so is a metastasis of the central nervous system or a malignant effusion staged M0",
)
