"""Screening: registration, consent, evidence, the eligibility verdict and screen failure."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.findings import CLEAR, Verdict
from domain.nct06978153.criteria import CRITERIA
from domain.patient import commands as c
from domain.patient import facts as f
from domain.submission import SYSTEM, UNATTRIBUTED, Reason
from tests.evidence import asked_again, clean
from tests.given import (
    SITE,
    START,
    Outcome,
    Story,
    day,
    given,
    noon,
    nothing_happened,
    refused,
    the,
    then,
    then_kinds,
    when,
)
from tests.stories import CLEAN, allocating, answered, begin, eligible, passing, registered, results, screened, told

CONFIRM = c.ConfirmEligibility(judged_on=day(2))


def confirm(story: Story) -> Outcome:
    """Submit the eligibility verdict on day 2."""
    return when(story, CONFIRM, on=day(2))


def verdict(outcome: Outcome, rule: str) -> Verdict:
    """Give the verdict a confirmation recorded for a rule."""
    findings = the(outcome, f.EligibilityConfirmed).findings
    return next(finding.verdict for finding in findings if finding.rule == rule)


def test_registration_enters_screening_and_orders_results_once_consent_is_there() -> None:
    """A registered subject with consent is in screening, and its results are ordered from the day of consent."""
    outcome = when(given(), begin())
    then_kinds(
        outcome,
        f.SubjectRegistered,
        f.EpochEntered,
        f.ConsentGiven,
        f.EvidenceRecorded,
        f.JudgementsGiven,
        f.LabsOrdered,
    )
    order = the(outcome, f.LabsOrdered)
    assert order.purpose == "SCREENING"
    assert order.analytes == tuple(CLEAN)
    assert order.after < noon(START) < order.give_up_at


def test_without_consent_nothing_is_ordered() -> None:
    """No study procedure before the informed consent (I1.1)."""
    outcome = when(given(), begin(consent=None, evidence=None))
    then_kinds(outcome, f.SubjectRegistered, f.EpochEntered)


def test_consent_later_orders_the_results() -> None:
    """A consent recorded after registration orders the results from its own date."""
    story = registered(consent=None, evidence=None)
    outcome = when(story, c.RecordConsent(signed_on=day(3), version="V1.0", obtained_by="INV1"), on=day(4))
    then_kinds(outcome, f.ConsentGiven, f.LabsOrdered)
    assert the(outcome, f.LabsOrdered).after < noon(day(3))


def test_a_second_consent_to_the_same_version_is_refused() -> None:
    """Consent to a version is given once; a wrong date needs a correction."""
    outcome = when(registered(), c.RecordConsent(signed_on=day(1), version="V1.0", obtained_by="INV1"), on=day(1))
    refused(outcome, Reason.CONTRADICTS, rule="I1.1", field="version")


def test_registration_happens_once() -> None:
    """A registered subject is not registered again, and nobody else is heard before registration."""
    refused(when(registered(), begin()), Reason.PHASE)
    refused(when(given(), c.ReportDeath(died_on=START)), Reason.PHASE)
    refused(when(given(), begin(), role="INVESTIGATOR"), Reason.ROLE)


def test_an_eligible_subject_is_confirmed_with_every_finding() -> None:
    """The verdict keeps each criterion with its evidence and one sentence."""
    outcome = confirm(screened())
    confirmed = the(outcome, f.EligibilityConfirmed)
    rules = [finding.rule for finding in confirmed.findings]
    assert rules == [row.rule for row in CRITERIA]
    assert {finding.verdict for finding in confirmed.findings} == CLEAR
    applicable = [finding for finding in confirmed.findings if finding.verdict != Verdict.NOT_APPLICABLE]
    assert all(finding.evidence and finding.sentence for finding in applicable)


def test_absent_evidence_is_unknown_and_the_refusal_names_every_rule() -> None:
    """Without results and evidence nothing can be confirmed; there are no waivers."""
    no = refused(confirm(registered(evidence=None)), Reason.NOT_ELIGIBLE)
    without_evidence = {"I1.1", "I2", "I10.1", "I10.2", "I10.3", "E25"}
    assert set(no.rule.split(", ")) == {row.rule for row in CRITERIA} - without_evidence
    assert "I11.2 UNKNOWN: no usable result for Hemoglobin" in no.detail


def test_without_consent_consent_and_age_are_unknown() -> None:
    """Age is counted at consent."""
    story = registered(consent=None, evidence=None)
    no = refused(when(story, CONFIRM, on=day(2)), Reason.NOT_ELIGIBLE)
    assert {"I1.1", "I2"} < set(no.rule.split(", "))


def test_a_consent_of_tomorrow_is_refused() -> None:
    """A consent dated in the future is impossible."""
    story = registered(consent=None, evidence=None)
    refused(
        when(story, c.RecordConsent(signed_on=day(1), version="V1.0", obtained_by="INV1")),
        Reason.FUTURE,
        field="signed_on",
    )


@pytest.mark.parametrize(
    ("born_on", "accepted"),
    [
        (date(2007, 6, 3), False),  # 17 years and 364 days
        (date(2007, 6, 2), True),  # 18 today
        (date(1949, 6, 3), True),  # 75 years and 364 days
        (date(1949, 6, 2), False),  # 76 today
    ],
)
def test_age_is_counted_in_completed_years_at_consent(born_on: date, accepted: bool) -> None:  # noqa: FBT001 - a table
    """18 to 75 completed years at the date of consent, both ends included (I2)."""
    outcome = confirm(screened(born_on=born_on))
    if accepted:
        assert verdict(outcome, "I2") == Verdict.MET
    else:
        refused(outcome, Reason.NOT_ELIGIBLE, rule="I2")


@pytest.mark.parametrize(
    ("signed_on", "accepted"), [(date(2026, 2, 28), False), (date(2026, 3, 1), True), (date(2028, 2, 29), True)]
)
def test_born_on_29_february_the_birthday_is_1_march(signed_on: date, accepted: bool) -> None:  # noqa: FBT001 - a table
    """Born on 29 February 2008, 18 years are completed on 1 March 2026 (I2)."""
    consent = c.Consent(signed_on=signed_on, version="V1.0", obtained_by="INV1")
    command = begin(born_on=date(2008, 2, 29), consent=consent, evidence=clean(signed_on))
    story = when(given(), command, on=signed_on).story
    story = answered(story, signed_on)
    outcome = when(story, c.ConfirmEligibility(judged_on=signed_on))
    assert (outcome.refusal is None) == accepted


def test_results_are_used_for_seven_days() -> None:
    """A result 7 d old still counts at the verdict; one day later it is stale and UNKNOWN."""
    verdict_on = c.ConfirmEligibility(judged_on=day(8))
    story = told(screened(), asked_again(day(7)), day(7))
    assert when(story, verdict_on, on=day(8)).refusal is None
    no = refused(when(story, c.ConfirmEligibility(judged_on=day(9)), on=day(9)), Reason.NOT_ELIGIBLE)
    assert "Hemoglobin is 8 d old, at most 7 d accepted" in no.detail
    assert "creatinine is too old for the clearance" in no.detail


def test_the_newest_result_wins_whatever_comes_last() -> None:
    """An older sample that arrives late replaces nothing."""
    story = told(screened(), c.TypeLabResults(results=results(day(0), {"HB": ("80", "g/L", "")})), day(2))
    assert confirm(story).refusal is None
    story = told(story, c.TypeLabResults(results=results(day(2), {"HB": ("80", "g/L", "")})), day(2))
    refused(confirm(story), Reason.NOT_ELIGIBLE, rule="I11.2")


def test_results_typed_in_answer_the_open_order() -> None:
    """When typed-in results hold all that was asked for, the order is answered and the investigator told."""
    outcome = when(registered(), c.TypeLabResults(results=results(day(1))), on=day(1))
    then_kinds(outcome, f.LabResultsRecorded, f.LabResultsRecorded, f.NoticeRequested)
    assert outcome.facts[1].order == registered().seq_of(f.LabsOrdered)
    then_kinds(
        when(registered(), c.TypeLabResults(results=results(day(1), {"HB": None})), on=day(1)), f.LabResultsRecorded
    )


def test_an_order_given_up_tells_what_is_missing_and_asks_again() -> None:
    """An incomplete answer is recorded, the missing tests are named, and they are ordered again."""
    order = registered().seq_of(f.LabsOrdered)
    part = results(day(1), {"ANC": None, "UPROT": None})
    outcome = when(registered(), c.LabsReported(order=order, results=part, complete=False), on=day(21))
    then_kinds(outcome, f.LabResultsRecorded, f.NoticeRequested, f.LabsOrdered)
    assert the(outcome, f.NoticeRequested).text.endswith("missing: ANC, UPROT")
    again = when(outcome.story, c.LabsReported(order=order, results=part, complete=False), on=day(21))
    then_kinds(again, f.LabResultsRecorded)
    assert the(again, f.LabResultsRecorded).order is None


def test_after_randomization_a_screening_order_asks_for_nothing_more() -> None:
    """A screening order that is still open when treatment has begun is recorded and leads to nothing."""
    taken = results(noon(START) - timedelta(hours=20))
    early = tuple(row.model_copy(update={"standard_of_care": True}) for row in taken)
    story = told(told(registered(), c.TypeLabResults(results=early)), c.ConfirmEligibility(judged_on=START))
    story = told(story, c.RequestRandomization())
    story = told(story, c.SlotAllocated(slot=1, arm="COHORT_2", randomized_on=START))
    report = c.LabsReported(order=registered().seq_of(f.LabsOrdered), results=(), complete=False)
    then(when(story, report, on=day(21)), f.LabResultsRecorded(order=report.order, accepted=(), complete=False))


def test_an_answer_to_no_order_is_refused() -> None:
    """The product cannot answer an order that was never given."""
    refused(when(registered(), c.LabsReported(order=99, results=(), complete=True)), Reason.CONTRADICTS, field="order")


def test_blood_support_is_counted_back_from_the_sample() -> None:
    """Support 13 or 14 d before the sample excludes, 15 d before does not (I11.1)."""
    for days_before, accepted in ((13, False), (14, False), (15, True)):
        last = clean(START, no_support=None, last_support_on=day(1) - timedelta(days=days_before))
        outcome = confirm(screened(evidence=last))
        if accepted:
            assert verdict(outcome, "I11.1") == Verdict.MET
        else:
            refused(outcome, Reason.NOT_ELIGIBLE, rule="I11.1")


def test_blood_support_is_counted_from_the_earliest_of_the_blood_counts() -> None:
    """When hemoglobin was sampled before platelets, the earlier sample decides (I11.1)."""
    evidence = clean(START, no_support=None, last_support_on=day(-13))
    story = screened(evidence=evidence)
    story = told(story, c.TypeLabResults(results=results(day(2), {"HB": None})), day(2))
    refused(confirm(story), Reason.NOT_ELIGIBLE, rule="I11.1")


def test_evidence_older_than_the_days_it_must_cover_is_unknown() -> None:
    """Asked more than 7 d before the sample, 'no support' says too little of its 14 days (I11.1, Q5)."""
    for asked_on, accepted in ((day(-5), True), (day(-6), True), (day(-7), False)):
        evidence = clean(START, assessed_on=asked_on)
        outcome = confirm(screened(evidence=evidence))
        assert (outcome.refusal is None) == accepted
        if not accepted:
            assert "I11.1 UNKNOWN" in refused(outcome, Reason.NOT_ELIGIBLE, rule="I11.1").detail


def test_support_not_documented_is_unknown() -> None:
    """Neither yes nor no is on record (I11.1)."""
    evidence = clean(START, no_support=None)
    no = refused(confirm(screened(evidence=evidence)), Reason.NOT_ELIGIBLE, rule="I11.1")
    assert "not documented" in no.detail


def test_late_evidence_does_not_replace_what_is_newer() -> None:
    """The last support on record stays the last, whatever order the entries come in."""
    story = screened(evidence=clean(START, no_support=None, last_support_on=day(-5)))
    story = told(story, c.RecordEvidence(assessed_on=day(-20), last_support_on=day(-30), no_support=True), day(2))
    refused(confirm(story), Reason.NOT_ELIGIBLE, rule="I11.1")


def test_the_newest_weight_counts_whether_measured_or_reported() -> None:
    """Weight from a laboratory or from the ward: the later date wins (I12.3 needs it)."""
    heavy = c.RecordEvidence(assessed_on=day(2), weight_kg=Decimal(90), height_cm=Decimal(171))
    story = told(screened(evidence=None), heavy, day(2))
    weighed = results(day(1), {"WEIGHT": ("40", "kg", ""), "HEIGHT": ("1.72", "m", "")})
    story = told(story, c.TypeLabResults(results=weighed), day(2))
    assert (story.state.weight_kg, story.state.height_cm) == (90, 171)
    later = results(day(3), {"WEIGHT": ("41000", "g", ""), "HEIGHT": ("1.72", "m", "")})
    story = told(story, c.TypeLabResults(results=later), day(3))
    assert (story.state.weight_kg, story.state.height_cm) == (41, 172)


def test_a_weight_belongs_to_the_site_s_date() -> None:
    """A sample of 18:00 UTC is of the next day in Shanghai, and so later than the ward's weight of that day."""
    ward = c.RecordEvidence(assessed_on=day(2), weight_kg=Decimal(90))
    story = told(screened(evidence=None), ward, day(2))
    sample = SITE.start_of(day(3)) + timedelta(hours=2)
    weighed = results(day(3), {"WEIGHT": ("41", "kg", "")})[-1].model_copy(update={"collected_at": sample})
    assert sample.date() == day(2)
    assert told(story, c.TypeLabResults(results=(weighed,)), day(3)).state.weight_kg == 41


