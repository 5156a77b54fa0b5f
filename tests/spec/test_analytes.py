"""The table of laboratory tests: codes with their units, own factors, tests in words, and codes that never count."""

from decimal import Decimal

import pytest

from domain import units
from domain.analytes import ANALYTES, BY_LOINC, NEVER_USED, ORDINAL, why_not
from domain.catalogue import latest
from domain.labs import LOINC, LabValue, ReportedResult, UnusedResult, analyte_of, read
from tests.given import TRIAL_ID, day, noon

BOUNDS = latest(TRIAL_ID).lab_bounds

CODES = """
HB 718-7 | ANC 26499-4 751-8 | PLT 26515-7 777-3 | TBIL 1975-2 14631-6 | ALT 1742-6 | AST 1920-8 | CREAT 2160-0 14682-9
UPROT 20454-5 | UPROT24 2889-4 | INR 6301-6 | PT 5902-2 | APTT 14979-9 | CA 17861-6 2000-8
CA_ION 1995-0 12180-6 1994-3 17864-0 | CA_CORR 29265-6 | ALB 1751-7 | GLU_F 14771-0 1558-6 | FOB 2335-8 29771-3 57905-2
HCG 2118-8 2110-5 19080-1 21198-7 | HIV 31201-7 | HBSAG 5196-1 | HBVDNA 29615-2 | HCV 16128-1 | QTCF 76634-5
QTCB 76635-2 | QTC 8636-3 | SBP 8480-6 | DBP 8462-4 | WEIGHT 29463-7 3141-9 | HEIGHT 8302-2
"""


def result(
    code: str, value: str, unit: str = "", upper_limit: str = "", system: str = LOINC
) -> LabValue | UnusedResult:
    """Read a result by its code."""
    fields = {"code": code, "system": system, "value": value, "unit": unit, "upper_limit": upper_limit}
    return read(ReportedResult.model_validate(fields | {"collected_at": noon(day(1))}), BOUNDS)


def step(code: str, value: str, unit: str = "", upper_limit: str = "", system: str = LOINC) -> Decimal:
    """Give the value of a result that must be fit for use."""
    found = result(code, value, unit, upper_limit, system)
    assert isinstance(found, LabValue), found
    return found.value


def why(code: str, value: str, unit: str = "", upper_limit: str = "", system: str = LOINC) -> str:
    """Give the reason of a result that must be set aside."""
    found = result(code, value, unit, upper_limit, system)
    assert isinstance(found, UnusedResult), found
    return found.why


def test_the_codes_are_those_of_the_specification() -> None:
    """Each LOINC code of clinical-spec 3.5 leads to its test, and no code to two."""
    rows = [row.split() for line in CODES.strip().splitlines() for row in line.split("|")]
    assert {row[0]: tuple(row[1:]) for row in rows} == {code: row.loinc for code, row in ANALYTES.items()}
    assert len(BY_LOINC) == sum(len(row.loinc) for row in ANALYTES.values())
    assert not set(BY_LOINC) & set(NEVER_USED)


@pytest.mark.parametrize(
    ("analyte", "one", "canonical"),
    [
        ("TBIL", "mg/dL", "17.1"),
        ("CREAT", "mg/dL", "88.4"),
        ("CA", "mg/dL", "0.2495"),
        ("CA_CORR", "mg/dL", "0.2495"),
        ("CA_ION", "mg/dL", "0.25"),
        ("GLU_F", "mg/dL", "0.0555"),
        ("ALT", "ukat/L", "60"),
        ("AST", "ukat/L", "60"),
        ("INR", "1", "1"),
    ],
)
def test_each_own_factor_leads_there_and_back(analyte: str, one: str, canonical: str) -> None:
    """One row of the table of factors each (clinical-spec 3.5)."""
    unit = ANALYTES[analyte].unit
    assert units.factor(one, unit, analyte) == Decimal(canonical)
    assert abs(units.factor(unit, one, analyte) * Decimal(canonical) - 1) < Decimal("1e-26")
    assert set(units.OWN_FACTORS) == {"TBIL", "CREAT", "CA", "CA_CORR", "CA_ION", "GLU_F", "ALT", "AST", "INR"}


def test_the_factor_of_enzymes_is_that_of_the_specification() -> None:
    """1 U/L = 0.0167 ukat/L, which is 1/60 rounded: 1 U is 1 umol/min."""
    assert round(units.factor("U/L", "ukat/L", "ALT"), 4) == Decimal("0.0167")


