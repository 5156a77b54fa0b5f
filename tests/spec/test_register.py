"""The trial's register: opening, sites, delegation, enrolment and allocation."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from domain.decider import intents
from domain.patient import commands as c
from domain.submission import SYSTEM, UNATTRIBUTED, Reason
from domain.trial import commands as t
from domain.trial import facts as f
from domain.values import Clock, Site
from tests.given import SITE, START, TRIAL_ID, Story, day, given_trial, noon, nothing_happened, refused, the, then, when
from tests.stories import told

STAFF = (
    t.Delegation(staff="CRC1", roles=("COORDINATOR",), valid_from=day(-30)),
    t.Delegation(staff="INV1", roles=("INVESTIGATOR", "SURGEON"), site="TDH", valid_from=day(-30)),
    t.Delegation(staff="SPO1", roles=("SPONSOR",), valid_from=day(0), valid_to=day(10)),
)
OPEN = t.OpenTrial(trial=TRIAL_ID, protocol_version="1", clock=Clock.real(), sites=(SITE,), staff=STAFF)
ENROLL = t.Enroll(site="TDH", born_on=date(1960, 2, 3), sex="MALE")


def opened() -> Story:
    """The trial is open with one site and three staff members."""
    return told(given_trial(), OPEN)


def enrolled(number: int) -> Story:
    """So many subjects are enrolled."""
    story = opened()
    for _ in range(number):
        story = told(story, ENROLL)
    return story


def allocated(number: int) -> Story:
    """So many subjects are enrolled and have their slots."""
    story = enrolled(number)
    for subject in tuple(story.state.subjects):
        story = told(story, t.AllocateSlot(subject=subject, request=9))
    return story


def test_a_trial_opens_once_with_sites_staff_and_a_list_to_make() -> None:
    """The allocation list is asked for with caps and block sizes (T1)."""
    outcome = when(given_trial(), OPEN)
    assert [fact.kind for fact in outcome.facts] == [
        "TrialOpened",
        "SiteAdded",
        *["StaffDelegated"] * 3,
        "AllocationListRequested",
    ]
    wanted = the(outcome, f.AllocationListRequested)
    assert (wanted.arms, wanted.block_sizes) == ((("COHORT_1", 33), ("COHORT_2", 33)), (2, 4, 6))
    refused(when(outcome.story, OPEN), Reason.PHASE)
    refused(when(given_trial(), ENROLL), Reason.PHASE)


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    """A typing error does not open a trial nobody can run."""
    for changed in ({"trial": "NCT00000000"}, {"protocol_version": "9"}):
        no = refused(when(given_trial(), OPEN.model_copy(update=changed)), Reason.RULE, field="protocol_version")
        assert no.accepts == "NCT06978153 version 1"


@pytest.mark.parametrize("zone", ["Asia/Nowhere", "", "../etc/passwd", "UTC+8 "])
def test_a_site_s_time_zone_exists(zone: str) -> None:
    """Every date rule of the site would fail on another."""
    with pytest.raises(ValidationError, match="IANA time zone"):
        Site(code="BER", time_zone=zone)


def test_a_site_is_added_once() -> None:
    """By sponsor or investigator."""
    site = t.AddSite(code="BER", time_zone="Europe/Berlin", due_hour=7)
    outcome = when(opened(), site)
    then(outcome, f.SiteAdded(site=Site(code="BER", time_zone="Europe/Berlin", due_hour=7)))
    refused(when(outcome.story, site), Reason.CONTRADICTS, field="code")
    refused(when(opened(), site, role="COORDINATOR"), Reason.ROLE)


def test_a_delegation_holds_from_to_at_its_site() -> None:
    """Both days included; without a site, everywhere."""
    register = opened().state
    assert register.roles("SPO1", day(-1)) == ()
    assert register.roles("SPO1", day(0)) == register.roles("SPO1", day(10)) == ("SPONSOR",)
    assert register.roles("SPO1", day(11)) == ()
    assert register.roles("INV1", day(0), "TDH") == ("INVESTIGATOR", "SURGEON") == register.roles("INV1", day(0))
    assert register.roles("INV1", day(0), "BER") == ()
    assert register.roles("CRC1", day(900), "BER") == ("COORDINATOR",)
    assert register.roles("NOBODY", day(0)) == ()


def test_roles_are_delegated_and_ended() -> None:
    """An end never prolongs what had ended before."""
    delegate = t.Delegate(staff="SPO1", roles=("SPONSOR", "MONITOR"), valid_from=day(20))
    story = told(opened(), delegate)
    assert story.state.roles("SPO1", day(25)) == ("SPONSOR", "MONITOR")
    outcome = when(story, t.EndDelegation(staff="SPO1", valid_to=day(30)))
    then(outcome, f.DelegationEnded(staff="SPO1", valid_to=day(30)))
    register = outcome.story.state
    assert register.roles("SPO1", day(15)) == ()
    assert register.roles("SPO1", day(30)) == ("SPONSOR", "MONITOR")
    assert register.roles("SPO1", day(31)) == ()
    assert register.roles("CRC1", day(31)) == ("COORDINATOR",)


def test_only_known_staff_can_be_ended() -> None:
    """The refusal names who is in the log."""
    no = refused(when(opened(), t.EndDelegation(staff="XYZ9", valid_to=day(1))), Reason.UNKNOWN_STAFF, field="staff")
    assert no.accepts == "CRC1, INV1, SPO1"
    refused(
        when(opened(), t.EndDelegation(staff="CRC1", valid_to=day(1)), role="COORDINATOR"), Reason.ROLE, field="role"
    )


# Enrolment


def test_each_enrolment_issues_the_next_number() -> None:
    """And asks for the subject's journey to start; nothing of the person stands in the number."""
    consent = c.Consent(signed_on=START, version="V1.0", obtained_by="INV1")
    evidence = c.Evidence(assessed_on=START, weight_kg=Decimal(70), last_support_on=day(-40))
    outcome = when(opened(), ENROLL.model_copy(update={"consent": consent, "evidence": evidence}))
    first = the(outcome, f.SubjectEnrolled)
    assert (first.subject, first.begin.subject, first.begin.site) == ("S001", "S001", SITE)
    assert (first.begin.consent, first.begin.evidence) == (consent, evidence)
    assert the(when(outcome.story, ENROLL), f.SubjectEnrolled).subject == "S002"
    assert [intent.fact.kind for intent in intents(outcome.story.state)][-1] == "SubjectEnrolled"


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"site": "BER"}, Reason.RULE, "site"),
        ({"born_on": day(1)}, Reason.FUTURE, "born_on"),
        (
            {"consent": c.Consent(signed_on=day(1), version="V1.0", obtained_by="INV1")},
            Reason.FUTURE,
            "consent.signed_on",
        ),
        (
            {"consent": c.Consent(signed_on=date(1950, 1, 1), version="V1.0", obtained_by="INV1")},
            Reason.IMPOSSIBLE,
            "consent.signed_on",
        ),
        ({"evidence": c.Evidence(assessed_on=day(1))}, Reason.FUTURE, "evidence.assessed_on"),
        (
            {"evidence": c.Evidence(assessed_on=START, last_support_on=day(1))},
            Reason.FUTURE,
            "evidence.last_support_on",
        ),
    ],
)
def test_an_impossible_enrolment_is_refused(changed: dict[str, object], reason: Reason, field: str) -> None:
    """An unknown site, and dates in the future or before birth."""
    refused(when(opened(), ENROLL.model_copy(update=changed)), reason, field=field)


