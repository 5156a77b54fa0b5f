"""Consent to randomization."""

from datetime import date

from domain.evidence import NAMES, Sections
from domain.findings import Finding
from domain.last_start import last_first_dose_on
from domain.patient import commands as c
from domain.patient import consents, holds, judging, results
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.eligibility import changed_since
from domain.protocol import ScreeningEpoch
from domain.submission import Reason, Refused


def begin(draft: Draft, command: c.Begin) -> None:
    """Register the subject and enter screening."""
    named = {name: getattr(command, name) for name in f.SubjectRegistered.model_fields if name != "kind"}
    draft.add(f.SubjectRegistered(**named))
    draft.add(f.EpochEntered(epoch=draft.protocol.screening.code, entered_on=draft.today))
    if command.dosing_pause is not None:
        holds.dosing_paused(draft, command.dosing_pause)
    if command.consent is not None:
        consents.consent(draft, command.consent, command.by)
    if command.evidence is not None:
        evidence(draft, command.evidence, command.by, command.role)
    if command.consent is not None:
        _order(draft, command.consent)


def _tell_late_start(draft: Draft, on: date) -> None:
    """Tell that treatment may not end by the trial's completion date. Told, never refused. Source: T7, Q9."""
    last = last_first_dose_on(draft.protocol)
    if on > last:
        draft.event("LAST_START_PASSED", f"randomized on {on}, after the last C1D1 of {last}")


def record_consent(draft: Draft, command: c.RecordConsent) -> None:
    """Record the first consent, in screening; or a re-consent to a further version, at any time."""
    if draft.journey.consent_on is None:
        in_screening(draft, command.kind)
    consent(draft, command)


def consent(draft: Draft, command: c.Consent) -> None:
    """Record a consent; the first one orders the screening laboratory results."""
    if consents.consent(draft, command):
        _order(draft, command)


def _order(draft: Draft, consent: c.Consent) -> None:
    """Order what screening needs of this subject; what the record holds already answers at once."""
    screening = draft.protocol.screening
    after = draft.journey.site.start_of(consent.signed_on)
    draft.order_labs("SCREENING", results.screening_analytes(draft), screening.lab_give_up_days, after=after)
    results.answer_from_record(draft)


def evidence(draft: Draft, command: c.Evidence, by: str = "", role: str = "") -> None:
    """Record screening evidence: sections, laboratory results, judgements. By the sender, unless others are named."""
    judging.check_answers(draft.protocol, command.judgements)
    known = {name: value for name in NAMES if (value := getattr(command, name)) is not None}
    plain = {
        name: getattr(command, name) for name in f.EvidenceRecorded.model_fields if name not in ("kind", "sections")
    }
    draft.add(f.EvidenceRecorded(**plain, sections=Sections(**known) if known else None))
    by, role = by or draft.sender.staff, role or draft.sender.role
    judging.record_answers(draft, command.judgements, by, role, draft.begun + 1)
    if command.labs:
        results.typed(draft, c.TypeLabResults(results=command.labs))


def in_screening(draft: Draft, kind: str) -> None:
    """Raise Refused unless the subject is in screening and no allocation was asked for."""
    journey = draft.journey
    if not isinstance(draft.protocol.epoch(journey.epoch), ScreeningEpoch):
        detail = f"{kind} belongs to screening; the subject is in {journey.epoch}"
        raise Refused(Reason.PHASE, detail, rule="T1.1", accepts="a subject in screening")
    if journey.allocation is not None:
        raise Refused(Reason.CONTRADICTS, "an allocation has been asked for", rule="T1.1", accepts="its answer")


def confirm_eligibility(draft: Draft, command: c.ConfirmEligibility) -> None:
    """Confirm eligibility when every criterion is clear. There are no waivers."""
    in_screening(draft, command.kind)
    consent_on = draft.journey.consent_on
    if consent_on is not None and command.judged_on < consent_on:
        raise Refused(Reason.IMPOSSIBLE, f"the informed consent is of {consent_on}", rule="I1.1", field="judged_on",
                      accepts=f"a date from {consent_on}")  # fmt: skip
    draft.add(f.EligibilityConfirmed(judged_on=command.judged_on, findings=_all_clear(draft)))


def request_randomization(draft: Draft, command: c.RequestRandomization) -> None:
    """Ask for an allocation when eligibility is confirmed and still clear. Source: T1.1."""
    in_screening(draft, command.kind)
    if draft.journey.eligible_on is None:
        detail = "eligibility has not been confirmed by an investigator"
        raise Refused(Reason.RULE, detail, rule="T1.1", accepts="confirm_eligibility first")
    findings = _all_clear(draft)
    draft.off_window(draft.journey.epoch, "randomization", draft.today, important=False)
    confirmed = draft.journey.confirmed
    if confirmed is None:  # pragma: no cover - it stands while eligibility is confirmed
        draft.add(f.AllocationRequested(findings=findings))
        return
    changed = changed_since(confirmed.findings, findings, draft.today)
    draft.add(f.AllocationRequested(findings=changed, rests_on=confirmed.seq))


def _all_clear(draft: Draft) -> tuple[Finding, ...]:
    findings = draft.eligibility()
    open_ones = [finding for finding in findings if not finding.is_clear]
    if open_ones:
        detail = "; ".join(f"{finding.rule} {finding.verdict}: {finding.sentence}" for finding in open_ones)
        rules = ", ".join(finding.rule for finding in open_ones)
        raise Refused(Reason.NOT_ELIGIBLE, detail, rule=rules, accepts="every criterion MET or NOT_APPLICABLE")
    return findings


def slot_allocated(draft: Draft, command: c.SlotAllocated) -> None:
    """Record the allocation. The same answer again changes nothing."""
    journey = draft.journey
    if journey.randomized_on is not None:
        return
    if journey.allocation is None:
        raise Refused(Reason.CONTRADICTS, "no allocation was asked for", rule="T1.1", accepts="request_randomization")
    draft.add(f.Randomized(arm=command.arm, slot=command.slot, randomized_on=command.randomized_on))
    if journey.is_over:
        return
    draft.event("RANDOMIZED", f"randomized to {command.arm}")
    _tell_late_start(draft, command.randomized_on)
    draft.enter(draft.protocol.after(journey.epoch).code)


def allocation_denied(draft: Draft, command: c.AllocationDenied) -> None:
    """Record that the register allocated nothing, and tell it."""
    if draft.journey.allocation is None or draft.journey.randomized_on is not None:
        return
    draft.add(f.AllocationRefused(why=command.why))
    if not draft.journey.is_over:
        draft.event("ALLOCATION_DENIED", f"no allocation: {command.why}")


def screen_failure(draft: Draft, command: c.ReportScreenFailure) -> None:
    """End screening as a screen failure, with the findings as they stand."""
    in_screening(draft, command.kind)
    fail_screening(draft, command.why, draft.eligibility())
    draft.add(f.StudyEnded(ended_on=command.decided_on, reason="SCREEN_FAILURE", why=command.why))


def fail_screening(draft: Draft, why: str, findings: tuple[Finding, ...] = ()) -> None:
    """Record the screen failure."""
    draft.add(f.ScreenFailed(decided_on=draft.today, why=why, findings=findings))
