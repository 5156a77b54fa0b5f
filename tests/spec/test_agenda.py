"""Everything that falls due in a phase: on which day, what is done then, and whom it tells (T2.2, T4, T5, T8, Q13)."""

from datetime import timedelta

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.agenda import agenda, due, every_item
from domain.patient.clocks import clocks
from domain.patient.contraception import contraception_until
from tests.correcting import seq, void
from tests.given import SITE, Story, day, facts_of, noon, the, when
from tests.stories import PHASES, as_woman, in_adjuvant, in_follow_up, in_neoadjuvant, passing, reconsent_asked, told

Row = tuple[str, int, str, str]

AGENDAS: dict[str, list[Row]] = {
    "registered": [("AGAIN/SCREENING", 7, f"Screening since {day(0)}: still waiting (1)", "STILL_WAITING")],
    "screening": [
        ("REMIND/SCREENING+21", 21, f"screening window closes in 7 d {day(21)}", "SCREENING_CLOSES"),
        ("OVERDUE/SCREENING", 29, f"Screening overdue since {day(28)}", "SCREENING_EXPIRED"),
    ],
    "neoadjuvant C1": [
        ("ORDER_LABS/C1", 4, f"C1D1 planned {day(7)}: laboratory order and reminder", "VISIT_DUE"),
        ("OVERDUE/C1", 11, f"C1D1 overdue since {day(10)}", "VISIT_OVERDUE"),
        ("MAXIMUM_DELAY/C1", 29, "C1D1 beyond the maximum delay", "MAXIMUM_DELAY"),
    ],
    "neoadjuvant C1 half given": [
        ("MISSED/C1", 10, "C1: planned doses unreported", "DEVIATION"),
        ("ORDER_LABS/C2", 25, f"C2D1 planned {day(28)}: laboratory order and reminder", "VISIT_DUE"),
        ("OVERDUE/C2", 32, f"C2D1 overdue since {day(31)}", "VISIT_OVERDUE"),
        ("MAXIMUM_DELAY/C2", 50, "C2D1 beyond the maximum delay", "MAXIMUM_DELAY"),
    ],
    "surgery wait": [
        ("REMIND/SURGERY+21", 70, f"judge operability and plan the surgery date {day(70)}", "SURGERY_REMINDER"),
        ("REMIND/SURGERY+28", 77, f"surgery window opens {day(77)}", "SURGERY_REMINDER"),
        ("REMIND/SURGERY+35", 84, f"surgery window: one week left {day(84)}", "SURGERY_REMINDER"),
        ("REMIND/SURGERY+42", 91, f"surgery window closes today {day(91)}", "SURGERY_REMINDER"),
        ("OVERDUE/SURGERY", 92, f"Surgery overdue since {day(91)}", "SURGERY_OVERDUE"),
    ],
    "evaluation": [
        ("REMIND/EVALUATION+28", 108, f"evaluation window opens {day(108)}", "EVALUATION_REMINDER"),
        ("REMIND/EVALUATION+42", 122, f"evaluation window closes today {day(122)}", "EVALUATION_REMINDER"),
        ("OVERDUE/EVALUATION", 123, f"Adjuvant evaluation overdue since {day(122)}", "EVALUATION_OVERDUE"),
    ],
    "adjuvant C4": [
        ("ORDER_LABS/C4", 119, f"C4D1 planned {day(122)}: laboratory order and reminder", "VISIT_DUE"),
        ("OVERDUE/C4", 130, f"C4D1 overdue since {day(129)}", "VISIT_OVERDUE"),
        ("MAXIMUM_DELAY/C4", 144, "C4D1 beyond the maximum delay", "MAXIMUM_DELAY"),
    ],
    "adjuvant done": [
        ("TELL/course-C15-ANLOTINIB", 367, "C15: days actually taken to report, ANLOTINIB", "COURSE_DUE"),
        ("COMPLETE/ADJUVANT", 374, f"end of treatment {day(374)}", "END_OF_TREATMENT"),
    ],
    "follow-up": [
        ("REMIND/FOLLOW_UP", 464, f"survival contact due {day(464)}", "FOLLOW_UP_DUE"),
        ("OVERDUE/FOLLOW_UP", 479, f"follow-up contact overdue since {day(478)}", "FOLLOW_UP_OVERDUE"),
        ("CLOSE/end-of-study", 882, "end of study", "END_OF_STUDY_DUE"),
    ],
    "ended": [],
    "screen failure": [],
}
"""Each item: its key without the date, the day, the text, the notice. ORDER_LABS has the planned day in its key."""


