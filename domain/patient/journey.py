"""A subject's state as a fold over facts. `evolve` is total: it has no rule, reads no clock and never raises."""

from dataclasses import replace
from typing import assert_never

from domain.criteria.case import Consented, Ruling
from domain.patient import facts as f
from domain.patient import folded_cycles as cycles
from domain.patient import folded_effects as effects
from domain.patient import folded_evidence as evidence
from domain.patient import state
from domain.patient.copying import amend
from domain.patient.cycle import Stop
from domain.patient.events import fold as fold_safety
from domain.patient.state import Confirmed, Journey, Pause, numbered

__all__ = ["Journey", "evolve"]


def evolve(journey: Journey, fact: f.Fact) -> Journey:  # noqa: C901, PLR0911, PLR0912, PLR0915 - a table
    """Give the journey after one more fact."""
    now = state.replace(journey, seq=journey.seq + 1)
    match fact:
        # The most frequent facts first: each case costs a look at all above it.
        case f.NoticeRequested():
            return effects.notice_requested(now, fact)
        case f.NoticeReached():
            return effects.closed(effects.marked(now, fact.notice, reached=True), fact.notice)
        case f.DueReached():
            return amend(now, reached=now.reached | {fact.item})
        case f.DoseGiven():
            return cycles.dosed(now, fact)
        case f.LabResultsRecorded():
            return evidence.lab_results(now, fact)
        case f.LabsOrdered():
            return cycles.ordered(now, fact)
        case f.GateChecked():
            gate = "PASSED" if fact.passed else "FAILED"
            now = cycles.changed(
                now, fact.cycle, gate=gate, gate_sampled_on=fact.sampled_on, gate_failed=not fact.passed
            )
            return cycles.checked(now, fact)
        case f.CyclePlanned():
            return cycles.planned(now, fact)
        case f.DosesPlanned():
            last = now.planned_last | {row.drug: row for row in fact.administrations}
            return cycles.changed(amend(now, planned_last=last), fact.cycle, doses=fact)
        case f.SubjectRegistered():
            return amend(
                now,
                trial=fact.trial,
                subject=fact.subject,
                protocol_version=fact.protocol_version,
                site=fact.site,
                clock=fact.clock,
                born_on=fact.born_on,
                sex=fact.sex,
                icf_versions={row.version: row.approved_on for row in fact.icf_versions},
            )
        case f.ConsentGiven():
            return _consent(numbered(now, f"consent {fact.version}"), fact)
        case f.IcfApproved():
            return amend(now, icf_versions=now.icf_versions | {fact.version: fact.approved_on})
        case f.ReconsentAsked():
            return amend(now, reconsent=fact)
        case f.DosingPaused():
            return amend(now, pauses=(*now.pauses, Pause(fact.paused_at, fact.why)))
        case f.DosingResumed():
            ended = tuple(replace(pause, until=pause.until or fact.resumed_at) for pause in now.pauses)
            return amend(now, pauses=ended)
        case f.SignatureAsked():
            return amend(now, unsigned=now.unsigned | {fact.fact: fact})
        case f.FactSigned():
            return amend(now, unsigned={seq: row for seq, row in now.unsigned.items() if seq not in fact.facts})
        case f.EvidenceRecorded():
            return evidence.recorded(now, fact)
        case f.JudgementsGiven():
            return evidence.judged(now, fact)
        case f.ConflictRuled():
            ruling = Ruling(fact.allowed, fact.ruled_on, fact.by, fact.why)
            return amend(now, rulings=now.rulings | {fact.rule: ruling})
        case f.EligibilityConfirmed():
            return amend(now, eligible_on=fact.judged_on, confirmed=Confirmed(now.seq, fact.findings))
        case f.ScreenFailed():
            return amend(now, screen_failed=True)
        case f.AllocationRequested():
            return effects.opened(amend(now, allocation=now.seq), fact)
        case f.Randomized():
            now = amend(now, arm=fact.arm, slot=fact.slot, randomized_on=fact.randomized_on, confirmed=None)
            return effects.closed(now, now.allocation or 0)
        case f.AllocationRefused():
            return amend(effects.closed(now, now.allocation or 0), allocation=None)
        case f.EpochEntered():
            return amend(now, epoch=fact.epoch, epoch_on=fact.entered_on)
        case f.GateOverridden():
            return cycles.checked(cycles.changed(now, fact.cycle, gate="OVERRIDDEN"), fact)
        case f.DoseDelayed():
            return cycles.delayed(now, fact)
        case f.DoseOmitted():
            return cycles.omitted(now, fact)
        case f.DrugHeld():
            return amend(now, stops=(*now.stops, Stop(fact.drug, fact.decided_on)))
        case f.DrugResumed():
            return amend(now, stops=cycles.stops_ended(now, fact.drug, fact.decided_on))
        case f.DrugDiscontinued():
            stops = cycles.stops_ended(now, fact.drug, fact.decided_on)
            return amend(now, stops=(*stops, Stop(fact.drug, fact.decided_on, final=True)))
        case f.DrugChecked():
            return amend(now, drug_checks=(*now.drug_checks, fact))
        case f.CourseTaken():
            return cycles.course_taken(now, fact)
        case f.OperabilityJudged():
            return amend(now, operable=fact.operable, operable_on=fact.judged_on)
        case f.SurgeryPerformed():
            return amend(
                numbered(now, "surgery"),
                surgery_on=fact.performed_on,
                resection=fact.resection,
                surgery_attributed=fact.attributed,
                resection_why=fact.why,
                residual_uncertain=fact.residual_uncertain,
            )
        case f.SurgeryExplained():
            return amend(now, resection_why=fact.why)
        case f.PathologyReported():
            return _pathology(now, fact)
        case f.EvaluationJudged():
            return amend(now, evaluated_on=fact.evaluated_on)
        case f.AdverseEventReported():
            return amend(now, adverse_events=now.adverse_events + 1, safety=fold_safety(now.safety, now.seq, fact))
        case (
            f.AdverseEventUpdated()
            | f.PregnancyFound()
            | f.SafetyReportMade()
            | f.LiveVaccineGiven()
            | f.SafetyActionAsked()
            | f.SafetyDecided()
        ):
            return amend(now, safety=fold_safety(now.safety, now.seq, fact))
        case f.ProgressionFound():
            return amend(now, progressed_on=fact.found_on)
        case f.SubjectDied():
            return amend(numbered(now, "death"), died_on=fact.died_on)
        case f.TreatmentEnded():
            return amend(now, treatment_ended=fact.reason, treatment_ended_on=fact.ended_on)
        case f.FollowUpContacted():
            return amend(now, contacted_on=max(fact.contacted_on, now.contacted_on or fact.contacted_on))
        case f.StudyEnded():
            return effects.only_notices(
                amend(now, study_ended=fact.reason, ended_seq=now.seq, study_ended_on=fact.ended_on)
            )
        case f.ContactRegained():
            return _regained(now, fact)
        case f.DeviationRecorded():
            return amend(now, deviations=now.deviations | {fact.item: fact})
        case f.DeviationWithdrawn():
            return amend(now, deviations={key: row for key, row in now.deviations.items() if key != fact.item})
        case f.NoticeMissed():
            return effects.closed(effects.marked(now, fact.notice, missed=True), fact.notice)
        case f.NoticeAcknowledged():
            return effects.marked(now, fact.notice, acknowledged=True)
        case f.SubjectWithdrew():
            return _withdrawn(now, fact)
        case f.SurgeryCancelled() | f.CancellationAsked() | f.FactCorrected():
            return now
        case _:
            assert_never(fact)


