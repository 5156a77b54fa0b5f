"""Criteria about the tumour and its treatment: I3 to I9, E1 to E6, E10, E12, E13, and judgements."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from domain import evidence as e
from domain.criteria import Judgement, assess
from domain.criteria.staging import stages_of
from domain.findings import Verdict
from domain.nct06978153.criteria import CRITERIA
from domain.nct06978153.stages import STAGE_GROUPS
from tests.criteria import PROTOCOL, found, judged, value, verdict, whole, with_section, without, yes
from tests.evidence import answers, sections
from tests.given import day

TNM = list(product(("TX", "T1", "T1C", "T2B", "T3", "T4"), ("NX", "N0", "N2B", "N3"), ("MX", "M0", "M1A")))


def test_a_whole_clean_document_is_all_clear() -> None:
    """Every criterion of the record is there, and each is clear for this man (I1 to I13, E1 to E27)."""
    findings = assess(PROTOCOL, whole())
    assert [finding.rule for finding in findings] == [row.rule for row in CRITERIA]
    assert {finding.rule: finding.verdict for finding in findings if not finding.is_clear} == {}
    assert all(
        finding.sentence and (finding.evidence or finding.verdict == Verdict.NOT_APPLICABLE) for finding in findings
    )


@pytest.mark.parametrize("name", sorted(sections(day(0)).keys() - {"not_measured"}))
def test_a_missing_section_is_unknown_for_each_of_its_criteria(name: str) -> None:
    """Absent evidence never lets pass: some criterion turns UNKNOWN and none turns better."""
    before = {finding.rule: finding for finding in assess(PROTOCOL, whole())}
    after = {finding.rule: finding for finding in assess(PROTOCOL, without(name))}
    changed = {rule for rule in after if after[rule].verdict != before[rule].verdict}
    assert changed
    assert {after[rule].verdict for rule in changed} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Verdict.MET),
        ({"diagnosis": "OTHER"}, Verdict.NOT_MET),
        ({"method": "CYTOLOGY"}, Verdict.UNKNOWN),
        ({"document": ""}, Verdict.UNKNOWN),
    ],
)
def test_sclc_by_histology(fields: dict[str, Any], expected: Verdict) -> None:
    """Cytology alone and a report without a name are UNKNOWN (I3)."""
    assert verdict("I3", with_section("histology", **fields)) == expected


def test_cytology_counts_once_the_investigator_accepts_it() -> None:
    """Or rejects it (I3)."""
    for word, expected in (("MET", Verdict.MET), ("NOT_MET", Verdict.NOT_MET)):
        answer = e.Answer.model_validate({"rule": "I3", "verdict": word, "on": day(1)})
        known = with_section("histology", method="CYTOLOGY")
        known = replace(known, judgements=dict(known.judgements) | {"I3": Judgement(answer, "INV1", "INVESTIGATOR")})
        assert verdict("I3", known) == expected


@pytest.mark.parametrize(
    ("components", "expected"),
    [("NONE", Verdict.NOT_TRIGGERED), ("PRESENT", Verdict.TRIGGERED), ("NOT_EXCLUDED", Verdict.UNKNOWN)],
)
def test_combined_sclc(components: str, expected: Verdict) -> None:
    """Any other component triggers (E1)."""
    assert verdict("E1", with_section("histology", other_components=components)) == expected


def agreeing(t: str, n: str, m: str) -> str:
    """Give a stage group that T, N and M may be; any where the table says nothing."""
    staged = e.Staging.model_validate({"on": day(0), "edition": 9, "t": t, "n": n, "m": m, "stage": "IIB"})
    return min(stages_of(staged, STAGE_GROUPS), default="IIB")


@pytest.mark.parametrize(("t", "n", "m"), TNM)
def test_t_n_and_m_must_each_hold(t: str, n: str, m: str) -> None:
    """T1 to T3, N0 to N2, M0; a word that says nothing is UNKNOWN unless another fails (I4.1)."""
    bad = t == "T4" or n == "N3" or m.startswith("M1")
    silent = "TX" in t or "NX" in n or "MX" in m
    expected = Verdict.NOT_MET if bad else Verdict.UNKNOWN if silent else Verdict.MET
    stage = agreeing(t, n, m)
    assert verdict("I4.1", with_section("staging", t=t, n=n, m=m, stage=stage)) == expected


@pytest.mark.parametrize(
    ("t", "n", "m", "stage", "expected"),
    [
        ("T1", "N0", "M0", "I", Verdict.MET),
        ("T1A", "N0", "M0", "IA1", Verdict.MET),
        ("T3", "N2B", "M0", "IIIB", Verdict.MET),
        ("T3", "N3", "M0", "IIIC", Verdict.NOT_MET),
        ("T3", "N0", "M1", "IV", Verdict.NOT_MET),
    ],
)
def test_the_stage_group_must_hold_beside_t_and_n(t: str, n: str, m: str, stage: str, expected: Verdict) -> None:
    """I to IIIB (I4.2)."""
    assert verdict("I4.2", with_section("staging", t=t, n=n, m=m, stage=stage)) == expected


@pytest.mark.parametrize("rule", ["I4.1", "I4.2"])
@pytest.mark.parametrize("edition", [8, 10])
def test_another_edition_must_be_staged_again(rule: str, edition: int) -> None:
    """AJCC 9 only (I4.1, I4.2)."""
    assert verdict(rule, with_section("staging", edition=edition)) == Verdict.UNKNOWN
    assert "stage again by edition 9" in found(rule, with_section("staging", edition=edition)).sentence


@pytest.mark.parametrize(
    ("extent", "m", "t", "expected"),
    [
        ("LIMITED", "M0", "T2A", Verdict.NOT_TRIGGERED),
        (None, "M0", "T2A", Verdict.NOT_TRIGGERED),
        ("EXTENSIVE", "M1B", "T2A", Verdict.TRIGGERED),
        (None, "M1C1", "T2A", Verdict.TRIGGERED),
        ("LIMITED", "M1A", "T2A", Verdict.CONFLICT),
        ("EXTENSIVE", "M0", "T2A", Verdict.CONFLICT),
        ("EXTENSIVE", "M0", "T4", Verdict.TRIGGERED),
        ("LIMITED", "MX", "T2A", Verdict.UNKNOWN),
    ],
)
def test_extensive_stage_and_where_the_report_disagrees_with_itself(
    extent: str | None, m: str, t: str, expected: Verdict
) -> None:
    """Extent and TNM that contradict each other are a CONFLICT (E2)."""
    assert verdict("E2", with_section("staging", extent=extent, m=m, t=t)) == expected


@pytest.mark.parametrize(("cycles", "expected"), [(0, Verdict.MET), (1, Verdict.MET), (2, Verdict.NOT_MET)])
def test_at_most_one_prior_cycle(cycles: int, expected: Verdict) -> None:
    """None or one (I5.1)."""
    assert verdict("I5.1", with_section("prior_treatment", chemotherapy_cycles=cycles)) == expected


@pytest.mark.parametrize("other", ["RADIOTHERAPY", "SURGERY", "IMMUNOTHERAPY", "TARGETED", "OTHER"])
def test_no_other_prior_treatment(other: str) -> None:
    """Any one of them (I5.2)."""
    assert verdict("I5.2", with_section("prior_treatment", others=(other,))) == Verdict.NOT_MET


@pytest.mark.parametrize(("rule", "field"), [("E12", "antiangiogenic"), ("E13", "immune_modulator")])
def test_a_prior_drug_of_the_class_triggers_its_own_rule_alone(rule: str, field: str) -> None:
    """Ever (E12, E13)."""
    known = with_section("prior_treatment", **yes(field))
    assert {key: verdict(key, known) for key in ("E12", "E13")} == {
        "E12": Verdict.NOT_TRIGGERED, "E13": Verdict.NOT_TRIGGERED, rule: Verdict.TRIGGERED
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "good"), [((0,), True), ((1,), True), ((2,), False), ((1, 2), False), ((2, 0), False), ((0, 1), True)]
)
def test_of_two_raters_the_higher_score_counts(scores: tuple[int, ...], good: bool) -> None:  # noqa: FBT001 - a table
    """The same evidence for the inclusion and the exclusion (I6, E3)."""
    known = with_section("performance", scores=scores)
    assert verdict("I6", known) == (Verdict.MET if good else Verdict.NOT_MET)
    assert verdict("E3", known) == (Verdict.NOT_TRIGGERED if good else Verdict.TRIGGERED)


@pytest.mark.parametrize(
    ("rule", "name"), [("I6", "performance"), ("I8", "thorax"), ("E4", "brain"), ("E16.1", "blood_pressure"),
                       ("E16.2", "heart")],
)  # fmt: skip
@pytest.mark.parametrize(("age", "fresh"), [(27, True), (28, True), (29, False)])
def test_evidence_ages_at_randomization_and_at_c1d1(
    rule: str,
    name: str,
    age: int,
    fresh: bool,  # noqa: FBT001 - a table
) -> None:
    """28 d, the last day included, against both anchors (Q5)."""
    on = day(2) - timedelta(days=age)
    known = with_section(name, on=on)
    assert found(rule, known).is_clear == fresh
    planned = replace(with_section(name, on=day(2) - timedelta(days=age - 5)), first_dose_on=day(7))
    assert found(rule, planned).is_clear == fresh
    if not fresh:
        assert verdict(rule, known) == verdict(rule, planned) == Verdict.UNKNOWN


def test_evidence_of_a_later_date_is_unknown() -> None:
    """It cannot have been known (I6)."""
    assert verdict("I6", with_section("performance", on=day(3))) == Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "diameter", "slice_mm", "expected"),
    [
        ("TUMOUR", "9.9", "5", Verdict.NOT_MET),
        ("TUMOUR", "10", "5", Verdict.MET),
        ("TUMOUR", "10", "5.1", Verdict.NOT_MET),
        ("NODE", "14.9", "5", Verdict.NOT_MET),
        ("NODE", "15", "5", Verdict.MET),
    ],
)
def test_a_measurable_lesion(kind: str, diameter: str, slice_mm: str, expected: Verdict) -> None:
    """Longest diameter 10 mm, of a node the short axis 15 mm, slices of 5 mm at most (I8, RECIST 1.1)."""
    lesion = e.Lesion.model_validate({"kind": kind, "diameter_mm": diameter, "slice_mm": slice_mm})
    assert verdict("I8", with_section("thorax", lesions=(lesion,))) == expected


def test_no_lesion_is_not_measurable() -> None:
    """A statement of none (I8)."""
    assert verdict("I8", with_section("thorax", lesions=())) == Verdict.NOT_MET


def test_after_a_prior_cycle_the_scan_after_it_counts() -> None:
    """The older one is UNKNOWN (I8)."""
    known = with_section("prior_treatment", chemotherapy_cycles=1)
    assert verdict("I8", known) == Verdict.UNKNOWN
    assert verdict("I8", with_section("thorax", known=known, after_prior_cycle=True)) == Verdict.MET


@pytest.mark.parametrize(
    ("metastasis", "expected"),
    [
        ("NONE", Verdict.NOT_TRIGGERED),
        ("TREATED_STABLE", Verdict.CONFLICT),
        ("UNTREATED", Verdict.TRIGGERED),
        ("ACTIVE", Verdict.TRIGGERED),
    ],
)
def test_metastasis_of_the_brain(metastasis: str, expected: Verdict) -> None:
    """Active or untreated, of an old scan too (E4)."""
    assert verdict("E4", with_section("brain", metastasis=metastasis)) == expected
    if expected == Verdict.TRIGGERED:
        assert verdict("E4", with_section("brain", metastasis=metastasis, on=day(-300))) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Verdict.NOT_TRIGGERED),
        ({"uncontrolled": True}, Verdict.TRIGGERED),
        ({"drainage_planned": True}, Verdict.TRIGGERED),
        ({"drained_on": (day(2) - timedelta(days=29),)}, Verdict.TRIGGERED),
        ({"drained_on": (day(2) - timedelta(days=30),)}, Verdict.TRIGGERED),
        ({"drained_on": (day(2) - timedelta(days=31),)}, Verdict.NOT_TRIGGERED),
    ],
)
def test_effusions(fields: dict[str, Any], expected: Verdict) -> None:
    """Drained in 30 d, the last day included, planned, or uncontrolled (E6)."""
    assert verdict("E6", with_section("effusion", **fields)) == expected


@pytest.mark.parametrize("field", ["vessel_invasion", "cavity_or_necrosis"])
def test_imaging_findings_trigger_whatever_the_investigator_says(field: str) -> None:
    """And without them the risk of bleeding is the investigator's to judge (E10)."""
    assert verdict("E10", with_section("thorax", **yes(field))) == Verdict.TRIGGERED
    assert verdict("E10", whole(judgements={})) == Verdict.JUDGEMENT_PENDING
    assert verdict("E10", whole(judgements=judged(E10="TRIGGERED"))) == Verdict.TRIGGERED


