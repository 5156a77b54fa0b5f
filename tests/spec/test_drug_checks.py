"""What one drug waits for: after surgery, anlotinib for a wound that has healed (T7, E16.11)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cli.doses import sheet
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.submission import Reason
from tests.evidence import sections
from tests.given import Story, day, facts_of, refused, the, when
from tests.stories import HEALED, answered, at_visit, in_evaluation, in_surgery_wait, passing, told

C4 = day(122)
FIT = c.EvaluateAdjuvant(evaluated_on=day(115), fit=True)


def unanswered(arm: str = "COHORT_1") -> Story:
    """Adjuvant treatment has begun, and nobody has said whether the wound has healed."""
    return told(passing(in_evaluation(arm), day(115)), FIT)


def drugs(story: Story) -> list[str]:
    """Give the drugs that are planned for the awaited cycle."""
    return [row.drug for row in story.state.current_cycle.doses.administrations]


def wound(on: int, *, unhealed: bool) -> c.RecordEvidence:
    """Give evidence of conditions on a day."""
    known = sections(day(on))["conditions"].model_copy(update={"unhealed_wound_or_fracture": unhealed})
    return c.RecordEvidence.model_validate({"assessed_on": day(on), "conditions": known})


def test_anlotinib_waits_for_the_answer_and_benmelstobart_does_not() -> None:
    """The gate passes, benmelstobart alone is planned, given and not missed; the investigator is asked (T7, T9)."""
    story = at_visit(unanswered())
    assert story.state.current_cycle.gate == "PASSED"
    assert drugs(story) == ["BENMELSTOBART"]
    ask = next(ask for ask in asks(story.state) if ask.kind == "drug_check")
    assert (ask.to, ask.by) == (("INVESTIGATOR",), C4)
    assert ask.text == "ANLOTINIB waits in C4: wound healed (E16.11)?"
    assert sheet(story.state, "C4")["waiting"] == ["ANLOTINIB: wound healed?"]
    outcome = when(story, c.ReportDose(cycle="C4", given_on=C4))
    assert [drug.drug for drug in the(outcome, f.DoseGiven).drugs] == ["BENMELSTOBART"]
    assert not facts_of(outcome, f.DeviationRecorded)


def test_it_is_told_with_the_order_of_results() -> None:
    """Until it is answered (T7)."""
    outcome = when(unanswered(), c.TimePassed(), on=day(119))
    notice = the(outcome, f.NoticeRequested, notice="DRUG_CHECK")
    assert (notice.to, notice.text) == (("INVESTIGATOR",), "C4: ANLOTINIB waits for drug_check: wound healed")
    healed = told(unanswered(), HEALED)
    assert not facts_of(when(healed, c.TimePassed(), on=day(119)), f.NoticeRequested, notice="DRUG_CHECK")


def test_a_good_answer_lets_it_be_planned_and_given() -> None:
    """Once for all adjuvant cycles (T7)."""
    story = told(at_visit(unanswered()), HEALED.model_copy(update={"checked_on": C4}))
    assert drugs(story) == ["BENMELSTOBART", "ANLOTINIB"]
    assert not [ask for ask in asks(story.state) if ask.kind == "drug_check"]
    outcome = when(story, c.ReportDose(cycle="C4", given_on=C4))
    assert [drug.drug for drug in the(outcome, f.DoseGiven).drugs] == ["BENMELSTOBART", "ANLOTINIB"]
    assert not facts_of(outcome, f.DeviationRecorded)
    assert not [ask for ask in asks(outcome.story.state) if ask.kind == "drug_check"]


def test_an_answer_that_it_has_not_healed_keeps_it_waiting() -> None:
    """And is asked again; the later answer counts (T7)."""
    story = told(unanswered(), HEALED.model_copy(update={"met": False, "why": "seroma"}))
    assert drugs(at_visit(story)) == ["BENMELSTOBART"]
    assert [ask for ask in asks(story.state) if ask.kind == "drug_check"]
    again = told(passing(story, day(118)), HEALED.model_copy(update={"checked_on": day(118)}))
    assert drugs(at_visit(again)) == ["BENMELSTOBART", "ANLOTINIB"]


def test_an_unhealed_wound_on_record_after_the_answer_takes_it_back() -> None:
    """Evidence of the same day or before does not; nor does a healed one after it give an answer (E16.11)."""
    story = passing(told(unanswered(), HEALED), day(117))
    assert drugs(at_visit(told(story, wound(115, unhealed=True)))) == ["BENMELSTOBART", "ANLOTINIB"]
    assert drugs(at_visit(told(story, wound(116, unhealed=True)))) == ["BENMELSTOBART"]
    healed = told(passing(unanswered(), day(117)), wound(117, unhealed=False))
    assert drugs(at_visit(healed)) == ["BENMELSTOBART"]


def test_anlotinib_given_without_the_answer_is_an_important_deviation() -> None:
    """Named as given, and as a course at home (T7)."""
    both = tuple(c.GivenDrug(drug=name) for name in ("BENMELSTOBART", "ANLOTINIB"))
    outcome = when(at_visit(unanswered()), c.ReportDose(cycle="C4", given_on=C4, drugs=both))
    deviation = the(outcome, f.DeviationRecorded)
    assert (deviation.item, deviation.rule, deviation.important) == ("CHECK/C4D1/ANLOTINIB", "T7", True)
    story = told(at_visit(unanswered()), c.ReportDose(cycle="C4", given_on=C4))
    course = c.ReportCourse(cycle="C4", drug="ANLOTINIB", days=(2, 3))
    later = when(passing(story, C4 + timedelta(days=4)), course)
    assert "CHECK/C4D2/ANLOTINIB" in [row.item for row in facts_of(later, f.DeviationRecorded)]


def test_it_is_not_planned_at_a_level_either() -> None:
    """A plan is refused, naming what it waits for (T7)."""
    level = c.DoseLevel(drug="ANLOTINIB", amount=Decimal(10), unit="mg")
    plan = c.PlanDoses(cycle="C4", why="x", levels=(level,))
    no = refused(when(at_visit(unanswered()), plan), Reason.RULE, rule="T7", field="levels")
    assert no.accepts == "drug_check by INVESTIGATOR first, or the plan without it"


def test_the_other_arm_and_the_other_epoch_wait_for_nothing() -> None:
    """No anlotinib in cohort 2, and no wound before surgery (T7)."""
    assert not [ask for ask in asks(unanswered("COHORT_2").state) if ask.kind == "drug_check"]
    assert drugs(answered(passing(unanswered("COHORT_2"), day(121)), day(121))) == ["BENMELSTOBART"]


@pytest.mark.parametrize(
    ("story", "command", "reason"),
    [
        (in_surgery_wait, HEALED.model_copy(update={"checked_on": day(50)}), Reason.PHASE),
        (in_evaluation, HEALED.model_copy(update={"checked_on": day(79)}), Reason.RULE),
        (in_evaluation, HEALED.model_copy(update={"checked_on": day(80), "drug": "BENMELSTOBART"}), Reason.RULE),
    ],
    ids=["no surgery yet", "before the surgery", "another drug"],
)
def test_an_answer_that_cannot_be_one_is_refused(story: object, command: c.CheckDrug, reason: Reason) -> None:
    """It is a verdict on the wound of the surgery (T7)."""
    refused(when(story(), command), reason)  # type: ignore[operator] # a function of tests.stories
    assert when(in_evaluation(), HEALED.model_copy(update={"checked_on": day(80)})).facts


def test_a_corrected_answer_counts_as_corrected() -> None:
    """Healed was meant as not healed: anlotinib leaves the plan (T7)."""
    story = at_visit(told(unanswered(), HEALED))
    correction = c.Correct(fact=story.seq_of(f.DrugChecked), fields={"met": False}, why="misread")
    assert drugs(told(story, correction)) == ["BENMELSTOBART"]


@pytest.mark.parametrize("stops", [c.HoldDrug, c.DiscontinueDrug])
def test_a_drug_that_is_stopped_for_another_reason_waits_for_no_answer(
    stops: type[c.HoldDrug] | type[c.DiscontinueDrug],
) -> None:
    """T7, T9: whether the wound has healed matters once the investigator lets anlotinib go on; the cycle is due."""
    story = unanswered()
    assert "drug_check" in [ask.kind for ask in asks(story.state)]
    stopped = told(story, stops(drug="ANLOTINIB", decided_on=story.today, why="bleeding"))
    found = asks(stopped.state)
    assert [ask.kind for ask in found] == ["dose_given"]
    assert found[0].text.startswith(f"C4D1 planned {C4}")
