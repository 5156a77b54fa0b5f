"""The work list: an act is overdue on the day after its date, and the order is that of urgency."""

import pytest

from domain.patient.journey import Journey
from read_models.work_list import work_list
from tests.given import day
from tests.stories import in_evaluation, operable, screen_failure


def journey(story: object) -> Journey:
    """Give the state of a story."""
    state = getattr(story, "state", None)
    assert isinstance(state, Journey)
    return state


@pytest.mark.parametrize(("number", "overdue"), [(90, False), (91, False), (92, True)])
def test_an_act_is_overdue_on_the_day_after_its_date(number: int, *, overdue: bool) -> None:
    """The surgery window ends on day 91: T4."""
    (surgery,) = [row for row in work_list([journey(operable())], lambda _: day(number)) if row.kind == "surgery_done"]
    assert (surgery.by, surgery.overdue, surgery.to) == (day(91), overdue, ("COORDINATOR", "INVESTIGATOR", "SURGEON"))


def test_the_list_is_of_a_role_and_of_a_site() -> None:
    """Nobody at another site; only rows that the role may do; nothing of who is over but signatures."""
    everybody = [journey(operable()), journey(in_evaluation()), journey(screen_failure())]
    every = work_list(everybody, lambda _: day(100))
    assert work_list(everybody, lambda _: day(100), site="XYZ") == ()
    assert work_list(everybody, lambda _: day(100), site="TDH") == every
    of_surgeon = work_list(everybody, lambda _: day(100), role="SURGEON")
    assert of_surgeon == tuple(row for row in every if "SURGEON" in row.to)
    assert "surgery_done" in {row.kind for row in of_surgeon}
    assert "adjuvant_evaluation" in {row.kind for row in every} - {row.kind for row in of_surgeon}


def test_overdue_comes_first_and_without_a_date_last() -> None:
    """Each part by date, then by subject."""
    found = work_list([journey(in_evaluation()), journey(operable())], lambda _: day(92))
    assert [row.overdue for row in found] == sorted((row.overdue for row in found), reverse=True)
    for late in (True, False):
        dates = [row.by for row in found if row.overdue is late]
        known = [by for by in dates if by is not None]
        assert known == sorted(known)
        assert dates == [*known, *[None] * (len(dates) - len(known))]
