"""Eligibility at its boundaries by an independent table: written from the registry record's rules, not from the code.

Each row changes an all-clear document and names the verdict of one criterion. A document goes the whole way: JSON,
intake, enrolment, the journey's beginning, the criteria.
"""

import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from demo.documents import example
from domain.decider import TRIAL, intents
from domain.intake import Message, argument_of, read
from domain.patient import commands as c
from domain.patient.eligibility import findings_on
from domain.submission import SYSTEM, Refused
from domain.trial import commands as t
from tests.given import day, given, noon, when
from tests.laws.plays import opened

MAN, WOMAN = "all-clear", "all-clear-woman"
CRITERIA = 65
Row = tuple[str, str, Mapping[str, Any], str]
"""Document, criterion, changes (a lab by its LOINC code; None: left out), verdict; `REFUSED`: the message itself."""


def _around(rule: str, path: str, rows: Mapping[Any, str], document: str = MAN, **also: object) -> list[Row]:
    return [(document, rule, {path: value, **also}, verdict) for value, verdict in rows.items()]


MET, NOT_MET, YES, NO, UNKNOWN, REFUSED = "MET", "NOT_MET", "TRIGGERED", "NOT_TRIGGERED", "UNKNOWN", "REFUSED"
NO_ANSWERS: tuple[Any, ...] = ("unknown", 0, "false", {})
IIIA = {"staging.stage": "IIIA"}
TABLE: tuple[Row, ...] = (
    # I2: 18 <= age <= 75 in completed years at the consent of 2025-06-03
    *_around("I2", "born_on", {"2007-06-04": NOT_MET, "2007-06-03": MET, "2007-06-02": MET}),
    *_around("I2", "born_on", {"1949-06-04": MET, "1949-06-03": NOT_MET, "1950-06-03": MET, "1949-06-02": NOT_MET}),
    *_around("I2", "born_on", {"1952-02-29": MET, "2008-02-29": NOT_MET, "2004-02-29": MET, "2007-02-30": REFUSED}),
    *_around("I2", "born_on", {"": REFUSED, 19500101: REFUSED, True: REFUSED}),
    # I11: Hb >= 90 g/L, ANC >= 1.5, PLT >= 80 10*9/L
    *_around("I11.2", "labs.718-7.value", {"89": NOT_MET, "89.9999999999999999999": NOT_MET, "90": MET, "91": MET}),
    *_around("I11.2", "labs.718-7.value", {"<90": UNKNOWN, "9,0": UNKNOWN, "NaN": UNKNOWN, "1e309": UNKNOWN}),
    *_around("I11.2", "labs.718-7.unit", {"g/dL": UNKNOWN, "": UNKNOWN, "G/L": UNKNOWN}),
    (MAN, "I11.2", {"labs.718-7.value": "9.0", "labs.718-7.unit": "g/dL"}, MET),
    (MAN, "I11.2", {"labs.718-7.value": "8.9", "labs.718-7.unit": "g/dL"}, NOT_MET),
    *_around("I11.3", "labs.751-8.value", {"1.4": NOT_MET, "1.5": MET, "1.49999": NOT_MET, "1.6": MET}),
    (MAN, "I11.3", {"labs.751-8.value": "1500", "labs.751-8.unit": "/uL"}, MET),
    (MAN, "I11.3", {"labs.751-8.value": "1499", "labs.751-8.unit": "/uL"}, NOT_MET),
    *_around("I11.4", "labs.777-3.value", {"79": NOT_MET, "80": MET, "81": MET}),
    # I12: bilirubin <= 1.5 x ULN (21), ALT and AST <= 2.5 x ULN (40), creatinine or clearance
    *_around("I12.1", "labs.14631-6.value", {"31.5": MET, "31.5000001": NOT_MET, "31.4": MET}),
    *_around("I12.1", "labs.14631-6.upper_limit", {"": UNKNOWN, "0": UNKNOWN, "-1": UNKNOWN, "8.2": NOT_MET}),
    *_around("I12.2", "labs.1742-6.value", {"100": MET, "100.1": NOT_MET, "99.9": MET}),
    *_around("I12.2", "labs.1920-8.value", {"100": MET, "100.1": NOT_MET}),
    *[
        (MAN, "I12.3", {"labs.14682-9": {"code": "2160-0", "value": value, "unit": "mg/dL", "upper_limit": "0.8"},
                        "born_on": "1960-01-01", "weight_kg": "72"}, verdict)
        for value, verdict in {"1.24": MET, "1.25": MET, "1.26": NOT_MET, "1.2": MET}.items()
    ],
    # I13 and E16.3: INR 1.5, APTT 1.5 x ULN (36), PT ULN + 4 s (13.5), dipstick below 2+
    *_around("I13.2", "labs.6301-6.value", {"1.5": MET, "1.51": NOT_MET, "1.4": MET}),
    *_around("E16.3", "labs.6301-6.value", {"1.5": NO, "1.51": YES}),
    *_around("I13.3", "labs.14979-9.value", {"54": MET, "54.1": NOT_MET}),
    *_around("E16.3", "labs.5902-2.value", {"17.5": NO, "17.6": YES}),
    *_around("I13.1", "labs.20454-5.value", {"1+": MET, "2+": NOT_MET, "trace": MET, "a little": UNKNOWN}),
    *_around("E16.9", "labs.20454-5.value", {"1+": NO, "2+": YES}),
    # E7: ionized calcium > 1.5, total > 12 mg/dL; E16.8: fasting glucose > 10
    *_around("E7", "labs.1995-0.value", {"1.5": NO, "1.51": YES}),
    *_around("E16.8", "labs.14771-0.value", {"10": NO, "10.1": YES, "9.9": NO}),
    (MAN, "E16.8", {"labs.14771-0": {"code": "2345-7", "value": "5.4", "unit": "mmol/L"}}, UNKNOWN),
    # E16.1: 150/100, mean of the readings; E16.2: QTc 480 ms, NYHA II
    *[
        (MAN, "E16.1", {"blood_pressure.readings": [{"systolic": high, "diastolic": low}] * 2}, verdict)
        for high, low, verdict in ((149, 99, NO), (150, 80, YES), (151, 80, YES), (120, 99, NO), (120, 100, YES))
    ],
    *[
        (MAN, "E16.2", {"heart.qt_ms": qt, "heart.rr_ms": "1000"}, verdict)
        for qt, verdict in {"479": NO, "480": YES, "481": YES, "479.999": NO}.items()
    ],
    *_around("E16.2", "heart.nyha", {1: NO, 2: YES, "2": REFUSED, 5: REFUSED}),
    # I6 and E3: ECOG; I4, I5, I8
    *_around("I6", "performance.scores", {(0,): MET, (1,): MET, (2,): NOT_MET, (1, 2): NOT_MET, (): REFUSED}),
    *_around("E3", "performance.scores", {(1,): NO, (2,): YES}),
    *_around("I4.1", "staging.t", {"T3": MET, "T4": NOT_MET, "TX": UNKNOWN, "t3": REFUSED}, **IIIA),
    *_around("I5.1", "prior_treatment.chemotherapy_cycles", {0: MET, 1: MET, 2: NOT_MET, -1: REFUSED}),
    *[
        (MAN, "I8", {"thorax.lesions": [{"kind": "TUMOUR", "diameter_mm": size, "slice_mm": "5"}]}, verdict)
        for size, verdict in {"9.9": NOT_MET, "10": MET, "10.1": MET, "0": REFUSED, "1E+999": REFUSED}.items()
    ],
    # E9.1: above 10 mg of prednisone a day; E17: above 50 mL; E20: grade 2; E24: grade 3
    *[
        (MAN, "E17", {"bleeding.haemoptysis_ml": amount, "bleeding.haemoptysis_on": str(day(1))}, verdict)
        for amount, verdict in {"50": NO, "50.1": YES}.items()
    ],
    *_around("E20", "conditions.neuropathy", {1: NO, 2: YES}),
    *_around("E24", "conditions.antibody_hypersensitivity", {2: NO, 3: YES}),
    # E19: six calendar months, the day itself still triggers; E21: 14 d; E22: 28 d is out; E23: 30 d
    *_around("E19", "events.thromboembolism_on", {"2024-12-06": YES, "2024-12-05": NO, "2024-12-07": YES}),
    *_around("E21", "events.major_surgery_on", {"2025-05-23": YES, "2025-05-22": NO}),
    *_around("E22", "events.trial_treatment_on", {"2025-05-10": YES, "2025-05-09": NO}),
    *_around("E23", "events.live_vaccine_on", {"2025-05-07": YES, "2025-05-06": NO}),
    # I10.2: serum hCG of the last 7 d; E25
    *[
        (WOMAN, "I10.2", {"labs.2118-8.collected_at": f"{day(4 - ago)}T08:30:00+08:00"}, verdict)
        for ago, verdict in {0: MET, 7: MET, 8: UNKNOWN}.items()
    ],
    (WOMAN, "I10.2", {"labs.2118-8.value": "positive"}, NOT_MET),
    (WOMAN, "I10.2", {"labs.2118-8": {"code": "2106-3", "value": "negative"}}, UNKNOWN),
    (WOMAN, "E25", {"reproduction.lactating": True}, YES),
    # absent is not passed
    *[
        (MAN, rule, {section: None}, UNKNOWN)
        for rule, section in {
            "I3": "histology", "I4.1": "staging", "I5.1": "prior_treatment", "I6": "performance", "I8": "thorax",
            "E4": "brain", "E6": "effusion", "E8": "medication", "E9.1": "medication", "E16.1": "blood_pressure",
            "E16.2": "heart", "E16.5": "liver", "E14": "conditions", "E16.6": "conditions", "E18": "conditions",
            "E17": "bleeding", "E19": "events", "E11": "malignancies", "I11.1": "no_support", "I11.2": "labs.718-7",
            "I12.1": "labs.14631-6", "E16.7": "labs.31201-7", "I13.1": "labs.20454-5", "E16.8": "labs.14771-0",
        }.items()
    ],
    *[
        (MAN, rule, {path: said}, REFUSED)
        for rule, path in {"E14": "conditions.dialysis", "E8": "medication.steroids", "I11.1": "no_support"}.items()
        for said in NO_ANSWERS
    ],
)  # fmt: skip


