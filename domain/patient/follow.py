"""What follows from a correction: the facts that make the record true again. Nothing is deleted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.patient import branch, ended
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.draft import Draft
from domain.patient.expected import expected, unclear
from domain.patient.gates import check_again, order_lost
from domain.patient.history import effective
from domain.patient.journey import Journey
from domain.patient.pregnancies import told_by_results
from domain.patient.readings import mirror
from domain.patient.reclassify import judge_again
from domain.patient.state import LOST
from domain.patient.windows import epoch_dates, plan_cycle
from domain.protocol import TreatmentEpoch
from domain.submission import Reason, Refused

SET_DATES = ("RANDOMIZATION", "EVALUATION")
"""Anchors of a first cycle that are facts of their own: they do not move as the journey goes on."""
WHY = "the record was corrected"


@dataclass(frozen=True, slots=True)
class Corrected:
    """A fact by its number, as it counted before and as it counts now; None: as never said.

    `was`: every fact as it counted before.
    """

    number: int
    old: Any
    new: Any
    was: tuple[f.Fact, ...]


def refuse_void(draft: Draft, number: int, known: object, field: str = "void") -> None:
    """Raise Refused for a fact that others still on record rest on. Correct those first."""
    resting = [seq for seq, fact in enumerate(effective(draft.every_fact), start=1) if _rests_on(fact, known)]
    if resting:
        named = ", ".join(map(str, resting))
        raise Refused(Reason.CONTRADICTS, f"fact {named} rests on fact {number}", field=field,
                      accepts=f"`correct` of fact {named} first")  # fmt: skip


def _rests_on(fact: f.Fact, known: object) -> bool:  # noqa: PLR0911 - a table of facts
    match known, fact:
        case f.DoseGiven(day=1), f.DoseGiven():
            return fact.cycle == known.cycle and fact.day > 1
        case f.DoseGiven(day=1), f.CourseTaken():
            return fact.cycle == known.cycle and fact.last_on is not None
        case f.TreatmentEnded() | f.StudyEnded(), f.ContactRegained():
            return bool(known.reason == LOST)
        case f.SurgeryPerformed(), f.PathologyReported() | f.EvaluationJudged():
            return True
        case f.DoseOmitted(drug=None), f.DoseGiven():
            return fact.cycle > known.cycle
        case f.EvaluationJudged(), f.DoseGiven():
            return fact.given_on >= known.evaluated_on
        case _:
            return False


def settle(draft: Draft, before: Journey, corrected: Corrected, showed: Mapping[str, f.DeviationRecorded]) -> None:
    """Make the record true again, from what hangs on the fact itself to the deviations it showed."""
    _days_move(draft, corrected)
    ended.endings(draft, corrected.number, corrected.old, corrected.new)
    branch.resection(draft, before, corrected.new or corrected.old)
    ended.end_again(draft)
    _cycles(draft, before, corrected)
    if isinstance(corrected.old, f.LabResultsRecorded):
        mirror(draft, corrected.number, corrected.old, corrected.new)
        told_by_results(draft, corrected.number, corrected.old)
    judge_again(draft, before, corrected.was, corrected.number)
    _eligibility(draft)
    check_again(draft, corrected.was, corrected.number)
    order_lost(draft, corrected.old)
    _unsigned(draft, corrected)
    _deviations(draft, before, corrected, showed)


def _days_move(draft: Draft, corrected: Corrected) -> None:
    """Move the later days of a cycle, and a course's last day, with its day 1: they are counted from it.

    They go along to another cycle too, unless another report of day 1 keeps them.
    """
    old, new = corrected.old, corrected.new
    if not isinstance(new, f.DoseGiven) or old is None or (old.day, new.day) != (1, 1):
        return
    by, facts = new.given_on - old.given_on, effective(draft.every_fact)
    others = [fact for seq, fact in enumerate(facts, start=1) if seq != corrected.number]
    kept = any(isinstance(fact, f.DoseGiven) and (fact.cycle, fact.day) == (old.cycle, 1) for fact in others)
    turned = {"cycle": new.cycle, "as_planned": ()} if new.cycle != old.cycle else {}
    if turned and kept:
        return
    for seq, fact in enumerate(facts, start=1):
        moved: Any = None
        if isinstance(fact, f.DoseGiven) and fact.cycle == old.cycle and seq != corrected.number:
            moved = fact.model_copy(update={"given_on": fact.given_on + by} | turned)
        elif isinstance(fact, f.CourseTaken) and fact.cycle == old.cycle and (fact.last_on or turned):
            last_on = fact.last_on + by if fact.last_on else None
            moved = fact.model_copy(update={"last_on": last_on, "cycle": new.cycle})
        if moved is None or moved.model_dump() == fact.model_dump():
            continue
        on = getattr(moved, "given_on", None) or moved.last_on or draft.today
        if on > draft.today:
            raise Refused(Reason.FUTURE, f"fact {seq} would move to {on}, which lies in the future",
                          field="fields.given_on", accepts=f"`correct` of fact {seq} first")  # fmt: skip
        draft.supersede(seq, moved, corrected.number)


def _cycles(draft: Draft, before: Journey, corrected: Corrected) -> None:
    """Plan again each cycle whose anchor moved; one that was not given after all, before another, is left out."""
    old, journey = corrected.old, draft.journey
    if isinstance(old, f.DoseGiven) and old.day == 1:
        cycle = journey.cycles.get(old.cycle)
        later = any(row.day_1_on for row in journey.cycles.values() if row.number > old.cycle)
        if cycle is not None and cycle.day_1_on is None and later:
            draft.add(f.DoseOmitted(cycle=old.cycle, decided_on=old.given_on, why=WHY))
            draft.deviate(f"OMITTED/{cycle.label}", cycle.rule, f"{cycle.label} omitted", important=False)
    if ended.is_moved(old, corrected.new) or (old is None and isinstance(corrected.new, f.DoseGiven | f.DoseOmitted)):
        _plan_gaps(draft)
    for number in sorted(journey.cycles):
        _plan_again(draft, before, number)


def _plan_gaps(draft: Draft) -> None:
    """Plan what the current epoch awaits when a dose turned out to be one of another cycle."""
    journey = draft.journey
    epoch = draft.protocol.epoch(journey.epoch)
    if not isinstance(epoch, TreatmentEpoch) or journey.treatment_ended or journey.is_over:
        return
    first = draft.protocol.first_cycle(epoch)
    known = [number for number in journey.cycles if draft.protocol.epoch_of_cycle(number) is epoch]
    for number in range(first, max(known, default=first)):
        if number not in journey.cycles:
            draft.add(plan_cycle(draft.journey, number))
    if draft.journey.current_cycle is None:
        draft.plan(first)


def _plan_again(draft: Draft, before: Journey, number: int) -> None:
    cycle, known = draft.journey.cycles[number], before.cycles.get(number)
    epoch = draft.protocol.treatment_of(number)
    first = number == draft.protocol.first_cycle(epoch)
    if not cycle.rule or known is None or (first and epoch.start.anchor not in SET_DATES):
        return
    planned = plan_cycle(draft.journey, number)
    if _window(planned) == _window(plan_cycle(before, number)) or _window(planned) == _window(cycle):
        return
    if cycle.delayed:
        planned = planned.model_copy(update={"planned_on": max(cycle.planned_on, planned.earliest_on)})
    draft.add(planned)


def _window(cycle: f.CyclePlanned | Cycle) -> tuple[date, date, date]:
    return cycle.anchor_on, cycle.earliest_on, cycle.latest_on


def _eligibility(draft: Draft) -> None:
    """Withdraw an eligibility verdict that the evidence no longer bears, while nothing rests on it. Source: T1.1."""
    journey = draft.journey
    if journey.eligible_on is None or journey.allocation is not None or journey.is_over:
        return
    facts = effective(draft.every_fact)
    seq = max(number for number, fact in enumerate(facts, start=1) if isinstance(fact, f.EligibilityConfirmed))
    turned = unclear(facts[:seq], journey.eligible_on)
    if turned:
        draft.supersede(seq, None, None)
        shown = ", ".join(f"{rule} {verdict}" for rule, verdict in turned.items())
        draft.event("ELIGIBILITY_WITHDRAWN", f"evidence was corrected: {shown}; eligibility to be confirmed again")


def _unsigned(draft: Draft, corrected: Corrected) -> None:
    """A fact that counts as never said awaits no signature."""
    if corrected.new is not None:
        return
    for seq, fact in enumerate(effective(draft.every_fact), start=1):
        if isinstance(fact, f.SignatureAsked) and fact.fact == corrected.number:
            draft.supersede(seq, None, corrected.number)


def _deviations(draft: Draft, before: Journey, corrected: Corrected, showed: Mapping[str, f.DeviationRecorded]) -> None:
    """Withdraw the deviations that no longer hold, and record those that now do."""
    shows = expected(draft.record, effective(draft.every_fact), draft.journey, draft.at)
    gone = [item for item in showed if item not in shows]
    gone += [item for item in _of_the_act(draft, corrected) if item not in shows]
    gone += [item for item in _overdue(draft, before) if item not in shows]
    for item in dict.fromkeys(gone):
        if item in draft.journey.deviations:
            draft.add(f.DeviationWithdrawn(item=item, why=f"{WHY}: fact {corrected.number}"))
    for item, fact in (shows | dict(_left_out_again(draft, corrected))).items():
        if showed.get(item) == fact:
            continue
        known = draft.journey.deviations.get(item)
        draft.add(fact)
        if known is None or (fact.important and not known.important):
            protocol = draft.protocol
            row = protocol.important_deviation_notice if fact.important else protocol.deviation_notice
            draft.announce(row, fact.text, about=item)


def _of_the_act(draft: Draft, corrected: Corrected) -> Iterator[str]:
    """Give the deviations that were recorded with a fact which counts as never said."""
    if corrected.new is None:
        act = draft.record[corrected.number - 1].act
        yield from (e.fact.item for e in draft.record if e.act == act and isinstance(e.fact, f.DeviationRecorded))


def _left_out_again(draft: Draft, corrected: Corrected) -> Iterator[tuple[str, f.DeviationRecorded]]:
    """Give the deviations that were recorded with an omission which was said after all."""
    if corrected.old is None and isinstance(corrected.new, f.DoseOmitted):
        act = draft.record[corrected.number - 1].act
        yield from (
            (e.fact.item, e.fact) for e in draft.record if e.act == act and isinstance(e.fact, f.DeviationRecorded)
        )


def _overdue(draft: Draft, before: Journey) -> Iterator[str]:
    """Give the missed window of an awaited act that has moved and is not over yet."""
    now, then = epoch_dates(draft.journey), epoch_dates(before)
    if now is None or then is None or draft.journey.epoch != before.epoch or now.latest_on < draft.today:
        return
    cycle = draft.journey.current_cycle
    if then.latest_on < draft.today:
        yield cycle.label if cycle else draft.journey.epoch
