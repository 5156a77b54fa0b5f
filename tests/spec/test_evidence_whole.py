"""What a verdict that does not let pass rests on: every row of its evidence, with value, date, limit and document."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain import evidence as e
from domain.criteria import RULES, Case, Judgement, Reading
from tests.criteria import (
    PROTOCOL,
    found,
    judged,
    lines,
    value,
    weighed,
    whole,
    with_lab,
    with_section,
    without,
    woman,
    yes,
)
from tests.given import day

WOMAN, OLDER = date(1990, 6, 2), date(1975, 6, 2)
"""35 and 50 years at consent."""
COUNTS = ("HB", "ANC", "PLT")
LESION = e.Lesion(kind="TUMOUR", diameter_mm=Decimal(32), slice_mm=Decimal(5))
LIVER = ["cirrhosis: no, day 0", "decompensated liver: no, day 0", "antivirals: no, day 0"]
HBSAG = "Hepatitis B surface antigen: 0 - (reported 0), day 1"
HCV = "Hepatitis C antibody: 0 - (reported 0), day 1"
HIV = "HIV 1+2 antibody: 0 - (reported 0), day 1"
FOB = "Faecal occult blood: 0 - (reported 0), day 1"
INR, APTT = "INR: 1.0 - (reported 1.0), day 1", "APTT: 29 - (reported 29), day 1, limit 36 -"
PT = "Prothrombin time: 12 - (reported 12), day 1, limit 13.5 -"
ALONE = ["tendency: no, day 0", "anticoagulation: NONE, day 0"]


def of(name: str, **fields: Any) -> Case:
    """Give a whole case with some fields of a section changed."""
    return with_section(name, **fields)


def events(**fields: Any) -> Case:
    """Give a whole case whose events are of a report."""
    return of("events", document="HIST-2", **fields)


def malignancies(*kinds: str) -> Case:
    """Give a whole case with malignancies of which the last treatment was on day -40."""
    rows = [{"kind": kind, "evidence_on": day(-90), "treated_on": day(-40)} for kind in kinds]
    return of("malignancies", found=tuple(map(e.Malignancy.model_validate, rows)))


def stage(**fields: Any) -> Case:
    """Give a whole case staged in another way, by a report."""
    return of("staging", document="TNM-1", **fields)


DISEASE: list[tuple[str, Case, str, list[str]]] = [
    ("I3", of("histology", document=""), "UNKNOWN", ["diagnosis: SCLC by HISTOLOGY, day 0"]),
    ("I3", of("histology", method="CYTOLOGY"), "UNKNOWN", ["diagnosis: SCLC by CYTOLOGY, day 0, PATH-1"]),
    ("I4.1", stage(edition=8), "UNKNOWN", ["stage: T2A N1 M0, stage IIB, edition 8, day 0, TNM-1"]),
    ("I4.1", stage(t="TX", n="NX", m="MX"), "UNKNOWN", ["stage: TX NX MX, stage IIB, edition 9, day 0, TNM-1"]),
    (
        "I4.1",
        of("effusion", malignant=True, document="THX-1"),
        "CONFLICT",
        ["stage: T2A N1 M0, stage IIB, edition 9, day 0", "effusion: malignant, day 0, THX-1"],
    ),
    (
        "I4.1",
        of("brain", metastasis="ACTIVE", modality="CT", document="CT-1"),
        "CONFLICT",
        ["stage: T2A N1 M0, stage IIB, edition 9, day 0", "brain CT: ACTIVE, day 0, CT-1"],
    ),
    ("I5.1", of("prior_treatment", chemotherapy_cycles=2), "NOT_MET", ["prior chemotherapy: 2 cycles, day 0"]),
    (
        "I5.2",
        of("prior_treatment", others=("SURGERY", "RADIOTHERAPY")),
        "NOT_MET",
        ["others: SURGERY, RADIOTHERAPY, day 0"],
    ),
    ("I8", without("prior_treatment"), "UNKNOWN", ["lesions: 1, day 0"]),
    (
        "I8",
        with_section("thorax", lesions=(LESION, LESION), known=of("prior_treatment", chemotherapy_cycles=1)),
        "UNKNOWN",
        ["lesions: 2, day 0"],
    ),
    (
        "E1",
        of("histology", other_components="NOT_EXCLUDED"),
        "UNKNOWN",
        ["other components: NOT_EXCLUDED, day 0, PATH-1"],
    ),
    ("E2", stage(m="MX", extent=None), "UNKNOWN", ["stage: MX, extent not reported, day 0, TNM-1"]),
    ("E2", stage(extent="EXTENSIVE", n="N2B"), "CONFLICT", ["stage: M0, EXTENSIVE, day 0, TNM-1"]),
    (
        "E4",
        with_section("brain", metastasis="TREATED_STABLE", known=without("staging")),
        "UNKNOWN",
        ["brain MRI: TREATED_STABLE, day 0"],
    ),
    (
        "E4",
        with_section("brain", metastasis="ACTIVE", known=without("staging")),
        "TRIGGERED",
        ["brain MRI: ACTIVE, day 0"],
    ),
    ("E4", without("staging"), "NOT_TRIGGERED", ["brain MRI: NONE, day 0"]),
    ("E4", of("effusion", malignant=True), "NOT_TRIGGERED", ["brain MRI: NONE, day 0"]),
    ("E6", of("effusion", uncontrolled=True), "TRIGGERED", ["effusion: uncontrolled, day 0", "drainages: 0, day 0"]),
    (
        "E6",
        of("effusion", drained_on=(day(-90), day(-9), day(-12)), document="PUNCT-1"),
        "TRIGGERED",
        ["effusion: controlled, day 0, PUNCT-1", "drainages: 3, day -9, PUNCT-1"],
    ),
]
HISTORY: list[tuple[str, Case, str, list[str]]] = [
    (
        "E11",
        malignancies("OTHER", "BASAL_CELL_CURED"),
        "TRIGGERED",
        ["other malignancies: OTHER, BASAL_CELL_CURED, day -40"],
    ),
    ("E11", malignancies("BASAL_CELL_CURED"), "NOT_TRIGGERED", ["other malignancies: BASAL_CELL_CURED, day 0"]),
    (
        "E19",
        events(thromboembolism_on=day(-50)),
        "TRIGGERED",
        ["thromboembolism: 2025-04-13, day -50, HIST-2"],
    ),
    (
        "E21",
        events(major_surgery_on=day(-3), residual_effects=True),
        "TRIGGERED",
        ["surgery: 2025-05-30, day -3, HIST-2", "residual effects: yes, day 0, HIST-2"],
    ),
    (
        "E22",
        events(other_trial="INTERVENTIONAL", trial_treatment_on=day(-9)),
        "TRIGGERED",
        ["other trial: INTERVENTIONAL, day 0, HIST-2", "last trial treatment: 2025-05-24, day -9, HIST-2"],
    ),
    ("E23", events(live_vaccine_on=day(-8)), "TRIGGERED", ["live vaccine: 2025-05-25, day -8, HIST-2"]),
]
ORGANS: list[tuple[str, Case, str, list[str]]] = [
    (
        "E18",
        of("conditions", steroid_pneumonitis=True, document="HIST-1"),
        "TRIGGERED",
        ["lung disease: no, day 0, HIST-1", "steroid pneumonitis: yes, day 0, HIST-1"],
    ),
    ("E20", of("conditions", neuropathy=2), "TRIGGERED", ["neuropathy: grade 2, day 0"]),
    (
        "E16.5",
        of("liver", cirrhosis=True, decompensated=True, antivirals=True),
        "TRIGGERED",
        ["cirrhosis: yes, day 0", "decompensated liver: yes, day 0", "antivirals: yes, day 0", HBSAG, HCV],
    ),
    (
        "E16.7",
        with_lab("HIV", "1"),
        "UNKNOWN",
        ["HIV 1+2 antibody: 1 - (reported 1), day 1", "immunodeficiency: no, day 0", "transplant: no, day 0"],
    ),
    ("E16.7", without("conditions"), "UNKNOWN", [HIV]),
    ("E17", without("bleeding"), "UNKNOWN", [FOB]),
    (
        "E17",
        of("bleeding", haemoptysis_ml=Decimal(51)),
        "UNKNOWN",
        [FOB, "haemoptysis: 51 mL a day, day 0", "bleeding: none, day 0"],
    ),
    (
        "E17",
        of("bleeding", haemoptysis_ml=Decimal(50)),
        "NOT_TRIGGERED",
        [FOB, "haemoptysis: 50 mL a day, day 0", "bleeding: none, day 0"],
    ),
    (
        "E17",
        of("bleeding", haemoptysis_ml=Decimal(51), haemoptysis_on=day(-2), significant_on=day(-20), document="B-1"),
        "TRIGGERED",
        [FOB, "haemoptysis: 51 mL a day, day -2, B-1", "bleeding: 2025-05-13, day -20, B-1"],
    ),
    (
        "E25",
        woman(WOMAN, hcg="1", reproduction={"lactating": True, "document": "GYN-1"}),
        "TRIGGERED",
        ["lactating: yes, day 0, GYN-1", "Serum hCG: 1 - (reported 1), day 1"],
    ),
]


@pytest.mark.parametrize(("rule", "known", "verdict", "shown"), [*DISEASE, *HISTORY, *ORGANS])
def test_a_verdict_shows_every_row_it_rests_on(rule: str, known: Case, verdict: str, shown: list[str]) -> None:
    """Value, date of the event and not of the report, and document (I3 to I8, E1 to E25; 3.6 evidence)."""
    assert lines(found(rule, known)) == (verdict, shown)


ASKED = {
    "prior_treatment": ("prior treatment", ("I5.1", "I5.2", "E12", "E13")),
    "effusion": ("effusion", ("E6",)),
    "malignancies": ("history of malignancies", ("E11",)),
    "conditions": ("conditions", ("E14", "E16.6", "E16.7", "E16.10", "E16.11", "E18", "E20", "E24")),
    "anticoagulation": ("anticoagulation", ("I13.2", "I13.3", "E16.3")),
    "liver": ("liver disease", ("E16.5",)),
    "events": ("events", ("E19", "E21", "E22", "E23")),
    "bleeding": ("bleeding history", ("E17",)),
}
"""What each section is asked for as, and the criteria that rest on it."""


@pytest.mark.parametrize(
    ("rule", "name", "what"), [(rule, name, what) for name, (what, rules) in ASKED.items() for rule in rules]
)
def test_a_statement_that_is_too_old_is_shown_beside_what_it_says(rule: str, name: str, what: str) -> None:
    """By its topic, with its date and document; what it says is shown as before (3.1, 3.6 evidence, Q5)."""
    known = of(name, on=day(-40), document="OLD-1")
    verdict, shown = lines(found(rule, known))
    said = [line for line in shown if line != f"{what}: asked, day -40, OLD-1"]
    fresh = lines(found(rule, of(name, on=day(0), document="OLD-1")))[1]
    assert (verdict, len(shown) - len(said)) == ("UNKNOWN", 1)
    assert sorted(said) == sorted(line.replace("day 0, OLD-1", "day -40, OLD-1") for line in fresh)


@pytest.mark.parametrize(
    ("known", "rule", "shown"),
    [
        (
            woman(WOMAN, reproduction={"on": day(-40)}),
            "I10.3",
            ["contraception: agreed, day -40", "contraception: asked, day -40"],
        ),
        (
            woman(WOMAN, reproduction={"on": day(-40)}),
            "E25",
            ["lactating: no, day -40", "lactation: asked, day -40", "Serum hCG: 0 - (reported 0), day 1"],
        ),
        (of("medication", on=day(-40)), "E8", ["Systemic immunostimulant in 28 d: none, day -40"]),
        (of("medication", on=day(-40)), "E9.1", ["corticosteroids: none that count, day -40"]),
        (of("medication", on=day(-40)), "E9.2", ["Other immunosuppressant in 14 d: none, day -40"]),
        (
            of("bleeding", on=day(-40)),
            "E16.3",
            [INR, PT, APTT, "tendency: no, day -40", "bleeding tendency: asked, day -40", ALONE[1]],
        ),
    ],
)
def test_an_old_statement_of_a_woman_on_drugs_and_on_bleeding_is_shown(
    known: Case, rule: str, shown: list[str]
) -> None:
    """Which is too old stands in the evidence (I10.3, E25, E8, E9, E16.3, Q5)."""
    assert lines(found(rule, known)) == ("UNKNOWN", shown)


def test_hcg_of_a_man_or_of_an_older_woman() -> None:
    """E25 is about women: a man's tumour marker says nothing; a positive test counts at any age of a woman (E25)."""
    man = with_lab("HCG", "1")
    assert lines(found("E25", man)) == ("NOT_APPLICABLE", [])
    hcg = "Serum hCG: 1 - (reported 1), day 1"
    silent = woman(OLDER, hcg="1")
    silent = replace(silent, sections={name: rows for name, rows in silent.sections.items() if name != "reproduction"})
    assert lines(found("E25", silent)) == ("TRIGGERED", [hcg])
    untested = replace(silent, labs={code: rows for code, rows in silent.labs.items() if code != "HCG"})
    assert lines(found("E25", untested)) == ("NOT_APPLICABLE", ["age: 50 a, day 0"])


