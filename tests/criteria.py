"""Cases for the criteria: evidence without a finding, of which a test changes what it is about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from domain import evidence as e
from domain.catalogue import latest
from domain.criteria import Case, Judgement, assess
from domain.findings import EvidenceUsed, Finding, Verdict
from domain.labs import LabValue
from tests.evidence import answers, sections
from tests.given import SITE, TRIAL_ID, day, noon

PROTOCOL = latest(TRIAL_ID)
NORMAL: Mapping[str, tuple[str, str | None]] = {
    "HB": ("132", None), "ANC": ("4.1", None), "PLT": ("231", None), "TBIL": ("12", "21"), "ALT": ("24", "40"),
    "AST": ("22", "40"), "CREAT": ("80", "106"), "UPROT": ("0", None), "INR": ("1.0", None), "PT": ("12", "13.5"),
    "APTT": ("29", "36"), "CA": ("2.35", "2.6"), "ALB": ("42", None), "GLU_F": ("5.4", None), "FOB": ("0", None),
    "HIV": ("0", None), "HBSAG": ("0", None), "HCV": ("0", None),
}  # fmt: skip
"""Canonical values and upper limits of normal."""


def value(code: str, number: str, limit: str | None = None, on: date | None = None) -> LabValue:
    """Give a result of a sample of noon of a date, day 1 by default."""
    return LabValue(
        analyte=code,
        value=Decimal(number),
        unit="-",
        upper_limit=None if limit is None else Decimal(limit),
        collected_at=noon(on or day(1)),
        reported=number,
    )


def labs(values: Mapping[str, tuple[str, str | None]]) -> dict[str, tuple[LabValue, ...]]:
    """Give results by analyte."""
    return {code: (value(code, number, limit),) for code, (number, limit) in values.items()}


def weighed(**changed: Any) -> Case:
    """Give the case of a man of 65 and 70 kg on day 2 of whom nothing else is known."""
    known = Case(
        site=SITE,
        on=day(2),
        sex="MALE",
        born_on=date(1960, 2, 3),
        consent_on=day(0),
        labs={},
        lab_max_age_days=7,
        childbearing=PROTOCOL.childbearing,
        weight_kg=Decimal(70),
        no_support=True,
        support_assessed_on=day(0),
    )
    return replace(known, **changed)


def whole(**changed: Any) -> Case:
    """Give the case of a man with a whole document of day 0 and normal results of day 1."""
    known: dict[str, Any] = {
        "labs": labs(NORMAL),
        "sections": {name: (section,) for name, section in sections(day(0)).items()},
        "judgements": judged(),
    }
    return weighed(**(known | changed))


def judged(role: str = "INVESTIGATOR", **changed: str) -> dict[str, Judgement]:
    """Give every judgement by a named person of day 0."""
    return {answer.rule: Judgement(answer, "INV1", role) for answer in answers(day(0), **changed)}


def with_section(name: str, *others: e.Section, known: Case | None = None, **fields: object) -> Case:
    """Give a whole case with some fields of a section changed, or with other sections of that topic."""
    known = known or whole()
    section = sections(day(0))[name].model_copy(update=fields)
    return replace(known, sections=dict(known.sections) | {name: others or (section,)})


def without(name: str) -> Case:
    """Give a whole case without a section."""
    known = whole()
    return replace(known, sections={key: rows for key, rows in known.sections.items() if key != name})


def with_lab(code: str, number: str, limit: str | None = None, known: Case | None = None) -> Case:
    """Give a whole case with one result changed; without a limit the normal one stands."""
    known = known or whole()
    limit = NORMAL.get(code, ("", None))[1] if limit is None else limit
    return replace(known, labs=dict(known.labs) | {code: (value(code, number, limit),)})


def woman(born_on: date, hcg: str | None = "0", reproduction: Mapping[str, object] | None = None) -> Case:
    """Give a woman's whole case; `reproduction` changes her section, which says nothing special."""
    known = whole(sex="FEMALE", born_on=born_on)
    section = e.Reproduction(on=day(0), sterile=False, lactating=False, contraception_agreed=True)
    known = replace(
        known, sections=dict(known.sections) | {"reproduction": (section.model_copy(update=dict(reproduction or {})),)}
    )
    return known if hcg is None else with_lab("HCG", hcg, known=known)


def one(name: str, value: object) -> dict[str, Any]:
    """Give one field of a section by its name."""
    return {name: value}


def yes(name: str) -> dict[str, Any]:
    """Give one field that is answered with yes."""
    return {name: True}


DECIDED = {Verdict.MET, Verdict.NOT_MET, Verdict.TRIGGERED, Verdict.NOT_TRIGGERED, Verdict.CONFLICT}


def found(rule: str, known: Case) -> Finding:
    """Give the finding of one rule, after a look at its evidence: each piece has a value and a date, aged from there.

    A verdict that was reached, and one that says what is wrong with evidence, shows at least one piece.
    """
    (finding,) = assess(PROTOCOL, known, (rule,))
    for row in finding.evidence:
        assert row.value not in {"", "None"}, f"{rule}: {row.what} without a value"
        assert row.on is not None, f"{rule}: {row.what} without a date"
        assert row.days_before_rand == (known.randomized - row.on).days
    if finding.verdict in DECIDED or " d old" in finding.sentence or "is later than" in finding.sentence:
        assert finding.evidence, f"{rule}: {finding.sentence}"
    return finding


def verdict(rule: str, known: Case) -> Verdict:
    """Give the verdict of one rule."""
    return found(rule, known).verdict


def _told(row: EvidenceUsed) -> str:
    """Give one row of evidence as a line, its date as days after day 0."""
    assert row.on is not None
    line = f"{row.what}: {row.value}, day {(row.on - day(0)).days}"
    line += f", limit {row.upper_limit}" if row.upper_limit else ""
    return line + (f", {row.document}" if row.document else "")


def lines(finding: Finding) -> tuple[str, list[str]]:
    """Give the verdict and every row of evidence, as lines: value, days after day 0, upper limit, document."""
    return str(finding.verdict), [_told(row) for row in finding.evidence]