def _pathology(now: Journey, fact: f.PathologyReported) -> Journey:
    """A preliminary report is not what the branch and the evaluation wait for."""
    now = amend(now, residual_uncertain=now.residual_uncertain or fact.residual_uncertain)
    return amend(numbered(now, "pathology"), pathology=fact.resection, pathology_report=fact) if fact.final else now


def _consent(now: Journey, fact: f.ConsentGiven) -> Journey:
    """Keep the first consent's date; one to the version that was asked for answers the question."""
    answered = now.reconsent is not None and now.reconsent.version == fact.version
    return amend(
        now,
        consent_on=now.consent_on or fact.signed_on,
        consents=now.consents | {fact.version: fact.signed_on},
        consented=now.consented | {fact.version: Consented(fact.signed_on, fact.obtained_by, fact.entered_by)},
        reconsent=None if answered else now.reconsent,
    )


def _withdrawn(now: Journey, fact: f.SubjectWithdrew) -> Journey:
    if fact.level == "TREATMENT":
        return now
    consent = fact.withdrawn_on if fact.level == "CONSENT" else now.consent_withdrawn_on
    return amend(now, withdrawn_on=fact.withdrawn_on, consent_withdrawn_on=consent)


def _regained(now: Journey, fact: f.ContactRegained) -> Journey:
    """End the loss, and nothing else that ended the study; the contact shows the subject alive."""
    contacted_on = max(fact.regained_on, now.contacted_on or fact.regained_on)
    now = amend(now, contacted_on=contacted_on, regained_on=fact.regained_on)
    return amend(now, study_ended="", ended_seq=0, study_ended_on=None) if now.is_lost else now
