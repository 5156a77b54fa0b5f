"""Reminders, escalations and outside effects come by real timers, at their instants of trial time."""

from datetime import datetime, timedelta
from pathlib import Path

from domain import catalogue
from tests.given import SITE, TRIAL_ID, day
from tests.journeys.scripts import DOSED, FIRST, SCREENED, Act, deny, hasty, miss, operated, play
from tests.journeys.stage import Stage, body, protocol_is, stage

SHORTLY = timedelta(minutes=1)


def told(played: Stage, *notices: str) -> list[tuple[str, int]]:
    """Give the notices of these kinds with their day of the trial. Each must have come at its due hour."""
    found = []
    for fact in played.facts("NoticeRequested"):
        at, notice = datetime.fromisoformat(fact.recorded_at), body(fact)["notice"]
        if notice in notices:
            on = SITE.date_of(at)
            assert SITE.due_at(on) <= at < SITE.due_at(on) + SHORTLY
            found.append((notice, (on - day(0)).days))
    return found


async def test_surgery_reminders_and_overdue_come_by_timer(tmp_path: Path) -> None:
    """After the last dose on day 49 reminders come 21, 28, 35 and 42 d later, and the day after that it is overdue."""
    async with stage(tmp_path) as played:
        await play(played, *DOSED, Act(100, "wait"))
        expected = [("SURGERY_REMINDER", 49 + after) for after in (21, 28, 35, 42)]
        assert told(played, "SURGERY_REMINDER", "SURGERY_OVERDUE") == [*expected, ("SURGERY_OVERDUE", 92)]
        assert [body(fact)["item"] for fact in played.facts("DeviationRecorded")] == ["SURGERY"]


async def test_late_visit_is_overdue_and_beyond_its_delay_by_timer(tmp_path: Path) -> None:
    """C2 planned on day 28 is announced 3 d ahead, overdue after its window, and beyond its delay after 21 d more."""
    async with stage(tmp_path, "COHORT_2") as played:
        await play(played, *FIRST, Act(60, "wait"))
        expected = [("VISIT_DUE", 4), ("VISIT_DUE", 25), ("VISIT_OVERDUE", 32), ("MAXIMUM_DELAY", 50)]
        assert told(played, "VISIT_DUE", "VISIT_OVERDUE", "MAXIMUM_DELAY") == expected


async def test_screening_window_closes_by_timer(tmp_path: Path) -> None:
    """The window from consent on day 0 is told on day 21 and has expired on day 29; the subject is still asked for."""
    async with stage(tmp_path) as played:
        await play(played, *SCREENED, Act(40, "wait"))
        expected = [("SCREENING_CLOSES", 21), ("SCREENING_EXPIRED", 29)]
        assert told(played, "SCREENING_CLOSES", "SCREENING_EXPIRED") == expected
        assert played.facts("StudyEnded") == []


async def test_evaluation_reminders_and_overdue_come_by_timer(tmp_path: Path) -> None:
    """After surgery on day 80 the window is told on day 108 and 122, and the evaluation is overdue on day 123."""
    async with stage(tmp_path) as played:
        await play(played, *operated("R0"), Act(130, "wait"))
        expected = [("EVALUATION_REMINDER", 108), ("EVALUATION_REMINDER", 122), ("EVALUATION_OVERDUE", 123)]
        assert told(played, "EVALUATION_REMINDER", "EVALUATION_OVERDUE") == expected


async def test_laboratory_order_without_results_is_given_up(tmp_path: Path) -> None:
    """Results that never come are polled for, without a word, until the order is given up on day 21."""
    async with stage(tmp_path) as played:
        await play(played, Act(20, "wait"))
        assert played.facts("LabResultsRecorded") == []
        await Act(22, "wait").play(played)
        assert [body(fact)["complete"] for fact in played.facts("LabResultsRecorded")] == [False]


async def test_allocation_is_denied_when_the_trial_is_full(tmp_path: Path) -> None:
    """The target is reached between eligibility and request: no slot, a notice, and the subject stays in screening."""
    changed = catalogue.latest(TRIAL_ID).model_copy(update={"target": 1})
    with protocol_is(changed):
        async with stage(tmp_path) as played:
            await deny(played)
        assert played.facts("Randomized") == []
        assert len(played.facts("AllocationRefused")) == 1
        assert [body(fact)["notice"] for fact in played.facts("NoticeRequested")][-1] == "ALLOCATION_DENIED"


async def test_a_reminder_nobody_got_in_time_is_missed_and_the_journey_goes_on(tmp_path: Path) -> None:
    """The file of notices is away for two hours: C1's visit is not announced any more, and is on record so (Q9)."""
    with protocol_is(hasty()):
        async with stage(tmp_path) as played:
            await miss(played)
            (missed,) = played.facts("NoticeMissed")
            asked = played.facts()[body(missed)["notice"] - 1]
            until, at = (datetime.fromisoformat(body(missed)[name]) for name in ("useful_until", "missed_at"))
            assert (body(asked)["notice"], until) == (
                "VISIT_DUE",
                datetime.fromisoformat(asked.recorded_at) + timedelta(hours=1),
            )
            assert until + timedelta(hours=1) <= at < until + timedelta(hours=1) + 2 * SHORTLY
            assert body(missed)["why"].startswith("tried ")
            await Act(7, "wait").play(played)
            await played.assert_healthy()


async def test_what_nobody_acknowledges_goes_up_by_timer(tmp_path: Path) -> None:
    """A serious event of day 4: the sponsor again after 24 h, the monitor after 48 h, and nobody after that (Q12)."""
    serious = {"term": "sepsis", "grade": 3, "serious": True, "onset_on": str(day(4))}
    async with stage(tmp_path, "COHORT_2") as played:
        await play(played, *FIRST[:3], Act(4, "adverse_event", "CRC1", serious), Act(20, "wait"))
        event = datetime.fromisoformat(played.facts("AdverseEventReported")[0].recorded_at)
        again = [fact for fact in played.facts("NoticeRequested") if body(fact)["notice"] == "NOT_ACKNOWLEDGED"]
        after = [datetime.fromisoformat(fact.recorded_at) - event for fact in again[:2]]
        assert [round(span / timedelta(hours=1)) for span in after] == [24, 48]
        first = body(again[0])["repeats"]
        assert [body(fact)["to"] for fact in again if body(fact)["repeats"] == first] == [
            ["INVESTIGATOR", "SPONSOR"],
            ["INVESTIGATOR", "SPONSOR", "MONITOR"],
        ]
