"""What people see: state, asks, attributes, timeline, details, and the names of streams."""

from datetime import timedelta

import pytest

from domain import decider
from domain.decider import PATIENT, TRIAL, Voucher, decider_of, patient_stream, trial_of, trial_stream
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.patient.checks import AFTER_THE_END, OF_BEFORE_THE_END
from domain.patient.journey import Journey
from domain.patient.view import Row, timeline
from domain.trial import commands as t
from domain.trial.facts import ActPassedOn
from domain.values import Clock
from tests.given import SITE, TRIAL_ID, Story, day, given, given_trial, noon, told_kinds, when
from tests.stories import (
    PHASES,
    allocating,
    at_visit,
    ended,
    in_adjuvant,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    in_surgery_wait,
    operable,
    passing,
    registered,
    screened,
    told,
)


def asked(story: Story) -> list[str]:
    """Give the kinds asked for, the next one first."""
    return [ask.kind for ask in asks(story.state)]


@pytest.mark.parametrize(
    ("phase", "kinds"),
    [
        ("not registered", []),
        ("registered", ["record_consent"]),
        ("screening", ["confirm_eligibility"]),
        ("eligible", ["request_randomization"]),
        ("allocating", []),
        ("neoadjuvant C1", ["dose_given"]),
        ("neoadjuvant C1 on hold", ["override_gate", "dose_given", "acknowledge"]),
        ("surgery wait", ["operability", "surgery_done"]),
        ("operable", ["surgery_done"]),
        ("evaluation", ["adjuvant_evaluation"]),
        ("adjuvant C15", ["dose_given"]),
        ("adjuvant done", []),
        ("follow-up", ["follow_up_contact"]),
        ("ended", []),
        ("screen failure", []),
    ],
)
def test_each_phase_asks_named_roles_for_what_comes_next(phase: str, kinds: list[str]) -> None:
    """By a date, from the roles that may send it."""
    story = PHASES[phase]()
    assert asked(story) == kinds
    for ask in asks(story.state):
        assert ask.to
        assert ask.text
        row = story.state.protocol.permission(ask.kind)
        assert row.roles == ask.to or (ask.kind == "acknowledge" and set(ask.to) < set(row.roles))


def test_an_ask_is_taken_from_the_role_it_names() -> None:
    """Sent by its date, what is asked for is applied."""
    surgery = asks(operable().state)[0]
    assert (surgery.text, surgery.by, surgery.overdue) == (f"surgery {day(77)} to {day(91)}", day(91), False)
    outcome = when(
        passing(operable(), day(91)), c.ReportSurgery(performed_on=day(91), resection="R0"), role=surgery.to[0]
    )
    assert f.SurgeryPerformed in told_kinds(outcome)


def test_an_ask_past_its_window_is_overdue() -> None:
    """In every wait."""
    for story in (PHASES["surgery overdue"](), passing(in_neoadjuvant(), day(60)), PHASES["screening overdue"]()):
        assert asks(story.state)[0].overdue
        assert PATIENT.attributes(story.state)["Overdue"] is True
    assert PATIENT.attributes(operable().state)["Overdue"] is False


def test_pathology_is_asked_for_before_the_evaluation() -> None:
    """By the day the window opens."""
    story = told(passing(operable(), day(80)), c.ReportSurgery(performed_on=day(80), resection="R0"))
    assert asked(story) == ["pathology", "adjuvant_evaluation"]
    assert asks(story.state)[0].by == day(108)


def test_near_the_completion_date_the_end_is_asked_for() -> None:
    """No further contact fits (Q13)."""
    story = in_follow_up()
    end = story.state.protocol.completion_on
    story = told(passing(story, end - timedelta(days=10)), c.ReportContact(contacted_on=end - timedelta(days=10)))
    assert [(ask.kind, ask.by) for ask in asks(story.state)] == [("end_of_study", end)]


def test_a_surgery_wait_without_any_dose_has_no_date() -> None:
    """All cycles were omitted: it is asked for, and told again until somebody acts."""
    story = in_neoadjuvant()
    for number in (1, 2, 3):
        story = told(story, c.OmitDose(cycle=f"C{number}", decided_on=day(4), why="x"), day(4))
    assert [(ask.kind, ask.by, ask.text) for ask in asks(story.state)] == [
        ("operability", None, "operability verdict"),
        ("surgery_done", None, "surgery"),
    ]
    assert story.due.key == f"AGAIN/SURGERY/{day(11)}"
    assert PATIENT.attributes(story.state)["NextDue"] == story.due.at.isoformat()
    assert PATIENT.show(story.state)["window"] is None


