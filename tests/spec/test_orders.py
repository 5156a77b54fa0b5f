"""Registration, laboratory orders and the gate's outcome as a whole, field by field (T11, I10, 3.1)."""

from datetime import timedelta

from domain.patient import commands as c
from domain.patient import facts as f
from tests.given import SITE, day, given, noon, the, then, when
from tests.stories import CLEAN, as_woman, begin, in_neoadjuvant, passing, registered, results, told

LOW = {"PLT": ("40", "10*9/L", "")}
GATE = ("HB", "ANC", "PLT", "TBIL", "ALT", "AST", "CREAT", "UPROT")


def test_a_registration_keeps_everything_and_orders_from_the_day_of_consent() -> None:
    """Results are awaited for 21 d (3.1)."""
    command = begin(evidence=None)
    then(
        when(given(), command),
        f.SubjectRegistered(
            trial=command.trial,
            protocol_version="1",
            subject="S001",
            site=SITE,
            born_on=command.born_on,
            sex="MALE",
            clock=command.clock,
            rescreening_of=command.rescreening_of,
            icf_versions=command.icf_versions,
        ),
        f.EpochEntered(epoch="SCREENING", entered_on=day(0)),
        f.ConsentGiven(signed_on=day(0), version="V1.0", obtained_by="INV1", entered_by="INV1"),
        f.LabsOrdered(
            purpose="SCREENING",
            cycle=None,
            analytes=tuple(CLEAN),
            after=SITE.start_of(day(0)),
            give_up_at=SITE.due_at(day(21)),
        ),
    )


def test_the_gate_s_order_takes_samples_of_three_days() -> None:
    """C2D1 of day 28: from day 25 on, awaited to day 39; pregnancy is tested before the first dose (T11, I10.2)."""
    orders = {
        2: when(in_neoadjuvant("COHORT_1", 1), c.TimePassed(), on=day(25)),
        1: when(as_woman(in_neoadjuvant()), c.TimePassed(), on=day(4)),
    }
    for cycle, planned in ((2, 28), (1, 7)):
        assert the(orders[cycle], f.LabsOrdered) == f.LabsOrdered(
            purpose="GATE",
            cycle=cycle,
            analytes=(*(("HCG",) if cycle == 1 else ()), *GATE),
            after=SITE.start_of(day(planned - 3)),
            give_up_at=SITE.due_at(day(planned - 3 + 14)),
        )


def test_a_failed_gate_keeps_its_sample_and_orders_a_later_one() -> None:
    """Sampled on day 26: on hold, told, and ordered again after that sample, awaited for 14 d (T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(26), LOW), complete=True)
    outcome = when(story, report, on=day(27))
    gate = the(outcome, f.GateChecked)
    assert (gate.cycle, gate.passed, gate.sampled_on) == (2, False, day(26))
    assert [(row.rule, str(row.verdict)) for row in gate.findings] == [
        ("I11.2", "MET"),
        ("I11.3", "MET"),
        ("I11.4", "NOT_MET"),
        ("I12.1", "MET"),
        ("I12.2", "MET"),
        ("I12.3", "MET"),
        ("I13.1", "MET"),
    ]
    assert the(outcome, f.NoticeRequested) == f.NoticeRequested(
        notice="DOSE_ON_HOLD",
        to=("COORDINATOR", "INVESTIGATOR"),
        text="C2D1 on hold: I11.4 NOT_MET",
        about="C2",
        unread_since=outcome.at,
    )
    assert the(outcome, f.LabsOrdered) == f.LabsOrdered(
        purpose="GATE", cycle=2, analytes=GATE, after=noon(day(26)), give_up_at=SITE.due_at(day(41))
    )


def test_an_incomplete_screening_answer_names_what_is_missing_and_asks_again() -> None:
    """From today on, for 21 d more (3.1)."""
    order = registered().seq_of(f.LabsOrdered)
    part = results(day(1), {"UPROT": None, "ANC": None})
    outcome = when(registered(), c.LabsReported(order=order, results=part, complete=False), on=day(21))
    recorded = the(outcome, f.LabResultsRecorded)
    assert (recorded.order, recorded.complete, recorded.unused) == (order, False, ())
    assert the(outcome, f.NoticeRequested) == f.NoticeRequested(
        notice="SCREENING_LABS_IN",
        to=("INVESTIGATOR",),
        text="screening laboratory results are in; missing: ANC, UPROT",
    )
    assert the(outcome, f.LabsOrdered) == f.LabsOrdered(
        purpose="SCREENING",
        cycle=None,
        analytes=tuple(CLEAN),
        after=SITE.start_of(day(21)),
        give_up_at=SITE.due_at(day(42)),
    )


def test_a_sample_of_the_instant_of_its_order_is_not_later_than_it() -> None:
    """After a failure only a sample taken later counts; one of the same instant is the one that failed (T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    failed = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(day(26), LOW), complete=True)
    story = told(story, failed, day(27))
    for after, passed in ((timedelta(0), False), (timedelta(seconds=1), True)):
        again = c.TypeLabResults(results=results(noon(day(26)) + after))
        outcome = when(story, again)
        assert any(isinstance(fact, f.GateChecked) and fact.passed for fact in outcome.facts) == passed


def test_an_answer_typed_in_is_recorded_beside_the_order_it_answers() -> None:
    """First what was typed, without an order; then the answer, with nothing new in it (T11)."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(25))
    outcome = when(story, c.TypeLabResults(results=results(day(26))), on=day(26))
    typed, answer = outcome.facts[:2]
    assert (typed.order, typed.complete, len(typed.accepted)) == (None, True, len(CLEAN))
    assert answer == f.LabResultsRecorded(order=story.seq_of(f.LabsOrdered), accepted=())
