"""How fast the demonstration's clock goes: slowly while there is much to do, quickly while there is little."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from demo.cast import END_IN_TREATMENT, START, Participant
from domain.protocol import Protocol
from domain.values import Clock, ClockPace

DAY = timedelta(days=1)
LEG = 40
"""Days that go at one speed."""
LEAST = 0.3
"""The share of the average that the quickest day lasts at least: an answer takes its time on quiet days too."""
SCREENED, RANDOMIZED, NEOADJUVANT, SURGERY, EVALUATION, ADJUVANT, FOLLOW_UP = 7, 9, 6.7, 9.3, 8.2, 5.3, 10
"""What an event in a participant's way costs with all that follows from it, in submissions of the usual weight."""


def varied_clock(
    opens_at: datetime, people: Sequence[Participant], milliseconds_per_day: float, protocol: Protocol
) -> Clock:
    """Give a clock that starts now. A clinical day lasts so many milliseconds on average over the whole trial."""
    legs = _legs(people, milliseconds_per_day, protocol)
    paces = [ClockPace(since=since, factor=DAY / lasts) for since, lasts in legs]
    return Clock(real_epoch=datetime.now(UTC), trial_epoch=opens_at, factor=paces[0].factor, paces=tuple(paces[1:]))


def _legs(
    people: Sequence[Participant], milliseconds_per_day: float, protocol: Protocol
) -> list[tuple[datetime, timedelta]]:
    work: defaultdict[int, float] = defaultdict(float)
    for person in people:
        for on, submissions in _work(person, protocol):
            work[(on - START).days // LEG] += submissions
    count = max(work) + 1
    mean = sum(work.values()) / count
    lasting = [LEAST + (1 - LEAST) * work[leg] / mean for leg in range(count)]
    midnight = datetime.combine(START, time(), UTC)
    return [
        (midnight + leg * LEG * DAY, timedelta(milliseconds=milliseconds_per_day * share))
        for leg, share in enumerate(lasting)
    ]


def _work(person: Participant, protocol: Protocol) -> Iterator[tuple[date, float]]:
    """Give what a participant's way costs and when, roughly."""
    on = person.enrolled_on
    yield on, SCREENED
    if person.failure:
        return
    on += person.randomized_after * DAY
    yield on, RANDOMIZED
    before_surgery, after = protocol.treatments
    last = person.last_cycle if person.fate in END_IN_TREATMENT else before_surgery.cycles + after.cycles
    for number in range(1, last + 1):
        yield on, NEOADJUVANT if number <= before_surgery.cycles else ADJUVANT
        if number == before_surgery.cycles:
            on += person.surgery_after * DAY
            yield on, SURGERY
            on += person.evaluation_after * DAY
            yield on, EVALUATION
            if person.margin != "R0":
                break
        else:
            on += (before_surgery if number < before_surgery.cycles else after).cycle_days * DAY
    yield on + person.contact_after * DAY, FOLLOW_UP
