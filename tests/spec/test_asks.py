"""Who must do what by when, in each phase, as a whole (3.6 roles, T2.2, T4, T5, T10, T11, Q13)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from tests.given import Story, day, given, noon
from tests.stories import PHASES, as_woman, at_visit, begin, in_follow_up, in_neoadjuvant, operable, passing, told

Row = tuple[str, tuple[str, ...], str, int | None, bool]

DOSES = ("COORDINATOR", "INVESTIGATOR", "PHARMACIST")
SITE_STAFF = ("COORDINATOR", "INVESTIGATOR")
OPERATING = ("COORDINATOR", "INVESTIGATOR", "SURGEON")
WINDOW = f"surgery {day(77)} to {day(91)}"
ASKS: dict[str, list[Row]] = {
    "not registered": [],
    "registered": [("record_consent", SITE_STAFF, "informed consent", None, False)],
    "screening": [("confirm_eligibility", ("INVESTIGATOR",), "eligibility verdict", 28, False)],
    "eligible": [("request_randomization", SITE_STAFF, "ask for the allocation", 28, False)],
    "screening overdue": [("request_randomization", SITE_STAFF, "ask for the allocation", 28, True)],
    "allocating": [],
    "neoadjuvant C1": [("dose_given", DOSES, f"C1D1 planned {day(7)}", 10, False)],
    "neoadjuvant C1 on hold": [
        ("override_gate", ("INVESTIGATOR",), "C1D1 on hold: gate failed, new sample awaited", 10, False),
        ("dose_given", DOSES, f"C1D1 planned {day(7)}", 10, False),
        ("acknowledge", ("COORDINATOR", "INVESTIGATOR"), "acknowledge the notice of fact 20: DOSE_ON_HOLD", 10, False),
    ],
    "neoadjuvant C1 half given": [
        ("dose_given", DOSES, "C1D2 ETOPOSIDE", 8, False),
        ("dose_given", DOSES, "C1D3 ETOPOSIDE", 9, False),
        ("dose_given", DOSES, f"C2D1 planned {day(28)}", 31, False),
    ],
    "neoadjuvant C3": [("dose_given", DOSES, f"C3D1 planned {day(49)}", 52, False)],
    "surgery wait": [
        ("operability", ("INVESTIGATOR", "SURGEON"), "operability verdict", 77, False),
        ("surgery_done", OPERATING, WINDOW, 91, False),
    ],
    "operable": [("surgery_done", OPERATING, WINDOW, 91, False)],
    "surgery overdue": [
        ("operability", ("INVESTIGATOR", "SURGEON"), "operability verdict", 77, True),
        ("surgery_done", OPERATING, WINDOW, 91, True),
    ],
    "evaluation": [
        ("adjuvant_evaluation", ("INVESTIGATOR",), f"adjuvant evaluation {day(108)} to {day(122)}", 122, False)
    ],
    "adjuvant C4": [("dose_given", DOSES, f"C4D1 planned {day(122)}", 129, False)],
    "adjuvant done": [],
    "follow-up": [("follow_up_contact", SITE_STAFF, f"survival contact planned {day(464)}", 478, False)],
    "ended": [],
    "died": [],
    "screen failure": [],
}


def rows(story: Story) -> list[Row]:
    """Give each ask with its date as a day of the trial."""
    return [
        (ask.kind, ask.to, ask.text, (ask.by - day(0)).days if ask.by else None, ask.overdue)
        for ask in asks(story.state)
    ]


@pytest.mark.parametrize("phase", ASKS)
def test_each_phase_asks_for_these_acts(phase: str) -> None:
    """In this order, of these roles, by this day."""
    assert rows(PHASES[phase]()) == ASKS[phase]


def c2() -> Story:
    """C1 is given on day 7; it is day 20."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(20))


def operated(resection: str = "R0", **changed: object) -> Story:
    """Surgery on day 80; pathology is awaited."""
    report = c.ReportSurgery.model_validate({"performed_on": day(80), "resection": resection} | changed)
    return told(passing(operable(), day(80)), report)


def at_the_end() -> Story:
    """The last contact that fits before the trial's completion was on day 852."""
    return told(passing(in_follow_up(), day(852)), c.ReportContact(contacted_on=day(852)))


def late_enrolment() -> Story:
    """Registered after the last C1D1 of the trial, 2026-10-05."""
    return told(given(), begin(consent=None, evidence=None), day(491))


def fatal() -> Story:
    """A fatal event is on record, the death is not."""
    event = c.ReportAdverseEvent(term="sepsis", grade=5, serious=True, onset_on=day(20), causality="RELATED")
    return told(c2(), event, role="INVESTIGATOR")


