"""What a person is warned of although the subject may enter: I5.1, I11.4, I12.3."""

from dataclasses import replace

import pytest

from cli.doses import sheet
from domain.criteria import about_drugs
from domain.findings import Finding, Verdict
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.eligibility import drug_warnings
from tests.criteria import PROTOCOL, found, weighed, whole, with_lab, with_section, without
from tests.given import day
from tests.stories import at_visit, in_neoadjuvant, told

LOW = {"CREAT": ("1.4", "mg/dL", "1.2")}
"""1.17 x ULN; the clearance of a man of 65 and 70 kg is 52.1 mL/min."""


def warned(finding: Finding, verdict: Verdict = Verdict.MET) -> bool:
    """Say whether a finding warns, after a look at its verdict."""
    assert finding.verdict == verdict
    return finding.warnings != ()


@pytest.mark.parametrize(("number", "warns"), [("80", True), ("99", True), ("100", False), ("231", False)])
def test_platelets_below_100_are_eligible_with_a_warning(number: str, warns: bool) -> None:  # noqa: FBT001 - a table
    """80 is enough by the text (I11.4)."""
    assert warned(found("I11.4", with_lab("PLT", number))) == warns


def test_what_keeps_the_subject_out_does_not_warn_too() -> None:
    """The verdict says it (I11.4)."""
    assert not warned(found("I11.4", with_lab("PLT", "79")), Verdict.NOT_MET)


def test_creatinine_that_passes_with_a_low_clearance_warns_of_cisplatin() -> None:
    """120 umol/L pass by 1.5 x ULN; 65 y and 70 kg have 53.7 mL/min (I12.3)."""
    finding = found("I12.3", with_lab("CREAT", "120"))
    assert warned(finding)
    assert "mind cisplatin" in finding.warnings[0]
    assert "53.7" in finding.warnings[0]
    assert not warned(found("I12.3", with_lab("CREAT", "107")))
    assert warned(found("I12.3", with_lab("CREAT", "108")))
    assert warned(found("I12.3", replace(whole(), weight_kg=None)))


def test_a_prior_cycle_is_flagged_as_a_query() -> None:
    """One cycle may enter (I5.1, Q4)."""
    assert not warned(found("I5.1", whole()))
    assert "query" in found("I5.1", with_section("prior_treatment", chemotherapy_cycles=1)).warnings[0]


def test_the_order_sheet_warns_when_cisplatin_is_picked() -> None:
    """And not with carboplatin (I12.3)."""
    story = at_visit(in_neoadjuvant(), LOW)
    plan = c.PlanDoses(cycle="C1", choice="CISPLATIN", why="first choice")
    cisplatin = told(story, plan)
    (text,) = sheet(cisplatin.state, "C1")["warnings"]
    assert text.startswith("I12.3: ")
    carboplatin = told(story, plan.model_copy(update={"choice": "CARBOPLATIN"}))
    assert sheet(carboplatin.state, "C1")["warnings"] == []
    assert drug_warnings(at_visit(in_neoadjuvant()).state, day(7), ["CISPLATIN"]) == ()


def test_a_warning_is_kept_with_the_verdict_and_changes_nothing_else() -> None:
    """The gate passes with 85 platelets, and its record warns (I11.4, T11)."""
    story = at_visit(in_neoadjuvant(), {"PLT": ("85", "10*9/L", "")})
    gate = [fact for fact in story.facts if isinstance(fact, f.GateChecked)][-1]
    assert gate.passed
    assert [row.rule for row in gate.findings if row.warnings] == ["I11.4"]
    stored = f.GateChecked.model_validate_json(gate.model_dump_json())
    assert stored == gate
    old = gate.model_dump(mode="json")
    for row in old["findings"]:
        row.pop("warnings", None)
    assert not any(row.warnings for row in f.GateChecked.model_validate(old).findings)


def test_a_warning_of_any_kind_may_be_about_a_drug() -> None:
    """In a protocol that names one: a lacking result warns, prior cycles nobody told of do not (I11.4, I5.1)."""
    rows = [
        row.model_copy(update={"cautions": tuple(text.model_copy(update={"drug": "DRUG_X"}) for text in row.cautions)})
        for row in PROTOCOL.screening.criteria
        if row.rule in ("I5.1", "I11.4")
    ]
    prior = with_section("prior_treatment", chemotherapy_cycles=1)
    of = {name: [text.split(":")[0] for text in about_drugs(rows, known, ["DRUG_X"])] for name, known in {
        "nothing to mind": whole(), "nothing known": weighed(), "not told of cycles": without("prior_treatment"),
        "a prior cycle": prior, "few platelets": with_lab("PLT", "99"),
    }.items()}  # fmt: skip
    assert of == {
        "nothing to mind": [], "nothing known": ["I11.4"], "not told of cycles": [], "a prior cycle": ["I5.1"],
        "few platelets": ["I11.4"],
    }  # fmt: skip
    assert about_drugs(rows, prior, ["OTHER_DRUG"]) == ()