def counted(**changed: Any) -> Case:
    """Give a case with blood counts of day 1 and what was said of blood support."""
    return replace(weighed(labs={code: whole().labs[code] for code in COUNTS}), **changed)


@pytest.mark.parametrize(
    ("known", "verdict", "shown"),
    [
        (counted(last_support_on=day(-13)), "NOT_MET", ["last blood support: given, day -13"]),
        (counted(last_support_on=day(-14)), "MET", ["last blood support: given, day -14"]),
        (
            counted(last_support_on=day(-90), support_assessed_on=day(-7)),
            "UNKNOWN",
            ["last blood support: given, day -90", "blood support: asked, day -7"],
        ),
        (
            counted(support_assessed_on=day(-7)),
            "UNKNOWN",
            ["blood support: none, day -7", "blood support: asked, day -7"],
        ),
        (counted(no_support=False), "UNKNOWN", []),
        (counted(no_support=None), "UNKNOWN", []),
    ],
)
def test_blood_support_is_shown_with_its_date_and_the_date_of_asking(
    known: Case, verdict: str, shown: list[str]
) -> None:
    """The 14 d before the sample of day 1 are free of it, asked for in the last 7 (I11.1)."""
    assert lines(found("I11.1", known)) == (verdict, shown)


def test_support_of_an_unknown_date_is_not_the_same_as_none_asked_for() -> None:
    """The sentence says which it is (I11.1)."""
    assert "the date of the last blood support" in found("I11.1", counted(no_support=False)).sentence
    assert "whether blood support was given" in found("I11.1", counted(no_support=None)).sentence


