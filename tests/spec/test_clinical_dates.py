"""From which date each fact of a record counts: that of what happened, of the examination, or of its act (3.4, T11)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.labs import LabValue, UnusedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.clinical_time import Said, as_of, dated
from tests.evidence import clean
from tests.given import SITE, Story, day, given, noon
from tests.stories import begin, in_neoadjuvant, passing, registered, results, told

NOTICE = f.NoticeRequested(notice="STAFF", to=("INVESTIGATOR",), text="told")
ENTERED = f.EpochEntered(epoch="SURGERY", entered_on=day(5))
REGISTERED = registered(consent=None, evidence=None).facts[0]


def surgery(on: int) -> f.SurgeryPerformed:
    """Give a surgery of a day."""
    return f.SurgeryPerformed(performed_on=day(on), resection="R0")


def vaccine(on: int) -> f.LiveVaccineGiven:
    """Give a live vaccine of a day."""
    return f.LiveVaccineGiven(given_on=day(on))


def corrected(fact: int, content: Any = None, **changed: Any) -> f.FactCorrected:
    """Give the correction of a surgery; without content it was entered in error."""
    fields = {"fact": fact, "of": "SurgeryPerformed", "content": content, "why": "misread"} | changed
    return f.FactCorrected.model_validate(fields)


def days_of(*acts: tuple[int, tuple[f.Fact, ...]]) -> list[int]:
    """Give the day from which each fact counts. Each act: the day it was said on, and its facts."""
    said = [Said(fact, f"act {number}", noon(day(on))) for number, (on, facts) in enumerate(acts) for fact in facts]
    return [(on - day(0)).days for _, on in dated(said)]


def test_what_follows_counts_from_the_date_before_it_in_its_act() -> None:
    """Before the first date of an act its facts have that date; an act of no date, the day it was said (3.4)."""
    assert days_of((1, (REGISTERED, NOTICE)), (9, (NOTICE, ENTERED, surgery(5), NOTICE, surgery(7), NOTICE))) == [
        1,
        1,
        *(5, 5, 5, 5, 7, 7),
    ]
    assert days_of((1, (REGISTERED,)), (9, (NOTICE, ENTERED)), (11, (NOTICE, surgery(10)))) == [1, 9, 9, 10, 10]


def test_a_correction_counts_from_the_date_of_what_it_corrects_as_that_reads_now() -> None:
    """And so does what follows from it, and the notice told before it (3.4)."""
    assert days_of((1, (REGISTERED,)), (5, (surgery(5),)), (9, (NOTICE, corrected(2, surgery(3)), NOTICE))) == [
        *(1, 3),
        *(3, 3, 3),
    ]
    assert days_of((5, (surgery(5),)), (9, (corrected(1, surgery(3)), NOTICE))) == [3, 3, 3]


def test_a_fact_entered_in_error_keeps_the_date_it_had() -> None:
    """In its place, so that what else its act said counts from the same dates (3.4)."""
    assert days_of((1, (REGISTERED,)), (9, (surgery(5), NOTICE, surgery(7), NOTICE)), (12, (corrected(4), NOTICE))) == [
        1,
        *(5, 5, 7, 7),
        *(12, 12),
    ]
    assert days_of((1, (REGISTERED,)), (9, (NOTICE, surgery(5))), (12, (corrected(3), NOTICE))) == [1, 5, 5, 12, 12]


def test_a_correction_of_what_was_later_entered_in_error_counts_from_what_it_said() -> None:
    """Surgery of day 5, read as day 3, then taken back: the first correction is about day 3 (3.4)."""
    first, taken_back = corrected(2, surgery(3)), corrected(2)
    assert days_of((1, (REGISTERED,)), (5, (surgery(5), NOTICE)), (9, (first,)), (12, (taken_back, NOTICE))) == [
        1,
        *(5, 5),
        3,
        *(12, 12),
    ]


def test_what_a_correction_brought_along_counts_from_the_correction() -> None:
    """A vaccine of day 2 was changed because a surgery of day 5 was really of day 4 (3.4)."""
    along = corrected(3, vaccine(6), of="LiveVaccineGiven", follows=4)
    assert days_of(
        (1, (REGISTERED,)), (5, (surgery(5),)), (6, (vaccine(2),)), (9, (corrected(2, surgery(4)), along, NOTICE))
    ) == [1, 4, 6, *(4, 4, 4)]


def test_a_correction_of_no_earlier_fact_counts_from_the_day_it_was_said() -> None:
    """A stored number that is not there: of itself, of none and of a later fact (3.4)."""
    for number in (0, 2, 3):
        assert days_of((1, (REGISTERED,)), (9, (corrected(number, surgery(3)),)), (12, (surgery(11),))) == [1, 9, 11]


def test_two_corrections_in_one_act_have_each_its_own_date() -> None:
    """What is told between them belongs to the first (3.4)."""
    both = (corrected(2, surgery(4)), NOTICE, corrected(3, surgery(8)), NOTICE)
    assert days_of((1, (REGISTERED,)), (9, (surgery(5), surgery(9))), (12, both)) == [1, *(4, 8), *(4, 4, 8, 8)]


def value(at: datetime) -> LabValue:
    """Give a haemoglobin of an instant."""
    return LabValue.model_validate(
        {"analyte": "HB", "value": "132", "unit": "g/L", "collected_at": at, "reported": "132 g/L"}
    )


def unused(at: datetime) -> UnusedResult:
    """Give a result of no use, of an instant."""
    return UnusedResult(code="HB", reported="?", why="no number", collected_at=at)


@pytest.mark.parametrize(
    ("accepted", "aside", "counts"),
    [((3, 5), (4,), 3), ((5,), (3,), 3), ((), (4,), 4), ((5,), (), 5), ((), (), 9)],
)
def test_results_count_from_their_first_sample(accepted: tuple[int, ...], aside: tuple[int, ...], counts: int) -> None:
    """Used or not; without a sample from the day they were told, as what follows from them does (T11)."""
    found = f.LabResultsRecorded(
        accepted=tuple(value(noon(day(on))) for on in accepted), unused=tuple(unused(noon(day(on))) for on in aside)
    )
    assert days_of((1, (REGISTERED,)), (9, (found, NOTICE))) == [1, counts, 9]


def test_the_date_of_a_sample_is_the_site_s() -> None:
    """23:30 UTC is the next day in Shanghai (T11)."""
    at = noon(day(3)).replace(hour=23, minute=30)
    found = f.LabResultsRecorded(accepted=(value(at),), unused=(unused(at + timedelta(days=1)),))
    assert days_of((1, (REGISTERED,)), (9, (found,))) == [1, 4]
    assert SITE.date_of(at) == day(4)


def test_without_a_registration_dates_are_those_of_no_site() -> None:
    """A record that was cut off shows its dates all the same (3.4)."""
    assert days_of((5, (surgery(4), NOTICE)), (9, (NOTICE,))) == [4, 4, 9]


def test_a_report_of_two_samples_counts_sample_by_sample() -> None:
    """Haemoglobin of day 3 and day 5, told on day 6: as of day 4 only the first is known (T11)."""
    story = passing(in_neoadjuvant(), day(6))
    rows = [row for on in (3, 5) for row in results(day(on)) if row.code in ("HB", "ANC")]
    first, second = (
        row.model_copy(update={"value": shown}) for row, shown in zip(rows[::2], ("13.0", "12.0"), strict=True)
    )
    late = (first, rows[1].model_copy(update={"collected_at": noon(day(5))}), second)
    story = told(story, c.LabsReported(order=story.seq_of(f.LabsOrdered), results=late, complete=False))
    said = [Said(fact, by[1], by[2]) for fact, by in zip(story.facts, story.entered, strict=True)]
    seen = {on: as_of(said, day(on)).labs for on in (4, 5)}
    assert (str(seen[4]["HB"].value), SITE.date_of(seen[4]["HB"].collected_at)) == ("130", day(3))
    assert (str(seen[5]["HB"].value), SITE.date_of(seen[5]["HB"].collected_at)) == ("120", day(5))
    assert [SITE.date_of(seen[on]["ANC"].collected_at) for on in (4, 5)] == [day(1), day(5)]


def test_an_administration_entered_in_error_leaves_the_dates_of_the_others() -> None:
    """Etoposide of days 8 and 9 in one report; that of day 9 was none: what came of day 8 stays with day 8 (T2)."""
    story = in_neoadjuvant("COHORT_1", 1)
    number = max(
        seq for seq, fact in enumerate(story.facts, start=1) if isinstance(fact, f.DoseGiven) and fact.day == 3
    )
    before = dates_of(story)
    story = told(passing(story, day(12)), c.Correct(fact=number, void=True, why="another subject"))
    after = dates_of(story)
    assert after[: len(before)] == before
    assert before[number - 1] == day(9)


def dates_of(story: Story) -> list[date]:
    """Give the date from which each fact of a story counts."""
    said = [Said(fact, by[1], by[2]) for fact, by in zip(story.facts, story.entered, strict=True)]
    return [on for _, on in dated(said)]


def test_evidence_counts_from_its_assessment() -> None:
    """Assessed on day 0 and told with the registration on day 2 (I2)."""
    story = told(given(), begin(evidence=clean(day(0))), day(2))
    counted = list(zip(story.facts, dates_of(story), strict=True))
    assert [on for fact, on in counted if isinstance(fact, f.EvidenceRecorded)] == [day(0)]
    later = told(passing(story, day(5)), c.RecordEvidence(**dict(clean(day(3)))))
    counted = list(zip(later.facts, dates_of(later), strict=True))[len(story.facts) :]
    found = [(fact.kind, on) for fact, on in counted]
    assert found[0] == ("EvidenceRecorded", day(3))
    assert {on for _, on in found[1:]} <= {day(5)}
