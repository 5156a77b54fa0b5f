"""What each criterion shows as its evidence: value, date, upper limit of normal and document, nothing left out."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import evidence as e
from domain.criteria import Case, Judgement, Ruling, assess
from domain.findings import Finding, Verdict
from tests.criteria import PROTOCOL, found, judged, one, value, verdict, whole, with_section, without, woman
from tests.given import day

ON = day(2)
SHOWN = {
    "I1.1": [("consent", "signed, version on record", 0, "", "")],
    "I2": [("age", "65 a", 0, "", "")],
    "I3": [("diagnosis", "SCLC by HISTOLOGY", 0, "", "PATH-1")],
    "I4.1": [("stage", "T2A N1 M0, stage IIB, edition 9", 0, "", "")],
    "I4.2": [("stage", "T2A N1 M0, stage IIB, edition 9", 0, "", "")],
    "I5.1": [("prior chemotherapy", "0 cycles", 0, "", "")],
    "I5.2": [("others", "none", 0, "", "")],
    "I6": [("ECOG", "1", 0, "", "")],
    "I8": [("lesions", "1", 0, "", "")],
    "I11.1": [("blood support", "none", 0, "", "")],
    "I11.2": [("Hemoglobin", "132 - (reported 132)", 1, "", "")],
    "I11.3": [("Neutrophils", "4.1 - (reported 4.1)", 1, "", "")],
    "I11.4": [("Platelets", "231 - (reported 231)", 1, "", "")],
    "I12.1": [("Total bilirubin", "12 - (reported 12)", 1, "21 -", "")],
    "I12.2": [("ALT", "24 - (reported 24)", 1, "40 -", ""), ("AST", "22 - (reported 22)", 1, "40 -", "")],
    "I12.3": [
        ("Creatinine", "80 - (reported 80)", 1, "106 -", ""),
        ("creatinine clearance", "80.57 mL/min", 1, "", ""),
    ],
    "I13.1": [("Urine protein, dipstick", "0 - (reported 0)", 1, "", "")],
    "I13.2": [("INR", "1.0 - (reported 1.0)", 1, "", "")],
    "I13.3": [("APTT", "29 - (reported 29)", 1, "36 -", "")],
    "I13.4": [("anticoagulation", "NONE", 0, "", "")],
    "E1": [("other components", "NONE", 0, "", "PATH-1")],
    "E2": [("stage", "M0, LIMITED", 0, "", "")],
    "E3": [("ECOG", "1", 0, "", "")],
    "E4": [("brain MRI", "NONE", 0, "", "")],
    "E6": [("effusion", "controlled", 0, "", ""), ("drainages", "0", 0, "", "")],
    "E7": [("Calcium, total", "2.35 - (reported 2.35)", 1, "2.6 -", ""), ("Albumin", "42 - (reported 42)", 1, "", "")],
    "E8": [("Systemic immunostimulant in 28 d", "none", 0, "", "")],
    "E9.1": [("corticosteroids", "none that count", 0, "", "")],
    "E9.2": [("Other immunosuppressant in 14 d", "none", 0, "", "")],
    "E10": [("invasion of a major vessel", "False", 0, "", ""), ("cavity or necrosis", "False", 0, "", "")],
    "E11": [("other malignancies", "none", 0, "", "")],
    "E12": [("Prior anlotinib or antiangiogenic drug", "False", 0, "", "")],
    "E13": [("Prior immune checkpoint or co-stimulation drug", "False", 0, "", "")],
    "E14": [("component hypersensitivity", "no", 0, "", "")],
    "E16.1": [("blood pressure", "128/82, 132/80 mm[Hg]", 0, "", "")],
    "E16.2": [
        ("ischaemia", "grade 0", 0, "", ""),
        ("arrhythmia", "grade 0", 0, "", ""),
        ("NYHA", "0", 0, "", ""),
        ("QTc Fridericia", "411.7 ms from QT 390 and RR 850 ms", 0, "", ""),
    ],
    "E16.3": [
        ("INR", "1.0 - (reported 1.0)", 1, "", ""),
        ("Prothrombin time", "12 - (reported 12)", 1, "13.5 -", ""),
        ("APTT", "29 - (reported 29)", 1, "36 -", ""),
        ("tendency", "no", 0, "", ""),
        ("anticoagulation", "NONE", 0, "", ""),
    ],
    "E16.5": [
        ("cirrhosis", "no", 0, "", ""),
        ("decompensated liver", "no", 0, "", ""),
        ("antivirals", "no", 0, "", ""),
        ("Hepatitis B surface antigen", "0 - (reported 0)", 1, "", ""),
        ("Hepatitis C antibody", "0 - (reported 0)", 1, "", ""),
    ],
    "E16.6": [("dialysis", "no", 0, "", "")],
    "E16.7": [
        ("HIV 1+2 antibody", "0 - (reported 0)", 1, "", ""),
        ("immunodeficiency", "no", 0, "", ""),
        ("transplant", "no", 0, "", ""),
    ],
    "E16.8": [("Fasting glucose", "5.4 - (reported 5.4)", 1, "", "")],
    "E16.9": [("Urine protein, dipstick", "0 - (reported 0)", 1, "", "")],
    "E16.10": [("treated epilepsy", "no", 0, "", "")],
    "E16.11": [("unhealed wound or fracture", "no", 0, "", "")],
    "E17": [
        ("Faecal occult blood", "0 - (reported 0)", 1, "", ""),
        ("haemoptysis", "0 mL a day", 0, "", ""),
        ("bleeding", "none", 0, "", ""),
    ],
    "E18": [("lung disease", "no", 0, "", ""), ("steroid pneumonitis", "no", 0, "", "")],
    "E19": [("thromboembolism", "none", 0, "", "")],
    "E20": [("neuropathy", "grade 0", 0, "", "")],
    "E21": [("surgery", "none", 0, "", ""), ("residual effects", "no", 0, "", "")],
    "E22": [("other trial", "NONE", 0, "", ""), ("last trial treatment", "none", 0, "", "")],
    "E23": [("live vaccine", "none", 0, "", "")],
    "E24": [("antibody hypersensitivity", "grade 0", 0, "", "")],
}
"""For each rule: what, value, days after day 0, upper limit, document. Sections are of day 0, samples of day 1."""


def rows(finding: Finding) -> list[tuple[str, str, int, str, str]]:
    """Give the evidence of a finding without the judgements, which another test is about."""
    return [
        (row.what, row.value, (row.on - day(0)).days, row.upper_limit, row.document)
        for row in finding.evidence
        if row.on is not None and row.what != "judgement"
    ]


def test_a_subject_without_a_finding_shows_what_every_criterion_was_held_against() -> None:
    """Evidence with value, unit, date, upper limit and document (issue of the rules; all I and E)."""
    shown = {finding.rule: rows(finding) for finding in assess(PROTOCOL, whole())}
    assert {rule: list(shown[rule]) for rule in SHOWN} == SHOWN
    assert {rule for rule, found in shown.items() if found} == set(SHOWN)


def test_judgements_are_shown_with_who_gave_them() -> None:
    """Answer, name, role and date (I1.2, E5)."""
    for rule, answer in (("I1.2", "MET"), ("E5", "NOT_TRIGGERED"), ("E10", "NOT_TRIGGERED")):
        row = found(rule, whole()).evidence[-1]
        assert (row.what, row.value, row.on) == ("judgement", f"{answer} by INV1 (INVESTIGATOR)", day(0))


def test_evidence_has_its_age_at_randomization_and_at_c1d1() -> None:
    """In days; none at C1D1 before it is planned (3.6)."""
    before = found("I11.2", whole()).evidence[0]
    after = found("I11.2", whole(rand_on=day(2), first_dose_on=day(7))).evidence[0]
    assert (before.days_before_rand, before.days_before_c1d1) == (1, None)
    assert (after.days_before_rand, after.days_before_c1d1) == (1, 6)


def steroids(**fields: Any) -> Case:
    """Give a case with one course of prednisone of 40 mg a day, 60 d ago until now unless told otherwise."""
    course: dict[str, Any] = {
        "drug": "PREDNISONE", "started_on": ON - timedelta(days=60), "mg_per_day": Decimal(40), "route": "SYSTEMIC",
        "purpose": "OTHER",
    }  # fmt: skip
    return with_section("medication", steroids=(e.SteroidCourse.model_validate(course | fields),))


@pytest.mark.parametrize(
    ("started_on", "stopped_on", "expected"),
    [
        (ON - timedelta(days=1), None, Verdict.TRIGGERED),
        (ON, None, Verdict.TRIGGERED),
        (ON + timedelta(days=1), None, Verdict.NOT_TRIGGERED),
        (ON - timedelta(days=20), ON - timedelta(days=14), Verdict.TRIGGERED),
        (ON - timedelta(days=20), ON - timedelta(days=15), Verdict.NOT_TRIGGERED),
    ],
)
def test_the_days_of_steroids_that_count_end_with_the_anchor(
    started_on: date, stopped_on: date | None, expected: Verdict
) -> None:
    """From 14 d before randomization up to it, both included (E9.1)."""
    assert verdict("E9.1", steroids(started_on=started_on, stopped_on=stopped_on)) == expected


def test_the_worst_day_of_steroids_is_the_first_of_equal_ones() -> None:
    """A dose below 1 mg is counted as it is (E9.1)."""
    assert f"40 mg prednisone-equivalent ({ON - timedelta(days=14)})" in found("E9.1", steroids()).sentence
    assert "day 0.5 mg" in found("E9.1", steroids(mg_per_day=Decimal("0.5"))).sentence


def test_drugs_are_shown_by_name_with_the_last_day() -> None:
    """One that goes on is taken until the day of judging (E8, E9.1, E9.2)."""
    ended, running = (
        e.Course(drug="A", started_on=day(-9), stopped_on=day(-3)), e.Course(drug="B", started_on=day(-9))
    )  # fmt: skip
    for rule, field in (("E8", "immunostimulants"), ("E9.2", "immunosuppressants")):
        (row,) = found(rule, with_section("medication", **one(field, (ended,)))).evidence
        assert (row.value, row.on) == ("A", day(-3))
        (row,) = found(rule, with_section("medication", **one(field, (ended, running)))).evidence
        assert (row.value, row.on) == ("A, B", day(2))
    finding = found("E9.1", steroids())
    assert [(row.what, row.value) for row in finding.evidence] == [("corticosteroids", "PREDNISONE")]
    assert [row.value for row in found("E9.1", steroids(drug="PREDNISOLONE")).evidence] == ["PREDNISOLONE"]
    (course,) = steroids().sections["medication"][0].model_dump()["steroids"]
    both = tuple(e.SteroidCourse.model_validate(course | {"drug": drug}) for drug in ("PREDNISONE", "DEXAMETHASONE"))
    assert found("E9.1", with_section("medication", steroids=both)).evidence[0].value == "PREDNISONE, DEXAMETHASONE"
    assert found("E9.1", replace(steroids(mg_per_day=Decimal(1)), on=day(40))).evidence[0].value == "PREDNISONE"


def full_dose(**fields: Any) -> Case:
    """Give a case on a full dose since 20 d, with a range of INR 2 to 3, in it."""
    known: dict[str, Any] = {
        "drug": "FULL_DOSE", "stable_since": day(-18), "tested": "INR", "range_low": Decimal(2),
        "range_high": Decimal(3),
    }  # fmt: skip
    case = with_section("anticoagulation", **(known | fields))
    return replace(case, labs=dict(case.labs) | {"INR": (value("INR", "2.5"),)})


INR = ("INR", "2.5 - (reported 2.5)", 1, "", "")
APTT = ("APTT", "29 - (reported 29)", 1, "36 -", "")
DOSE = ("anticoagulation", "FULL_DOSE", 0, "", "")
SINCE = ("stable since", "2025-05-15", -18, "", "")
TENDENCY = ("tendency", "no", 0, "", "")


def test_a_full_dose_shows_what_it_was_held_against() -> None:
    """Dose, since when, range, and the ruling with its date (I13.4, E16.3, Q1)."""
    assert rows(found("I13.4", full_dose())) == [SINCE, INR, APTT, DOSE]
    assert rows(found("E16.3", full_dose())) == [DOSE, APTT, TENDENCY]
    for allowed, word in ((True, "allowed"), (False, "denied")):
        ruled = replace(full_dose(), rulings={"I13.4": Ruling(allowed, day(1), "SPO1", "why")})
        assert rows(found("I13.4", ruled))[-1] == ("sponsor's ruling", f"{word} by SPO1", 1, "", "")
    assert rows(found("I13.4", full_dose(stable_since=None)))[0] == ("dose", "FULL_DOSE", 0, "", "")
    assert rows(found("I13.4", full_dose(range_low=None)))[1] == ("therapeutic range", "none", 0, "", "")
    assert rows(found("E16.3", full_dose(stable_since=day(1)))) == [DOSE, APTT, TENDENCY]


def test_the_range_needs_a_fresh_result() -> None:
    """Older than 7 d: UNKNOWN, and the result is shown (I13.4)."""
    for age, expected in ((6, Verdict.CONFLICT), (7, Verdict.CONFLICT), (8, Verdict.UNKNOWN)):
        known = full_dose()
        known = replace(known, labs=dict(known.labs) | {"INR": (value("INR", "2.5", on=ON - timedelta(days=age)),)})
        assert verdict("I13.4", known) == expected
        assert rows(found("I13.4", known))[1] == ("INR", "2.5 - (reported 2.5)", 2 - age, "", "")


def test_a_bleeding_tendency_triggers_whatever_is_known_of_anticoagulants() -> None:
    """With no statement on them, and with a ruling that lets them enter (E16.3)."""
    bleeding = with_section("bleeding", tendency=True)
    assert rows(found("E16.3", bleeding))[3] == ("tendency", "yes", 0, "", "")
    silent = {name: section for name, section in bleeding.sections.items() if name != "anticoagulation"}
    assert verdict("E16.3", replace(bleeding, sections=silent)) == Verdict.TRIGGERED
    known = replace(full_dose(), rulings={"I13.4": Ruling(allowed=True, on=day(1), by="SPO1", why="why")})
    known = replace(known, sections=dict(known.sections) | {"bleeding": bleeding.sections["bleeding"]})
    assert verdict("E16.3", known) == Verdict.TRIGGERED
    assert verdict("E16.3", without("bleeding")) == Verdict.UNKNOWN


@pytest.mark.parametrize(
    "fields",
    [
        {"drug": "NONE"},
        {"drug": "LOW_DOSE_HEPARIN"},
        {"drug": "LOW_DOSE_HEPARIN", "units_per_day": Decimal(6000)},
        {"drug": "ASPIRIN"},
        {"drug": "ASPIRIN", "mg_per_day": Decimal(100)},
        {"drug": "THROMBOLYTIC"},
    ],
)
def test_each_kind_of_anticoagulation_is_shown(fields: dict[str, Any]) -> None:
    """Also where the dose is not documented (E16.3, I13.4)."""
    known = with_section("anticoagulation", **fields)
    assert rows(found("E16.3", known))[-1] == ("anticoagulation", fields["drug"], 0, "", "")


def test_results_of_one_day_that_disagree_are_both_shown() -> None:
    """The topic is named; evidence of both verdicts, once each; one result alone is no rival (3.6 evidence)."""
    known = whole()
    results = (value("HB", "80"), value("HB", "132"))
    finding = found("I11.2", replace(known, labs=dict(known.labs) | {"HB": results}))
    assert (finding.verdict, finding.sentence[:30]) == (Verdict.CONFLICT, "HB of the same day disagree: N")
    assert [row.value for row in finding.evidence] == ["80 - (reported 80)", "132 - (reported 132)"]
    first, second = (known.sections["performance"][0].model_copy(update={"scores": (score,)}) for score in (2, 1))
    finding = found("I6", with_section("performance", first, second))
    assert (finding.verdict, finding.sentence[:31]) == (Verdict.CONFLICT, "performance of the same day dis")
    assert [row.value for row in finding.evidence] == ["2", "1"]


def test_a_result_and_a_section_of_one_day_are_varied_apart() -> None:
    """Two results and three statements: each is held against the newest of the other (3.6 evidence)."""
    known = whole()
    bleeding = known.sections["bleeding"][0]
    twice = replace(
        known,
        labs=dict(known.labs) | {"FOB": (known.labs["FOB"][0], known.labs["FOB"][0])},
        sections=dict(known.sections) | {"bleeding": (bleeding, bleeding, bleeding)},
    )
    assert verdict("E17", twice) == Verdict.NOT_TRIGGERED


def test_documents_are_shown() -> None:
    """The report of a result, the document of a section."""
    known = whole()
    labs = dict(known.labs) | {"HB": (known.labs["HB"][0].model_copy(update={"document": "LAB-7"}),)}
    assert found("I11.2", replace(known, labs=labs)).evidence[0].document == "LAB-7"
    assert found("I3", known).evidence[0].document == "PATH-1"


def test_a_judgement_that_does_not_count_is_shown() -> None:
    """Of another role, or dated after the anchor (I1.2)."""
    other = whole(judgements=judged("COORDINATOR"))
    assert (verdict("I1.2", other), len(found("I1.2", other).evidence)) == (Verdict.JUDGEMENT_PENDING, 1)
    for days, expected in ((2, Verdict.MET), (3, Verdict.UNKNOWN)):
        answer = judged()["I1.2"].answer.model_copy(update={"on": day(days)})
        late = whole(judgements={"I1.2": Judgement(answer, "INV1", "INVESTIGATOR")})
        assert verdict("I1.2", late) == expected
        assert [row.on for row in found("I1.2", late).evidence] == [day(days)]


@pytest.mark.parametrize(
    ("days", "expected"), [(-26, Verdict.MET), (-27, Verdict.UNKNOWN), (2, Verdict.MET), (3, Verdict.UNKNOWN)]
)
def test_evidence_of_the_wrong_age_is_shown(days: int, expected: Verdict) -> None:
    """Older than 28 d, or later than the anchor (I6, Q5)."""
    finding = found("I6", with_section("performance", on=day(days)))
    assert (finding.verdict, rows(finding)) == (expected, [("ECOG", "1", days, "", "")])


WOMAN, OLDER = date(1990, 6, 2), date(1975, 6, 2)
"""35 and 50 years at consent on 2025-06-02."""


@pytest.mark.parametrize(
    ("rule", "known", "verdict_is", "shown"),
    [
        ("I10.1", woman(WOMAN), "MET", [("sterile", "no", 0)]),
        ("I10.1", woman(WOMAN, reproduction={"sterile": True}), "NOT_APPLICABLE", [("sterile", "yes", 0)]),
        ("I10.1", woman(OLDER), "NOT_APPLICABLE", [("age", "50 a", 0)]),
        ("I10.2", woman(WOMAN), "MET", [("Serum hCG", "0 - (reported 0)", 1)]),
        ("I10.3", woman(WOMAN), "MET", [("contraception", "agreed", 0)]),
        (
            "I10.3",
            woman(WOMAN, reproduction={"contraception_agreed": False}),
            "NOT_MET",
            [("contraception", "not agreed", 0)],
        ),
        ("E25", woman(WOMAN), "NOT_TRIGGERED", [("lactating", "no", 0), ("Serum hCG", "0 - (reported 0)", 1)]),
        (
            "E25",
            woman(WOMAN, reproduction={"lactating": True}),
            "TRIGGERED",
            [("lactating", "yes", 0), ("Serum hCG", "0 - (reported 0)", 1)],
        ),
        ("E25", woman(OLDER, hcg=None), "NOT_TRIGGERED", [("lactating", "no", 0)]),
    ],
)
def test_what_a_woman_s_criteria_show(
    rule: str, known: Case, verdict_is: str, shown: list[tuple[str, str, int]]
) -> None:
    """Age, sterility, contraception, lactation and the serum test (I10, E25)."""
    finding = found(rule, known)
    assert (finding.rule, str(finding.verdict)) == (rule, verdict_is)
    assert [(row.what, row.value, (row.on - day(0)).days if row.on else None) for row in finding.evidence] == shown


@pytest.mark.parametrize("rule", ["I10.1", "I10.3", "E25"])
def test_a_woman_of_whom_nothing_is_documented_is_unknown(rule: str) -> None:
    """By the rule it is about, with a sentence (I10, E25)."""
    known = woman(WOMAN)
    sections = {name: rows for name, rows in known.sections.items() if name != "reproduction"}
    finding = found(rule, replace(known, sections=sections))
    assert (finding.rule, finding.verdict) == (rule, Verdict.UNKNOWN)
    assert "not documented" in finding.sentence


def test_a_conflict_of_two_results_is_the_criterion_s_own() -> None:
    """Of the rule that was asked, with both results (3.1)."""
    known = whole()
    rivals = {"HB": (value("HB", "89"), value("HB", "91"))}
    finding = found("I11.2", replace(known, labs=dict(known.labs) | rivals))
    assert (finding.rule, finding.verdict) == ("I11.2", Verdict.CONFLICT)
