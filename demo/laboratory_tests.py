"""The tests of the simulated laboratory: codes, names, reference ranges, words. Data, and none of the product's."""

from __future__ import annotations

from typing import Final, NamedTuple

HAEMOGLOBIN: Final = "718-7"
NEUTROPHILS: Final = "751-8"
PLATELETS: Final = "777-3"
BILIRUBIN: Final = "1975-2"
ALT: Final = "1742-6"
AST: Final = "1920-8"
CREATININE: Final = "2160-0"
URINE_PROTEIN: Final = "20454-5"
LEUKOCYTES: Final = "6690-2"

INR: Final = "6301-6"
PROTHROMBIN_TIME: Final = "5902-2"
APTT: Final = "14979-9"
CALCIUM: Final = "17861-6"
IONIZED_CALCIUM: Final = "1995-0"
ALBUMIN: Final = "1751-7"
FASTING_GLUCOSE: Final = "1558-6"
OCCULT_BLOOD: Final = "2335-8"
HIV: Final = "31201-7"
HEPATITIS_B: Final = "5196-1"
HEPATITIS_C: Final = "16128-1"
HCG: Final = "2118-8"

DIPSTICK: Final = ("negative", "trace", "1+", "2+", "3+")
REACTIVE: Final = ("non-reactive", "reactive", "indeterminate")
PRESENT: Final = ("negative", "positive", "indeterminate")


class Test(NamedTuple):
    """How a test is coded; `source` is its name in the generator, if it has one."""

    display: str
    unit: str = ""
    ucum: str = ""
    source: str = ""


# What the generator lacks, or draws with the rest of a panel that is not wanted.
OWN_TESTS: Final = {
    NEUTROPHILS: Test("Neutrophils [#/volume] in Blood by Automated count", "10*3/uL", "10*3/uL"),
    URINE_PROTEIN: Test("Protein [Presence] in Urine by Test strip"),
    INR: Test("INR in Platelet poor plasma by Coagulation assay", "{INR}", "{INR}"),
    PROTHROMBIN_TIME: Test("Prothrombin time (PT)", "s", "s"),
    APTT: Test("aPTT in Platelet poor plasma by Coagulation assay", "s", "s"),
    CALCIUM: Test("Calcium [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL"),
    IONIZED_CALCIUM: Test("Calcium.ionized [Moles/volume] in Serum or Plasma", "mmol/L", "mmol/L"),
    ALBUMIN: Test("Albumin [Mass/volume] in Serum or Plasma", "g/dL", "g/dL"),
    FASTING_GLUCOSE: Test("Fasting glucose [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL"),
    OCCULT_BLOOD: Test("Hemoglobin.gastrointestinal [Presence] in Stool"),
    HIV: Test("HIV 1+2 Ab [Presence] in Serum or Plasma by Immunoassay"),
    HEPATITIS_B: Test("Hepatitis B virus surface Ag [Presence] in Serum or Plasma by Immunoassay"),
    HEPATITIS_C: Test("Hepatitis C virus Ab [Presence] in Serum"),
    HCG: Test("Choriogonadotropin (pregnancy test) [Presence] in Serum or Plasma"),
}


def _both(low: str, high: str) -> dict[str, tuple[str, str]]:
    return {"F": (low, high), "M": (low, high)}


# Adult reference ranges of the kind a United States hospital prints: (low, high).
USUAL_RANGES: Final = {
    HAEMOGLOBIN: {"F": ("12.0", "15.5"), "M": ("13.5", "17.5")},
    NEUTROPHILS: _both("1.8", "7.7"),
    PLATELETS: _both("150", "400"),
    BILIRUBIN: _both("0.1", "1.2"),
    ALT: {"F": ("7", "45"), "M": ("7", "55")},
    AST: {"F": ("8", "43"), "M": ("8", "48")},
    CREATININE: {"F": ("0.59", "1.04"), "M": ("0.74", "1.35")},
}
SCREENING_RANGES: Final = {
    INR: _both("0.8", "1.2"),
    PROTHROMBIN_TIME: _both("11.0", "13.5"),
    APTT: _both("25.0", "35.0"),
    CALCIUM: _both("8.6", "10.2"),
    IONIZED_CALCIUM: _both("1.15", "1.30"),
    ALBUMIN: _both("3.5", "5.0"),
    FASTING_GLUCOSE: _both("70", "99"),
}
RANGES: Final = USUAL_RANGES | SCREENING_RANGES

# The words a test is reported in, that of nothing found first.
SCREENING_WORDS: Final = {
    OCCULT_BLOOD: DIPSTICK,
    HIV: REACTIVE,
    HEPATITIS_B: REACTIVE,
    HEPATITIS_C: REACTIVE,
}
WORDS: Final = {URINE_PROTEIN: DIPSTICK, **SCREENING_WORDS, HCG: PRESENT}

CODES: Final = (*USUAL_RANGES, URINE_PROTEIN)
"""What every sample is tested for."""
SCREENING: Final = (*SCREENING_RANGES, *SCREENING_WORDS)
"""What a screening sample is tested for as well."""
PREGNANCY: Final = (HCG,)
"""What a woman of childbearing age is tested for at screening."""