def test_the_attributes_are_coded_words_numbers_and_times() -> None:
    """As Temporal's list shows them."""
    assert PATIENT.attributes(in_neoadjuvant("COHORT_2", 1).state) == {
        "TrialId": TRIAL_ID,
        "SiteId": "TDH",
        "SubjectNo": "S001",
        "Epoch": "NEOADJUVANT",
        "Cycle": 2,
        "Arm": "COHORT_2",
        "NextDue": "2025-07-03T00:00:00+00:00",
        "Overdue": False,
    }


def test_next_due_is_what_people_must_do_else_what_falls_due_by_itself() -> None:
    """While an allocation is on its way only time acts; before registration nothing does."""
    assert PATIENT.attributes(allocating().state)["NextDue"] == "2025-06-23T00:00:00+00:00"
    assert PATIENT.attributes(Journey())["NextDue"] is None
    assert PATIENT.attributes(Journey())["Epoch"] == "REGISTERED"
    assert PATIENT.attributes(in_surgery_wait().state)["Cycle"] == 3


def test_the_state_is_plain_words_and_dates() -> None:
    """What `show` answers."""
    shown = PATIENT.show(in_surgery_wait("COHORT_2").state)
    assert (shown["phase"], shown["arm"], shown["cycle"]) == ("SURGERY", "COHORT_2", None)
    assert shown["window"] == {"from": str(day(77)), "to": str(day(91)), "rule": "T4"}
    assert shown["next_due"]["what"] == f"judge operability and plan the surgery date {day(70)}"
    assert [ask["kind"] for ask in shown["asks"]] == ["operability", "surgery_done"]
    assert shown["facts"] == len(in_surgery_wait("COHORT_2").facts)
    over = PATIENT.show(ended().state)
    assert (over["phase"], over["window"], over["asks"], over["next_due"]) == ("COMPLETED", None, [], None)
    assert over["treatment_ended"] == "COMPLETED"
    assert PATIENT.show(Journey())["window"] is None


def test_the_timeline_holds_the_past_and_what_is_planned() -> None:
    """Consent to the awaited window, with planned and actual dates."""
    rows = timeline(operable().state)
    assert [row.what for row in rows] == ["Consent", "Randomization", "C1D1", "C2D1", "C3D1", "Surgery"]
    assert rows[-1] == Row("Surgery", day(84), day(77), day(91), None, "rule T4")
    assert (rows[2].planned_on, rows[2].actual_on) == (day(7), day(7))
    over = [row.what for row in timeline(told(in_evaluation(), c.ReportDeath(died_on=day(90))).state)]
    assert over[-3:] == ["Surgery", "End of treatment", "Death"]
    assert "Adjuvant evaluation" in [row.what for row in timeline(in_adjuvant().state)]
    assert [row.what for row in timeline(in_follow_up().state)][-1] == "Follow-up"


def test_the_timeline_says_what_became_of_a_cycle() -> None:
    """Omitted, its drugs, or how its gate stands."""
    omitted = told(in_neoadjuvant("COHORT_2", 1), c.OmitDose(cycle="C2", decided_on=day(20), why="x"), day(20))
    notes = {row.what: row.note for row in timeline(omitted.state)}
    assert (notes["C1D1"], notes["C2D1"]) == ("BENMELSTOBART, ETOPOSIDE, CISPLATIN", "omitted")
    held = PHASES["neoadjuvant C1 on hold"]()
    assert {row.what: row.note for row in timeline(held.state)}["C1D1"] == "gate FAILED"


def test_the_details_are_markdown_with_asks_windows_and_deviations() -> None:
    """For the Temporal UI."""
    shown = PATIENT.details(PHASES["surgery overdue"]().state)
    assert shown.startswith("## S001: SURGERY\n\nArm **COHORT_1**, site TDH\n- **OVERDUE operability verdict** by")
    assert f"| Surgery | {day(84)} | {day(77)} .. {day(91)} |  | rule T4 |" in shown
    assert "- deviation T4: Surgery overdue since" in shown
    assert "by no date: COORDINATOR, INVESTIGATOR" in PATIENT.details(PHASES["registered"]().state)


def test_a_chapter_is_an_epoch() -> None:
    """A run of the workflow covers one."""
    assert PATIENT.chapter(Journey()) == "SCREENING" == PATIENT.chapter(screened().state)
    assert PATIENT.chapter(in_adjuvant().state) == "ADJUVANT"
    assert TRIAL.chapter(TRIAL.initial) == "TRIAL"


