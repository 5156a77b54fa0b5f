"""Laboratory results: units, codes, and what is kept but never used."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain import units
from domain.catalogue import latest
from domain.labs import ANALYTES, LOINC, LabValue, ReportedResult, UnusedResult, analyte_of, read
from domain.patient import commands as c
from domain.patient import facts as f
from tests.given import TRIAL_ID, day, noon, the, when
from tests.stories import registered, results

BOUNDS = latest(TRIAL_ID).lab_bounds


def reported(code: str, value: str, unit: str = "", upper_limit: str = "", **changed: object) -> ReportedResult:
    """Give a result as reported, with the product's own code."""
    fields: dict[str, object] = {
        "code": code,
        "system": "analyte",
        "value": value,
        "unit": unit,
        "upper_limit": upper_limit,
        "collected_at": noon(day(1)),
    }
    return ReportedResult.model_validate(fields | changed)


def used(result: ReportedResult) -> LabValue:
    """Read a result that must be fit for use."""
    value = read(result, BOUNDS)
    assert isinstance(value, LabValue), value
    return value


def unused(result: ReportedResult) -> str:
    """Read a result that must be set aside, and give the reason."""
    value = read(result, BOUNDS)
    assert isinstance(value, UnusedResult), value
    return value.why


@pytest.mark.parametrize(
    ("code", "value", "unit", "canonical"),
    [
        ("HB", "9.0", "g/dL", "90"),
        ("HB", "90", "g/L", "90"),
        ("ANC", "1.5", "10*3/uL", "1.5"),
        ("ANC", "1500", "/uL", "1.5"),
        ("ANC", "1500", "{cells}/uL", "1.5"),
        ("PLT", "80", "10*9/L", "80"),
        ("TBIL", "1", "mg/dL", "17.1"),
        ("TBIL", "17.1", "umol/L", "17.1"),
        ("CREAT", "1", "mg/dL", "88.4"),
        ("CREAT", "88.4", "umol/L", "88.4"),
        ("WEIGHT", "70000", "g", "70"),
        ("HEIGHT", "1.7", "m", "170"),
        ("HEIGHT", "70", "[in_i]", "177.8"),
        ("ALT", "1", "ukat/L", "60"),
        ("PLT", "80", "10^9/L", "80"),
        ("PLT", "80000", "cells/uL", "80"),
        ("UPROT24", "1000", "mg/(24.h)", "1"),
        ("UPROT24", "1.0", "g/(24.h)", "1"),
        ("INR", "1.5", "1", "1.5"),
        ("INR", "1.5", "{INR}", "1.5"),
        ("PT", "12.9", "s", "12.9"),
        ("APTT", "31", "s", "31"),
        ("CA", "12", "mg/dL", "2.994"),
        ("CA", "2.99", "mmol/L", "2.99"),
        ("CA_ION", "6", "mg/dL", "1.5"),
        ("CA_CORR", "10", "mg/dL", "2.495"),
        ("ALB", "4.1", "g/dL", "41"),
        ("GLU_F", "180", "mg/dL", "9.99"),
        ("HBVDNA", "500", "[IU]/mL", "500"),
        ("QTCF", "0.48", "s", "480"),
        ("QTC", "479", "ms", "479"),
        ("SBP", "150", "mm[Hg]", "150"),
        ("UPROT", "++", "", "2"),
        ("FOB", "2+", "", "2"),
        ("UPROT", " Trace", "", "0"),
    ],
)
def test_a_result_is_turned_into_the_canonical_unit(code: str, value: str, unit: str, canonical: str) -> None:
    """Exactly, in decimal, with the value as reported kept beside it (clinical-spec 3.5)."""
    found = used(reported(code, value, unit))
    assert (found.value, found.unit) == (Decimal(canonical), ANALYTES[code].unit)
    assert found.reported == f"{value.strip()} {unit}".strip()


def test_the_upper_limit_is_turned_with_the_value() -> None:
    """Limit and value are held against each other in one unit."""
    assert used(reported("TBIL", "0.7", "mg/dL", "1.2")).upper_limit == Decimal("20.52")


@pytest.mark.parametrize(
    "value",
    [
        "1,5",
        "1,500",
        "1 500",
        "1.500,0",
        "<0.1",
        ">1000",
        "hemolyzed",
        "clotted",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_5",
        "\uff11\uff15",
        "\u22121.5",
        "1\u00a0500",
        "1.5\u200b",
        "0x10",
        "1.5 10*9/L",
    ],
)
def test_censored_and_textual_values_are_set_aside(value: str) -> None:
    """Nothing is guessed from a value that is no plain number."""
    assert "not a number" in unused(reported("ANC", value, "10*9/L"))


