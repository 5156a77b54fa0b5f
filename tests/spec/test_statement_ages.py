"""How old what people said may be, and how much of a look-back it must cover (A statement's age, Q5)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import evidence as e
from domain.criteria import Case, Judgement
from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient import facts as f
from tests.criteria import found, one, value, verdict, weighed, whole, with_section, woman
from tests.evidence import asked_again
from tests.given import day, facts_of, noon, when
from tests.stories import at_visit, in_neoadjuvant, passing, results, told

STATED = {
    "prior_treatment": ("I5.1", "I5.2", "E12", "E13"),
    "effusion": ("E6",),
    "malignancies": ("E11",),
    "conditions": ("E14", "E16.6", "E16.7", "E16.10", "E16.11", "E18", "E20", "E24"),
    "anticoagulation": ("I13.2", "I13.3", "E16.3"),
    "bleeding": ("E16.3", "E17"),
    "liver": ("E16.5",),
    "events": ("E19", "E21", "E22", "E23"),
    "medication": ("E8", "E9.1", "E9.2"),
}
"""The criteria that rest on each section a person is asked for."""
HALF = {"E6": 15, "E8": 14, "E9.1": 7, "E9.2": 7, "E17": 7, "E21": 7, "E22": 14, "E23": 15}
"""Days before randomization in which a statement with a look-back is made; 28 d for the others."""
AT_C1D1 = {"E8": 28, "E9.1": 14, "E9.2": 14, "E17": 14, "E21": 14, "E23": 28, "E18": 28, "E19": 28}
RULES = [(rule, name) for name, rules in STATED.items() for rule in rules]


def dated(name: str, ago: int, before: date | None = None) -> Case:
    """Give a whole case with a section of so many days before the case's date, or before another."""
    return with_section(name, on=(before or day(2)) - timedelta(days=ago))


@pytest.mark.parametrize(("rule", "name"), RULES)
def test_a_statement_ages_before_randomization(rule: str, name: str) -> None:
    """The last day included; older is UNKNOWN and says how old (3.1, Q5)."""
    most = HALF.get(rule, 28)
    for ago, fresh in ((most - 1, True), (most, True), (most + 1, False), (400, False)):
        known = dated(name, ago)
        assert found(rule, known).is_clear == fresh
        if not fresh:
            assert verdict(rule, known) == Verdict.UNKNOWN
            assert f"is {ago} d old at randomization" in found(rule, known).sentence


@pytest.mark.parametrize(("rule", "most"), AT_C1D1.items())
def test_a_statement_ages_before_c1d1(rule: str, most: int) -> None:
    """It may be as old as its look-back, 28 d at most (3.1, Q5)."""
    name = next(name for known, name in RULES if known == rule)
    for ago, fresh in ((most - 1, True), (most, True), (most + 1, False)):
        known = replace(dated(name, ago, day(9)), first_dose_on=day(9))
        assert found(rule, known).is_clear == fresh


@pytest.mark.parametrize("rule", ["I10.1", "I10.3", "E25"])
def test_a_statement_on_childbearing_ages_too(rule: str) -> None:
    """Lactation and contraception are asked again (I10, E25)."""
    for ago, fresh in ((28, True), (29, False)):
        known = woman(date(1985, 2, 3), reproduction={"on": day(2) - timedelta(days=ago)})
        assert found(rule, known).is_clear == fresh


def test_an_old_statement_that_keeps_the_subject_out_still_does() -> None:
    """What was found does not lapse with the age of the statement (E18, E13, E19)."""
    for rule, name, field, told_as in (
        ("E18", "conditions", "lung_disease", True),
        ("E13", "prior_treatment", "immune_modulator", True),
        ("E19", "events", "thromboembolism_on", day(-100)),
    ):
        known = with_section(name, **one(field, told_as), on=day(-60))
        assert verdict(rule, known) == Verdict.TRIGGERED


