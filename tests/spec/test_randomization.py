"""Randomization: the request, the allocation, its denial, and answers that come late."""

from domain.nct06978153.criteria import CRITERIA
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import Reason
from tests.given import day, given, nothing_happened, refused, the, then, then_kinds, when
from tests.stories import allocating, eligible, ended, in_neoadjuvant, screened, told

SLOT = c.SlotAllocated(slot=7, arm="COHORT_2", randomized_on=day(3))
DENIED = c.AllocationDenied(why="66 subjects are randomized")


def test_a_request_is_an_intent_with_its_findings() -> None:
    """The allocation is asked for once, with every criterion as it stood (T1.1)."""
    outcome = when(eligible(), c.RequestRandomization())
    then_kinds(outcome, f.AllocationRequested)
    assert len(the(outcome, f.AllocationRequested).findings) == len(CRITERIA)
    (intent,) = [row for row in outcome.story.state.intents.values() if isinstance(row.fact, f.AllocationRequested)]
    assert intent.seq == len(outcome.story.facts)


def test_a_second_request_waits_for_the_first_answer() -> None:
    """Nothing is asked for twice at a time."""
    refused(when(allocating(), c.RequestRandomization()), Reason.CONTRADICTS, rule="T1.1")


def test_an_allocation_begins_neoadjuvant_treatment() -> None:
    """Arm and slot are recorded, the staff told, and C1D1 planned within 7 d of randomization (Q6)."""
    outcome = when(allocating(), SLOT)
    then_kinds(outcome, f.Randomized, f.NoticeRequested, f.EpochEntered, f.CyclePlanned)
    then(
        outcome,
        f.Randomized(arm="COHORT_2", slot=7, randomized_on=day(3)),
        f.NoticeRequested(notice="RANDOMIZED", to=("COORDINATOR", "PHARMACIST"), text="randomized to COHORT_2"),
        f.EpochEntered(epoch="NEOADJUVANT", entered_on=day(3)),
        f.CyclePlanned(cycle=1, planned_on=day(7), earliest_on=day(3), latest_on=day(10), anchor_on=day(3), rule="T11"),
    )


def test_the_same_allocation_again_changes_nothing() -> None:
    """An answer that comes twice counts once."""
    nothing_happened(when(in_neoadjuvant(), SLOT))
    nothing_happened(when(in_neoadjuvant(), DENIED))


def test_an_allocation_nobody_asked_for_is_refused() -> None:
    """The register cannot randomize a subject that did not ask."""
    refused(when(screened(), SLOT), Reason.CONTRADICTS, rule="T1.1")
    nothing_happened(when(screened(), DENIED))


def test_a_denial_is_told_and_may_be_asked_again() -> None:
    """Without a slot the subject stays in screening (T1.1)."""
    outcome = when(allocating(), DENIED)
    then_kinds(outcome, f.AllocationRefused, f.NoticeRequested)
    assert the(outcome, f.NoticeRequested).notice == "ALLOCATION_DENIED"
    then_kinds(when(outcome.story, c.RequestRandomization()), f.AllocationRequested)


def test_an_answer_after_the_end_is_recorded_and_starts_nothing() -> None:
    """The subject withdrew while the allocation was on its way: the slot stays its own, no epoch is entered."""
    gone = told(allocating(), c.ReportWithdrawal(withdrawn_on=day(3), level="STUDY"))
    then(when(gone, SLOT), f.Randomized(arm="COHORT_2", slot=7, randomized_on=day(3)))
    then(when(gone, DENIED), f.AllocationRefused(why=DENIED.why))
    nothing_happened(when(ended(), SLOT))


def test_the_reference_journey_is_told_by_facts_alone() -> None:
    """The same facts give the same state."""
    story = in_neoadjuvant()
    assert given(*story.facts).state == story.state
