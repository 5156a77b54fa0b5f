"""The last C1D1 from which treatment still ends by the completion date: from protocol data, told, never a wall."""

from datetime import date, timedelta

import pytest

from domain.catalogue import latest
from domain.decider import TRIAL
from domain.last_start import Stretch, last_first_dose_on, treatment_days
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from tests.another_protocol import SMALL
from tests.given import TRIAL_ID, facts_of, given, when
from tests.spec.test_register import opened
from tests.stories import allocating, begin

LAST = date(2026, 10, 5)


@pytest.mark.parametrize(
    ("stretch", "days", "on"),
    [
        ("FULL", 392, date(2026, 10, 5)),
        ("NO_ALLOWANCE", 378, date(2026, 10, 19)),
        ("MINIMUM", 350, date(2026, 11, 16)),
    ],
)
def test_the_last_c1d1_follows_from_the_windows(stretch: Stretch, days: int, on: date) -> None:
    """The three dates of the specification's fact 5, for the completion date 2027-11-01 (T4, T5, T7)."""
    protocol = latest(TRIAL_ID)
    assert treatment_days(protocol, stretch) == days
    assert last_first_dose_on(protocol, stretch) == on


def test_it_moves_with_the_completion_date_and_the_cycles() -> None:
    """A day later, a day later; one adjuvant cycle fewer, 21 d later."""
    protocol = latest(TRIAL_ID)
    later = protocol.model_copy(update={"completion_on": protocol.completion_on + timedelta(days=1)})
    assert last_first_dose_on(later) == LAST + timedelta(days=1)
    epochs = tuple(e.model_copy(update={"cycles": 11}) if e.code == "ADJUVANT" else e for e in protocol.epochs)
    assert last_first_dose_on(protocol.model_copy(update={"epochs": epochs})) == LAST + timedelta(days=21)


def test_another_protocol_without_surgery_counts_its_own_windows() -> None:
    """28 d, then 27 to 30 d after the drug's last day (D2), then two cycles of 14 d and 14 d to the end."""
    assert treatment_days(SMALL) == 28 + (1 + 30) + 28 + 14
    assert treatment_days(SMALL, "MINIMUM") == treatment_days(SMALL, "NO_ALLOWANCE") == 28 + (1 + 27) + 28 + 14


@pytest.mark.parametrize(("days", "said"), [(-1, False), (0, False), (1, True)])
def test_an_enrolment_after_it_is_shown_and_not_refused(days: int, *, said: bool) -> None:
    """Below, at and above the date: wherever the work list asks something of the screening (T7, Q9)."""
    on = LAST + timedelta(days=days)
    for changed in ({}, {"consent": None}):
        (ask,) = asks(when(given(), begin(**changed), on=on).story.state)
        assert ask.text.endswith("; enrolled after the last C1D1 of 2026-10-05") == said


@pytest.mark.parametrize(("days", "told_of"), [(-1, 0), (0, 0), (1, 1)])
def test_a_randomization_after_it_is_told_and_not_refused(days: int, told_of: int) -> None:
    """Below, at and above the date (T7, Q9)."""
    on = LAST + timedelta(days=days)
    outcome = when(allocating(), c.SlotAllocated(slot=1, arm="COHORT_1", randomized_on=on), on=on)
    notices = facts_of(outcome, f.NoticeRequested, notice="LAST_START_PASSED")
    assert [notice.to for notice in notices] == [("INVESTIGATOR", "SPONSOR")] * told_of
    assert facts_of(outcome, f.Randomized)


def test_the_register_shows_it() -> None:
    """Beside the counts."""
    assert TRIAL.show(opened().state)["last_first_dose_on"] == "2026-10-05"
    assert TRIAL.show(TRIAL.initial)["last_first_dose_on"] is None