@pytest.mark.parametrize("rule", ["I13.2", "I13.3"])
def test_what_makes_a_coagulation_limit_not_apply_is_shown(rule: str) -> None:
    """The full dose, with the document it stands in (I13.2, I13.3)."""
    known = of("anticoagulation", drug="FULL_DOSE", document="RX-1")
    assert lines(found(rule, known)) == ("NOT_APPLICABLE", ["anticoagulation: FULL_DOSE, day 0, RX-1"])


def test_a_full_dose_that_no_test_guides_is_held_against_every_limit() -> None:
    """Neither INR nor APTT is prolonged as intended (I13.4, E16.3, Q1)."""
    known = of("anticoagulation", drug="FULL_DOSE", stable_since=day(-18))
    dose = "anticoagulation: FULL_DOSE, day 0"
    assert lines(found("E16.3", known)) == ("TRIGGERED", [dose, INR, PT, APTT, ALONE[0]])
    verdict, shown = lines(found("I13.4", known))
    assert (verdict, shown[1:]) == ("UNKNOWN", ["therapeutic range: none, day 0", INR, APTT])
    old = of("anticoagulation", drug="FULL_DOSE", on=day(-40))
    assert lines(found("I13.4", old))[1][0] == "anticoagulation: asked, day -40"


@pytest.mark.parametrize(
    ("rule", "code", "age", "limit", "sentence", "shown"),
    [
        ("I11.2", "HB", 8, None, "Hemoglobin is 8 d old, at most 7 d accepted", "Hemoglobin: 9 - (reported 9), day -6"),
        ("I12.1", "TBIL", 1, None, "Total bilirubin: the report gives no upper limit of normal",
         "Total bilirubin: 9 - (reported 9), day 1"),
    ],
)  # fmt: skip
def test_a_result_that_cannot_be_used_is_shown(
    rule: str, code: str, age: int, limit: str | None, sentence: str, shown: str
) -> None:
    """Too old, or without the limit it is held against (I11.2, I12.1)."""
    known = whole()
    result = value(code, "9", limit, day(2 - age))
    finding = found(rule, replace(known, labs=dict(known.labs) | {code: (result,)}))
    assert lines(finding) == ("UNKNOWN", [shown])
    assert finding.sentence == sentence


