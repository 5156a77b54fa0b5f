"""A subject as of a date: what had happened by then, with corrections known today applied."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import get_args

import pytest

from domain.decider import PATIENT
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient import view
from domain.patient.clinical_time import DATED, EXAMINED, FOLLOWING, Said, as_of, begins_on, dated
from domain.patient.history import fold
from domain.patient.journey import Journey
from tests.given import Story, day, given, noon
from tests.stories import answered, begin, in_evaluation, in_surgery_wait, operable, passing, registered, told
from tests.streams import NAMES, facts_of, stored_stream


@dataclass
class Record:
    """A story's facts with the instants at which their acts were said."""

    said: list[Said]
    story: Story

    def tell(self, command: object, on: date, **how: object) -> "Record":
        """Tell a command at noon of a date."""
        story = told(passing(self.story, on), command, on, **how)
        act = f"act {len(self.said)}"
        new = [Said(fact, act, story.now) for fact in story.facts[len(self.said) :]]
        return Record([*self.said, *new], story)

    def as_of(self, on: date) -> Journey:
        """Give the subject as of a date."""
        return as_of(self.said, on)


def record(story: Story) -> Record:
    """Give a story as it was told, act by act."""
    said = [Said(fact, by[1], noon(day(0))) for fact, by in zip(story.facts, story.entered, strict=True)]
    return Record(said, story)


def stored(name: str) -> list[Said]:
    """Give a stored journey."""
    rows = stored_stream(name)
    return [
        Said(fact, row.submission_id, datetime.fromisoformat(row.occurred_at or row.recorded_at))
        for fact, row in zip(facts_of(rows), rows, strict=True)
    ]


def test_every_kind_of_fact_has_its_place_in_time() -> None:
    """A new kind of fact must say from which date it counts: its own, that of a finding, or that of its act."""
    kinds = set(get_args(get_args(f.Fact)[0]))
    placed = [*DATED, *EXAMINED, *FOLLOWING, f.FactCorrected]
    assert sorted(kind.__name__ for kind in placed) == sorted(kind.__name__ for kind in kinds)
    assert [name for kind, name in DATED.items() if name not in kind.model_fields] == []  # type: ignore[attr-defined]


def test_a_late_report_counts_from_the_date_it_tells() -> None:
    """Surgery of day 80, reported on day 85: T4. The epoch that follows from it counts from day 80 too."""
    told_late = record(operable()).tell(c.ReportSurgery(performed_on=day(80), resection="R0"), day(85))
    assert (told_late.as_of(day(79)).surgery_on, told_late.as_of(day(79)).epoch) == (None, "SURGERY")
    assert (told_late.as_of(day(80)).surgery_on, told_late.as_of(day(80)).epoch) == (day(80), "EVALUATION")
    assert told_late.as_of(day(85)) == told_late.story.state


def test_a_correction_known_today_is_applied_to_the_past() -> None:
    """A surgery of day 80 that was really of day 82: as of day 81 there was none yet, whenever it was corrected."""
    told_wrong = record(operable()).tell(c.ReportSurgery(performed_on=day(80), resection="R0"), day(85))
    number = told_wrong.story.seq_of(f.SurgeryPerformed)
    correction = c.Correct(fact=number, fields={"performed_on": str(day(82))}, why="misread")
    corrected = told_wrong.tell(correction, day(100))
    assert corrected.as_of(day(81)).surgery_on is None
    assert corrected.as_of(day(82)).surgery_on == day(82)
    assert told_wrong.as_of(day(81)).surgery_on == day(80)


def test_a_deviation_that_a_correction_withdrew_is_not_there_as_of_any_date() -> None:
    """Surgery on day 95 is late (T4: up to day 91); it was really of day 90."""
    late = record(operable()).tell(c.ReportSurgery(performed_on=day(95), resection="R0"), day(95))
    assert "SURGERY" in late.as_of(day(95)).deviations
    number = late.story.seq_of(f.SurgeryPerformed)
    right = late.tell(c.Correct(fact=number, fields={"performed_on": str(day(90))}, why="misread"), day(99))
    assert "SURGERY" not in right.story.state.deviations
    assert "SURGERY" not in right.as_of(day(95)).deviations


def test_what_a_correction_brought_along_counts_from_the_date_it_is_about() -> None:
    """Judged unfit on day 110 and corrected on day 113: as of day 111 treatment had not ended, T6, T7."""
    unfit = c.EvaluateAdjuvant(evaluated_on=day(110), fit=False, why="frail")
    judged = record(in_evaluation()).tell(unfit, day(110))
    assert judged.as_of(day(111)).treatment_ended == "NOT_FIT"
    number = judged.story.seq_of(f.EvaluationJudged)
    right = judged.tell(c.Correct(fact=number, fields={"fit": True}, why="another subject"), day(113))
    assert any(isinstance(said.fact, f.FactCorrected) and said.fact.follows for said in right.said)
    assert (right.as_of(day(111)).treatment_ended, right.as_of(day(111)).epoch) == ("", "ADJUVANT")
    assert right.as_of(day(109)).evaluated_on is None


def test_a_sample_counts_from_the_date_it_was_taken() -> None:
    """A result of day 1 that came on day 4 is known as of day 1, but not as of day 0."""
    late = record(answered(registered(), day(1), on=day(4)))
    assert "HB" not in late.as_of(day(0)).labs
    assert "HB" in late.as_of(day(1)).labs


def test_numbers_stay_when_a_fact_does_not_count_yet() -> None:
    """What refers to a fact by its number still finds it."""
    whole = record(in_surgery_wait())
    early = whole.as_of(day(0))
    assert early.seq == whole.story.state.seq
    assert early.subject == "S001"


def test_a_consent_signed_before_the_registration_begins_the_subject() -> None:
    """As of the day of consent there is a subject in screening, registered two days later."""
    signed = c.Consent(signed_on=day(0), version="V1.0")
    late = record(told(given(), begin(consent=signed), day(2)))
    assert begins_on(late.said) == day(0)
    assert late.as_of(day(0)).consent_on == day(0)


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_journey_can_be_shown_as_of_every_date(name: str) -> None:
    """No date breaks a view; as of the last date the journey is as it is today."""
    record_of = stored(name)
    dates = {on for _, on in dated(record_of) if on >= begins_on(record_of)}
    for on in sorted(dates | {one - timedelta(days=1) for one in dates if one > begins_on(record_of)}):
        shown = view.state(as_of(record_of, on))
        assert shown["facts"] == len(record_of)
        assert view.details(as_of(record_of, on))
    assert as_of(record_of, max(dates)) == fold([said.fact for said in record_of])
    assert PATIENT.show(as_of(record_of, begins_on(record_of)))["subject"] == "S001"
