"""The table of laboratory tests and measurements the protocol uses: codes, units, words, and codes known not to count.

Data only. A code counts within its own code system, in one of the units accepted for it. Source: clinical-spec 3.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

LOINC = "http://loinc.org"
OWN = "analyte"
"""The code system of the product's own codes (HB, ANC, ...)."""
ORDINAL = "{ordinal}"
"""The unit of a result in words: its step on a scale."""
NEGATIVE, INDETERMINATE, POSITIVE = 0, 1, 2
"""The steps of a test for presence."""

PRESENCE: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("negative", "neg", "-", "non-reactive", "nonreactive", "non reactive", "not detected"), NEGATIVE)
    | dict.fromkeys(("indeterminate", "equivocal", "inconclusive", "borderline"), INDETERMINATE)
    | dict.fromkeys(("positive", "pos", "+", "reactive", "detected"), POSITIVE)
    | {"阴性": NEGATIVE, "阳性": POSITIVE}
)
"""Words of a test for presence."""

ORDINALS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("negative", "neg", "-", "阴性", "trace", "+-"), 0)
    | {"1+": 1, "+": 1, "2+": 2, "++": 2, "3+": 3, "+++": 3, "4+": 4, "++++": 4}
)
"""Steps of a test strip. "Positive" without its plusses is none of them: I13.1, E16.9 and E17 ask for the step."""


@dataclass(frozen=True, slots=True)
class Analyte:
    """A test: its canonical UCUM unit, LOINC codes and accepted units; `only` narrows the units of single codes.

    With a `scale` a result is a word on it, also in words for a code that allows no unit. A number with a unit on a
    scale (`measured_in`) is held against the report's upper limit: at or below it negative, above it positive, and
    indeterminate without one.
    """

    code: str
    label: str
    unit: str
    loinc: tuple[str, ...]
    accepted: tuple[str, ...] = ()
    scale: Mapping[str, int] | None = None
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    measured_in: str = ""
    by_site_list: tuple[str, ...] = ()

    @property
    def ordinal(self) -> bool:
        """Say whether the value is a step on a scale."""
        return self.scale is not None

    @property
    def number_unit(self) -> str:
        """The unit in which a number is held against its limits and its bounds."""
        return self.measured_in or self.unit

    @property
    def stored_loinc(self) -> str:
        """The LOINC code that fits a value as it is stored: of its canonical unit, or of a word on its scale."""
        if self.ordinal:
            return next((code for code in self.loinc if not self.units_of(code)), self.loinc[0])
        return next((code for code in self.loinc if self.unit in self.units_of(code)), self.loinc[0])

    def units_of(self, code: str) -> tuple[str, ...]:
        """Give the units accepted with a laboratory's code, or with the product's own."""
        return self.only.get(code, self.accepted)


_CELLS = ("10*9/L", "10*3/uL", "/uL", "{cells}/uL", "10^9/L", "cells/uL")
_ENZYME = ("U/L", "ukat/L")
_MOLAR, _MASS = ("mmol/L",), ("mg/dL",)
_MICROMOLAR = ("umol/L",)
_HCG = ("m[IU]/mL",)
_TIME = ("ms", "s")