def test_a_coordinator_or_an_investigator_enrols() -> None:
    """No one else, and nobody unattributed."""
    assert when(opened(), ENROLL, role="INVESTIGATOR").refusal is None
    refused(when(opened(), ENROLL, role="SPONSOR"), Reason.ROLE)
    assert "named staff member" in refused(when(opened(), ENROLL, role=UNATTRIBUTED), Reason.ROLE).detail


def test_a_started_journey_closes_its_intent_once() -> None:
    """The same word again, and a word about something else, change nothing."""
    story = enrolled(1)
    started = t.JourneyStarted(request=story.seq_of(f.SubjectEnrolled))
    outcome = when(story, started)
    then(outcome, f.JourneyBegan(request=started.request))
    nothing_happened(when(outcome.story, started))
    nothing_happened(when(story, t.JourneyStarted(request=1)))
    nothing_happened(when(story, t.JourneyStarted(request=story.seq_of(f.AllocationListRequested))))


def test_a_command_for_no_subject_leaves_a_refusal() -> None:
    """It says which subjects there are; for a subject that exists there is nothing to report."""
    astray = t.ReportMisaddressed(subject="S099", command="surgery_done")
    assert refused(when(opened(), astray), Reason.UNKNOWN_SUBJECT, field="subject").accepts == "enroll first"
    assert refused(when(enrolled(2), astray), Reason.UNKNOWN_SUBJECT).accepts == "S001 to S002"
    nothing_happened(when(enrolled(2), t.ReportMisaddressed(subject="S002", command="surgery_done")))


