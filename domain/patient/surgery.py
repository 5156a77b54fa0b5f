"""The surgery wait, surgery, pathology and the evaluation: the R0 branch."""

from datetime import date

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.branch import after_surgery, has_begun_again, has_gone_on, stop
from domain.patient.checks import confirm
from domain.patient.draft import Draft
from domain.patient.pathology import contradictions
from domain.patient.signatures import enter_when_signed, go_on_when_signed
from domain.patient.taken import last_taken
from domain.patient.windows import days, procedure_dates_until
from domain.protocol import EvaluationEpoch, ProcedureEpoch, Resection
from domain.submission import UNATTRIBUTED, Reason, Refused, Submission


def _procedure(draft: Draft) -> ProcedureEpoch:
    epoch = draft.protocol.procedure
    if epoch is None:
        raise Refused(Reason.PHASE, "this protocol has no surgery", accepts="no surgery command")
    return epoch


def proceed_to_surgery(draft: Draft, command: c.ProceedToSurgery) -> None:
    """Go to surgery with fewer cycles than planned. Source: T4.1."""
    procedure = _procedure(draft)
    epoch = draft.protocol.epoch(draft.journey.epoch)
    cycle = draft.journey.current_cycle
    before = draft.protocol.after(epoch.code) is procedure
    if cycle is None or not before or not draft.journey.last_dose:
        detail = f"the subject is in {draft.journey.epoch}"
        raise Refused(Reason.PHASE, detail, rule="T4.1", accepts="after the first dose, before the last cycle")
    draft.add(f.DoseOmitted(cycle=cycle.number, decided_on=command.decided_on, why=command.why))
    given = sum(known.day_1_on is not None for known in draft.journey.cycles.values())
    text = f"surgery planned after {given} of {draft.protocol.treatment_of(cycle.number).cycles} cycles"
    draft.deviate("CYCLES", str(procedure.fallback_source.rule), text, important=False)
    draft.enter(procedure.code)


def operability(draft: Draft, command: c.JudgeOperability) -> None:
    """Record the verdict; a negative one ends protocol treatment. Source: T12, T6.1."""
    _procedure(draft)
    _before_surgery(draft)
    if not command.operable and not command.why:
        raise Refused(Reason.RULE, "a negative verdict needs its reason", rule="T12", field="why", accepts="a reason")
    draft.add(f.OperabilityJudged(judged_on=command.judged_on, operable=command.operable, why=command.why))
    if not command.operable:
        draft.end_treatment("NOT_OPERABLE", command.judged_on, command.why)


def surgery_cancelled(draft: Draft, command: c.CancelSurgery) -> None:
    """Record that there will be no surgery; protocol treatment ends. Source: T6.1."""
    _procedure(draft)
    _before_surgery(draft)
    draft.add(f.SurgeryCancelled(decided_on=command.decided_on, why=command.why))
    draft.end_treatment("NO_SURGERY", command.decided_on, command.why)


def _before_surgery(draft: Draft) -> None:
    journey = draft.journey
    if journey.surgery_on is not None:
        raise Refused(
            Reason.CONTRADICTS,
            f"surgery of {journey.surgery_on} is on record",
            accepts=journey.to_correct("surgery"),
        )
    if journey.randomized_on is None or journey.treatment_ended:
        state = f"treatment ended ({journey.treatment_ended})" if journey.treatment_ended else "not randomized"
        raise Refused(Reason.PHASE, f"no surgery is awaited: {state}", accepts="between randomization and surgery")


def surgery_done(draft: Draft, command: c.ReportSurgery) -> None:
    """Record surgery whenever it was, and every departure; R0 goes on, anything else ends treatment. Source: T4, T6."""
    journey, procedure = draft.journey, _procedure(draft)
    if _explains(draft, command):
        return
    if journey.surgery_on is not None:
        detail = f"surgery of {journey.surgery_on} ({journey.resection}) is on record"
        raise Refused(Reason.CONTRADICTS, detail, field="performed_on", accepts=journey.to_correct("surgery"))
    departures(draft, procedure, command.performed_on)
    attributed = draft.sender.role != UNATTRIBUTED
    draft.add(
        f.SurgeryPerformed(
            performed_on=command.performed_on,
            resection=command.resection,
            attributed=attributed,
            why=command.why,
            residual_uncertain=command.residual_uncertain,
        )
    )
    unexplained(draft, command.performed_on)
    _flag_uncertain(draft, draft.journey.residual_uncertain, "surgery")
    after_surgery(draft, command.resection, command.performed_on)