def test_a_judgement_ages() -> None:
    """28 d, the last day included; it is asked for again (I9, 3.1)."""
    for ago, expected in ((28, Verdict.MET), (29, Verdict.UNKNOWN), (400, Verdict.UNKNOWN)):
        on = day(2) - timedelta(days=ago)
        answer = e.Answer.model_validate({"rule": "I9", "verdict": "MET", "on": on})
        known = whole()
        known = replace(known, judgements=dict(known.judgements) | {"I9": Judgement(answer, "INV1", "INVESTIGATOR")})
        assert verdict("I9", known) == expected


def counted(**changed: object) -> Case:
    """Give a case with blood counts of day 1 and what was said of blood support."""
    counts = {code: (value(code, number),) for code, number in (("HB", "132"), ("ANC", "4.1"), ("PLT", "231"))}
    return replace(weighed(labs=counts), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(("ago", "expected"), [(0, Verdict.MET), (6, Verdict.MET), (7, Verdict.MET),
                                               (8, Verdict.UNKNOWN), (14, Verdict.UNKNOWN)])  # fmt: skip
@pytest.mark.parametrize("last_on", [None, day(-200)])
def test_blood_support_is_asked_for_near_the_sample(ago: int, expected: Verdict, last_on: date | None) -> None:
    """Half of the 14 d before the sample of day 1; also where the last support was long ago (I11.1)."""
    asked_on = day(1) - timedelta(days=ago)
    known = counted(support_assessed_on=asked_on, last_support_on=last_on)
    assert verdict("I11.1", known) == expected


def test_support_without_a_date_of_asking_is_unknown() -> None:
    """A date of long ago says nothing of the days since, when nobody knows when it was said (I11.1)."""
    known = counted(last_support_on=day(-200), support_assessed_on=None, no_support=None)
    assert verdict("I11.1", known) == Verdict.UNKNOWN
    assert verdict("I11.1", counted(no_support=None, support_assessed_on=None)) == Verdict.UNKNOWN
    assert verdict("I11.1", counted(no_support=False, support_assessed_on=day(1))) == Verdict.UNKNOWN
    assert verdict("I11.1", counted(last_support_on=day(-5), support_assessed_on=None)) == Verdict.NOT_MET


def test_the_date_of_the_last_support_is_asked_for_with_the_evidence() -> None:
    """The assessment that names it is the asking (I11.1)."""
    again = c.RecordEvidence(assessed_on=day(1), last_support_on=day(-40))
    story = told(in_neoadjuvant(), again, day(4))
    assert (story.state.last_support_on, story.state.support_assessed_on) == (day(-40), day(1))


@pytest.mark.parametrize(("on", "passed"), [(day(5), False), (day(6), False), (day(-60), True)])
def test_a_transfusion_between_randomization_and_c1d1_fails_the_gate(on: date, passed: bool) -> None:  # noqa: FBT001 - pytest hands it over by name
    """Before the sample of day 6 or on its day, and not between the sample and C1D1 (I11.1)."""
    given = c.RecordEvidence(assessed_on=max(on, day(4)), last_support_on=on)
    story = passing(told(in_neoadjuvant(), given, max(on, day(4))), day(6))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(noon(day(6)) - timedelta(hours=1)),
                            complete=True)  # fmt: skip
    (gate,) = facts_of(when(story, report, on=day(6)), f.GateChecked)
    assert gate.passed == passed
    assert [row.rule for row in gate.findings if not row.is_clear] == ([] if passed else ["I11.1"])


def test_the_gate_asks_again_for_what_is_too_old_at_c1d1() -> None:
    """15 d after the evidence E9, E17 and E21 are UNKNOWN; asked again the gate passes (E9, E17, E21)."""
    story = told(at_visit(in_neoadjuvant()), c.DelayDose(cycle="C1", until=day(15), why="bed"))
    held = at_visit(story)
    checked = [fact for fact in held.facts if isinstance(fact, f.GateChecked)][-1]
    unclear = {row.rule for row in checked.findings if not row.is_clear}
    assert {"E9.1", "E9.2", "E17", "E21"} <= unclear
    story = told(passing(story, day(13)), asked_again(day(13)), day(13))
    checked = [fact for fact in at_visit(story).facts if isinstance(fact, f.GateChecked)][-1]
    assert not [row.rule for row in checked.findings if row.rule in unclear and not row.is_clear]
