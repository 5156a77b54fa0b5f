"""The ways out: progression, discontinuation, withdrawal, loss, death, end of study."""

from datetime import date

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.screening import fail_screening
from domain.patient.state import LOST
from domain.protocol import FollowUpEpoch, ScreeningEpoch
from domain.submission import Reason, Refused


def progression(draft: Draft, command: c.ReportProgression) -> None:
    """Record progression; protocol treatment ends, follow-up goes on. Source: T6.1."""
    draft.add(f.ProgressionFound(found_on=command.found_on))
    draft.event("PROGRESSION", f"progression found {command.found_on}")
    if draft.journey.randomized_on is not None and not draft.journey.is_over:
        draft.end_treatment("PROGRESSION", command.found_on)


def discontinue_treatment(draft: Draft, command: c.DiscontinueTreatment) -> None:
    """End protocol treatment by decision of the investigator."""
    journey = draft.journey
    if journey.randomized_on is None or journey.treatment_ended:
        state = f"it ended before ({journey.treatment_ended})" if journey.treatment_ended else "it has not begun"
        accepts = "a randomized subject on treatment; in screening: screen_failure"
        raise Refused(Reason.PHASE, f"there is no treatment to end: {state}", accepts=accepts)
    draft.end_treatment("DISCONTINUED", command.decided_on, command.why)


def withdrawal(draft: Draft, command: c.ReportWithdrawal) -> None:
    """Record a withdrawal. From treatment: follow-up goes on. From the study, or in screening: the end.

    A withdrawal of consent ends everything too, also after the end, and nothing further is collected.
    """
    draft.add(f.SubjectWithdrew(withdrawn_on=command.withdrawn_on, level=command.level, why=command.why))
    if draft.journey.is_over:
        return
    if command.level == "TREATMENT" and draft.journey.randomized_on is not None:
        draft.end_treatment("WITHDRAWAL", command.withdrawn_on, command.why)
    else:
        reason = "WITHDRAWAL_OF_CONSENT" if command.level == "CONSENT" else "WITHDRAWAL"
        leave(draft, reason, command.withdrawn_on, command.why)


def lost_to_follow_up(draft: Draft, command: c.LoseToFollowUp) -> None:
    """End the study for a subject who cannot be reached."""
    leave(draft, LOST, command.decided_on, command.why)


def contact_regained(draft: Draft, command: c.RegainContact) -> None:
    """Go on with follow-up from this contact. No dose is planned: treatment stays ended. Source: 3.6, Q13."""
    _refuse_no_way_back(draft, command)
    draft.add(f.ContactRegained(regained_on=command.regained_on, why=command.why))
    follow_up = draft.protocol.follow_up.code
    if draft.journey.epoch != follow_up:
        draft.enter(follow_up, command.regained_on)
    text = "contact regained: follow-up goes on, treatment stays ended; check the consent version"
    draft.event("CONTACT_REGAINED", text)


def _refuse_no_way_back(draft: Draft, command: c.RegainContact) -> None:
    """Raise Refused unless the subject was randomized, is lost, and only that ended the study."""
    journey = draft.journey
    if not journey.is_lost:
        raise Refused(Reason.PHASE, "the subject is not lost to follow-up", rule="3.6", accepts="follow_up_contact")
    if journey.randomized_on is None or journey.screen_failed:
        detail = "the subject was lost in screening, which failed: there is no follow-up to go on with"
        raise Refused(Reason.PHASE, detail, rule="T1.1", accepts="enroll with rescreening_of, under a new number")
    left_on = journey.died_on or journey.withdrawn_on
    if left_on is not None:
        what = "death" if journey.died_on else "withdrawal from the study"
        raise Refused(Reason.CONTRADICTS, f"the {what} of {left_on} is on record", field="regained_on",
                      accepts=f"follow_up_contact; or `correct` of the {what} first")  # fmt: skip
    if journey.study_ended_on is not None and command.regained_on < journey.study_ended_on:
        detail = f"the subject was lost on {journey.study_ended_on}"
        raise Refused(Reason.CONTRADICTS, detail, field="regained_on",
                      accepts=f"a date from {journey.study_ended_on}; or `correct` of the loss")  # fmt: skip


def death(draft: Draft, command: c.ReportDeath) -> None:
    """Record a death, tell it, and end what it ends."""
    if draft.journey.died_on is not None:
        detail = f"death on {draft.journey.died_on} is on record"
        raise Refused(Reason.CONTRADICTS, detail, field="died_on", accepts=draft.journey.to_correct("death"))
    draft.add(f.SubjectDied(died_on=command.died_on, cause=command.cause))
    draft.event("DEATH", f"death on {command.died_on}")
    if not draft.journey.is_over:
        leave(draft, "DEATH", command.died_on, command.cause)


def leave(draft: Draft, reason: str, on: date, why: str | None) -> None:
    """End the study: in screening as a screen failure, on treatment by ending that first."""
    journey = draft.journey
    if isinstance(draft.protocol.epoch(journey.epoch), ScreeningEpoch):
        fail_screening(draft, reason)
    elif not journey.treatment_ended:
        draft.add(f.TreatmentEnded(ended_on=on, reason=reason, why=why))
    draft.add(f.StudyEnded(ended_on=on, reason=reason, why=why))


def follow_up_contact(draft: Draft, command: c.ReportContact) -> None:
    """Record a follow-up contact; one that is told after its window was in time all the same."""
    on = command.contacted_on
    for item, missed in draft.journey.deviations.items():
        first, last = missed.expected_from, missed.expected_to
        if item.startswith("OVERDUE/") and first and last and first <= on <= last:
            draft.in_time(item, "follow-up contact", on)
    draft.add(f.FollowUpContacted(contacted_on=command.contacted_on, disease_free=command.disease_free))


def end_of_study(draft: Draft, command: c.EndStudy) -> None:
    """End the study for a subject in follow-up."""
    epoch = draft.protocol.epoch(draft.journey.epoch)
    if not isinstance(epoch, FollowUpEpoch):
        detail = f"the subject is in {epoch.code}"
        accepts = "in follow-up; before it: discontinue_treatment, withdrawal, screen_failure or death"
        raise Refused(Reason.PHASE, detail, accepts=accepts)
    draft.add(f.StudyEnded(ended_on=command.ended_on, reason="COMPLETED", why=command.why))