def test_a_result_that_is_lacking_is_named_and_nothing_more() -> None:
    """Only tests that may be left out name a way out (I11.2)."""
    known = whole()
    left = {code: rows for code, rows in known.labs.items() if code != "HB"}
    assert found("I11.2", replace(known, labs=left)).sentence == "no usable result for Hemoglobin"


@pytest.mark.parametrize(("creatinine", "clearance"), [("0", None), ("1", "6445.83"), ("150", "42.97")])
def test_a_creatinine_of_nothing_has_no_clearance(creatinine: str, clearance: str | None) -> None:
    """Cockcroft-Gault divides by it; 65 y and 70 kg (I12.3)."""
    shown = lines(found("I12.3", with_lab("CREAT", creatinine)))[1]
    first = f"Creatinine: {creatinine} - (reported {creatinine}), day 1, limit 106 -"
    assert shown == [first, *([] if clearance is None else [f"creatinine clearance: {clearance} mL/min, day 1"])]


def test_a_woman_s_clearance_is_lower() -> None:
    """0.85 of a man's of the same age, weight and creatinine (I12.3)."""
    assert "creatinine clearance: 80.57 mL/min, day 1" in lines(found("I12.3", whole()))[1]
    assert "creatinine clearance: 68.49 mL/min, day 1" in lines(found("I12.3", whole(sex="FEMALE")))[1]


