"""Re-screening under a new number: of the same person, after screening failed, and randomized once. Source: T1.1."""

from datetime import date

import pytest

from domain.decider import TRIAL
from domain.patient import commands as p
from domain.patient.journey import Journey
from domain.submission import Reason, Refused
from domain.trial import commands as t
from domain.trial.rescreening import refuse_unless_failed
from tests.given import day, refused, when
from tests.spec.test_register import ENROLL, opened
from tests.stories import allocating, in_neoadjuvant, screened, told

AGAIN = ENROLL.model_copy(update={"rescreening_of": "S001", "born_on": date(1960, 2, 3), "sex": "MALE"})


def failed() -> Journey:
    """The screening of S001 failed on day 3."""
    state: Journey = told(screened(), p.ReportScreenFailure(decided_on=day(3), why="I6"), day(3)).state
    return state


def test_a_failed_screening_may_be_followed_by_another() -> None:
    """The witness is the stream of the earlier number."""
    refuse_unless_failed(failed(), AGAIN)
    assert TRIAL.witness("trial-NCT06978153", AGAIN) == "patient-NCT06978153-S001"
    assert TRIAL.witness("trial-NCT06978153", ENROLL) is None


@pytest.mark.parametrize("before", [Journey(), screened().state, allocating().state, in_neoadjuvant().state])
def test_a_screening_that_goes_on_is_not_repeated(before: Journey) -> None:
    """Nor one that led to randomization."""
    with pytest.raises(Refused) as no:
        refuse_unless_failed(before, AGAIN)
    assert (no.value.reason, no.value.field, no.value.accepts) == (
        Reason.PHASE,
        "rescreening_of",
        "screen_failure of S001 first",
    )


@pytest.mark.parametrize(("field", "value"), [("born_on", date(1960, 2, 4)), ("sex", "FEMALE")])
def test_another_person_is_not_screened_again(field: str, value: object) -> None:
    """What is known of the person must agree."""
    with pytest.raises(Refused) as no:
        refuse_unless_failed(failed(), AGAIN.model_copy(update={field: value}))
    assert (no.value.reason, no.value.field) == (Reason.CONTRADICTS, field)


@pytest.mark.parametrize(("first", "second"), [("S001", "S003"), ("S003", "S001"), ("S002", "S003")])
def test_one_person_is_randomized_once(first: str, second: str) -> None:
    """Under whichever of the numbers is first to ask; the other is declined, and others are not held up."""
    story = told(told(opened(), ENROLL), AGAIN)
    story = told(story, AGAIN.model_copy(update={"rescreening_of": "S002"}))
    story = told(story, ENROLL)
    story = told(story, t.AllocateSlot(subject=first, request=9))
    outcome = when(story, t.AllocateSlot(subject=second, request=9))
    no = refused(outcome, Reason.RULE, rule="T1.1")
    assert no.detail == f"this person is randomized as {first}"
    assert [fact.model_dump(include={"kind", "subject"}) for fact in no.facts] == [
        {"kind": "AllocationDeclined", "subject": second}
    ]
    assert when(story, t.AllocateSlot(subject="S004", request=9)).refusal is None
    again = AGAIN.model_copy(update={"rescreening_of": second})
    assert "randomized as" in refused(when(story, again), Reason.RULE, rule="T1.1").detail


def test_a_number_that_nobody_has_is_not_screened_again() -> None:
    """It names the subject; the register is as it was (T1.1)."""
    no = refused(when(told(opened(), ENROLL), AGAIN.model_copy(update={"rescreening_of": "S002"})),
                 Reason.UNKNOWN_SUBJECT, field="rescreening_of")  # fmt: skip
    assert (no.detail, no.accepts) == ("there is no subject S002", "a subject whose screening failed")