def test_a_verdict_is_not_older_than_the_consent() -> None:
    """Nobody is judged before the consent (I1.1)."""
    no = refused(when(screened(), c.ConfirmEligibility(judged_on=day(-1)), on=day(3)), Reason.IMPOSSIBLE, rule="I1.1")
    assert (no.field, no.accepts) == ("judged_on", f"a date from {START}")


def test_randomization_needs_the_verdict_first() -> None:
    """No allocation is asked for before an investigator confirmed eligibility (T1.1)."""
    refused(when(screened(), c.RequestRandomization()), Reason.RULE, rule="T1.1")


def test_randomization_looks_at_the_criteria_again() -> None:
    """A result that fails after the verdict stops the allocation."""
    bad = results(day(3), {"PLT": ("79", "10*9/L", "")})
    story = told(eligible(), c.TypeLabResults(results=bad), day(3))
    refused(when(story, c.RequestRandomization()), Reason.NOT_ELIGIBLE, rule="I11.4")


def test_a_screen_failure_ends_the_study_with_the_findings_as_they_stand() -> None:
    """The investigator's decision is recorded with every finding, and nothing is due any more."""
    outcome = when(screened(), c.ReportScreenFailure(decided_on=day(4), why="I6"), on=day(4))
    then_kinds(outcome, f.ScreenFailed, f.StudyEnded)
    assert len(the(outcome, f.ScreenFailed).findings) == len(CRITERIA)
    assert the(outcome, f.StudyEnded).reason == "SCREEN_FAILURE"
    assert outcome.story.decider.due(outcome.story.state) is None


