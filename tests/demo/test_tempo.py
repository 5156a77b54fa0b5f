"""The demonstration's clock: on average as quick as asked for, slower while there is much to do, never backwards."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from demo.cast import FULL, START, Participant, cast
from demo.tempo import DAY, LEAST, LEG, varied_clock
from demo.trial import OPENS_AT
from domain.catalogue import latest
from domain.values import Clock

PROTOCOL = latest("NCT06978153")
MILLISECONDS = 200.0
ROUNDED = timedelta(microseconds=5)
"""What rounding to microseconds may come to in real time."""
ROUNDED_IN_TRIAL_TIME = timedelta(minutes=1)
"""The same in trial time, of which a microsecond holds a second or so."""


def clock_of(people: list[Participant], milliseconds_per_day: float = MILLISECONDS) -> Clock:
    """Give the clock of a demonstration with these participants."""
    return varied_clock(OPENS_AT, people, milliseconds_per_day, PROTOCOL)


def failing(leg: int, count: int) -> list[Participant]:
    """Give participants who are screened in a leg, and no more: work of this leg alone."""
    on = START + (leg * LEG + 1) * DAY
    person = Participant(number=1, enrolled_on=on, minute=600, sex="FEMALE", born_on=date(1960, 1, 1), failure="LAB")
    return [person] * count


def lasting(clock: Clock) -> list[float]:
    """Give how many milliseconds a clinical day lasts, leg by leg."""
    return [DAY / timedelta(milliseconds=1) / factor for factor in (clock.factor, *(p.factor for p in clock.paces))]


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The clock of the whole demonstration."""
    return clock_of(cast("1", FULL))


def test_it_starts_now_at_the_opening_of_the_trial() -> None:
    """The real moment of its making is the trial's first instant."""
    before = datetime.now(UTC)
    made = clock_of(cast("1", 3))
    assert made.trial_epoch == OPENS_AT
    assert before <= made.real_epoch <= datetime.now(UTC)
    assert made.trial_time(made.real_epoch) == OPENS_AT


@pytest.mark.parametrize("milliseconds", [50.0, 212.0, 1000.0])
@pytest.mark.parametrize("randomized", [1, 10, FULL])
def test_a_day_lasts_on_average_what_was_asked_for(randomized: int, milliseconds: float) -> None:
    """Over all legs of the trial, whatever the work."""
    made = clock_of(cast("1", randomized), milliseconds)
    legs = len(made.paces) + 1
    whole = made.real_time(OPENS_AT + legs * LEG * DAY) - made.real_time(OPENS_AT)
    assert whole / timedelta(milliseconds=milliseconds) == pytest.approx(legs * LEG, rel=0.001)


def test_a_leg_is_so_many_days(clock: Clock) -> None:
    """Each pace begins a leg after the one before, and the last one after everybody is enrolled."""
    assert [pace.since for pace in clock.paces] == [
        OPENS_AT + leg * LEG * DAY for leg in range(1, len(clock.paces) + 1)
    ]
    assert clock.paces[-1].since.date() > max(person.enrolled_on for person in cast("1", FULL))


def test_the_quickest_day_lasts_its_share(clock: Clock) -> None:
    """No day is quicker than the least share of the average; one without any work lasts just that."""
    assert min(lasting(clock)) >= LEAST * MILLISECONDS
    quiet = lasting(clock_of(failing(0, 3) + failing(2, 1)))
    assert quiet[1] == min(quiet) == pytest.approx(LEAST * MILLISECONDS)


def test_the_more_work_the_slower_the_leg() -> None:
    """Legs come in the order of their work, and equal work gets equal time."""
    days = lasting(clock_of(failing(0, 2) + failing(1, 5) + failing(2, 1) + failing(3, 2)))
    assert days[1] > days[0] > days[2]
    assert days[0] == pytest.approx(days[3])


def test_more_work_in_a_leg_makes_it_slower_than_it_was() -> None:
    """One more participant costs time there, and leaves the others less."""
    before = lasting(clock_of(failing(0, 2) + failing(1, 2)))
    after = lasting(clock_of(failing(0, 2) + failing(1, 3)))
    assert after[1] > before[1]
    assert after[0] < before[0]


def test_the_legs_reach_to_the_end_of_every_way() -> None:
    """Who completes treatment is work until all cycles are given; who fails screening is work on that day alone."""
    person = next(person for person in cast("1", FULL) if person.fate == "COMPLETES" and not person.failure)
    before_surgery, after = PROTOCOL.treatments
    treated = timedelta(days=before_surgery.cycles * before_surgery.cycle_days + after.cycles * after.cycle_days)
    last = clock_of([person]).paces[-1].since
    assert last + LEG * DAY > datetime.combine(person.enrolled_on, time(), UTC) + treated
    assert len(clock_of(failing(0, 1)).paces) == 0


def test_trial_time_and_real_time_agree_both_ways(clock: Clock) -> None:
    """In every leg, at its turn, and behind the last one."""
    instants = [OPENS_AT + number * timedelta(days=7, hours=5) for number in range(100)]
    instants += [pace.since for pace in clock.paces]
    for instant in instants:
        real = clock.real_time(instant)
        assert abs(clock.trial_time(real) - instant) <= ROUNDED_IN_TRIAL_TIME
        assert abs(clock.real_time(clock.trial_time(real)) - real) <= ROUNDED


def test_time_never_turns_back(clock: Clock) -> None:
    """A later trial date is a later real moment."""
    real = [clock.real_time(OPENS_AT + number * timedelta(hours=11)) for number in range(2000)]
    assert all(earlier < later for earlier, later in pairwise(real))
