"""Every number of the protocol shows where it comes from, and every assumption its question (G10)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from domain.catalogue import latest
from domain.criteria import RULES
from domain.labs import ANALYTES
from domain.protocol import (
    Criterion,
    Dose,
    EvaluationEpoch,
    LabLimit,
    ProcedureEpoch,
    Source,
    Step,
)
from domain.values import Frozen
from tests.given import TRIAL_ID

PROTOCOL = latest(TRIAL_ID)
CHEMOTHERAPY = "ETOPOSIDE 100 mg/m2 D1,2,3; CISPLATIN 75 mg/m2 or CARBOPLATIN 5 mg.min/mL D1"
OF_THEIR_PARENT = (Dose, LabLimit, Step)
"""An amount stands in its regimen line, a limit in its criterion, a step in its escalation: the source is there."""


def parts(value: object, path: str = "protocol") -> Iterator[tuple[str, Frozen]]:
    """Give every model inside a value, with its path."""
    if isinstance(value, Frozen):
        yield path, value
        for name in type(value).model_fields:
            yield from parts(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            yield from parts(inner, f"{path}[{number}]")
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from parts(inner, f"{path}[{name}]")


def has_number(value: Frozen) -> bool:
    """Say whether a model itself holds a number or a date."""
    found = (getattr(value, name) for name in type(value).model_fields)
    return any(isinstance(one, int | Decimal | date) and not isinstance(one, bool) for one in found)


def sources() -> list[tuple[str, Source]]:
    """Give every source of the protocol."""
    return [(path, part) for path, part in parts(PROTOCOL) if isinstance(part, Source)]


def test_every_number_s_model_carries_its_source() -> None:
    """A model with a number has a source of its own, not empty."""
    seen = 0
    for path, part in parts(PROTOCOL):
        if not has_number(part) or isinstance(part, OF_THEIR_PARENT) or part is PROTOCOL:
            continue
        seen += 1
        source = getattr(part, "source", None)
        assert isinstance(source, Source), path
        assert source.rule, path
    assert seen >= 30


def test_amounts_and_limits_stand_in_a_model_with_a_source() -> None:
    """No amount and no limit stands alone."""
    carriers = [part for _, part in parts(PROTOCOL) if getattr(part, "source", None)]
    within = [inner for carrier in carriers for _, inner in parts(carrier) if isinstance(inner, OF_THEIR_PARENT)]
    every = [part for _, part in parts(PROTOCOL) if isinstance(part, OF_THEIR_PARENT)]
    assert {id(part) for part in every} <= {id(part) for part in within}


def test_the_protocol_s_own_numbers_have_their_sources() -> None:
    """Target, completion date and plausibility bounds name theirs beside them."""
    for name in ("target_source", "completion_source", "lab_bounds_source"):
        assert getattr(PROTOCOL, name).rule


def test_every_assumption_s_question_is_in_the_register() -> None:
    """And no question is missing: Q1 to Q13, each with what is assumed meanwhile."""
    ids = [question.id for question in PROTOCOL.questions]
    assert ids == [f"Q{number}" for number in range(1, 14)]
    assert all(question.asks and question.default for question in PROTOCOL.questions)
    for path, source in sources():
        assert source.question in ("", *ids), path
        assert source.is_assumption == (source.question != ""), path
        assert not source.is_assumption or source.text, path


def test_a_source_is_shown_in_one_short_form() -> None:
    """The rule, and the question of an assumption."""
    assert str(Source(rule="T4")) == "T4"
    assert str(Source(rule="T11", question="Q8")) == "T11 (assumption Q8)"


def test_the_numbers_are_those_of_the_record() -> None:
    """Written out a second time: cycles, lengths, windows, caps and amounts (T1 to T7)."""
    first, second = PROTOCOL.treatments
    assert [(epoch.cycles, epoch.cycle_days) for epoch in (first, second)] == [(3, 21), (12, 21)]
    assert [(arm.code, arm.cap) for arm in PROTOCOL.arms] == [("COHORT_1", 33), ("COHORT_2", 33)]
    assert PROTOCOL.target == 66
    waits = [epoch for epoch in PROTOCOL.epochs if isinstance(epoch, ProcedureEpoch | EvaluationEpoch)]
    assert [(epoch.window.earliest_days, epoch.window.latest_days) for epoch in waits] == [(28, 42), (28, 42)]
    assert [reminder.after_days for reminder in waits[0].reminders] == [21, 28, 35, 42]
    assert PROTOCOL.procedure is not None
    assert [(row.drug, row.days) for row in PROTOCOL.procedure.washouts] == [("ANLOTINIB", 7)]


@pytest.mark.parametrize(
    ("epoch", "arm", "expected"),
    [
        (
            0,
            "COHORT_1",
            f"BENMELSTOBART 1200 mg D1; {CHEMOTHERAPY}; ANLOTINIB 10 mg D1-14",
        ),
        (
            0,
            "COHORT_2",
            f"BENMELSTOBART 1200 mg D1; {CHEMOTHERAPY}",
        ),
        (1, "COHORT_1", "BENMELSTOBART 1200 mg D1; ANLOTINIB 10 mg D1-14"),
        (1, "COHORT_2", "BENMELSTOBART 1200 mg D1"),
    ],
)
def test_the_regimens_are_those_of_the_record(epoch: int, arm: str, expected: str) -> None:
    """Drug, amount, unit and days (T2, T2.1, T7)."""
    lines = []
    for line in PROTOCOL.treatments[epoch].regimens[arm]:
        doses = " or ".join(f"{dose.drug} {dose.amount} {dose.unit}" for dose in line.options)
        days = f"{line.days[0]}-{line.days[-1]}" if line.self_administered else ",".join(map(str, line.days))
        lines.append(f"{doses} D{days}")
    assert "; ".join(lines) == expected


def test_every_rule_the_protocol_names_has_its_function() -> None:
    """Criteria, gates and analytes exist; every limit is about an analyte with bounds."""
    criteria = {part.rule for _, part in parts(PROTOCOL) if isinstance(part, Criterion)}
    assert criteria <= set(RULES)
    for epoch in PROTOCOL.treatments:
        assert set(epoch.gate.criteria) <= criteria
        assert set(epoch.regimens) == {arm.code for arm in PROTOCOL.arms}
    assert set(PROTOCOL.lab_bounds) == set(ANALYTES) >= set(PROTOCOL.screening.analytes)


def test_every_notice_has_a_title_in_both_languages_and_no_title_lacks_its_notice() -> None:
    """What leaves the product is a title: none is missing, none is left over (notices of issue: coded words only)."""
    told = {part.notice for _, part in parts(PROTOCOL) if hasattr(part, "notice")}

    assert set(PROTOCOL.notice_words) == told
    for code, words in PROTOCOL.notice_words.items():
        assert words.title("en").isascii(), code
        assert not words.title("zh").isascii(), code
