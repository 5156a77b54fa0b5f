"""What staff report beside the evidence document turns the verdict: E17, E18, E23, E25, and progression."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.criteria import Reading, Reported
from domain.criteria.reported import with_reports
from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.eligibility import findings_on
from domain.submission import Reason
from tests.criteria import PROTOCOL, found, lines, verdict, whole, with_section, without, woman
from tests.given import Story, day, facts_of, noon, refused, when
from tests.stories import as_woman, at_visit, eligible, in_neoadjuvant, passing, screened, told

HIT, CLEAR = Verdict.TRIGGERED, Verdict.NOT_TRIGGERED
BORN_ON = date(1985, 2, 3)


def event(code: str, grade: int, onset: int, resolved: int | None = None) -> c.ReportAdverseEvent:
    """Give an adverse event of special interest."""
    resolved_on = None if resolved is None else day(resolved)
    return c.ReportAdverseEvent(
        term=code, grade=grade, serious=False, onset_on=day(onset), resolved_on=resolved_on, aesi=code
    )


def of(rule: str, story: Story) -> Verdict:
    """Give the verdict of one rule as the record stands."""
    return next(row.verdict for row in findings_on(story.state, story.now) if row.rule == rule)


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("E17", event("BLEEDING", 3, 1)),
        ("E18", event("ILD", 1, 1, 2)),
        ("E23", c.ReportLiveVaccine(given_on=day(2))),
    ],
)
def test_a_report_in_screening_keeps_the_subject_out(rule: str, command: c.Command) -> None:
    """The evidence of day 0 knows nothing of it: eligibility is not confirmed, and not randomized upon (E17, E18)."""
    assert of(rule, screened()) == CLEAR
    reported = told(screened(), command, day(2))
    assert of(rule, reported) == HIT
    no = refused(when(reported, c.ConfirmEligibility(judged_on=day(3)), on=day(3)), Reason.NOT_ELIGIBLE)
    assert rule in (no.rule or "")
    later = told(eligible(), command, day(3))
    refused(when(later, c.RequestRandomization(), on=day(3)), Reason.NOT_ELIGIBLE)


def test_a_pregnancy_in_screening_triggers_e25() -> None:
    """Whatever the hCG before it says (E25)."""
    story = told(as_woman(screened()), c.ReportPregnancy(found_on=day(2)), day(2), confirmed=True, reason="test")
    assert of("E25", story) == HIT


@pytest.mark.parametrize("born_on", [BORN_ON, date(1965, 2, 3)])
def test_a_pregnancy_on_record_counts_whatever_else_is_known(born_on: date) -> None:
    """Also past the age of childbearing, without a section, and with a negative test (E25)."""
    pregnant = (Reported(event="PREGNANCY", on=day(-200), until=None, number=7),)
    assert verdict("E25", replace(woman(born_on), reported=pregnant)) == HIT
    assert "fact 7" in found("E25", replace(woman(born_on, hcg=None), reported=pregnant)).sentence


@pytest.mark.parametrize(
    ("grade", "until", "expected"),
    [
        (1, day(1), CLEAR),
        (2, day(1), HIT),
        (3, day(1), HIT),
        (3, date(2025, 3, 3), CLEAR),  # three months and a day before 2025-06-04
        (3, date(2025, 3, 4), HIT),
        (3, None, HIT),
    ],
)
def test_a_reported_bleeding_counts_from_grade_2_for_three_months(
    grade: int, until: date | None, expected: Verdict
) -> None:
    """From its last day; one that is not over counts today (E17)."""
    bled = Reported(event="BLEEDING", on=day(-200), until=until, grade=grade)
    assert verdict("E17", replace(whole(), reported=(bled,))) == expected


@pytest.mark.parametrize(("ago", "expected"), [(29, HIT), (30, HIT), (31, CLEAR)])
def test_a_reported_vaccine_counts_30_days(ago: int, expected: Verdict) -> None:
    """The last day included (E23)."""
    on = day(2) - timedelta(days=ago)
    assert verdict("E23", replace(whole(), reported=(Reported(event="LIVE_VACCINE", on=on, until=on),))) == expected


def test_a_report_never_betters_a_finding() -> None:
    """What the evidence does not say stays unknown; a small bleeding adds nothing (E17)."""
    small = Reported(event="BLEEDING", on=day(1), until=day(1), grade=1)
    assert verdict("E17", replace(without("bleeding"), reported=(small,))) == Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "section"),
    [("I4.1", "staging"), ("I4.2", "staging"), ("E2", "staging"), ("I8", "thorax"), ("E4", "brain")],
)
def test_a_progression_outdates_staging_and_imaging(rule: str, section: str) -> None:
    """Evidence of the day of the progression may have found it; older one must be given again (T6.1)."""
    progressed = replace(whole(), progressed_on=day(1))
    assert verdict(rule, progressed) == Verdict.UNKNOWN
    assert "progression" in found(rule, progressed).sentence
    assert verdict(rule, with_section(section, known=progressed, on=day(1))) == verdict(rule, whole())
    assert verdict(rule, with_section("staging", known=progressed, m="M1A", extent="EXTENSIVE")) != Verdict.MET


def test_a_progression_in_screening_is_seen() -> None:
    """Nothing may be confirmed on the staging of before (T6.1)."""
    story = told(screened(), c.ReportProgression(found_on=day(2)), day(2))
    assert {of(rule, story) for rule in ("I4.1", "I4.2", "I8", "E2", "E4")} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(("vaccinated", "departs"), [(day(-24), False), (day(-23), True), (day(2), True)])
def test_c1d1_close_after_a_vaccine_of_screening_is_a_deviation(
    vaccinated: date,
    departs: bool,  # noqa: FBT001 - a table
) -> None:
    """C1D1 is on day 7; 30 d before it is the first day that counts (E23)."""
    story = at_visit(in_neoadjuvant())
    # As in a record of before the verdict knew of reported vaccines: nothing was said of it when it was told.
    story = story.with_facts((f.LiveVaccineGiven(given_on=vaccinated),), story.now)
    outcome = when(story, c.ReportDose(cycle="C1", given_on=story.today, choice="CISPLATIN"))
    items = [row.item for row in facts_of(outcome, f.DeviationRecorded)]
    assert (f"VACCINE/{vaccinated}" in items) == departs


def test_a_vaccine_that_departs_from_the_planned_c1d1_is_told_once() -> None:
    """C1D1 on its planned day neither records it again nor withdraws it (E23)."""
    story = told(in_neoadjuvant(), c.ReportLiveVaccine(given_on=day(4)), day(4))
    story = at_visit(story)
    given = when(story, c.ReportDose(cycle="C1", given_on=story.today, choice="CISPLATIN"))
    assert f"VACCINE/{day(4)}" in given.story.state.deviations
    assert facts_of(given, f.DeviationRecorded, item=f"VACCINE/{day(4)}") == []
    assert facts_of(given, f.DeviationWithdrawn) == []


def test_a_vaccine_close_to_the_planned_c1d1_departs_no_more_when_c1d1_comes_late() -> None:
    """The deviation against the planned date is withdrawn (E23)."""
    story = told(in_neoadjuvant(), c.ReportLiveVaccine(given_on=day(-22)), day(4), confirmed=True, reason="told late")
    item = f"VACCINE/{day(-22)}"
    assert item in story.state.deviations
    assert of("E25", story) == Verdict.NOT_APPLICABLE
    story = passing(story, day(9))
    given = when(story, c.ReportDose(cycle="C1", given_on=day(9), choice="CISPLATIN"), confirmed=True, reason="late")
    assert [row.item for row in facts_of(given, f.DeviationWithdrawn)] == [item]
    assert item not in given.story.state.deviations


def test_a_pregnancy_before_the_allocation_is_answered_fails_the_first_gate() -> None:
    """Reports between the request and C1D1 are looked at again before the first dose (E25, E18)."""
    story = told(in_neoadjuvant(), event("ILD", 1, 4), day(4))
    gate = at_visit(story)
    checked = [fact for fact in gate.facts if isinstance(fact, f.GateChecked)][-1]
    assert not checked.passed
    assert {row.rule for row in checked.findings if not row.is_clear} == {"E18"}
    assert gate.now == noon(gate.today)


def rows(*told_of: tuple[str, int, int | None, int]) -> tuple[Reported, ...]:
    """Give reports of a word with first and last day and grade, as facts 7, 8 and so on."""
    return tuple(
        Reported(event=word, on=day(first), until=None if last is None else day(last), grade=grade, number=number)
        for number, (word, first, last, grade) in enumerate(told_of, start=7)
    )


@pytest.mark.parametrize(
    ("rule", "reported", "shown"),
    [
        ("E17", rows(("BLEEDING", -9, -2, 3)), ["bleeding: grade 3, fact 7, day -2"]),
        (
            "E17",
            rows(("ILD", -9, -2, 3), ("BLEEDING", -9, None, 2), ("BLEEDING", 1, 1, 1), ("BLEEDING", 1, 2, 4)),
            ["bleeding: grade 2, fact 8, day -9", "bleeding: grade 4, fact 10, day 2"],
        ),
        ("E18", rows(("ILD", -90, -80, 1)), ["ILD: grade 1, fact 7, day -80"]),
        ("E23", rows(("BLEEDING", 0, 0, 3), ("LIVE_VACCINE", -3, -3, 0)), ["live vaccine: reported, fact 8, day -3"]),
        ("E25", rows(("PREGNANCY", -5, None, 0)), ["pregnancy: reported, fact 7, day -5"]),
    ],
)
def test_a_report_is_shown_with_grade_fact_and_last_day(
    rule: str, reported: tuple[Reported, ...], shown: list[str]
) -> None:
    """Before what the evidence document says; what has no grade is reported (E17, E18, E23, E25)."""
    known = woman(BORN_ON)
    verdict_is, all_shown = lines(found(rule, replace(known, reported=reported)))
    assert (verdict_is, all_shown) == (HIT, [*shown, *lines(found(rule, known))[1]])


def test_each_report_that_counts_is_named_in_the_sentence() -> None:
    """Those that went on until, and those that are not over (E17)."""
    known = replace(whole(), reported=rows(("BLEEDING", -9, None, 2), ("BLEEDING", 0, 1, 4), ("BLEEDING", 1, 1, 3)))
    assert found("E17", known).sentence.startswith(
        "bleeding grade 2 of 2025-05-24, not over yet is reported (fact 7); "
        "bleeding grade 4 of 2025-06-02 to 2025-06-03 is reported (fact 8); "
        "bleeding grade 3 of 2025-06-03 is reported (fact 9); "
    )


@pytest.mark.parametrize(("rule", "evidence"), [("I4.2", "stage"), ("I8", "lesions"), ("E4", "brain MRI")])
def test_a_progression_is_shown_with_what_it_outdates(rule: str, evidence: str) -> None:
    """With the date on which it was found (T6.1)."""
    verdict_is, shown = lines(found(rule, replace(whole(), progressed_on=day(1))))
    assert (verdict_is, shown[0]) == (Verdict.UNKNOWN, "progression: reported, day 1")
    assert [row.split(":")[0] for row in shown[1:]] == [evidence]


def test_another_protocol_may_hold_reports_and_progression_against_an_inclusion() -> None:
    """A report makes it NOT_MET; a section that is absent is not outdated by a progression (3.1, T6.1)."""
    row = next(row for row in PROTOCOL.screening.criteria if row.rule == "I11.2")
    limits = next(row for row in PROTOCOL.screening.criteria if row.rule == "E18").reports
    ill = replace(without("thorax"), reported=rows(("ILD", -9, -2, 1)), progressed_on=day(1))
    clear = found("I11.2", whole())
    held = with_reports(Reading(ill), row.model_copy(update={"reports": limits}), clear)
    assert held.verdict == Verdict.NOT_MET
    for sections, expected in ((("thorax",), Verdict.MET), (("thorax", "brain"), Verdict.UNKNOWN)):
        outdated = row.model_copy(update={"after_progression": sections})
        assert with_reports(Reading(ill), outdated, clear).verdict == expected
