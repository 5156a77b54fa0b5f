"""The protocol value of the benchmarks: NCT06978153 with windows so wide that a busy machine misses none.

Courses taken at home, signatures, acknowledgements and answers about single drugs are not asked for, and no notice
comes too late: the reference journey has 37 activities, 21 messages and 17 timers, as the floor's and the peer's have.
"""

from datetime import date

from domain.catalogue import PROTOCOLS, protocol
from domain.protocol import (
    Criterion,
    EvaluationEpoch,
    FollowUpEpoch,
    ProcedureEpoch,
    Protocol,
    RegimenLine,
    ScreeningEpoch,
    TreatmentEpoch,
)

FAR = 1_000_000
"""Days until nobody is reminded: at 8 ms a day two hours of measuring pass before."""
OLD = 100_000
"""Days that a result may be old: so far back there are dates."""
SECOND_REMINDER = 63
"""Days after the last dose: far enough from the first for both to be sent on a busy machine at full pace."""

VERSION = "999"


def _day_1(lines: tuple[RegimenLine, ...]) -> tuple[RegimenLine, ...]:
    """Leave infusions to day 1: the reference journey has one message a cycle, and nothing is missed."""
    return tuple(line if line.self_administered else line.model_copy(update={"days": line.days[:1]}) for line in lines)


def _of_any_age(criterion: Criterion) -> Criterion:
    """Take results and judgements however old they are."""
    limits = tuple(limit.model_copy(update={"max_age_days": OLD}) for limit in criterion.limits)
    old: dict[str, object] = {"max_age_days": OLD, "max_age_at_first_dose_days": OLD, "limits": limits}
    return criterion.model_copy(update=old | ({"days": OLD} if criterion.rule == "I11.1" else {}))


def _wide(epoch: object) -> object:
    change: dict[str, object]
    match epoch:
        case ScreeningEpoch():
            window = epoch.window.model_copy(update={"latest_days": FAR})
            criteria = tuple(_of_any_age(row) for row in epoch.criteria)
            return epoch.model_copy(
                update={
                    "window": window,
                    "criteria": criteria,
                    "reminders": (),
                    "lab_max_age_days": OLD,
                    "lab_give_up_days": FAR,
                }
            )
        case TreatmentEpoch():
            visit = epoch.visit.model_copy(update={"latest_days": FAR})
            target = epoch.gate.order_days_before if epoch.completes_after_days is None else epoch.start.target_days
            start = epoch.start.model_copy(update={"latest_days": FAR, "target_days": target})
            gate = epoch.gate.model_copy(update={"give_up_days": FAR, "max_age_days": OLD, "drug_checks": ()})
            asked = epoch.course_notice.model_copy(update={"after_days": FAR})
            ends = None if epoch.completes_after_days is None else 0
            change = {"regimens": {arm: _day_1(lines) for arm, lines in epoch.regimens.items()}}
            change |= {
                "visit": visit,
                "start": start,
                "gate": gate,
                "completes_after_days": ends,
                "course_notice": asked,
            }
            return epoch.model_copy(update=change | {"max_delay_days": FAR})
        case ProcedureEpoch() | EvaluationEpoch():
            window = epoch.window.model_copy(update={"latest_days": FAR})
            kept, change = epoch.reminders[:1], {}
            if isinstance(epoch, ProcedureEpoch):
                kept += (epoch.reminders[1].model_copy(update={"after_days": SECOND_REMINDER}),)
                change = {"washouts": ()}
            return epoch.model_copy(update={"window": window, "reminders": kept} | change)
        case FollowUpEpoch():
            visit = epoch.visit.model_copy(update={"target_days": FAR, "latest_days": FAR})
            return epoch.model_copy(update={"visit": visit})
    raise TypeError(type(epoch))


def register() -> Protocol:
    """Put the benchmarks' protocol into the catalogue of this process, and give it."""
    original = protocol("NCT06978153", "1")
    plausibility = original.plausibility.model_copy(update={"backdated_days": OLD})
    clearance = original.dosing.clearance.model_copy(update={"creatinine_max_age_days": OLD})
    wide = original.model_copy(
        update={
            "version": VERSION,
            "epochs": tuple(_wide(epoch) for epoch in original.epochs),
            "plausibility": plausibility,
            "dosing": original.dosing.model_copy(update={"clearance": clearance}),
            "notices": original.notices.model_copy(update={"useful": (), "acknowledged": ()}),
            "signatures": original.signatures.model_copy(update={"after_days": FAR}),
            "completion_on": date(9000, 1, 1),
            "target": 100_000,
            "arms": (original.arms[0].model_copy(update={"cap": 3000}),),
        }
    )
    PROTOCOLS[wide.trial, VERSION] = wide
    return wide
