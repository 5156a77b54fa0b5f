"""The protocol is data: another one of the family runs by the same program, which knows neither number nor drug."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain import catalogue
from domain.patient import commands as c
from domain.patient import facts as f
from domain.protocol import TreatmentEpoch
from domain.submission import Reason
from domain.trial import commands as t
from domain.values import Clock
from tests.another_protocol import MAINTENANCE, SMALL
from tests.given import (
    SITE,
    Story,
    day,
    facts_of,
    given,
    given_trial,
    nothing_happened,
    refused,
    the,
    then_kinds,
    when,
)
from tests.stories import answered, begin, passing, told

ROOT = Path(__file__).parents[2]
NUMBERS = {3, 12, 21, 28, 42}
DRUGS = {"BENMELSTOBART", "ANLOTINIB", "ETOPOSIDE", "CISPLATIN", "CARBOPLATIN", "PLATIN"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the small protocol into the catalogue."""
    monkeypatch.setitem(catalogue.PROTOCOLS, (SMALL.trial, SMALL.version), SMALL)


def randomized() -> Story:
    """A subject of the small trial is randomized on day 3."""
    story = answered(told(given(), begin(trial=SMALL.trial)), day(1))
    story = told(story, c.ConfirmEligibility(judged_on=day(3)), day(3))
    story = told(story, c.RequestRandomization())
    return told(story, c.SlotAllocated(slot=1, arm="ALL", randomized_on=day(3)))


def dosed(story: Story, cycles: int) -> Story:
    """So many cycles are given on their planned dates, the gate's results answered where it asks for some."""
    for _ in range(cycles):
        planned = story.state.current_cycle.planned_on
        story = passing(story, planned - timedelta(days=1))
        if story.state.current_cycle.ordered is not None:
            story = answered(story, story.today)
        story = passing(story, planned)
        cycle = story.state.current_cycle.label
        story = told(story, c.ReportDose(cycle=cycle, given_on=planned), confirmed=True, reason="test")
    return story


def test_it_runs_through_to_the_end() -> None:
    """2 cycles of 28 d, then 3 of 14 d, then follow-up; the gate of the second part asks for nothing."""
    story = dosed(randomized(), 5)
    given_on = [fact.given_on for fact in story.facts if isinstance(fact, f.DoseGiven)]
    assert given_on == [day(4), day(32), day(60), day(74), day(88)]
    story = passing(story, day(102))
    entered = [fact.epoch for fact in story.facts if isinstance(fact, f.EpochEntered)]
    assert entered == ["SCREENING", "INDUCTION", "MAINTENANCE", "FOLLOW_UP"]
    assert story.facts[-3].reason == "COMPLETED"
    then_kinds(when(story, c.EndStudy(ended_on=day(102))), f.StudyEnded)


def test_a_sample_of_the_last_day_1_never_counts_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """However old a gate's samples may be: it does not show how the subject recovered from that dose."""
    assert isinstance(SMALL.epochs[1], TreatmentEpoch)
    gate = SMALL.epochs[1].gate.model_copy(update={"max_age_days": 1000})
    epochs = tuple(
        epoch.model_copy(update={"gate": gate}) if epoch is SMALL.epochs[1] else epoch for epoch in SMALL.epochs
    )
    long = SMALL.model_copy(update={"epochs": epochs})
    monkeypatch.setitem(catalogue.PROTOCOLS, (SMALL.trial, SMALL.version), long)
    story = dosed(randomized(), 1)
    outcome = when(passing(story, day(31)), c.TimePassed())
    orders = [fact for fact in (*story.facts, *outcome.story.facts) if isinstance(fact, f.LabsOrdered)]
    assert (orders[-1].cycle, orders[-1].after) == (2, SITE.start_of(day(5)))


def test_only_the_gate_with_criteria_orders_results() -> None:
    """Hemoglobin before each induction cycle; nothing in maintenance, where a dose without results deviates."""
    story = dosed(randomized(), 3)
    orders = [fact for fact in story.facts if isinstance(fact, f.LabsOrdered) and fact.purpose == "GATE"]
    assert [order.analytes for order in orders] == [("HB",), ("HB",)]


def test_its_maintenance_starts_from_the_last_dose() -> None:
    """28 d after the last actual DRUG_A, wherever that was."""
    story = dosed(randomized(), 1)
    story = passing(story, day(35))
    outcome = when(story, c.ReportDose(cycle="C2", given_on=day(35)))
    assert the(outcome, f.DeviationRecorded, item="C2").days_off == 1
    plan = the(outcome, f.CyclePlanned)
    assert (plan.cycle, plan.earliest_on, plan.planned_on, plan.anchor_on) == (3, day(62), day(63), day(35))