def document(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give an enrolment with an example's evidence, some of it changed."""
    made: dict[str, Any] = copy.deepcopy(_example(name))
    for path, value in changes.items():
        _change(made, path, list(value) if isinstance(value, tuple) else value)
    return made


@cache
def _example(name: str) -> dict[str, Any]:
    return example(name, day(4))


def _change(made: dict[str, Any], path: str, value: object) -> None:
    inside = made if path == "born_on" else made["evidence"]
    first, _, rest = path.partition(".")
    if first == "labs":
        code, _, name = rest.partition(".")
        row = next(row for row in inside["labs"] if row["code"] == code)
        if name:
            row[name] = value
        else:
            inside["labs"].remove(row)
            inside["labs"] += [{**value, "collected_at": row["collected_at"]}] if isinstance(value, Mapping) else []
        return
    inside, name = (inside[first], rest) if rest else (inside, first)
    if value is None:
        del inside[name]
    else:
        inside[name] = value


def verdicts(name: str, changes: Mapping[str, Any]) -> dict[str, str]:
    """Give the verdict of every criterion on a document. Raises Refused."""
    raw = json.dumps(document(name, changes)).encode()
    message = Message(channel="update", name="enroll", arguments=(argument_of(raw),))
    command = read(message, "00000000-0000-4000-8000-000000000000", TRIAL.people, TRIAL.system).command
    assert isinstance(command, t.Enroll)
    outcome = when(opened(), command, on=day(4), role="INVESTIGATOR")
    intent = next(one for one in intents(outcome.story.state) if one.fact.kind == "SubjectEnrolled")
    begun = when(given(), c.Begin.model_validate(intent.fact.begin), on=day(4), role=SYSTEM).story
    return {row.rule: str(row.verdict) for row in findings_on(begun.state, noon(day(4)))}


def wrong_verdicts() -> tuple[int, list[str]]:
    """Hold every row of the table against what the product says. Give how many rows, and those that differ."""
    wrong = []
    for name, rule, changes, expected in TABLE:
        try:
            found = verdicts(name, changes)
            said = found[rule] if len(found) == CRITERIA else f"{len(found)} criteria"
        except Refused as refusal:
            said = REFUSED if refusal.field else f"refused without a field: {refusal}"
        if said != expected:
            wrong.append(f"{rule} with {dict(changes)}: {said}, expected {expected}")
    return len(TABLE), wrong
