"""Endings after a correction: those that no longer hold, those that moved, and those that were hidden. Source: T6.1."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.patient import branch
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.ending import leave
from domain.patient.history import effective
from domain.patient.journey import Journey
from domain.patient.signatures import enter_when_signed
from domain.protocol import EvaluationEpoch, ProcedureEpoch

HEADS = (f.TreatmentEnded, f.StudyEnded, f.ScreenFailed)
"""Ends that people say themselves; of an act that began otherwise they follow from its first fact."""
KINDS = (*HEADS, f.EpochEntered)
"""What is recorded with an act that ends something, or leads on."""


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
    """Take back what the fact as it read had ended or entered, move its dates, and end what it ends now.

    What it had hidden ends again: a death, a withdrawal or a progression that came after the end it brought.
    """
    before, after = _end(old, draft.journey), _end(new, draft.journey)
    mates = tuple(_mates(draft, number, before))
    if before and after and (before.reason, before.is_study) == (after.reason, after.is_study):
        _redate(draft, number, mates, before.on, after)
        return
    taken_back = new is None or before is not None or is_moved(old, new)
    if taken_back:
        for seq, fact in reversed(mates):  # the epoch entered last is left first
            if _goes(draft, fact, old):
                draft.supersede(seq, None, number)
    elif old is None:
        _said_after_all(draft, number, new)
    else:
        _moved(draft, number, old, new)
    if after is not None:
        _apply(draft, after)
    if taken_back:
        end_again(draft)
        _end_of_treatment_after_all(draft)
    evaluates = isinstance(new, f.EvaluationJudged) and isinstance(
        draft.protocol.epoch(draft.journey.epoch), EvaluationEpoch
    )
    if after is None and evaluates:
        enter_when_signed(draft, "adjuvant_evaluation", draft.protocol.after(draft.journey.epoch).code)


def is_moved(old: object, new: object) -> bool:
    """Say whether a day 1 turned out to be another day, or one of another cycle, or the other way round."""
    if not isinstance(old, f.DoseGiven) or not isinstance(new, f.DoseGiven):
        return False
    return (old.cycle, old.day) != (new.cycle, new.day) and 1 in (old.day, new.day)


def _dated(fact: Any) -> date | None:  # noqa: ANN401 - a fact of any kind
    """Give the date that the ends and the follow-up recorded with a fact have from it."""
    match fact:
        case f.TreatmentEnded() | f.StudyEnded():
            return fact.ended_on
        case f.ScreenFailed():
            return fact.decided_on
        case f.ContactRegained():
            return fact.regained_on
        case f.SurgeryPerformed():
            return fact.performed_on
        case f.PathologyReported():
            return fact.reported_on
        case _:
            return None


def _moved(draft: Draft, number: int, old: Any, new: Any) -> None:  # noqa: ANN401 - facts of any kind
    """Move the end, and the entry into follow-up, that was recorded with a fact of another date or reason now."""
    was, now = _dated(old), _dated(new)
    for seq, fact in tuple(_mates(draft, number)):
        if isinstance(fact, f.StudyEnded) and isinstance(new, HEADS):
            _reads(draft, seq, number, ended_on=now, why=new.why)
        elif isinstance(fact, f.TreatmentEnded) and fact.ended_on == was:
            _reads(draft, seq, number, ended_on=now)
        elif isinstance(fact, f.EpochEntered):
            _follow_up_from(draft, seq, fact, number, was, now)


def _follow_up_from(
    draft: Draft, seq: int, fact: f.EpochEntered, number: int, was: date | None, now: date | None
) -> None:
    """Let follow-up begin with the end of treatment that has moved."""
    if fact.epoch == draft.protocol.follow_up.code and fact.entered_on == was:
        _reads(draft, seq, number, entered_on=now)


def _reads(draft: Draft, seq: int, number: int, **fields: object) -> None:
    """Let a fact read otherwise because of the correction of another one."""
    fact: Any = effective(draft.every_fact)[seq - 1]
    moved = fact.model_copy(update=fields)
    if moved != fact:
        draft.supersede(seq, moved, number)


def _said_after_all(draft: Draft, number: int, new: Any) -> None:  # noqa: ANN401 - a fact of any kind
    """Bring back what went with a fact when it counted as never said; a surgery leads on as when it was told."""
    if isinstance(new, f.SurgeryPerformed):
        branch.after_surgery(draft, new.resection, new.performed_on)
    if not isinstance(new, (*HEADS, f.ContactRegained)):
        return
    told = draft.record[number - 1]
    for seq, (entry, fact) in enumerate(zip(draft.record, effective(draft.every_fact), strict=False), start=1):
        if entry.act == told.act and isinstance(entry.fact, KINDS) and isinstance(fact, f.FactCorrected):
            draft.supersede(seq, entry.fact, number)
    _moved(draft, number, told.fact, new)


def _mates(draft: Draft, number: int, end: End | None = None) -> Iterator[tuple[int, Any]]:
    """Give the endings and entries recorded with a fact or with a correction of it, as far as they still count.

    `end`: what the fact ends; a correction of another fact may have brought that.
    """
    corrected = {
        entry.act for entry in draft.record if entry.fact.kind == "FactCorrected" and entry.fact.fact == number
    }
    facts = effective(draft.every_fact)
    brought = {
        entry.act
        for entry, fact in zip(draft.record, facts, strict=False)
        if end is not None
        and isinstance(fact, f.TreatmentEnded | f.StudyEnded)
        and (fact.reason, fact.ended_on) == (end.reason, end.on)
    }
    acts = corrected | brought | {draft.record[number - 1].act}
    for seq, entry in enumerate(draft.record, start=1):
        if entry.act in acts and seq > number and isinstance(facts[seq - 1], KINDS):
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


def _redate(draft: Draft, number: int, mates: tuple[tuple[int, Any], ...], was: date, end: End) -> None:
    for seq, fact in mates:
        if isinstance(fact, f.TreatmentEnded | f.StudyEnded) and fact.reason == end.reason:
            _reads(draft, seq, number, ended_on=end.on, why=end.why)
        elif isinstance(fact, f.EpochEntered):
            _follow_up_from(draft, seq, fact, number, was, end.on)


def end_again(draft: Draft) -> None:
    """End what a death, a withdrawal or a progression on record ends, since randomization. Source: T6.1."""
    facts = effective(draft.every_fact)
    since = next((place for place, fact in enumerate(facts) if isinstance(fact, f.Randomized)), 0)
    for fact in facts[since:]:
        end = _end(fact, draft.journey)
        if end is not None and isinstance(fact, f.SubjectDied | f.SubjectWithdrew | f.ProgressionFound):
            _apply(draft, end)


def _end_of_treatment_after_all(draft: Draft) -> None:
    """The study ended later for another reason: then that ended treatment."""
    journey = draft.journey
    if journey.is_over and journey.randomized_on is not None and not journey.treatment_ended:
        study = next(fact for fact in reversed(effective(draft.every_fact)) if isinstance(fact, f.StudyEnded))
        draft.add(f.TreatmentEnded(ended_on=study.ended_on, reason=study.reason, why=study.why))


def _apply(draft: Draft, end: End) -> None:
    journey = draft.journey
    if journey.is_over:
        if journey.randomized_on is not None and not journey.treatment_ended:
            draft.add(f.TreatmentEnded(ended_on=end.on, reason=end.reason, why=end.why))
    elif end.is_study:
        leave(draft, end.reason, end.on, end.why)
    elif end.reason == "NOT_FIT" and branch.has_begun_again(draft) and not journey.treatment_ended:
        branch.stop(draft, f"evaluation corrected to not fit after the start of {journey.epoch}")
    else:
        draft.end_treatment(end.reason, end.on, end.why)
