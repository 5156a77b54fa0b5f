"""The one place that decides for a subject: a table of commands. Every rule is behind one of its rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from domain.amended import is_amendment
from domain.patient import commands as c
from domain.patient import (
    consents,
    corrections,
    courses,
    dosing,
    ending,
    happenings,
    holds,
    judging,
    laboratory,
    notices,
    planning,
    reporting,
    results,
    safety,
    screening,
    signatures,
    stop,
    surgery,
    time,
)
from domain.patient import facts as f
from domain.patient.checks import check
from domain.patient.doses import keep_planned
from domain.patient.draft import Draft
from domain.patient.history import Entry, fold
from domain.patient.journey import Journey
from domain.patient.rechecks import recheck
from domain.submission import Submission


def decide(
    journey: Journey, submission: Submission[c.Command], at: datetime, record: Sequence[Entry] = ()
) -> tuple[f.Fact, ...]:
    """Give the facts a submission leads to at an instant of trial time. Raises Refused."""
    check(journey, submission, at)
    draft = Draft(journey, at, submission.sender, record)
    _apply(draft, submission)
    recheck(draft)
    keep_planned(draft)
    signatures.close_act(draft, submission)
    made = next(iter(draft.facts), None)
    if isinstance(made, f.FactCorrected):
        corrections.list_changes(draft, made)
    return tuple(draft.facts)


def revise(record: Sequence[Entry], submission: Submission[c.Command], at: datetime) -> tuple[f.Fact, ...]:
    """Decide on the whole record, for a command that is about what stands in it. Raises Refused."""
    return decide(fold(entry.fact for entry in record), submission, at, record)


def revises(command: c.Command) -> bool:
    """Say whether a command may rewrite what stands in the record: a correction, or an amended laboratory report."""
    if isinstance(command, c.LabsReported):
        return any(is_amendment(result) for result in command.results)
    return isinstance(command, c.Correct)


def _apply(draft: Draft, submission: Submission[c.Command]) -> None:  # noqa: C901, PLR0912, PLR0915 - a table of cases
    command = submission.command
    match command:
        case c.Begin():
            screening.begin(draft, command)
        case c.RecordConsent():
            screening.record_consent(draft, command)
        case c.RecordEvidence():
            screening.evidence(draft, command)
        case c.TypeLabResults():
            results.typed(draft, command)
        case c.Judge():
            judging.judge(draft, command)
        case c.RuleOnConflict():
            judging.rule_on_conflict(draft, command)
        case c.ConfirmEligibility():
            screening.confirm_eligibility(draft, command)
        case c.ReportScreenFailure():
            screening.screen_failure(draft, command)
        case c.RequestRandomization():
            signatures.refuse_unsigned(draft, command.kind)
            screening.request_randomization(draft, command)
        case c.ReportDose():
            dosing.dose_given(draft, submission, command)
        case c.DelayDose():
            dosing.dose_delayed(draft, command)
        case c.OmitDose():
            dosing.dose_omitted(draft, command)
        case c.OverrideGate():
            dosing.override_gate(draft, command)
        case c.PlanDoses():
            planning.plan_doses(draft, command)
        case c.HoldDrug():
            planning.hold_drug(draft, command)
        case c.ResumeDrug():
            planning.resume_drug(draft, command)
        case c.DiscontinueDrug():
            planning.discontinue_drug(draft, command)
        case c.CheckDrug():
            planning.drug_check(draft, command)
        case c.ReportCourse():
            courses.course_taken(draft, command)
        case c.ProceedToSurgery():
            surgery.proceed_to_surgery(draft, command)
        case c.JudgeOperability():
            surgery.operability(draft, command)
        case c.ReportSurgery():
            surgery.surgery_done(draft, command)
        case c.CancelSurgery():
            surgery.surgery_cancelled(draft, command)
        case c.ReportPathology():
            surgery.pathology(draft, submission, command)
        case c.EvaluateAdjuvant():
            surgery.adjuvant_evaluation(draft, command)
        case c.ReportAdverseEvent():
            safety.adverse_event(draft, submission, command)
        case c.UpdateAdverseEvent():
            safety.adverse_event_update(draft, submission, command)
        case c.ReportSafety():
            reporting.sae_reported(draft, submission, command)
        case c.ReportPregnancy():
            safety.pregnancy(draft, submission, command)
        case c.ReportLiveVaccine():
            happenings.live_vaccine(draft, command)
        case c.DecideSafety():
            happenings.safety_decision(draft, command)
        case c.ReportProgression():
            ending.progression(draft, command)
        case c.DiscontinueTreatment():
            ending.discontinue_treatment(draft, command)
        case c.ReportWithdrawal():
            ending.withdrawal(draft, command)
        case c.LoseToFollowUp():
            ending.lost_to_follow_up(draft, command)
        case c.RegainContact():
            ending.contact_regained(draft, command)
        case c.ReportDeath():
            ending.death(draft, command)
        case c.ReportContact():
            ending.follow_up_contact(draft, command)
        case c.EndStudy():
            ending.end_of_study(draft, command)
        case c.Acknowledge():
            notices.acknowledge(draft, command)
        case c.Sign():
            signatures.sign(draft, submission, command)
        case c.Correct():
            corrections.correct(draft, submission, command)
        case c.TimePassed():
            time.time_passed(draft)
        case c.LabsReported():
            laboratory.labs_reported(draft, command)
        case c.NoticeDelivered():
            notices.delivered(draft, command)
        case c.NoticeTooLate():
            notices.too_late(draft, command)
        case c.SlotAllocated():
            screening.slot_allocated(draft, command)
        case c.AllocationDenied():
            screening.allocation_denied(draft, command)
        case c.LearnIcf():
            consents.icf_approved(draft, command)
        case c.LearnDosingPause():
            holds.dosing_paused(draft, command)
        case c.LearnDosingResumption():
            holds.dosing_resumed(draft, command)
        case c.LearnTrialStop():
            stop.trial_stopped(draft, command)
        case c.CancelRequested():
            draft.add(f.CancellationAsked())
        case _:
            assert_never(command)
