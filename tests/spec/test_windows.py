"""The windows themselves: from which anchor each runs, and where it ends (T2.2, T4, T5, T7, Q13)."""

from collections.abc import Callable

import pytest

from domain import catalogue
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.windows import Dates, epoch_dates, procedure_dates_until
from tests.another_protocol import MAINTENANCE, SMALL
from tests.given import Story, day, facts_of, given, the, when
from tests.stories import (
    answered,
    at_visit,
    begin,
    in_adjuvant,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    in_surgery_wait,
    passing,
    screened,
    told,
)


def surgery_window(story: Story, until: int) -> Dates | None:
    """Give the surgery window as the doses up to a day make it."""
    procedure = story.state.protocol.procedure
    assert procedure is not None
    return procedure_dates_until(story.state, procedure, day(until))


WINDOWS = {
    "SCREENING": Dates(day(0), day(0), day(14), day(28), "3.1"),
    "NEOADJUVANT": Dates(day(7), day(25), day(28), day(31), "T2.2"),
    "SURGERY": Dates(day(49), day(77), day(84), day(91), "T4"),
    "EVALUATION": Dates(day(80), day(108), day(115), day(122), "T5"),
    "ADJUVANT": Dates(day(115), day(115), day(122), day(129), "T7"),
    "FOLLOW_UP": Dates(day(374), day(450), day(464), day(478), "3.6"),
}


def in_epoch(epoch: str) -> Story:
    """Give a story that waits for the act of an epoch, in the second cycle of neoadjuvant treatment."""
    told_so_far: dict[str, Callable[[], Story]] = {
        "SCREENING": screened,
        "NEOADJUVANT": lambda: in_neoadjuvant("COHORT_1", 1),
        "SURGERY": in_surgery_wait,
        "EVALUATION": in_evaluation,
        "ADJUVANT": in_adjuvant,
        "FOLLOW_UP": in_follow_up,
    }
    return told_so_far[epoch]()


@pytest.mark.parametrize("epoch", WINDOWS)
def test_each_epoch_has_the_window_of_the_act_it_waits_for(epoch: str) -> None:
    """Anchor, first day, planned day, last day and rule."""
    assert epoch_dates(in_epoch(epoch).state) == WINDOWS[epoch]


def test_the_surgery_window_runs_from_the_last_dose_up_to_surgery() -> None:
    """A dose of the day of surgery counts, a later one does not (T4)."""
    story = in_surgery_wait()
    for until, last in ((27, 7), (28, 28), (48, 28), (49, 49), (80, 49)):
        found = surgery_window(story, until)
        assert found is not None
        assert (found.anchor_on, found.earliest_on, found.latest_on) == (day(last), day(last + 28), day(last + 42))
    assert surgery_window(story, 6) is None


def test_the_latest_dose_counts_in_whatever_order_doses_were_told() -> None:
    """Benmelstobart of day 3 told before that of day 2: the window runs from day 3 (T4)."""
    story = passing(in_neoadjuvant("COHORT_2", 1), day(10))
    for number in (3, 2):
        drugs = (c.GivenDrug(drug="BENMELSTOBART"),)
        story = told(story, c.ReportDose(cycle="C1", day=number, given_on=day(6 + number), drugs=drugs), day(10))
    found = surgery_window(story, 30)
    assert found is not None
    assert found.anchor_on == day(9)


def max_delay(story: Story, cycle: str, until: int, on: int) -> list[str]:
    """Put a cycle off to a day, and give the notices of a delay beyond the maximum."""
    outcome = when(story, c.DelayDose(cycle=cycle, until=day(until), why="neutropenia"), on=day(on))
    return [fact.text for fact in facts_of(outcome, f.NoticeRequested, notice="MAXIMUM_DELAY")]


@pytest.mark.parametrize(("cycle", "planned"), [("C1", 7), ("C2", 28), ("C4", 122), ("C5", 143)])
def test_a_delay_of_more_than_21_days_asks_the_investigator(cycle: str, planned: int) -> None:
    """From the first planned date of the first cycle of an epoch and of a later one: 21 d may be, 22 ask (T2.2)."""
    number = int(cycle[1:])
    story = in_neoadjuvant("COHORT_1", number - 1) if number < 4 else in_adjuvant("COHORT_1", number - 4)
    on = (story.today - day(0)).days
    assert max_delay(story, cycle, planned + 21, on) == []
    limit = day(planned + 21)
    assert max_delay(story, cycle, planned + 22, on) == [f"{cycle}D1 put off to {day(planned + 22)}, beyond {limit}"]


def small(monkeypatch: pytest.MonkeyPatch, anchor: str) -> Story:
    """A subject of the small trial, whose second part starts from this anchor, is randomized on day 3."""
    start = MAINTENANCE.start.model_copy(update={"anchor": anchor})
    maintenance = MAINTENANCE.model_copy(update={"start": start})
    other = SMALL.model_copy(update={"epochs": (*SMALL.epochs[:2], maintenance, SMALL.epochs[-1])})
    monkeypatch.setitem(catalogue.PROTOCOLS, (SMALL.trial, SMALL.version), other)
    story = answered(told(given(), begin(trial=SMALL.trial)), day(1))
    story = told(told(story, c.ConfirmEligibility(judged_on=day(3)), day(3)), c.RequestRandomization())
    return told(story, c.SlotAllocated(slot=1, arm="ALL", randomized_on=day(3)))


@pytest.mark.parametrize(("anchor", "number"), [("LAST_DOSE", 4), ("CYCLE_DAY_1", 4), ("EPOCH_START", 20)])
def test_an_omitted_cycle_moves_no_anchor(monkeypatch: pytest.MonkeyPatch, anchor: str, number: int) -> None:
    """C1 given on day 4, C2 left out on day 20: the next part runs from the dose, or from its own beginning."""
    story = at_visit(small(monkeypatch, anchor))
    story = passing(told(story, c.ReportDose(cycle="C1", given_on=day(4))), day(20))
    outcome = when(story, c.OmitDose(cycle="C2", decided_on=day(20), why="x"))
    assert the(outcome, f.CyclePlanned).anchor_on == day(number)


def test_without_any_day_1_a_part_starts_from_its_own_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both cycles before it were left out, and it is anchored at the last day 1."""
    story = small(monkeypatch, "CYCLE_DAY_1")
    for cycle in ("C1", "C2"):
        outcome = when(story, c.OmitDose(cycle=cycle, decided_on=day(5), why="x"), on=day(5))
        story = outcome.story
    assert the(outcome, f.CyclePlanned).anchor_on == day(5)
