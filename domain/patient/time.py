"""What follows when a due instant comes."""

from typing import assert_never

from domain.patient import facts as f
from domain.patient.agenda import agenda
from domain.patient.departures import not_given
from domain.patient.draft import Draft
from domain.patient.items import Item
from domain.patient.rechecks import expire
from domain.patient.regimens import unchecked, unreported
from domain.patient.reporting import report_overdue
from domain.patient.results import answer_from_record, gate_analytes, order_gate_labs
from domain.patient.windows import epoch_dates
from domain.protocol import Escalation, FollowUpEpoch


def time_passed(draft: Draft) -> None:
    """Do everything that is due by now, earliest first. Nothing happens when nothing is."""
    while True:
        items = [item for item in agenda(draft.journey) if item.at <= draft.at]
        if not items:
            return
        _perform(draft, items[0], items[1:])


def _perform(draft: Draft, item: Item, later: list[Item]) -> None:  # noqa: C901, PLR0912 - a table
    draft.add(f.DueReached(item=item.key, due_at=item.at))
    match item.act:
        case "REMIND" | "REPORT_DUE":
            if not _outdated(item, later):
                draft.announce(item.tells, item.text)
        case "ORDER_LABS":
            _order(draft, item)
        case "GATE_EXPIRED":
            expire(draft)
        case "OVERDUE":
            _overdue(draft, item)
        case "REPORT_OVERDUE":
            report_overdue(draft, item)
        case "RECONSENT_OVERDUE":
            _reconsent_overdue(draft, item)
        case "MAXIMUM_DELAY" | "CLOSE" | "TELL" | "RECONSENT_REMINDER" | "SIGNATURES_OVERDUE":
            draft.announce(item.tells, item.text)
        case "AGAIN" | "UNREAD":
            if item.until is None or item.until > draft.at:
                draft.announce(item.tells, item.text, repeats=item.notice)
        case "MISSED":
            _missed(draft, item)
        case "COMPLETE":
            draft.end_treatment("COMPLETED", draft.today)
        case _:
            assert_never(item.act)


def _outdated(item: Item, later: list[Item]) -> bool:
    """Say whether what fell due since says more than a reminder would."""
    if item.about:
        return any(other.about == item.about for other in later)
    return any(other.act in ("REMIND", "OVERDUE") for other in later)


def _order(draft: Draft, item: Item) -> None:
    """Order the gate's laboratory results and announce the visit."""
    cycle = draft.journey.current_cycle
    if cycle is None:  # pragma: no cover - the agenda has such an item only while a cycle is awaited
        return
    epoch = draft.protocol.treatment_of(cycle.number)
    if cycle.gate == "" and gate_analytes(draft, epoch):
        order_gate_labs(draft, epoch, cycle)
        answer_from_record(draft)
    text = f"{cycle.label}D1 planned {cycle.planned_on}, window {cycle.earliest_on} to {cycle.latest_on}"
    draft.announce(item.tells, text)
    for drug, check in unchecked(draft.journey, cycle.number).items():
        draft.tell(check.notice, check.to, f"{cycle.label}: {drug} waits for drug_check: {check.asks}")


def _missed(draft: Draft, item: Item) -> None:
    """Record each planned and unreported administration of a cycle as missed; a later report withdraws it."""
    for awaited in tuple(unreported(draft.journey, draft.journey.cycles[item.cycle or 0])):
        not_given(draft, awaited.item, awaited.line, awaited.item.split("/")[1], awaited.on)


def _overdue(draft: Draft, item: Item) -> None:
    """Record the missed window as a deviation and escalate it; the journey waits on."""
    epoch = draft.protocol.epoch(draft.journey.epoch)
    dates = item.dates or epoch_dates(draft.journey)
    cycle = draft.journey.current_cycle
    about = cycle.label if cycle else epoch.code
    if isinstance(epoch, FollowUpEpoch):
        about = item.key
    draft.add(
        f.DeviationRecorded(
            item=about,
            rule=dates.rule if dates else epoch.source.rule,
            text=item.text,
            important=isinstance(item.tells, Escalation) and item.tells.important,
            expected_from=dates.earliest_on if dates else None,
            expected_to=dates.latest_on if dates else None,
            why=cycle.delay_why if cycle else None,
        )
    )
    draft.announce(item.tells, item.text)


def _reconsent_overdue(draft: Draft, item: Item) -> None:
    """Record the missed deadline of a re-consent as a deviation and escalate it; from now on dosing waits."""
    asked = draft.journey.reconsent
    if asked is None:  # pragma: no cover - the agenda has such an item only while a re-consent is awaited
        return
    important = draft.protocol.acts.consent_overdue.important
    item_name = f"RECONSENT/{asked.version}"
    rule = draft.protocol.acts.consent_overdue.source.rule
    fact = f.DeviationRecorded(item=item_name, rule=rule, text=item.text, important=important)
    draft.add(fact.model_copy(update={"expected_to": asked.deadline}))
    draft.announce(item.tells, item.text)
