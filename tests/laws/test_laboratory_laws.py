"""Laws of laboratory results: units lead there and back, no text is an error, grades have no gap and no overlap."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import units
from domain.analytes import ANALYTES, BY_LOINC, LOINC, NEVER_USED, ORDINALS, PRESENCE
from domain.catalogue import latest
from domain.ctcae import TERMS, Step, grade
from domain.labs import LabValue, ReportedResult, UnusedResult, read
from tests.given import TRIAL_ID

BOUNDS = latest(TRIAL_ID).lab_bounds
AT = datetime(2025, 7, 1, tzinfo=UTC)
ACCEPTED = [(row.code, unit) for row in ANALYTES.values() for unit in row.accepted]
ODD = [
    "<0.1",
    ">100",
    "1,5",
    "1 000",
    "NaN",
    "-Infinity",
    "1e400",
    "1e-400",
    "0x1",
    "\uff11\uff15",
    "\u22121",
    "hemolyzed",
    "+-",
    ".",
]
texts = st.one_of(st.text(min_size=1, max_size=60), st.sampled_from(ODD), st.sampled_from([*ORDINALS, *PRESENCE]),
                  st.decimals(allow_nan=True, allow_infinity=True).map(str))  # fmt: skip
unit_texts = st.one_of(st.text(max_size=40), st.sampled_from(sorted({unit for _, unit in ACCEPTED} | {""})))
limits = st.one_of(st.just(""), st.text(max_size=40), st.sampled_from(ODD), st.decimals().map(lambda d: str(d)[:40]))
codes = st.one_of(
    st.sampled_from([(code, LOINC) for code in [*BY_LOINC, *NEVER_USED]] + [(code, "analyte") for code in ANALYTES]),
    st.tuples(st.text(min_size=1, max_size=20), st.sampled_from([LOINC, "analyte", "urn:other"])),
)
numbers = st.decimals(min_value="0.0001", max_value=10**6, places=6)


def blank(text: str) -> bool:
    """Say whether the form takes a text for nothing at all."""
    return not text.strip()


@given(codes, texts.filter(lambda text: not blank(text)), unit_texts, limits, limits)
def test_reading_never_raises_and_loses_nothing(
    code: tuple[str, str], value: str, unit: str, upper: str, lower: str
) -> None:
    """Any text gives a value within its bounds, or a reason; what was reported stands in either."""
    if blank(code[0]):
        code = ("HB", "analyte")
    reported = ReportedResult(
        code=code[0], system=code[1], value=value, unit=unit, upper_limit=upper, lower_limit=lower, collected_at=AT
    )
    found = read(reported, BOUNDS)
    assert reported.value in found.reported
    match found:
        case LabValue():
            low, high = BOUNDS[found.analyte]
            assert low <= found.value <= high
            assert found.unit == ANALYTES[found.analyte].unit
            assert found.lower_limit is None or found.upper_limit is None or found.lower_limit <= found.upper_limit
        case UnusedResult():
            assert found.why


@pytest.mark.parametrize(("code", "unit"), ACCEPTED)
@given(numbers)
def test_a_unit_leads_there_and_back(code: str, unit: str, number: Decimal) -> None:
    """Each accepted unit of each test, and order is kept."""
    canonical = ANALYTES[code].number_unit
    there = units.convert(number, unit, canonical, analyte=code)
    back = units.convert(there, canonical, unit, analyte=code)
    assert abs(back - number) <= number * Decimal("1e-24")
    assert units.convert(number + 1, unit, canonical, analyte=code) > there


def lab_value(analyte: str, number: Decimal, upper: Decimal | None = None, lower: Decimal | None = None) -> LabValue:
    """Give a value in the canonical unit."""
    unit = ANALYTES[analyte].unit
    return LabValue(
        analyte=analyte, value=number, unit=unit, upper_limit=upper, lower_limit=lower, collected_at=AT, reported="x"
    )


def reference(analyte: str, number: Decimal, uln: Decimal, lln: Decimal, base: Decimal | None) -> int:
    """Grade by the printed ranges of CTCAE 5.0, written down a second time: exactly one of them must hold."""
    multiples = {"TBIL": "1 1.5 3 10", "CREAT": "1 1.5 3 6", "APTT": "1 1.5 2.5"}
    multiple = [Decimal(times) for times in multiples.get(analyte, "1 3 5 20").split()]
    fixed = {"HB": (100, 80), "ANC": (Decimal("1.5"), 1, Decimal("0.5")), "PLT": (75, 50, 25)}
    if analyte in fixed:
        low = [max(lln, Decimal(fixed[analyte][0])), *map(Decimal, fixed[analyte]), Decimal(-1)]
        holds = [number >= low[0], *(low[i + 1] <= number < low[i] for i in range(len(low) - 1))]
    elif analyte == "INR":
        edges = [Decimal("1.2"), Decimal("1.5"), Decimal("2.5"), Decimal("Infinity")]
        holds = [number <= edges[0], *(edges[i] < number <= edges[i + 1] for i in range(3))]
    elif base is not None and base > uln and analyte in ("ALT", "AST", "TBIL"):
        edges = [*(base * times for times in multiple), Decimal("Infinity")]
        first = number >= base * Decimal("1.5") if analyte != "TBIL" else number > base
        holds = [not first, first and number <= edges[1], *(edges[i] < number <= edges[i + 1] for i in range(1, 4))]
    else:
        edges = [*(uln * times for times in multiple), Decimal("Infinity")]
        holds = [number <= edges[0], *(edges[i] < number <= edges[i + 1] for i in range(len(edges) - 1))]
    assert holds.count(True) == 1
    by_limits = holds.index(True)
    if analyte == "CREAT" and base is not None:
        return max(by_limits, 3 if number > 3 * base else 2 if number > Decimal("1.5") * base else 0)
    return by_limits


def edges_of(analyte: str, uln: Decimal, lln: Decimal, base: Decimal | None) -> list[Decimal]:
    """Give where each threshold of a term lies."""
    of = {"VALUE": Decimal(1), "ULN": uln, "LLN": lln, "BASELINE": base or uln}
    term = TERMS[analyte]
    return [step.times * of[step.of] for step in (*term.steps, *term.if_abnormal, *term.anticoagulated)]


@pytest.mark.parametrize("analyte", TERMS)
@given(st.data())
def test_grades_have_no_gap_and_no_overlap(analyte: str, data: st.DataObject) -> None:
    """Swept along every threshold, at it and one step to each side, the grade is the one range that holds."""
    limit = st.decimals(min_value="0.5", max_value=500, places=3)
    uln, lln = data.draw(limit, "ULN"), data.draw(limit, "LLN")
    base = data.draw(st.one_of(st.none(), limit), "baseline")
    near = data.draw(st.sampled_from(edges_of(analyte, uln, lln, base)), "threshold")
    aside = data.draw(st.sampled_from([Decimal("-0.00001"), Decimal(0), Decimal("0.00001")]), "aside")
    number = data.draw(st.one_of(st.just(near + aside), st.decimals(min_value=0, max_value=15000, places=3)), "value")
    baseline = None if base is None else lab_value(analyte, base, uln)
    found = grade(analyte, lab_value(analyte, number, uln, lln), baseline)
    assert found.grade == reference(analyte, number, uln, lln, base)


@pytest.mark.parametrize("analyte", TERMS)
@given(st.lists(st.decimals(min_value=0, max_value=15000, places=3), min_size=2, max_size=2))
def test_a_worse_value_never_has_a_milder_grade(analyte: str, pair: list[Decimal]) -> None:
    """The grade rises with the distance from normal."""
    milder, worse = sorted(pair, reverse=TERMS[analyte].direction == "LOW")
    found = [
        grade(analyte, lab_value(analyte, number, Decimal(40), Decimal(20)), None).grade for number in (milder, worse)
    ]
    assert found == sorted(step or 0 for step in found)


@pytest.mark.parametrize("analyte", TERMS)
def test_thresholds_rise_with_the_grade(analyte: str) -> None:
    """Within one reference each grade from the first to the last has one threshold, further out than the one before."""
    term = TERMS[analyte]
    outward = 1 if term.direction == "HIGH" else -1
    for steps in (term.steps, term.if_abnormal, term.anticoagulated):
        by_reference: dict[str, list[Step]] = {}
        for step in steps:
            by_reference.setdefault(step.of, []).append(step)
        for column in by_reference.values():
            grades = [step.grade for step in column]
            assert grades == list(range(grades[0], grades[0] + len(grades)))
            places = [step.times * outward for step in column]
            assert places == sorted(set(places))