JUDGED = ["I1.2", "I1.3", "I7", "I9", "E5", "E15", "E16.4", "E26", "E27"]


@pytest.mark.parametrize("rule", JUDGED)
def test_a_judgement_is_awaited_taken_and_never_assumed(rule: str) -> None:
    """By an investigator; a coordinator's answer waits for one."""
    bad = "NOT_MET" if rule.startswith("I") else "TRIGGERED"
    assert verdict(rule, whole(judgements={})) == Verdict.JUDGEMENT_PENDING
    assert verdict(rule, whole(judgements=judged("COORDINATOR"))) == Verdict.JUDGEMENT_PENDING
    answer = {row.rule: row for row in answers(day(0))}[rule].model_copy(update={"verdict": bad, "why": "grounds"})
    assert verdict(rule, whole(judgements=judged() | {rule: Judgement(answer, "INV1", "INVESTIGATOR")})) == bad
    future = answer.model_copy(update={"on": day(3)})
    known = whole(judgements=judged() | {rule: Judgement(future, "INV1", "INVESTIGATOR")})
    assert verdict(rule, known) == Verdict.UNKNOWN


def test_a_surgeon_judges_operability_and_nothing_else() -> None:
    """With an investigator's answer the surgeon is named (I7)."""
    assert verdict("I7", whole(judgements=judged("SURGEON"))) == Verdict.MET
    assert verdict("I9", whole(judgements=judged("SURGEON"))) == Verdict.JUDGEMENT_PENDING
    unnamed = judged()["I7"].answer.model_copy(update={"surgeon": None})
    assert verdict("I7", whole(judgements={"I7": Judgement(unnamed, "INV1", "INVESTIGATOR")})) == Verdict.UNKNOWN


