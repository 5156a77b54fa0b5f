"""Randomization: the request, the allocation, its denial, and answers that come late."""

import json

from domain.nct06978153.criteria import CRITERIA
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.eligibility import decided, findings_on
from domain.submission import Reason
from tests.given import Story, day, given, noon, nothing_happened, refused, the, then, then_kinds, when
from tests.stories import allocating, eligible, ended, in_neoadjuvant, results, screened, told

SLOT = c.SlotAllocated(slot=7, arm="COHORT_2", randomized_on=day(3))
VERDICT = c.ConfirmEligibility(judged_on=day(3))
DENIED = c.AllocationDenied(why="66 subjects are randomized")


def test_a_request_is_an_intent_that_names_the_verdict_it_rests_on() -> None:
    """The allocation is asked for once; what reads as in the verdict is not written again (T1.1)."""
    outcome = when(eligible(), c.RequestRandomization())
    then(outcome, f.AllocationRequested(rests_on=eligible().seq_of(f.EligibilityConfirmed)))
    (intent,) = [row for row in outcome.story.state.intents.values() if isinstance(row.fact, f.AllocationRequested)]
    assert intent.seq == len(outcome.story.facts)


def stored(story: Story) -> Story:
    """Give the same story as read from what is stored of it."""
    return given(*(f.FACT.validate_json(fact.model_dump_json()) for fact in story.facts), at=story.now)


def test_a_request_days_later_holds_what_changed_and_the_record_gives_every_finding() -> None:
    """The findings as they stood on that day, with their ages: none is lost by writing it once (T1.1)."""
    story = told(eligible(), c.TypeLabResults(results=(results(day(4))[0],)), day(4))
    outcome = when(stored(story), c.RequestRandomization(), on=day(5))
    asked = the(outcome, f.AllocationRequested)
    assert {finding.rule for finding in asked.findings} == {"I11.2"}
    after = stored(outcome.story)
    expected = findings_on(story.state, noon(day(5)))
    assert set(decided(after.facts, len(after.facts), day(5))) == set(expected)
    assert len(expected) == len(CRITERIA)
    number = story.seq_of(f.EligibilityConfirmed)
    assert (
        decided(after.facts, number, day(3))
        == the(when(screened(), VERDICT, on=day(3)), f.EligibilityConfirmed).findings
    )
    assert decided(after.facts, 1, day(3)) == ()


def test_a_request_after_a_denial_rests_on_the_same_verdict() -> None:
    """The verdict stands until randomization (T1.1)."""
    outcome = when(told(allocating(), DENIED), c.RequestRandomization())
    assert the(outcome, f.AllocationRequested).rests_on == eligible().seq_of(f.EligibilityConfirmed)
    assert in_neoadjuvant().state.confirmed is None


def test_requests_and_findings_of_before_are_read() -> None:
    """A request that held every finding itself, each piece of evidence with its empty fields (T1.1)."""
    used = {"what": "age", "value": "65 a", "on": "2025-06-02", "upper_limit": "", "document": "",
            "days_before_rand": 3, "days_before_c1d1": None}  # fmt: skip
    row = {"rule": "I2", "verdict": "MET", "sentence": "65 completed years", "evidence": [used]}
    old = f.FACT.validate_json(json.dumps({"kind": "AllocationRequested", "findings": [row]}))
    (finding,) = decided([old], 1, day(5))
    assert (finding.evidence[0].days_before_rand, finding.evidence[0].upper_limit) == (3, "")
    again = json.loads(old.model_dump_json())["findings"][0]["evidence"][0]
    assert again == {name: value for name, value in used.items() if value not in ("", None)}


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
