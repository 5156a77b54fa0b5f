"""The branch after surgery: where it leads, and what a correction of the result does to it. Source: T6."""

from datetime import date
from typing import Any

from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.history import effective
from domain.patient.journey import Journey
from domain.patient.windows import around
from domain.protocol import EvaluationEpoch, ProcedureEpoch, Resection, TreatmentEpoch


def after_surgery(draft: Draft, resection: Resection, on: date) -> None:
    """Go on from a surgery that was awaited, or came before its time; no other one leads anywhere. Source: T6."""
    journey, procedure = draft.journey, draft.protocol.procedure
    early = isinstance(draft.protocol.epoch(journey.epoch), TreatmentEpoch) and journey.evaluated_on is None
    leads = early or isinstance(draft.protocol.epoch(journey.epoch), ProcedureEpoch)
    if procedure is not None and leads and not (journey.treatment_ended or journey.is_over):
        draft.after_procedure(procedure, resection, on)


def has_begun_again(draft: Draft) -> bool:
    """Say whether a cycle of a treatment epoch after the procedure was given."""
    later = _after_the_procedure(draft)
    return any(
        cycle.day_1_on is not None
        and (epoch := draft.protocol.epoch_of_cycle(number)) is not None
        and epoch.code in later
        for number, cycle in draft.journey.cycles.items()
    )


def has_gone_on(draft: Draft) -> bool:
    """Say whether the subject is in an epoch that only a result of the procedure leads to."""
    return draft.journey.epoch in _after_the_procedure(draft)


def _after_the_procedure(draft: Draft) -> list[str]:
    """Give the epochs between the procedure and the follow-up."""
    codes, procedure = [epoch.code for epoch in draft.protocol.epochs], draft.protocol.procedure
    return [] if procedure is None else codes[codes.index(procedure.code) + 1 : -1]


def stop(draft: Draft, text: str) -> None:
    """Stop the doses until the investigator decides; nothing ends by itself. Source: T6."""
    number = draft.begun + 1
    asked = f.SafetyActionAsked(event=number, command="safety_decision", rule="T6", text=f"{text} (fact {number})",
                                stops_dosing=True)  # fmt: skip
    draft.add(asked)
    draft.event("RESECTION_REVIEW", f"{text}: dosing stops; safety_decision or discontinue_treatment")


def resection(draft: Draft, before: Journey, corrected: Any) -> None:  # noqa: ANN401 - a fact of any kind
    """Take the other branch after surgery when the result that counts has turned. Source: T6."""
    procedure, journey = draft.protocol.procedure, draft.journey
    if procedure is None or not isinstance(corrected, f.SurgeryPerformed | f.PathologyReported):
        return
    if journey.surgery_on is None or before.surgery_on is None:
        return
    was, now = before.pathology or before.resection, journey.pathology or journey.resection
    if now is None or was == now or journey.is_over:
        return
    if now in procedure.goes_on:
        _goes_on(draft, journey.surgery_on, now)
    elif journey.treatment_ended.startswith("RESECTION_"):
        _relabel(draft, now)
    elif not journey.treatment_ended:
        if has_begun_again(draft):
            stop(draft, f"resection corrected from {was} to {now} after the start of {journey.epoch}")
        elif has_gone_on(draft):
            draft.end_treatment(f"RESECTION_{now}", draft.today)


def _goes_on(draft: Draft, surgery_on: date, now: Resection) -> None:
    """Go back to where treatment had ended only because of the result; past the evaluation's window it is reviewed."""
    facts, journey = effective(draft.every_fact), draft.journey
    if not journey.treatment_ended.startswith("RESECTION_"):
        return
    window = next(row.window for row in draft.protocol.epochs if isinstance(row, EvaluationEpoch))
    if draft.today > around(window, surgery_on).latest_on:
        draft.event("RESECTION_REVIEW", f"resection corrected to {now} after the window of the evaluation")
        return
    seq = max(number for number, fact in enumerate(facts, start=1) if isinstance(fact, f.TreatmentEnded))
    draft.supersede(seq, None, draft.begun + 1)
    for number, fact in enumerate(facts, start=1):
        if number > seq and isinstance(fact, f.EpochEntered) and fact.epoch == draft.protocol.follow_up.code:
            draft.supersede(number, None, draft.begun + 1)
    after_surgery(draft, now, surgery_on)


def _relabel(draft: Draft, now: Resection) -> None:
    facts = effective(draft.every_fact)
    for seq, fact in enumerate(facts, start=1):
        if isinstance(fact, f.TreatmentEnded) and fact.reason != f"RESECTION_{now}":
            draft.supersede(seq, fact.model_copy(update={"reason": f"RESECTION_{now}"}), draft.begun + 1)