@pytest.mark.parametrize("value", ["1e309", "1e400", "1e9999", "1e99", "0.00000000000000001", "1" * 41])
def test_numbers_of_no_usual_size_are_set_aside(value: str) -> None:
    """A number nobody measured is not used, and costs nothing to refuse."""
    assert "number" in unused(reported("ANC", value, "10*9/L"))


@pytest.mark.parametrize(
    ("value", "unit"), [("13.2", ""), ("13.2", "G/DL"), ("13.2", "mmol/L"), ("3000", "10*9/L"), ("132", "µg/L")]
)
def test_an_unlisted_unit_is_set_aside(value: str, unit: str) -> None:
    """A missing, misspelt or foreign unit decides nothing."""
    assert "unit" in unused(reported("HB", value, unit))


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        ("HB", "9.0", "g/L"),
        ("ANC", "3000", "10*9/L"),
        ("CREAT", "0.9", "umol/L"),
        ("WEIGHT", "700", "kg"),
        ("HEIGHT", "1.7", "cm"),
        ("CA", "9.6", "mmol/L"),
        ("CA", "2.4", "mg/dL"),
        ("CA_ION", "4.8", "mmol/L"),
        ("CA_ION", "1.2", "mg/dL"),
        ("CA_CORR", "9.6", "mmol/L"),
        ("ALB", "4.1", "g/L"),
        ("ALB", "41", "g/dL"),
        ("GLU_F", "90", "mmol/L"),
        ("GLU_F", "5.2", "mg/dL"),
        ("UPROT24", "120", "g/(24.h)"),
        ("QTCF", "0.4", "ms"),
        ("QTCF", "400", "s"),
        ("INR", "95", "{INR}"),
        ("HCG", "-1", "m[IU]/mL"),
    ],
)
def test_a_value_beyond_plausibility_is_taken_for_a_wrong_unit(code: str, value: str, unit: str) -> None:
    """9 g/L of hemoglobin is 9 g/dL with the wrong unit, as the published mCODE example of 3000 10*3/uL is."""
    assert "a wrong unit is suspected" in unused(reported(code, value, unit))


@pytest.mark.parametrize("limit", ["0", "-1", "unknown"])
def test_an_upper_limit_that_is_none_sets_the_result_aside(limit: str) -> None:
    """A limit of zero, below zero, or in words."""
    assert unused(reported("ALT", "24", "U/L", limit))


def test_a_limit_in_another_unit_sets_the_result_aside() -> None:
    """88 umol/L of creatinine with 1.2 as its limit: the limit is in mg/dL, and 1.5 x ULN would be nonsense."""
    assert "upper limit of normal" in unused(reported("CREAT", "88", "umol/L", "1.2"))


def test_the_lower_limit_comes_with_the_value() -> None:
    """In the same unit (CTCAE grade 1 begins at it); 0 is one, as of ALT."""
    found = used(reported("HB", "11", "g/dL", "15.5", lower_limit="12.0"))
    assert (found.lower_limit, found.upper_limit) == (Decimal(120), Decimal(155))
    assert used(reported("ALT", "11", "U/L", lower_limit="0")).lower_limit == 0
    assert used(reported("ALT", "11", "U/L", "45")).lower_limit is None


@pytest.mark.parametrize(("lower", "upper"), [("-1", "15"), ("16", "15"), ("low", "15"), ("<12", "")])
def test_a_lower_limit_that_is_none_sets_the_result_aside(lower: str, upper: str) -> None:
    """Below zero, above the upper limit, or in words."""
    assert unused(reported("HB", "13", "g/dL", upper, lower_limit=lower))


def test_no_digit_of_a_value_is_lost() -> None:
    """A value just under a limit is not rounded up to it."""
    text = f"89.{'9' * 20}"
    assert used(reported("HB", text, "g/L")).value == Decimal(text) < 90
    assert used(reported("HB", f"8.{'9' * 20}", "g/dL")).value < 90


@pytest.mark.parametrize("status", ["preliminary", "cancelled", "entered-in-error", ""])
def test_only_final_results_count(status: str) -> None:
    """Final, amended and corrected ones."""
    assert "status" in unused(reported("HB", "13", "g/dL", status=status))