def rows(story: Story) -> list[Row]:
    """Give what falls due, as above."""
    found = []
    for item in agenda(story.state):
        on, (what, _, date) = SITE.date_of(item.at), item.key.rpartition("/")
        planned = on + timedelta(days=3) if item.act == "ORDER_LABS" else on
        assert (date, item.at, what.partition("/")[0]) == (str(planned), SITE.due_at(on), item.act)
        found.append((what, (on - day(0)).days, item.text, item.tells.notice))
    return found


@pytest.mark.parametrize("phase", AGENDAS)
def test_everything_that_falls_due_in_a_phase(phase: str) -> None:
    """Earliest first; the key has the day an item was counted to, and is stored once it was reached."""
    assert rows(PHASES[phase]()) == AGENDAS[phase]


def test_the_end_of_contraception_falls_due_for_a_woman() -> None:
    """56 d after the last course of anlotinib, which ended on day 366 (T8)."""
    found = rows(as_woman(in_follow_up()))
    text = f"contraception is required until {day(422)}"
    assert found[0] == ("TELL/contraception", 422, text, "CONTRACEPTION_ENDS")
    assert found[1:] == AGENDAS["follow-up"]


def test_a_re_consent_falls_due_beside_the_visit() -> None:
    """Reminded of 7 d before the deadline of day 25, and overdue on the day after it (I1.1)."""
    found = [item for item in rows(reconsent_asked()) if item[0].startswith("RECONSENT")]
    assert found == [
        ("RECONSENT_REMINDER/RECONSENT/V2.0", 18, f"re-consent to V2.0 due by {day(25)}", "RECONSENT_REMINDER"),
        ("RECONSENT_OVERDUE/RECONSENT/V2.0", 26, f"re-consent to V2.0 overdue since {day(25)}", "RECONSENT_OVERDUE"),
    ]


