"""What a correction does to the way through the trial: endings that no longer hold, and the branch after surgery."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.ending import leave
from domain.patient.history import effective
from domain.patient.journey import Journey
from domain.patient.signatures import enter_when_signed
from domain.patient.windows import around
from domain.protocol import EvaluationEpoch, ProcedureEpoch, Resection


@dataclass(frozen=True, slots=True)
class End:
    """What a fact ends: treatment, or the study with it."""

    reason: str
    on: date
    why: str | None
    is_study: bool = False


def _end(fact: Any, journey: Journey) -> End | None:  # noqa: ANN401, PLR0911 - a table of facts
    """Give what a fact ends. Source: T6.1, T12."""
    match fact:
        case f.SubjectDied():
            return End("DEATH", fact.died_on, fact.cause, is_study=True)
        case f.SubjectWithdrew(level="TREATMENT") if journey.randomized_on is not None:
            return End("WITHDRAWAL", fact.withdrawn_on, fact.why)
        case f.SubjectWithdrew():
            reason = "WITHDRAWAL_OF_CONSENT" if fact.level == "CONSENT" else "WITHDRAWAL"
            return End(reason, fact.withdrawn_on, fact.why, is_study=True)
        case f.ProgressionFound() if journey.randomized_on is not None:
            return End("PROGRESSION", fact.found_on, None)
        case f.OperabilityJudged(operable=False) if journey.surgery_on is None:
            return End("NOT_OPERABLE", fact.judged_on, fact.why)
        case f.SurgeryCancelled():
            return End("NO_SURGERY", fact.decided_on, fact.why)
        case f.EvaluationJudged(fit=False):
            return End("NOT_FIT", fact.evaluated_on, fact.why)
        case _:
            return None


def endings(draft: Draft, number: int, old: Any, new: Any) -> None:  # noqa: ANN401 - facts of any kind
    """Take back what the fact as it read had ended or entered, move its dates, and end what it ends now."""
    before, after = _end(old, draft.journey), _end(new, draft.journey)
    mates = tuple(_mates(draft, number))
    if before and after and (before.reason, before.is_study) == (after.reason, after.is_study):
        _redate(draft, number, mates, after)
        return
    if new is None or before is not None or is_moved(old, new):
        for seq, fact in mates:
            if _goes(draft, fact, old):
                draft.supersede(seq, None, number)
        _end_of_treatment_after_all(draft)
    else:
        _moved(draft, number, mates, new)
    if after is not None:
        _apply(draft, after)
    elif isinstance(new, f.EvaluationJudged) and isinstance(draft.protocol.epoch(draft.journey.epoch), EvaluationEpoch):
        enter_when_signed(draft, "adjuvant_evaluation", draft.protocol.after(draft.journey.epoch).code)


def is_moved(old: object, new: object) -> bool:
    """Say whether a day 1 turned out to be another day, or one of another cycle, or the other way round."""
    if not isinstance(old, f.DoseGiven) or not isinstance(new, f.DoseGiven):
        return False
    return (old.cycle, old.day) != (new.cycle, new.day) and 1 in (old.day, new.day)


def _moved(draft: Draft, number: int, mates: tuple[tuple[int, Any], ...], new: Any) -> None:  # noqa: ANN401 - a fact
    """Move the end, or the entry into follow-up, that was recorded with a fact of another date now."""
    ended_on = getattr(new, "ended_on", None) if isinstance(new, f.TreatmentEnded | f.StudyEnded) else None
    for seq, fact in mates:
        if isinstance(fact, f.StudyEnded) and ended_on:
            draft.supersede(seq, fact.model_copy(update={"ended_on": ended_on}), number)
        elif isinstance(new, f.ContactRegained):
            draft.supersede(seq, fact.model_copy(update={"entered_on": new.regained_on}), number)


def _mates(draft: Draft, number: int) -> Iterator[tuple[int, Any]]:
    """Give the endings and entries recorded with a fact or with a correction of it, as far as they still count."""
    kinds = (f.TreatmentEnded, f.StudyEnded, f.ScreenFailed, f.EpochEntered)
    corrected = {
        entry.act for entry in draft.record if entry.fact.kind == "FactCorrected" and entry.fact.fact == number
    }
    acts = corrected | {draft.record[number - 1].act}
    facts = effective(draft.every_fact)
    for seq, entry in enumerate(draft.record, start=1):
        if entry.act in acts and seq > number and isinstance(facts[seq - 1], kinds):
            yield seq, facts[seq - 1]


def _goes(draft: Draft, fact: object, old: object) -> bool:
    """Say whether an ending or entry falls with its cause. An epoch that others built on was really entered."""
    if not isinstance(fact, f.EpochEntered):
        return True
    epoch = draft.protocol.epoch(fact.epoch)
    built_on = isinstance(epoch, ProcedureEpoch) and (
        draft.journey.surgery_on is not None or draft.journey.operable is not None
    )
    return fact.epoch == draft.journey.epoch and not (isinstance(old, f.DoseGiven | f.DoseOmitted) and built_on)


def _redate(draft: Draft, number: int, mates: tuple[tuple[int, Any], ...], end: End) -> None:
    for seq, fact in mates:
        if isinstance(fact, f.TreatmentEnded | f.StudyEnded) and fact.reason == end.reason:
            moved = fact.model_copy(update={"ended_on": end.on, "why": end.why})
            if moved != fact:
                draft.supersede(seq, moved, number)


def _end_of_treatment_after_all(draft: Draft) -> None:
    """The study ended later for another reason: then that ended treatment."""
    journey = draft.journey
    if journey.is_over and journey.randomized_on is not None and not journey.treatment_ended:
        study = next(fact for fact in reversed(effective(draft.every_fact)) if isinstance(fact, f.StudyEnded))
        draft.add(f.TreatmentEnded(ended_on=study.ended_on, reason=study.reason, why=study.why))


def _apply(draft: Draft, end: End) -> None:
    journey = draft.journey
    if end.is_study:
        if not journey.is_over:
            leave(draft, end.reason, end.on, end.why)
    elif journey.is_over or journey.treatment_ended:
        return
    elif end.reason == "NOT_FIT" and has_begun_again(draft):
        stop(draft, f"evaluation corrected to not fit after the start of {journey.epoch}")
    else:
        draft.end_treatment(end.reason, end.on, end.why)


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
        _goes_on(draft, procedure, journey.surgery_on, now)
    elif journey.treatment_ended.startswith("RESECTION_"):
        _relabel(draft, now)
    elif not journey.treatment_ended:
        if has_begun_again(draft):
            stop(draft, f"resection corrected from {was} to {now} after the start of {journey.epoch}")
        elif has_gone_on(draft):
            draft.end_treatment(f"RESECTION_{now}", draft.today)


def _goes_on(draft: Draft, procedure: ProcedureEpoch, surgery_on: date, now: Resection) -> None:
    """Go back to where treatment had ended only because of the result; past the evaluation's window it is reviewed."""
    facts, journey = effective(draft.every_fact), draft.journey
    if journey.treatment_ended and not journey.treatment_ended.startswith("RESECTION_"):
        return
    if journey.treatment_ended:
        window = next(row.window for row in draft.protocol.epochs if isinstance(row, EvaluationEpoch))
        if draft.today > around(window, surgery_on).latest_on:
            draft.event("RESECTION_REVIEW", f"resection corrected to {now} after the window of the evaluation")
            return
        seq = max(number for number, fact in enumerate(facts, start=1) if isinstance(fact, f.TreatmentEnded))
        draft.supersede(seq, None, draft.begun + 1)
        for number, fact in enumerate(facts, start=1):
            if number > seq and isinstance(fact, f.EpochEntered) and fact.epoch == draft.protocol.follow_up.code:
                draft.supersede(number, None, draft.begun + 1)
    if draft.journey.epoch == procedure.code:
        draft.enter(draft.protocol.after(procedure.code).code, draft.today)


def _relabel(draft: Draft, now: Resection) -> None:
    facts = effective(draft.every_fact)
    for seq, fact in enumerate(facts, start=1):
        if isinstance(fact, f.TreatmentEnded) and fact.reason != f"RESECTION_{now}":
            draft.supersede(seq, fact.model_copy(update={"reason": f"RESECTION_{now}"}), draft.begun + 1)