def drugs(said: int = 0, **course: Any) -> Case:
    """Give a case with an immunostimulant, of a statement of so many days after day 0."""
    return with_section("medication", on=day(said), immunostimulants=(e.Course(drug="A", **course),))


@pytest.mark.parametrize(
    ("known", "last"),
    [
        (drugs(started_on=day(-9)), 2),
        (drugs(started_on=day(-9), said=5), 5),
        (drugs(started_on=day(4)), 4),
        (drugs(started_on=day(-9), stopped_on=day(-1)), -1),
    ],
)
def test_a_drug_that_goes_on_is_dated_by_the_last_day_that_is_known(known: Case, last: int) -> None:
    """The day of judging, the statement, or a first day after both (E8)."""
    assert lines(found("E8", known)) == ("TRIGGERED", [f"Systemic immunostimulant in 28 d: A, day {last}"])


def judgement(rule: str, role: str = "INVESTIGATOR", **fields: Any) -> Case:
    """Give a whole case with one judgement changed."""
    answer = judged()[rule].answer.model_copy(update=fields)
    return whole(judgements=judged() | {rule: Judgement(answer, "SUR1" if role == "SURGEON" else "INV1", role)})


@pytest.mark.parametrize(
    ("rule", "known", "verdict", "shown"),
    [
        ("I7", judgement("I7", surgeon=None), "UNKNOWN", ["judgement: MET by INV1 (INVESTIGATOR), day 0"]),
        ("I7", judgement("I7", "SURGEON", surgeon=None), "MET", ["judgement: MET by SUR1 (SURGEON), day 0"]),
        (
            "E27",
            judgement("E27", verdict="TRIGGERED"),
            "JUDGEMENT_PENDING",
            ["judgement: TRIGGERED by INV1 (INVESTIGATOR), day 0"],
        ),
        ("I9", judgement("I9", on=day(-27)), "UNKNOWN", ["judgement: MET by INV1 (INVESTIGATOR), day -27"]),
        ("I6", of("performance", scores=(1, 2)), "NOT_MET", ["ECOG: 1/2, day 0"]),
        ("I1.1", whole(consent_on=day(3)), "NOT_MET", ["consent: signed, version on record, day 3"]),
    ],
)
def test_what_a_person_said_is_shown_with_name_role_and_date(
    rule: str, known: Case, verdict: str, shown: list[str]
) -> None:
    """Also where it does not suffice (I1.1, I6, I7, I9, E27)."""
    assert lines(found(rule, known)) == (verdict, shown)


