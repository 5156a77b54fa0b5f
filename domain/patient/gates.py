"""Gate verdicts anew, after a correction: what a gate would have said on the record as it counts now. Source: T11."""

from collections.abc import Sequence

from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.draft import Draft
from domain.patient.history import Then, effective, replay
from domain.patient.results import gate_verdict, hold_at_gate
from domain.protocol import ScreeningEpoch


def check_again(draft: Draft, was: Sequence[f.Fact], number: int) -> None:
    """Let each gate's latest verdict read as the correction of a fact makes it.

    `was`: the facts as they counted before. A verdict that turns holds or releases the awaited dose; of a dose that was
    given it is a deviation, or is none any more.
    """
    now = effective(draft.every_fact)
    latest = {fact.cycle: seq for seq, fact in enumerate(now, start=1) if isinstance(fact, f.GateChecked)}
    seqs = {seq for seq in latest.values() if seq <= len(draft.record)}
    before = {then.seq: verdict_then(draft, then) for then in replay(draft.record, was) if then.seq in seqs}
    after = {then.seq: verdict_then(draft, then) for then in replay(draft.record, now) if then.seq in seqs}
    for seq in sorted(seqs):
        verdict = after[seq]
        if verdict is None or verdict == before[seq] or verdict == now[seq - 1]:
            continue
        cycle = draft.journey.cycles[verdict.cycle]
        draft.supersede(seq, verdict, number)
        _turned(draft, cycle, draft.journey.cycles[verdict.cycle], verdict)


def verdict_then(draft: Draft, then: Then) -> f.GateChecked | None:
    """Give the verdict of a check on what was known then.

    An early day 1 may have been held against the record before there was an order.
    """
    fact = then.fact
    cycle = then.journey.cycles.get(fact.cycle) if isinstance(fact, f.GateChecked) else None
    if cycle is None or not isinstance(fact, f.GateChecked):  # pragma: no cover - a cycle is planned before it is held
        return None
    order = None if cycle.ordered is None else then.journey.orders[cycle.ordered]
    return gate_verdict(Draft(then.journey, then.at, draft.sender), cycle, order, fact.day_1_on)


def _turned(draft: Draft, was: Cycle, cycle: Cycle, verdict: f.GateChecked) -> None:
    """Hold the awaited dose whose gate fails now, or release the one whose gate passes now."""
    journey = draft.journey
    awaited = not journey.is_over and journey.current_cycle == cycle
    if not awaited or was.gate == cycle.gate or cycle.ordered is None:
        return
    if cycle.gate == "FAILED":
        hold_at_gate(draft, cycle, journey.orders[cycle.ordered], verdict)
        return
    draft.event("GATE_RELEASED", f"{cycle.label}D1 no longer on hold: the gate passes as the record reads now")
    if cycle.ordered in journey.intents:  # pragma: no branch - a hold has an open order
        draft.add(f.LabResultsRecorded(order=cycle.ordered, accepted=()))


def order_lost(draft: Draft, old: object) -> None:
    """Order again, in screening, what a correction left without any result."""
    journey = draft.journey
    screens = bool(journey.epoch) and isinstance(draft.protocol.epoch(journey.epoch), ScreeningEpoch)
    if not isinstance(old, f.LabResultsRecorded) or not screens or journey.is_over or journey.allocation is not None:
        return
    wanted = {code for order in journey.orders.values() for code in order.analytes}
    lost = tuple(dict.fromkeys(row.analyte for row in old.accepted
                               if row.analyte in wanted and row.analyte not in journey.labs))  # fmt: skip
    is_open = any(isinstance(intent.fact, f.LabsOrdered) for intent in journey.intents.values())
    if lost and not is_open:
        after = max(row.collected_at for row in old.accepted if row.analyte in lost)
        draft.order_labs("SCREENING", lost, draft.protocol.screening.lab_give_up_days, after=after)