# Allocation


def test_the_list_is_sealed_once() -> None:
    """A second hash never replaces the published one."""
    story = opened()
    sealed = t.ListSealed(request=story.seq_of(f.AllocationListRequested), slots=66, sha256="ab" * 32)
    outcome = when(story, sealed)
    then(outcome, f.AllocationListSealed(request=sealed.request, slots=66, sha256="ab" * 32))
    nothing_happened(when(outcome.story, sealed.model_copy(update={"sha256": "cd" * 32})))
    assert outcome.story.state.sha256 == "ab" * 32


def test_slots_are_reserved_in_their_order_and_kept() -> None:
    """Asked again, the subject keeps its slot and nothing is drawn (T1.1)."""
    story = allocated(2)
    slots = [fact for fact in story.facts if isinstance(fact, f.SlotReserved)]
    assert [(slot.subject, slot.slot, slot.randomized_on) for slot in slots] == [("S001", 1, START), ("S002", 2, START)]
    nothing_happened(when(story, t.AllocateSlot(subject="S001", request=44)))


def test_the_date_of_randomization_is_the_site_s() -> None:
    """At 17:00 UTC it is tomorrow in Shanghai."""
    late = noon(START).replace(hour=17)
    slot = the(when(enrolled(1), t.AllocateSlot(subject="S001", request=9), at=late), f.SlotReserved)
    assert slot.randomized_on == day(1)


def test_an_opened_slot_counts_for_its_arm() -> None:
    """Once; an answer to no open slot changes nothing."""
    story = allocated(2)
    slot = t.SlotOpened(request=story.seq_of(f.SlotReserved), arm="COHORT_2")
    outcome = when(story, slot)
    then(outcome, f.SubjectAllocated(request=slot.request, arm="COHORT_2"))
    assert outcome.story.state.arm_counts() == {"COHORT_1": 0, "COHORT_2": 1}
    nothing_happened(when(outcome.story, slot))
    nothing_happened(when(story, t.SlotOpened(request=1, arm="COHORT_1")))
    assert given_trial(f.SubjectAllocated(request=1, arm="COHORT_1")).state.allocations == {}


def test_the_67th_is_refused_on_record_and_nobody_more_is_enrolled() -> None:
    """66 are randomized: the 67th gets no slot, whoever asks again, and keeps nothing (T1, T1.1)."""
    story = told(allocated(65), ENROLL)
    story = told(told(story, ENROLL), t.AllocateSlot(subject="S066", request=9))
    outcome = when(story, t.AllocateSlot(subject="S067", request=12))
    no = refused(outcome, Reason.FULL, rule="T1.1")
    assert no.facts == (f.AllocationDeclined(subject="S067", request=12, why="66 subjects are randomized"),)
    after = story.with_facts(no.facts, story.now)
    assert after.state.declined == {"S067": (12, "66 subjects are randomized")}
    refused(when(after, ENROLL), Reason.FULL, rule="T1.1")
    nothing_happened(when(after, t.AllocateSlot(subject="S001", request=9)))


def test_only_an_enrolled_subject_gets_a_slot() -> None:
    """And only the product asks for it."""
    refused(when(opened(), t.AllocateSlot(subject="S001", request=9)), Reason.UNKNOWN_SUBJECT, field="subject")
    refused(when(enrolled(1), t.AllocateSlot(subject="S001", request=9), role="SPONSOR"), Reason.ROLE)


def test_time_and_a_cancel_request_change_nothing() -> None:
    """The request is recorded; the trial goes on (rule 11)."""
    nothing_happened(when(opened(), t.TimePassed()))
    then(when(opened(), t.CancelRequested(), role=SYSTEM), f.CancellationAsked())