@pytest.mark.parametrize(
    ("anchor", "number"), [("CONSENT", 0), ("RANDOMIZATION", 3), ("CYCLE_DAY_1", 32), ("EPOCH_START", 32)]
)
def test_a_part_may_start_from_any_anchor(monkeypatch: pytest.MonkeyPatch, anchor: str, number: int) -> None:
    """Consent, randomization, the last day 1, or the beginning of the part itself."""
    start = MAINTENANCE.start.model_copy(update={"anchor": anchor})
    maintenance = MAINTENANCE.model_copy(update={"start": start})
    other = SMALL.model_copy(update={"epochs": (*SMALL.epochs[:2], maintenance, SMALL.epochs[-1])})
    monkeypatch.setitem(catalogue.PROTOCOLS, (SMALL.trial, SMALL.version), other)
    assert dosed(randomized(), 2).facts[-1].anchor_on == day(number)


def test_without_the_anchor_s_dose_a_part_starts_from_its_own_beginning() -> None:
    """Every induction cycle was omitted."""
    story = randomized()
    for number in (1, 2):
        outcome = when(story, c.OmitDose(cycle=f"C{number}", decided_on=day(4), why="x"), on=day(4))
        story = outcome.story
    assert the(outcome, f.CyclePlanned).anchor_on == day(4)


def test_it_has_no_surgery_and_no_evaluation() -> None:
    """Their commands are refused as such."""
    commands = (
        c.ReportSurgery(performed_on=day(3), resection="R0"),
        c.JudgeOperability(judged_on=day(3), operable=True),
        c.CancelSurgery(decided_on=day(3), why="x"),
        c.ProceedToSurgery(decided_on=day(3), why="x"),
    )
    for command in commands:
        assert refused(when(randomized(), command), Reason.PHASE).accepts == "no surgery command"
    refused(when(randomized(), c.ReportPathology(reported_on=day(3), resection="R0")), Reason.PHASE)
    refused(when(randomized(), c.EvaluateAdjuvant(evaluated_on=day(3), fit=True)), Reason.PHASE)
    refused(when(randomized(), c.ReportDose(cycle="C6", given_on=day(3))), Reason.IMPOSSIBLE)


def test_its_trial_is_full_with_two() -> None:
    """Caps and target are the protocol's."""
    staff = (t.Delegation(staff="SPO1", roles=("SPONSOR",), valid_from=day(0)),)
    command = t.OpenTrial(trial=SMALL.trial, protocol_version="1", clock=Clock.real(), sites=(SITE,), staff=staff)
    story = told(given_trial(), command)
    for number in (1, 2):
        story = told(story, t.Enroll(site="TDH", born_on=day(-9000), sex="FEMALE"))
        story = told(story, t.AllocateSlot(subject=f"S00{number}", request=1))
    refused(when(story, t.Enroll(site="TDH", born_on=day(-9000), sex="FEMALE")), Reason.FULL)


def test_its_subject_can_leave_and_time_stands_still() -> None:
    """The ways out are the same."""
    outcome = when(dosed(randomized(), 2), c.ReportDeath(died_on=day(32)))
    assert facts_of(outcome, f.StudyEnded)
    nothing_happened(when(outcome.story, c.TimePassed(), on=day(900)))


def test_the_catalogue_knows_the_newest_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """By number, not by letter; an unknown trial is named, with those that are known."""
    newer = SMALL.model_copy(update={"version": "10"})
    older = SMALL.model_copy(update={"version": "9"})
    monkeypatch.setitem(catalogue.PROTOCOLS, (SMALL.trial, "10"), newer)
    monkeypatch.setitem(catalogue.PROTOCOLS, (SMALL.trial, "9"), older)
    assert catalogue.latest(SMALL.trial) is newer
    for unknown in ("NCT99999999", ""):
        with pytest.raises(catalogue.UnknownTrialError, match=r"accepted: .*NCT06978153"):
            catalogue.latest(unknown)


def test_a_protocol_knows_its_parts() -> None:
    """Epochs by code and order, cycles by number."""
    assert SMALL.after("FOLLOW_UP").code == "FOLLOW_UP"
    assert SMALL.procedure is None
    assert (SMALL.last_cycle, SMALL.drugs) == (5, frozenset({"DRUG_A"}))
    assert [SMALL.first_cycle(epoch) for epoch in SMALL.treatments] == [1, 3]
    assert SMALL.epoch_of_cycle(6) is None
    with pytest.raises(KeyError):
        SMALL.epoch("SURGERY")
    with pytest.raises(KeyError):
        SMALL.treatment_of(6)


# The program knows no number and no drug of a trial


def _constants(path: Path) -> Iterator[ast.Constant]:
    """Give the constants of a module, without docstrings and without the tries of a retry policy."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) or (isinstance(node, ast.keyword) and node.arg == "maximum_attempts")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in skipped:
            yield node


@pytest.mark.parametrize("room", ["domain/patient", "domain/trial", "workflows"])
def test_no_number_and_no_drug_of_the_trial_stands_in_code(room: str) -> None:
    """3, 12, 21, 28 and 42 are the protocol's, and so is every drug's name."""
    paths = sorted((ROOT / room).glob("*.py"))
    assert paths
    for path in paths:
        for constant in _constants(path):
            where = f"{path.name}:{constant.lineno}: {constant.value!r}"
            if isinstance(constant.value, str):
                assert not any(drug in constant.value.upper() for drug in DRUGS), where
            elif not isinstance(constant.value, bool):
                assert constant.value not in NUMBERS, where