def test_a_unit_made_of_a_number_keeps_its_number() -> None:
    """24 h are a day: 1 g/(24.h) is 1 g/d and not 24; the library has a binary fraction there, so it is refused."""
    assert units.factor("mg/(24.h)", "g/(24.h)") == Decimal("0.001")
    with pytest.raises(units.UnknownUnit, match="exactly"):
        units.factor("g/(24.h)", "g/d")


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        ("1975-2", "17", "umol/L"),
        ("14631-6", "1.0", "mg/dL"),
        ("2160-0", "88", "umol/L"),
        ("14682-9", "1.0", "mg/dL"),
        ("2000-8", "9.6", "mg/dL"),
        ("17861-6", "2.4", "mmol/L"),
        ("17864-0", "1.2", "mmol/L"),
        ("1995-0", "4.8", "mg/dL"),
        ("14771-0", "90", "mg/dL"),
        ("1558-6", "5", "mmol/L"),
    ],
)
def test_a_code_of_mass_is_never_read_in_moles(code: str, value: str, unit: str) -> None:
    """Code and unit must agree: when they do not, one of them is wrong, and nobody knows which."""
    assert f"unit {unit!r} is not accepted" in why(code, value, unit)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("2345-7", "not a fasting glucose"),
        ("14749-6", "not a fasting glucose"),
        ("2106-3", "urine test is not accepted"),
        ("2112-1", "urine test is not accepted"),
        ("3173-2", "by a site's list"),
        ("3140-1", "computed here"),
        ("35591-7", "computed here"),
        ("2164-2", "measured clearance"),
        ("21482-5", "concentration"),
    ],
)
def test_a_code_that_is_near_is_never_used_and_says_why(code: str, reason: str) -> None:
    """Random glucose (E16.8), a urine pregnancy test (I10.2), APTT in blood, and what is computed here."""
    assert reason in why(code, "negative", "mg/dL")
    assert analyte_of(code) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("negative", 0), ("Negative", 0), (" NEG ", 0), ("-", 0), ("non-reactive", 0), ("Nonreactive", 0),
        ("Non reactive", 0), ("not detected", 0), ("阴性", 0),
        ("indeterminate", 1), ("Equivocal", 1), ("inconclusive", 1), ("borderline", 1),
        ("positive", 2), ("Pos", 2), ("+", 2), ("REACTIVE", 2), ("detected", 2), ("阳性", 2),
    ],
)  # fmt: skip
def test_a_test_for_presence_is_negative_indeterminate_or_positive(word: str, expected: int) -> None:
    """0, 1 or 2, in the usual spellings (HIV, HBsAg, HCV antibody, qualitative hCG)."""
    for code in ("31201-7", "5196-1", "16128-1", "2118-8", "2110-5"):
        assert step(code, word) == expected
    for own in ("HIV", "HBSAG", "HCV", "HCG"):
        assert step(own, word, system="analyte") == expected


@pytest.mark.parametrize(
    "word", ["2+", "trace", "weakly positive", "0.3", "see comment", "\u2212", "\uff0b", "pos/neg"]
)
def test_another_word_is_no_result_of_a_test_for_presence(word: str) -> None:
    """Nothing is guessed from it."""
    assert "not one of negative, indeterminate, positive" in why("31201-7", word)


@pytest.mark.parametrize("code", ["19080-1", "21198-7"])
@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [("4.9", "5", 0), ("5", "5", 0), ("5.1", "5", 2), ("0", "5", 0), ("0", "", 1), ("90000", "", 1), ("90000", "5", 2)],
)
def test_measured_hcg_is_held_against_the_reports_own_limit(code: str, value: str, limit: str, expected: int) -> None:
    """I10.2: at or below the upper limit negative, above it positive, without one indeterminate; the number stays."""
    found = result(code, value, "m[IU]/mL", limit)
    assert isinstance(found, LabValue)
    assert (found.value, found.unit, found.upper_limit) == (Decimal(expected), ORDINAL, None)
    assert found.reported == f"{value} m[IU]/mL (upper limit {limit or 'not given'})"


def test_hcg_is_read_as_its_code_says() -> None:
    """Words for a qualitative code, a number and its unit for a quantitative one; the product's own code takes both."""
    assert "not one of" in why("2118-8", "3", "m[IU]/mL", "5")
    assert "not a number" in why("19080-1", "negative", "m[IU]/mL")
    assert "not a number" in why("19080-1", "<2", "m[IU]/mL", "5")
    assert "missing unit" in why("19080-1", "3", "", "5")
    assert step("HCG", "3", "m[IU]/mL", "5", system="analyte") == 0
    assert "not one of" in why("HCG", "3", "", "5", system="analyte")


def test_a_missing_unit_is_named_with_what_would_be_accepted() -> None:
    """Also for INR, which has none in daily speech."""
    assert why("6301-6", "1.1") == "a missing unit is not accepted for INR (6301-6); accepted: {INR}, 1"


def test_calcium_the_laboratory_corrected_is_a_test_of_its_own() -> None:
    """So that it is never corrected for albumin a second time (E7)."""
    assert analyte_of("29265-6") == "CA_CORR"
    assert {analyte_of("17861-6"), analyte_of("2000-8")} == {"CA"}


@pytest.mark.parametrize(
    ("analyte", "loinc"),
    [("TBIL", "14631-6"), ("CREAT", "14682-9"), ("CA", "2000-8"), ("CA_ION", "1995-0"), ("GLU_F", "14771-0"),
     ("HCG", "2118-8"), ("ANC", "26499-4"), ("UPROT", "20454-5"), ("INR", "6301-6"), ("WEIGHT", "29463-7")],
)  # fmt: skip
def test_a_stored_value_has_the_code_of_its_unit(analyte: str, loinc: str) -> None:
    """Creatinine is stored in umol/L: the code of the molar test, not that of mg/dL. Source: 3.5."""
    assert ANALYTES[analyte].stored_loinc == loinc


def test_a_code_that_is_near_is_explained_in_its_own_system_only() -> None:
    """In another one, as any other code, it is just not one of ours."""
    for code, system in (("2345-7", "analyte"), ("0-0", LOINC), ("0-0", "analyte")):
        assert why_not(code, system) == "code is not one of those the protocol uses"
    assert why_not("2345-7", LOINC) == "not a fasting glucose: E16.8 needs a fasting one"