def test_a_journey_knows_its_stream_and_its_end() -> None:
    """The stream's name is the workflow's id."""
    assert registered().state.stream == patient_stream(TRIAL_ID, "S001") == "patient-NCT06978153-S001"
    assert PATIENT.is_over(ended().state)
    assert not PATIENT.is_over(in_follow_up().state)
    assert not TRIAL.is_over(TRIAL.initial)


def test_streams_are_named_by_trial_and_subject() -> None:
    """Any other name is no stream."""
    assert (trial_of("trial-NCT1X"), trial_of("patient-NCT1X-S001")) == ("NCT1X", "NCT1X")
    assert decider_of(trial_stream(TRIAL_ID)) is TRIAL
    assert decider_of(patient_stream(TRIAL_ID, "S001")) is PATIENT
    for odd in ("", "trial-", "patient-NCT1X", "patient-NCT1X-S1", "other-NCT1X", "trial-nct1x", "trial-NCT1X\n"):
        with pytest.raises(ValueError, match="is not a stream"):
            decider_of(odd)


def test_a_register_shows_counts() -> None:
    """Before it is open, and after."""
    assert TRIAL.show(TRIAL.initial)["target"] is None
    assert TRIAL.attributes(TRIAL.initial)["Epoch"] == "NEW"
    staff = (t.Delegation(staff="SPO1", roles=("SPONSOR",), valid_from=day(0)),)
    command = t.OpenTrial(trial=TRIAL_ID, protocol_version="1", clock=Clock.real(), sites=(SITE,), staff=staff)
    state = told(given_trial(), command).state
    shown = TRIAL.show(state)
    assert (shown["sites"], shown["staff"], shown["target"]) == (["TDH"], 1, 66)
    assert (shown["arms"], shown["open_intents"]) == ({"COHORT_1": 0, "COHORT_2": 0}, 1)
    assert TRIAL.attributes(state) == {"TrialId": TRIAL_ID, "Epoch": "OPEN"}
    assert "| target | 66 |" in TRIAL.details(state)
    assert TRIAL.due(state) is None


def test_a_request_for_a_slot_is_vouched_for() -> None:
    """By the fact in the subject's stream."""
    ask = t.AllocateSlot(subject="S004", request=9)
    register, subject = trial_stream(TRIAL_ID), patient_stream(TRIAL_ID, "S004")
    assert TRIAL.voucher(register, ask) == Voucher(subject, 9, "AllocationRequested")
    assert TRIAL.voucher(register, t.TimePassed()) is None
    assert PATIENT.voucher(subject, c.TimePassed()) is None


def test_an_act_of_the_sponsor_is_vouched_for_by_the_very_fact_that_passes_it_on() -> None:
    """Same subject, same words: another one's act, or other words, are not believed."""
    word = c.LearnTrialStop(stopped_at=noon(day(9)), why="futility")
    voucher = PATIENT.voucher(patient_stream(TRIAL_ID, "S004"), word.model_copy(update={"request": 7}))
    passed_on = ActPassedOn(subject="S004", act="trial_stopped", word=word)
    assert voucher == Voucher(trial_stream(TRIAL_ID), 7, "ActPassedOn", passed_on)


def test_folding_is_one_function() -> None:
    """Facts from the beginning give the state."""
    assert PATIENT.fold(list(operable().facts)) == operable().state == given(*operable().facts).state


def test_what_is_taken_after_the_end_is_said_in_the_refusal() -> None:
    """The sentence and the table agree."""
    kinds, earlier = (
        {kind.model_fields["kind"].default for kind in taken} for taken in (AFTER_THE_END, OF_BEFORE_THE_END)
    )
    no = when(ended(), c.HoldDrug(drug="BENMELSTOBART", decided_on=day(1), why="rash")).refusal
    assert no is not None
    always, _, up_to = no.accepts.partition("; ")
    assert set(always.split(", ")) == kinds
    assert set(up_to.partition(": ")[2].split(", ")) == earlier


def test_the_open_intents_are_the_oldest_first() -> None:
    """Each with its number in the stream."""
    story = at_visit(in_neoadjuvant())
    seqs = [intent.seq for intent in decider.intents(story.state)]
    assert seqs == sorted(seqs)
    assert all(story.facts[intent.seq - 1] == intent.fact for intent in decider.intents(story.state))