def test_a_code_counts_with_its_system_only() -> None:
    """2118-8 is also a race code: match on system, code and unit."""
    assert analyte_of("718-7") == "HB"
    assert analyte_of("718-7", "http://example.org/local") is None
    assert analyte_of("HB") is None
    assert analyte_of("HB", "analyte") == "HB"
    assert analyte_of("GLUCOSE", "analyte") is None
    race = "urn:oid:2.16.840.1.113883.6.238"
    assert "code is not one" in unused(reported("2118-8", "negative", system=race))
    assert used(reported("2118-8", "negative", system=LOINC)).analyte == "HCG"


@pytest.mark.parametrize("text", ["a little", "positive", "5+", "\uff0b\uff0b", "1", "30 mg/dL"])
@pytest.mark.parametrize("code", ["UPROT", "FOB"])
def test_an_ordinal_is_one_of_its_steps(code: str, text: str) -> None:
    """Free text, and a "positive" without its plusses, is no dipstick result (I13.1, E17)."""
    assert "not one of" in unused(reported(code, text))


def test_every_accepted_unit_can_be_converted() -> None:
    """The table names no unit the library refuses, and to the canonical unit and back is the same."""
    for analyte in ANALYTES.values():
        for unit in analyte.accepted:
            there = units.convert(Decimal("12.5"), unit, analyte.number_unit, analyte=analyte.code)
            back = units.convert(there, analyte.number_unit, unit, analyte=analyte.code)
            assert abs(back - Decimal("12.5")) <= Decimal("1e-25")


def test_mass_and_molar_are_never_mixed_without_the_analyte() -> None:
    """mg/dL of what? Without a factor of its own the conversion is refused."""
    units.load()
    for foreign in ("umol/L", "no-such-unit", ""):
        with pytest.raises(units.UnknownUnit):
            units.factor("mg/dL", foreign, "HB")


