"""The enrolment curve ends where there is nothing more to see."""

from datetime import date, timedelta

import pytest

from read_models.overview import Plan, curve

OPENED, LAST = date(2025, 6, 2), date(2025, 8, 10)
PLAN = Plan(OPENED, LAST, 3, ("T1", "T7"))


@pytest.mark.parametrize(
    ("days", "today", "ends"),
    [
        ((1, 2), date(2025, 7, 1), LAST),
        ((1, 2), date(2025, 9, 15), date(2025, 9, 15)),
        ((1, 2, 20), date(2175, 7, 2), LAST),
        ((1, 2, 100), date(2175, 7, 2), OPENED + timedelta(days=100)),
    ],
    ids=["before the plan's end", "after it, not full", "full, long ago", "full after the plan's end"],
)
def test_the_curve_goes_on_until_today_or_until_the_trial_is_full(
    days: tuple[int, ...], today: date, ends: date
) -> None:
    """Never before the last date of the plan; a training clock runs on into the next century."""
    points = list(curve(PLAN, [OPENED + timedelta(days=day) for day in days], today))

    assert (points[0].on, points[-1].on) == (OPENED, ends)
    assert points[-1].randomized == (len(days) if ends <= today else None)
    assert len(points) <= 6