def test_another_factor_needs_its_grounds() -> None:
    """Free text is mandatory (E27)."""
    bare = judged(E27="TRIGGERED")
    assert verdict("E27", whole(judgements=bare)) == Verdict.JUDGEMENT_PENDING


def test_two_sections_of_one_day_that_disagree_are_a_conflict() -> None:
    """In a verdict; two that agree are none (3.1)."""
    section = sections(day(0))["performance"]
    worse = section.model_copy(update={"scores": (2,)})
    same = section.model_copy(update={"scores": (0,)})
    assert verdict("I6", with_section("performance", section, worse)) == Verdict.CONFLICT
    assert verdict("I6", with_section("performance", section, same)) == Verdict.MET


def test_a_finding_shows_the_age_of_its_evidence_at_both_anchors() -> None:
    """In days (3.1)."""
    known = replace(whole(), rand_on=day(3), first_dose_on=day(7))
    (used,) = found("I6", known).evidence
    assert (used.days_before_rand, used.days_before_c1d1) == (3, 7)
    (used,) = found("I6", whole()).evidence
    assert (used.days_before_rand, used.days_before_c1d1) == (2, None)


def test_a_consent_on_a_version_that_is_not_approved_is_not_met() -> None:
    """Where the approved versions are known (I1.1)."""
    for version, expected in (("V1.0", Verdict.MET), ("V0.9", Verdict.NOT_MET)):
        assert verdict("I1.1", whole(consent_version=version, icf_versions=("V1.0", "V2.0"))) == expected


def test_amounts_are_decimals() -> None:
    """No float reaches a verdict."""
    for row in CRITERIA:
        assert all(isinstance(number, Decimal) for number in row.table.values())
        assert all(isinstance(limit.value, Decimal) for limit in row.limits)


@pytest.mark.parametrize("name", ["performance", "thorax", "brain", "blood_pressure", "heart"])
def test_a_procedure_before_the_consent_must_be_standard_of_care(name: str) -> None:
    """No study procedure before the informed consent (I1.1)."""
    assert verdict("I1.1", with_section(name, on=day(-1))) == Verdict.NOT_MET
    assert verdict("I1.1", with_section(name, on=day(-1), standard_of_care=True)) == Verdict.MET


def test_a_sample_before_the_consent_must_be_standard_of_care() -> None:
    """The same for the laboratory; histology may be of any date (I1.1, I3)."""
    for flagged, expected in ((False, Verdict.NOT_MET), (True, Verdict.MET)):
        early = value("HB", "132", on=day(-1)).model_copy(update={"standard_of_care": flagged})
        assert verdict("I1.1", replace(whole(), labs={"HB": (early,)})) == expected
    assert verdict("I1.1", with_section("histology", on=day(-900))) == Verdict.MET