@pytest.mark.parametrize("command", [CONFIRM, c.ReportScreenFailure(decided_on=day(2), why="I6")])
def test_while_an_allocation_is_asked_for_screening_stands_still(command: object) -> None:
    """Nothing in screening changes between the request and its answer (T1.1)."""
    refused(when(allocating(), command, on=day(4)), Reason.CONTRADICTS, rule="T1.1")


def test_the_screening_window_reminds_and_then_deviates() -> None:
    """Reminder on day 21, deviation and escalation after day 28; the journey waits on (Q5)."""
    story = passing(eligible(), day(21))
    assert story.facts[-1].notice == "SCREENING_CLOSES"
    story = passing(story, day(29))
    deviation, notice = story.facts[-2:]
    assert (deviation.item, deviation.important, deviation.expected_to) == ("SCREENING", False, day(28))
    assert notice.notice == "SCREENING_EXPIRED"
    nothing_happened(when(story, c.TimePassed(), on=day(35)))


def test_randomization_after_the_window_is_recorded_as_late() -> None:
    """On day 30 with fresh results: allowed, and a deviation."""
    story = passing(eligible(), day(30))
    story = told(story, c.TypeLabResults(results=results(day(30))), day(30))
    story = told(story, c.RecordEvidence(**dict(clean(day(30)))), day(30))
    outcome = when(story, c.RequestRandomization())
    then_kinds(outcome, f.DeviationRecorded, f.AllocationRequested)
    assert the(outcome, f.DeviationRecorded).days_off == 2


def test_a_first_consent_and_randomization_belong_to_screening() -> None:
    """Both are refused once treatment began, or an allocation was asked for."""
    story = told(allocating(), c.SlotAllocated(slot=1, arm="COHORT_1", randomized_on=day(3)))
    unsigned = given(*(fact for fact in story.facts if not isinstance(fact, f.ConsentGiven)))
    refused(
        when(unsigned, c.RecordConsent(signed_on=day(3), version="V1.0", obtained_by="INV1"), on=day(3)),
        Reason.PHASE,
        rule="T1.1",
    )
    refused(when(story, c.RequestRandomization()), Reason.PHASE, rule="T1.1")


def test_screening_needs_a_named_person() -> None:
    """Nobody unattributed and no other role decides on eligibility."""
    refused(when(screened(), CONFIRM, on=day(2), role=UNATTRIBUTED), Reason.ROLE, field="staff")
    refused(when(screened(), CONFIRM, on=day(2), role="COORDINATOR"), Reason.ROLE, field="role")
    refused(when(screened(), CONFIRM, on=day(2), role=SYSTEM), Reason.ROLE)
