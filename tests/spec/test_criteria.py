"""The laboratory criteria at their limits, and the clearance they lean on."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from domain.catalogue import latest
from domain.criteria import RULES, Case, Reading, assess, completed_years
from domain.dosing import creatinine_clearance
from domain.findings import CLEAR, Finding, Verdict
from domain.protocol import LabLimit
from domain.values import Sex
from tests.criteria import labs, weighed
from tests.given import TRIAL_ID, day

PROTOCOL = latest(TRIAL_ID)


def case(values: Mapping[str, tuple[str, str | None]], **changed: object) -> Case:
    """Give the evidence on a man of 65, 70 kg, on day 2, with values (and upper limits) sampled on day 1."""
    return weighed(labs=labs(values), **changed)


def finding(rule: str, values: Mapping[str, tuple[str, str | None]], **changed: object) -> Finding:
    """Give the finding of one rule."""
    (found,) = assess(PROTOCOL, case(values, **changed), (rule,))
    return found


@pytest.mark.parametrize(
    ("rule", "analyte", "limit", "below", "at", "above"),
    [
        ("I11.2", "HB", None, Verdict.NOT_MET, Verdict.MET, Verdict.MET),
        ("I11.3", "ANC", None, Verdict.NOT_MET, Verdict.MET, Verdict.MET),
        ("I11.4", "PLT", None, Verdict.NOT_MET, Verdict.MET, Verdict.MET),
        ("I12.1", "TBIL", "20", Verdict.MET, Verdict.MET, Verdict.NOT_MET),
        ("I13.1", "UPROT", None, Verdict.MET, Verdict.NOT_MET, Verdict.NOT_MET),
    ],
)
def test_each_limit_is_exact(
    rule: str, analyte: str, limit: str | None, below: Verdict, at: Verdict, above: Verdict
) -> None:
    """Below, at and above the limit: 90 g/L, 1.5 and 80 10*9/L, 1.5 x ULN, 2+ (I11.2-4, I12.1, I13.1)."""
    edge = {"HB": "90", "ANC": "1.5", "PLT": "80", "TBIL": "30", "UPROT": "2"}[analyte]
    step = Decimal(1) if analyte in ("HB", "PLT", "UPROT") else Decimal("0.1")
    values = [Decimal(edge) - step, Decimal(edge), Decimal(edge) + step]
    found = [finding(rule, {analyte: (str(value), limit)}) for value in values]
    assert [row.verdict for row in found] == [below, at, above]
    assert all(row.evidence[0].on == day(1) for row in found)


@pytest.mark.parametrize(
    ("alt", "ast", "verdict"),
    [
        ("100", "100", Verdict.MET),
        ("100.1", "40", Verdict.NOT_MET),
        ("40", "100.1", Verdict.NOT_MET),
        ("100.1", None, Verdict.NOT_MET),
        ("100", None, Verdict.UNKNOWN),
    ],
)
def test_alt_and_ast_must_both_hold(alt: str, ast: str | None, verdict: Verdict) -> None:
    """ALT/AST is read as both, each at most 2.5 x ULN (I12.2)."""
    values: dict[str, tuple[str, str | None]] = {"ALT": (alt, "40")}
    if ast is not None:
        values["AST"] = (ast, "40")
    assert finding("I12.2", values).verdict == verdict


@pytest.mark.parametrize(
    ("creatinine", "weight", "verdict"),
    [
        ("150", "70", Verdict.MET),  # at 1.5 x ULN of 100
        ("150.1", "70", Verdict.NOT_MET),  # above, and the clearance is 42.9 mL/min
        ("150.1", "98", Verdict.MET),  # above, and the clearance is 60.1 mL/min
        ("150.1", "97.8", Verdict.NOT_MET),  # 59.99 mL/min
        ("150", None, Verdict.MET),
        ("150.1", None, Verdict.UNKNOWN),
    ],
)
def test_creatinine_or_clearance_suffices(creatinine: str, weight: str | None, verdict: Verdict) -> None:
    """Creatinine at most 1.5 x ULN or clearance at least 60 mL/min (I12.3)."""
    found = finding("I12.3", {"CREAT": (creatinine, "100")}, weight_kg=Decimal(weight) if weight else None)
    assert found.verdict == verdict


def test_a_clearance_of_exactly_60_is_met() -> None:
    """The boundary counts as inside (I12.3)."""
    found = finding("I12.3", {"CREAT": ("88.4", "10")}, weight_kg=Decimal("57.6"))
    assert "clearance 60.00 mL/min" in found.sentence
    assert found.verdict == Verdict.MET


def test_without_an_upper_limit_a_multiple_of_it_is_unknown() -> None:
    """No limit of normal is assumed for a laboratory (I12.1)."""
    found = finding("I12.1", {"TBIL": ("5", None)})
    assert found.verdict == Verdict.UNKNOWN
    assert "no upper limit of normal" in found.sentence


@pytest.mark.parametrize("rule", ["I11.2", "I11.3", "I11.4", "I12.1", "I12.2", "I12.3", "I13.1", "I11.1"])
def test_absent_results_are_unknown(rule: str) -> None:
    """Absent is not passed."""
    found = finding(rule, {})
    assert found.verdict == Verdict.UNKNOWN
    assert not found.is_clear


@pytest.mark.parametrize(
    ("rule", "analyte"), [("I11.2", "HB"), ("I12.1", "TBIL"), ("I12.3", "CREAT"), ("I13.1", "UPROT")]
)
def test_stale_results_are_unknown(rule: str, analyte: str) -> None:
    """One day beyond the accepted age, however good the value (Q5)."""
    good: dict[str, tuple[str, str | None]] = {analyte: ("1" if analyte == "UPROT" else "90", "90")}
    assert finding(rule, good, on=day(8)).verdict == Verdict.MET
    assert finding(rule, good, on=day(9)).verdict == Verdict.UNKNOWN


def test_a_consent_dated_after_the_day_of_the_verdict_is_not_met() -> None:
    """The consent comes before every study procedure (I1.1)."""
    assert finding("I1.1", {}, consent_on=day(3)).verdict == Verdict.NOT_MET


def test_every_relation_is_as_written() -> None:
    """The four relations a limit can have, each below, at and above."""
    criterion = next(row for row in PROTOCOL.screening.criteria if row.rule == "I11.2")
    table = {">=": "NYY", "<=": "YYN", "<": "YNN", ">": "NNY"}
    for relation, expected in table.items():
        limit = LabLimit.model_validate({"analyte": "HB", "relation": relation, "value": "90"})
        row = criterion.model_copy(update={"limits": (limit,)})
        got = [RULES["I11.2"](Reading(case({"HB": (value, None)})), row).verdict for value in ("89", "90", "91")]
        assert "".join("Y" if verdict == Verdict.MET else "N" for verdict in got) == expected


@pytest.mark.parametrize(
    ("age", "weight", "creatinine", "sex", "expected"),
    [
        (60, "70", "88.4", "MALE", "77.78"),
        (60, "70", "88.4", "FEMALE", "66.11"),
        (45, "95", "60", "MALE", "184.68"),
    ],
)
def test_cockcroft_gault_gives_the_published_vectors(
    age: int, weight: str, creatinine: str, sex: Sex, expected: str
) -> None:
    """Actual weight, uncapped, never rounded inside (clinical-spec 3.4)."""
    value = creatinine_clearance(age_years=age, weight_kg=Decimal(weight), creatinine=Decimal(creatinine), sex=sex)
    assert value.quantize(Decimal("0.01")) == Decimal(expected)


def test_completed_years_turn_on_the_birthday() -> None:
    """The day before, the day, and a leap-day birth in a leap year."""
    assert completed_years(date(1960, 6, 2), date(2025, 6, 1)) == 64
    assert completed_years(date(1960, 6, 2), date(2025, 6, 2)) == 65
    assert completed_years(date(2008, 2, 29), date(2028, 2, 29)) == 20


def test_only_three_verdicts_let_a_subject_pass() -> None:
    """Everything else blocks."""
    assert {Verdict.MET, Verdict.NOT_APPLICABLE, Verdict.NOT_TRIGGERED} == CLEAR
