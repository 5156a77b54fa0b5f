"""What staff reported beside the evidence, as the criteria see it: each report as a whole (E18, E23, E25)."""

from domain.criteria import Reported
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.told import reported
from tests.given import day
from tests.stories import as_woman, in_neoadjuvant, told


def test_coded_events_pregnancies_and_live_vaccines_are_seen_with_their_dates_and_numbers() -> None:
    """An event of no code is not; one without an end goes on; each vaccine is one day (E18, E23, E25)."""
    story = as_woman(in_neoadjuvant("COHORT_1", 1))
    rash = c.ReportAdverseEvent(term="rash", grade=1, serious=False, onset_on=day(8))
    lung = c.ReportAdverseEvent(
        term="pneumonitis", grade=2, serious=False, onset_on=day(8), resolved_on=day(9), aesi="ILD"
    )
    bleeding = c.ReportAdverseEvent(term="epistaxis", grade=1, serious=False, onset_on=day(9), aesi="BLEEDING")
    story = told(told(story, rash), lung, day(9))
    ild = story.seq_of(f.AdverseEventReported)
    story = told(story, bleeding)
    bled = story.seq_of(f.AdverseEventReported)
    story = told(story, c.ReportPregnancy(found_on=day(7)))
    found = story.seq_of(f.PregnancyFound)
    story = told(story, c.ReportLiveVaccine(given_on=day(2), product="yellow fever"))
    first = story.seq_of(f.LiveVaccineGiven)
    story = told(story, c.ReportLiveVaccine(given_on=day(8), product="measles"))
    second = story.seq_of(f.LiveVaccineGiven)
    assert reported(story.state) == (
        Reported(event="ILD", on=day(8), until=day(9), grade=2, number=ild),
        Reported(event="BLEEDING", on=day(9), until=None, grade=1, number=bled),
        Reported(event="PREGNANCY", on=day(7), until=None, grade=0, number=found),
        Reported(event="LIVE_VACCINE", on=day(2), until=day(2), number=first),
        Reported(event="LIVE_VACCINE", on=day(8), until=day(8), number=second),
    )


def test_nothing_is_told_before_anybody_reports() -> None:
    """A subject on treatment without an event."""
    assert reported(in_neoadjuvant("COHORT_1", 1).state) == ()