def test_a_unit_the_library_refuses_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a unit the table accepts by mistake decides nothing."""
    odd = ANALYTES["HB"].__class__("HB", "Hemoglobin", "g/L", ("718-7",), ("mmol/L",))
    monkeypatch.setitem(ANALYTES, "HB", odd)
    assert "cannot convert" in unused(reported("HB", "8", "mmol/L"))


def test_a_sample_of_tomorrow_is_kept_and_not_used() -> None:
    """A result dated in the future has its reason on record."""
    outcome = when(registered(), c.TypeLabResults(results=results(day(2), {"HB": ("13", "g/dL", "")})), on=day(1))
    recorded = the(outcome, f.LabResultsRecorded)
    assert recorded.accepted == ()
    assert {row.why for row in recorded.unused} == {"the sample is dated in the future"}


@pytest.mark.parametrize("year", [1, 1899, 2200, 9999])
def test_a_sample_of_no_year_of_a_trial_is_kept_and_not_used(year: int) -> None:
    """The calendar arithmetic of a verdict never meets it."""
    at = datetime(year, 1, 1, tzinfo=UTC)
    assert "date" in unused(reported("HB", "13", "g/dL", collected_at=at))


def test_what_is_set_aside_stands_in_the_record() -> None:
    """The fact keeps value, reason and document of a result that decides nothing."""
    rows = (reported("HB", "<9", "g/dL", document="S001-3.json"),)
    outcome = when(registered(), c.TypeLabResults(results=rows), on=day(1))
    (kept,) = the(outcome, f.LabResultsRecorded).unused
    assert (kept.code, kept.reported, kept.document) == ("HB", "<9 g/dL", "S001-3.json")


def test_a_corrected_report_of_a_sample_replaces_the_first_one() -> None:
    """And is not replaced by it again when the first report is read once more; a later sample replaces both."""
    first = reported("HB", "8.0", "g/dL")
    corrected = reported("HB", "13.0", "g/dL", status="corrected")
    again = reported("HB", "13.2", "g/dL", status="amended")
    later = reported("HB", "12.0", "g/dL", collected_at=noon(day(2)))
    for arrival, expected in (
        ([first, corrected], 130),
        ([corrected, first], 130),
        ([first, corrected, again, first], 132),
        ([corrected, later], 120),
        ([later, corrected], 120),
    ):
        story = when(registered(), c.TypeLabResults(results=tuple(arrival)), on=day(3)).story
        assert story.state.labs["HB"].value == expected


def test_a_value_keeps_everything_that_was_reported_about_it() -> None:
    """Limits in the same unit, the text as reported, the document, the status, and that it was care (3.5)."""
    about = {
        "document": "S001-3.json",
        "status": "corrected",
        "standard_of_care": True,
        "lower_limit": "0.2",
        "observation": "O-1",
    }
    assert used(reported("TBIL", "0.7", "mg/dL", "1.2", **about)) == LabValue(
        analyte="TBIL",
        value=Decimal("11.97"),
        unit="umol/L",
        upper_limit=Decimal("20.52"),
        lower_limit=Decimal("3.42"),
        collected_at=noon(day(1)),
        reported="0.7 mg/dL",
        document="S001-3.json",
        status="corrected",
        standard_of_care=True,
        observation="O-1",
    )


def test_a_result_set_aside_keeps_everything_and_its_reason() -> None:
    """Of a value, and of a sample of tomorrow (3.5)."""
    row = reported("HB", "<9", "g/dL", document="S001-3.json", observation="O-2")
    assert read(row, BOUNDS) == UnusedResult(
        code="HB",
        reported="<9 g/dL",
        why="'<9' is not a number: censored or textual values are not used",
        collected_at=noon(day(1)),
        document="S001-3.json",
        observation="O-2",
    )
    ahead = reported("HB", "9", "g/dL", document="S001-4.json", collected_at=noon(day(2)))
    outcome = when(registered(), c.TypeLabResults(results=(ahead,)), on=day(1))
    assert the(outcome, f.LabResultsRecorded).unused == (
        UnusedResult(
            code="HB",
            reported="9 g/dL",
            why="the sample is dated in the future",
            collected_at=noon(day(2)),
            document="S001-4.json",
        ),
    )


@pytest.mark.parametrize(
    ("lower", "upper", "taken"), [("0", "45", True), ("45", "45", True), ("45.1", "45", False), ("-0.1", "", False)]
)
def test_a_lower_limit_lies_between_zero_and_the_upper_limit(lower: str, upper: str, taken: bool) -> None:  # noqa: FBT001 - a table
    """Both ends included (CTCAE grade 1 begins at it)."""
    found = read(reported("ALT", "24", "U/L", upper, lower_limit=lower), BOUNDS)
    assert isinstance(found, LabValue) == taken


@pytest.mark.parametrize(("value", "taken"), [("1e12", True), ("1e13", False), ("1e-12", True), ("1e-13", False)])
def test_a_number_has_at_most_12_places_on_either_side(value: str, taken: bool) -> None:  # noqa: FBT001 - a table
    """A larger or smaller one was never measured: it is set aside for its size, not for its unit."""
    found = read(reported("ANC", value, "10*9/L"), BOUNDS)
    assert ("usual size" in (found.why if isinstance(found, UnusedResult) else "")) != taken


def test_a_value_at_its_bound_is_plausible() -> None:
    """At either end of the range it counts, beyond it a wrong unit is suspected (3.5)."""
    low, high = BOUNDS["HB"]
    for value in (low, high):
        assert used(reported("HB", f"{value}", "g/L")).value == value
    for value in (low - Decimal("0.001"), high + Decimal("0.001")):
        assert "wrong unit" in unused(reported("HB", f"{value}", "g/L"))


def test_a_value_out_of_range_is_named_with_its_range() -> None:
    """Value or limit, in the canonical unit (3.5)."""
    low, high = BOUNDS["HB"]
    wrong = f"9 g/L is outside {low}..{high} g/L: a wrong unit is suspected"
    assert unused(reported("HB", "9", "g/L")) == f"value {wrong}"
    assert unused(reported("HB", "90", "g/L", "9")) == f"upper limit of normal {wrong}"


def test_a_test_without_a_range_takes_every_value() -> None:
    """A protocol may leave a range out."""
    found = read(reported("HB", "9", "g/L"), {})
    assert isinstance(found, LabValue)


@pytest.mark.parametrize(("year", "taken"), [(1899, False), (1900, True), (2199, True), (2200, False)])
def test_a_sample_is_of_a_year_between_1900_and_2199(year: int, taken: bool) -> None:  # noqa: FBT001 - a table
    """Both included."""
    found = read(reported("HB", "130", "g/L", collected_at=datetime(year, 6, 1, tzinfo=UTC)), BOUNDS)
    assert isinstance(found, LabValue) == taken


def test_a_limit_below_one_is_a_limit() -> None:
    """0.15 g of protein in 24 h."""
    found = used(reported("UPROT24", "0.1", "g/(24.h)", "0.15"))
    assert found.upper_limit == Decimal("0.15")


def test_a_converted_number_reads_as_a_number() -> None:
    """90, not 9E+1: as it stands in a verdict."""
    assert str(used(reported("HB", "9.0", "g/dL")).value) == "90"
    assert str(used(reported("HB", "9.15", "g/dL")).value) == "91.5"
