"""What was done in its window and told only after it: that it was missed is withdrawn, never deleted (T2 to T5)."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from tests.given import Outcome, Story, day, facts_of, the, when
from tests.stories import at_visit, diaries, in_evaluation, in_follow_up, in_neoadjuvant, operable, passing


def visit(on: date) -> c.ReportDose:
    """C2D1, expected from day 25 to day 31."""
    return c.ReportDose(cycle="C2", given_on=on)


def surgery(on: date) -> c.ReportSurgery:
    """Surgery, expected from day 77 to day 91."""
    return c.ReportSurgery(performed_on=on, resection="R0")


def evaluation(on: date) -> c.EvaluateAdjuvant:
    """The evaluation, expected from day 108 to day 122."""
    return c.EvaluateAdjuvant(evaluated_on=on, fit=True)


def overdue(name: str) -> Story:
    """It is some days after the window, which counts as missed."""
    match name:
        case "C2":
            return passing(passing(at_visit(in_neoadjuvant("COHORT_1", 1)), day(31)), day(34))
        case "SURGERY":
            return passing(diaries(operable(), day(95)), day(95))
        case _:
            return passing(in_evaluation(), day(126))


WINDOWS: dict[str, tuple[Any, int, int]] = {
    "C2": (visit, 25, 31),
    "SURGERY": (surgery, 77, 91),
    "EVALUATION": (evaluation, 108, 122),
}


def reported(name: str, on: date) -> tuple[Story, Outcome]:
    """Report the act of a date, late."""
    story = overdue(name)
    assert story.state.deviations[name].expected_to == day(WINDOWS[name][2])
    return story, when(story, WINDOWS[name][0](on), confirmed=True, reason="told late")


@pytest.mark.parametrize("name", WINDOWS)
def test_an_act_in_its_window_withdraws_what_was_held_missed(name: str) -> None:
    """On the last day of the window."""
    _, outcome = reported(name, day(WINDOWS[name][2]))

    withdrawn = the(outcome, f.DeviationWithdrawn, item=name)
    assert withdrawn.why.endswith(f"was on {day(WINDOWS[name][2])}, in its window, and told later")
    assert name not in outcome.story.state.deviations
    assert not facts_of(outcome, f.DeviationRecorded, item=name)


@pytest.mark.parametrize("name", WINDOWS)
def test_an_act_a_day_after_its_window_is_late(name: str) -> None:
    """One day off; nothing is withdrawn."""
    _, outcome = reported(name, day(WINDOWS[name][2] + 1))

    assert not facts_of(outcome, f.DeviationWithdrawn, item=name)
    assert outcome.story.state.deviations[name].days_off == 1


@pytest.mark.parametrize(("days", "withdrawn"), [(-15, False), (-14, True), (15, True), (16, False)])
def test_a_contact_in_its_window_withdraws_the_missed_one(days: int, withdrawn: bool) -> None:  # noqa: FBT001 - pytest hands it over by name
    """The contact is expected 90 days after the start of follow-up, 14 days before to 15 after. Source: Q13."""
    story = in_follow_up()
    item = next(item for item in _missed(story).state.deviations if item.startswith("OVERDUE/"))
    window = _missed(story).state.deviations[item]
    assert window.expected_from is not None
    assert window.expected_to is not None
    on = {-15: window.expected_from - timedelta(days=1), -14: window.expected_from,
          15: window.expected_to, 16: window.expected_to + timedelta(days=1)}[days]  # fmt: skip

    outcome = when(_missed(story), c.ReportContact(contacted_on=on))

    assert bool(facts_of(outcome, f.DeviationWithdrawn, item=item)) == withdrawn
    assert (item not in outcome.story.state.deviations) == withdrawn


def _missed(story: Story) -> Story:
    return passing(story, story.today + timedelta(days=120))