def test_judgements_of_one_day_that_differ_are_both_shown() -> None:
    """And what each said stands in the sentence (I9, 3.1)."""
    answer = judged()["I9"].answer
    rows = (
        Judgement(answer.model_copy(update={"verdict": "NOT_MET"}), "INV2", "INVESTIGATOR"),
        Judgement(answer, "CRC1", "COORDINATOR"),
        Judgement(answer, "INV1", "INVESTIGATOR"),
    )
    finding = found("I9", whole(day_judgements={"I9": rows}))
    assert lines(finding) == (
        "CONFLICT",
        ["judgement: NOT_MET by INV2 (INVESTIGATOR), day 0", "judgement: MET by INV1 (INVESTIGATOR), day 0"],
    )
    assert finding.sentence.endswith("judged differently on 2025-06-02: NOT_MET by INV2, MET by INV1")


def test_yes_and_no_of_a_condition_are_shown() -> None:
    """Each by its name (E14, E16.6)."""
    for rule, name in (("E14", "component_hypersensitivity"), ("E16.6", "dialysis")):
        shown = name.replace("_", " ")
        assert lines(found(rule, with_section("conditions", **yes(name)))) == ("TRIGGERED", [f"{shown}: yes, day 0"])


def test_an_old_statement_is_shown_whatever_it_tells_of() -> None:
    """A malignancy of long ago, and a full dose: the statement is asked for again (E11, E16.3, Q5)."""
    past = e.Malignancy(kind="OTHER", evidence_on=date(2010, 1, 1))
    (told, asked) = lines(found("E11", of("malignancies", on=day(-40), found=(past,))))[1]
    assert (told.split(",")[0], asked) == ("other malignancies: OTHER", "history of malignancies: asked, day -40")
    verdict, shown = lines(found("E16.3", of("anticoagulation", on=day(-40), drug="FULL_DOSE")))
    assert (verdict, shown[-1]) == ("TRIGGERED", "anticoagulation: asked, day -40")


def test_a_row_of_another_protocol_may_name_an_age_or_a_grade() -> None:
    """The clearance has the age of its own limit, and a graded condition stands beside others (I12.3, E16.7)."""
    rows = {row.rule: row for row in PROTOCOL.screening.criteria}
    high = with_lab("CREAT", "200")
    for most, expected in ((0, "UNKNOWN"), (1, "NOT_MET")):
        creatinine, clearance = rows["I12.3"].limits
        aged = (creatinine, clearance.model_copy(update={"max_age_days": most}))
        assert RULES["I12.3"](Reading(high), rows["I12.3"].model_copy(update={"limits": aged})).verdict == expected
    graded = rows["E16.7"].model_copy(update={"names": ("neuropathy",), "low": 2})
    for grade, expected in ((1, "NOT_TRIGGERED"), (2, "TRIGGERED")):
        known = Reading(of("conditions", neuropathy=grade))
        assert RULES["E16.7"](known, graded).verdict == expected