def unexplained(draft: Draft, on: date) -> None:
    """Record a surgery without resection whose reason was not given. Source: T6.1."""
    if draft.journey.resection == "NOT_RESECTED" and draft.journey.resection_why is None:
        text = "not resected, and the reason is not given: send the same surgery again with it"
        draft.deviate("NOT_RESECTED", "T6.1", text, important=False, on=on)


def _explains(draft: Draft, command: c.ReportSurgery) -> bool:
    """Take the surgery on record again when it brings the reason that was missing. Source: T6.1."""
    journey = draft.journey
    same = (journey.surgery_on, journey.resection) == (command.performed_on, "NOT_RESECTED") == (
        command.performed_on, command.resection)  # fmt: skip
    if not same or command.why is None or journey.resection_why is not None:
        return False
    draft.add(f.SurgeryExplained(why=command.why))
    draft.add(f.DeviationWithdrawn(item="NOT_RESECTED", why="the reason was given"))
    return True


def _flag_uncertain(draft: Draft, uncertain: bool, by: str) -> None:  # noqa: FBT001 - as it is known
    """Tell that residual tumour is uncertain, R(un). The branch stays on UICC R. Source: T6."""
    if uncertain:
        draft.event("RESECTION_UNCERTAIN", f"R(un) by {by}; the branch follows UICC {draft.journey.resection}")


def departures(draft: Draft, procedure: ProcedureEpoch, on: date) -> None:
    """Record how a surgery departs from its window, its phase, its clearance and its wash-outs. Source: T3, T4, T12."""
    journey = draft.journey
    dates = procedure_dates_until(journey, procedure, on)
    if dates is not None:
        draft.outside(dates, procedure.code, "surgery", on, important=True)
    out_of_phase(draft, procedure, on)
    uncleared(draft, procedure, on)
    washouts(draft, procedure, on)


def uncleared(draft: Draft, procedure: ProcedureEpoch, on: date) -> None:
    """Record a procedure without a positive verdict of its own time: between randomization and its day. Source: T12."""
    journey = draft.journey
    judged_on, since = journey.operable_on, journey.randomized_on
    text = ""
    if not journey.operable:
        text = "surgery without a positive operability verdict"
    elif judged_on is not None and judged_on > on:
        text = f"surgery before the operability verdict of {judged_on}"
    elif judged_on is not None and since is not None and judged_on < since:
        text = f"surgery on an operability verdict of {judged_on}, before randomization"
    if text:
        draft.deviate("OPERABILITY", procedure.clearance.rule, text, important=True, on=on)


def out_of_phase(draft: Draft, procedure: ProcedureEpoch, on: date) -> None:
    """Record a surgery in another epoch than its own."""
    if draft.journey.epoch != procedure.code:
        text = f"surgery while in {draft.journey.epoch}, not in {procedure.code}"
        draft.deviate("SURGERY_PHASE", procedure.source.rule, text, important=True, on=on)


def washouts(draft: Draft, procedure: ProcedureEpoch, on: date) -> None:
    """Record a drug stopped too late before a procedure; withdraw that when its actual last day says otherwise."""
    for washout in procedure.washouts:
        item, last = f"WASHOUT/{washout.drug}", last_taken(draft.journey, washout.drug, on)
        if last is not None and on < last + days(washout.days):
            text = f"{washout.drug} last taken {last}, {(on - last).days} d before surgery, {washout.days} d required"
            draft.deviate(item, washout.source.rule, text, important=True, on=on)
        elif item in draft.journey.deviations:
            why = f"{washout.drug} was last taken {last}" if last else f"{washout.drug} was not taken"
            draft.add(f.DeviationWithdrawn(item=item, why=why))


