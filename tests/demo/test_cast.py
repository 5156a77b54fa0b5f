"""The simulated participants: the same seed gives the same people, and all of them keep clear of every deadline."""

from collections import Counter
from datetime import timedelta

from demo.cast import (
    CONTACTS,
    ENROLMENT_DAYS,
    EVALUATIONS,
    FATES,
    FULL,
    START,
    SURGERIES,
    Participant,
    cast,
)
from demo.story import DIES_AFTER, LOST_AFTER, OPERABILITY_AFTER
from domain.catalogue import latest
from domain.protocol import EvaluationEpoch, ProcedureEpoch

PROTOCOL = latest("NCT06978153")
LATE = 2
"""Days that staff may come late without anything else falling due."""


def evaluation() -> EvaluationEpoch:
    """Give the protocol's evaluation epoch."""
    return next(epoch for epoch in PROTOCOL.epochs if isinstance(epoch, EvaluationEpoch))


def deadlines(epoch: EvaluationEpoch | ProcedureEpoch) -> set[int]:
    """Give the days, from its anchor, on which something falls due in a wait."""
    return {reminder.after_days for reminder in epoch.reminders} | {epoch.window.latest_days + 1}


def clear_of(days: set[int], due: set[int]) -> bool:
    """Say whether acts on these days, or up to two days late, come on the same side of every deadline."""
    return not any(day < limit <= day + LATE or day == limit for day in days for limit in due)


def test_the_same_seed_gives_the_same_people() -> None:
    """Nothing but the seed decides who comes and what happens."""
    assert cast("7", 20) == cast("7", 20)


def test_another_seed_gives_other_people() -> None:
    """Two seeds differ in more than the numbers."""
    assert cast("7", 20) != cast("8", 20)


def test_the_full_cast_meets_every_fate_as_often_as_the_table_says() -> None:
    """All 66 randomized participants have a fate of the table, each as often as it says."""
    found = Counter(person.fate for person in cast("1", FULL) if not person.failure)
    assert found == Counter(FATES)
    assert found.total() == PROTOCOL.target


def test_some_fail_screening() -> None:
    """More come than are randomized, and laboratory failures are among those who are not."""
    failures = Counter(person.failure for person in cast("1", FULL) if person.failure)
    assert failures["LAB"] > 1
    assert len(failures) > 2


def test_people_are_numbered_in_the_order_of_their_enrolment() -> None:
    """The subject number follows from the date and time of enrolment."""
    people = cast("3", FULL)
    arrivals = [(person.enrolled_on, person.minute) for person in people]
    assert [person.number for person in people] == list(range(1, len(people) + 1))
    assert arrivals == sorted(arrivals)
    assert arrivals[0][0] > START
    assert arrivals[-1][0] <= START + timedelta(days=ENROLMENT_DAYS + 1)


def test_surgery_and_operability_keep_clear_of_reminders_and_of_the_window() -> None:
    """Staff who come two days late change nothing that falls due in the surgery wait."""
    procedure = PROTOCOL.procedure
    assert procedure is not None
    assert clear_of({*SURGERIES, OPERABILITY_AFTER}, deadlines(procedure))


def test_evaluations_keep_clear_of_reminders_and_of_the_window() -> None:
    """Staff who come two days late change nothing that falls due before the evaluation."""
    assert clear_of(set(EVALUATIONS), deadlines(evaluation()))


def test_contacts_keep_clear_of_their_reminder_and_window() -> None:
    """Staff who come two days late change nothing that falls due in follow-up."""
    visit = PROTOCOL.follow_up.visit
    assert clear_of({*CONTACTS, DIES_AFTER, LOST_AFTER}, {visit.target_days, visit.latest_days + 1})


def test_early_and_late_surgeries_are_among_the_plans() -> None:
    """Some operations are planned before the window, some after it."""
    procedure = PROTOCOL.procedure
    assert procedure is not None
    days = {person.surgery_after for person in cast("1", FULL)}
    assert min(days) < procedure.window.earliest_days
    assert max(days) > procedure.window.latest_days


def test_only_first_and_last_cycles_are_never_left_out() -> None:
    """Cycles that plan what comes next are always given."""
    omitted = {cycle for person in people() for cycle, incident in person.incidents.items() if incident == "OMITTED"}
    assert omitted
    assert not omitted & {1, 3, 15}


def people() -> list[Participant]:
    """Give the people of several seeds."""
    return [person for seed in "12345" for person in cast(seed, FULL)]