OTHERS: dict[str, tuple[Callable[[], Story], list[Row]]] = {
    "enrolled late": (
        late_enrolment,
        [("record_consent", SITE_STAFF, f"informed consent; enrolled after the last C1D1 of {day(490)}", None, False)],
    ),
    "the choice of C1": (
        lambda: at_visit(in_neoadjuvant()),
        [
            ("dose_given", DOSES, f"C1D1 planned {day(7)}", 10, False),
            (
                "plan_doses",
                ("INVESTIGATOR",),
                "C1 doses to plan, missing: the choice between CISPLATIN or CARBOPLATIN",
                10,
                False,
            ),
        ],
    ),
    "a delayed visit": (
        lambda: told(c2(), c.DelayDose(cycle="C2", until=day(40), why="bed")),
        [("dose_given", DOSES, f"C2D1 planned {day(40)}", 40, False)],
    ),
    "no pathology": (
        operated,
        [
            ("pathology", ("PATHOLOGIST",), "final pathology", 108, False),
            ("adjuvant_evaluation", ("INVESTIGATOR",), f"adjuvant evaluation {day(108)} to {day(122)}", 122, False),
        ],
    ),
    "not resected": (
        lambda: operated("NOT_RESECTED"),
        [
            ("surgery_done", OPERATING, "the same surgery again, with why it was not resected", None, False),
            ("follow_up_contact", SITE_STAFF, f"survival contact planned {day(170)}", 184, False),
        ],
    ),
    "the end": (at_the_end, [("end_of_study", ("INVESTIGATOR",), f"end of study {day(882)}", 882, False)]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_open_is_asked_for(name: str) -> None:
    """With the roles of the table, and by the day it is needed."""
    build, expected = OTHERS[name]
    assert rows(build()) == expected


def test_a_fatal_event_asks_for_its_reports_and_for_the_death() -> None:
    """The reports first, by their instant (T10)."""
    story = fatal()
    number, found = story.seq_of(f.AdverseEventReported), asks(story.state)
    assert [ask.at for ask in found if ask.kind == "sae_reported"] == [noon(day(20)) + timedelta(days=1)] * 2
    death = next(ask for ask in found if ask.kind == "death")
    assert death.text == f"fact {number} is fatal: the death is not on record"
    assert death.to == story.state.protocol.permission("death").roles
    assert [ask.kind for ask in found] == ["sae_reported", "sae_reported", "death", "dose_given", "acknowledge"]


def test_an_event_whose_cause_was_not_judged_says_so() -> None:
    """Until somebody judges it, of the event or of one drug (T10)."""
    event = {"term": "rash", "grade": 3, "serious": True, "onset_on": day(20)}
    open_one = told(c2(), c.ReportAdverseEvent.model_validate(event))
    assert all(ask.text.endswith(" (causality not assessed)") for ask in asks(open_one.state)[:2])
    for judged in (
        {"causality": "NOT_RELATED"},
        {"drug_causality": [{"drug": "ANLOTINIB", "causality": "NOT_RELATED"}]},
    ):
        story = told(c2(), c.ReportAdverseEvent.model_validate(event | judged))
        assert not any("not assessed" in ask.text for ask in asks(story.state))


def test_what_stops_the_doses_is_asked_of_the_investigator_and_the_dose_is_not() -> None:
    """A pregnancy: its reports, and the decision (E25)."""
    story = told(as_woman(c2()), c.ReportPregnancy(found_on=day(20)))
    number = story.seq_of(f.PregnancyFound)
    decision = next(row for row in rows(story) if row[0] == "safety_decision")
    text = f"pregnancy: dosing is stopped until you decide (fact {number})"
    assert decision == ("safety_decision", ("INVESTIGATOR",), text, None, False)
    assert not [row for row in rows(story) if row[0] == "dose_given"]


def test_signatures_are_asked_once_a_set_of_roles_with_ten_named() -> None:
    """Twelve rashes of a coordinator: ten are named, two are counted; by the time the oldest is escalated (Q12)."""
    story = c2()
    for _ in range(12):
        event = c.ReportAdverseEvent(term="rash", grade=1, serious=False, onset_on=day(20))
        story = told(story, event, role="COORDINATOR")
    (kind, to, text, by, late) = rows(story)[-1]
    first = min(story.state.unsigned)
    named = ", ".join(f"#{number} adverse_event" for number in sorted(story.state.unsigned)[:10])
    assert (kind, to, late) == ("sign", ("INVESTIGATOR",), False)
    assert text == f"signature of {named} and 2 more"
    assert text.startswith(f"signature of #{first} ")
    assert by == 20 + story.state.protocol.signatures.after_days