def test_a_delayed_visit_is_overdue_3_days_after_its_new_date_at_the_earliest() -> None:
    """Put off to day 33: day 36; put off within the window to day 27: still day 31 (T2.2)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    for until, latest in ((27, 31), (28 + 1, 32), (33, 36)):
        put_off = told(story, c.DelayDose(cycle="C2", until=day(until), why="bed"))
        found = {what: on for what, on, _, _ in rows(put_off)}
        assert found.pop("TELL/course-C1-ANLOTINIB") == 21
        assert found == {"ORDER_LABS/C2": max(until - 3, 0), "OVERDUE/C2": latest + 1, "MAXIMUM_DELAY/C2": 50}


def test_the_laboratory_order_of_a_first_cycle_is_not_before_its_epoch() -> None:
    """C4 planned for day 116, the day after adjuvant treatment began: ordered on day 115 (T11)."""
    story = told(in_adjuvant(), c.DelayDose(cycle="C4", until=day(116), why="bed"))
    item = due(story.state)
    assert item is not None
    assert (item.key, SITE.date_of(item.at)) == (f"ORDER_LABS/C4/{day(116)}", day(115))


def test_contacts_run_to_the_completion_date_and_no_further() -> None:
    """2027-11-01 is day 882: from a contact on day 792 the next is due on that day, from day 793 none is (Q13)."""
    for contacted, expected in ((791, 881), (792, 882), (793, None)):
        story = passing(in_follow_up(), day(700))
        story = told(passing(story, day(contacted)), c.ReportContact(contacted_on=day(contacted)))
        reminders = [on for what, on, _, _ in rows(story) if what == "REMIND/FOLLOW_UP"]
        assert reminders == ([] if expected is None else [expected])
        if expected is None:
            assert [what for what, *_ in rows(story)] == ["CLOSE/end-of-study"]


# Safety reports (T10)


def sae(story: Story, **changed: object) -> Story:
    """A serious adverse event is reported now."""
    fields = {"term": "rash", "grade": 3, "serious": True, "onset_on": story.today} | changed
    return told(story, c.ReportAdverseEvent.model_validate(fields))


def test_each_report_of_a_serious_event_has_its_reminder_and_its_deadline() -> None:
    """24 h after the awareness at noon of day 9, and a minute later; named for what it is about, with its rule."""
    story = sae(in_neoadjuvant("COHORT_1", 1))
    number, at = story.seq_of(f.AdverseEventReported), noon(story.today + timedelta(days=1))
    found = [item for item in agenda(story.state) if item.act.startswith("REPORT")]
    assert [(item.about, item.act, item.rule, item.tells.notice) for item in found] == [
        (f"REPORT/{number}/SAE_SPONSOR", "REPORT_DUE", "", "SAFETY_REPORT_DUE"),
        (f"REPORT/{number}/SAE_EC", "REPORT_DUE", "", "SAFETY_REPORT_DUE"),
        (f"REPORT/{number}/SAE_SPONSOR", "REPORT_OVERDUE", "T10", "SAFETY_REPORT_OVERDUE"),
        (f"REPORT/{number}/SAE_EC", "REPORT_OVERDUE", "T10", "SAFETY_REPORT_OVERDUE"),
    ]
    assert [item.key for item in found] == [
        f"{word}/REPORT/{number}/{code}/{at.isoformat()}"
        for word in ("DUE", "OVERDUE")
        for code in ("SAE_SPONSOR", "SAE_EC")
    ]
    assert [item.at - at for item in found[2:]] == [timedelta(minutes=1)] * 2
    assert all(item.at < at for item in found[:2])


def test_an_overdue_report_is_a_deviation_of_its_rule() -> None:
    """T10, important, named for its report."""
    story = sae(in_neoadjuvant("COHORT_1", 1))
    number = story.seq_of(f.AdverseEventReported)
    outcome = when(story, c.TimePassed(), at=noon(story.today + timedelta(days=1)) + timedelta(minutes=1))
    found = facts_of(outcome, f.DeviationRecorded)
    assert [(row.item, row.rule, row.important) for row in found] == [
        (f"REPORT/{number}/SAE_SPONSOR", "T10", True),
        (f"REPORT/{number}/SAE_EC", "T10", True),
    ]


def test_an_event_that_became_serious_after_the_end_stops_no_other_clock() -> None:
    """The first event became serious after the end: nobody is reminded of it, but of the second one still (T10)."""
    story = told(
        in_follow_up(), c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=in_follow_up().today)
    )
    first = story.seq_of(f.AdverseEventReported)
    story = sae(story)
    second = story.seq_of(f.AdverseEventReported)
    story = told(story, c.EndStudy(ended_on=story.today))
    story = told(story, c.UpdateAdverseEvent(event=first, serious=True))
    assert {item.about.split("/")[1] for item in every_item(story.state)} == {str(second)}


# What is recorded when a window has passed


@pytest.mark.parametrize(
    ("phase", "passed", "expected"),
    [
        ("screening", 29, ("SCREENING", "3.1", False, 0, 28)),
        ("neoadjuvant C1", 11, ("C1", "T11", False, 3, 10)),
        ("neoadjuvant C2", 32, ("C2", "T2.2", False, 25, 31)),
        ("surgery wait", 92, ("SURGERY", "T4", True, 77, 91)),
        ("evaluation", 123, ("EVALUATION", "T5", True, 108, 122)),
        ("adjuvant C4", 130, ("C4", "T7", False, 115, 129)),
        ("follow-up", 479, (f"OVERDUE/FOLLOW_UP/{day(479)}", "3.6", False, 450, 478)),
    ],
)
def test_a_missed_window_is_a_deviation_with_its_rule_and_dates(
    phase: str, passed: int, expected: tuple[str, str, bool, int, int]
) -> None:
    """On the day after its last day; the same text is told (T2.2, T4, T5, T7, Q13)."""
    outcome = when(passing(PHASES[phase](), day(passed - 1)), c.TimePassed(), on=day(passed))
    row = the(outcome, f.DeviationRecorded)
    assert row.expected_from is not None
    assert row.expected_to is not None
    window = ((row.expected_from - day(0)).days, (row.expected_to - day(0)).days)
    assert (row.item, row.rule, row.important, *window) == expected
    assert row.text == facts_of(outcome, f.NoticeRequested)[-1].text
    assert row.text.endswith(f"overdue since {row.expected_to}")


def test_an_overdue_visit_carries_the_reason_of_its_delay() -> None:
    """Put off to day 33 for a bed (T2.2)."""
    story = told(passing(in_neoadjuvant("COHORT_1", 1), day(27)), c.DelayDose(cycle="C2", until=day(33), why="bed"))
    outcome = when(passing(story, day(36)), c.TimePassed(), on=day(37))
    assert the(outcome, f.DeviationRecorded).why == "bed"


def test_an_unreported_dose_is_missed_on_its_own_day() -> None:
    """Etoposide of day 8 and day 9, recorded on day 10 (T2)."""
    outcome = when(PHASES["neoadjuvant C1 half given"](), c.TimePassed(), on=day(10))
    found = [row for row in facts_of(outcome, f.DeviationRecorded) if "ETOPOSIDE" in row.item]
    assert [(row.item, row.rule, row.important, row.actual_on, row.text) for row in found] == [
        ("MISSED/C1D2/ETOPOSIDE", "T2", False, day(8), "ETOPOSIDE planned on C1D2 was not given"),
        ("MISSED/C1D3/ETOPOSIDE", "T2", False, day(9), "ETOPOSIDE planned on C1D3 was not given"),
    ]


@pytest.mark.parametrize(("on", "told_of"), [(76, "judge"), (77, "opens"), (86, "one week left"), (92, "overdue")])
def test_of_reminders_that_fell_due_meanwhile_only_the_last_is_told(on: int, told_of: str) -> None:
    """When nobody looked for weeks: what came since says more (T4)."""
    outcome = when(PHASES["surgery wait"](), c.TimePassed(), on=day(on))
    assert told_of in the(outcome, f.NoticeRequested).text


def test_the_days_of_a_susar_count_from_the_first_report_to_the_sponsor() -> None:
    """A second report to the sponsor moves nothing; the last day is named as a date (T10)."""
    story = sae(in_neoadjuvant("COHORT_1", 1), causality="RELATED", expected=False)
    number, first = story.seq_of(f.AdverseEventReported), story.now + timedelta(days=1)
    for stage, at in (("INITIAL", first), ("FOLLOW_UP", first + timedelta(days=3))):
        report = c.ReportSafety.model_validate({"event": number, "reported_at": at, "to": "SPONSOR", "stage": stage})
        story = told(story, report, at=at, confirmed=True, reason="told")
    last = SITE.date_of(first) + timedelta(days=15)
    (clock,) = [row for row in clocks(story.state) if row.row.code == "SUSAR"]
    assert (clock.by, clock.deadline) == (last, SITE.start_of(last + timedelta(days=1)))
    assert clock.text.endswith(f"by {last}")


@pytest.mark.parametrize(("years", "until"), [(49, 422), (50, None)])
def test_contraception_goes_on_without_a_consent_on_record(years: int, until: int | None) -> None:
    """T8, I10.1: the consent was entered in error; the drugs were taken, and the age is that of randomization (day 3).

    49 completed years is the last age that counts.
    """
    of_age = day(3).replace(year=day(3).year - years)
    story = as_woman(in_follow_up(), of_age)
    gone = void(story, seq(story, f.ConsentGiven)).story
    assert gone.state.consent_on is None
    assert contraception_until(gone.state) == (day(until) if until else None)
