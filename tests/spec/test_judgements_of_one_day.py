"""Which judgement counts: the latest date, and of one day a disagreement is a CONFLICT (A12, 3.1)."""

from datetime import date

import pytest

from domain.evidence import Answer
from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient.eligibility import findings_on
from tests.given import Story, day
from tests.stories import screened, told

MET, NOT_MET = Verdict.MET, Verdict.NOT_MET


def judge(  # noqa: PLR0913 - each is part of a judgement
    story: Story, word: str, on: date, staff: str, role: str = "INVESTIGATOR", *, rule: str = "I9",
    surgeon: str | None = None, why: str = "",
) -> Story:  # fmt: skip
    """Tell a judgement of a date by a person, on day 2."""
    answer = Answer.model_validate({"rule": rule, "verdict": word, "on": on, "surgeon": surgeon, "why": why})
    if role == "COORDINATOR":
        told_as: c.Command = c.RecordEvidence(assessed_on=day(2), judgements=(answer,))
    else:
        told_as = c.Judge(answers=(answer,))
    return told(story, told_as, day(2), staff=staff, role=role)


def of(rule: str, story: Story) -> tuple[Verdict, str]:
    """Give the verdict and the sentence of one rule on day 2."""
    found = next(row for row in findings_on(story.state, story.now) if row.rule == rule)
    return found.verdict, found.sentence


def test_two_investigators_who_differ_on_one_day_are_a_conflict() -> None:
    """Whoever was entered last (I9)."""
    for first, second in (("NOT_MET", "MET"), ("MET", "NOT_MET")):
        story = judge(judge(screened(), first, day(2), "INV1"), second, day(2), "INV2")
        verdict, sentence = of("I9", story)
        assert verdict == Verdict.CONFLICT
        assert f"{first} by INV1, {second} by INV2" in sentence


def test_two_who_agree_are_no_conflict() -> None:
    """The same answer twice is that answer (I9)."""
    assert of("I9", judge(judge(screened(), "NOT_MET", day(2), "INV1"), "NOT_MET", day(2), "INV2"))[0] == NOT_MET


def test_the_later_date_wins_whatever_was_entered_last() -> None:
    """An older judgement that is entered late changes nothing; a newer one ends a conflict (I9)."""
    story = judge(screened(), "NOT_MET", day(2), "INV1")
    assert of("I9", judge(story, "MET", day(-20), "INV2"))[0] == NOT_MET
    assert of("I9", judge(story, "MET", day(1), "INV2"))[0] == NOT_MET
    differing = judge(judge(screened(), "NOT_MET", day(1), "INV1"), "MET", day(1), "INV2")
    assert of("I9", differing)[0] == Verdict.CONFLICT
    assert of("I9", judge(differing, "MET", day(2), "INV2"))[0] == MET


def test_a_person_may_answer_again_on_the_same_day() -> None:
    """The newest answer of that person counts (I9)."""
    story = judge(judge(screened(), "NOT_MET", day(2), "INV1"), "MET", day(2), "INV1")
    assert of("I9", story)[0] == MET
    assert of("I9", judge(story, "NOT_MET", day(2), "INV1"))[0] == NOT_MET


@pytest.mark.parametrize("first", ["COORDINATOR", "INVESTIGATOR"])
def test_an_answer_of_one_who_may_not_judge_disturbs_no_judgement_of_its_day(first: str) -> None:
    """Neither before nor after it; alone it leaves the judgement pending (I9)."""
    order = [("MET", "CRC1", "COORDINATOR"), ("NOT_MET", "INV1", "INVESTIGATOR")]
    story = screened()
    for word, staff, role in order if first == "COORDINATOR" else reversed(order):
        story = judge(story, word, day(2), staff, role)
    assert of("I9", story)[0] == NOT_MET
    later = judge(judge(screened(), "MET", day(1), "INV1"), "MET", day(2), "CRC1", "COORDINATOR")
    assert of("I9", later)[0] == Verdict.JUDGEMENT_PENDING


def test_surgeon_and_investigator_who_differ_are_a_conflict() -> None:
    """Either may judge I7, with a surgeon named."""
    story = judge(screened(), "MET", day(2), "INV1", rule="I7", surgeon="SUR1")
    assert of("I7", judge(story, "MET", day(2), "SUR1", "SURGEON", rule="I7"))[0] == MET
    assert of("I7", judge(story, "NOT_MET", day(2), "SUR1", "SURGEON", rule="I7"))[0] == Verdict.CONFLICT


def test_grounds_of_one_are_enough_for_e27() -> None:
    """A trigger without grounds is pending, and a conflict stays one (E27)."""
    story = judge(screened(), "TRIGGERED", day(2), "INV1", rule="E27")
    assert of("E27", story)[0] == Verdict.JUDGEMENT_PENDING
    assert of("E27", judge(story, "TRIGGERED", day(2), "INV2", rule="E27", why="frail"))[0] == Verdict.TRIGGERED
    assert of("E27", judge(story, "NOT_TRIGGERED", day(2), "INV2", rule="E27"))[0] == Verdict.CONFLICT