def pathology(draft: Draft, submission: Submission[c.Command], command: c.ReportPathology) -> None:
    """Record pathology. When a final one says otherwise than the margin as seen, the branch follows or is reviewed."""
    journey = draft.journey
    if journey.surgery_on is None:
        raise Refused(Reason.PHASE, "no surgery is on record", rule="T5", accepts="surgery_done first")
    if journey.pathology is not None:
        raise Refused(Reason.CONTRADICTS, f"pathology {journey.pathology} is on record", field="resection",
                      accepts=journey.to_correct("pathology"))  # fmt: skip
    if command.reported_on < journey.surgery_on:
        raise Refused(Reason.IMPOSSIBLE, f"surgery was on {journey.surgery_on}", field="reported_on",
                      accepts=f"a date from {journey.surgery_on}")  # fmt: skip
    for field, contradiction in contradictions(draft.protocol.response, command):
        confirm(submission, contradiction, "T6", field)
    named = {name: getattr(command, name) for name in f.PathologyReported.model_fields if name != "kind"}
    draft.add(f.PathologyReported(**named))
    _flag_uncertain(draft, command.residual_uncertain and not journey.residual_uncertain, "pathology")
    if not command.final:
        draft.event("PATHOLOGY_PRELIMINARY", f"preliminary pathology {command.resection}; final pathology is awaited")
        return
    _branch(draft, journey.resection, command)


def _branch(draft: Draft, as_seen: Resection | None, report: c.ReportPathology) -> None:
    """Let the final result decide: on, out, or, where adjuvant doses were given already, stop and ask. Source: T6."""
    goes_on, journey = _procedure(draft).goes_on, draft.journey
    said = f"pathology {report.resection}, margin as seen {as_seen}"
    if report.resection in goes_on:
        go_on_when_signed(draft, report.kind)
        if as_seen not in goes_on:
            draft.event("RESECTION_REVIEW", said)
    elif has_begun_again(draft) and not journey.treatment_ended:
        stop(draft, f"{said}, after the start of {journey.epoch}")
    elif as_seen in goes_on:
        if has_gone_on(draft):
            draft.end_treatment(f"RESECTION_{report.resection}", report.reported_on)
        draft.event("RESECTION_REVIEW", said)


def adjuvant_evaluation(draft: Draft, command: c.EvaluateAdjuvant) -> None:
    """Record the evaluation; a positive one starts adjuvant treatment. Source: T5, T7, T12."""
    journey = draft.journey
    epoch = draft.protocol.epoch(journey.epoch)
    if not isinstance(epoch, EvaluationEpoch) or journey.surgery_on is None:
        detail = f"adjuvant_evaluation belongs to the evaluation after surgery; the subject is in {journey.epoch}"
        raise Refused(Reason.PHASE, detail, rule="T5", accepts="after surgery_done with R0")
    if journey.evaluated_on is not None:
        awaits = "a signature" if journey.pathology is not None else "the final pathology"
        detail = f"evaluation of {journey.evaluated_on} is on record and awaits {awaits}"
        accepts = "sign" if journey.pathology is not None else "pathology"
        raise Refused(Reason.CONTRADICTS, detail, rule="T5", field="evaluated_on",
                      accepts=f"{accepts}, or {journey.to_correct('evaluation')}")  # fmt: skip
    if command.evaluated_on < journey.surgery_on:
        raise Refused(Reason.IMPOSSIBLE, f"surgery was on {journey.surgery_on}", field="evaluated_on",
                      accepts=f"a date from {journey.surgery_on}")  # fmt: skip
    if not command.fit and not command.why:
        raise Refused(Reason.RULE, "a negative evaluation needs its reason", rule="T12", field="why",
                      accepts="a reason")  # fmt: skip
    draft.off_window(epoch.code, "adjuvant evaluation", command.evaluated_on, important=True)
    if journey.pathology is None:
        text = "adjuvant evaluation before the final pathology"
        draft.deviate("PATHOLOGY", epoch.source.rule, text, important=True, on=command.evaluated_on)
    draft.add(f.EvaluationJudged(evaluated_on=command.evaluated_on, fit=command.fit, why=command.why))
    if command.fit:
        enter_when_signed(draft, command.kind, draft.protocol.after(epoch.code).code)
    else:
        draft.end_treatment("NOT_FIT", command.evaluated_on, command.why)