ANALYTES: Mapping[str, Analyte] = {
    row.code: row
    for row in (
        Analyte("HB", "Hemoglobin", "g/L", ("718-7",), ("g/L", "g/dL")),
        Analyte("ANC", "Neutrophils", "10*9/L", ("26499-4", "751-8"), _CELLS),
        Analyte("PLT", "Platelets", "10*9/L", ("26515-7", "777-3"), _CELLS),
        Analyte(
            "TBIL", "Total bilirubin", "umol/L", ("1975-2", "14631-6"), _MICROMOLAR + _MASS,
            only={"1975-2": _MASS, "14631-6": _MICROMOLAR},
        ),
        Analyte("ALT", "ALT", "U/L", ("1742-6",), _ENZYME),
        Analyte("AST", "AST", "U/L", ("1920-8",), _ENZYME),
        Analyte(
            "CREAT", "Creatinine", "umol/L", ("2160-0", "14682-9"), _MICROMOLAR + _MASS,
            only={"2160-0": _MASS, "14682-9": _MICROMOLAR},
        ),
        Analyte("UPROT", "Urine protein, dipstick", ORDINAL, ("20454-5",), scale=ORDINALS),
        Analyte("UPROT24", "Urine protein in 24 h", "g/(24.h)", ("2889-4",), ("g/(24.h)", "mg/(24.h)")),
        Analyte("INR", "INR", "{INR}", ("6301-6",), ("{INR}", "1")),
        Analyte("PT", "Prothrombin time", "s", ("5902-2",), ("s",)),
        Analyte("APTT", "APTT", "s", ("14979-9",), ("s",), by_site_list=("3173-2",)),
        Analyte(
            "CA", "Calcium, total", "mmol/L", ("17861-6", "2000-8"), _MOLAR + _MASS,
            only={"17861-6": _MASS, "2000-8": _MOLAR},
        ),
        Analyte(
            "CA_ION", "Calcium, ionized", "mmol/L", ("1995-0", "12180-6", "1994-3", "17864-0"), _MOLAR + _MASS,
            only={"1995-0": _MOLAR, "12180-6": _MOLAR, "1994-3": _MOLAR, "17864-0": _MASS},
        ),
        Analyte("CA_CORR", "Calcium, corrected by the laboratory", "mmol/L", ("29265-6",), _MOLAR + _MASS),
        Analyte("ALB", "Albumin", "g/L", ("1751-7",), ("g/L", "g/dL")),
        Analyte(
            "GLU_F", "Fasting glucose", "mmol/L", ("14771-0", "1558-6"), _MOLAR + _MASS,
            only={"14771-0": _MOLAR, "1558-6": _MASS},
        ),
        Analyte("FOB", "Faecal occult blood", ORDINAL, ("2335-8", "29771-3", "57905-2"), scale=ORDINALS),
        Analyte(
            "HCG", "Serum hCG", ORDINAL, ("2118-8", "2110-5", "19080-1", "21198-7"), _HCG,
            scale=PRESENCE, only={"2118-8": (), "2110-5": ()}, measured_in="m[IU]/mL",
        ),
        Analyte("HIV", "HIV 1+2 antibody", ORDINAL, ("31201-7",), scale=PRESENCE),
        Analyte("HBSAG", "Hepatitis B surface antigen", ORDINAL, ("5196-1",), scale=PRESENCE),
        Analyte("HBVDNA", "Hepatitis B virus DNA", "[IU]/mL", ("29615-2",), ("[IU]/mL",)),
        Analyte("HCV", "Hepatitis C antibody", ORDINAL, ("16128-1",), scale=PRESENCE),
        Analyte("QTCF", "QTc by Fridericia", "ms", ("76634-5",), _TIME),
        Analyte("QTCB", "QTc by Bazett", "ms", ("76635-2",), _TIME),
        Analyte("QTC", "QTc, formula not stated", "ms", ("8636-3",), _TIME),
        Analyte("SBP", "Systolic blood pressure", "mm[Hg]", ("8480-6",), ("mm[Hg]",)),
        Analyte("DBP", "Diastolic blood pressure", "mm[Hg]", ("8462-4",), ("mm[Hg]",)),
        Analyte("WEIGHT", "Body weight", "kg", ("29463-7", "3141-9"), ("kg", "g", "[lb_av]")),
        Analyte("HEIGHT", "Body height", "cm", ("8302-2",), ("cm", "m", "[in_i]")),
    )
}  # fmt: skip
"""Every test by the product's code. CA_CORR is a test of its own, so that it is never corrected for albumin again."""

BY_LOINC: Mapping[str, Analyte] = {loinc: analyte for analyte in ANALYTES.values() for loinc in analyte.loinc}

_RANDOM_GLUCOSE = "not a fasting glucose: E16.8 needs a fasting one"
_URINE_HCG = "urine test is not accepted: I10.2 needs a serum test"
NEVER_USED: Mapping[str, str] = {
    "2345-7": _RANDOM_GLUCOSE,
    "14749-6": _RANDOM_GLUCOSE,
    "2106-3": _URINE_HCG,
    "2112-1": _URINE_HCG,
    "3140-1": "body surface area is computed here from height and weight",
    "35591-7": "creatinine clearance is computed here from creatinine, age, sex and weight",
    "2164-2": "a measured clearance, not that of Cockcroft-Gault",
    "21482-5": "a concentration, not the amount of protein in 24 h",
} | {
    loinc: f"{analyte.label} by {loinc} counts only by a site's list, and no site has one: accepted {analyte.loinc[0]}"
    for analyte in ANALYTES.values()
    for loinc in analyte.by_site_list
}
"""LOINC codes that are near what the protocol asks for and never count, each with its reason."""


def analyte_of(code: str, system: str = LOINC) -> str | None:
    """Give the product's code for a laboratory code, or None when the protocol does not use it."""
    if system == OWN:
        return code if code in ANALYTES else None
    found = BY_LOINC.get(code) if system == LOINC else None
    return found.code if found else None


def why_not(code: str, system: str) -> str:
    """Say why a code decides nothing."""
    known = NEVER_USED.get(code, "") if system == LOINC else ""
    return known or "code is not one of those the protocol uses"
