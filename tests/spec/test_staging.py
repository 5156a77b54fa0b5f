"""The parts of a stage must agree: T, N and M, the stage group, and what imaging shows (I4, E2, E4)."""

import pytest

from domain.criteria import Case, Reading
from domain.criteria.staging import metastases, of_group
from domain.evidence import Staging
from domain.findings import EvidenceUsed, Verdict
from domain.nct06978153.stages import STAGE_GROUPS
from tests.criteria import found, lines, verdict, whole, with_section, without
from tests.given import day

MET, CONFLICT = Verdict.MET, Verdict.CONFLICT


@pytest.mark.parametrize(
    ("t", "n", "stage", "expected"),
    [
        ("T1", "N0", "IIIB", CONFLICT),
        ("T1", "N0", "IA2", MET),
        ("T1A", "N0", "IA2", CONFLICT),
        ("T1A", "N0", "IA", MET),
        ("T1C", "N1", "IIA", MET),
        ("T1C", "N1", "IIB", CONFLICT),
        ("T1B", "N2A", "IIB", MET),
        ("T1B", "N2B", "IIIA", MET),
        ("T1B", "N2", "IIB", MET),
        ("T1B", "N2", "IIIA", MET),
        ("T1B", "N2", "IIIB", CONFLICT),
        ("T2A", "N0", "IB", MET),
        ("T2B", "N0", "IIA", MET),
        ("T2B", "N0", "IB", CONFLICT),
        ("T2", "N0", "I", MET),
        ("T2", "N0", "II", MET),
        ("T2", "N1", "I", CONFLICT),
        ("T3", "N1", "IIIA", MET),
        ("T3", "N2A", "IIIA", MET),
        ("T3", "N2B", "IIIA", CONFLICT),
    ],
)
@pytest.mark.parametrize("rule", ["I4.1", "I4.2"])
def test_t_and_n_must_give_the_stage_group(rule: str, t: str, n: str, stage: str, expected: Verdict) -> None:
    """By AJCC 9; a word without its letter may be any of its parts (I4.1, I4.2, Q11)."""
    known = with_section("staging", t=t, n=n, stage=stage)
    assert verdict(rule, known) == expected
    if expected == CONFLICT:
        assert f"reported as stage {stage}" in found(rule, known).sentence


def test_what_is_out_by_itself_stays_out_when_it_disagrees_too() -> None:
    """A conflict never hides a NOT_MET (I4.1, I4.2)."""
    assert verdict("I4.1", with_section("staging", t="T4", stage="IIB")) == Verdict.NOT_MET
    assert verdict("I4.2", with_section("staging", m="M1B", stage="IVB")) == Verdict.NOT_MET
    assert verdict("I4.1", with_section("staging", t="TX", stage="IIB")) == Verdict.UNKNOWN


@pytest.mark.parametrize("rule", ["I4.1", "E2", "E4"])
def test_a_treated_brain_metastasis_contradicts_m0(rule: str) -> None:
    """Any metastasis of the central nervous system is M1 (E4)."""
    known = with_section("brain", metastasis="TREATED_STABLE")
    assert verdict(rule, known) == CONFLICT
    assert "central nervous system is M1" in found(rule, known).sentence


def test_a_brain_metastasis_staged_m1_fails_by_its_stage() -> None:
    """E4 is about active and untreated ones, I4 and E2 about the stage (I4.1, E2, E4)."""
    known = with_section("staging", known=with_section("brain", metastasis="TREATED_STABLE"), m="M1B", stage="IVA",
                         extent="EXTENSIVE")  # fmt: skip
    assert verdict("E4", known) == Verdict.NOT_TRIGGERED
    assert verdict("E2", known) == Verdict.TRIGGERED
    assert verdict("I4.1", known) == verdict("I4.2", known) == Verdict.NOT_MET


@pytest.mark.parametrize("metastasis", ["UNTREATED", "ACTIVE"])
def test_an_active_brain_metastasis_triggers_and_contradicts_m0(metastasis: str) -> None:
    """The worse verdict stands (E2, E4)."""
    known = with_section("brain", metastasis=metastasis)
    assert verdict("E4", known) == Verdict.TRIGGERED
    assert verdict("E2", known) == CONFLICT


@pytest.mark.parametrize("rule", ["I4.1", "E2"])
def test_a_malignant_effusion_contradicts_m0(rule: str) -> None:
    """It is M1a (E2, E6)."""
    assert verdict(rule, with_section("effusion", malignant=True)) == CONFLICT


def test_the_table_has_every_t_n_and_m_and_gives_known_groups() -> None:
    """Nothing but TX, T0, NX and MX is left out (I4.2)."""
    words = {name: Staging.model_fields[name].annotation.__args__ for name in ("t", "n", "m", "stage")}  # type: ignore[union-attr]
    parts = {part for row in STAGE_GROUPS for part in row.split()}
    wide = {"T1", "T2", "N2", "M1", "M1C"}
    assert {*words["t"], *words["n"], *words["m"]} - wide - {"TX", "T0", "NX", "MX"} == parts
    assert {group for groups in STAGE_GROUPS.values() for group in groups} <= set(words["stage"])


def test_what_could_contradict_the_stage_must_be_documented() -> None:
    """Else a contradiction could be left out (I4.1, E2, E4)."""
    for name in ("effusion", "brain"):
        assert verdict("I4.1", without(name)) == verdict("E2", without(name)) == Verdict.UNKNOWN
    known = with_section("brain", metastasis="TREATED_STABLE", known=without("staging"))
    assert verdict("E4", known) == Verdict.UNKNOWN


STAGED = EvidenceUsed(what="stage", value="as staged", on=day(0))


def against_m0(known: Case) -> list[tuple[str, list[str]]]:
    """Give what contradicts M0, each with what it rests on."""
    staged = known.sections["staging"][0]
    assert isinstance(staged, Staging)
    return [(str(limb.verdict), [row.what + ": " + row.value for row in limb.evidence])
            for limb in metastases(Reading(known), staged, STAGED)]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (whole(), []),
        (with_section("effusion", malignant=True), [("CONFLICT", ["stage: as staged", "effusion: malignant"])]),
        (with_section("brain", metastasis="ACTIVE"), [("CONFLICT", ["stage: as staged", "brain MRI: ACTIVE"])]),
        (without("effusion"), [("UNKNOWN", ["stage: as staged"])]),
        (without("brain"), [("UNKNOWN", ["stage: as staged"])]),
        (with_section("staging", m="M1A", known=without("brain")), []),
    ],
)
def test_what_contradicts_m0_rests_on_the_stage_and_on_what_was_seen(
    known: Case, expected: list[tuple[str, list[str]]]
) -> None:
    """Both are shown, and the stage alone where nobody looked (E2, E4, E6)."""
    assert against_m0(known) == expected


def test_a_stage_group_that_disagrees_rests_on_the_stage() -> None:
    """Of one report (I4.1, I4.2)."""
    staged = Staging(on=day(0), edition=9, t="T1", n="N0", m="M0", stage="IIIB")
    (limb,) = of_group(staged, STAGE_GROUPS, STAGED)
    assert (limb.verdict, limb.evidence) == (CONFLICT, (STAGED,))
    assert limb.sentence == "T1 N0 M0 is stage IA1 or IA2 or IA3, reported as stage IIIB"
    shown = ["stage: T1 N0 M0, stage IIIB, edition 9, day 0"]
    assert lines(found("I4.2", with_section("staging", t="T1", n="N0", stage="IIIB"))) == (CONFLICT, shown)
